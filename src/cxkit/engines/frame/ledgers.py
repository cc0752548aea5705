"""Ledgers: how many events of a filter each customer has in each cell, computed once for all statistics that ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals.stable.v2 as nw

from cxkit.engines.frame.cells import COUNT, Keys, grouped
from cxkit.engines.frame.columns import whole
from cxkit.engines.frame.table import PERIOD

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cxkit.engines.frame.backend import LazyFrame
    from cxkit.engines.frame.cells import Measure
    from cxkit.engines.frame.table import Table
    from cxkit.stats import Where


class Ledger:
    """The events of a filter, grouped by cell and by a column's values, null among them."""

    def __init__(self, table: Table, where: Where, splits: tuple[str, ...], column: str) -> None:
        """Compute nothing yet: first all statistics say what they sum."""
        self._table = table
        self._where = where
        self._column = column
        self._whole = Keys(table, table.segments, splits)
        self._measures: dict[str, Measure] = {}
        self._frames: dict[tuple[str, ...], LazyFrame] = {}

    def sums(self, measures: Iterable[Measure]) -> None:
        """Have these summed, too; two statistics that sum the same call it the same."""
        self._measures.update({measure.name: measure for measure in measures})

    def frame(self, keys: Keys) -> LazyFrame:
        """Return cell, column, the number of events as ``cx_n``, and the sums by their names.

        Overall cells are put together from those of segments: each customer's few rows, not all of their events.
        """
        if keys.segments not in self._frames:
            if keys.segments == self._whole.segments:
                # All events are of one period where time isn't cut, and a key less is grouped by in less time.
                cut = self._table.request.calendar is not None
                by = (*(keys.cell if cut else keys.groups), self._column)
                found = grouped(self._table.where(self._where), by, self._measures.values())
                found = found if cut else found.with_columns(whole(0).alias(PERIOD))
            else:
                sums = [nw.col(name).sum() for name in (COUNT, *self._measures)]
                found = self.frame(self._whole).group_by(*keys.cell, self._column).agg(*sums)
            self._frames[keys.segments] = self._table.keep(found)
        return self._frames[keys.segments]
