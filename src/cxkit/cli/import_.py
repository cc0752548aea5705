"""``cxkit import``: files of events into a store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cxkit.cli.options import NEW_STORE, files_argument, reading_options

if TYPE_CHECKING:
    from cxkit.cli.intake import How
    from cxkit.store import Report


@click.command("import")
@files_argument()
@click.option("--into", required=True, type=NEW_STORE, metavar="STORE", help="The store; made if new.")
@reading_options
def import_(files: tuple[str, ...], into: str, how: How) -> None:
    """Import events into a store, each once.

    FILE is CSV, NDJSON or Parquet of events, packed with gzip or not, another store, or - for standard input. To
    import a file again changes nothing. A row with the source and id of another replaces it, and counts as corrected.
    Events of customers who were forgotten are refused.

    A row that can't be taken is named, and the others are imported; the exit code is 1 then.
    """
    from cxkit.api import connect
    from cxkit.cli.intake import Intake, check_outputs
    from cxkit.cli.tables import print_text
    from cxkit.store.opening import shown_name

    check_outputs([how.rejects, into], [*files, *dict(how.second).values()])
    check_outputs([how.rejects], [into])
    with connect(into) as workspace, Intake(how) as intake:
        # What a recipe puts together may stand in several files.
        for several in [files] if how.recipe else [(file,) for file in files]:
            report = workspace.add(intake.of(several))
            print_text(f"{', '.join(map(shown_name, several))}: {sentence(report)}")
    intake.end()


def sentence(report: Report) -> str:
    """Return a report for people.

    >>> from cxkit.store import Report
    >>> sentence(Report(new=1200, duplicates=1))
    '1,200 new, 1 duplicate, 0 corrected, 0 refused'
    """
    duplicates = "duplicate" if report.duplicates == 1 else "duplicates"
    return (
        f"{report.new:,} new, {report.duplicates:,} {duplicates}, {report.corrected:,} corrected, "
        f"{report.refused:,} refused"
    )
