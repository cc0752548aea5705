"""Returns: each period's customers against those of the period before, or of a year before."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from cxkit.engines.request import compares
from cxkit.engines.rows.accumulator import overall_groups
from cxkit.stats import Return, ReturnsState
from cxkit.stats.moments import LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from cxkit.engines.request import Cell, Segment
    from cxkit.engines.rows.accumulator import Ending
    from cxkit.engines.rows.batch import Batch
    from cxkit.model.calendar import Calendar
    from cxkit.stats import Returns, Where

_Amounts = dict[str, int]


class Marks:
    """The customers that events of a filter name, before `until` and wherever those events stand."""

    def __init__(self, where: Where, until_us: int | None) -> None:
        """Start empty."""
        self._where = where
        self._until = until_us
        self._customers: set[str] = set()

    def add(self, batch: Batch) -> None:
        """Note the customers of a batch."""
        passing = batch.where(self._where)
        columns = zip(passing.column("ts_us"), passing.column("customer"), strict=True)
        until = self._until
        self._customers.update(
            customer for ts_us, customer in columns if customer is not None and (until is None or ts_us < until)
        )

    def finish(self, ending: Ending) -> AbstractSet[str]:
        """Return them under their canonical names."""
        canonical = ending.canonical("customer")
        return self._customers if canonical is None else set(map(canonical, self._customers))


class Spent:
    """What each customer came to in each period, of everything before `until`; several statistics read the same."""

    def __init__(self, where: Where, of: str, calendar: Calendar, same: bool, until_us: int | None) -> None:  # noqa: FBT001 - a part of its key
        """Start empty; `same` says whether the periods of cells are the calendar's own."""
        self._where = where
        self._of = of
        self._period = calendar.lookup()
        self._same = same
        self._until = until_us
        self._amounts: dict[Segment | None, dict[int, _Amounts]] = defaultdict(_periods)
        self._anonymous: Counter[Cell] = Counter()
        self._united: dict[Segment | None, dict[int, _Amounts]] | None = None

    def add(self, batch: Batch) -> None:
        """Sum a batch; those before the bounds serve as somebody's period before."""
        if self._where.kinds is not None and batch.kind not in self._where.kinds:
            return
        batch = batch.where(self._where)
        if not batch:
            return
        segment, period = batch.cell
        sums = self._amounts[segment]
        customers, amounts = batch.column("customer"), batch.column(self._of)
        if batch.inside:
            self._anonymous[batch.cell] += customers.count(None)
        if batch.inside and self._same and period is not None:
            _sum(sums[period], customers, amounts)
            return
        times = batch.column("ts_us")
        if not batch.inside and self._until is not None:
            customers = [who if ts_us < self._until else None for ts_us, who in zip(times, customers, strict=True)]
        places = map(sums.__getitem__, self._period.indices(times))
        for here, customer, amount in zip(places, customers, amounts, strict=True):
            if customer is not None:
                here[customer] += amount or 0

    def anonymous(self) -> dict[Cell, int]:
        """Return how many events without a customer there are in each cell, overall ones too."""
        anonymous = dict(self._anonymous)
        for overall, cells in overall_groups(anonymous).items():
            anonymous[overall] = sum(anonymous[cell] for cell in cells)
        return anonymous

    def finish(self, ending: Ending) -> dict[Segment | None, dict[int, _Amounts]]:
        """Return what customers came to by segment, overall too, and period, under their canonical names."""
        if self._united is None:
            self._united = _united(self._amounts, ending)
        return self._united


