"""Where events are kept: one SQLite file, embedded in the app; or a schema of a PostgreSQL database."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from cxkit.store.opening import open_store
from cxkit.store.protocol import Durability, Store
from cxkit.store.results import Forgotten, Outcome, Replaced, Report

if TYPE_CHECKING:
    from cxkit.store.postgres import PostgresStore
    from cxkit.store.sqlite import SQLiteStore

__all__ = [
    "Durability",
    "Forgotten",
    "Outcome",
    "PostgresStore",
    "Replaced",
    "Report",
    "SQLiteStore",
    "Store",
    "open_store",
]

_HOMES: Final = {"PostgresStore": "cxkit.store.postgres", "SQLiteStore": "cxkit.store.sqlite"}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    """Open the kind of store that is asked for: whoever only asks whether a file is one loads no database."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    message = f"module 'cxkit.store' has no attribute {name!r}"
    raise AttributeError(message)
