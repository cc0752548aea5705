"""Cells and what is measured in them: a statistic compiles to a few group-bys, whose rows Python puts together.

On tables everything has one shape: derive columns of integers, group, aggregate bare columns. (A condition inside of an
aggregate is silently ignored by some libraries, and missing in others.)
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

import attrs
import narwhals.stable.v2 as nw

from cxkit.engines.frame.columns import flag
from cxkit.engines.frame.table import PERIOD

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

    from cxkit.engines.frame.backend import LazyFrame, Row
    from cxkit.engines.frame.ledgers import Ledger
    from cxkit.engines.frame.table import Table
    from cxkit.engines.request import Segment
    from cxkit.stats import Where

T = TypeVar("T")
How = Literal["sum", "min", "max"]
Place = tuple["Segment | None", int | None, tuple[str | None, ...]]
"""Where a state belongs: its segment, its period and the values of the columns that `By` splits by."""
COUNT: Final = "cx_n"
"""The column that counts the rows of a group."""
Finish = "Callable[[], Mapping[Place, State]]"


@attrs.frozen
class Keys:
    """What a statistic is grouped by, besides its period.

    Attributes:
        table: the table.
        segments: the key columns of segments, or none for overall cells.
        splits: the key columns of `By`.
    """

    table: Table
    segments: tuple[str, ...]
    splits: tuple[str, ...]
    _places: dict[tuple[Any, ...], Place] = attrs.field(factory=dict, init=False, eq=False, repr=False)

    @property
    def groups(self) -> tuple[str, ...]:
        """The key columns without the period."""
        return self.segments + self.splits

    @property
    def cell(self) -> tuple[str, ...]:
        """All columns of a cell."""
        return (*self.groups, PERIOD)

    def group(self, values: Sequence[Any]) -> tuple[Segment | None, tuple[str | None, ...]]:
        """Return the segment and split of a row that begins with `groups`."""
        readers, at = self.table.readers, len(self.segments)
        segment = self.table.segment(tuple(values[:at])) if self.segments else None
        return segment, tuple(readers[key](value) for key, value in zip(self.splits, values[at:], strict=False))

    def place(self, values: Sequence[Any]) -> Place:
        """Return where a row belongs that begins with `cell`."""
        known = tuple(values)
        if known not in self._places:  # of a histogram's rows a thousand stand in one
            segment, split = self.group(values[: len(self.groups)])
            period = None if self.table.request.calendar is None else int(values[len(self.groups)])
            self._places[known] = segment, period, split
        return self._places[known]


@attrs.frozen(eq=False)
class Measure:
    """A column of integers and how it is aggregated.

    Attributes:
        name: what it is called; two statistics that measure the same call it the same.
        column: the column, derived from one row.
        how: the aggregate.
    """

    name: str
    column: nw.Expr
    how: How = "sum"


def count(name: str, condition: nw.Expr) -> Measure:
    """Return how many rows meet a condition."""
    return Measure(name, flag(condition))


def grouped(frame: LazyFrame, by: Sequence[str], measures: Iterable[Measure] = ()) -> LazyFrame:
    """Group a frame: the keys, the number of rows as ``cx_n``, the measures by their names."""
    measures = list(measures)
    if measures:
        frame = frame.with_columns(*[measure.column.alias(f"cx_of_{measure.name}") for measure in measures])
    aggregates = [getattr(nw.col(f"cx_of_{measure.name}"), measure.how)().alias(measure.name) for measure in measures]
    return frame.group_by(*by).agg(nw.len().alias(COUNT), *aggregates)


class Query:
    """A frame to compute, and its rows once it is computed."""

    def __init__(self, make: Callable[[], LazyFrame], keys: int) -> None:
        """Hold what makes the frame; its first columns are keys."""
        self._make = make
        self._keys = keys
        self._names: list[str] = []
        self.rows: list[Row] = []

    def plan(self) -> LazyFrame:
        """Make the frame."""
        frame = self._make()
        self._names = frame.collect_schema().names()
        return frame

    def __iter__(self) -> Iterator[tuple[Row, dict[str, Any]]]:
        """Give of each row the keys, and the rest by name."""
        names = self._names[self._keys :]
        for row in self.rows:
            yield row[: self._keys], dict(zip(names, row[self._keys :], strict=True))


def counted(query: Query, keys: Keys) -> dict[Place, int]:
    """Return the number of rows that a query counted in each cell."""
    return {keys.place(cell): int(measured[COUNT]) for cell, measured in query}


class Queries:
    """All that a request must compute, to be computed together."""

    def __init__(self, table: Table) -> None:
        """Start empty."""
        self._table = table
        self._queries: list[Query] = []
        self._shared: dict[tuple[Where, tuple[str, ...]], dict[str, Measure]] = {}
        self._made: dict[tuple[Where, tuple[str, ...]], Query] = {}
        self._ledgers: dict[tuple[Where, tuple[str, ...], str], Ledger] = {}
        self._common: dict[Hashable, Any] = {}

    def ask(self, frame: LazyFrame | Callable[[], LazyFrame], keys: int) -> Query:
        """Have a frame computed, whose first columns are keys.

        Args:
            frame: the frame, or what makes it once all statistics have said what they sum in ledgers.
            keys: how many columns are keys.
        """
        query = Query(frame if callable(frame) else lambda: frame, keys)
        self._queries.append(query)
        return query

    def shared(self, name: Hashable, make: Callable[[], T]) -> T:
        """Return what several statistics make alike: made for the first that names it."""
        if name not in self._common:
            self._common[name] = make()
        found: T = self._common[name]
        return found

    def ledger(self, where: Where, keys: Keys, column: str) -> Ledger:
        """Return the ledger of a filter and a column, one for all statistics that ask for the same."""
        from cxkit.engines.frame.ledgers import Ledger

        name = (where, keys.splits, column)
        if name not in self._ledgers:
            self._ledgers[name] = Ledger(self._table, where, keys.splits, column)
        return self._ledgers[name]

    def measure(
        self, where: Where, keys: Keys, measures: Sequence[Measure]
    ) -> Callable[[], Iterator[tuple[Place, dict[str, Any]]]]:
        """Have the events of a filter measured in each cell; statistics that share filter and cells share the group-by.

        Overall cells are summed from those of segments, so that they take sums alone.

        Returns:
            What gives each cell and its measures by name, ``cx_n`` being the number of events.
        """
        whole = Keys(self._table, self._table.segments, keys.splits)
        shared = (where, whole.cell)
        self._shared.setdefault(shared, {}).update({measure.name: measure for measure in measures})

        def found() -> Iterator[tuple[Place, dict[str, Any]]]:
            names = (COUNT, *self._shared[shared])
            sums: dict[Place, Counter[str]] = defaultdict(Counter)
            for values, measured in self._made[shared]:
                place, named = whole.place(values), dict(zip(names, measured.values(), strict=True))
                if keys.segments == whole.segments:
                    yield place, named
                else:
                    sums[None, *place[1:]].update({measure.name: int(named[measure.name]) for measure in measures})
            yield from sums.items()

        return found

    def run(self) -> None:
        """Compute everything."""
        for shared, measures in self._shared.items():
            where, by = shared
            # Their names may differ by case alone, which DuckDB doesn't see.
            numbered = [attrs.evolve(measure, name=f"cx_m{i}") for i, measure in enumerate(measures.values())]
            frame = grouped(self._table.where(where), by, numbered)
            self._made[shared] = self.ask(frame, len(by))
        found = self._table.backend.rows([query.plan() for query in self._queries])
        for query, rows in zip(self._queries, found, strict=True):
            query.rows = rows
