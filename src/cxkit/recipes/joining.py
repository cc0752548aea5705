"""Second files: their columns beside those of the line that has their key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from cxkit.errors import BadRowError, InvalidValueError
from cxkit.recipes.flat import check_columns, flat

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cxkit.files.source import Source
    from cxkit.recipes.flat import Reject
    from cxkit.recipes.model import Join


@attrs.define
class Joined:
    """A second file, in memory.

    Attributes:
        join: how it is joined.
        names: the columns that it brings, with their prefix.
        rows: their cells by key.
        unmatched: how many lines had a key that it lacks.
    """

    join: Join
    names: tuple[str, ...]
    rows: Mapping[tuple[str, ...], tuple[str, ...]]
    unmatched: int = 0

    def adder(self, places: Mapping[str, int]) -> Callable[[list[str]], None]:
        """Return the function that adds its cells to those of a line; empty ones where the line's key isn't there.

        A line whose key is empty has none, so that none is missing; nor has one of a file without the key's column.
        """
        keys = [places.get(name, -1) for name in self.join.on]
        rows, empty = self.rows, ("",) * len(self.names)

        def add(cells: list[str]) -> None:
            key = tuple([cells[place] if place >= 0 else "" for place in keys])
            found = rows.get(key)
            if found is None:
                self.unmatched += "" not in key
                found = empty
            cells.extend(found)

        return add


def joined(join: Join, source: Source, fmt: str, clean: Callable[[str, str], str], reject: Reject) -> Joined:
    """Read a second file.

    Args:
        join: how it is joined.
        source: the file.
        fmt: its format.
        clean: gives (column, cell) as the model holds text.
        reject: takes lines that are none.

    Raises:
        InvalidValueError: it lacks a column, or isn't a file of its format.
        BadRowError: a key stands twice: the line is named.
    """
    wanted = (*join.on.values(), *join.columns) if join.columns or fmt == "ndjson" else ()
    lines = flat(source, fmt, join.input, tuple(dict.fromkeys(wanted)), reject)
    names = lines.names
    try:
        check_columns(names, wanted or tuple(join.on.values()), join.input)
    except InvalidValueError as error:
        raise InvalidValueError(f"{source.name}: {error.field}", error.value, error.reason) from None
    taken = join.columns or tuple(name for name in names if name not in join.on.values())
    key_places = [names.index(name) for name in join.on.values()]
    places = [names.index(name) if name in names else -1 for name in taken]
    rows: dict[tuple[str, ...], tuple[str, ...]] = {}
    stands: dict[tuple[str, ...], int] = {}
    nulls = join.input.nulls
    for number, given in lines.lines:
        try:
            cells = [clean(name, "" if cell in nulls else cell) for name, cell in zip(names, given, strict=True)]
        except InvalidValueError as error:
            reject(number, error, repr(given))
            continue
        key = tuple([cells[place] for place in key_places])
        if "" in key:  # nothing has it
            continue
        if key in rows:
            shown = key[0] if len(key) == 1 else key
            reason = f"is the key of line {stands[key]} too: a line of the other file can only be joined to one"
            raise BadRowError(source.name, number, ", ".join(join.on.values()), shown, reason)
        cells.append("")
        rows[key] = tuple([cells[place] for place in places])
        stands[key] = number
    return Joined(join, tuple(join.prefix + name for name in taken), rows)
