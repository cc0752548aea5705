"""The tables of an SQLite store, and events as their rows.

What recurs (source, kind, touchpoint, channel, instrument, item, currency) is kept once, as a word, and a row holds its
key: a row is half as wide, and binding seven integers costs less than binding seven texts. The view `events` puts the
words back for whoever reads the file with another tool.
"""

from __future__ import annotations

import os
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from cxkit.errors import StoreError
from cxkit.model.event import Event, event_of_row
from cxkit.model.identity import LINKED, UNLINKED

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

APPLICATION_ID: Final = 0x63786B31  # "cxk1": marks the file as ours
SCHEMA_VERSION: Final = 1

# Both are written first of all, so that rows that link and unlink are those whose kind is at most 2.
_FIRST_WORDS: Final = (LINKED, UNLINKED)

_COLUMNS: Final = """
    source INTEGER NOT NULL, id TEXT NOT NULL, ts_us INTEGER NOT NULL, kind INTEGER NOT NULL, customer TEXT,
    touchpoint INTEGER, channel INTEGER, reference TEXT, instrument INTEGER, item INTEGER, score REAL,
    amount_minor INTEGER, currency INTEGER, duration_us INTEGER, weight_ppm INTEGER NOT NULL, properties TEXT
"""
_KEY: Final = ("source", "id")
_REST: Final = (
    "ts_us", "kind", "customer", "touchpoint", "channel", "reference", "instrument", "item", "score", "amount_minor",
    "currency", "duration_us", "weight_ppm", "properties",
)  # fmt: skip
_ALL: Final = ", ".join(_KEY + _REST)


def _of(table: str, columns: Iterable[str] = _REST) -> str:
    return ", ".join(f"{table}.{column}" for column in columns)


# `record` has no rowid: its rows lie in the index of their key, so a commit writes one page instead of two.
# An event that comes again under its key, otherwise than before, replaces the row; the trigger keeps the old one.
_TABLES: Final = f"""
    CREATE TABLE store (forgotten INTEGER NOT NULL, salt BLOB NOT NULL);
    CREATE TABLE word (key INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
    CREATE TABLE record ({_COLUMNS}, PRIMARY KEY (source, id)) WITHOUT ROWID;
    CREATE INDEX link ON record (kind) WHERE kind <= 2;
    CREATE TABLE superseded (seq INTEGER PRIMARY KEY, {_COLUMNS}, replaced_us INTEGER NOT NULL);
    CREATE INDEX superseded_key ON superseded (source, id);
    CREATE TABLE tombstone (digest BLOB PRIMARY KEY) WITHOUT ROWID;
    CREATE TRIGGER supersede AFTER UPDATE ON record BEGIN
        INSERT INTO superseded ({_ALL}, replaced_us)
        VALUES ({_of("old", _KEY + _REST)}, CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER));
    END;
    CREATE VIEW events AS SELECT
        record.id, ts_us, kind.text AS kind, customer, source.text AS source, touchpoint.text AS touchpoint,
        channel.text AS channel, reference, instrument.text AS instrument, item.text AS item, score, amount_minor,
        currency.text AS currency, duration_us, weight_ppm, properties
    FROM record
    JOIN word AS kind ON kind.key = record.kind
    JOIN word AS source ON source.key = record.source
    LEFT JOIN word AS touchpoint ON touchpoint.key = record.touchpoint
    LEFT JOIN word AS channel ON channel.key = record.channel
    LEFT JOIN word AS instrument ON instrument.key = record.instrument
    LEFT JOIN word AS item ON item.key = record.item
    LEFT JOIN word AS currency ON currency.key = record.currency;
"""  # noqa: S608 - columns, no values

# sqlite3 binds None ten times slower than anything else, and most columns of most events are None. No text is empty or
# a number, no number is text, so "" and 0 can stand for it: see `rows_of`.
_VALUES: Final = ", ".join([
    "?", "?", "?", "?", *["nullif(?, 0)"] * 6, "nullif(?, '')", "nullif(?, '')", "nullif(?, 0)", "nullif(?, '')", "?",
    "nullif(?, 0)",
])  # fmt: skip


