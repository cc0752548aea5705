"""SQLite's errors in our words."""

from __future__ import annotations

import sqlite3
from typing import Final

from cxkit.errors import StoreBusyError, StoreError

_REASONS: Final = {
    sqlite3.SQLITE_FULL: "the disk is full: make room",
    sqlite3.SQLITE_READONLY: "it or its folder can't be written: look at their permissions",
    sqlite3.SQLITE_PERM: "it can't be opened: look at its permissions",
    sqlite3.SQLITE_CANTOPEN: "it can't be opened: its folder must exist, and both must be readable and writable",
    sqlite3.SQLITE_CORRUPT: "it is damaged: restore a backup",
    sqlite3.SQLITE_NOTADB: "not a cxkit store, nor any SQLite database: choose another file",
}


def failure(path: str, error: sqlite3.Error) -> StoreError:
    """Return an error of SQLite as ours, in one sentence that names the file."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the lower byte; the rest says more than a user can use
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreBusyError(f"{path}: another process held the store for longer than the timeout: try again")
    return StoreError(f"{path}: {_REASONS.get(code, error)}")
