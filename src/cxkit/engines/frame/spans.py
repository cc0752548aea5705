"""Spans on tables: pick the starts, lay the ends beside them in time, look ahead (or back) once."""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Final

import attrs
import narwhals.stable.v2 as nw

from cxkit.engines.frame import moments, sketch
from cxkit.engines.frame.cells import COUNT, count, counted, grouped
from cxkit.engines.frame.columns import flag, whole
from cxkit.engines.frame.table import ORDER, in_bounds
from cxkit.stats import MomentsState, Spans, SpansState, Where

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping

    from cxkit.engines.frame.backend import LazyFrame
    from cxkit.engines.frame.cells import Keys, Place, Queries, Query
    from cxkit.engines.frame.table import Table

_NONE: Final = 2**62  # later than any event
_STARTS, _ENDS = nw.col("cx_starts") == 1, nw.col("cx_ends") == 1


def plan(statistic: Spans, table: Table, keys: Keys, queries: Queries) -> Callable[[], Mapping[Place, SpansState]]:
    """Plan the pairing of starts with ends."""
    key = table.named(statistic.key)
    sides = (_apart if _are_apart(statistic) and not statistic.unless else _together)(statistic, table, keys, queries)
    fates = _fates(sides.paired, statistic, table)
    gap, span = nw.col("cx_gap"), table.facts.span[1] - table.facts.span[0]
    measures = [
        *moments.measures("gap", gap, small=span**2 * table.facts.rows < 2**63),
        *[count(name, nw.col("cx_fate") == number) for number, name in enumerate(_FATES)],
    ]
    n = len(keys.cell)
    paired = queries.ask(grouped(fates, keys.cell, measures), n)
    matched = sketch.bucketed(fates.filter(~gap.is_null()).select(*keys.cell, "cx_gap"), gap, span)
    histogram = queries.ask(grouped(matched, (*keys.cell, sketch.BUCKET)), n + 1)

    def lonely() -> Query:
        columns = dict.fromkeys((key, *ORDER, *keys.cell))
        orphans = sides.ends.join(sides.starts.select(key), on=key, how="anti").select(*columns)
        orphans = orphans.unique(subset=[key], keep="first", order_by=_order(keys))
        return queries.ask(grouped(_inside(orphans, table), keys.cell), n)

    orphaned = lonely() if sides.name is None else queries.shared(("orphans", *sides.name), lonely)

    def finish() -> Mapping[Place, SpansState]:
        buckets: dict[Place, dict[int | None, int]] = defaultdict(dict)
        gaps: dict[Place, MomentsState] = defaultdict(MomentsState)
        counts: dict[Place, Counter[str]] = defaultdict(Counter)
        for cell, measured in paired:
            place = keys.place(cell)
            gaps[place] = attrs.evolve(moments.state("gap", measured), nulls=0)
            counts[place] = Counter({name: int(measured[name]) for name in _FATES})
        for (*values, edge), measured in histogram:
            buckets[keys.place(values)][edge] = int(measured[COUNT])
        for cell, measured in orphaned:
            counts[keys.place(cell)]["orphan"] += int(measured[COUNT])
        for place, lost in sides.lost():
            counts[place]["unkeyed"] += lost
        return {
            place: SpansState(gaps[place], sketch.state(buckets[place]), **found) for place, found in counts.items()
        }

    return finish


@attrs.frozen(eq=False)
class _Sides:
    """The starts and ends of a statistic.

    Attributes:
        starts: one a key and unit.
        ends: those that have a key.
        paired: the starts with their ends.
        lost: gives the places of events without a key or unit, and how many there are.
        name: what makes these; None where no other statistic makes the same.
    """

    starts: LazyFrame
    ends: LazyFrame
    paired: LazyFrame
    lost: Callable[[], Iterable[tuple[Place, int]]]
    name: tuple[Hashable, ...] | None


def _are_apart(statistic: Spans) -> bool:
    """Say whether no event can be a start and an end."""
    starts, ends = statistic.start.kinds, statistic.end.kinds
    return starts is not None and ends is not None and not starts & ends


