"""Spans: starts and ends are remembered by key, and paired when all events were seen."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from cxkit.engines.rows.accumulator import with_overall
from cxkit.engines.rows.values import moments_of
from cxkit.stats import SketchState, SpansState
from cxkit.stats.sketch import bucket

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cxkit.engines.request import Cell
    from cxkit.engines.rows.accumulator import Ending
    from cxkit.engines.rows.batch import Batch, Mark
    from cxkit.stats import Spans, Where

    Keys = tuple[str | None, ...]

_ORDER = itemgetter(0, 1, 2)
_TIME = itemgetter(0)


class Starts:
    """The picked start of each key, or of each key and unit where the unit is another column.

    Attributes:
        spoilt_by: of each of these starts the keys of what may spoil it, where there is such.
    """

    def __init__(self, where: Where, key: str, unit: str | None, which: str, beside: tuple[str, ...]) -> None:
        """Start empty."""
        self._where = where
        self._key = key
        self._unit = unit
        self._later = which == "last"
        self._beside = beside
        self._marks: dict[Any, Mark] = {}
        self.spoilt_by: dict[Any, Keys] = {}
        self._finished = False

    def add(self, batch: Batch) -> None:
        """Remember a batch's starts."""
        batch = batch.where(self._where)
        keys: Sequence[Any] = batch.column(self._key)
        if self._unit is not None:
            pairs = zip(keys, batch.column(self._unit), strict=True)
            keys = [None if pair[0] is None or pair[1] is None else pair for pair in pairs]
        marks, remembered = batch.marks(), self._marks
        if self._beside:
            self._beside_them(keys, marks, zip(*map(batch.column, self._beside), strict=True))
            return
        for key, mark in _repeated(remembered, keys, marks):
            known = remembered.setdefault(key, mark)
            if known is not mark and self._counts_more(mark, known):
                remembered[key] = mark

    def _beside_them(self, keys: Iterable[Any], marks: Iterable[Mark], columns: Iterable[Keys]) -> None:
        remembered = self._marks
        for key, mark, spoilt_by in zip(keys, marks, columns, strict=True):
            if key is not None and (key not in remembered or self._counts_more(mark, remembered[key])):
                remembered[key], self.spoilt_by[key] = mark, spoilt_by

    def _counts_more(self, mark: Mark, known: Mark) -> bool:
        """Say whether a start takes the place of another: of two the first counts, or the last."""
        return (mark[:3] > known[:3]) == self._later

    def finish(self, ending: Ending) -> dict[Any, Mark]:
        """Return the starts under the canonical names of their keys."""
        if not self._finished:
            self._finished = True
            for unit, name in self._others(ending):
                mark, beside = self._marks.pop(unit), self.spoilt_by.pop(unit, ())
                if name not in self._marks or self._counts_more(mark, self._marks[name]):
                    self._marks[name], self.spoilt_by[name] = mark, beside
        return self._marks

    def _others(self, ending: Ending) -> list[tuple[Any, Any]]:
        if self._unit is None:
            return ending.others(self._key, self._marks)
        keys = dict(ending.others(self._key, {key for key, _ in self._marks}))
        return [(unit, (keys[unit[0]], unit[1])) for unit in self._marks if unit[0] in keys] if keys else []


class Ends:
    """All ends of each key."""

    def __init__(self, where: Where, key: str) -> None:
        """Start empty."""
        self._where = where
        self._key = key
        self._firsts: dict[str, Mark] = {}
        self._more: dict[str, list[Mark]] = defaultdict(list)
        self._finished = False

    def add(self, batch: Batch) -> None:
        """Remember a batch's ends."""
        batch = batch.where(self._where)
        firsts, more = self._firsts, self._more
        for key, mark in _repeated(firsts, batch.column(self._key), batch.marks()):
            # Most keys have one end: a list is made when the second comes.
            known = firsts.setdefault(key, mark)
            if known is not mark:
                more[key].append(mark)

    def finish(self, ending: Ending) -> tuple[Mapping[str, Mark], Mapping[str, list[Mark]]]:
        """Return one end of each key under its canonical name, and of those with several all, in order."""
        if not self._finished:
            self._finished = True
            for key, name in ending.others(self._key, self._firsts):
                for mark in (self._firsts.pop(key), *self._more.pop(key, ())):
                    if self._firsts.setdefault(name, mark) is not mark:
                        self._more[name].append(mark)
            for key, marks in self._more.items():
                marks.append(self._firsts[key])
                marks.sort(key=_ORDER)
                self._firsts[key] = marks[0]
        return self._firsts, self._more


