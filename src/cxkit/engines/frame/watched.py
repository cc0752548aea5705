"""A library's functions, and how much they were asked for: what `Work` tells."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import narwhals.stable.v2 as nw

    from cxkit.engines.frame.backend import Backend, Columns, LazyFrame, Row


class Watched:
    """The functions of a `Backend`, counted.

    Attributes:
        WIDE: as the library has it.
        passes: how often the caller's table was gone through.
        queries: how many frames were computed of what was kept of it.
        collected: how many rows came back from those.
    """

    def __init__(self, backend: Backend) -> None:
        """Start at nothing."""
        self._backend = backend
        self.WIDE = backend.WIDE
        self._near = self._kept = False
        self.passes = 0
        self.queries = 0
        self.collected = 0

    def scan(self, paths: Sequence[str], *, partitioned: bool) -> Any:  # noqa: ANN401 - a native table
        """As the library has it."""
        return self._backend.scan(paths, partitioned=partitioned)

    def of_arrow(self, table: Any) -> Any:  # noqa: ANN401 - an Arrow table in, a native one out
        """As the library has it."""
        return self._backend.of_arrow(table)

    def instant(self, frame: LazyFrame, column: str, name: str) -> LazyFrame:
        """As the library has it."""
        return self._backend.instant(frame, column, name)

    def composed(self, frame: LazyFrame, columns: Sequence[str]) -> LazyFrame:
        """As the library has it."""
        return self._backend.composed(frame, columns)

    def beside(self, frame: LazyFrame, texts: Columns, wholes: Columns) -> LazyFrame:
        """As the library has it."""
        return self._backend.beside(frame, texts, wholes)

    def replaced(self, frame: LazyFrame, column: str, mapping: Mapping[str, str]) -> LazyFrame:
        """As the library has it."""
        return self._backend.replaced(frame, column, mapping)

    def odd(self, frame: LazyFrame, columns: Sequence[str]) -> tuple[str, ...]:
        """Count a pass, unless the table is in memory."""
        self._looked(1)
        return self._backend.odd(frame, columns)

    @contextmanager
    def near(self, frame: LazyFrame, wanted: nw.Expr | None) -> Iterator[tuple[LazyFrame, bool]]:
        """Count the pass that reads the table into memory, if the library does."""
        with self._backend.near(frame, wanted) as (found, in_memory):
            self._near = in_memory
            self.passes += in_memory
            yield found, in_memory

    @contextmanager
    def held(self, frame: LazyFrame) -> Iterator[LazyFrame]:
        """Count the pass that makes what is kept of the table: it is the first that is held."""
        with self._backend.held(frame) as found:
            if self._kept:
                self.queries += 1
            else:
                self._looked(1)
                self._kept = True
            yield found

    def coded(self, frame: LazyFrame, columns: Sequence[str]) -> LazyFrame:
        """As the library has it."""
        return self._backend.coded(frame, columns)

    def rows(self, frames: Sequence[LazyFrame]) -> list[list[Row]]:
        """Count passes over the table, or queries of what was kept of it."""
        found = self._backend.rows(frames)
        if self._kept:
            self.queries += len(frames)
            self.collected += sum(map(len, found))
        else:
            self._looked(len(frames))
        return found

    def again(self) -> None:
        """Count a pass over the table itself, though some of it be in memory."""
        self.passes += self._near

    def _looked(self, times: int) -> None:
        self.passes += 0 if self._near or self._kept else times
