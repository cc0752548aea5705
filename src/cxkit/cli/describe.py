"""``cxkit describe``: what is in a file, and what can be scored from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import click

from cxkit.cli.options import files_argument, reading_options

if TYPE_CHECKING:
    from cxkit.cli.intake import How


@click.command()
@files_argument()
@click.option("--tz", default="UTC", show_default=True, metavar="ZONE", help="Zone whose days are looked at.")
@click.option(
    "--format", "form", type=click.Choice(["table", "json", "csv", "md"]), default="table", show_default=True,
    help="How the description is printed.",
)  # fmt: skip
@reading_options
def describe(files: tuple[str, ...], tz: str, form: str, how: How) -> None:
    """Say what is in files of events, and what can be scored.

    What happened, to whom, from when to when; whether days are silent or rows stand twice.

    FILE is CSV, NDJSON or Parquet of events, packed with gzip or not, a store, or - for standard input; with --recipe
    also an export of another program. Of each metric that can't be scored it says what is missing.

    A row that can't be taken is named, and the others are described; the exit code is 1 then.
    """
    from cxkit.api.describe import describe as describe_events
    from cxkit.cli.failures import blaming_usage
    from cxkit.cli.intake import Intake, check_outputs
    from cxkit.cli.tables import print_shown

    check_outputs([how.rejects], files)
    with blaming_usage():
        describe_events([], tz=tz)  # a wrong zone is told before a long file is read
    with Intake(how) as intake:
        found = describe_events(intake.of(files), tz=tz)
    print_shown(attrs.evolve(found, rejected=intake.rejected), form)
    intake.end()