class Spoilers:
    """The events of an `Unless` by key."""

    def __init__(self, where: Where, key: str) -> None:
        """Start empty."""
        self._where = where
        self._key = key
        self._marks: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
        self._names: dict[str, str] | None = None

    def add(self, batch: Batch) -> None:
        """Remember a batch's."""
        batch = batch.where(self._where)
        who = zip(batch.column("ts_us"), batch.column("source"), batch.column("id"), strict=True)
        for key, mark in zip(batch.column(self._key), who, strict=True):
            if key is not None:
                self._marks[key].append(mark)

    def finish(self, ending: Ending) -> None:
        """Sort what was remembered, under canonical keys."""
        if self._names is None:
            canonical = ending.canonical(self._key)
            self._names = {} if canonical is None else dict(ending.identities.mapping)
            for key, name in ending.others(self._key, self._marks):
                self._marks[name] += self._marks.pop(key)
            for found in self._marks.values():
                found.sort()

    def after(self, key: str, start: Mark, window: int | None) -> bool:
        """Say whether one came at or after the start and within its window, the start itself left aside."""
        marks = self._marks.get(self._names.get(key, key) if self._names else key, ())
        at = bisect_left(marks, start[0], key=_TIME)
        if at < len(marks) and marks[at] == start[:3]:
            at += 1
        return at < len(marks) and (window is None or marks[at][0] - start[0] <= window)


class SpansAccumulator:
    """Pairs the starts and ends of a statistic."""

    def __init__(self, statistic: Spans, starts: Starts, ends: Ends, spoilers: tuple[Spoilers, ...]) -> None:
        """Share what is remembered; whoever made it feeds it."""
        self._statistic = statistic
        self._unit = statistic.unit if statistic.unit != statistic.key else None
        self._starts = starts
        self._ends = ends
        self._spoilers = spoilers
        self._unkeyed: Counter[Cell] = Counter()
        self._sides = (
            (statistic.start, statistic.start.kinds, (statistic.key, self._unit)),
            (statistic.end, statistic.end.kinds, (statistic.key,)),
        )

    def add(self, batch: Batch) -> None:
        """Count the events without a key; one that both starts and ends is one event."""
        if not batch.inside:
            return
        found: set[int] = set()
        for where, kinds, columns in self._sides:
            if kinds is None or batch.kind in kinds:
                part = batch.where(where)
                for column in columns:
                    if column is not None and None in part.column(column):
                        pairs = zip(part.column(column), part.chunk.items, strict=True)
                        found |= {id(item) for value, item in pairs if value is None}
        if found:
            self._unkeyed[batch.cell] += len(found)

    def finish(self, ending: Ending) -> Mapping[Cell, SpansState]:  # noqa: C901, PLR0912 - a call a start would double it
        """Pair the starts with their ends."""
        starts = self._starts.finish(ending)
        ends, several = self._ends.finish(ending)
        for spoilers in self._spoilers:
            spoilers.finish(ending)
        gaps: dict[Cell, list[int]] = defaultdict(list)
        counts: dict[str, Counter[Cell]] = defaultdict(Counter)
        counts["unkeyed"].update(self._unkeyed)
        window = self._statistic.window_us
        latest = None if window is None or ending.end_us is None else ending.end_us - window
        one_key = self._unit is None
        for unit, start in starts.items():
            ts_us, cell = start[0], start[3]
            if not start[4]:
                continue
            key = unit if one_key else unit[0]
            fate = "" if latest is None or ts_us <= latest else "immature"  # its window isn't over
            if self._spoilers and not fate:
                fate = self._spoilt(unit, start)
            if not fate:
                end = ends.get(key)
                if end is None:
                    fate = "unmatched"
                elif key in several:
                    gap, fate = self._pair(start, several[key])
                else:  # one end, as most keys have: it is quicker told
                    gap = end[0] - ts_us
                    if gap < 0:
                        fate = "negative"
                    elif (gap == 0 and end[:3] == start[:3]) or (window is not None and gap > window):
                        fate = "unmatched"
            if fate:
                counts[fate][cell] += 1
            else:
                gaps[cell].append(gap)
        started = starts.keys() if one_key else {key for key, _ in starts}
        for key in ends.keys() - started:
            if ends[key][4]:
                counts["orphan"][ends[key][3]] += 1
        return with_overall(_states(gaps, counts))

    def _spoilt(self, unit: Any, start: Mark) -> str:  # noqa: ANN401 - a key, or a pair
        """Return the fate of a start that was spoilt, or of which nobody knows; nothing of the others."""
        keys = self._starts.spoilt_by[unit]
        if None in keys:
            return "unkeyed"  # nobody knows whether something came after it
        window = self._statistic.window_us
        for spoilers, key in zip(self._spoilers, keys, strict=True):
            if key is not None and spoilers.after(key, start, window):
                return "spoiled"
        return ""

    def _pair(self, start: Mark, ends: Sequence[Mark]) -> tuple[int, str]:
        """Return the gap to the first or the last of several ends in order, or why there is none."""
        window, ts_us, who = self._statistic.window_us, start[0], start[:3]
        first, beyond = bisect_left(ends, ts_us, key=_TIME), len(ends)
        last = beyond if window is None else bisect_right(ends, ts_us + window, key=_TIME)
        places = range(first, last) if self._statistic.ends == "first" else range(last - 1, first - 1, -1)
        for place in places:
            if ends[place][:3] != who:
                return ends[place][0] - ts_us, ""
        late = any(ends[place][:3] != who for place in range(max(first, last), beyond))
        return 0, "negative" if first and not late else "unmatched"


def _repeated(known: dict[Any, Mark], keys: Sequence[Any], marks: Sequence[Mark]) -> Iterable[tuple[Any, Mark]]:
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
