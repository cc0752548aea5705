"""Runs of lines that are alike in all that matters but what is added up: what they are is found out once a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl


class Runs:
    """Where lines that are alike begin and end.

    Attributes:
        n: how many lines there are.
        starts: the first line of each run.
        ends: the last.
        lengths: how many lines it has.

    >>> import polars as pl
    >>> found = Runs([pl.Series([7, 7, 3]), pl.Series(["a", "a", "a"])], 3)
    >>> found.starts.to_list(), found.ends.to_list(), found.spread(pl.Series([True, False])).to_list()
    ([0, 2], [1, 2], [True, True, False])
    """

    def __init__(self, columns: Sequence[pl.Series], n: int) -> None:
        """Look where one of the columns changes."""
        import polars as pl

        self.n = n
        self._begins = pl.select(pl.int_range(n, dtype=pl.UInt32) == 0).to_series()
        for column in columns:
            self._begins |= column.ne_missing(column.shift(1))
        self.starts = self._begins.arg_true()
        self.ends = (self.starts.shift(-1) - 1).fill_null(n - 1)
        self.lengths = (self.ends - self.starts + 1).cast(pl.Int64)
        self._counted: tuple[pl.Series, pl.Series] | None = None

    def sums(self, numbers: pl.Series) -> pl.Series:
        """Return the sum of each run."""
        import polars as pl
        import pyarrow.compute as pc

        sums = pl.Series(pl.from_arrow(pc.cumulative_sum(numbers.to_arrow()))).gather(self.ends)
        return sums - sums.shift(1).fill_null(0)

    def counts(self, marks: pl.Series | None) -> pl.Series:
        """Return how many lines of each are marked; None is all of them."""
        import polars as pl

        if marks is None:
            return self.lengths
        if self._counted is not None and self._counted[0] is marks:
            return self._counted[1]
        many = 2 * int(marks.sum()) > self.n
        until = (~marks if many else marks).arg_true().search_sorted(self.ends, side="right").cast(pl.Int64)
        found = until - until.shift(1).fill_null(0)
        self._counted = marks, self.lengths - found if many else found
        return self._counted[1]

    def total(self, numbers: pl.Series, marks: pl.Series | None) -> pl.Series:
        """Return the sum of the lines that are marked; null where none of them has a number."""
        gaps = numbers.null_count()
        has = numbers.is_not_null() if gaps else None
        if marks is not None:
            numbers = numbers.set(~marks, 0)
            has = marks if has is None else has & marks
        sums = self.sums(numbers.fill_null(0) if gaps else numbers)
        return sums.set(self.counts(has) == 0, None) if gaps else sums

    def first(self, marks: pl.Series | None) -> pl.Series:
        """Return the first line of each that is marked; where none is, any line."""
        if marks is None:
            return self.starts
        left = (~marks.gather(self.starts)).arg_true()
        lines = marks.arg_true()
        if not len(left) or not len(lines):
            return self.starts
        places = lines.search_sorted(self.starts.gather(left)).clip(0, len(lines) - 1)
        return self.starts.clone().scatter(left, lines.gather(places))

    def spread(self, flags: pl.Series) -> pl.Series:
        """Return what is true of each run for each of its lines."""
        import polars as pl

        return flags.gather(self._begins.cast(pl.UInt32).cum_sum() - 1)
