"""``cxkit export``: a store's events into a file."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from cxkit.cli.options import OUTPUT, STORE, WRITE_FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cxkit.files import WriteFormat
    from cxkit.model.event import Event


@click.command()
@click.argument("store", type=STORE)
@click.option("--to", "file", default="-", type=OUTPUT, metavar="FILE", help="The file. [default: standard output]")
@click.option(
    "--format", "form", type=click.Choice(WRITE_FORMATS), help="What to write. [default: as FILE is named, else csv]"
)
def export(store: str, file: str, form: WriteFormat | None) -> None:
    """Write a store's events into a file.

    They can be imported from it unchanged. A FILE whose name ends in .gz is packed. The file appears when all of it is
    written.
    """
    from cxkit.api import connect
    from cxkit.cli.intake import check_outputs

    check_outputs([file], [store])
    with connect(store) as workspace:
        write(workspace.events(), file, form, len(workspace.store))


def write(events: Iterable[Event], file: str, form: WriteFormat | None, total: int | None = None) -> None:
    """Write events, and say on standard error how many where a file was written."""
    from cxkit.cli.failures import WrongUsage
    from cxkit.cli.progress import progress
    from cxkit.errors import InvalidValueError
    from cxkit.files import write_events

    if form == "parquet" and file == "-" and sys.stdout.isatty():
        message = "Parquet isn't text that a terminal could show: name a file"
        raise WrongUsage(message)
    with progress(beside_output=file == "-") as follow:
        try:
            written = write_events(follow(events, "writing", total), file, format=form)
        except InvalidValueError as error:  # of the file, for the events are valid already
            raise WrongUsage(str(error)) from error
    if file != "-":
        click.echo(f"{file}: {written:,} events", err=True)
