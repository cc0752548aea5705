"""Clustered on tables: group by customer, then by what each comes to; Python squares it."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, Final

import narwhals.stable.v2 as nw

from cxkit.engines.frame.cells import COUNT, count, grouped
from cxkit.engines.frame.columns import flag, whole
from cxkit.engines.frame.sums import halves, total
from cxkit.stats import Clustered, ClusteredState
from cxkit.stats.clustered import SCORE_LIMIT, SCORE_SCALE, scaled_score
from cxkit.stats.moments import LIMB, LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from cxkit.engines.frame.cells import Keys, Measure, Place, Queries
    from cxkit.engines.frame.table import Table
    from cxkit.stats import Where

_EVENTS: Final = "cx_events"
_VALUE: Final = "cx_value"
_WEIGHT: Final = "weight_ppm"
_HEAVY: Final = 2**36
"""A weight below it times half of a value, 26 bits, has 64 bits."""
Sum = tuple["Place", int, int, int]


def plan(
    statistic: Clustered, table: Table, keys: Keys, queries: Queries
) -> Callable[[], Mapping[Place, ClusteredState]]:
    """Plan the sums over customers."""
    value, nobody = _value(statistic, table), nw.col("customer").is_null()
    valued = table.where(statistic.where).with_columns(value.alias(_VALUE)).filter(~nw.col(_VALUE).is_null())
    customers = _weighing(statistic, table)(valued.filter(~nobody), statistic, table, keys, queries)
    # Whoever is nameless is a customer of their own.
    alone_by = (*keys.cell, _VALUE, _WEIGHT)
    alone = queries.ask(grouped(valued.filter(nobody).select(*alone_by), alone_by), len(alone_by))
    # The same filter may be clustered by several values.
    tag = repr((statistic.of, statistic.plus, statistic.minus, statistic.turned))
    nulls, anonymous = f"c_nulls_{tag}", f"c_anonymous_{tag}"
    measures = [count(nulls, value.is_null()), count(anonymous, ~value.is_null() & nobody)]
    without = queries.measure(statistic.where, keys, measures)

    def finish() -> Mapping[Place, ClusteredState]:
        states: dict[Place, ClusteredState] = defaultdict(ClusteredState)
        _add(states, customers())
        lone = ((keys.place(cell), int(w), int(w) * int(x), int(found[COUNT])) for (*cell, x, w), found in alone)
        _add(states, lone)
        for place, measured in without():
            more_without = ClusteredState(nulls=int(measured[nulls]), anonymous=int(measured[anonymous]))
            states[place] = states[place].plus(more_without)
        return states

    return finish


def _add(states: dict[Place, ClusteredState], sums: Iterable[Sum]) -> None:
    """Add customers: where they stand, what each has summed to, and how many there are alike."""
    totals: dict[Place, Counter[str]] = defaultdict(Counter)
    for place, n, s, times in sums:
        products = {"customers": 1, "n": n, "s": s, "nn": n * n, "ns": n * s, "ss": s * s}
        found = totals[place]
        for name, number in products.items():
            found[name] += times * number
    for place, counts in totals.items():
        states[place] = states[place].plus(ClusteredState(**counts))


def _weighing(statistic: Clustered, table: Table) -> Callable[..., Callable[[], Iterable[Sum]]]:
    """Return how customers are summed, at the least cost that the weights allow."""
    light, heavy = table.facts.weights
    if light == heavy:
        return _alike
    greatest = LIMIT - 1 if statistic.of == "score" else 1 if statistic.of is None else _greatest(statistic.of, table)
    return _weighed if heavy < _HEAVY and greatest < LIMIT else _by_weight


def _greatest(name: str, table: Table) -> int:
    return table.facts.greatest.get(name, LIMIT)


def _alike(
    frame: nw.LazyFrame[Any], statistic: Clustered, table: Table, keys: Keys, queries: Queries
) -> Callable[[], Iterable[Sum]]:
    """Sum customers whose events all weigh the same."""
    weight = table.facts.weights[0]
    small = statistic.of is None or (statistic.of != "score" and table.sums_fit(statistic.of, power=1))
    return _summed(frame, {"s": (nw.col(_VALUE), small)}, keys, queries, lambda n, s: (n * weight, s["s"] * weight))


def _weighed(
    frame: nw.LazyFrame[Any], statistic: Clustered, table: Table, keys: Keys, queries: Queries
) -> Callable[[], Iterable[Sum]]:
    """Sum customers whose events have weights: values are split into x = h·2²⁶ + l, so that products have 64 bits."""
    del statistic, table
    value, weight = nw.col(_VALUE), nw.col(_WEIGHT)
    parts = {"w": weight, "h": weight * (value // LIMB), "l": weight * (value % LIMB)}
    wide = {name: (column, False) for name, column in parts.items()}
    return _summed(frame, wide, keys, queries, lambda _, s: (s["w"], s["h"] * LIMB + s["l"]))


def _summed(
    frame: nw.LazyFrame[Any],
    columns: Mapping[str, tuple[nw.Expr, bool]],
    keys: Keys,
    queries: Queries,
    put: Callable[[int, Mapping[str, int]], tuple[int, int]],
) -> Callable[[], Iterable[Sum]]:
    measures: list[Measure] = [
        half for name, (column, small) in columns.items() for half in halves(name, column, small=small)
    ]
    customers = grouped(frame, (*keys.cell, "customer"), measures).rename({COUNT: _EVENTS})
    by = (*keys.cell, _EVENTS, *[measure.name for measure in measures])
    query = queries.ask(grouped(customers, by), len(by))

    def found() -> Iterable[Sum]:
        for values, measured in query:
            row = dict(zip(by, values, strict=True))
            n, s = put(int(row[_EVENTS]), {name: total(name, row) for name in columns})
            yield keys.place(values[: len(keys.cell)]), n, s, int(measured[COUNT])

    return found


def _by_weight(
    frame: nw.LazyFrame[Any], statistic: Clustered, table: Table, keys: Keys, queries: Queries
) -> Callable[[], Iterable[Sum]]:
    """Sum customers whose weights, or values, are so large that Python must multiply them."""
    del statistic, table
    by = (*keys.cell, "customer", _WEIGHT)
    query = queries.ask(grouped(frame, by, halves("s", nw.col(_VALUE), small=False)), len(by))

    def found() -> Iterable[Sum]:
        sums: dict[tuple[Place, str], tuple[int, int]] = {}
        for (*cell, customer, weight), measured in query:
            place, w = keys.place(cell), int(weight)
            n, s = sums.get((place, customer), (0, 0))
            sums[place, customer] = (n + w * int(measured[COUNT]), s + w * total("s", measured))
        return ((place, n, s, 1) for (place, _), (n, s) in sums.items())

    return found


def _value(statistic: Clustered, table: Table) -> nw.Expr:
    if statistic.of == "score":
        score = nw.col(table.named("score"))
        small = (score < float(SCORE_LIMIT)) & (score > -float(SCORE_LIMIT))
        scaled = nw.when(small).then((score * float(SCORE_SCALE) + 0.5).floor()).cast(nw.Int64)
        if statistic.turned is None:
            return scaled
        turn = whole(scaled_score(statistic.turn) or 0)
        return nw.when(table.holds(statistic.turned)).then(turn - scaled).otherwise(scaled)
    if statistic.of is not None:
        return table.whole(statistic.of)

    def side(where: Where | None) -> nw.Expr:
        return whole(0) if where is None else flag(table.holds(where))

    return side(statistic.plus) - side(statistic.minus)
