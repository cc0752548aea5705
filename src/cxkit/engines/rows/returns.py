"""Returns: each period's customers against those of the period before."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from cxkit.engines.request import compares
from cxkit.engines.rows.accumulator import overall_groups
from cxkit.model.calendar import Calendar
from cxkit.stats import Return, ReturnsState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cxkit.engines.request import Cell, Request, Segment
    from cxkit.engines.rows.accumulator import Ending
    from cxkit.engines.rows.batch import Batch
    from cxkit.stats import Returns

_Amounts = dict[str, int]


class ReturnsAccumulator:
    """Sums amounts by customer and period, of everything before `until`."""

    def __init__(self, statistic: Returns, request: Request) -> None:
        """Start empty."""
        self._statistic = statistic
        self._calendar = Calendar(statistic.every, request.tz)  # type: ignore[arg-type]
        self._period = self._calendar.lookup()
        self._same = request.calendar == self._calendar
        self._until = request.until_us
        self._amounts: dict[Cell, _Amounts] = defaultdict(dict)
        self._anonymous: Counter[Cell] = Counter()

    def add(self, batch: Batch) -> None:
        """Sum a batch; those before the bounds serve as somebody's period before."""
        batch = batch.where(self._statistic.where)
        if not batch.events:
            return
        customers, amounts = batch.column("customer"), batch.column(self._statistic.of)
        if batch.inside:
            self._anonymous[batch.cell] += customers.count(None)
            if self._same:
                _sum(self._amounts[batch.cell], customers, amounts)
                return
        times = batch.column("ts_us")
        for ts_us, period, *row in zip(times, self._period.indices(times), customers, amounts, strict=True):
            if self._until is None or ts_us < self._until:
                _sum(self._amounts[batch.cell[0], period], *([value] for value in row))

    def finish(self, ending: Ending) -> Mapping[Cell, ReturnsState]:
        """Compare each period with the one before."""
        request = ending.request
        by_segment: dict[Segment | None, dict[int, _Amounts]] = defaultdict(dict)
        amounts = _united(self._amounts, ending)
        for (segment, period), entry in amounts.items():
            if entry:  # a period of anonymous events alone is as empty as any other
                by_segment[segment][period] = entry  # type: ignore[index]
        states: dict[Cell, ReturnsState] = {}
        for segment, periods in by_segment.items():
            for period in sorted(periods.keys() | {period + 1 for period in periods}):
                if ending.end_us is not None and compares(request, self._calendar, period, ending.end_us):
                    cell = (segment, _cell_period(self._calendar, request.calendar, period))
                    state = ReturnsState({period: _compare(periods.get(period, {}), periods.get(period - 1, {}))})
                    states[cell] = states[cell].plus(state) if cell in states else state
        anonymous = dict(self._anonymous)
        for overall, cells in overall_groups(anonymous).items():
            anonymous[overall] = sum(anonymous[cell] for cell in cells)
        for cell, n in anonymous.items():
            states[cell] = states.get(cell, ReturnsState()).plus(ReturnsState(anonymous=n))
        return states


def _sum(sums: _Amounts, customers: list[str | None], amounts: list[int | None]) -> None:
    for customer, amount in zip(customers, amounts, strict=True):
        if customer is not None:
            sums[customer] = sums.get(customer, 0) + (amount or 0)


def _cell_period(calendar: Calendar, cells: Calendar | None, period: int) -> int | None:
    return None if cells is None else calendar.index_of(period, cells)


def _united(amounts: Mapping[Cell, _Amounts], ending: Ending) -> dict[Cell, _Amounts]:
    canonical = ending.canonical("customer")
    groups = {cell: [cell] for cell in amounts} | overall_groups(list(amounts))
    united: dict[Cell, _Amounts] = {}
    for cell, members in groups.items():
        if len(members) == 1 and canonical is None:
            united[cell] = amounts[members[0]]
            continue
        total: _Amounts = defaultdict(int)
        for member in members:
            for customer, amount in amounts[member].items():
                total[canonical(customer) if canonical else customer] += amount
        united[cell] = total
    return united


def _compare(now: _Amounts, before: _Amounts) -> Return:
    both = now.keys() & before.keys()
    return Return(
        len(now),
        len(before),
        len(both),
        sum(now.values()),
        sum(before.values()),
        sum(now[customer] for customer in both),
    )
