"""Options that several commands share."""

from __future__ import annotations

import functools
from glob import has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from collections.abc import Callable


class StorePath(click.Path):
    """The path of a file, or the URL of a database."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401 - as click has it
        """Return what was given; only of a file can be said whether it is there."""
        from cxkit.store.opening import is_url

        return value if is_url(value) else super().convert(value, param, ctx)


FILE: Final = StorePath(exists=True, dir_okay=False, allow_dash=True)


class _FilesPath(StorePath):
    """A file, a store, a folder of files, or a pattern, which not every shell resolves."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401 - as click has it
        """Return what was given; what a pattern stands for is seen later."""
        is_pattern = isinstance(value, str) and has_magic(value) and not Path(value).exists()
        return value if is_pattern else super().convert(value, param, ctx)


def _files_at(context: click.Context, parameter: click.Parameter, paths: tuple[str, ...]) -> tuple[str, ...]:
    """Return the files that paths stand for."""
    del context, parameter
    from cxkit.errors import InvalidValueError
    from cxkit.files import files_at
    from cxkit.store.opening import is_store

    try:
        return tuple(file for path in paths for file in ([path] if is_store(path) else files_at(path)))
    except InvalidValueError as error:
        raise click.BadParameter(str(error)) from None


def files_argument(*, required: bool = True) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return the argument FILE..., resolved."""
    return click.argument(
        "files",
        nargs=-1,
        required=required,
        type=_FilesPath(exists=True, allow_dash=True),
        metavar="FILE...",
        callback=_files_at,
    )


STORE: Final = StorePath(exists=True, dir_okay=False)
NEW_STORE: Final = StorePath(dir_okay=False)
EXISTING: Final = click.Path(exists=True, dir_okay=False)
OUTPUT: Final = click.Path(dir_okay=False, allow_dash=True)

# What cxkit.files reads and writes; a test holds that they are the same, for importing them here would slow --help.
READ_FORMATS: Final = ("csv", "ndjson", "parquet", "excel")
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
    click.option("--recipe", metavar="NAME|FILE", help="Read FILE as the export that a recipe describes."),
    click.option("--with", "second", multiple=True, metavar="NAME=FILE", help="A second file that the recipe joins."),
    click.option("--strict", is_flag=True, help="Stop at the first row that can't be taken."),
)


def reading_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of reading, as one argument `how`."""

    @functools.wraps(command)
    def with_how(**given: Any) -> None:  # noqa: ANN401 - the command's own arguments
        from cxkit.cli.failures import WrongUsage
        from cxkit.cli.intake import How, check_outputs

        names = ("format", "input_tz", "encoding", "dataset", "rejects", "strict", "recipe")
        second = given.pop("second")
        how = How(**{name: given.pop(name) for name in names}, second=tuple(map(_named_file, second)))
        if how.second and how.recipe is None:
            message = "--with names a file that a recipe joins: name the recipe too (--recipe)"
            raise WrongUsage(message)
        check_outputs([how.rejects], dict(how.second).values())
        if how.rejects == "-":
            message = "--rejects needs a file: standard output is for the result"
            raise WrongUsage(message)
        command(**given, how=how)

    decorated: Callable[..., None] = with_how
    for option in reversed(_READING):
        decorated = option(decorated)
    return decorated


def _named_file(given: str) -> tuple[str, str]:
    """Return the name and the file that ``--with`` was given."""
    from cxkit.cli.failures import WrongUsage

    name, sign, file = given.partition("=")
    if not (name and sign and file):
        message = f"--with {given!r} isn't NAME=FILE, such as customers=customers.csv"
        raise WrongUsage(message)
    return name, file


_ASKING: Final = (
    click.option("--tz", default="UTC", show_default=True, metavar="ZONE", help="Zone whose days and months count."),
    click.option("--since", metavar="TIME", help="First instant that counts; a date is local to --tz."),
    click.option("--until", metavar="TIME", help="First instant that doesn't count any more."),
    click.option("--as-of", metavar="TIME", help="Until when the data is complete. [default: the latest event]"),
    click.option("--map", "journey_map", metavar="FILE|PRESET", help="Journey map, for --by area, stage or owner."),
    click.option("--level", type=float, default=0.95, show_default=True, help="Confidence level of the intervals."),
    click.option(
        "--engine", metavar="rows|polars|duckdb|ibis|spark", help="What computes. [default: by what FILE is]"
    ),
    click.option("--max-people", type=click.IntRange(min=1), metavar="N", help="Customers who may share an identity."),
    click.option(
        "--format", "form", type=click.Choice(["table", "json", "csv", "md"]), default="table", show_default=True,
        help="How the result is printed.",
    ),
)  # fmt: skip


def asking_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of those that compute something and aren't `score`."""
    for option in reversed(_ASKING):
        command = option(command)
    return command


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


def _pair(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    """Return settings given as name=value."""
    del context, parameter
    pairs = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise click.BadParameter("write a setting as name=value, such as url=https://shop.example")
        pairs[name] = value
    return pairs


def settings_option(command: Callable[..., None]) -> Callable[..., None]:
    """Add the option by which an adapter's settings are given."""
    return click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="NAME=VALUE",
        callback=_pair,
        help="A setting of the adapter; a secret is better kept in its variable, as commands are seen by others.",
    )(command)