def _apart(statistic: Spans, table: Table, keys: Keys, queries: Queries) -> _Sides:
    """Return starts and ends of different kinds: statistics that share one of them make it once."""
    key = table.named(statistic.key)
    unit = key if statistic.unit is None else table.named(statistic.unit)
    per, keyless, unitless = tuple(dict.fromkeys((key, unit))), nw.col(key).is_null(), nw.col(unit).is_null()

    def starts() -> LazyFrame:
        found = table.where(statistic.start, inside=False).filter(~keyless, ~unitless)
        found = found.select(*dict.fromkeys((*per, *ORDER, *keys.cell)), whole(0).alias("cx_ends"))
        return _picked(table.keep(found), statistic, table, keys, per, ())

    def ends() -> LazyFrame:
        found = table.where(statistic.end, inside=False).filter(~keyless)
        return table.keep(found.select(*dict.fromkeys((key, *ORDER, *keys.cell))))

    beginning = (statistic.start, per, statistic.starts, keys.cell)
    picked = queries.shared(("starts", *beginning), starts)
    ended = queries.shared(("ends", statistic.end, key, keys.cell), ends)
    both = (*beginning, statistic.end)
    timed = queries.shared(("timed", *both), lambda: table.keep(_timed(picked, ended, statistic, key)))
    # Only the last end within a window is another for another window.
    window = None if statistic.ends == "first" else statistic.window_us
    paired = queries.shared(
        ("paired", *both, statistic.ends, window), lambda: _paired(timed, ended, statistic, table, key)
    )
    lost = [
        (f"s_startless_{key}_{unit}", statistic.start, keyless | unitless),
        (f"s_endless_{key}", statistic.end, keyless),
    ]
    measured = [(name, queries.measure(where, keys, [count(name, met)])) for name, where, met in lost]

    def places() -> Iterable[tuple[Place, int]]:
        for name, found in measured:
            for place, measures in found():
                if measures[name]:
                    yield place, int(measures[name])

    return _Sides(picked, ended, paired, places, both)


def _together(statistic: Spans, table: Table, keys: Keys, queries: Queries) -> _Sides:
    """Return starts and ends that may be the same events, or that others spoil."""
    key = table.named(statistic.key)
    unit = key if statistic.unit is None else table.named(statistic.unit)
    keyless, unitless = nw.col(key).is_null(), nw.col(unit).is_null()
    spoilt_by = [table.named(each.key) for each in statistic.unless]
    carried = (*spoilt_by, *[f"cx_unless_{i}" for i in range(len(spoilt_by))])
    columns = dict.fromkeys((key, unit, *ORDER, *keys.cell, "cx_starts", "cx_ends", *carried))
    marked = table.keep(_marked(statistic, table).select(*columns))
    keyed = marked.filter(~keyless)
    ends = keyed.filter(_ENDS)
    per = tuple(dict.fromkeys((key, unit)))
    starts = _picked(keyed.filter(_STARTS, ~unitless), statistic, table, keys, per, carried)
    for i, spoiler_key in enumerate(spoilt_by):
        starts = _spoilt(starts, marked, statistic, table, i, spoiler_key)
    starts = table.keep(_timed(starts, ends, statistic, key))
    lost = _inside(marked.filter((keyless & (_STARTS | _ENDS)) | (_STARTS & unitless)), table)
    counted_of = queries.ask(grouped(lost, keys.cell), len(keys.cell))
    return _Sides(
        starts,
        ends,
        _paired(starts, ends, statistic, table, key),
        lambda: counted(counted_of, keys).items(),
        None,
    )


_FATES: Final = ("unmatched", "negative", "immature", "unkeyed", "spoiled")


def _marked(statistic: Spans, table: Table) -> LazyFrame:
    """Return the events that start, end or spoil, with a 1 where they do."""
    starts, ends = table.holds(statistic.start), table.holds(statistic.end)
    spoilers = [table.holds(each.where) for each in statistic.unless]
    kinds = statistic.reads
    events = table.events if kinds is None else table.where(Where(kind=tuple(sorted(kinds))), inside=False)
    found = events.filter(reduce(or_, (starts, ends, *spoilers)))
    flags = [flag(spoiler).alias(f"cx_unless_{i}") for i, spoiler in enumerate(spoilers)]
    return found.with_columns(flag(starts).alias("cx_starts"), flag(ends).alias("cx_ends"), *flags)


