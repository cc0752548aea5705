"""The normalised table that statistics are computed on: integers, NFC text, canonical customers, cells."""

from __future__ import annotations

import json
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, Any, Final

import attrs
import narwhals.stable.v2 as nw

from cxkit.engines.frame.filters import expression

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import ExitStack

    from cxkit.engines.frame.backend import LazyFrame
    from cxkit.engines.frame.columns import Sort
    from cxkit.engines.frame.watched import Watched
    from cxkit.engines.request import Request, Segment
    from cxkit.stats import Condition, Where

PERIOD: Final = "cx_period"
_INT64: Final = 2**63
ORDER: Final = ("ts_us", "source", "id")


@attrs.frozen
class Facts:
    """What one look at a table tells.

    Attributes:
        rows: how many events there are.
        span: the first and last instant of all.
        events: how many events are in bounds.
        first_us: the first of them, or None.
        last_us: the last of them, or None.
        weights: the least and the greatest weight.
        links: how many events link or unlink identities.
        odd: text columns that hold more than ASCII, or empty text.
        greatest: of columns that are summed, the greatest value either way.
        converted: the currencies that amounts were converted from, sorted.
    """

    rows: int
    span: tuple[int, int]
    events: int
    first_us: int | None
    last_us: int | None
    weights: tuple[int, int]
    links: int
    odd: tuple[str, ...]
    greatest: Mapping[str, int]
    converted: tuple[str, ...] = ()


@attrs.frozen(eq=False)
class Table:
    """A table ready to be computed on.

    Attributes:
        backend: the native functions.
        request: what is asked for.
        facts: what is known of the table.
        events: all events.
        columns: the caller's name of a column → what it holds, and its name here.
        values: a property → the column that holds its value as JSON.
        wholes: a property → the column that holds its integers.
        flags: a condition on a property → the column that holds 1 where it is true.
        segments: the key columns of `by`.
        keys: the column of a `By` → its key column.
        readers: a key column → how to read its text.
        kept: closes what was kept.
        read: which of the caller's columns were read.
    """

    backend: Watched
    request: Request
    facts: Facts
    events: LazyFrame
    columns: Mapping[str, tuple[Sort, str]]
    values: Mapping[str, str]
    wholes: Mapping[str, str]
    flags: Mapping[tuple[str, Condition], str]
    segments: tuple[str, ...]
    keys: Mapping[str, str]
    readers: Mapping[str, Callable[[str], str | None]]
    kept: ExitStack
    read: tuple[str, ...]

    def keep(self, frame: LazyFrame) -> LazyFrame:
        """Compute a frame that several others are made from: libraries see that they share it only now and then."""
        return self.kept.enter_context(self.backend.held(frame))

    def is_empty(self, frame: LazyFrame) -> bool:
        """Say whether a frame has no rows."""
        (((n,),),) = self.backend.rows([frame.select(nw.len())])
        return not n

    def are_different(self, frame: LazyFrame, columns: Sequence[str]) -> bool:
        """Say whether no two rows of a frame, which is kept, have the same values in some columns."""
        alike = frame.select(*columns).group_by(*columns).agg(nw.len().alias("cx_alike"))
        (((most,),),) = self.backend.rows([alike.select(nw.col("cx_alike").max())])
        return most is None or int(most) == 1

    @property
    def end_us(self) -> int:
        """Until when the data is complete."""
        return self.facts.span[1] if self.request.as_of_us is None else self.request.as_of_us

    def named(self, name: str) -> str:
        """Return the name here of a column whose values are counted, compared or joined."""
        return self.values[name] if name in self.values else self.columns[name][1]

    def reader(self, name: str) -> Callable[[Any], Any]:
        """Return how to read a value of such a column."""
        return json.loads if name in self.values else _same

    def whole(self, name: str) -> nw.Expr:
        """Return a column of whole numbers."""
        return nw.col(self.wholes[name] if name in self.wholes else self.columns[name][1])

    def sums_fit(self, name: str, *, power: int) -> bool:
        """Say whether any sum of a column's values, or squares, surely has 64 bits."""
        greatest = self.facts.greatest.get(name)
        return greatest is not None and greatest**power * self.facts.rows < _INT64

    def holds(self, where: Where) -> nw.Expr:
        """Return a filter as an expression."""
        found = [self._condition(name, condition) for name, condition in where.conditions]
        return reduce(and_, found) if found else ~nw.col("kind").is_null()

    def where(self, where: Where, *, inside: bool = True) -> LazyFrame:
        """Return the events that pass a filter, in bounds or all of them."""
        bounds = in_bounds(self.request) if inside else None
        found = [self._condition(name, condition) for name, condition in where.conditions]
        found += [] if bounds is None else [bounds]
        return self.events.filter(*found) if found else self.events

    def _condition(self, name: str, condition: Condition) -> nw.Expr:
        lifted = self.flags.get((name, condition))
        if lifted is not None:
            return nw.col(lifted) == 1
        sort, column = self.columns[name]
        return expression(name, nw.col(column), sort, condition)

    def segment(self, values: tuple[Any, ...]) -> Segment:
        """Return the segment of a row's key columns."""
        return tuple(self.readers[key](value) for key, value in zip(self.segments, values, strict=True))


def _same(value: Any) -> Any:  # noqa: ANN401 - a column's value
    return value


def in_bounds(request: Request) -> nw.Expr | None:
    """Return the request's bounds as an expression, or None where it has none."""
    bounds = []
    if request.since_us is not None:
        bounds.append(nw.col("ts_us") >= request.since_us)
    if request.until_us is not None:
        bounds.append(nw.col("ts_us") < request.until_us)
    return reduce(and_, bounds) if bounds else None
