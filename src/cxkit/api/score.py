"""score: events, a file or a table in; a scorecard out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from cxkit.api.arguments import attributes_of, calendar_of, check, listed, whole
from cxkit.api.card import GROUPS
from cxkit.api.doors import door
from cxkit.api.folding import folding
from cxkit.api.project import Project
from cxkit.api.rates import written_rates
from cxkit.api.repeats import repeats_of
from cxkit.api.showing import request_of, settled, show
from cxkit.api.targets import targets_of
from cxkit.errors import InvalidValueError, UnknownNameError
from cxkit.model.calendar import parse_instant
from cxkit.model.identity import MAX_PEOPLE
from cxkit.model.journeymap import PRESETS
from cxkit.model.touchpoint import ATTRIBUTES
from cxkit.plugins import registry
from cxkit.report import Asked, States
from cxkit.report.states import span_of

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping, Sequence

    from cxkit.api.arguments import Instant, MetricLike
    from cxkit.api.doors import Door
    from cxkit.engines import Collected, Request
    from cxkit.files.source import Readable
    from cxkit.metrics import Metric
    from cxkit.model.calendar import Every
    from cxkit.model.journeymap import JourneyMap
    from cxkit.recipes import Recipe
    from cxkit.report import Scorecard
    from cxkit.stats import Statistic


def score(  # noqa: PLR0913 - the questions one may ask
    data: Any,  # noqa: ANN401 - events, paths or a table
    metrics: Iterable[MetricLike] | MetricLike | None = None,
    *,
    card: str | None = None,
    by: Sequence[str] | str = (),
    every: Every | None = None,
    tz: str | None = None,
    since: Instant | None = None,
    until: Instant | None = None,
    as_of: Instant | None = None,
    journey_map: JourneyMap | str | os.PathLike[str] | None = None,
    level: float | None = None,
    engine: str | None = None,
    input_tz: str | None = None,
    max_people: int | None = None,
    recipe: Recipe | str | os.PathLike[str] | None = None,
    joins: Mapping[str, Readable] | None = None,
    columns: Mapping[str, str] | None = None,
    targets: Mapping[str, object] | None = None,
    min_n: int | None = None,
    top: int | None = None,
    currency: str | None = None,
    rates: Mapping[str, object] | None = None,
    project: Project | str | os.PathLike[str] | None = None,
) -> Scorecard:
    """Return the scorecard of events.

    Args:
        data: an iterable of `Event`; a path to a file of events, a folder of them, a pattern such as
            ``events/*.parquet``, a store (its path, or its URL in PostgreSQL), or a list of such; a Polars, pandas or
            Arrow table, a DuckDB relation, a data frame of Spark or a table of Ibis, whose columns are those of
            `Event`. Events count as often as they stand there: a store, or files that `score` reads row by row, hold
            each (source, id) once.
        metrics: names, spellings such as ``nps[answers=latest]``, metrics or their factories; every metric for which
            there are events by default. Beside a card they come after it.
        card: a ready-made card, ``perception``, ``service``, ``commerce``, ``loyalty`` or ``executive``, or one of the
            project's. It shows what it says: a metric that nothing was observed for has empty rows.
        by: columns, properties, or with a journey map ``area``, ``stage``, ``owner`` and ``programme``.
        every: ``day``, ``week``, ``month``, ``quarter`` or ``year``; the whole span at once by default.
        tz: the IANA zone whose days, weeks and months count; UTC by default.
        since: the first instant in bounds; a date is local to `tz`.
        until: the first instant after the bounds.
        as_of: until when the data is complete; the latest event by default.
        journey_map: a map, its file, or a preset's name.
        level: the confidence level of all intervals; 0.95 by default.
        engine: ``rows``, ``polars``, ``duckdb``, ``ibis`` or ``spark``; chosen by what `data` is by default.
        input_tz: the zone of times in a file that have none.
        max_people: an identity that more customers share than this merges nobody; 10 by default.
        recipe: how `data`, a path or several, is read where it isn't a file of events: the name of a recipe that
            comes with cxkit, the path of one of your own, or a `cxkit.recipes.Recipe`.
        joins: the files that the recipe joins, by its names for them.
        columns: an event's column → what a table or a Parquet file calls it, ``{"customer": "user_id"}``.
        targets: metric → what it should reach, such as ``{"nps": 40, "csat": "80 %"}``; with ``<=`` or ``>=`` before it
            where the metric doesn't say which is better, and with its unit for a duration, ``"<= 4 h"``.
        min_n: rows of segments whose estimate rests on fewer are hidden, and as many more as are needed so that those
            can't be computed from the rest.
        top: so many segments, those with most events, stand for themselves; the others are counted together.
        currency: what amounts are converted to, by `rates`.
        rates: currency → how much of `currency` one unit of it is, as text or a Decimal: ``{"EUR": "1.08"}``.
        project: a `Project`, or the path of a ``cx.toml``, for whatever isn't given here.

    Raises:
        InvalidValueError: an argument, or a row of a file, can't be what was given.
        UnknownNameError: no such metric, card, column, zone or engine; the nearest is suggested.
        UnsupportedError: the engine can't read the data, or lacks a statistic.

    >>> import cxkit
    >>> answers = [cxkit.event("survey.answered", instrument="nps", score=score) for score in (10, 9, 7, 3)]
    >>> score(answers, "nps").get("nps").value
    25.0
    """
    asked = Project.of(project).overridden(
        card=card,
        metrics=None if metrics is None else tuple(listed(metrics)),
        by=(by,) if isinstance(by, str) else tuple(by) or None,
        every=every,
        tz=tz,
        input_tz=input_tz,
        journey_map=journey_map,
        level=level,
        max_people=max_people,
        min_n=whole("min_n", min_n),
        top=whole("top", top),
        currency=currency,
        rates=rates,
        targets=targets,
    )
    tz = asked.tz or "UTC"
    wanted = asked.asked()
    chosen = [make() for make in registry().catalogue.factories.values()] if wanted is None else listed(wanted)
    aims = targets_of(asked.targets, chosen, on_card=frozenset(targets or ()))
    calendar_of(asked.every, tz)  # before anything is settled by it
    needs = settled(chosen, asked.every)
    question = Asked(
        by=asked.by,
        every=asked.every,
        tz=tz,
        since_us=None if since is None else parse_instant("since", since, tz),
        until_us=None if until is None else parse_instant("until", until, tz),
        as_of_us=None if as_of is None else parse_instant("as_of", as_of, tz),
        journey_map=attributes_of(asked.by, asked.journey_map),
        max_people=MAX_PEOPLE if asked.max_people is None else asked.max_people,
        currency=asked.currency,
        rates=written_rates(asked.currency, asked.rates),
    )
    computed = list(dict.fromkeys(each for of_metric in needs.values() for each in of_metric.values()))
    tell = wanted is None or asked.card is not None
    request = request_of(question, _statistics(computed, repeats_of(chosen), tell=tell))
    if request.since_us is not None and request.until_us is not None and request.since_us >= request.until_us:
        raise InvalidValueError("until", until, f"isn't after since, {since!r}")
    level = 0.95 if asked.level is None else asked.level
    check(request, computed, level)
    opened = door(data, engine, asked.input_tz, recipe, joins, columns)
    request, collected, notes = _collected(opened, request, chosen, asked)
    states = States(
        asked=question,
        metrics=needs,
        states=collected.states,
        open=wanted is None,
        events=collected.events,
        spans=span_of(collected.first_us, collected.last_us),
        linked=len(collected.identities.mapping) + len(collected.identities.shared),
        shared={each.identity: len(each.people) for each in collected.identities.shared},
        converted=collected.converted,
        level=level,
        min_n=asked.min_n,
        targets=aims,
    )
    made = show(states, chosen, request=request, notes=notes)
    made = attrs.evolve(made, work=() if collected.work is None else collected.work.told(opened.engine))
    # Which segments are largest is known of the whole alone.
    return made if asked.top is None or not asked.by else attrs.evolve(made, states=None)


def _statistics(
    needs: Iterable[Statistic], repeats: Mapping[str, Mapping[Statistic, Statistic]], *, tell: bool
) -> tuple[Statistic, ...]:
    """Return what is to be computed, each once.

    Args:
        needs: what metrics read.
        repeats: what tells whether customers answer repeatedly.
        tell: whether it must be known which events there are, as for whatever there are events for.
    """
    people = [statistic for counted in repeats.values() for statistic in counted.values()]
    return tuple(dict.fromkeys((*needs, *people, *((GROUPS,) if tell else ()))))


def _collected(
    opened: Door, request: Request, metrics: Sequence[Metric], asked: Project
) -> tuple[Request, Collected, list[str]]:
    """Return what was asked in the end, what came out, and what to say of it."""
    notes: list[str] = []
    try:
        if asked.top is not None and request.by:
            opened = opened.held()
            request, notes = folding(opened, request, metrics, asked.top)
        return request, opened.collect(request), notes
    except UnknownNameError as error:
        if error.what == "column" and error.name in ATTRIBUTES and asked.journey_map is None:
            reason = f"is what a journey map says of touchpoints: give one, such as journey_map={PRESETS[-1]!r}"
            raise InvalidValueError("by", error.name, reason) from None
        raise
