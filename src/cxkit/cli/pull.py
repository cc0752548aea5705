"""``cxkit pull``: what is new in a vendor's system into a store."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

import click

from cxkit.cli.options import NEW_STORE, settings_option

if TYPE_CHECKING:
    from typing import Self

    from cxkit.api.pull import PulledStream

REJECTS_SHOWN: Final = 10


@click.command()
@click.argument("name")
@click.option("--into", required=True, type=NEW_STORE, metavar="STORE", help="The store; made if new.")
@click.option("--since", metavar="DATE", help="Read again from there, whatever was read before.")
@click.option("--streams", metavar="NAMES", help="Only these, with commas between. [default: all]")
@click.option("--raw-identities", is_flag=True, help="Keep e-mail addresses and phone numbers as they are.")
@settings_option
def pull(  # noqa: PLR0913, PLR0917 - its options
    name: str,
    into: str,
    since: str | None,
    streams: str | None,
    raw_identities: bool,  # noqa: FBT001 - a flag of the command line
    settings: dict[str, Any],
) -> None:
    """Read what is new in a vendor's system into a store.

    NAME is an adapter. What is read is kept page by page, and the next pull goes on there: also after Ctrl-C. A record
    that can't be taken is named, and the others are taken; the exit code is 1 then.
    """
    from cxkit.api.pull import pull as read
    from cxkit.cli.failures import BadData, warn
    from cxkit.cli.import_ import sentence
    from cxkit.cli.tables import print_text

    with _Progress() as progress:
        pulled = read(
            name,
            into,
            streams=None if streams is None else [each.strip() for each in streams.split(",") if each.strip()],
            since=since,
            identity="raw" if raw_identities else "hidden",
            follow=progress.follow,
            **settings,
        )
    for each in pulled.streams:
        records = f"{each.records:,} {'record' if each.records == 1 else 'records'}"
        print_text(f"{each.stream.name}: {records}: {sentence(each.report)}")
    rejects = [reject for each in pulled.streams for reject in each.rejects]
    for reject in rejects[:REJECTS_SHOWN]:
        warn(f"{reject.record}: {reject.reason}")
    problems = [str(error) for error in pulled.errors]
    if pulled.rejected:
        problems.append(_advice([each.earliest for each in pulled.streams], pulled.rejected))
    if problems:
        raise BadData("; ".join(problems))


def _advice(earliest: list[int | None], count: int) -> str:
    from cxkit.adapters import iso

    times = [at for at in earliest if at is not None]
    again = f": once that is mended, pull with --since {iso(min(times), 'seconds')}" if times else ""
    return f"{count:,} {'record' if count == 1 else 'records'} couldn't be taken{again}"


class _Progress:
    """A line on the terminal that tells how far a pull is, if somebody watches."""

    def __init__(self) -> None:
        self._watched = sys.stderr.isatty()
        self._width = 0

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *error: object) -> None:
        """Clear the line."""
        if self._width:
            click.echo("\r" + " " * self._width + "\r", nl=False, err=True)

    def follow(self, stream: PulledStream) -> None:
        """Show how far it is."""
        if self._watched:
            line = f"{stream.stream.name}: {stream.records:,} records, {stream.report.new:,} new events"
            click.echo("\r" + line.ljust(self._width), nl=False, err=True)
            self._width = max(self._width, len(line))
