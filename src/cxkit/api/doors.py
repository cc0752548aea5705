"""Doors: what data is, which engine takes it, and as what."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Collection, Iterable
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, Final

import attrs

from cxkit.engines import ENGINES, collect
from cxkit.errors import CxkitError, InvalidValueError, MissingExtraError, UnknownNameError, UnsupportedError
from cxkit.model.block import Chained
from cxkit.model.event import Event
from cxkit.plugins import registry
from cxkit.store import open_store
from cxkit.store.opening import is_store, is_url, shown_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cxkit.engines import Collected, Request
    from cxkit.files import Reading
    from cxkit.files.source import Readable
    from cxkit.recipes import Recipe
    from cxkit.store.postgres.address import Address

_LIBRARIES: Final[Mapping[str, str]] = {
    "polars": "polars", "duckdb": "duckdb", "pandas": "polars", "pyarrow": "polars", "ibis": "ibis", "pyspark": "spark",
}  # fmt: skip
"""Whose tables are scored, and by which engine."""
_BLAMED: Final = frozenset({*_LIBRARIES, "narwhals", "psycopg", "py4j", "grpc", "sqlglot"})

_TABLE: Final = " table"
_LONGEST: Final = 400
"""How much is told of a library's own error."""


@attrs.frozen(eq=False)
class Door:
    """Data as an engine takes it.

    Attributes:
        engine: the engine's name.
        data: the events, or the table.
        path: what to call the data in an error: the file that an engine reads itself, or the table's library; or None.
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

        if isinstance(self.data, InServer):
            with _blaming(self.data.address.name, self.engine), self.data.opened() as table:
                return collect(self.engine, table, request)
        if isinstance(self.data, OnceEach):
            return self.data.used(lambda events: collect(self.engine, events, request))
        if self.path is None:
            return collect(self.engine, self.data, request)
        with _blaming(self.path, self.engine):
            return collect(self.engine, self.data, request)

    def held(self) -> Door:
        """Return the door to the same data that may be gone through several times."""
        from cxkit.files import OnceEach

        lasts = self.data.lasts if isinstance(self.data, OnceEach) else isinstance(self.data, Collection)
        return self if self.engine != "rows" or lasts else attrs.evolve(self, data=list(self.data))


@attrs.frozen
class InServer:
    """A store in a PostgreSQL server, to be scored there.

    Attributes:
        address: where it is.
    """

    address: Address

    @contextmanager
    def opened(self) -> Iterator[Any]:
        """Give its events as a table of Ibis, on a connection of its own.

        Raises:
            MissingExtraError: Ibis isn't installed.
        """
        try:
            import ibis
            import psycopg
        except ModuleNotFoundError as error:
            raise MissingExtraError("postgres", error.name or "ibis") from None
        with closing(psycopg.connect(**self.address.parameters, autocommit=True)) as connection:
            connection.execute("set jit = off")  # it compiles for a second what runs for a tenth of one
            yield ibis.postgres.from_connection(connection).table("event", database=self.address.schema)


@contextmanager
def _blaming(path: str, engine: str) -> Iterator[None]:
    """Say in one sentence what a library finds wrong in data: they know damage by many names, none of them ours.

    Raises:
        InvalidValueError: the data can't be read.
    """
    try:
        yield
    except CxkitError:
        raise
    except Exception as error:
        if type(error).__module__.partition(".")[0].lstrip("_") not in _BLAMED and not isinstance(error, OSError):
            raise
        # Some go on for pages, and say what happened first.
        field = "data" if path.endswith(_TABLE) else "file"
        what = textwrap.shorten(str(error), _LONGEST, placeholder=" …")
        raise InvalidValueError(field, path, f"can't be read by {engine}: {what}") from error


def door(  # noqa: PLR0913, PLR0917 - what may be said of data
    data: Any,  # noqa: ANN401 - events, paths or a table
    engine: str | None = None,
    input_tz: str | None = None,
    recipe: Recipe | str | os.PathLike[str] | None = None,
    joins: Mapping[str, Readable] | None = None,
    columns: Mapping[str, str] | None = None,
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
        return _by_recipe(data, recipe, joins, engine, input_tz, columns)
    if isinstance(data, InServer):
        return Door("ibis", data)
    if isinstance(data, str | os.PathLike):
        return _of_files([os.fspath(data)], engine, input_tz, columns)
    table = _of_table(data, engine, columns)
    if table is not None:
        return table
    if isinstance(data, Event) or not isinstance(data, Iterable):
        raise InvalidValueError("data", type(data).__name__, "isn't events, a path, several paths, or a table")
    paths = paths_of(data)
    if paths is not None:
        return _of_files(paths, engine, input_tz, columns)
    if columns:
        raise InvalidValueError("columns", dict(columns), "are a table's or a file's: events have names of their own")
    return _of_events(data, engine)


def _of_table(data: Any, engine: str | None, columns: Mapping[str, str] | None) -> Door | None:  # noqa: ANN401 - anything
    """Return the door to a library's table; None where data is something else."""
    library = type(data).__module__.partition(".")[0].lstrip("_")
    if library not in _LIBRARIES:
        return None
    if engine not in (None, _LIBRARIES[library]):
        message = f"a {library} table is scored by engine {_LIBRARIES[library]!r}, not {engine!r}"
        raise UnsupportedError(message)
    return Door(_LIBRARIES[library], _renamed(data, columns), f"the {library}{_TABLE}")


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


