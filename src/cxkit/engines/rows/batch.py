"""A batch: the events of one chunk that share kind, segment and period, with their columns taken out on demand.

Taking a column out of a few hundred events with one comprehension and summing it with `sum` costs a fraction of
calling a function for each event, which is what makes the row engine quick enough for millions.
"""

from __future__ import annotations

from itertools import compress
from typing import TYPE_CHECKING, Any, Final

from cxkit.engines.rows.chunk import FIELDS
from cxkit.stats import Equal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cxkit.engines.request import Cell
    from cxkit.engines.rows.chunk import Chunk
    from cxkit.stats import Where
    from cxkit.stats.where import Condition

Mark = tuple[int, str, str, "Cell", bool]
"""(ts_us, source, id), which is the order and who it is, the cell, and whether it is in bounds."""

_FEW: Final = 64


class Batch:
    """Events of one kind and cell.

    Attributes:
        chunk: the events.
        kind: their kind.
        cell: their segment and period.
        inside: whether they are in bounds.
    """

    __slots__ = ("_columns", "_different", "_filtered", "_marks", "_parts", "cell", "chunk", "inside", "kind")

    def __init__(self, chunk: Chunk, kind: str, cell: Cell, *, inside: bool) -> None:
        """Hold the events; take nothing out yet."""
        self.chunk = chunk
        self.kind = kind
        self.cell = cell
        self.inside = inside
        self._columns: dict[str, Sequence[Any]] = {}
        self._different: dict[str, set[Any]] = {}
        # Nothing of a batch refers to the batch itself: it would wait for the garbage collector, which rests.
        self._filtered: dict[Any, Batch | None] = {}
        self._parts: dict[str, Mapping[Any, Batch]] = {}
        self._marks: list[Mark] | None = None

    def __len__(self) -> int:
        """Return how many events there are."""
        return len(self.chunk.items)

    def column(self, name: str) -> Sequence[Any]:
        """Return one column's values, in the order of the events."""
        found = self._columns.get(name)
        if found is None:
            found = self._columns[name] = self.chunk.column(name)
        return found

    def different(self, name: str) -> set[Any]:
        """Return one column's different values."""
        found = self._different.get(name)
        if found is None:
            found = self._different[name] = set(self.column(name))
        return found

    def marks(self) -> list[Mark]:
        """Return who each event is and where it counts: one object for all that remember it."""
        if self._marks is None:
            cell, inside = self.cell, self.inside
            columns = zip(self.column("ts_us"), self.column("source"), self.column("id"), strict=True)
            self._marks = [(ts_us, source, identity, cell, inside) for ts_us, source, identity in columns]
        return self._marks

    def where(self, where: Where) -> Batch:
        """Return the events that pass a filter whose kinds are looked at already."""
        return self._meeting(where.beyond_kind)

    def _meeting(self, conditions: Sequence[tuple[str, Condition]]) -> Batch:
        """Return the events that meet all conditions; filters that begin alike share what is left after that."""
        if not conditions:
            return self
        if conditions not in self._filtered:
            left = self._meeting(conditions[:-1]).passing(*conditions[-1])
            self._filtered[conditions] = None if left is self else left
        found = self._filtered[conditions]
        return self if found is None else found

    def passing(self, column: str, condition: Condition) -> Batch:
        """Return the events that meet a condition; those that ask whether a column is this or that share one look."""
        different = self.different(column) if column in FIELDS else None
        if different is not None and isinstance(condition, Equal) and len(different) <= _FEW:
            return self.split(column).get(condition.value) or self._of(())
        held = self.holds(column, condition)
        return self if all(held) else self._of(compress(self.chunk.items, held))

    def holds(self, column: str, condition: Condition) -> list[bool]:
        """Say of each event whether it meets a condition."""
        holds, values = condition.holds, self.column(column)
        if column in FIELDS:
            # Of one type each, so that none stands for another in a set, as True does for 1 among properties.
            passing = set(filter(holds, self.different(column)))
            return list(map(passing.__contains__, values))
        return list(map(holds, values))

    def split(self, column: str) -> Mapping[Any, Batch]:
        """Return the events by a column's value; the batch itself where all hold the same."""
        different = self.different(column)
        if len(different) <= 1:
            return dict.fromkeys(different, self)
        found = self._parts.get(column)
        if found is None:
            items: dict[Any, list[Any]] = {value: [] for value in different}
            for value, item in zip(self.column(column), self.chunk.items, strict=True):
                items[value].append(item)
            found = self._parts[column] = {value: self._of(several) for value, several in items.items()}
        return found

    def _of(self, items: Iterable[Any]) -> Batch:
        return Batch(self.chunk.of(list(items)), self.kind, self.cell, inside=self.inside)
