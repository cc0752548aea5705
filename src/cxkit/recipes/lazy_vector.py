"""Values of many lines at once: the different ones, which of them each line has, and which aren't plain."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import attrs

from cxkit.errors import InvalidValueError
from cxkit.recipes.lazy_columns import NotCompilable
from cxkit.recipes.numbers import EXACT, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

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
        bound: of numbers, what none is beyond either way, where that is known.
        times: how many lines there are, where all have the one entry; None where they have one each.
    """

    entries: pl.Series
    at: pl.Series | None = None
    bad: pl.Series | None = None
    scale: int = 0
    digits: bool = False
    bound: int | None = None
    times: int | None = None

    def greatest(self, *, exactly: bool = False) -> int:
        """Return what no number is beyond, either way: roughly, unless asked exactly."""
        if self.bound is not None and not exactly:
            return self.bound
        low, high = self.entries.min() or 0, self.entries.max() or 0
        assert isinstance(low, int)  # noqa: S101 - numbers are such
        assert isinstance(high, int)  # noqa: S101 - as above
        return max(-low, high)

    def _each(self, of: pl.Series) -> pl.Series:
        """Return what is known of the entries for each line."""
        if self.times is not None:
            return of.new_from_index(0, self.times)
        return of if self.at is None else of[self.at]

    def lines(self) -> pl.Series:
        """Return the value of each line."""
        import polars as pl

        found = self._each(self.entries)
        return found.cast(pl.String) if self.digits else found

    def bad_lines(self) -> pl.Series | None:
        """Return which lines aren't plain."""
        found = None if self.bad is None else self._each(self.bad)
        return found.fill_null(value=False) if found is not None and found.null_count() else found

    def gaps(self) -> pl.Series | None:
        """Return which lines have no value; None where all have."""
        found = self._each(self.entries.is_null()) if self.entries.null_count() else None
        if self.at is not None and self.at.null_count():
            found = self.at.is_null() if found is None else found.fill_null(value=True)
        return found

    def of(self, places: pl.Series) -> Vector:
        """Return the values of some lines; null for the place null."""
        if self.times is not None:
            if not places.null_count():
                return attrs.evolve(self, times=len(places), bad=None)
            return attrs.evolve(self, at=places * 0, times=None, bad=None)
        if self.at is None:
            return attrs.evolve(self, entries=self.entries[places], bad=None)
        return attrs.evolve(self, at=self.at[places], bad=None)

    def where(self, passes: pl.Series) -> Vector:
        """Return the values of the lines that pass."""
        if self.times is not None:
            return attrs.evolve(self, times=int(passes.sum()))
        if self.at is None:
            bad = None if self.bad is None else self.bad.filter(passes)
            return attrs.evolve(self, entries=self.entries.filter(passes), bad=bad)
        return attrs.evolve(self, at=self.at.filter(passes))

    def as_placed(self, found: Vector) -> Vector:
        """Return what was found of the entries, for the same lines; what isn't plain here isn't so there."""
        return attrs.evolve(found, at=self.at, times=self.times, bad=either([found.bad, self.bad]))

    def mapped(self, make: Callable[[str], Any], dtype: Any) -> Vector:  # noqa: ANN401 - a type of Polars
        """Return what the texts are made into; one that can't be is not plain."""
        coded = recoded(self)
        entries, bad = made(coded.entries, lambda text: make(text) if text else None, dtype)
        return coded.as_placed(Vector(entries, None, bad))

    def scaled(self, scale: int) -> Vector:
        """Return numbers with more decimals.

        Raises:
            NotCompilable: they would be more than 64 bits hold.
        """
        if scale == self.scale:
            return self
        more = 10 ** (scale - self.scale)
        bound = check_fits([self], more)
        return attrs.evolve(self, entries=self.entries * more, scale=scale, bound=bound)