def _order(keys: Keys) -> list[str]:
    # Where a table has no ids, what ties in time ties in all; the cell decides then, so that chance doesn't.
    return list(dict.fromkeys((*ORDER, *keys.cell)))


def _picked(  # noqa: PLR0913, PLR0917 - what a start is picked by, and what goes with it
    frame: LazyFrame, statistic: Spans, table: Table, keys: Keys, per: tuple[str, ...], carried: tuple[str, ...]
) -> LazyFrame:
    """Return the first or last start of each key and unit.

    By time alone where that decides, for source and id are text, and slow to sort.
    """
    columns = dict.fromkeys((*per, *ORDER, *keys.cell, "cx_ends", *carried))
    first, ts = statistic.starts == "first", nw.col("ts_us")
    at = (ts.min() if first else ts.max()).over(*per)
    extreme = frame.select(*columns).with_columns(at.alias("cx_at")).filter(ts == nw.col("cx_at")).drop("cx_at")
    extreme = extreme.with_columns(whole(1).alias("cx_one"))
    extreme = table.keep(extreme.with_columns(nw.col("cx_one").sum().over(*per).alias("cx_ties")).drop("cx_one"))
    alone, tied = (extreme.filter(met).drop("cx_ties") for met in (nw.col("cx_ties") == 1, nw.col("cx_ties") > 1))
    if table.is_empty(tied):
        return alone
    chosen = tied.unique(subset=list(per), keep="first" if first else "last", order_by=_order(keys))
    return nw.concat([alone, chosen])


def _spoilt(  # noqa: PLR0913, PLR0917 - both sides, and which of the statistic's
    starts: LazyFrame, marked: LazyFrame, statistic: Spans, table: Table, i: int, key: str
) -> LazyFrame:
    """Add 1 where an event of an `Unless` comes after a start, as ``cx_spoilt_i``; null where the start lacks its key.

    That is a span of its own, from each start to the first such event.
    """
    unless, names = statistic.unless[i], starts.collect_schema().names()
    whose = ~nw.col(key).is_null()
    spoilers = marked.filter(nw.col(f"cx_unless_{i}") == 1, whose).with_columns(whole(1).alias("cx_ends"))
    span = attrs.evolve(statistic, end=unless.where, key=unless.key, ends="first", unless=())
    asking = starts.with_columns(nw.col("cx_ends").alias("cx_also"), nw.col(f"cx_unless_{i}").alias("cx_ends"))
    timed = table.keep(_timed(asking.filter(whose), spoilers, span, key))
    found = _paired(timed, spoilers, span, table, key)
    answer, ts = nw.col("cx_found"), nw.col("ts_us")
    spoilt = (answer >= nw.col("cx_from")) & (answer < _NONE)
    if statistic.window_us is not None:
        spoilt &= answer - ts <= statistic.window_us
    known, unknown = found.with_columns(flag(spoilt).alias("cx_spoilt")), asking.filter(~whose)
    unknown = unknown.with_columns(nw.lit(None, nw.Int64).alias("cx_spoilt"))
    columns = [nw.col("cx_also").alias("cx_ends") if name == "cx_ends" else nw.col(name) for name in names]
    answered = [frame.select(*columns, nw.col("cx_spoilt").alias(f"cx_spoilt_{i}")) for frame in (known, unknown)]
    return table.keep(nw.concat(answered))


def _timed(starts: LazyFrame, ends: LazyFrame, statistic: Spans, key: str) -> LazyFrame:
    """Add from when an end counts, as ``cx_from``, and the key's first and last end.

    An end counts from the start's own time on, or just after it where the only end then is the start itself.
    """
    ts = nw.col("ts_us")
    times = ends.group_by(key).agg(ts.min().alias("cx_earliest"), ts.max().alias("cx_latest"))
    starts = starts.join(times, on=key, how="left")
    if _are_apart(statistic):
        return starts.with_columns(ts.alias("cx_from"))
    together = grouped(ends, (key, "ts_us")).rename({"cx_n": "cx_together"})
    alone = flag(_ENDS & (nw.col("cx_together") == 1))
    joined = starts.join(together, on=[key, "ts_us"], how="left")
    return joined.with_columns((ts + alone).alias("cx_from")).drop("cx_together")


