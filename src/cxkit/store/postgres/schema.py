"""The tables of a PostgreSQL store, and events as their rows.

All text is `COLLATE "C"`: it then sorts by code point, as Python does, whatever the database's own order is. The view
`event` has the columns of the event table, in its order, for whoever reads the database with another tool, and for
scoring where the events are.
"""

from __future__ import annotations

import os
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import attrs

from cxkit.errors import StoreError
from cxkit.model.event import COLUMNS, Event
from cxkit.model.identity import LINKED, UNLINKED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import psycopg

SCHEMA_VERSION: Final = 1
_OLDEST_SERVER: Final = 13

_TEXT: Final = 'text COLLATE "C"'
_TYPES: Final = {
    "ts_us": "bigint", "weight_ppm": "bigint", "amount_minor": "bigint", "duration_us": "bigint",
    "score": "double precision",
}  # fmt: skip
_NEEDED: Final = frozenset({"ts_us", "weight_ppm", "source", "id", "kind"})
_KEY: Final = ("source", "id")
# Of one width first, or PostgreSQL would pad them.
STORED: Final = (*_TYPES, *_KEY, *(name for name in COLUMNS if name not in _TYPES and name not in _KEY))
_REST: Final = tuple(name for name in STORED if name not in _KEY)
_CONTENT: Final = tuple(name for name in _REST if name != "ts_us")
COPY_TYPES: Final = tuple(
    {"bigint": "int8", "double precision": "float8"}.get(_TYPES.get(name, ""), "text") for name in STORED
)
_LINKS: Final = f"kind IN ('{LINKED}', '{UNLINKED}')"
_THEIRS: Final = f"(customer = ANY(%(person)s) OR ({_LINKS} AND reference = ANY(%(person)s)))"
_TABLES: Final = frozenset({"store", "record", "superseded", "tombstone"})

row_of: Callable[[Event], tuple[Any, ...]] = attrgetter(*STORED)
"""An event as a row to be copied in."""


def texts_of(event: Event) -> list[str | None]:
    """Return an event as a row of texts: parameters of one type make one statement, which the server plans once."""
    return [None if value is None else str(value) for value in row_of(event)]


def _list(names: Iterable[str], table: str = "") -> str:
    return ", ".join(f"{table}.{name}" if table else name for name in names)


def _definitions() -> str:
    return ", ".join(f"{name} {_TYPES.get(name, _TEXT)}{' NOT NULL' if name in _NEEDED else ''}" for name in STORED)


# An event that comes again under its key, otherwise than before, replaces the row, unless it is a version that was
# replaced before: importing last year's file again must not bring it back. That is looked up here, and not in the
# statement, which would look in the state that it began with: another may have corrected the event while it waited for
# the row. A row without time is one whose time is only when it was told.
_SUPERSEDE: Final = f"""
    CREATE FUNCTION {{0}}.supersede() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (
            SELECT FROM {{0}}.superseded AS known WHERE known.source = new.source AND known.id = new.id
            AND (new.ts_us IS NULL OR known.ts_us = new.ts_us)
            AND ({_list(_CONTENT, "known")}) IS NOT DISTINCT FROM ({_list(_CONTENT, "new")})
        ) THEN
            RETURN NULL;
        END IF;
        INSERT INTO {{0}}.superseded ({_list(STORED)}, replaced_us)
        VALUES ({_list(STORED, "old")}, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint);
        new.ts_us := coalesce(new.ts_us, old.ts_us);
        new.version := old.version + 1;
        RETURN new;
    END
    $$
"""  # noqa: S608 - columns, no values
_CREATE: Final = (
    "CREATE TABLE {0}.store (schema_version integer NOT NULL, forgotten bigint NOT NULL, salt bytea NOT NULL)",
    f"CREATE TABLE {{0}}.record ({_definitions()}, version integer NOT NULL DEFAULT 1, PRIMARY KEY (source, id))",
    f"CREATE INDEX link ON {{0}}.record (kind) WHERE {_LINKS}",
    f"""
    CREATE TABLE {{0}}.superseded (
        seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, {_definitions()}, replaced_us bigint NOT NULL
    )
    """,
    "CREATE INDEX superseded_key ON {0}.superseded (source, id)",
    "CREATE TABLE {0}.tombstone (digest bytea PRIMARY KEY)",
    _SUPERSEDE,
    "CREATE TRIGGER supersede BEFORE UPDATE ON {0}.record FOR EACH ROW EXECUTE FUNCTION {0}.supersede()",
    f"CREATE VIEW {{0}}.event AS SELECT {_list(COLUMNS)} FROM {{0}}.record",  # noqa: S608 - columns, no values
)

_GIVEN: Final = "pg_temp.cxkit_given"


