"""Runs of lines that are alike in all that matters but what is added up: what they are is found out once a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cxkit.recipes.lazy_vector import either, places, repeated

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl


class Runs:
    """Where lines that are alike begin.

    Attributes:
        begins: which lines are the first of a run.
        lengths: how many lines each run has.

    >>> import polars as pl
    >>> found = Runs([pl.Series([7, 7, 3]), pl.Series(["a", "a", "a"])], 3)
    >>> found.lengths.to_list(), found.total(pl.Series([1, 2, 4])).to_list()
    ([2, 1], [3, 4])
    >>> found.spread(pl.Series([True, False])).to_list()
    [True, True, False]
    """

    def __init__(self, columns: Sequence[pl.Series], n: int) -> None:
        """Look where one of the columns of n lines changes."""
        import polars as pl

        first = pl.Series([True][:n], dtype=pl.Boolean)
        found = either(_changes(column) for column in columns)
        found = repeated(False, max(0, n - 1)) if found is None else found  # noqa: FBT003
        self.begins = pl.concat([first, found], rechunk=True)
        self._starts = places(self.begins)
        self._bounds = pl.concat([self._starts.cast(pl.Int64), pl.Series([n], dtype=pl.Int64)], rechunk=True)
        self.lengths = self._bounds.slice(1) - self._bounds.head(len(self._starts))
        self._n = n

    def total(self, numbers: pl.Series) -> pl.Series:
        """Return the sum of each run; null where none of its lines has a number."""
        import polars as pl

        sums = self._sums(numbers)
        if not numbers.null_count():
            return sums
        return sums.set(self._sums(numbers.is_not_null().cast(pl.Int64)) == 0, None)

    def _sums(self, numbers: pl.Series) -> pl.Series:
        import polars as pl
        import pyarrow as pa

        lists = pa.LargeListArray.from_arrays(self._bounds.to_arrow(), numbers.to_arrow())
        return pl.Series(pl.from_arrow(lists)).list.sum()

    def spread(self, flags: pl.Series) -> pl.Series:
        """Return what is true of each run for each of its lines."""
        import polars as pl

        # The fewer are written into the others.
        rarer = 2 * int(flags.sum()) <= len(flags)
        if flags.all() or not flags.any():
            return repeated(not rarer, self._n)
        found = pl.DataFrame({"at": self._starts, "n": self.lengths}).filter(flags if rarer else ~flags)
        lines = found.select(pl.int_ranges("at", pl.col("at") + pl.col("n"), dtype=pl.UInt32).explode()).to_series()
        return repeated(not rarer, self._n).scatter(lines, rarer)


def _changes(column: pl.Series) -> pl.Series:
    """Say of each line but the first whether it isn't what the one before it is."""
    after, before = column.slice(1), column.head(max(0, len(column) - 1))
    return after.ne_missing(before) if column.null_count() else after != before
