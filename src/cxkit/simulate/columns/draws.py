"""Chance for whole columns that repeats: whole numbers of 32 bits, from a counter that is mixed (SplitMix64).

Nothing but whole numbers is reckoned with, and each column has a key of its own, so that no library's generator, no
number of cores and no platform changes a draw.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

_BITS: Final = 32
_STEP: Final = 0x9E3779B97F4A7C15
_MIXES: Final = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))
_LAST: Final = 31


class Draws:
    """Columns of chance, one after the other, of one block of a simulation."""

    def __init__(self, seed: int, block: int) -> None:
        """Begin at the first column."""
        self._name = f"{seed} {block}"
        self._columns = 0

    def __call__(self, n: int) -> pl.Series:
        """Return the next column of n whole numbers from 0 to 2³² − 1, each as likely as the next.

        >>> Draws(7, 0)(3).to_list()
        [1114780040, 1059131877, 3120121505]
        """
        import polars as pl

        key = int.from_bytes(sha256(f"{self._name} {self._columns}".encode()).digest()[:8], "big")
        self._columns += 1

        def whole(value: int) -> pl.Expr:
            return pl.lit(value, pl.UInt64)

        mixed = pl.int_range(n, dtype=pl.UInt64) * whole(_STEP) + whole(key)
        for bits, factor in _MIXES:
            mixed = (mixed ^ (mixed // whole(2**bits))) * whole(factor)
        mixed = (mixed ^ (mixed // whole(2**_LAST))) // whole(2**_BITS)
        return pl.select(mixed.cast(pl.Int64).alias("draw")).to_series()

    def happens(self, n: int, probability: float) -> pl.Series:
        """Return a column that is true with a probability."""
        happens: pl.Series = self(n) < threshold(probability)
        return happens

    def below(self, n: int, limit: int | pl.Series) -> pl.Series:
        """Return a column of whole numbers from 0 to below a limit, each as likely as the next.

        >>> set(Draws(7, 0).below(100, 3))
        {0, 1, 2}
        """
        found: pl.Series = self(n) * limit // 2**_BITS
        return found

    def pick(self, n: int, table: Sequence[Any]) -> pl.Series:
        """Return a column of a table's entries, each as likely as the next."""
        import polars as pl

        return pl.Series(table).gather(self.below(n, len(table)))

    def pick_of(self, which: pl.Series, tables: Sequence[Sequence[Any]]) -> pl.Series:
        """Return an entry of the table whose number each row has; all are of one length."""
        import polars as pl

        entries = pl.Series([entry for table in tables for entry in table])
        return entries.gather(which * len(tables[0]) + self.below(len(which), len(tables[0])))

    def wait_us(self, which: pl.Series, knots: Sequence[Sequence[int]]) -> pl.Series:
        """Return durations in microseconds, as `cxkit.simulate.chance.wait_us` does, of the table that each row has."""
        import polars as pl

        wide = len(knots[0])
        at = self(len(which)) * (wide - 1)
        step, within = at // 2**_BITS, at % 2**_BITS
        seconds = pl.Series([knot for table in knots for knot in table])
        low, high = (seconds.gather(which * wide + step + further) for further in (0, 1))
        waits: pl.Series = low * 1_000_000 + (high - low) * 1_000 * within // 2**_BITS * 1_000
        return waits


def threshold(probability: float) -> int:
    """Return below what a draw lies with a probability.

    >>> threshold(0.25)
    1073741824
    """
    return int(probability * 2**_BITS)
