"""Where events are kept: one SQLite file, embedded in the app."""

from cxkit.store.connections import Durability
from cxkit.store.results import Forgotten, Outcome, Replaced, Report
from cxkit.store.sqlite import SQLiteStore

__all__ = ["Durability", "Forgotten", "Outcome", "Replaced", "Report", "SQLiteStore"]
