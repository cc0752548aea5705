"""Statistics over single values: Tally, Moments, Sketch."""

from __future__ import annotations

from collections import Counter, defaultdict
from operator import mul
from typing import TYPE_CHECKING, Any

from cxkit.engines.rows.accumulator import overall_groups, with_overall
from cxkit.model.event import PPM
from cxkit.stats import MomentsState, SketchState, TallyState
from cxkit.stats.moments import LIMIT
from cxkit.stats.sketch import bucket
from cxkit.stats.tally import binned, by_value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cxkit.engines.request import Cell
    from cxkit.engines.rows.accumulator import Ending
    from cxkit.engines.rows.batch import Batch
    from cxkit.stats import Moments, Sketch, Tally


class MomentsAccumulator:
    """Adds batch after batch to one `MomentsState` a cell."""

    def __init__(self, statistic: Moments) -> None:
        """Start empty."""
        self._statistic = statistic
        self._states: dict[Cell, MomentsState] = {}

    def add(self, batch: Batch) -> None:
        """Sum a batch."""
        if not batch.inside:
            return
        batch = batch.where(self._statistic.where)
        values = batch.column(self._statistic.of)
        if values:
            state = moments_of(values)
            known = self._states.get(batch.cell)
            self._states[batch.cell] = state if known is None else known.plus(state)

    def finish(self, ending: Ending) -> Mapping[Cell, MomentsState]:  # noqa: ARG002 - the protocol's
        """Return the sums."""
        return with_overall(dict(self._states))


def moments_of(values: Sequence[int | None]) -> MomentsState:
    """Return the moments of values, exact.

    >>> moments_of([3, None, 4]).squares
    25
    """
    present = [value for value in values if value is not None]
    nulls = len(values) - len(present)
    if not present:
        return MomentsState(nulls=nulls)
    low, high, out = min(present), max(present), 0
    if low <= -LIMIT or high >= LIMIT:
        kept = [value for value in present if -LIMIT < value < LIMIT]
        out, present = len(present) - len(kept), kept
        if not present:
            return MomentsState(nulls=nulls, out=out)
        low, high = min(present), max(present)
    return MomentsState(len(present), sum(present), sum(map(mul, present, present)), low, high, nulls, out)


class SketchAccumulator:
    """Counts values by bucket."""

    def __init__(self, statistic: Sketch) -> None:
        """Start empty."""
        self._statistic = statistic
        self._counts: dict[Cell, Counter[int]] = defaultdict(Counter)
        self._nulls: Counter[Cell] = Counter()

    def add(self, batch: Batch) -> None:
        """Count a batch by value; buckets can wait for the end of the batch."""
        if not batch.inside:
            return
        values = batch.where(self._statistic.where).column(self._statistic.of)
        if values:
            counts = self._counts[batch.cell]
            for value, n in Counter(values).items():
                if value is None:
                    self._nulls[batch.cell] += n
                else:
                    counts[bucket(value)] += n

    def finish(self, ending: Ending) -> Mapping[Cell, SketchState]:  # noqa: ARG002 - the protocol's
        """Return the histograms."""
        return with_overall(
            {
                cell: SketchState(dict(sorted(counts.items())), self._nulls[cell])
                for cell, counts in self._counts.items()
            }
        )


class TallyAccumulator:
    """Counts values, all of them, with their weights."""

    def __init__(self, statistic: Tally) -> None:
        """Start empty."""
        self._statistic = statistic
        self._counts: dict[Cell, Counter[Any]] = defaultdict(Counter)

    def add(self, batch: Batch) -> None:
        """Count the pairs of value and weight of a batch."""
        if not batch.inside:
            return
        batch = batch.where(self._statistic.where)
        if not batch:
            return
        counts = self._counts[batch.cell]
        weights = batch.column("weight_ppm")
        values = batch.column(self._statistic.of)
        if weights.count(PPM) == len(weights):
            for value, n in Counter(values).items():
                counts[value, PPM] += n
        else:
            counts.update(zip(values, weights, strict=True))

    def finish(self, ending: Ending) -> Mapping[Cell, TallyState]:  # noqa: ARG002 - the protocol's
        """Return the tallies."""
        decimals = self._statistic.decimals
        return with_overall({cell: tally_of(counts, decimals=decimals) for cell, counts in self._counts.items()})


