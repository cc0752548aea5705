"""``cxkit score``: files of events in, a scorecard out."""

from __future__ import annotations

import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import click

from cxkit.cli.options import FILE, STORE, reading_options, split_commas

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cxkit.api import Project
    from cxkit.cli.intake import How, Intake
    from cxkit.model.event import Event
    from cxkit.report import Scorecard


@click.command()
@click.argument("files", nargs=-1, required=True, type=FILE, metavar="FILE...")
@click.option("-m", "--metric", "metrics", multiple=True, metavar="M", help="A metric, such as nps[answers=latest].")
@click.option("--card", metavar="NAME", help="perception, service, commerce, loyalty, executive, or one of cx.toml.")
@click.option("-b", "--by", multiple=True, metavar="COLUMN", help="Segment by a column or a property; none for none.")
@click.option("--every", metavar="day|week|month|quarter|year", help="Cut time into periods; none for the whole span.")
@click.option("--tz", metavar="ZONE", help="Zone whose days and months count. [default: UTC]")
@click.option("--since", metavar="TIME", help="First instant that counts; a date is local to --tz.")
@click.option("--until", metavar="TIME", help="First instant that doesn't count any more.")
@click.option("--as-of", metavar="TIME", help="Until when the data is complete. [default: the latest event]")
@click.option("--map", "journey_map", metavar="FILE|PRESET", help="Journey map, for --by area, stage or owner.")
@click.option("--target", "targets", multiple=True, metavar="M=GOAL", help="What to reach: nps=40, 'csat>=80 %'.")
@click.option("--fail-on-missed", is_flag=True, help="Exit with 1 if a row misses its target.")
@click.option("--min-n", type=click.IntRange(min=1), metavar="N", help="Hide rows of segments that rest on fewer.")
@click.option("--top", type=click.IntRange(min=1), metavar="N", help="Keep the N largest segments; fold the rest.")
@click.option("--currency", metavar="CODE", help="Convert amounts to this currency, by --rate.")
@click.option("--rate", "rates", multiple=True, metavar="CODE=RATE", help="What one unit is in --currency: EUR=1.08.")
@click.option("--level", type=float, metavar="SHARE", help="Confidence level of the intervals. [default: 0.95]")
@click.option("--engine", metavar="rows|polars|duckdb", help="What computes. [default: polars for Parquet, else rows]")
@click.option("--max-people", type=click.IntRange(min=1), metavar="N", help="Customers who may share an identity.")
@click.option("--config", type=STORE, metavar="FILE", help="The project file. [default: cx.toml, here or above]")
@click.option("--no-config", is_flag=True, help="Read no project file.")
@click.option("-v", "--verbose", is_flag=True, help="Say which project file is read.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv", "md"]),
    default="table",
    show_default=True,
    help="How the scorecard is printed.",
)
@reading_options
def score(  # noqa: PLR0913 - what one may say of a score
    files: tuple[str, ...],
    metrics: tuple[str, ...],
    form: str,
    how: How,
    *,
    fail_on_missed: bool,
    config: str | None,
    no_config: bool,
    verbose: bool,
    **asked: Any,  # noqa: ANN401
) -> None:
    """Score events, and print the scorecard.

    FILE is CSV, NDJSON or Parquet of events, packed with gzip or not, a store, or - for standard input. Several are
    scored together, each event (its source and id) once.

    Options that may be given several times take commas too: --metric nps,csat --by channel,area. Without --metric
    and --card every metric is shown that there are events for; cxkit metrics lists them.

    A project file, cx.toml in this folder or above it, is read for whatever isn't said here.

    A row that can't be taken is named, and the others are scored; the exit code is 1 then.
    """
    from cxkit.cli.failures import blaming_usage
    from cxkit.cli.intake import Intake, check_outputs
    from cxkit.cli.tables import print_shown

    check_outputs([how.rejects], files)
    wanted = split_commas(metrics) or None
    with blaming_usage():
        project = project_of(config, no_config=no_config, verbose=verbose)
        asked = _asked(asked, project)
        _score([], wanted, asked)  # nothing, so that a wrong option is told before a long file is read
    how = attrs.evolve(how, input_tz=how.input_tz or asked["project"].input_tz)
    if _for_engine(files, how, asked.get("engine")):
        card = _score(files[0], wanted, asked)
        print_shown(card, form)
        _end(card, fail_on_missed=fail_on_missed)
        return
    with Intake(how) as intake, _blaming_map(has_map=bool("journey_map" in asked or asked["project"].journey_map)):
        table = intake.table(files, asked.get("engine"))
        card = _score(_events(files, intake, again="top" in asked) if table is None else table, wanted, asked)
    print_shown(card, form)
    intake.end()
    _end(card, fail_on_missed=fail_on_missed)


