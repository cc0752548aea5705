"""``cxkit score``: files of events in, a scorecard out."""

from __future__ import annotations

import json
from itertools import chain
from typing import TYPE_CHECKING, Any

import click

from cxkit.cli.options import FILE, reading_options, split_commas

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from cxkit.cli.intake import How, Intake
    from cxkit.model.event import Event
    from cxkit.report import Scorecard


@click.command()
@click.argument("files", nargs=-1, required=True, type=FILE, metavar="FILE...")
@click.option("-m", "--metric", "metrics", multiple=True, metavar="M", help="A metric, such as nps[answers=latest].")
@click.option("-b", "--by", multiple=True, metavar="COLUMN", help="Segment by a column or a property.")
@click.option("--every", metavar="day|week|month|quarter|year", help="Cut time into periods.")
@click.option("--tz", default="UTC", show_default=True, metavar="ZONE", help="Zone whose days and months count.")
@click.option("--since", metavar="TIME", help="First instant that counts; a date is local to --tz.")
@click.option("--until", metavar="TIME", help="First instant that doesn't count any more.")
@click.option("--as-of", metavar="TIME", help="Until when the data is complete. [default: the latest event]")
@click.option("--map", "journey_map", metavar="FILE|PRESET", help="Journey map, for --by area, stage or owner.")
@click.option("--level", type=float, default=0.95, show_default=True, help="Confidence level of the intervals.")
@click.option("--engine", metavar="rows|polars|duckdb", help="What computes. [default: polars for Parquet, else rows]")
@click.option("--max-people", type=click.IntRange(min=1), metavar="N", help="Customers who may share an identity.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv", "md"]),
    default="table",
    show_default=True,
    help="How the scorecard is printed.",
)
@reading_options
def score(files: tuple[str, ...], metrics: tuple[str, ...], form: str, how: How, **asked: Any) -> None:  # noqa: ANN401
    """Score events, and print the scorecard.

    FILE is CSV, NDJSON or Parquet of events, packed with gzip or not, a store, or - for standard input. Several are
    scored together, each event (its source and id) once.

    Options that may be given several times take commas too: --metric nps,csat --by channel,area. Without --metric
    every metric is shown that there are events for; cxkit metrics lists them.

    A row that can't be taken is named, and the others are scored; the exit code is 1 then.
    """
    from cxkit.cli.failures import blaming_usage
    from cxkit.cli.intake import Intake, check_outputs

    asked = {name: value for name, value in asked.items() if value is not None}
    asked["by"] = split_commas(asked["by"])
    wanted = split_commas(metrics) or None
    check_outputs([how.rejects], files)
    with blaming_usage():
        _score([], wanted, asked)  # nothing, so that a wrong option is told before a long file is read
    if _for_engine(files, how, asked.get("engine")):
        _print(_score(files[0], wanted, asked), form)
        return
    with Intake(how) as intake:
        events_of = _events(files, intake)
        _check_columns(asked["by"], events_of, has_map="journey_map" in asked)
        card = _score(events_of(), wanted, asked)
    _print(card, form)
    intake.end()


def _score(data: Any, wanted: Sequence[str] | None, asked: dict[str, Any]) -> Scorecard:  # noqa: ANN401 - as the API has it
    from cxkit.api import score as score_of

    return score_of(data, wanted, **asked)


def _for_engine(files: Sequence[str], how: How, engine: str | None) -> bool:
    """Say whether an engine reads the file itself: one Parquet file, and nothing asked that looks at its rows.

    What only bears the name of such a file is left to the reader of rows, which says what is wrong with it.
    """
    from cxkit.cli.intake import How, is_parquet

    return len(files) == 1 and engine != "rows" and how == How() and is_parquet(files[0])


def _events(files: Sequence[str], intake: Intake) -> Callable[[], Iterable[Event]]:
    """Return the function that goes through the events of all files, each once."""
    from cxkit.cli.intake import is_store
    from cxkit.files import once

    if len(files) == 1 and is_store(files[0]):
        return lambda: intake.events(files[0])  # holds each event once already, and may be larger than the memory
    events = list(once(chain.from_iterable(map(intake.events, files))))
    return lambda: intake.follow(events, "scoring", len(events))


def _check_columns(columns: Sequence[str], events_of: Callable[[], Iterable[Event]], *, has_map: bool) -> None:
    """Refuse to segment by a column that no event has: it would be one segment of nothing.

    Raises:
        UnknownNameError: no such column; the nearest is suggested.
        WrongUsage: a journey map knows the column, and none is named.
    """
    from cxkit.cli.failures import WrongUsage
    from cxkit.errors import UnknownNameError
    from cxkit.model.event import COLUMNS
    from cxkit.model.touchpoint import ATTRIBUTES

    known = {*COLUMNS, *(ATTRIBUTES if has_map else ())}
    missing = [column for column in columns if column not in known]
    properties: set[str] = set()
    looked_at = ""
    event = None
    for event in events_of() if missing else ():
        # Properties that repeat follow one another more often than not.
        if event.properties is None or event.properties == looked_at:
            continue
        looked_at = event.properties
        properties.update(json.loads(looked_at))
        missing = [column for column in missing if column not in properties]
        if not missing:
            break
    if not missing or event is None:  # where nothing happened, no column is wrong
        return
    if missing[0] in ATTRIBUTES:
        message = (
            f"--by {missing[0]} needs a journey map, which knows it of each touchpoint: --map hourglass, or a file"
        )
        raise WrongUsage(message)
    raise UnknownNameError("column", missing[0], known | properties)


def _print(card: Scorecard, form: str) -> None:
    from cxkit.cli.tables import print_card, print_data

    if form == "table":
        print_card(card)
    elif form == "json":
        print_data(card.to_json(indent=2) + "\n")
    elif form == "md":
        print_data(card.to_markdown() + "\n")
    else:
        print_data(card.to_csv())
        for note in card.notes:  # a CSV file has no room for them
            click.echo(f"note: {note}", err=True)