def tally_of(counts: Mapping[tuple[Any, int], int], unkeyed: int = 0, *, decimals: int | None = None) -> TallyState:
    """Return the tally of (value, weight) → n; scores with so many decimals where that is said.

    >>> tally_of({(9.0, 1_000_000): 2, (None, 1_000_000): 1})
    TallyState(values={9.0: (2, 2000000, 2000000000000)}, nulls=1, unkeyed=0)
    """
    values: dict[Any, tuple[int, int, int]] = {}
    nulls = 0
    for (value, weight), n in counts.items():
        if value is None:
            nulls += n
        else:
            value = value if decimals is None else binned(value, decimals)  # noqa: PLW2901 - the same, put to its bin
            n0, w, w2 = values.get(value, (0, 0, 0))
            values[value] = (n0 + n, w + n * weight, w2 + n * weight * weight)
    return TallyState(by_value(values), nulls, unkeyed)


_Answer = tuple[tuple[int, str, str], Any, int]


class ThinnedTallyAccumulator:
    """Keeps the first or latest answer of each customer or reference in a cell."""

    def __init__(self, statistic: Tally) -> None:
        """Start empty."""
        self._statistic = statistic
        self._answers: dict[Cell, dict[str, _Answer]] = defaultdict(dict)
        self._nulls: Counter[Cell] = Counter()
        self._unkeyed: Counter[Cell] = Counter()

    def add(self, batch: Batch) -> None:
        """Keep what is earlier or later than what is kept."""
        if not batch.inside:
            return
        batch = batch.where(self._statistic.where)
        answers = self._answers[batch.cell] if batch else {}
        columns = map(batch.column, ("ts_us", "source", "id", self._statistic.of, self._statistic.per, "weight_ppm"))
        for ts_us, source, identity, value, key, weight in zip(*columns, strict=True):
            if value is None:
                self._nulls[batch.cell] += 1
            elif key is None:
                self._unkeyed[batch.cell] += 1
            else:
                self._keep(answers, key, ((ts_us, source, identity), value, weight))

    def _keep(self, answers: dict[str, _Answer], key: str, answer: _Answer) -> None:
        known = answers.get(key)
        if known is None or (answer[0] < known[0]) == (self._statistic.keep == "first"):
            answers[key] = answer

    def finish(self, ending: Ending) -> Mapping[Cell, TallyState]:
        """Return the tallies of what was kept; an overall cell keeps one answer across its segments."""
        canonical = ending.canonical(self._statistic.per)
        kept: dict[Cell, dict[str, _Answer]] = self._answers
        if canonical is not None:
            kept = {cell: self._united([answers], canonical) for cell, answers in kept.items()}
        groups = {cell: [cell] for cell in kept} | overall_groups(list(kept))
        states = {}
        for cell, members in groups.items():
            answers = kept[members[0]] if len(members) == 1 else self._united([kept[member] for member in members])
            counts = Counter((value, weight) for _, value, weight in answers.values())
            counts[None, PPM] = sum(self._nulls[member] for member in members)
            unkeyed = sum(self._unkeyed[member] for member in members)
            states[cell] = tally_of(counts, unkeyed, decimals=self._statistic.decimals)
        return states

    def _united(self, parts: list[dict[str, _Answer]], canonical: Any = None) -> dict[str, _Answer]:  # noqa: ANN401
        united: dict[str, _Answer] = {}
        for part in parts:
            for key, answer in part.items():
                self._keep(united, canonical(key) if canonical else key, answer)
        return united
