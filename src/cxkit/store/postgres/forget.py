"""Forgetting a person: what is erased, and what is left behind so that they stay forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cxkit.model.event import event_of_row
from cxkit.model.identity import resolve
from cxkit.store.results import Forgotten
from cxkit.store.tombstones import Tombstones

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

    from cxkit.store.postgres.schema import Statements


def load_tombstones(connection: psycopg.Connection[Any], statements: Statements) -> Tombstones:
    """Return the tombstones of the store, as of one moment."""
    rows = connection.execute(statements.tombstones).fetchall()
    forgotten, salt, _ = rows[0]
    return Tombstones(forgotten, salt, frozenset(digest for _, _, digest in rows if digest is not None))


def erase(
    connection: psycopg.Connection[Any], statements: Statements, customers: Sequence[str], max_people: int
) -> Forgotten:
    """Erase people from the tables, whatever their identities, and leave tombstones: one transaction."""
    with connection.transaction():
        connection.execute(statements.hold)
        tombstones = load_tombstones(connection, statements)
        people = resolve(map(event_of_row, connection.execute(statements.links)), max_people=max_people)
        person, known = tombstones.person(people, customers)
        found = connection.execute(statements.erase, {"person": sorted(person)}).fetchone() or (0, 0)
        digests = [tombstones.digest(identity) for identity in person]
        connection.execute(statements.bury, [digests])
    return Forgotten(events=found[0], audit_rows=found[1], identities=known)