@attrs.define(eq=False)
class Lines:
    """Lines of a file to find values for.

    Attributes:
        columns: the columns by name.
        scope: how rows are read.
        n: how many lines there are.
        within: the lines that these were taken from; None for all of the file.
        passes: which of those they are.
        kept: what was found for the entries of columns, whichever lines are asked for.
        typed: what was found for columns that hold numbers, of these lines; None where they don't, or not plain ones.
    """

    columns: dict[str, Coded]
    scope: Scope
    n: int
    within: Lines | None = None
    passes: pl.Series | None = None
    kept: dict[tuple[str, str], Vector] = attrs.field(factory=dict)
    typed: dict[str, Vector | None] = attrs.field(factory=dict)
    _at: dict[str, pl.Series] = attrs.field(factory=dict)
    _held: dict[str, pl.Series | None] = attrs.field(factory=dict)
    _rows: pl.Series | None = None

    def where(self, passes: pl.Series) -> Lines:
        """Return some of the lines."""
        return Lines(self.columns, self.scope, int(passes.sum()), self, passes, self.kept)

    def at(self, name: str) -> pl.Series:
        """Return the entry of a column in each line."""
        if name not in self._at:
            self._at[name] = self.columns[name].at if self.within is None else self._some(self.within.at(name))
        return self._at[name]

    def held(self, name: str) -> pl.Series | None:
        """Return what a typed file holds in a column, of these lines; None where it holds text."""
        if self.within is None:
            return self.columns[name].lines
        if name not in self._held:
            held = self.within.held(name)
            self._held[name] = None if held is None else self._some(held)
        return self._held[name]

    @property
    def rows(self) -> pl.Series:
        """The place of each line in the file."""
        import polars as pl

        if self._rows is None and self.within is not None:
            self._rows = self._some(self.within.rows)
        elif self._rows is None:
            self._rows = pl.int_range(self.n, dtype=pl.UInt32, eager=True)
        return self._rows

    def marked(self, flags: pl.Series) -> pl.Series:
        """Return what is true of each of these lines for each of the file; false of all others."""
        if self.within is None or self.passes is None:
            return flags
        # The fewer are written into the others.
        rarer = 2 * int(flags.sum()) <= self.n
        at = self.rows if self.within.within is None else places(self.passes)
        found = repeated(False, self.within.n) if rarer else self.passes.clone()  # noqa: FBT003
        return self.within.marked(found.scatter(at.filter(flags if rarer else ~flags), rarer))

    def _some(self, of: pl.Series) -> pl.Series:
        assert self.passes is not None  # noqa: S101 - they are taken from others
        return of.filter(self.passes)


def written(numbers: Vector) -> Vector:
    """Return numbers as text."""
    import polars as pl

    coded = recoded(numbers)
    texts = [
        None if each is None else plain(Decimal(each).scaleb(-numbers.scale, EXACT)) for each in coded.entries.to_list()
    ]
    return coded.as_placed(Vector(pl.Series(texts, dtype=pl.String)))


def constant(same: str, lines: Lines) -> Vector:
    """Return the same text for each line."""
    import polars as pl

    return Vector(pl.Series([same], dtype=pl.String), times=lines.n)


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
    if vector.at is not None or vector.times is not None:
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


def check_fits(several: Sequence[Vector], times: int = 1) -> int:
    """Return what the sum of several numbers, times another, can't be beyond.

    Raises:
        NotCompilable: it may be more than 64 bits hold.
    """
    for exactly in (False, True):
        most = sum(each.greatest(exactly=exactly) for each in several) * times
        if most < MOST:
            return most
    message = "numbers too great"
    raise NotCompilable(message)


def marks(at: list[int] | pl.Series, n: int) -> pl.Series | None:
    """Return marks at some places of n; None where there are none."""
    return repeated(False, n).scatter(at, True) if len(at) else None  # noqa: FBT003


def places(flags: pl.Series) -> pl.Series:
    """Return where flags are true: `polars.Series.arg_true` makes a plan for it."""
    import polars as pl

    return pl.int_range(len(flags), dtype=pl.UInt32, eager=True).filter(flags)


def repeated(value: bool | float, n: int) -> pl.Series:  # noqa: FBT001 - a value like others
    """Return a column of one value: `polars.repeat` makes a plan for it."""
    import polars as pl

    return pl.Series([value]).new_from_index(0, n)
