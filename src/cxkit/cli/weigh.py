"""``cxkit weigh``: answers weighed to known margins, into a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cxkit.cli.options import FILE, reading_options

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cxkit.cli.intake import How


@click.command()
@click.argument("files", nargs=-1, required=True, type=FILE, metavar="FILE...")
@click.option(
    "--margin",
    "margins",
    multiple=True,
    required=True,
    metavar="COLUMN:VALUE=SHARE,…",
    help="What is known of the whole: channel:web=.6,store=.4. Several are met together.",
)
@click.option("--into", required=True, type=click.Path(dir_okay=False), metavar="OUT", help="The file to write.")
@click.option("--instrument", metavar="NAME", help="Whose answers. [default: the only one there is]")
@click.option("--trim", metavar="MOST|LEAST,MOST", help="Keep weights within bounds; their mean is 1.")
@click.option("--map", "journey_map", metavar="FILE|PRESET", help="Journey map, for margins by area, stage or owner.")
@click.option(
    "--format", "form", type=click.Choice(["table", "json", "csv", "md"]), default="table", show_default=True,
    help="How the report is printed.",
)  # fmt: skip
@reading_options
def weigh(  # noqa: PLR0913, PLR0917 - the command's options
    files: tuple[str, ...],
    margins: tuple[str, ...],
    into: str,
    instrument: str | None,
    trim: str | None,
    journey_map: str | None,
    form: str,
    how: How,
) -> None:
    """Weigh answers so that they look like all customers.

    FILE is CSV, NDJSON or Parquet of events, a store, or - for standard input. All events are written into OUT, the
    answers with their weights; cxkit score OUT counts them so. A share may be a count: channel:web=6000,store=4000.

    What the margins came to, and what the weights cost, is printed. A row that can't be taken is named, and the others
    are weighed; the exit code is 1 then.
    """
    from cxkit.api.weigh import weigh as weigh_events
    from cxkit.cli.export import write
    from cxkit.cli.failures import blaming_usage
    from cxkit.cli.intake import Intake, check_outputs
    from cxkit.cli.tables import print_shown
    from cxkit.files import once

    check_outputs([how.rejects, into], files)
    check_outputs([how.rejects], [into])
    with blaming_usage():
        wanted, bounds = margins_of(margins), _bounds(trim)
    with Intake(how) as intake:
        events = list(once(intake.of(files)))
        weighed = weigh_events(events, wanted, instrument=instrument, trim=bounds, journey_map=journey_map)
    write(weighed.events, into, None, len(weighed))
    print_shown(weighed, form)
    intake.end()


def margins_of(texts: Iterable[str]) -> dict[str, dict[str | None, float]]:
    """Read margins as options write them. A column may come again, for values that hold a comma.

    Raises:
        InvalidValueError: a text that isn't one.

    >>> margins_of(["channel:web=.6,store=.4", "age:<30=350", "age:30+=650"])
    {'channel': {'web': 0.6, 'store': 0.4}, 'age': {'<30': 350.0, '30+': 650.0}}
    """
    from cxkit.errors import InvalidValueError

    margins: dict[str, dict[str | None, float]] = {}
    for text in texts:
        column, colon, parts = text.partition(":")
        if not colon or not column.strip():
            raise InvalidValueError("margin", text, "isn't written like channel:web=.6,store=.4")
        shares = margins.setdefault(column.strip(), {})
        for part in parts.split(","):
            value, _, share = (piece.strip() for piece in part.rpartition("="))
            try:
                number = float(share)
            except ValueError:
                raise InvalidValueError("margin", part, "isn't a value and its share, such as web=.6") from None
            if not value or value in shares:
                reason = "gives a share to no value" if not value else f"gives {column}={value} a share once more"
                raise InvalidValueError("margin", text, reason)
            shares[value] = number
    return margins


def _bounds(text: str | None) -> float | tuple[float, float] | None:
    from cxkit.errors import InvalidValueError

    if text is None:
        return None
    try:
        bounds = [float(part) for part in text.split(",")]
    except ValueError:
        bounds = []
    if len(bounds) not in (1, 2):
        raise InvalidValueError("trim", text, "isn't a number, or two with a comma between: 5, or .2,5")
    return bounds[0] if len(bounds) == 1 else (bounds[0], bounds[1])
