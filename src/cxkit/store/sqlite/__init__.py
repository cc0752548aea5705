"""Events in one SQLite file, embedded in the app."""

from cxkit.store.sqlite.store import SQLiteStore

__all__ = ["SQLiteStore"]
