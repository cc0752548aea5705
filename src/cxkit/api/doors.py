"""Doors: what data is, which engine takes it, and as what."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs

from cxkit.engines import ENGINES, collect
from cxkit.errors import CxkitError, InvalidValueError, UnknownNameError, UnsupportedError
from cxkit.model.event import Event
from cxkit.plugins import registry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cxkit.engines import Collected, Request
    from cxkit.files import Reading
    from cxkit.files.source import Readable
    from cxkit.recipes import Recipe

_SQLITE: Final = b"SQLite format 3\0"
_LIBRARIES: Final[Mapping[str, str]] = {
    "polars": "polars", "duckdb": "duckdb", "pandas": "polars", "pyarrow": "polars",
}  # fmt: skip
"""Whose tables are scored, and by which engine."""
_BLAMED: Final = frozenset({*_LIBRARIES, "narwhals"})


@attrs.frozen(eq=False)
class Door:
    """Data as an engine takes it.

    Attributes:
        engine: the engine's name.
        data: the events, or the table.
        path: the file that an engine reads itself, or None.
    """

    engine: str
    data: Any
    path: str | None = None

    def collect(self, request: Request) -> Collected:
        """Compute a request.

        Raises:
            InvalidValueError: a value that no event can have, or a file that is damaged inside.
        """
        from cxkit.files import OnceEach

        if isinstance(self.data, OnceEach):
            return self.data.used(lambda events: collect(self.engine, events, request))
        if self.path is None:
            return collect(self.engine, self.data, request)
        with _blaming_file(self.path, self.engine):
            return collect(self.engine, self.data, request)

    def held(self) -> Door:
        """Return the door to the same data that may be gone through several times."""
        from cxkit.files import OnceEach

        lasts = self.data.lasts if isinstance(self.data, OnceEach) else isinstance(self.data, Collection)
        return self if self.engine != "rows" or lasts else attrs.evolve(self, data=list(self.data))


@contextmanager
def _blaming_file(path: str, engine: str) -> Iterator[None]:
    """Say in one sentence what a library finds wrong in a file: they know damage by many names, none of them ours.

    Raises:
        InvalidValueError: the file can't be read.
    """
    try:
        yield
    except CxkitError:
        raise
    except Exception as error:
        if type(error).__module__.partition(".")[0].lstrip("_") not in _BLAMED and not isinstance(error, OSError):
            raise
        what = " ".join(str(error).split())
        raise InvalidValueError("file", path, f"can't be read by {engine}: {what}") from None


def door(
    data: Any,  # noqa: ANN401 - events, paths or a table
    engine: str | None = None,
    input_tz: str | None = None,
    recipe: Recipe | str | os.PathLike[str] | None = None,
    joins: Mapping[str, Readable] | None = None,
) -> Door:
    """Return the door for data; the arguments are those of `score`.

    Raises:
        InvalidValueError: it isn't data, or a file can't be read.
        UnknownNameError: no such engine.
        UnsupportedError: the engine can't read it.
    """
    if engine is not None and engine not in ENGINES:
        raise UnknownNameError("engine", engine, ENGINES)
    if recipe is not None:
        return _by_recipe(data, recipe, joins, engine, input_tz)
    if isinstance(data, str | os.PathLike):
        return _of_file(os.fspath(data), engine, input_tz)
    library = type(data).__module__.partition(".")[0].lstrip("_")
    if library in _LIBRARIES:
        if engine not in (None, _LIBRARIES[library]):
            message = f"a {library} table is scored by engine {_LIBRARIES[library]!r}, not {engine!r}"
            raise UnsupportedError(message)
        return Door(_LIBRARIES[library], data)
    if isinstance(data, Event) or not isinstance(data, Iterable):
        raise InvalidValueError("data", type(data).__name__, "isn't events, a path, several paths, or a table")
    paths = paths_of(data)
    if paths is not None:
        return _of_events(files_once(paths, input_tz), engine)
    return _of_events(data, engine)


def paths_of(data: Any) -> list[str] | None:  # noqa: ANN401 - anything that is gone through
    """Return several paths as text; None where data is something else.

    >>> paths_of(["a.csv", "b.csv"]), paths_of([]), paths_of([3])
    (['a.csv', 'b.csv'], None, None)
    """
    if not isinstance(data, list | tuple) or not data or not isinstance(data[0], str | os.PathLike):
        return None
    for path in data:
        if not isinstance(path, str | os.PathLike):
            raise InvalidValueError("data", path, "stands among paths and isn't one")
    return [os.fspath(path) for path in data]


def is_store(path: str) -> bool:
    """Say whether a file is a store.

    >>> is_store("no such file")
    False
    """
    if path == "-" or not Path(path).is_file():
        return False
    with Path(path).open("rb") as opened:
        return opened.read(len(_SQLITE)) == _SQLITE


def events_of(path: str, input_tz: str | None = None) -> Iterable[Event]:
    """Return the events of a file or of a store, one after the other.

    Raises:
        InvalidValueError: the file can't be read, or a row of it can't be taken.
        StoreError: the store can't be read.
    """
    if is_store(path):
        return _of_store(path)
    from cxkit import files

    return files.read_events(path, input_tz=input_tz, strict=True, instruments=registry().instruments)


def _of_store(path: str) -> Iterator[Event]:
    from cxkit.store import SQLiteStore

    with SQLiteStore.open(path) as store:
        yield from store.events(ordered=False)


def files_once(paths: Sequence[str], input_tz: str | None) -> Iterable[Event]:
    """Return the events of several files and stores, each (source, id) once."""
    from cxkit.files import OnceEach

    def read() -> Iterator[Event]:
        return chain.from_iterable(events_of(path, input_tz) for path in paths)

    return OnceEach(read(), None if "-" in paths else read)


def _of_file(path: str, engine: str | None, input_tz: str | None) -> Door:
    from cxkit import files

    # Rows one by one where the engine wants them so, or where times without a zone have to be read in one.
    if files.format_of(path) == "parquet" and engine != "rows" and input_tz is None:
        from cxkit.engines.frame import open_path

        name = engine or "polars"
        with _blaming_file(path, name):
            return Door(name, open_path(path, name), path)
    if engine not in (None, "rows") and path != "-" and not is_store(path):
        from cxkit.recipes.lazy import lazy_events

        reading: Reading = files.read_events(path, input_tz=input_tz, strict=True, instruments=registry().instruments)
        with reading:
            table = lazy_events(reading, engine)
        if table is not None:
            return Door(engine, table)
    return _of_events(files_once([path], input_tz), engine)


def _by_recipe(
    data: Any,  # noqa: ANN401 - a path, an open file or several
    recipe: Recipe | str | os.PathLike[str],
    joins: Mapping[str, Readable] | None,
    engine: str | None,
    input_tz: str | None,
) -> Door:
    from cxkit import files, recipes

    chosen = recipe if isinstance(recipe, recipes.Recipe) else recipes.load(recipe)
    several = [data] if isinstance(data, str | os.PathLike) or hasattr(data, "read") else list(data)

    def read() -> recipes.RecipeReading:
        instruments = registry().instruments
        return recipes.read(several, chosen, joins=joins, input_tz=input_tz, strict=True, instruments=instruments)

    # What was handed over open, or comes through a pipe, is gone once it is read.
    paths = [*several, *(joins or {}).values()]
    again = all(isinstance(path, str | os.PathLike) and path != "-" for path in paths)
    if again and engine is not None and engine != "rows":
        from cxkit.recipes.lazy_recipe import lazy_table

        with read() as reading:
            table = lazy_table(reading, engine)
        if table is not None:
            return Door(engine, table)
    return _of_events(files.OnceEach(read(), read if again else None), engine)


def _of_events(events: Iterable[Event], engine: str | None) -> Door:
    if engine in (None, "rows"):
        return Door("rows", events)
    from cxkit.engines.frame import table_of_events

    return Door(engine or "polars", table_of_events(events, engine or "polars"))