def _on_conflict(columns: Iterable[str], told: str) -> str:
    names = list(columns)
    return f"""
        ON CONFLICT (source, id) DO UPDATE SET ts_us = {told},
            {", ".join(f"{name} = excluded.{name}" for name in _CONTENT)}
        WHERE ({_list(names, "record")}) IS DISTINCT FROM ({_list(names, "excluded")})
        RETURNING version
    """


_TIMED: Final = _on_conflict(_REST, "excluded.ts_us")
_UNTIMED: Final = _on_conflict(_CONTENT, "NULL")


@attrs.frozen
class Statements:
    """What is said to the server of the tables in one schema.

    Attributes:
        insert: one event, unless somebody was forgotten meanwhile; the version that the row now is, if it was written.
        insert_untimed: the same for an event whose time is only when it was told.
        copy: rows that are known to be new.
        known: how many of some keys are there.
        make_given, empty_given, copy_given, merge: rows by way of a temporary table; how many were written, and how
            many of them replaced another.
        share: keep those who forget out until the transaction ends.
        forgotten: how often the store has forgotten.
        hold: keep all others who write out until the transaction ends; who reads reads on.
        erase: a person's events and replaced versions; how many of each.
        bury: the digests of a person's identities.
        clean: let the space of what was erased be written over.
        replaced: the replaced versions of some keys.
        unbury: take replaced versions out of the audit.
        hold_pull: keep others who pull the same out until the transaction ends.
        make_pulled, has_pulled, pulled, keep_pulled: where pulls from vendors stand; the table is made when first
            needed, as stores that never pull, and older ones, are without it.
    """

    schema: str
    insert: str
    insert_untimed: str
    copy: str
    known: str
    make_given: str
    empty_given: str
    copy_given: str
    merge: str
    share: str
    forgotten: str
    read: str
    links: str
    audit: str
    counts: str
    tombstones: str
    hold: str
    erase: str
    bury: str
    clean: str
    replaced: str
    unbury: str
    hold_pull: str
    make_pulled: str
    has_pulled: str
    pulled: str
    keep_pulled: str

    @classmethod
    def of(cls, schema: str) -> Statements:
        """Return those of a schema, whose name was checked."""
        at = f'"{schema}"'
        values = ", ".join(f"%s::{_TYPES.get(name, 'text')}" for name in STORED)
        told = f"""
            INSERT INTO {at}.record ({_list(STORED)})
            SELECT {values} WHERE (SELECT forgotten FROM {at}.store) = %s::bigint
        """  # noqa: S608 - names that were checked, no values
        read = f"SELECT {_list(COLUMNS)} FROM {at}.record"  # noqa: S608 - the same
        return cls(
            schema=at,
            insert=told + _TIMED,
            insert_untimed=told + _UNTIMED,
            copy=f"COPY {at}.record ({_list(STORED)}) FROM STDIN (FORMAT binary)",
            known=f"""
                SELECT count((SELECT 1 FROM {at}.record WHERE record.source = given.source AND record.id = given.id))
                FROM unnest(%s::text[], %s::text[]) AS given (source, id)
            """,  # noqa: S608 - the same
            make_given=f"CREATE TEMPORARY TABLE IF NOT EXISTS cxkit_given ({_definitions()}) ON COMMIT DELETE ROWS",
            empty_given=f"DELETE FROM {_GIVEN}",  # noqa: S608 - the same
            copy_given=f"COPY {_GIVEN} ({_list(STORED)}) FROM STDIN (FORMAT binary)",
            # In the order of their keys, as all do: two who write the same events then wait, and never for each other.
            # What is there already isn't even locked, so that a file that comes again is read and nothing written.
            merge=f"""
                WITH kept AS (
                    INSERT INTO {at}.record ({_list(STORED)}) SELECT {_list(STORED)} FROM {_GIVEN} AS given
                    WHERE (
                        SELECT ({_list(_REST, "record")}) IS DISTINCT FROM ({_list(_REST, "given")}) FROM {at}.record
                        WHERE record.source = given.source AND record.id = given.id
                    ) IS NOT false
                    ORDER BY source, id
                    {_TIMED}
                )
                SELECT count(*), count(*) FILTER (WHERE version > 1) FROM kept
            """,  # noqa: S608 - the same
            share=f"LOCK TABLE {at}.record IN ROW EXCLUSIVE MODE",
            forgotten=f"SELECT forgotten FROM {at}.store",  # noqa: S608 - the same
            read=read,
            links=f"{read} WHERE {_LINKS}",
            audit=f"SELECT {_list(COLUMNS)}, replaced_us FROM {at}.superseded ORDER BY seq",  # noqa: S608 - the same
            counts=f"SELECT source, count(*) FROM {at}.record GROUP BY source ORDER BY source",  # noqa: S608 - the same
            tombstones=f"SELECT forgotten, salt, digest FROM {at}.store LEFT JOIN {at}.tombstone ON true",  # noqa: S608 - the same
            hold=f"LOCK TABLE {at}.record IN SHARE ROW EXCLUSIVE MODE",
            # Replaced versions of what is erased go too, though they may name nobody or somebody else.
            erase=f"""
                WITH gone AS (DELETE FROM {at}.record WHERE {_THEIRS} RETURNING source, id),
                audit AS (
                    DELETE FROM {at}.superseded WHERE {_THEIRS} OR (source, id) IN (SELECT source, id FROM gone)
                    RETURNING 1
                )
                SELECT (SELECT count(*) FROM gone), (SELECT count(*) FROM audit)
            """,  # noqa: S608 - the same
            bury=f"""
                WITH buried AS (INSERT INTO {at}.tombstone SELECT unnest(%s::bytea[]) ON CONFLICT DO NOTHING)
                UPDATE {at}.store SET forgotten = forgotten + 1
            """,  # noqa: S608 - the same
            clean=f"VACUUM {at}.record, {at}.superseded",
            replaced=f"""
                SELECT seq, {_list(COLUMNS)} FROM {at}.superseded
                WHERE (source, id) IN (SELECT * FROM unnest(%s::text[], %s::text[]))
            """,  # noqa: S608 - the same
            unbury=f"DELETE FROM {at}.superseded WHERE seq = ANY(%s)",  # noqa: S608 - the same
            hold_pull=f"SELECT pg_advisory_xact_lock(hashtextextended('cxkit {schema} ' || %s::text, 0))",
            make_pulled=f"CREATE TABLE IF NOT EXISTS {at}.pulled (pull {_TEXT} PRIMARY KEY, state {_TEXT} NOT NULL)",
            has_pulled=f"SELECT to_regclass('{at}.pulled')::text",
            pulled=f"SELECT state FROM {at}.pulled WHERE pull = %s",  # noqa: S608 - the same
            keep_pulled=f"""
                INSERT INTO {at}.pulled VALUES (%s, %s) ON CONFLICT (pull) DO UPDATE SET state = excluded.state
            """,  # noqa: S608 - the same
        )

    def select(self, conditions: Iterable[str], *, ordered: bool) -> str:
        """Return the query for events that meet all of the conditions."""
        where = " AND ".join(conditions)
        order = " ORDER BY ts_us, source, id" if ordered else ""
        return f"{self.read}{f' WHERE {where}' if where else ''}{order}"