def _paired(starts: LazyFrame, ends: LazyFrame, statistic: Spans, table: Table, key: str) -> LazyFrame:
    """Add to each start its end as ``cx_found``, or null, or an end that doesn't count.

    The key's first end, or its last, mostly is the one. Only where a key has ends on both sides are they searched.
    """
    window = statistic.window_us
    if window is not None and window >= table.facts.span[1] - table.facts.span[0]:
        window = None
    earliest, latest = nw.col("cx_earliest"), nw.col("cx_latest")
    if statistic.ends == "first":
        easy = (earliest >= nw.col("cx_from")) | (latest < nw.col("cx_from"))
        one = earliest
    else:
        easy = whole(1) == 1 if window is None else (latest <= nw.col("ts_us") + window) | (latest < nw.col("cx_from"))
        one = latest
    easy = earliest.is_null() | easy
    easily = starts.filter(easy).with_columns(one.alias("cx_found"))
    if statistic.ends == "last" and window is None:
        return easily
    hard = table.keep(starts.filter(~easy))
    if table.is_empty(hard):
        return easily
    searched = _searched(hard, ends.join(hard.select(key), on=key, how="semi"), statistic, window, key)
    return nw.concat([easily, searched.select(*easily.collect_schema().names())])


def _searched(starts: LazyFrame, ends: LazyFrame, statistic: Spans, window: int | None, key: str) -> LazyFrame:
    """Look for ends among a key's many.

    Starts and ends stand in one line by key and time. Looking for the first end after it, a start sees the least of the
    ends behind it; looking for the last within a window, it stands where its window closes and sees the greatest of
    those before it.
    """
    first = statistic.ends == "first"
    schema = starts.collect_schema()
    at = nw.col("cx_from") if first else nw.col("ts_us") + (window or 0)
    none = nw.lit(None, nw.Int64).alias("cx_end")
    asking = starts.with_columns(at.alias("cx_at"), whole(0 if first else 1).alias("cx_rank"), none)
    answering = ends.select(
        *[nw.col(name) if name == key else nw.lit(None, dtype).alias(name) for name, dtype in schema.items()],
        nw.col("ts_us").alias("cx_at"),
        whole(1 if first else 0).alias("cx_rank"),
        nw.col("ts_us").alias("cx_end"),
    )
    line, end, order = nw.concat([asking, answering]), nw.col("cx_end"), ["cx_at", "cx_rank"]
    # A running value is null beside a null: a number must stand for no end.
    running = end.fill_null(_NONE).cum_min(reverse=True) if first else end.fill_null(-_NONE).cum_max()
    found = line.with_columns(running.over(key, order_by=order).alias("cx_found"))
    return found.filter(~nw.col("cx_from").is_null())


def _fates(line: LazyFrame, statistic: Spans, table: Table) -> LazyFrame:
    """Add the gap of the starts that are matched, and the number of the fate of those that aren't."""
    ts, found = nw.col("ts_us"), nw.col("cx_found")
    line = _inside(line, table)
    gap = found - ts
    matched = (found >= nw.col("cx_from")) & (found < _NONE)
    ripe = nw.lit(True, nw.Boolean)  # noqa: FBT003 - a literal column
    if statistic.window_us is not None:
        matched &= gap <= statistic.window_us
        first = table.facts.span[0]
        ripe = ts <= max(table.end_us - statistic.window_us, first - 1)
    negative = (nw.col("cx_earliest") < ts) & (nw.col("cx_latest") < nw.col("cx_from"))
    lost = nw.when(matched).then(nw.lit(None, nw.Int64)).when(negative).then(whole(1)).otherwise(whole(0))
    for i in range(len(statistic.unless)):
        spoilt = nw.col(f"cx_spoilt_{i}")
        matched &= ~spoilt.is_null() & (spoilt == 0)
        lost = nw.when(spoilt == 1).then(whole(4)).otherwise(lost)
    for i in range(len(statistic.unless)):
        lost = nw.when(nw.col(f"cx_spoilt_{i}").is_null()).then(whole(3)).otherwise(lost)
    fate = nw.when(ripe).then(lost).otherwise(whole(2))
    return line.with_columns(nw.when(ripe & matched).then(gap).alias("cx_gap"), fate.alias("cx_fate"))


def _inside(frame: LazyFrame, table: Table) -> LazyFrame:
    bounds = in_bounds(table.request)
    return frame if bounds is None else frame.filter(bounds)
