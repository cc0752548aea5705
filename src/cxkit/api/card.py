"""From collected states to a scorecard: every metric, period and segment gets its row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from cxkit.api.folding import in_order
from cxkit.api.missing import lacks
from cxkit.errors import InvalidValueError
from cxkit.metrics import Estimate, Given, Metric
from cxkit.model.calendar import Calendar
from cxkit.model.event import from_us
from cxkit.report import Row, Scorecard
from cxkit.stats import By, ByState, Tally, Where

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cxkit.engines import Request
    from cxkit.engines.request import Cell, Segment
    from cxkit.report import States
    from cxkit.stats import State, Statistic


GROUPS: Final = By(Tally(Where(), "kind"), "instrument")
"""Tells which kinds of events there are, and which instruments were answered in each."""
_MOST_PERIODS: Final = 10_000


@attrs.frozen
class Period:
    """A column of time on the card.

    Attributes:
        index: the calendar's number, or None for the whole span.
        label: how people write it.
        partial: whether the data covers it only in part.
    """

    index: int | None
    label: str | None
    partial: bool


def periods(request: Request, collected: States) -> list[Period]:
    """Return the periods from the first event to the last, the empty ones between them too.

    Raises:
        InvalidValueError: they are more than anybody reads, as of an event whose year is mistyped.
    """
    calendar = request.calendar
    if calendar is None:
        return [Period(None, None, partial=False)]
    if collected.first_us is None or collected.last_us is None:
        return []
    day = Calendar("day", calendar.tz)
    first, last = calendar.index(collected.first_us), calendar.index(collected.last_us)
    if last - first >= _MOST_PERIODS:
        begin, end = (from_us(ts_us).isoformat() for ts_us in (collected.first_us, collected.last_us))
        reason = (
            f"makes {last - first + 1:,} periods of the time from {begin} to {end}: mend the time that is wrong, or "
        )
        raise InvalidValueError("every", calendar.every, reason + "leave it out with since or until")
    # Whole days count as covered: a file of dates ends at the midnight with which its last day begins.
    begins = day.index(collected.first_us if request.since_us is None else request.since_us)
    if request.until_us is not None:
        ends = day.index(request.until_us - 1)
    else:
        ends = day.index(collected.last_us if request.as_of_us is None else request.as_of_us)
    found = []
    for index in range(first, last + 1):
        starts, stops = _days(calendar, index)
        found.append(Period(index, calendar.label(index), partial=begins > starts or ends < stops))
    return found


def _days(calendar: Calendar, index: int) -> tuple[int, int]:
    day = Calendar("day", calendar.tz)
    return day.index_of_day(calendar.first_day(index)), day.index_of_day(calendar.last_day(index))


def scorecard(  # noqa: PLR0913 - what was asked, and what came out
    metrics: Sequence[Metric],
    needs: Mapping[Statistic, Statistic],
    request: Request,
    collected: States,
    level: float,
    *,
    empty: Mapping[str, str] | None = None,
) -> Scorecard:
    """Return the card of metrics.

    Args:
        metrics: which, in order.
        needs: what a metric asked for → what was computed in its place.
        request: what the engine was asked.
        collected: what it gave.
        level: the intervals' level.
        empty: the metrics that nothing was observed for, with what is missing; their rows are empty.
    """
    segments = _segments(request, collected)
    found = periods(request, collected)
    empty = empty or {}
    rows = []
    notes = []
    for metric in metrics:
        currencies = [None] if metric.label in empty else _currencies(metric, needs, collected)
        if len(currencies) > 1:
            listed = ", ".join(map(str, currencies))
            notes.append(
                f"{metric.label} is in {len(currencies)} currencies ({listed}), which are never added: one row each."
            )
        # Events without an amount have no currency either: they show as left out once, of one that there is.
        home = request.currency if request.currency in currencies else currencies[0]
        for currency in currencies:
            for period in found:
                for segment in (None, *segments):
                    cell = (segment, period.index)
                    if metric.label in empty:
                        estimate = Estimate(None, level=level, unit=metric.unit)
                    else:
                        states = _states(metric, needs, collected, cell, currency, is_home=currency == home)
                        estimate = metric.estimate(states, Given(level, currency))
                    rows.append(
                        Row(
                            metric=metric.label,
                            title=metric.title,
                            better=metric.better,
                            segment={} if segment is None else dict(zip(request.by, segment, strict=True)),
                            overall=segment is None,
                            period=period.label,
                            partial=period.partial,
                            currency=currency,
                            estimate=estimate,
                        )
                    )
    if empty:
        listed = "; ".join(f"{label} ({lack})" if lack else label for label, lack in empty.items())
        notes.append(f"Nothing was observed for {listed}.")
    notes += _shared(collected, request)
    every = request.calendar.every if request.calendar else None
    return Scorecard(tuple(rows), request.by, every, request.tz, tuple(notes), states=collected)


def _segments(request: Request, collected: States) -> list[Segment]:
    if not request.by:
        return []
    found = {segment for cells in collected.states.values() for segment, _ in cells if segment is not None}
    rest = request.rest if request.keep is not None else None
    return sorted(found, key=lambda segment: (segment == rest, in_order(segment)))


def _computed(metric: Metric, needs: Mapping[Statistic, Statistic], collected: States) -> Iterator[Mapping[Any, State]]:
    return (collected.states[needs[statistic]] for statistic in metric.needs.values())


def kinds_in(collected: States) -> dict[tuple[str, str | None], int]:
    """Return which kinds of events there are, and with which instruments, where `GROUPS` was computed."""
    states: Any = collected.states[GROUPS].values()
    return {
        (kind, instrument): 1 for state in states for instrument, part in state.parts.items() for kind in part.values
    }


def unobserved(metrics: Sequence[Metric], needs: Mapping[Statistic, Statistic], collected: States) -> dict[str, str]:
    """Return the metrics that nothing was observed for, with what is missing.

    There must be something to read, and an event of each sort that a metric compares: a shop whose desk isn't in the
    data has no contact rate of zero, and one whose refunds aren't no perfect record.
    """
    groups = kinds_in(collected)
    return {
        metric.label: ", ".join(f"no {lack}" for lack in found)
        for metric in metrics
        if (found := lacks(metric, groups)) or not any(_computed(metric, needs, collected))
    }


def _currencies(metric: Metric, needs: Mapping[Statistic, Statistic], collected: States) -> list[str | None]:
    if metric.per is None:
        return [None]
    values = {
        value
        for cells in _computed(metric, needs, collected)
        for state in cells.values()
        if isinstance(state, ByState)
        for value in state.parts
    }
    named = sorted(value for value in values if value is not None)
    return [*named] or [None]


def _states(  # noqa: PLR0913 - where a state is, and whose
    metric: Metric,
    needs: Mapping[Statistic, Statistic],
    collected: States,
    cell: Cell,
    currency: str | None,
    *,
    is_home: bool,
) -> dict[str, State]:
    states = {}
    for name, statistic in metric.needs.items():
        computed = needs[statistic]
        state = collected.states[computed].get(cell, computed.zero())
        if metric.per is not None and isinstance(state, ByState):
            zero = computed.of.zero()  # type: ignore[attr-defined]
            part = state.parts.get(currency, zero)
            if is_home and currency is not None and None in state.parts:
                part = part.plus(state.parts[None])
            state = part
        states[name] = state
    return states


def _shared(collected: States, request: Request) -> list[str]:
    shared = collected.shared
    if not shared:
        return []
    some = ", ".join(f"{identity} ({people})" for identity, people in list(shared.items())[:3])
    more = ", …" if len(shared) > 3 else ""  # noqa: PLR2004 - a few examples
    what = "identity is" if len(shared) == 1 else "identities are"
    return [f"{len(shared)} {what} shared by more than {request.max_people} customers and merged nobody: {some}{more}."]
