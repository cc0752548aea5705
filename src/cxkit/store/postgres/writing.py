"""Writing a batch of events: straight in where all of them are new, elsewhere by way of a temporary table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cxkit.model.event import event_of_row
from cxkit.store.postgres.address import driver
from cxkit.store.postgres.schema import COPY_TYPES, row_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

    from cxkit.model.event import Event
    from cxkit.store.postgres.schema import Statements


# So many of a batch tell whether it comes again. Copying is twice as quick as inserting what may be there.
_LOOKED_UP: Final = 32


def write(connection: psycopg.Connection[Any], statements: Statements, events: Sequence[Event]) -> tuple[int, int]:
    """Keep events, within a transaction; return how many were written, and how many of these are corrections."""
    kept = corrected = 0
    for turn in turns(events):
        written, replaced = _write(connection, statements, turn)
        kept += written
        corrected += replaced
    return kept, corrected


def revive(connection: psycopg.Connection[Any], statements: Statements, events: Sequence[Event]) -> None:
    """Take versions out of the audit that are to stand again, so that they aren't taken for old ones."""
    keys = [[event.source for event in events], [event.id for event in events]]
    given = set(events)
    found = connection.execute(statements.replaced, keys).fetchall()
    again = [seq for seq, *row in found if event_of_row(row) in given]
    if again:
        connection.execute(statements.unbury, [again])


def turns(events: Sequence[Event]) -> list[list[Event]]:
    """Return events in turns in which no key comes twice, each in the order of the keys.

    A statement can't write a row twice, so the second version of an event waits for the next turn. The same version
    again changes nothing wherever it comes, and is left out.

    >>> from cxkit.model.event import Event
    >>> one, other = (Event(id="1", ts_us=ts_us, kind="visit.started") for ts_us in (0, 1))
    >>> [len(turn) for turn in turns([one, other, one])]
    [1, 1]
    """
    single = {(event.source, event.id): event for event in events}
    if len(single) == len(events):
        return [[single[key] for key in sorted(single)]] if events else []
    versions: dict[tuple[str, str], dict[Event, None]] = {}
    for event in events:
        versions.setdefault((event.source, event.id), {})[event] = None
    left = [iter(versions[key]) for key in sorted(versions)]
    found = []
    while left:
        drawn = [(next(rest, None), rest) for rest in left]
        left = [rest for event, rest in drawn if event is not None]
        found.append([event for event, _ in drawn if event is not None])
    return found[:-1]  # the last one found that nothing is left


def _write(connection: psycopg.Connection[Any], statements: Statements, turn: list[Event]) -> tuple[int, int]:
    psycopg = driver()
    some = turn[:: max(1, len(turn) // _LOOKED_UP)]
    keys = [[event.source for event in some], [event.id for event in some]]
    if connection.execute(statements.known, keys).fetchone() == (0,):
        try:
            with connection.transaction():
                _copy(connection, statements.copy, turn)
        except psycopg.errors.UniqueViolation:
            pass  # some are there after all, or another wrote them just now
        else:
            return len(turn), 0
    connection.execute(statements.make_given)
    connection.execute(statements.empty_given)
    _copy(connection, statements.copy_given, turn)
    kept, corrected = connection.execute(statements.merge).fetchone() or (0, 0)
    return kept, corrected


def _copy(connection: psycopg.Connection[Any], statement: str, events: list[Event]) -> None:
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(COPY_TYPES)
        write_row = copy.write_row
        for event in events:
            write_row(row_of(event))
