"""What an engine is asked for, and what it gives back. Every engine takes the one and returns the other.

The rules that make engines agree, in one place:

- A **cell** is a segment and a period. Each event in bounds (``since <= t < until``) belongs to the cell of its own
  segment and period, and once more to the same period's overall cell, whose segment is None. Without `by` there are
  overall cells alone; without `calendar` the period is None.
- A customer is counted once in a segment's cell and once in the overall cell: overall isn't the sum of segments.
- `Tally` drops nulls first and thins then, within a cell: the latest answer of a customer in March on the web. Answers
  without the column it thins by are unkeyed. Continuous scores are put to their decimals last.
- `Clustered` weighs events, and takes one without a customer for a customer of its own.
- `Spans` picks its starts among all events, then keeps those in bounds: a start's cell is its event's. Ends count
  wherever they lie. A key with ends and no start at all is an orphan in the cell of its first end, if that is in
  bounds. Events without a key (or unit) are unkeyed in their own cell. With a window, a start is immature when start
  + window lies after `as_of_us`, or, without one, after the latest event of all, in bounds or not. A start that isn't
  is unkeyed if it lacks the key of an `Unless`; else spoiled if an event of one, the start itself left aside, has the
  same key and lies at or after the start and within its window.
- `Returns` reads all events before `until`, those before `since` too, because a period needs its base. It cuts by its
  own `every` in the request's zone, keeps the periods that `compares` admits, and lays each into the cell whose period
  holds its first day. A period in which nobody came back has an entry when its base had somebody. Who is new is seen in
  the segment's own events; a mark is the customer's, wherever and whenever before `until` it was made.
- `Cohorts` reads all events before `until`, those before `since` too, for a customer's cohort is the period of their
  first event among the segment's own. It cuts as `Returns` does, keeps cohorts that begin in bounds and what they did
  in periods that have begun when the data ends, and lays a cohort, whole, into the cell whose period holds its first
  day.
- With `keep`, a segment that isn't among those is `rest`, before anything is counted: whoever stands in two of the
  others is counted once there.
- An amount in a currency of `rates` is `converted` before anything reads it, filters and segments too, and its currency
  is `currency` then. An amount that 64 bits don't hold any more is refused.
- `By` adds its column's value to the grouping of its inner statistic and gathers the parts of each cell.
- Ties in time go by (ts_us, source, id), text in code point order. Customers are canonical, also where a
  segment, a filter or a `By` names them: identity events among the input are resolved first.
- States that are zero may be left out. Integers are exact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from cxkit.model.calendar import Calendar
from cxkit.model.event import to_us

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cxkit.engines.work import Work
    from cxkit.model.identity import Identities
    from cxkit.stats import State, Statistic

Segment = tuple[str | None, ...]
Cell = tuple[Segment | None, int | None]


@attrs.frozen
class Request:
    """What to compute.

    Attributes:
        statistics: what, each once.
        by: columns, properties or `attributes` to segment by.
        calendar: how to cut time, or None for the whole span at once.
        tz: the zone of periods that statistics have of their own.
        since_us: the first instant in bounds, or None.
        until_us: the first instant after the bounds, or None.
        as_of_us: until when the data is complete; None is the latest event.
        attributes: what a journey map knows of touchpoints: name → touchpoint → value.
        max_people: an identity that more customers share than this merges nobody.
        keep: the segments that stand for themselves, or None where all do.
        rest: what all other segments are, taken together.
        currency: what amounts are converted to, or None.
        rates: currency → p and q, where a minor unit of it is p/q of `currency`'s.
    """

    statistics: tuple[Statistic, ...]
    by: tuple[str, ...] = ()
    calendar: Calendar | None = None
    tz: str = "UTC"
    since_us: int | None = None
    until_us: int | None = None
    as_of_us: int | None = None
    attributes: Mapping[str, Mapping[str, str]] = attrs.field(factory=dict)
    max_people: int = 10
    keep: frozenset[Segment] | None = None
    rest: Segment = ()
    currency: str | None = None
    rates: Mapping[str, tuple[int, int]] = attrs.field(factory=dict)


@attrs.frozen
class Collected:
    """What came out.

    Attributes:
        states: of each statistic, the state of each cell that isn't zero.
        events: how many events were in bounds.
        first_us: the first of them, or None.
        last_us: the last of them, or None.
        identities: who turned out to be whom.
        converted: the currencies that amounts were converted from, sorted.
        work: what the engine did for it; None where there was nothing to do.
    """

    states: Mapping[Statistic, Mapping[Cell, State]]
    events: int
    first_us: int | None
    last_us: int | None
    identities: Identities
    converted: tuple[str, ...] = ()
    work: Work | None = attrs.field(default=None, eq=False)


def segment_text(value: object) -> str | None:
    """Return a segment's value as text, the same on every engine; null stays null.

    >>> segment_text(True), segment_text(3), segment_text(3.0), segment_text("a"), segment_text(None)
    ('true', '3', '3', 'a', None)
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if value != value:  # noqa: PLR0124 - NaN is null
            return None
        if value.is_integer():
            value = int(value)
    return str(value)


def converted(minor: int, rate: tuple[int, int]) -> int:
    """Return an amount at a rate, rounded to whole minor units, half away from zero.

    >>> converted(250, (27, 25)), converted(125, (27, 50)), converted(-125, (27, 50))
    (270, 68, -68)
    """
    p, q = rate
    size = (2 * abs(minor) * p + q) // (2 * q)
    return -size if minor < 0 else size


def compares(request: Request, calendar: Calendar, period: int, end_us: int) -> bool:
    """Say whether a period of a statistic's own calendar stands in the result.

    It begins in bounds and before the data ends. Where the card doesn't show it as a period of its own it must also be
    over, by whole days: pooled with others, half a month would count as lost whoever comes in the other half.

    Args:
        request: what was asked for.
        calendar: the statistic's own.
        period: its number.
        end_us: until when the data is complete.

    >>> months, half = Calendar("month"), 15 * 86_400_000_000
    >>> [compares(Request((), calendar=shown), months, months.index(0), half) for shown in (None, months)]
    [False, True]
    """
    try:
        start = to_us(calendar.start(period))
    except ValueError:  # after the year 9999
        return False
    end = end_us if request.until_us is None else min(end_us, request.until_us - 1)
    if start > end or (request.since_us is not None and start < request.since_us):
        return False
    if calendar == request.calendar:
        return True
    day = Calendar("day", calendar.tz)
    return day.index_of_day(calendar.last_day(period)) <= day.index(end)


def observed(request: Request, calendar: Calendar, end_us: int) -> tuple[int, int]:
    """Return the last period that has begun when the data ends, and the last that is over then, by whole days.

    Args:
        request: what was asked for.
        calendar: the statistic's own.
        end_us: until when the data is complete.

    >>> half = 15 * 86_400_000_000
    >>> [Calendar("month").label(period) for period in observed(Request(()), Calendar("month"), half)]
    ['1970-01', '1969-12']
    """
    end = end_us if request.until_us is None else min(end_us, request.until_us - 1)
    day, begun = Calendar("day", calendar.tz), calendar.index(end)
    return begun, begun if day.index_of_day(calendar.last_day(begun)) <= day.index(end) else begun - 1


def begins_in_bounds(request: Request, calendar: Calendar, period: int) -> bool:
    """Say whether a period of a statistic's own calendar begins at `since` or after it.

    >>> begins_in_bounds(Request((), since_us=1), Calendar("month"), Calendar("month").index(1))
    False
    """
    return request.since_us is None or to_us(calendar.start(period)) >= request.since_us
