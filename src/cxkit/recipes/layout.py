"""Where the columns of a file stand, and how its lines are made whole: clean, with nulls, joined to second files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from cxkit.errors import InvalidValueError
from cxkit.files.cells import clean
from cxkit.recipes.evaluate import Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from cxkit.recipes.joining import Joined
    from cxkit.recipes.model import Recipe


@attrs.frozen
class Layout:
    """The columns of a file, as a recipe looks at them.

    Attributes:
        scope: where each column stands in the cells of a whole line, and how they are read.
        complete: makes the cells of a line whole; it raises InvalidValueError for a cell that is no text.
        lacking: the optional columns that the file lacks.
    """

    scope: Scope
    complete: Callable[[list[str]], list[str]]
    lacking: tuple[str, ...]


def wanted(recipe: Recipe, seconds: Iterable[Joined]) -> tuple[str, ...]:
    """Return the columns that a recipe looks at and no second file brings."""
    brought = {name for second in seconds for name in second.names}
    return tuple(name for name in recipe.reads() if name not in brought)


def layout(recipe: Recipe, names: Sequence[str], seconds: Sequence[Joined], tz: str | None, encoding: str) -> Layout:
    """Return where the columns of a file stand.

    Args:
        recipe: the recipe.
        names: the columns of the file, in its order.
        seconds: the second files.
        tz: the zone of times without offset.
        encoding: the encoding, for messages.

    Raises:
        InvalidValueError: a second file brings a column that is there already, or needs one that isn't.

    >>> from cxkit.recipes.load import load
    >>> found = layout(load("cdnow"), load("cdnow").input.columns, [], "UTC", "utf-8")
    >>> found.scope.places["date"], found.complete(["00004", "0001", "19970101", "2", "29.33"])[4]
    (2, '29.33')
    """
    reads = recipe.reads()
    # Of two columns of one name the first is meant; that the recipe looks at neither was checked.
    places = {name: names.index(name) for name in reads if name in names}
    used = list(places.items())
    width = len(names)
    adders = []
    for second in seconds:
        _check(second, places, recipe.input.optional)
        adders.append(second.adder(places))
        places |= {name: width + n for n, name in enumerate(second.names)}
        width += len(second.names)
    lacking = tuple(name for name in recipe.input.optional if name not in places)
    if lacking:
        places |= dict.fromkeys(lacking, width)
        width += 1
    nulls = recipe.input.nulls - {""}

    def complete(cells: list[str]) -> list[str]:
        # One look at the whole row instead of one at each cell: nearly all are ASCII, and need no other.
        text = "".join(cells)
        if not text.isascii() or "\0" in text:
            cells = cells.copy()
            for name, place in used:
                cells[place] = clean(name, cells[place], encoding)
        if nulls:
            cells = ["" if cell in nulls else cell for cell in cells]
        if adders or lacking:
            cells = cells.copy()
            for add in adders:
                add(cells)
            if lacking:
                cells.append("")
        return cells

    return Layout(Scope(places, recipe.input, tz, width), complete, lacking)


def _check(second: Joined, places: Collection[str], optional: Collection[str]) -> None:
    """Refuse a second file that brings a column which is there, or whose key stands in one that isn't."""
    for name in second.names:
        if name in places:
            reason = f"stands in the file and in {second.join.name!r}: give the join a prefix"
            raise InvalidValueError("joins", name, reason)
    for name in second.join.on:
        if name not in places and name not in optional:
            raise InvalidValueError("joins", name, "isn't a column that is there when this file is joined")
