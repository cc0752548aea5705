"""Arguments: what `score` and its likes are asked, checked and turned into what an engine is asked."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from cxkit.errors import InvalidValueError, UnknownNameError
from cxkit.metrics import Metric
from cxkit.model.calendar import EVERY, Calendar, zone
from cxkit.model.journeymap import PRESETS, JourneyMap
from cxkit.model.touchpoint import ATTRIBUTES
from cxkit.plugins import registry

if TYPE_CHECKING:
    from cxkit.engines import Request
    from cxkit.stats import Statistic

MetricLike = str | Metric | Callable[..., Metric]
Instant = str | date | datetime | int


def listed(metrics: Iterable[MetricLike] | MetricLike) -> list[Metric]:
    """Return metrics, each asked for once.

    Raises:
        InvalidValueError: something isn't a metric, or is asked for twice.
        UnknownNameError: no such metric or option.

    >>> [metric.label for metric in listed(["nps", "nps[answers=latest]"])]
    ['nps', 'nps[answers=latest]']
    """
    if isinstance(metrics, str | Metric) or callable(metrics):
        metrics = [metrics]
    try:
        several = list(metrics)
    except TypeError:
        raise InvalidValueError("metrics", metrics, "isn't a metric, a metric's name, or several of them") from None
    # Plugins are loaded only for names that have to be looked up.
    found = [wanted if isinstance(wanted, Metric) else registry().catalogue.metric(wanted) for wanted in several]
    labels = [metric.label for metric in found]
    for label in labels:
        if labels.count(label) > 1:
            raise InvalidValueError("metrics", label, "is asked for twice")
    return found


def calendar_of(every: str | None, tz: str) -> Calendar | None:
    """Return how time is cut, or None.

    Raises:
        UnknownNameError: no such zone or period.

    >>> calendar_of("month", "UTC").every
    'month'
    """
    zone(tz)
    if every is None:
        return None
    if every not in EVERY:
        raise UnknownNameError("period", str(every), EVERY)
    return Calendar(every, tz)  # type: ignore[arg-type]


def attributes_of(columns: Sequence[str], journey_map: Any) -> dict[str, dict[str, str]]:  # noqa: ANN401 - a map or its place
    """Return what a journey map says of touchpoints, of the columns that it knows.

    Raises:
        InvalidValueError: the map can't be read.

    >>> attributes_of(["area"], "hourglass")["area"]["desk.phone"]
    'service'
    """
    names = [column for column in columns if column in ATTRIBUTES and column != "channel"]
    if journey_map is None:
        return {}
    if not isinstance(journey_map, JourneyMap):
        journey_map = map_of(os.fspath(journey_map))
    return {name: journey_map.attribute(name) for name in names}


def map_of(name: str) -> JourneyMap:
    """Return the journey map of a preset's name or of a file.

    Raises:
        InvalidValueError: there is neither, or the file is no map.
    """
    if name in PRESETS:
        return JourneyMap.preset(name)
    try:
        return JourneyMap.load(name)
    except OSError as error:
        reason = f"can't be read ({error.strerror}); the presets are {', '.join(PRESETS)}"
        raise InvalidValueError("journey_map", name, reason) from None


def check(request: Request, statistics: Iterable[Statistic], level: float) -> None:
    """Refuse what can't be asked.

    Raises:
        InvalidValueError: it names the argument.
    """
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


def whole(field: str, value: int | None) -> int | None:
    """Return a whole number from 1, or None.

    Raises:
        InvalidValueError: it isn't one.
    """
    if value is not None and (type(value) is not int or value < 1):
        raise InvalidValueError(field, value, "isn't a whole number from 1")
    return value
