"""Statistics that count each customer once: Distinct, Frequency, Clustered."""

from __future__ import annotations

from collections import Counter, defaultdict
from operator import and_
from typing import TYPE_CHECKING

from cxkit.engines.rows.accumulator import overall_groups
from cxkit.stats import ClusteredState, DistinctState, FrequencyState
from cxkit.stats.clustered import scaled_score

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cxkit.engines.request import Cell
    from cxkit.engines.rows.accumulator import Ending
    from cxkit.engines.rows.batch import Batch
    from cxkit.stats import Clustered, Distinct, Frequency, Where


class Ledger:
    """How many events of a filter each value of a column has, by cell; several statistics read the same one."""

    def __init__(self, where: Where, column: str) -> None:
        """Start empty."""
        self._where = where
        self._column = column
        self._counts: dict[Cell, Counter[str | None]] = defaultdict(Counter)
        self._finished: dict[Cell, Counter[str | None]] | None = None

    def add(self, batch: Batch) -> None:
        """Count a batch."""
        if batch.inside:
            values = batch.where(self._where).column(self._column)
            if values:
                self._counts[batch.cell].update(values)

    def finish(self, ending: Ending) -> dict[Cell, Counter[str | None]]:
        """Return the counts, of overall cells too, by canonical value."""
        if self._finished is None:
            counts = {cell: self._renamed(counter, ending) for cell, counter in self._counts.items()}
            for overall, cells in overall_groups(list(counts)).items():
                total: Counter[str | None] = Counter()
                for cell in cells:
                    total.update(counts[cell])
                counts[overall] = total
            self._finished = counts
        return self._finished

    def _renamed(self, counter: Counter[str | None], ending: Ending) -> Counter[str | None]:
        others = ending.others(self._column, counter)
        if not others:
            return counter
        renamed = counter.copy()
        for value, name in others:
            renamed[name] += renamed.pop(value)
        return renamed


class DistinctAccumulator:
    """Reads a ledger's values."""

    def __init__(self, statistic: Distinct, ledger: Ledger) -> None:  # noqa: ARG002 - as its siblings
        """Share the ledger; whoever made it feeds it."""
        self._ledger = ledger

    def add(self, batch: Batch) -> None:
        """Leave it to the ledger."""

    def finish(self, ending: Ending) -> Mapping[Cell, DistinctState]:
        """Count the values."""
        return {
            cell: DistinctState(len(counts) - (None in counts), counts[None])
            for cell, counts in self._ledger.finish(ending).items()
        }


class FrequencyAccumulator:
    """Counts a ledger's counts."""

    def __init__(self, statistic: Frequency, ledger: Ledger) -> None:  # noqa: ARG002 - as its siblings
        """Share the ledger; whoever made it feeds it."""
        self._ledger = ledger

    def add(self, batch: Batch) -> None:
        """Leave it to the ledger."""

    def finish(self, ending: Ending) -> Mapping[Cell, FrequencyState]:
        """Count customers by how many events they have."""
        states = {}
        for cell, counts in self._ledger.finish(ending).items():
            anonymous = counts[None]
            times = Counter(counts.values())
            if anonymous:
                times[anonymous] -= 1
            states[cell] = FrequencyState({key: times[key] for key in sorted(times) if times[key]}, anonymous)
        return states


_Sums = dict[str, tuple[int, int]]


class ClusteredAccumulator:
    """Sums weights and weighted values by customer."""

    def __init__(self, statistic: Clustered) -> None:
        """Start empty."""
        self._statistic = statistic
        self._sums: dict[Cell, _Sums] = defaultdict(dict)
        self._nulls: Counter[Cell] = Counter()
        self._alone: dict[Cell, ClusteredState] = {}

    def add(self, batch: Batch) -> None:
        """Add each event to its customer."""
        batch = batch.where(self._statistic.where)
        if not batch.inside or not batch:
            return
        sums, cell = self._sums[batch.cell], batch.cell
        alone: list[tuple[int, int]] = []
        columns = zip(batch.column("customer"), self._values(batch), batch.column("weight_ppm"), strict=True)
        for customer, value, weight in columns:
            if value is None:
                self._nulls[cell] += 1
            elif customer is None:
                alone.append((weight, weight * value))
            else:
                n, s = sums.get(customer, (0, 0))
                sums[customer] = (n + weight, s + weight * value)
        if alone:
            known = self._alone.get(cell, ClusteredState())
            self._alone[cell] = known.plus(_products(alone, anonymous=len(alone)))

    def _values(self, batch: Batch) -> Sequence[int | None]:
        statistic = self._statistic
        if statistic.of == "score":
            scores = [None if score is None else scaled_score(score) for score in batch.column("score")]
            if statistic.turned is None:
                return scores
            turned, turn = _passing(batch, statistic.turned), scaled_score(statistic.turn) or 0
            return [
                turn - score if score is not None and turns else score
                for score, turns in zip(scores, turned, strict=True)
            ]
        if statistic.of is not None:
            return batch.column(statistic.of)
        values = [0] * len(batch)
        for side, sign in ((statistic.plus, 1), (statistic.minus, -1)):
            if side is not None:
                values = [value + sign * passes for value, passes in zip(values, _passing(batch, side), strict=True)]
        return values

    def finish(self, ending: Ending) -> Mapping[Cell, ClusteredState]:
        """Square and multiply what each customer summed to; an event without a customer is one of its own."""
        canonical = ending.canonical("customer")
        groups = {cell: [cell] for cell in self._sums} | overall_groups(list(self._sums))
        states = {}
        for cell, members in groups.items():
            sums: _Sums = {}
            for member in members:
                for customer, (n, s) in self._sums[member].items():
                    name = canonical(customer) if canonical else customer
                    n0, s0 = sums.get(name, (0, 0))
                    sums[name] = (n0 + n, s0 + s)
            state = _products(list(sums.values()), nulls=sum(self._nulls[member] for member in members))
            for member in members:
                state = state.plus(self._alone.get(member, ClusteredState()))
            states[cell] = state
        return states


def _products(sums: Sequence[tuple[int, int]], *, nulls: int = 0, anonymous: int = 0) -> ClusteredState:
    """Return the state of customers of whom each has summed to (n, s)."""
    return ClusteredState(
        len(sums),
        sum(n for n, _ in sums),
        sum(s for _, s in sums),
        sum(n * n for n, _ in sums),
        sum(n * s for n, s in sums),
        sum(s * s for _, s in sums),
        nulls,
        anonymous,
    )


def _passing(batch: Batch, side: Where) -> list[bool]:
    """Say of each event whether it passes a filter."""
    if side.kinds is not None and batch.kind not in side.kinds:
        return [False] * len(batch)
    passing = [True] * len(batch)
    for column, condition in side.beyond_kind:
        passing = list(map(and_, passing, batch.holds(column, condition)))
    return passing