def check_server(connection: psycopg.Connection[Any], name: str) -> None:
    """Refuse a server that can't do what is needed.

    Raises:
        StoreError: it is too old, or couldn't hold every text.
    """
    if connection.info.server_version < _OLDEST_SERVER * 10_000:
        raise StoreError(f"{name}: the server is older than PostgreSQL {_OLDEST_SERVER}: upgrade it")
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise StoreError(f"{name}: the database holds text as {encoding}: choose one made with ENCODING 'UTF8'")


def prepare(connection: psycopg.Connection[Any], schema: str, name: str) -> None:
    """Make the tables of a new store; check those of an old one.

    Raises:
        StoreError: the schema holds something else, or was written by a newer cxkit.
    """
    if not _is_blank(connection, schema, name):
        return
    with connection.transaction():
        # Of several who open a new store at once, one makes it.
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('cxkit ' || %s::text, 0))", [schema])
        if not _is_blank(connection, schema, name):
            return
        if not connection.execute("SELECT FROM pg_namespace WHERE nspname = %s", [schema]).fetchone():
            connection.execute(f'CREATE SCHEMA "{schema}"')
        for statement in _CREATE:
            connection.execute(statement.format(f'"{schema}"'))
        made = f'INSERT INTO "{schema}".store VALUES (%s, 0, %s)'  # noqa: S608 - a name that was checked
        connection.execute(made, [SCHEMA_VERSION, os.urandom(32)])


def _is_blank(connection: psycopg.Connection[Any], schema: str, name: str) -> bool:
    """Whether the schema holds nothing yet; raises unless it is blank or a store that we can use."""
    found = connection.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = %s)", [schema]
    )
    tables = {table for (table,) in found}
    if not tables:
        return True
    if not tables >= _TABLES:
        raise StoreError(f"{name}: the schema {schema!r} holds other tables: choose another one with ?schema=")
    ((version,),) = connection.execute(f'SELECT schema_version FROM "{schema}".store')  # noqa: S608 - as above
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"{name}: written by a newer cxkit (schema {version}, this one knows {SCHEMA_VERSION}): upgrade cxkit"
        )
    return False
