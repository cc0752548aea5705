"""Engines: each computes statistics where the events are, and knows no metric."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from cxkit.engines.request import Collected, Request
from cxkit.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping

ENGINES: Final[Mapping[str, str]] = {
    "rows": "cxkit.engines.rows",
    "polars": "cxkit.engines.frame",
    "duckdb": "cxkit.engines.frame",
}
"""The engines' names and their rooms; a room is imported when its engine is used."""


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
    found: Collected = import_module(ENGINES[engine]).collect(data, request)
    return found


def capabilities() -> dict[str, frozenset[str]]:
    """Return the names of the statistics that each engine computes.

    >>> "Spans" in capabilities()["rows"]
    True
    """
    rooms = {room: import_module(room).SUPPORTED for room in set(ENGINES.values())}
    return {engine: frozenset(statistic.__name__ for statistic in rooms[room]) for engine, room in ENGINES.items()}


__all__ = ["ENGINES", "Collected", "Request", "capabilities", "collect"]