def events_of(path: str, input_tz: str | None = None) -> Iterable[Event]:
    """Return the events of a file or of a store, one after the other.

    Raises:
        InvalidValueError: the file can't be read, or a row of it can't be taken.
        StoreError: the store can't be read.
    """
    if is_store(path):
        return _events_in(path)
    from cxkit import files

    return files.read_events(path, input_tz=input_tz, strict=True, instruments=registry().instruments)


def _events_in(path: str) -> Iterator[Event]:
    with open_store(path) as store:
        yield from store.events(ordered=False)


def files_once(paths: Sequence[str], input_tz: str | None) -> Iterable[Event]:
    """Return the events of several files and stores, each (source, id) once."""
    from cxkit.files import OnceEach

    def read() -> Iterable[Event]:
        return Chained(events_of(path, input_tz) for path in paths)

    return OnceEach(read(), None if "-" in paths else read)


def _of_files(
    paths: Sequence[str], engine: str | None, input_tz: str | None, columns: Mapping[str, str] | None
) -> Door:
    from cxkit import files

    if len(paths) == 1 and is_url(paths[0]) and engine in (None, "ibis") and not columns:
        from cxkit.store import PostgresStore

        with PostgresStore.open(paths[0]) as store:  # says what is wrong with it
            return Door("ibis", InServer(store.address))
    found = [file for path in paths for file in ([path] if is_store(path) else files.files_at(path))]
    named = ", ".join(map(shown_name, paths))  # a URL may hold a password
    # Rows one by one where the engine wants them so, or where times without a zone have to be read in one.
    if engine != "rows" and input_tz is None and all(files.format_of(path) == "parquet" for path in found):
        from cxkit.engines.frame import open_paths

        name = engine or "polars"
        with _blaming(named, name):
            return Door(name, _renamed(open_paths(found, name), columns), named)
    if columns:
        message = f"{named} is read row by row, where columns can't be renamed: write a recipe"
        raise UnsupportedError(message)
    if engine not in (None, "rows") and len(found) == 1 and found[0] != "-" and not is_store(found[0]):
        from cxkit.recipes.lazy import lazy_events

        instruments = registry().instruments
        reading: Reading = files.read_events(found[0], input_tz=input_tz, strict=True, instruments=instruments)
        with reading:
            table = lazy_events(reading, engine)
        if table is not None:
            return Door(engine, table)
    return _of_events(files_once(found, input_tz), engine)


def _renamed(table: Any, columns: Mapping[str, str] | None) -> Any:  # noqa: ANN401 - a native table
    if not columns:
        return table
    from cxkit.engines.frame import renamed

    return renamed(table, columns)


def _by_recipe(  # noqa: PLR0913, PLR0917 - as `door` has it
    data: Any,  # noqa: ANN401 - a path, an open file or several
    recipe: Recipe | str | os.PathLike[str],
    joins: Mapping[str, Readable] | None,
    engine: str | None,
    input_tz: str | None,
    columns: Mapping[str, str] | None,
) -> Door:
    from cxkit import files, recipes

    if columns:
        raise InvalidValueError("columns", dict(columns), "are named by the recipe: leave one of the two out")
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
