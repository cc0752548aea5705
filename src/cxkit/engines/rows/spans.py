"""Spans: starts and ends are remembered by key, and paired when all events were seen."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from itertools import chain, repeat
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from cxkit.engines.rows.accumulator import with_overall
from cxkit.engines.rows.values import moments_of
from cxkit.stats import SketchState, SpansState
from cxkit.stats.sketch import bucket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from cxkit.engines.request import Cell
    from cxkit.engines.rows.accumulator import Ending
    from cxkit.engines.rows.batch import Batch
    from cxkit.stats import Spans, Unless, Where

# (ts_us, source, id), the cell, whether it is in bounds, and the keys of what may spoil it; the first three are the
# order, and who it is.
_Mark = tuple[int, str, str, "Cell", bool, tuple["str | None", ...]]
_Who = tuple[int, str, str]
_ORDER = itemgetter(0, 1, 2)
_TIME = itemgetter(0)


class SpansAccumulator:
    """Remembers the picked start of each key and unit, and all ends of each key."""

    def __init__(self, statistic: Spans) -> None:
        """Start empty."""
        self._statistic = statistic
        self._unit = statistic.unit if statistic.unit != statistic.key else None
        self._later = statistic.starts == "last"
        self._starts: dict[Any, _Mark] = {}  # by key, or by key and unit where the unit is another column
        self._ends: dict[str, _Mark] = {}
        self._more: dict[str, list[_Mark]] = defaultdict(list)
        self._unkeyed: Counter[Cell] = Counter()
        self._spoilers: tuple[_Spoilers, ...] = tuple(map(_Spoilers, statistic.unless))

    def add(self, batch: Batch) -> None:
        """Remember a batch's starts and ends."""
        kind = batch.events[0].kind
        statistic = self._statistic
        starts, ends = (_passing(batch, where, kind) for where in (statistic.start, statistic.end))
        if starts is not None:
            self._remember(starts)
        if ends is not None:
            firsts, more = self._ends, self._more
            for key, mark in _repeated(firsts, ends.column(statistic.key), _marks(ends)):
                # Most keys have one end: a list is made when the second comes.
                known = firsts.setdefault(key, mark)
                if known is not mark:
                    more[key].append(mark)
        for spoilers in self._spoilers:
            spoilers.add(batch, kind)
        if batch.inside:
            self._unkeyed[batch.cell] += self._without_key(starts, ends)

    def _remember(self, starts: Batch) -> None:
        marks = _marks(starts, *(spoilers.unless.key for spoilers in self._spoilers))
        keys: list[Any] = starts.column(self._statistic.key)
        if self._unit is not None:
            units = starts.column(self._unit)
            pairs = zip(keys, units, strict=True)
            keys = [None if pair[0] is None or pair[1] is None else pair for pair in pairs]
        remembered = self._starts
        for key, mark in _repeated(remembered, keys, marks):
            known = remembered.setdefault(key, mark)
            if known is not mark:
                self._start(key, known, mark)

    def _without_key(self, starts: Batch | None, ends: Batch | None) -> int:
        """Count the events without a key; one that both starts and ends is one event."""
        found = set()
        for part, columns in ((starts, (self._statistic.key, self._unit)), (ends, (self._statistic.key,))):
            for column in columns if part is not None else ():
                if column is not None and None in part.column(column):  # type: ignore[union-attr]
                    pairs = zip(part.column(column), part.events, strict=True)  # type: ignore[union-attr]
                    found |= {id(event) for value, event in pairs if value is None}
        return len(found)

    def _start(self, key: Any, known: _Mark, mark: _Mark) -> None:  # noqa: ANN401 - a pair
        """Keep the first of two starts, or the last."""
        if (mark[:3] > known[:3]) == self._later:
            self._starts[key] = mark

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
        for key, mark in starts.items():
            named = canonical(key) if self._unit is None else (canonical(key[0]), key[1])
            known = self._starts.setdefault(named, mark)
            if known is not mark:
                self._start(named, known, mark)
        for key, mark in chain(ends.items(), ((key, mark) for key, marks in more.items() for mark in marks)):
            name = canonical(key)
            known = self._ends.setdefault(name, mark)
            if known is not mark:
                self._more[name].append(mark)

    def finish(self, ending: Ending) -> Mapping[Cell, SpansState]:
        """Pair the starts with their ends."""
        self._rename(ending)
        for spoilers in self._spoilers:
            spoilers.order(ending)
        gaps: dict[Cell, list[int]] = defaultdict(list)
        counts: dict[str, Counter[Cell]] = defaultdict(Counter)
        latest = None if ending.end_us is None else ending.end_us - (self._statistic.window_us or 0)
        for unit, start in self._starts.items():
            if start[4]:
                gap, fate = self._fate(start, unit if self._unit is None else unit[0], latest)
                if gap is None:
                    counts[fate][start[3]] += 1
                else:
                    gaps[start[3]].append(gap)
        started = self._starts.keys() if self._unit is None else {key for key, _ in self._starts}
        for key in self._ends.keys() - started:
            first = min(self._all_ends(key), key=_ORDER)
            if first[4]:
                counts["orphan"][first[3]] += 1
        counts["unkeyed"].update(self._unkeyed)
        return with_overall(_states(gaps, counts))

    def _fate(self, start: _Mark, key: str, latest: int | None) -> tuple[int | None, str]:  # noqa: PLR0911 - a fate each
        """Return the gap of a start, or why there is none; after the latest its window isn't over."""
        window = self._statistic.window_us
        if window is not None and latest is not None and start[0] > latest:
            return None, "immature"
        if self._spoilers:
            if None in start[5]:
                return None, "unkeyed"  # nobody knows whether something came after it
            for spoilers, spoilt_by in zip(self._spoilers, start[5], strict=True):
                if spoilt_by is not None and spoilers.after(spoilt_by, start, window):
                    return None, "spoiled"
        end = self._ends.get(key)
        if end is None:
            return None, "unmatched"
        if key not in self._more and end[:3] != start[:3]:  # one end, as most keys have: it is quicker told
            gap = end[0] - start[0]
            if gap < 0:
                return None, "negative"
            return (gap, "") if window is None or gap <= window else (None, "unmatched")
        return self._pair(start, self._all_ends(key))

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