def project_of(config: str | None, *, no_config: bool, verbose: bool) -> Project:
    """Return the project that a command works in: that of a file, the one found from here upwards, or the empty one.

    Raises:
        WrongUsage: both a file and none are asked for.
        InvalidValueError: the file is wrong.
    """
    from cxkit.api import Project
    from cxkit.cli.failures import WrongUsage

    if no_config and config is not None:
        message = "--config and --no-config contradict each other: give one"
        raise WrongUsage(message)
    if no_config:
        return Project()
    project = Project.load(config) if config is not None else Project.find()
    if verbose:
        click.echo(f"note: project file {project.path}" if project else "note: no project file here or above", err=True)
    return project or Project()


def _asked(given: dict[str, Any], project: Project) -> dict[str, Any]:
    """Return the arguments of `cxkit.score`; what `none` is said of isn't taken from the project either."""
    asked = {name: value for name, value in given.items() if value is not None and value != ()}
    asked["by"] = split_commas(asked.get("by", ()))
    asked["targets"] = dict(map(_target, asked.get("targets", ())))
    asked["rates"] = dict(_pair("--rate", rate, "EUR=1.08") for rate in split_commas(asked.get("rates", ())))
    if asked["by"] == ["none"]:
        project, asked["by"] = attrs.evolve(project, by=()), []
    if asked.get("every") == "none":
        project = attrs.evolve(project, every=None)
        del asked["every"]
    if project.top is not None and "top" not in asked:
        asked["top"] = project.top
    return asked | {"project": project}


def _target(given: str) -> tuple[str, str]:
    """Return the metric and the goal of ``nps=40``, ``csat>=80 %`` or ``first_response_time=<= 4 h``."""
    found = re.fullmatch(r"\s*([\w.-]+(?:\[[^\]]*\])?)\s*=?\s*((?:>=|<=|≥|≤)?.*)", given, re.DOTALL)
    if found is None or not found[2] or given.strip() == found[1]:
        return _pair("--target", given, "nps=40")
    return found[1], found[2]


def _pair(option: str, given: str, example: str) -> tuple[str, str]:
    from cxkit.cli.failures import WrongUsage

    name, sign, value = (part.strip() for part in given.partition("="))
    if not (name and sign and value):
        message = f"{option} {given!r} isn't written like {example}"
        raise WrongUsage(message)
    return name, value


def _end(card: Scorecard, *, fail_on_missed: bool) -> None:
    """End the command with 1 where a target is missed and that is to fail."""
    from cxkit.cli.failures import BAD_DATA

    if fail_on_missed and any(row.verdict == "missed" for row in card):
        click.get_current_context().exit(BAD_DATA)


def _score(data: Any, wanted: Sequence[str] | None, asked: dict[str, Any]) -> Scorecard:  # noqa: ANN401 - as the API has it
    from cxkit.api import score as score_of

    return score_of(data, wanted, **asked)


def _for_engine(files: Sequence[str], how: How, engine: str | None) -> bool:
    """Say whether an engine reads the file itself: one Parquet file, and nothing asked that looks at its rows.

    What only bears the name of such a file is left to the reader of rows, which says what is wrong with it.
    """
    from cxkit.cli.intake import How, is_parquet

    return len(files) == 1 and engine != "rows" and how == How() and is_parquet(files[0])


def _events(files: Sequence[str], intake: Intake, *, again: bool = False) -> Iterable[Event]:
    """Return the events of all files, each once; if need be so that they can be gone through again."""
    from cxkit.cli.intake import is_store
    from cxkit.files import OnceEach

    events = intake.of(files)
    stores = [file for file in files if is_store(file)]
    if stores and len(files) == 1 and not again:
        return events  # holds each event once already
    # What comes through a pipe is gone once it is read.
    lasts = all(Path(file).is_file() for file in files)
    return OnceEach(events, (lambda: intake.of(files, again=True)) if lasts else None)


@contextmanager
def _blaming_map(*, has_map: bool) -> Iterator[None]:
    """Say which option is missing where a column is known to journey maps alone.

    Raises:
        WrongUsage: no map is named.
    """
    from cxkit.cli.failures import WrongUsage
    from cxkit.errors import InvalidValueError
    from cxkit.model.touchpoint import ATTRIBUTES

    try:
        yield
    except InvalidValueError as error:
        if error.field != "by" or error.value not in ATTRIBUTES or has_map:
            raise
        message = (
            f"--by {error.value} needs a journey map, which knows it of each touchpoint: --map hourglass, or a file"
        )
        raise WrongUsage(message) from None
