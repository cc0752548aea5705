"""PostgreSQL's errors in our words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cxkit.errors import StoreBusyError, StoreError

if TYPE_CHECKING:
    import psycopg

_HELD: Final = "another process held the store for longer than the timeout: try again"
_LOST: Final = "the connection to the server was lost: try again"
# By SQLSTATE, whole or its class.
_AGAIN: Final = {
    "55P03": _HELD,
    "40P01": _HELD,
    "40001": _HELD,
    "53300": "the server has no connection left: try again, or let it have more (max_connections)",
    "57P01": _LOST,
    "57P02": _LOST,
    "57P03": "the server is starting or shutting down: try again",
    "08": _LOST,
}
_REASONS: Final = {
    "53100": "the server's disk is full: make room",
    "42501": "{}: ask for the right to",
    "25006": "the server, the database or the user may only read: choose one that may write",
    "42P01": "its tables are gone: open it again",
    "3F000": "its schema is gone: open it again",
    "54000": "source and id of an event are longer together than PostgreSQL can index: about 2,600 bytes",
}


def failure(name: str, error: psycopg.Error) -> StoreError:
    """Return an error of PostgreSQL as ours, in one sentence that names the store."""
    from cxkit.store.postgres.address import driver

    psycopg = driver()
    state = error.sqlstate or ""
    again = _AGAIN.get(state) or _AGAIN.get(state[:2])
    if not state and isinstance(error, psycopg.OperationalError):
        again = _LOST
    if again is not None:
        return StoreBusyError(f"{name}: {again}")
    said = error.diag.message_primary or " ".join(str(error).split())
    return StoreError(f"{name}: {_REASONS.get(state, '{}').format(said)}")


def refusal(name: str, error: psycopg.Error, password: str | None) -> StoreError:
    """Return why the server can't be connected to; the library's sentence, unless the password would be in it."""
    said = str(error).partition("\n")[0].removeprefix("connection failed: ").strip()
    if password and password in said:
        said = "look at host, port, database, user and password"
    return StoreError(f"{name}: the server can't be connected to: {said}")
