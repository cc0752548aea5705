"""``cxkit score``: files of events in, a scorecard out."""

from __future__ import annotations

import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import click

from cxkit.cli.options import EXISTING, files_argument, reading_options, split_commas

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cxkit.api import Project
    from cxkit.cli.intake import How, Intake
    from cxkit.model.event import Event
    from cxkit.report import Scorecard


@click.command()
@files_argument(required=False)
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
@click.option("--engine", metavar="rows|polars|duckdb|ibis|spark", help="What computes. [default: by what FILE is]")
@click.option(
    "--column", "columns", multiple=True, metavar="OURS=YOURS", help="What Parquet calls it: customer=user_id."
)
@click.option("--max-people", type=click.IntRange(min=1), metavar="N", help="Customers who may share an identity.")
@click.option("--save", type=click.Path(dir_okay=False), metavar="FILE", help="Save what the card is made from.")
@click.option("--add", "added", multiple=True, type=EXISTING, metavar="FILE", help="Merge with what --save saved.")
@click.option("--over", multiple=True, metavar="COLUMN", help="What no parts share. [default: they are times apart]")
@click.option("--config", type=EXISTING, metavar="FILE", help="The project file. [default: cx.toml, here or above]")
@click.option("--no-config", is_flag=True, help="Read no project file.")
@click.option("--explain", is_flag=True, help="Say how often the data was read, and what of it.")
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
    added: tuple[str, ...],
    over: tuple[str, ...],
    save: str | None,
    explain: bool,
    **asked: Any,  # noqa: ANN401
) -> None:
    """Score events, and print the scorecard.

    FILE is CSV, NDJSON or Parquet of events, packed with gzip or not, a folder of such files, a store, or - for
    standard input. Several are scored together, each event (its source and id) once.

    Options that may be given several times take commas too: --metric nps,csat --by channel,area. Without --metric
    and --card every metric is shown that there are events for; cxkit metrics lists them.

    A project file, cx.toml in this folder or above it, is read for whatever isn't said here.

    With --save and --add yesterday's events needn't be read again: FILE holds the new ones alone, asked alike, and may
    be left out where saved parts are put together. What a merge would count twice is refused; what counts customers
    needs parts that share none, --over customer.

    A row that can't be taken is named, and the others are scored; the exit code is 1 then.
    """
    from cxkit.cli.failures import WrongUsage, blaming_usage
    from cxkit.cli.intake import Intake
    from cxkit.cli.saving import check_alone, check_before, merged, saving
    from cxkit.cli.tables import print_shown

    keep = saving(files, how.rejects, added, over, save)
    if not files:
        check_alone(click.get_current_context())
        card = merged(None, files, keep)
        print_shown(card, form)
        _end(card, fail_on_missed=fail_on_missed)
        return
    wanted = split_commas(metrics) or None
    with blaming_usage():
        project = project_of(config, no_config=no_config, verbose=verbose)
        asked = _asked(asked, project)
        # Of nothing, so that a wrong option is told before a long file is read.
        check_before(_score([], wanted, {**asked, "columns": None}), files, keep)
    how = attrs.evolve(how, input_tz=how.input_tz or asked["project"].input_tz)
    if _for_engine(files, how, asked.get("engine")):
        card = _score(list(files), wanted, asked)
        work = card.work if explain else ()
        card = merged(card, files, keep) if keep else card
        print_shown(card, form)
        _tell(work)
        _end(card, fail_on_missed=fail_on_missed)
        return
    if "columns" in asked:
        message = "--column says what Parquet files call a column: of others a recipe says it, with --recipe"
        raise WrongUsage(message)
    with Intake(how) as intake, _blaming_map(has_map=bool("journey_map" in asked or asked["project"].journey_map)):
        table = intake.table(files, asked.get("engine"))
        card = _score(_events(files, intake, again="top" in asked) if table is None else table, wanted, asked)
    work = card.work if explain else ()
    card = merged(card, files, keep, rejected=intake.rejected) if keep else card
    print_shown(card, form)
    _tell(work)
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
    if "columns" in asked:
        asked["columns"] = dict(_pair("--column", pair, "customer=user_id") for pair in split_commas(asked["columns"]))
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


def _tell(work: Sequence[str]) -> None:
    for sentence in work:
        click.echo(f"explain: {sentence}", err=True)


def _end(card: Scorecard, *, fail_on_missed: bool) -> None:
    """End the command with 1 where a target is missed and that is to fail."""
    from cxkit.cli.failures import BAD_DATA

    if fail_on_missed and any(row.verdict == "missed" for row in card):
        click.get_current_context().exit(BAD_DATA)


def _score(data: Any, wanted: Sequence[str] | None, asked: dict[str, Any]) -> Scorecard:  # noqa: ANN401 - as the API has it
    from cxkit.api import score as score_of

    return score_of(data, wanted, **asked)


def _for_engine(files: Sequence[str], how: How, engine: str | None) -> bool:
    """Say whether an engine reads what there is itself: Parquet files, or a server, and nothing is asked of rows.

    What only bears the name of such a file is left to the reader of rows, which says what is wrong with it.
    """
    from cxkit.cli.intake import How, is_parquet
    from cxkit.store.opening import is_url

    if engine == "rows" or how != How():
        return False
    return all(map(is_parquet, files)) or (len(files) == 1 and is_url(files[0]) and engine in {None, "ibis"})


def _events(files: Sequence[str], intake: Intake, *, again: bool = False) -> Iterable[Event]:
    """Return the events of all files, each once; if need be so that they can be gone through again."""
    from cxkit.files import OnceEach
    from cxkit.store.opening import is_store

    events = intake.of(files)
    stores = [file for file in files if is_store(file)]
    if stores and len(files) == 1 and not again:
        return events  # holds each event once already
    # What comes through a pipe is gone once it is read.
    lasts = all(Path(file).is_file() or is_store(file) for file in files)
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
