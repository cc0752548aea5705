"""Ask an engine for statistics of whatever data one has: what `score` does, for results that aren't scorecards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cxkit.api.arguments import attributes_of, calendar_of, check
from cxkit.api.doors import door
from cxkit.engines import Request
from cxkit.errors import InvalidValueError, UnknownNameError
from cxkit.model.calendar import parse_instant
from cxkit.model.identity import MAX_PEOPLE
from cxkit.model.journeymap import PRESETS
from cxkit.model.touchpoint import ATTRIBUTES

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from cxkit.api.arguments import Instant
    from cxkit.engines import Collected
    from cxkit.files.source import Readable
    from cxkit.model.journeymap import JourneyMap
    from cxkit.recipes import Recipe
    from cxkit.stats import Statistic


def ask(  # noqa: PLR0913 - the questions one may ask
    data: Any,  # noqa: ANN401 - events, a path or a table
    statistics: Sequence[Statistic],
    *,
    by: Sequence[str] = (),
    tz: str = "UTC",
    since: Instant | None = None,
    until: Instant | None = None,
    as_of: Instant | None = None,
    journey_map: JourneyMap | str | os.PathLike[str] | None = None,
    level: float = 0.95,
    engine: str | None = None,
    input_tz: str | None = None,
    max_people: int = MAX_PEOPLE,
    recipe: Recipe | str | os.PathLike[str] | None = None,
    joins: Mapping[str, Readable] | None = None,
) -> tuple[Request, Collected]:
    """Return what was asked and what came out, over the whole span at once; the arguments are those of `score`.

    Raises:
        InvalidValueError: an argument, or a row of a file, can't be what was given.
        UnknownNameError: no such column, zone or engine; the nearest is suggested.
        UnsupportedError: the engine can't read the data, or lacks a statistic.
    """
    calendar_of(None, tz)
    request = Request(
        statistics=tuple(statistics),
        by=tuple(by),
        tz=tz,
        since_us=None if since is None else parse_instant("since", since, tz),
        until_us=None if until is None else parse_instant("until", until, tz),
        as_of_us=None if as_of is None else parse_instant("as_of", as_of, tz),
        attributes=attributes_of(by, journey_map),
        max_people=max_people,
    )
    if request.since_us is not None and request.until_us is not None and request.since_us >= request.until_us:
        raise InvalidValueError("until", until, f"isn't after since, {since!r}")
    check(request, statistics, level)
    opened = door(data, engine, input_tz, recipe, joins)
    try:
        return request, opened.collect(request)
    except UnknownNameError as error:
        if error.what == "column" and error.name in ATTRIBUTES and journey_map is None:
            reason = f"is what a journey map says of touchpoints: give one, such as journey_map={PRESETS[-1]!r}"
            raise InvalidValueError("by", error.name, reason) from None
        raise