def _on_conflict(columns: Sequence[str]) -> str:
    """Return what happens to a row under a key that is there: it replaces the old one where these columns differ.

    A version that was replaced before says nothing new: importing last year's file again must not bring it back.
    """
    return f"""
        ON CONFLICT (source, id) DO UPDATE SET {", ".join(f"{column} = excluded.{column}" for column in columns)}
        WHERE ({_of("record", columns)}) IS NOT ({_of("excluded", columns)}) AND NOT EXISTS (
            SELECT 1 FROM superseded WHERE superseded.source = excluded.source AND superseded.id = excluded.id
            AND ({_of("superseded", columns)}) IS ({_of("excluded", columns)})
        )
    """  # noqa: S608 - columns, no values


_ON_CONFLICT: Final = _on_conflict(_REST)
_INSERT: Final = f"INSERT INTO record ({_ALL}) VALUES"
# Several rows a statement take a fifth less time than one; more than that gain little.
_ROWS_AT_ONCE: Final = 10
_INSERT_ONE: Final = f"{_INSERT} ({_VALUES}) {_ON_CONFLICT}"
_INSERT_SEVERAL: Final = f"{_INSERT} {', '.join([f'({_VALUES})'] * _ROWS_AT_ONCE)} {_ON_CONFLICT}"
# The same for one event in a transaction of its own: it isn't written when somebody was forgotten meanwhile.
_UNLESS_FORGOTTEN: Final = f"""
    INSERT INTO record ({_ALL}) SELECT {_VALUES} WHERE (SELECT forgotten FROM store) = ?
"""  # noqa: S608 - columns, no values
INSERT_UNLESS_FORGOTTEN: Final = _UNLESS_FORGOTTEN + _ON_CONFLICT
# For an event whose time is only when it was told: a retry keeps the time of the first telling.
INSERT_UNTIMED: Final = _UNLESS_FORGOTTEN + _on_conflict([column for column in _REST if column != "ts_us"])

_REVIVE: Final = f"""
    DELETE FROM superseded WHERE source = ? AND id = ? AND ({_of("superseded")}) IS ({_VALUES.removeprefix("?, ?, ")})
"""  # noqa: S608 - columns, no values

_SELECT: Final = f"SELECT {_of('record', _KEY + _REST)} FROM record"  # noqa: S608 - columns, no values
SELECT_LINKS: Final = f"{_SELECT} WHERE kind <= 2"
SELECT_SUPERSEDED: Final = f"SELECT {_ALL}, replaced_us FROM superseded ORDER BY seq"  # noqa: S608 - columns, no values

# Where pulls from vendors stand; made when first needed, as stores that never pull, and older ones, are without it.
MAKE_PULLED: Final = "CREATE TABLE IF NOT EXISTS pulled (pull TEXT PRIMARY KEY, state TEXT NOT NULL) WITHOUT ROWID"
HAS_PULLED: Final = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'pulled'"
SELECT_PULLED: Final = "SELECT state FROM pulled WHERE pull = ?"
KEEP_PULLED: Final = "INSERT INTO pulled VALUES (?, ?) ON CONFLICT (pull) DO UPDATE SET state = excluded.state"


def prepare(connection: sqlite3.Connection, path: str) -> None:
    """Make the tables of a new store; check those of an old one.

    Raises:
        StoreError: the file is another application's, or was written by a newer cxkit.
    """
    connection.execute("BEGIN")  # its marks and its tables as of one moment: another may be making them just now
    blank = _is_blank(connection, path)
    connection.execute("COMMIT")
    if not blank:
        return
    connection.execute("BEGIN IMMEDIATE")
    # Of several processes that open a new store at once, one makes it.
    if _is_blank(connection, path):
        for statement in _statements(_TABLES):
            connection.execute(statement)
        connection.execute("INSERT INTO store VALUES (0, ?)", (os.urandom(32),))
        connection.executemany("INSERT INTO word (text) VALUES (?)", [(word,) for word in _FIRST_WORDS])
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    connection.execute("COMMIT")


