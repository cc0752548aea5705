"""Events in memory as a table, for a user who asks for a table's engine by name."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from cxkit.engines.frame.backend import backend_named
from cxkit.model.event import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cxkit.model.event import Event

_WHOLE: Final = frozenset({"ts_us", "amount_minor", "duration_us", "weight_ppm"})
_CHUNK: Final = 65_536


def table_of_events(events: Iterable[Event], engine: str) -> Any:  # noqa: ANN401 - a native table
    """Return events as a table of an engine.

    Args:
        events: any number; the table holds them all in memory.
        engine: ``polars``, ``duckdb``, ``spark`` or ``ibis``.

    Raises:
        MissingExtraError: the library isn't installed.
        UnsupportedError: no such engine.

    >>> from cxkit.model.event import event
    >>> table_of_events([event("visit.started")], "polars").shape
    (1, 16)
    """
    backend = backend_named(engine)
    backend_named("polars")
    import polars as pl

    types = {name: pl.Int64 if name in _WHOLE else pl.Float64 if name == "score" else pl.String for name in COLUMNS}
    chunks = [pl.DataFrame(schema=types)]
    stream = iter(events)
    while chunk := list(islice(stream, _CHUNK)):
        columns = {name: [getattr(event, name) for event in chunk] for name in COLUMNS}
        chunks.append(pl.DataFrame(columns, schema=types))
    table = pl.concat(chunks)
    return table if engine == "polars" else backend.of_arrow(table.to_arrow(compat_level=pl.CompatLevel.oldest()))
