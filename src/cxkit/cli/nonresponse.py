"""``cxkit nonresponse``: are those who answered like those who were asked?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cxkit.cli.options import asking_options, files_argument, reading_options, split_commas

if TYPE_CHECKING:
    from cxkit.cli.intake import How


@click.command()
@files_argument()
@click.option("-b", "--by", multiple=True, required=True, metavar="COLUMN", help="Compare by a column or a property.")
@click.option(
    "--window-days", type=float, default=30, show_default=True, metavar="N", help="How long an answer counts; or inf."
)
@asking_options
@reading_options
def nonresponse(files: tuple[str, ...], by: tuple[str, ...], form: str, how: How, **asked: Any) -> None:  # noqa: ANN401
    """Compare who answered a survey with who was asked.

    FILE is CSV, NDJSON or Parquet of events, packed with gzip or not, a store, or - for standard input. An answer
    belongs to what was sent by its reference: survey.answered to survey.sent. What was sent less than the window ago is
    left out. Each column is compared by itself, with a chi-square test of whether all groups answer alike.

    A row that can't be taken is named, and the others are compared; the exit code is 1 then.
    """
    from cxkit.api.nonresponse import nonresponse as compare
    from cxkit.cli.asking import ask

    ask(compare, files, how, form, by=split_commas(by), **asked)
