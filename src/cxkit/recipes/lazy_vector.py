"""Values of many lines at once: the different ones, which of them each line has, and which aren't plain."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import attrs

from cxkit.errors import InvalidValueError
from cxkit.recipes.lazy_columns import NotCompilable
from cxkit.recipes.numbers import EXACT, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import polars as pl

    from cxkit.recipes.evaluate import Scope
    from cxkit.recipes.lazy_columns import Coded

MOST: Final = 2**62


@attrs.frozen(eq=False)
class Vector:
    """Values of lines.

    Attributes:
        entries: the different values, or one for each line.
        at: the entry of each line; None where there is one for each.
        bad: which entries aren't plain, so that Python must see their lines; None for none.
        scale: of numbers, how many decimals the whole numbers here stand for.
        digits: whether the entries are whole numbers that stand for text.
    """

    entries: pl.Series
    at: pl.Series | None = None
    bad: pl.Series | None = None
    scale: int = 0
    digits: bool = False

    def lines(self) -> pl.Series:
        """Return the value of each line."""
        import polars as pl

        found = self.entries if self.at is None else self.entries.gather(self.at)
        return found.cast(pl.String) if self.digits else found

    def bad_lines(self) -> pl.Series | None:
        """Return which lines aren't plain."""
        found = self.bad if self.bad is None or self.at is None else self.bad.gather(self.at)
        return None if found is None else found.fill_null(value=False)

    def gaps(self) -> pl.Series | None:
        """Return which lines have no value; None where all have."""
        if self.at is None:
            return self.entries.is_null() if self.entries.null_count() else None
        found = self.entries.is_null().gather(self.at) if self.entries.null_count() else None
        if self.at.null_count():
            found = self.at.is_null() if found is None else found.fill_null(value=True)
        return found

    def of(self, places: pl.Series) -> Vector:
        """Return the values of some lines; null for the place null."""
        if self.at is None:
            return attrs.evolve(self, entries=self.entries.gather(places), bad=None)
        return attrs.evolve(self, at=self.at.gather(places), bad=None)

    def mapped(self, make: Callable[[str], Any], dtype: Any) -> Vector:  # noqa: ANN401 - a type of Polars
        """Return what the texts are made into; one that can't be is not plain."""
        coded = recoded(self)
        entries, bad = made(coded.entries, lambda text: make(text) if text else None, dtype)
        return Vector(entries, coded.at, either([bad, coded.bad]))

    def scaled(self, scale: int) -> Vector:
        """Return numbers with more decimals.

        Raises:
            NotCompilable: they would be more than 64 bits hold.
        """
        if scale == self.scale:
            return self
        check_fits(greatest(self.entries) * 10 ** (scale - self.scale))
        return attrs.evolve(self, entries=self.entries * 10 ** (scale - self.scale), scale=scale)


@attrs.define(eq=False)
class Lines:
    """Lines of a file to find values for.

    Attributes:
        columns: the columns by name.
        scope: how rows are read.
        rows: which lines; None for all.
        kept: what was found for the entries of columns, whichever lines are asked for.
        typed: what was found for columns that hold numbers, of these lines; None where they don't, or not plain ones.
        n: how many lines there are.
    """

    columns: dict[str, Coded]
    scope: Scope
    n: int
    rows: pl.Series | None = None
    kept: dict[tuple[str, str], Vector] = attrs.field(factory=dict)
    typed: dict[str, Vector | None] = attrs.field(factory=dict)
    _at: dict[str, pl.Series] = attrs.field(factory=dict)

    def of(self, rows: pl.Series) -> Lines:
        """Return some of the lines."""
        return Lines(self.columns, self.scope, len(rows), rows, self.kept)

    def at(self, name: str) -> pl.Series:
        """Return the entry of a column in each line."""
        if name not in self._at:
            at = self.columns[name].at
            self._at[name] = at if self.rows is None else at.gather(self.rows)
        return self._at[name]

    def held(self, name: str) -> pl.Series | None:
        """Return what a typed file holds in a column, of these lines; None where it holds text."""
        held = self.columns[name].lines
        return held if held is None or self.rows is None else held.gather(self.rows)


def written(numbers: Vector) -> Vector:
    """Return numbers as text."""
    import polars as pl

    coded = recoded(numbers)
    texts = [
        None if each is None else plain(Decimal(each).scaleb(-numbers.scale, EXACT)) for each in coded.entries.to_list()
    ]
    return Vector(pl.Series(texts, dtype=pl.String), coded.at, coded.bad)


def constant(same: str, lines: Lines) -> Vector:
    """Return the same text for each line."""
    import polars as pl

    return Vector(pl.Series([same], dtype=pl.String), pl.Series([0], dtype=pl.UInt32).new_from_index(0, lines.n))


def recoded(vector: Vector) -> Vector:
    """Return values by their entries: those that are null have one, and those that aren't plain another.

    >>> import polars as pl
    >>> found = recoded(Vector(pl.Series(["a", None, "a"]), bad=pl.Series([False, False, True])))
    >>> found.entries.to_list(), found.at.to_list(), found.bad.to_list()
    (['a', None, None], [0, 1, 2], [False, False, True])
    """
    import polars as pl

    if vector.digits:
        vector = Vector(vector.lines(), None, vector.bad_lines())
    if vector.at is not None:
        return vector
    coded = vector.entries.to_arrow().dictionary_encode()
    known = pl.Series(pl.from_arrow(coded.dictionary), dtype=vector.entries.dtype)
    n = len(known)
    entries = pl.concat([known, pl.Series([None, None], dtype=known.dtype)])
    at = pl.Series(pl.from_arrow(coded.indices), dtype=pl.UInt32).fill_null(n)
    if vector.bad is not None:
        at = at.set(vector.bad, n + 1)
    return Vector(entries, at, marks([n + 1], n + 2), vector.scale)


def either(several: Iterable[pl.Series | None]) -> pl.Series | None:
    """Return where one of several marks stands; None where there are none."""
    found = None
    for each in several:
        if each is not None:
            found = each if found is None else found | each
    return found


def made(entries: pl.Series, make: Callable[[str], Any], dtype: Any) -> tuple[pl.Series, pl.Series | None]:  # noqa: ANN401
    """Return what texts are made into, the empty one for null; and which of them can't be."""
    import polars as pl

    found: list[Any] = []
    bad: list[int] = []
    for place, entry in enumerate(entries.to_list()):
        try:
            found.append(make(entry or ""))
        except (InvalidValueError, KeyError):
            found.append(None)
            bad.append(place)
    return pl.Series(found, dtype=dtype), marks(bad, len(found))


def check_fits(most: int) -> None:
    """Refuse numbers that may be more than 64 bits hold."""
    if most >= MOST:
        message = "numbers too great"
        raise NotCompilable(message)


def greatest(numbers: pl.Series) -> int:
    """Return the greatest number, either way."""
    low, high = numbers.min() or 0, numbers.max() or 0
    assert isinstance(low, int | float)  # noqa: S101 - numbers are such
    assert isinstance(high, int | float)  # noqa: S101 - as above
    return int(max(-low, high))


def marks(bad: list[int], n: int) -> pl.Series | None:
    """Return marks at some places of n; None where there are none."""
    import polars as pl

    return pl.Series([False], dtype=pl.Boolean).new_from_index(0, n).scatter(bad, True) if bad else None  # noqa: FBT003
