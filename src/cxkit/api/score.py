"""score: events, a file or a table in; a scorecard out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from cxkit.api.card import observed, scorecard
from cxkit.engines import ENGINES, Request, collect
from cxkit.errors import InvalidValueError, UnknownNameError, UnsupportedError
from cxkit.metrics import Metric
from cxkit.model.calendar import EVERY, Calendar, Every, parse_instant, zone
from cxkit.model.event import Event
from cxkit.model.identity import MAX_PEOPLE
from cxkit.model.journeymap import PRESETS, JourneyMap
from cxkit.model.touchpoint import ATTRIBUTES
from cxkit.plugins import registry
from cxkit.stats import Statistic, settle

if TYPE_CHECKING:
    from cxkit.report import Scorecard

MetricLike = str | Metric | Callable[..., Metric]
Instant = str | date | datetime | int


def score(  # noqa: PLR0913 - the questions one may ask
    data: Any,  # noqa: ANN401 - events, a path or a table
    metrics: Iterable[MetricLike] | MetricLike | None = None,
    *,
    by: Sequence[str] | str = (),
    every: Every | None = None,
    tz: str = "UTC",
    since: Instant | None = None,
    until: Instant | None = None,
    as_of: Instant | None = None,
    journey_map: JourneyMap | str | os.PathLike[str] | None = None,
    level: float = 0.95,
    engine: str | None = None,
    input_tz: str | None = None,
    max_people: int = MAX_PEOPLE,
) -> Scorecard:
    """Return the scorecard of events.

    Args:
        data: an iterable of `Event`, a path to a file of events, a Polars data frame or lazy frame, or a DuckDB
            relation whose columns are those of `Event`. Events count as often as they stand there: a store, or a file
            that `score` reads row by row, holds each (source, id) once.
        metrics: names, spellings such as ``nps[answers=latest]``, metrics or their factories; every metric for which
            there are events by default.
        by: columns, properties, or with a journey map ``area``, ``stage``, ``owner`` and ``programme``.
        every: ``day``, ``week``, ``month``, ``quarter`` or ``year``; the whole span at once by default.
        tz: the IANA zone whose days, weeks and months count.
        since: the first instant in bounds; a date is local to `tz`.
        until: the first instant after the bounds.
        as_of: until when the data is complete; the latest event by default.
        journey_map: a map, its file, or a preset's name.
        level: the confidence level of all intervals.
        engine: ``rows``, ``polars`` or ``duckdb``; chosen by what `data` is by default.
        input_tz: the zone of times in a file that have none.
        max_people: an identity that more customers share than this merges nobody.

    Raises:
        InvalidValueError: an argument, or a row of a file, can't be what was given.
        UnknownNameError: no such metric, column, zone or engine; the nearest is suggested.
        UnsupportedError: the engine can't read the data, or lacks a statistic.

    >>> import cxkit
    >>> answers = [cxkit.event("survey.answered", instrument="nps", score=score) for score in (10, 9, 7, 3)]
    >>> score(answers, "nps").get("nps").value
    25.0
    """
    wanted = _metrics(metrics)
    chosen = wanted if wanted is not None else [make() for make in registry().catalogue.factories.values()]
    calendar = _calendar(every, tz)
    needs = {need: settle(need, every) for metric in chosen for need in metric.needs.values()}
    columns = (by,) if isinstance(by, str) else tuple(by)
    request = Request(
        statistics=tuple(dict.fromkeys(needs.values())),
        by=columns,
        calendar=calendar,
        tz=tz,
        since_us=None if since is None else parse_instant("since", since, tz),
        until_us=None if until is None else parse_instant("until", until, tz),
        as_of_us=None if as_of is None else parse_instant("as_of", as_of, tz),
        attributes=_attributes(columns, journey_map),
        max_people=max_people,
    )
    if request.since_us is not None and request.until_us is not None and request.since_us >= request.until_us:
        raise InvalidValueError("until", until, f"isn't after since, {since!r}")
    _check(request, needs.values(), level)
    name, table = _door(data, engine, input_tz)
    try:
        collected = collect(name, table, request)
    except UnknownNameError as error:
        if error.what == "column" and error.name in ATTRIBUTES and journey_map is None:
            reason = f"is what a journey map says of touchpoints: give one, such as journey_map={PRESETS[-1]!r}"
            raise InvalidValueError("by", error.name, reason) from None
        raise
    if wanted is None:
        chosen = [metric for metric in chosen if observed(metric, needs, collected)]
    return scorecard(chosen, needs, request, collected, level)


def _metrics(metrics: Iterable[MetricLike] | MetricLike | None) -> list[Metric] | None:
    if metrics is None:
        return None
    if isinstance(metrics, str | Metric) or callable(metrics):
        metrics = [metrics]
    try:
        listed = list(metrics)
    except TypeError:
        raise InvalidValueError("metrics", metrics, "isn't a metric, a metric's name, or several of them") from None
    # Plugins are loaded only for names that have to be looked up.
    found = [wanted if isinstance(wanted, Metric) else registry().catalogue.metric(wanted) for wanted in listed]
    labels = [metric.label for metric in found]
    for label in labels:
        if labels.count(label) > 1:
            raise InvalidValueError("metrics", label, "is asked for twice")
    return found


def _calendar(every: str | None, tz: str) -> Calendar | None:
    zone(tz)
    if every is None:
        return None
    if every not in EVERY:
        raise UnknownNameError("period", str(every), EVERY)
    return Calendar(every, tz)  # type: ignore[arg-type]


def _attributes(columns: Sequence[str], journey_map: Any) -> dict[str, dict[str, str]]:  # noqa: ANN401
    names = [column for column in columns if column in ATTRIBUTES and column != "channel"]
    if journey_map is None:
        return {}
    if not isinstance(journey_map, JourneyMap):
        journey_map = _map(os.fspath(journey_map))
    return {name: journey_map.attribute(name) for name in names}


def _map(name: str) -> JourneyMap:
    if name in PRESETS:
        return JourneyMap.preset(name)
    try:
        return JourneyMap.load(name)
    except OSError as error:
        reason = f"can't be read ({error.strerror}); the presets are {', '.join(PRESETS)}"
        raise InvalidValueError("journey_map", name, reason) from None


def _check(request: Request, statistics: Iterable[Statistic], level: float) -> None:
    if not 0 < level < 1:
        raise InvalidValueError("level", level, "isn't between 0 and 1, such as 0.95")
    if request.max_people < 1:
        raise InvalidValueError("max_people", request.max_people, "must be at least 1")
    for column in request.by:
        if request.by.count(column) > 1:
            raise InvalidValueError("by", column, "is there twice")
    every = request.calendar.every if request.calendar else None
    for statistic in statistics:
        own = getattr(getattr(statistic, "of", statistic), "every", None) or getattr(statistic, "every", None)
        if own is not None and every is not None and EVERY.index(own) > EVERY.index(every):
            raise InvalidValueError("every", every, f"is shorter than the {own} that a metric compares: score by {own}")


def _door(data: Any, engine: str | None, input_tz: str | None) -> tuple[str, Any]:  # noqa: ANN401
    """Return the engine and what it takes."""
    if engine is not None and engine not in ENGINES:
        raise UnknownNameError("engine", engine, ENGINES)
    if isinstance(data, str | os.PathLike):
        return _file(os.fspath(data), engine, input_tz)
    library = type(data).__module__.partition(".")[0].lstrip("_")
    if library in ("polars", "duckdb"):
        if engine not in (None, library):
            message = f"a {library} table is scored by engine {library!r}, not {engine!r}"
            raise UnsupportedError(message)
        return library, data
    if isinstance(data, Event) or not isinstance(data, Iterable):
        raise InvalidValueError(
            "data", type(data).__name__, "isn't events, a path, a Polars frame or a DuckDB relation"
        )
    return ("rows", data) if engine in (None, "rows") else (engine, _table(data, engine))


def _file(path: str, engine: str | None, input_tz: str | None) -> tuple[str, Any]:
    from cxkit import files

    # Rows one by one where the engine wants them so, or where times without a zone have to be read in one.
    if files.format_of(path) == "parquet" and engine != "rows" and input_tz is None:
        from cxkit.engines.frame import open_path

        return engine or "polars", open_path(path, engine or "polars")
    events = files.once(files.read_events(path, input_tz=input_tz, strict=True, instruments=registry().instruments))
    return ("rows", events) if engine in (None, "rows") else (engine, _table(events, engine))


def _table(events: Iterable[Event], engine: str) -> Any:  # noqa: ANN401 - a table
    from cxkit.engines.frame import table_of_events

    return table_of_events(events, engine)
