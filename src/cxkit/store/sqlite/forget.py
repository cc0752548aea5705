"""Forgetting a person: what is erased, what is left behind so that they stay forgotten, and what is out of reach."""

from __future__ import annotations

import json
import sqlite3
import time
from typing import TYPE_CHECKING, Any, Final

from cxkit.errors import StoreBusyError
from cxkit.model.identity import resolve
from cxkit.store.results import Forgotten
from cxkit.store.sqlite import schema
from cxkit.store.tombstones import Tombstones

if TYPE_CHECKING:
    from collections.abc import Sequence

_PERSON: Final = "(SELECT value FROM json_each(:person))"
_THEIRS: Final = f"(customer IN {_PERSON} OR (kind <= 2 AND reference IN {_PERSON}))"
# Replaced versions of what is erased go too, though they may name nobody or somebody else: they are the same fact.
_ERASE_SUPERSEDED: Final = f"""
    DELETE FROM superseded WHERE {_THEIRS} OR EXISTS (
        SELECT 1 FROM record AS r WHERE r.source = superseded.source AND r.id = superseded.id
        AND (r.customer IN {_PERSON} OR (r.kind <= 2 AND r.reference IN {_PERSON}))
    )
"""  # noqa: S608 - no values
_ERASE_RECORDS: Final = f"DELETE FROM record WHERE {_THEIRS}"  # noqa: S608 - no values


def load_tombstones(connection: sqlite3.Connection) -> Tombstones:
    """Return the tombstones of the store; within a transaction, or they may be of two moments."""
    ((forgotten, salt),) = connection.execute("SELECT forgotten, salt FROM store")
    digests = connection.execute("SELECT digest FROM tombstone") if forgotten else ()
    return Tombstones(forgotten, salt, frozenset(digest for (digest,) in digests))


def erase(connection: sqlite3.Connection, customers: Sequence[str], max_people: int) -> Forgotten:
    """Erase people from the tables, whatever their identities, and leave tombstones: one transaction."""
    connection.execute("BEGIN IMMEDIATE")
    tombstones = load_tombstones(connection)
    texts = schema.load_texts(connection)
    people = resolve(schema.events_of(texts, connection.execute(schema.SELECT_LINKS).fetchall()), max_people=max_people)
    person, known = tombstones.person(people, customers)
    given: dict[str, Any] = {"person": json.dumps(sorted(person), ensure_ascii=False)}
    audit_rows = connection.execute(_ERASE_SUPERSEDED, given).rowcount
    events = connection.execute(_ERASE_RECORDS, given).rowcount
    connection.executemany(
        "INSERT OR IGNORE INTO tombstone VALUES (?)", [(tombstones.digest(identity),) for identity in person]
    )
    connection.execute("UPDATE store SET forgotten = forgotten + 1")
    connection.execute("COMMIT")
    return Forgotten(events=events, audit_rows=audit_rows, identities=known)


def scrub(connection: sqlite3.Connection, path: str, timeout: float) -> None:
    """Write the file anew without what was erased, and empty its write-ahead log.

    Raises:
        StoreBusyError: another process is still reading what was erased.
    """
    deadline = time.monotonic() + timeout
    unfinished = StoreBusyError(
        f"{path}: the events are erased, but another process reads the store, so their bytes are still in the file: "
        "call forget again when it has finished"
    )
    try:
        # Overwriting what is deleted isn't enough: pages keep stale copies of rows that once moved to another page.
        connection.execute("VACUUM")
        while True:
            ((busy, _, _),) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            if not busy:
                return
            if time.monotonic() > deadline:
                raise unfinished
            time.sleep(0.01)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            raise unfinished from error
        raise