def _is_blank(connection: sqlite3.Connection, path: str) -> bool:
    """Whether the database holds nothing yet; raises unless it is blank or a store that we can use."""
    ((application,),) = connection.execute("PRAGMA application_id")
    ((version,),) = connection.execute("PRAGMA user_version")
    ((tables,),) = connection.execute("SELECT count(*) FROM sqlite_master")
    if application == APPLICATION_ID:
        if version > SCHEMA_VERSION:
            raise StoreError(
                f"{path}: written by a newer cxkit (schema {version}, this one knows {SCHEMA_VERSION}): upgrade cxkit"
            )
        return False
    if application or version or tables:
        raise StoreError(f"{path}: not a cxkit store but another SQLite database: choose another file")
    return True


def _statements(script: str) -> list[str]:
    """Return a script's statements: `executescript` would commit the transaction that is open."""
    from sqlite3 import complete_statement

    statements, text = [], ""
    for line in script.splitlines(keepends=True):
        text += line
        if complete_statement(text):
            statements.append(text)
            text = ""
    return statements


def select(conditions: Iterable[str], *, ordered: bool) -> str:
    """Return the query for events that meet all of the conditions, by time, source and id if they are to be ordered."""
    join = " JOIN word AS name ON name.key = record.source" if ordered else ""
    order = " ORDER BY record.ts_us, name.text, record.id" if ordered else ""
    where = " AND ".join(conditions)
    return f"{_SELECT}{join}{f' WHERE {where}' if where else ''}{order}"


def rows_of(words: Mapping[str | None, int], events: Iterable[Event]) -> list[tuple[Any, ...]]:
    """Return events as rows to be inserted.

    Raises:
        KeyError: a word has no key yet.
    """
    return [
        (
            words[event.source], event.id, event.ts_us, words[event.kind], event.customer or 0, words[event.touchpoint],
            words[event.channel], event.reference or 0, words[event.instrument], words[event.item],
            "" if event.score is None else event.score, "" if event.amount_minor is None else event.amount_minor,
            words[event.currency], "" if event.duration_us is None else event.duration_us, event.weight_ppm,
            event.properties or 0,
        )
        for event in events
    ]  # fmt: skip


def insert(connection: sqlite3.Connection, rows: list[tuple[Any, ...]]) -> int:
    """Insert rows, or correct those that are there; return how many that were. The rows are sorted by their keys."""
    # Neighbours in the file one after the other: a fifth faster where ids come in no order, as those of a file's rows.
    # The sort is stable, so of one key's versions the last still comes last.
    rows.sort(key=itemgetter(0, 1))
    several = len(rows) // _ROWS_AT_ONCE * _ROWS_AT_ONCE
    flat = [list(chain.from_iterable(rows[at : at + _ROWS_AT_ONCE])) for at in range(0, several, _ROWS_AT_ONCE)]
    kept = connection.executemany(_INSERT_SEVERAL, flat).rowcount if flat else 0
    return kept + (connection.executemany(_INSERT_ONE, rows[several:]).rowcount if rows[several:] else 0)


def revive(connection: sqlite3.Connection, rows: list[tuple[Any, ...]]) -> None:
    """Take versions out of the audit that are to stand again, so that they aren't taken for old ones."""
    if connection.execute("SELECT 1 FROM superseded LIMIT 1").fetchone():
        connection.executemany(_REVIVE, rows)


def words_of(events: Iterable[Event]) -> set[str | None]:
    """Return what these events would have keys for."""
    return {
        word
        for event in events
        for word in (
            event.source, event.kind, event.touchpoint, event.channel, event.instrument, event.item, event.currency,
        )
    }  # fmt: skip


def events_of(texts: Mapping[int | None, str | None], rows: Sequence[Sequence[Any]]) -> list[Event]:
    """Return the events of rows that `SELECT` gave."""
    return [
        event_of_row((
            id_, ts_us, texts[kind], customer, texts[source], texts[touchpoint], texts[channel], reference,
            texts[instrument], texts[item], score, amount_minor, texts[currency], duration_us, weight_ppm, properties,
        ))
        for (
            source, id_, ts_us, kind, customer, touchpoint, channel, reference, instrument, item, score, amount_minor,
            currency, duration_us, weight_ppm, properties,
        ) in rows
    ]  # fmt: skip


def load_texts(connection: sqlite3.Connection) -> dict[int | None, str | None]:
    """Return the text of each key."""
    return {None: None, **dict(connection.execute("SELECT key, text FROM word"))}
