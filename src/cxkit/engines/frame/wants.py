"""Which columns a request reads, and as what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from cxkit.errors import UnsupportedError
from cxkit.stats import By, Clustered, Cohorts, Distinct, Frequency, Moments, Returns, Sketch, Spans, Tally, filters_of

if TYPE_CHECKING:
    from cxkit.engines.request import Request
    from cxkit.stats import Condition, Statistic

_ORDER = ("source", "id")  # beside ts_us


@attrs.frozen
class Wants:
    """What a request reads.

    Attributes:
        conditions: pairs of column and condition, of all filters.
        values: columns whose values are counted, compared or joined.
        wholes: columns whose values are summed.
        keys: columns that statistics are split by, beyond the segments.
        timed: whether any asks when an event was.
        weighed: whether any weighs events.
    """

    conditions: tuple[tuple[str, Condition], ...]
    values: frozenset[str]
    wholes: frozenset[str]
    keys: tuple[str, ...]
    timed: bool
    weighed: bool


def wants(request: Request) -> Wants:
    """Return what a request's statistics read."""
    conditions: dict[tuple[str, Condition], None] = {}
    values: set[str] = set()
    wholes: set[str] = set()
    keys: dict[str, None] = {}
    timed = weighed = False
    for statistic in request.statistics:
        inner, columns = unwrapped(statistic)
        keys |= dict.fromkeys(columns)
        conditions |= dict.fromkeys(pair for where in filters_of(inner) for pair in where.conditions)
        timed |= isinstance(inner, Spans | Returns | Cohorts) or (isinstance(inner, Tally) and inner.keep != "all")
        weighed |= isinstance(inner, Tally | Clustered)
        match inner:
            case Moments(of=of) | Sketch(of=of):
                wholes.add(of)
            case Returns(of=of) | Cohorts(of=of):
                values.add("customer")
                wholes.add(of)
            case Clustered(of=of):
                values.update(("customer", *(["score"] if of == "score" else [])))
                wholes.update({of} if of not in (None, "score") else ())
            case Frequency():
                values.add("customer")
            case Distinct(of=of) | Tally(of=of, keep="all"):
                values.add(of)
            case Tally(of=of, per=per):
                values.update((of, per, *_ORDER))
            case Spans(key=key, unit=unit, unless=unless):
                values.update((key, *_ORDER, *([unit] if unit else ()), *(each.key for each in unless)))
    if request.rates:  # whatever reads an amount or a currency, both are needed to convert
        wholes.add("amount_minor")
        values.add("currency")
    return Wants(tuple(conditions), frozenset(values), frozenset(wholes), tuple(keys), timed, weighed)


def kinds_read(statistic: Statistic) -> frozenset[str] | None:
    """Return the kinds that a statistic reads, or None where it may be any.

    >>> from cxkit.stats import Where
    >>> sorted(kinds_read(Spans(Where(kind="a.b"), Where(kind="c.d"))))
    ['a.b', 'c.d']
    """
    inner, _ = unwrapped(statistic)
    # A clustered statistic's other filters only tell apart what its first lets through.
    filters = (inner.where,) if isinstance(inner, Clustered) else filters_of(inner)
    found = [where.kinds for where in filters]
    return None if None in found else frozenset().union(*[kinds for kinds in found if kinds is not None])


def unwrapped(statistic: Statistic) -> tuple[Any, tuple[str, ...]]:
    """Return the statistic inside of `By`, and the columns it is split by.

    Raises:
        UnsupportedError: `Spans` inside of `By`.
    """
    columns: list[str] = []
    inner: Any = statistic
    while isinstance(inner, By):
        columns.append(inner.column)
        inner = inner.of
    if columns and isinstance(inner, Spans):
        message = f"the frame engine can't split Spans by {columns[0]}, for each has two events: segment by it instead"
        raise UnsupportedError(message)
    return inner, tuple(columns)
