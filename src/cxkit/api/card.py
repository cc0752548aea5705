"""From collected states to a scorecard: every metric, period and segment gets its row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from cxkit.metrics import Given, Metric
from cxkit.model.calendar import Calendar
from cxkit.report import Row, Scorecard
from cxkit.stats import ByState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cxkit.engines import Collected, Request
    from cxkit.engines.request import Cell, Segment
    from cxkit.stats import State, Statistic


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


def periods(request: Request, collected: Collected) -> list[Period]:
    """Return the periods from the first event to the last, the empty ones between them too."""
    calendar = request.calendar
    if calendar is None:
        return [Period(None, None, partial=False)]
    if collected.first_us is None or collected.last_us is None:
        return []
    day = Calendar("day", calendar.tz)
    first, last = calendar.index(collected.first_us), calendar.index(collected.last_us)
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


def scorecard(
    metrics: Sequence[Metric],
    needs: Mapping[Statistic, Statistic],
    request: Request,
    collected: Collected,
    level: float,
) -> Scorecard:
    """Return the card of metrics.

    Args:
        metrics: which, in order.
        needs: what a metric asked for → what was computed in its place.
        request: what the engine was asked.
        collected: what it gave.
        level: the intervals' level.
    """
    segments = _segments(request, collected)
    found = periods(request, collected)
    rows = []
    notes = []
    for metric in metrics:
        currencies = _currencies(metric, needs, collected)
        if len(currencies) > 1:
            listed = ", ".join(map(str, currencies))
            notes.append(
                f"{metric.label} is in {len(currencies)} currencies ({listed}), which are never added: one row each."
            )
        for currency in currencies:
            for period in found:
                for segment in (None, *segments):
                    states = _states(metric, needs, collected, (segment, period.index), currency)
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
                            estimate=metric.estimate(states, Given(level, currency)),
                        )
                    )
    notes += _shared(collected, request)
    every = request.calendar.every if request.calendar else None
    return Scorecard(tuple(rows), request.by, every, request.tz, tuple(notes))


def _segments(request: Request, collected: Collected) -> list[Segment]:
    if not request.by:
        return []
    found = {segment for cells in collected.states.values() for segment, _ in cells if segment is not None}
    return sorted(found, key=lambda segment: [(value is None, value or "") for value in segment])


def _computed(
    metric: Metric, needs: Mapping[Statistic, Statistic], collected: Collected
) -> Iterator[Mapping[Any, State]]:
    return (collected.states[needs[statistic]] for statistic in metric.needs.values())


def observed(metric: Metric, needs: Mapping[Statistic, Statistic], collected: Collected) -> bool:
    """Say whether there was anything for a metric to read."""
    return any(cells for cells in _computed(metric, needs, collected))


def _currencies(metric: Metric, needs: Mapping[Statistic, Statistic], collected: Collected) -> list[str | None]:
    if metric.per is None:
        return [None]
    values = {
        value
        for cells in _computed(metric, needs, collected)
        for state in cells.values()
        if isinstance(state, ByState)
        for value in state.parts
    }
    # Events without an amount have no currency either: they show as left out of the only currency there is.
    named = sorted(value for value in values if value is not None)
    return [*named] or [None]


def _states(
    metric: Metric,
    needs: Mapping[Statistic, Statistic],
    collected: Collected,
    cell: Cell,
    currency: str | None,
) -> dict[str, State]:
    states = {}
    for name, statistic in metric.needs.items():
        computed = needs[statistic]
        state = collected.states[computed].get(cell, computed.zero())
        if metric.per is not None and isinstance(state, ByState):
            zero = computed.of.zero()  # type: ignore[attr-defined]
            part = state.parts.get(currency, zero)
            if currency is not None and None in state.parts:
                part = part.plus(state.parts[None])
            state = part
        states[name] = state
    return states


def _shared(collected: Collected, request: Request) -> list[str]:
    shared = collected.identities.shared
    if not shared:
        return []
    some = ", ".join(f"{identity.identity} ({len(identity.people)})" for identity in shared[:3])
    more = ", …" if len(shared) > 3 else ""  # noqa: PLR2004 - a few examples
    what = "identity is" if len(shared) == 1 else "identities are"
    return [f"{len(shared)} {what} shared by more than {request.max_people} customers and merged nobody: {some}{more}."]
