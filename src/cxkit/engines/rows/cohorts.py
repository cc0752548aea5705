"""Cohorts: each customer's first period, and what those of one cohort did in the periods after it."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from cxkit.engines.request import begins_in_bounds, observed
from cxkit.engines.rows.accumulator import overall_groups
from cxkit.model.calendar import Calendar
from cxkit.stats import CohortsState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cxkit.engines.request import Cell, Request, Segment
    from cxkit.engines.rows.accumulator import Ending
    from cxkit.engines.rows.batch import Batch
    from cxkit.stats import Cohorts

_Life = dict[int, int]
"""What a customer came to, by period."""


class CohortsAccumulator:
    """Sums amounts by customer and period, of everything before `until`."""

    def __init__(self, statistic: Cohorts, request: Request) -> None:
        """Start empty."""
        self._statistic = statistic
        self._calendar = Calendar(statistic.every, request.tz)  # type: ignore[arg-type]
        self._period = self._calendar.lookup()
        self._until = request.until_us
        self._lives: dict[Segment | None, dict[str, _Life]] = defaultdict(lambda: defaultdict(dict))
        self._anonymous: Counter[Cell] = Counter()

    def add(self, batch: Batch) -> None:
        """Sum a batch; those before the bounds tell when a customer began."""
        batch = batch.where(self._statistic.where)
        if not batch:
            return
        times, customers = batch.column("ts_us"), batch.column("customer")
        if batch.inside:
            self._anonymous[batch.cell] += customers.count(None)
        lives, until = self._lives[batch.cell[0]], self._until
        columns = zip(times, self._period.indices(times), customers, batch.column(self._statistic.of), strict=True)
        for ts_us, period, customer, amount in columns:
            if customer is not None and (until is None or ts_us < until):
                life = lives[customer]
                life[period] = life.get(period, 0) + (amount or 0)

    def finish(self, ending: Ending) -> Mapping[Cell, CohortsState]:
        """Gather customers by where they began."""
        if ending.end_us is None:
            return {}
        request, calendar = ending.request, self._calendar
        begun, over = observed(request, calendar, ending.end_us)
        cells: dict[Cell, dict[tuple[int, int], tuple[int, int]]] = defaultdict(dict)
        for segment, lives in self._united(ending).items():
            for (cohort, period), entry in sorted(_gathered(lives).items()):
                if period <= begun and begins_in_bounds(request, calendar, cohort):
                    place = None if request.calendar is None else calendar.index_of(cohort, request.calendar)
                    cells[segment, place][cohort, period - cohort] = entry
        anonymous = dict(self._anonymous)
        for overall, members in overall_groups(anonymous).items():
            anonymous[overall] = sum(anonymous[member] for member in members)
        return {
            cell: CohortsState(cells.get(cell, {}), over if cell in cells else None, anonymous.get(cell, 0))
            for cell in {**cells, **anonymous}
        }

    def _united(self, ending: Ending) -> Mapping[Segment | None, Iterable[_Life]]:
        """Return the customers' lives in each segment, and overall, under their canonical names."""
        canonical = ending.canonical("customer")
        groups: dict[Segment | None, list[Segment | None]] = {segment: [segment] for segment in self._lives}
        if any(segment is not None for segment in groups):
            groups[None] = list(self._lives)
        found: dict[Segment | None, Iterable[_Life]] = {}
        for segment, members in groups.items():
            if len(members) == 1 and canonical is None:
                found[segment] = self._lives[members[0]].values()
                continue
            united: dict[str, Counter[int]] = defaultdict(Counter)
            for member in members:
                for customer, life in self._lives[member].items():
                    united[canonical(customer) if canonical else customer].update(life)
            found[segment] = united.values()
        return found


def _gathered(lives: Iterable[_Life]) -> dict[tuple[int, int], tuple[int, int]]:
    """Return customers and their sum by (first period, period)."""
    found: dict[tuple[int, int], tuple[int, int]] = {}
    for life in lives:
        cohort = min(life)
        for period, amount in life.items():
            customers, total = found.get((cohort, period), (0, 0))
            found[cohort, period] = (customers + 1, total + amount)
    return found
