"""Engines: each computes statistics where the events are, and knows no metric."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import attrs

from cxkit.engines.request import Collected, Request
from cxkit.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping


@attrs.frozen
class Engine:
    """Where an engine is, and what it needs.

    Attributes:
        room: the package that computes; it is imported when the engine is used.
        module: the library that it works on, or None.
        extra: the extra of cxkit that brings the library.
    """

    room: str
    module: str | None = None
    extra: str = ""


_FRAME: Final = "cxkit.engines.frame"
ENGINES: Final[Mapping[str, Engine]] = {
    "rows": Engine("cxkit.engines.rows"),
    "polars": Engine(_FRAME, "polars", "frame"),
    "duckdb": Engine(_FRAME, "duckdb", "frame"),
    "ibis": Engine(_FRAME, "ibis", "ibis"),
    "spark": Engine(_FRAME, "pyspark", "spark"),
}
"""The engines by their names."""


def collect(engine: str, data: Any, request: Request) -> Collected:  # noqa: ANN401 - events or a table
    """Compute a request on the engine of that name.

    Args:
        engine: a name of `ENGINES`.
        data: events for the rows engine, a table for the others.
        request: what to compute.

    Raises:
        UnknownNameError: no such engine.
        UnsupportedError: the engine lacks a statistic or can't read the data.
    """
    if engine not in ENGINES:
        raise UnknownNameError("engine", engine, ENGINES)
    found: Collected = import_module(ENGINES[engine].room).collect(data, request)
    return found


def capabilities() -> dict[str, frozenset[str]]:
    """Return the names of the statistics that each engine computes.

    >>> "Spans" in capabilities()["rows"]
    True
    """
    return {
        name: frozenset(statistic.__name__ for statistic in import_module(engine.room).SUPPORTED)
        for name, engine in ENGINES.items()
    }


__all__ = ["ENGINES", "Collected", "Engine", "Request", "capabilities", "collect"]