class _Spoilers:
    """Remembers the events of an `Unless` by key."""

    def __init__(self, unless: Unless) -> None:
        """Start empty."""
        self.unless = unless
        self._marks: dict[str, list[_Who]] = defaultdict(list)
        self._canonical: Callable[[str], str] | None = None

    def add(self, batch: Batch, kind: str) -> None:
        """Remember a batch's."""
        passing = _passing(batch, self.unless.where, kind)
        if passing is not None:
            who = zip(passing.column("ts_us"), passing.column("source"), passing.column("id"), strict=True)
            for key, mark in zip(passing.column(self.unless.key), who, strict=True):
                if key is not None:
                    self._marks[key].append(mark)

    def order(self, ending: Ending) -> None:
        """Sort what was remembered, under canonical keys."""
        self._canonical = ending.canonical(self.unless.key)
        if self._canonical is not None:
            marks, self._marks = self._marks, defaultdict(list)
            for key, found in marks.items():
                self._marks[self._canonical(key)] += found
        for found in self._marks.values():
            found.sort()

    def after(self, key: str, start: _Mark, window: int | None) -> bool:
        """Say whether one came at or after the start and within its window, the start itself left aside."""
        marks = self._marks.get(self._canonical(key) if self._canonical else key, ())
        at = bisect_left(marks, start[0], key=_TIME)
        if at < len(marks) and marks[at] == start[:3]:
            at += 1
        return at < len(marks) and (window is None or marks[at][0] - start[0] <= window)


def _passing(batch: Batch, where: Where, kind: str) -> Batch | None:
    return batch.where(where) if where.kinds is None or kind in where.kinds else None


def _marks(batch: Batch, *keys: str) -> list[_Mark]:
    columns = (batch.column("ts_us"), batch.column("source"), batch.column("id"))
    spoilt_by = zip(*map(batch.column, keys), strict=True) if keys else repeat(())
    return list(zip(*columns, repeat(batch.cell), repeat(batch.inside), spoilt_by, strict=False))


def _repeated(known: dict[Any, _Mark], keys: list[Any], marks: list[_Mark]) -> Iterable[tuple[Any, _Mark]]:
    """Take marks that all have a key, and each a new one, at once; of others return those with a key."""
    new = dict(zip(keys, marks, strict=True))
    if len(new) == len(keys) and None not in new and known.keys().isdisjoint(new):
        known.update(new)
        return ()
    return ((key, mark) for key, mark in zip(keys, marks, strict=True) if key is not None)


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