class ReturnsAccumulator:
    """Compares what customers spent."""

    def __init__(self, statistic: Returns, calendar: Calendar, spent: Spent, marks: Marks | None) -> None:
        """Share what was spent, and the marks; whoever made them feeds them."""
        self._statistic = statistic
        self._calendar = calendar
        self._spent = spent
        self._marks = marks

    def add(self, batch: Batch) -> None:
        """Leave it to what is shared."""

    def finish(self, ending: Ending) -> Mapping[Cell, ReturnsState]:
        """Compare each period with its base."""
        request, back = ending.request, self._statistic.back
        marked = self._marks.finish(ending) if self._marks else frozenset[str]()
        states: dict[Cell, ReturnsState] = {}
        for segment, periods in self._spent.finish(ending).items():
            new = _newcomers(periods) if self._statistic.counts_new else {}
            for period in sorted(periods.keys() | {period + back for period in periods}):
                if ending.end_us is not None and compares(request, self._calendar, period, ending.end_us):
                    cell = (segment, _cell_period(self._calendar, request.calendar, period))
                    now, base = periods.get(period, {}), periods.get(period - back, {})
                    state = ReturnsState({period: self._compare(now, base, new.get(period, ()), marked)})
                    states[cell] = states[cell].plus(state) if cell in states else state
        for cell, n in self._spent.anonymous().items():
            states[cell] = states.get(cell, ReturnsState()).plus(ReturnsState(anonymous=n))
        return states

    def _compare(self, now: _Amounts, base: _Amounts, new: Iterable[str], marked: AbstractSet[str]) -> Return:
        both = now.keys() & base.keys()
        newcomers = list(new)
        earned = [now[customer] for customer in newcomers if customer in marked]
        squares: dict[str, int] = {}
        if self._statistic.squares:
            squares = {
                "base_squares": _squares(base.values()),
                "both_squares": _squares(now[customer] for customer in both),
                "both_products": sum(
                    now[customer] * base[customer]
                    for customer in both
                    if -LIMIT < now[customer] < LIMIT and -LIMIT < base[customer] < LIMIT
                ),
                "marked_squares": _squares(earned),
            }
        return Return(
            active=len(now),
            base=len(base),
            both=len(both),
            amount=sum(now.values()),
            base_amount=sum(base.values()),
            both_amount=sum(now[customer] for customer in both),
            new=len(newcomers),
            marked=len(earned),
            marked_amount=sum(earned),
            **squares,
        )


def _squares(amounts: Iterable[int]) -> int:
    return sum(amount * amount for amount in amounts if -LIMIT < amount < LIMIT)


def _newcomers(periods: Mapping[int, _Amounts]) -> dict[int, list[str]]:
    """Return of each period the customers who were never active before."""
    seen: set[str] = set()
    new = {}
    for period in sorted(periods):
        new[period] = [customer for customer in periods[period] if customer not in seen]
        seen.update(new[period])
    return new


def _sum(sums: _Amounts, customers: Sequence[str | None], amounts: Sequence[int | None]) -> None:
    for customer, amount in zip(customers, amounts, strict=True):
        if customer is not None:
            sums[customer] += amount or 0


def _cell_period(calendar: Calendar, cells: Calendar | None, period: int) -> int | None:
    return None if cells is None else calendar.index_of(period, cells)


def _periods() -> dict[int, _Amounts]:
    return defaultdict(lambda: defaultdict(int))


def _united(
    amounts: Mapping[Segment | None, Mapping[int, _Amounts]], ending: Ending
) -> dict[Segment | None, dict[int, _Amounts]]:
    renamed = {
        segment: {period: _renamed(sums, ending) for period, sums in periods.items() if sums}
        for segment, periods in amounts.items()
    }
    if any(segment is not None for segment in renamed):
        total = _periods()
        for periods in list(renamed.values()):
            for period, sums in periods.items():
                here = total[period]
                for customer, amount in sums.items():
                    here[customer] += amount
        renamed[None] = total
    return renamed


def _renamed(sums: _Amounts, ending: Ending) -> _Amounts:
    others = ending.others("customer", sums)
    if not others:
        return sums
    found: _Amounts = defaultdict(int, sums)
    for customer, name in others:
        found[name] += found.pop(customer)
    return found
