"""``cxkit cohorts``: customers by when they began, and how many of them are there how long after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cxkit.cli.options import asking_options, files_argument, reading_options, split_commas

if TYPE_CHECKING:
    from cxkit.cli.intake import How


@click.command()
@files_argument()
@click.option(
    "--every", default="month", show_default=True, metavar="day|week|month|quarter|year", help="How long a period is."
)
@click.option("--kind", default="order.placed", show_default=True, help="What counts as activity; any for any event.")
@click.option("--follow", type=click.IntRange(min=0), metavar="N", help="How many periods to follow each cohort.")
@click.option("-b", "--by", multiple=True, metavar="COLUMN", help="Segment by a column or a property.")
@asking_options
@reading_options
def cohorts(files: tuple[str, ...], by: tuple[str, ...], form: str, how: How, **asked: Any) -> None:  # noqa: ANN401
    """Show how many of each period's new customers come back.

    FILE is CSV, NDJSON or Parquet of events, packed with gzip or not, a store, or - for standard input. A customer
    begins with their first event of the kind. What hasn't come yet is left empty.

    A row that can't be taken is named, and the others are counted; the exit code is 1 then.
    """
    from cxkit.api.cohorts import cohorts as cohorts_of
    from cxkit.cli.asking import ask

    ask(cohorts_of, files, how, form, by=split_commas(by), **asked)
