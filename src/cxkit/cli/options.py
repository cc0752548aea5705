"""Options that several commands share."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from collections.abc import Callable

FILE: Final = click.Path(exists=True, dir_okay=False, allow_dash=True)
STORE: Final = click.Path(exists=True, dir_okay=False)
OUTPUT: Final = click.Path(dir_okay=False, allow_dash=True)

# What cxkit.files reads and writes; a test holds that they are the same, for importing them here would slow --help.
READ_FORMATS: Final = ("csv", "ndjson", "parquet")
WRITE_FORMATS: Final = ("csv", "ndjson", "cloudevents", "parquet")

_READING: Final = (
    click.option(
        "--from",
        "format",
        type=click.Choice(READ_FORMATS),
        help="What FILE is, where neither its name nor its first bytes tell.",
    ),
    click.option("--input-tz", metavar="ZONE", help="Zone of times that are written without offset."),
    click.option("--encoding", metavar="NAME", help="Encoding of CSV and NDJSON. [default: utf-8]"),
    click.option("--dataset", metavar="NAME", help="Source of rows that name none. [default: file]"),
    click.option(
        "--rejects",
        type=click.Path(dir_okay=False),
        metavar="FILE",
        help="Write rows that can't be taken to FILE. Mend its column row, and read FILE itself.",
    ),
    click.option("--strict", is_flag=True, help="Stop at the first row that can't be taken."),
)


def reading_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of reading, as one argument `how`."""

    @functools.wraps(command)
    def with_how(**given: Any) -> None:  # noqa: ANN401 - the command's own arguments
        from cxkit.cli.failures import WrongUsage
        from cxkit.cli.intake import How

        names = ("format", "input_tz", "encoding", "dataset", "rejects", "strict")
        how = How(**{name: given.pop(name) for name in names})
        if how.rejects == "-":
            message = "--rejects needs a file: standard output is for the result"
            raise WrongUsage(message)
        command(**given, how=how)

    decorated: Callable[..., None] = with_how
    for option in reversed(_READING):
        decorated = option(decorated)
    return decorated


def split_commas(values: tuple[str, ...]) -> list[str]:
    """Return what an option was given, repeated or with commas; a comma within brackets belongs to a metric's options.

    >>> split_commas(("nps[answers=latest,interval=wald],csat", "orders"))
    ['nps[answers=latest,interval=wald]', 'csat', 'orders']
    """
    parts = []
    for value in values:
        part, depth = "", 0
        for sign in value:
            depth += (sign == "[") - (sign == "]")
            if sign == "," and depth <= 0:
                parts.append(part)
                part = ""
            else:
                part += sign
        parts.append(part)
    return [part.strip() for part in parts if part.strip()]
