"""Spans: starts and ends are remembered by key, and paired when all events were seen."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import chain, repeat
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from cxkit.engines.rows.accumulator import with_overall
from cxkit.engines.rows.values import moments_of
from cxkit.stats import SketchState, SpansState
from cxkit.stats.sketch import bucket

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cxkit.engines.request import Cell
    from cxkit.engines.rows.accumulator import Ending
    from cxkit.engines.rows.batch import Batch
    from cxkit.stats import Spans, Where

# (ts_us, source, id), the cell, and whether it is in bounds; the first three are the order, and who it is.
_Mark = tuple[int, str, str, "Cell", bool]
_ORDER = itemgetter(0, 1, 2)


class SpansAccumulator:
    """Remembers the picked start of each key and unit, and all ends of each key."""

    def __init__(self, statistic: Spans) -> None:
        """Start empty."""
        self._statistic = statistic
        self._unit = statistic.unit if statistic.unit != statistic.key else None
        self._later = statistic.starts == "last"
        self._starts: dict[Any, _Mark] = {}
        self._ends: dict[str, _Mark] = {}
        self._more: dict[str, list[_Mark]] = defaultdict(list)
        self._unkeyed: Counter[Cell] = Counter()

    def add(self, batch: Batch) -> None:
        """Remember a batch's starts and ends."""
        kind = batch.events[0].kind
        statistic = self._statistic
        starts, ends = (_passing(batch, where, kind) for where in (statistic.start, statistic.end))
        if starts is not None:
            units = repeat(None) if self._unit is None else starts.column(self._unit)
            for key, unit, mark in zip(starts.column(statistic.key), units, _marks(starts), strict=False):
                if key is not None and (unit is not None or self._unit is None):
                    self._start((key, unit), mark)
        if ends is not None:
            for key, mark in zip(ends.column(statistic.key), _marks(ends), strict=False):
                if key is not None:
                    self._end(key, mark)
        if batch.inside:
            self._unkeyed[batch.cell] += self._without_key(starts, ends)

    def _without_key(self, starts: Batch | None, ends: Batch | None) -> int:
        """Count the events without a key; one that both starts and ends is one event."""
        found = set()
        for part, columns in ((starts, (self._statistic.key, self._unit)), (ends, (self._statistic.key,))):
            for column in columns if part is not None else ():
                if column is not None and None in part.column(column):  # type: ignore[union-attr]
                    pairs = zip(part.column(column), part.events, strict=True)  # type: ignore[union-attr]
                    found |= {id(event) for value, event in pairs if value is None}
        return len(found)

    def _start(self, key: Any, mark: _Mark) -> None:  # noqa: ANN401 - a pair
        known = self._starts.setdefault(key, mark)
        if known is not mark and (mark[:3] > known[:3]) == self._later:
            self._starts[key] = mark

    def _end(self, key: str, mark: _Mark) -> None:
        # Most keys have one end: a list is made when the second comes.
        known = self._ends.setdefault(key, mark)
        if known is not mark:
            self._more[key].append(mark)

    def _all_ends(self, key: str) -> tuple[_Mark, ...]:
        end = self._ends.get(key)
        if end is None:
            return ()
        return (end, *self._more[key]) if key in self._more else (end,)

    def _rename(self, ending: Ending) -> None:
        canonical = ending.canonical(self._statistic.key)
        if canonical is None:
            return
        starts, ends, more = self._starts, self._ends, self._more
        self._starts, self._ends, self._more = {}, {}, defaultdict(list)
        for (key, unit), mark in starts.items():
            self._start((canonical(key), unit), mark)
        for key, mark in chain(ends.items(), ((key, mark) for key, marks in more.items() for mark in marks)):
            self._end(canonical(key), mark)

    def finish(self, ending: Ending) -> Mapping[Cell, SpansState]:
        """Pair the starts with their ends."""
        self._rename(ending)
        window, end_us = self._statistic.window_us, ending.end_us
        gaps: dict[Cell, list[int]] = defaultdict(list)
        counts: dict[str, Counter[Cell]] = defaultdict(Counter)
        started = set()
        for (key, _), start in self._starts.items():
            started.add(key)
            cell, inside = start[3], start[4]
            if not inside:
                continue
            if window is not None and end_us is not None and start[0] + window > end_us:
                counts["immature"][cell] += 1
                continue
            gap, fate = self._pair(start, self._all_ends(key))
            if gap is None:
                counts[fate][cell] += 1
            else:
                gaps[cell].append(gap)
        for key in self._ends:
            if key not in started:
                first = min(self._all_ends(key), key=_ORDER)
                if first[4]:
                    counts["orphan"][first[3]] += 1
        counts["unkeyed"] = self._unkeyed
        return with_overall(_states(gaps, counts))

    def _pair(self, start: _Mark, ends: Any) -> tuple[int | None, str]:  # noqa: ANN401 - a sequence of marks
        window = self._statistic.window_us
        best: int | None = None
        seen = late = False
        for end in ends:
            if end[:3] == start[:3]:
                continue
            seen = True
            gap = end[0] - start[0]
            if gap < 0:
                continue
            late = True
            if (window is None or gap <= window) and (
                best is None or (gap > best if self._statistic.ends == "last" else gap < best)
            ):
                best = gap
        return best, "negative" if seen and not late else "unmatched"


def _passing(batch: Batch, where: Where, kind: str) -> Batch | None:
    return batch.where(where) if where.kinds is None or kind in where.kinds else None


def _marks(batch: Batch) -> Iterator[_Mark]:
    columns = (batch.column("ts_us"), batch.column("source"), batch.column("id"))
    return zip(*columns, repeat(batch.cell), repeat(batch.inside), strict=False)


def _states(gaps: Mapping[Cell, list[int]], counts: Mapping[str, Mapping[Cell, int]]) -> dict[Cell, SpansState]:
    cells = set(gaps).union(*counts.values())
    states = {}
    for cell in cells:
        here = gaps.get(cell, [])
        buckets: Counter[int] = Counter(map(bucket, here))
        states[cell] = SpansState(
            moments_of(here),
            SketchState({edge: buckets[edge] for edge in sorted(buckets)}),
            **{name: by_cell.get(cell, 0) for name, by_cell in counts.items()},
        )
    return states
