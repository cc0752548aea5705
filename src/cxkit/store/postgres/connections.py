"""The PostgreSQL connections of one store: a writer under a lock, a reader for each snapshot, none across a fork."""

from __future__ import annotations

import os
import selectors
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakSet

from cxkit.errors import StoreBusyError, StoreError
from cxkit.store.postgres import schema
from cxkit.store.postgres.address import driver
from cxkit.store.postgres.failure import failure, refusal
from cxkit.store.postgres.snapshot import Snapshot
from cxkit.store.protocol import check_durability

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    import psycopg

    from cxkit.store.postgres.address import Address
    from cxkit.store.protocol import Durability

_KEPT_IDLE: Final = 2
_LONGEST_MS: Final = 2**31 - 1
_DROPPED: Final = "was in use by the process that forked: read again"


class Connections:
    """The connections of one store; as a context manager, its writer and the right to use it.

    Attributes:
        address: where the store is.
        name: what it is called before people.
    """

    def __init__(self, address: Address, *, durability: Durability, timeout: float) -> None:
        """Connect, and make the tables where there are none."""
        check_durability(durability)
        self.address = address
        self.name = address.name
        self._driver = driver()
        self._timeout = timeout
        self._durability = durability
        self._lock = Lock()
        self._closed = False
        self._snapshots: WeakSet[Snapshot] = WeakSet()
        self._writer: psycopg.Connection[Any] | None = None
        self._idle: list[psycopg.Connection[Any]] = []
        try:
            with self as connection:
                schema.prepare(connection, address.schema, self.name)
        except BaseException:
            self._drop_writer()
            raise
        _forks_watched.add(self)

    def __enter__(self) -> psycopg.Connection[Any]:
        """Wait for the lock and return the writer; one that the server let go of is opened again."""
        if not self._lock.acquire(blocking=False) and not self._lock.acquire(timeout=self._timeout):
            raise StoreBusyError(f"{self.name}: another thread held the store for longer than the timeout: try again")
        try:
            self._check_open()
            if self._writer is not None and self._is_gone(self._writer):
                self._drop_writer()
            if self._writer is None:
                self._writer = self._open()
        except BaseException:
            self._lock.release()
            raise
        return self._writer

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Undo what wasn't committed, release the lock, and say PostgreSQL's errors in our words."""
        try:
            if error is not None and self._writer is not None:
                self._settle(self._writer)
        finally:
            self._lock.release()
        if isinstance(error, self._driver.Error):
            raise failure(self.name, error) from error

    def snapshot(self, sql: str, parameters: Sequence[Any] = ()) -> Snapshot:
        """Return the rows of a query as they stand now."""
        self._check_open()
        try:
            snapshot = Snapshot(self._reader(), sql, parameters, self.name, self._spare)
        except self._driver.Error as error:
            raise failure(self.name, error) from error
        self._snapshots.add(snapshot)
        return snapshot

    def close(self) -> None:
        """Close the writer for good; closing twice is fine, and whoever is reading reads on."""
        if not self._lock.acquire(timeout=self._timeout):
            raise StoreBusyError(f"{self.name}: another thread held the store for longer than the timeout: try again")
        try:
            self._closed = True
            self._drop_writer()
            while self._idle:
                self._idle.pop().close()
        finally:
            self._lock.release()

    def begin_anew(self) -> None:
        """After a fork, in the child: leave the parent its connections, and open others when they are needed."""
        self._lock = Lock()  # whose holder may not be here
        _abandoned.append(self._writer)  # not even to be closed here: that would end the parent's
        _abandoned.extend(self._idle)
        self._writer, self._idle = None, []
        failed = StoreError(f"{self.name}: this reading {_DROPPED}")
        _abandoned.extend(snapshot.abandon(failed) for snapshot in list(self._snapshots))
        self._snapshots = WeakSet()

    def _reader(self) -> psycopg.Connection[Any]:
        while self._idle:
            with suppress(IndexError):  # another thread was quicker
                reader = self._idle.pop()
                if not self._is_gone(reader):
                    return reader
                reader.close()
        return self._open()

    def _spare(self, reader: psycopg.Connection[Any]) -> None:
        """Keep a connection that was read from for the next reading."""
        if self._closed or len(self._idle) >= _KEPT_IDLE:
            reader.close()
        else:
            self._idle.append(reader)

    def _check_open(self) -> None:
        if self._closed:
            raise StoreError(f"{self.name}: the store is closed: open it again")

    def _open(self) -> psycopg.Connection[Any]:
        given = self.address.parameters
        connection: psycopg.Connection[Any] | None = None
        try:
            connection = self._driver.connect(
                **{"connect_timeout": min(max(2, round(self._timeout)), _LONGEST_MS), "application_name": "cxkit"}
                | given,
                client_encoding="utf8",
                autocommit=True,
            )
            schema.check_server(connection, self.name)
            self._set_up(connection)
        except self._driver.Error as error:
            refused = refusal(self.name, error, given.get("password"))
        except StoreError as error:
            refused = error
        else:
            return connection
        if connection is not None:
            connection.close()
        raise refused  # out here the library's error, which may quote what it was given, is gone

    def _set_up(self, connection: psycopg.Connection[Any]) -> None:
        settings = {
            "lock_timeout": f"{min(max(1, round(self._timeout * 1000)), _LONGEST_MS)}ms",
            # What others committed while one waited for them has to be seen.
            "default_transaction_isolation": "read committed",
            # Compiling a batch's statement takes ten times as long as running it, and is done anew for each batch.
            "jit": "off",
        }
        if self._durability == "full":
            settings["synchronous_commit"] = "on"
        calls = ", ".join("set_config(%s, %s, false)" for _ in settings)
        connection.execute(f"SELECT {calls}", [part for pair in settings.items() for part in pair])

    def _is_gone(self, connection: psycopg.Connection[Any]) -> bool:
        """Whether the server has let go of an idle connection: it then has something to say, unasked."""
        if connection.closed:
            return True
        with selectors.DefaultSelector() as selector:
            selector.register(connection.fileno(), selectors.EVENT_READ)
            if not selector.select(0):
                return False
        with suppress(self._driver.Error):
            connection.execute("SELECT")
        return bool(connection.closed)

    def _settle(self, connection: psycopg.Connection[Any]) -> None:
        idle = self._driver.pq.TransactionStatus.IDLE
        with suppress(self._driver.Error):  # the first error tells more
            if not connection.closed and connection.info.transaction_status != idle:
                connection.rollback()
        if connection.closed or connection.info.transaction_status != idle:
            self._drop_writer()

    def _drop_writer(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._writer = None


_forks_watched: WeakSet[Connections] = WeakSet()
_abandoned: list[object] = []


def _after_in_child() -> None:
    for connections in list(_forks_watched):
        connections.begin_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_in_child)
