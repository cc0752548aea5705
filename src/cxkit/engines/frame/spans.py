"""Spans on tables: pick the starts, lay the ends beside them in time, look ahead (or back) once."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

import attrs
import narwhals.stable.v2 as nw

from cxkit.engines.frame.cells import count, counted, grouped
from cxkit.engines.frame.columns import flag, whole
from cxkit.engines.frame.fates import NONE, Fates, inside
from cxkit.engines.frame.table import ORDER
from cxkit.stats import Spans, SpansState, Where

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping

    from cxkit.engines.frame.backend import LazyFrame
    from cxkit.engines.frame.cells import Keys, Place, Queries
    from cxkit.engines.frame.table import Table

_STARTS, _ENDS = nw.col("cx_starts") == 1, nw.col("cx_ends") == 1


def plan(statistic: Spans, table: Table, keys: Keys, queries: Queries) -> Callable[[], Mapping[Place, SpansState]]:
    """Plan the pairing of starts with ends."""
    key = table.named(statistic.key)
    sides = (_apart if _are_apart(statistic) and not statistic.unless else _together)(statistic, table, keys, queries)
    fates = queries.shared(("fates", keys.cell), lambda: Fates(table, keys, queries))
    number = fates.add(sides.paired, statistic)

    def lonely() -> int | None:
        if sides.are_all_met():
            return None
        columns = dict.fromkeys((key, *ORDER, *keys.cell))
        orphans = sides.ends.join(sides.starts.select(key), on=key, how="anti").select(*columns)
        return fates.add_orphans(orphans.unique(subset=[key], keep="first", order_by=_order(keys)))

    orphans = lonely() if sides.name is None else queries.shared(("orphans", *sides.name), lonely)

    def finish() -> Mapping[Place, SpansState]:
        states = fates.states(number, orphans)
        for place, lost in sides.lost():
            states[place] = states.get(place, SpansState()).plus(SpansState(unkeyed=lost))
        return states

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
        are_all_met: says whether it is sure that every end has a start.
    """

    starts: LazyFrame
    ends: LazyFrame
    paired: LazyFrame
    lost: Callable[[], Iterable[tuple[Place, int]]]
    name: tuple[Hashable, ...] | None
    are_all_met: Callable[[], bool] = lambda: False


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
    times = queries.shared(("times", statistic.end, key), lambda: table.keep(_times(ended, key)))
    timed = queries.shared(("timed", *both), lambda: table.keep(_timed(picked, times, ended, statistic, key)))
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

    def are_all_met() -> bool:
        if unit != key:  # several starts may have one key
            return False
        sizes = [times.select(nw.len()), timed.filter(~nw.col("cx_earliest").is_null()).select(nw.len())]
        (((keys_of_ends,),), ((met,),)) = table.backend.rows(sizes)
        return bool(keys_of_ends == met)

    return _Sides(picked, ended, paired, places, both, are_all_met)


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
    starts = table.keep(_timed(starts, _times(ends, key), ends, statistic, key))
    lost = inside(marked.filter((keyless & (_STARTS | _ENDS)) | (_STARTS & unitless)), table)
    counted_of = queries.ask(grouped(lost, keys.cell), len(keys.cell))
    return _Sides(
        starts,
        ends,
        _paired(starts, ends, statistic, table, key),
        lambda: counted(counted_of, keys).items(),
        None,
    )


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
    if table.are_different(frame, per):
        return frame.select(*columns)
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
    timed = table.keep(_timed(asking.filter(whose), _times(spoilers, key), spoilers, span, key))
    found = _paired(timed, spoilers, span, table, key)
    answer, ts = nw.col("cx_found"), nw.col("ts_us")
    spoilt = (answer >= nw.col("cx_from")) & (answer < NONE)
    if statistic.window_us is not None:
        spoilt &= answer - ts <= statistic.window_us
    known, unknown = found.with_columns(flag(spoilt).alias("cx_spoilt")), asking.filter(~whose)
    unknown = unknown.with_columns(nw.lit(None, nw.Int64).alias("cx_spoilt"))
    columns = [nw.col("cx_also").alias("cx_ends") if name == "cx_ends" else nw.col(name) for name in names]
    answered = [frame.select(*columns, nw.col("cx_spoilt").alias(f"cx_spoilt_{i}")) for frame in (known, unknown)]
    return table.keep(nw.concat(answered))


def _times(ends: LazyFrame, key: str) -> LazyFrame:
    """Return the first and the last end of each key."""
    ts = nw.col("ts_us")
    return ends.group_by(key).agg(ts.min().alias("cx_earliest"), ts.max().alias("cx_latest"))


def _timed(starts: LazyFrame, times: LazyFrame, ends: LazyFrame, statistic: Spans, key: str) -> LazyFrame:
    """Add from when an end counts, as ``cx_from``, and the key's first and last end.

    An end counts from the start's own time on, or just after it where the only end then is the start itself.
    """
    ts = nw.col("ts_us")
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
    running = end.fill_null(NONE).cum_min(reverse=True) if first else end.fill_null(-NONE).cum_max()
    found = line.with_columns(running.over(key, order_by=order).alias("cx_found"))
    return found.filter(~nw.col("cx_from").is_null())
