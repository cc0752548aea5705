"""The SQLite connections of one store: a writer under a lock, a reader for each snapshot, none across a fork.

SQLite keeps, a process, one record of the locks on each open file. A forked child inherits that record but not the
locks, so that whatever connection it opens believes the file guarded when it isn't: let the parent close the store, and
what the child writes from then on, acknowledged, is lost. A connection of the child's own doesn't help; nothing may be
open at the moment of the fork. So each fork is waited for: readers take what is left of their rows into memory, the
writer is closed, and both sides open anew when they next need to.
"""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakSet

from cxkit.errors import StoreBusyError, StoreError
from cxkit.store.protocol import check_durability
from cxkit.store.sqlite import schema
from cxkit.store.sqlite.failure import failure
from cxkit.store.sqlite.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from cxkit.store.protocol import Durability

MEMORY: Final = ":memory:"
_CACHE_KIB: Final = 32 * 1024  # what a batch of events with ids in no order needs; an app that emits uses little of it


class Connections:
    """The connections of one store; as a context manager, its writer and the right to use it.

    Attributes:
        path: the file, absolute; or ``:memory:``.
        timeout: how many seconds to wait for other threads and processes.
        epoch: grows when the writer is opened, as what SQLite counts a connection starts anew.
    """

    def __init__(self, path: str | os.PathLike[str], *, durability: Durability, timeout: float) -> None:
        """Open the file; make it when there is none."""
        check_durability(durability)
        text = os.fspath(path)
        # Absolute: the app may change its folder before a connection is opened again.
        self.path = text if text == MEMORY else os.path.abspath(text)  # noqa: PTH100 - resolve() would follow links
        self.timeout = timeout
        self.epoch = 0
        self._durability = durability
        self._lock = Lock()
        self._opening = Lock()  # held while a reader is opened, which no fork may interrupt
        self._snapshots: WeakSet[Snapshot] = WeakSet()
        self._writer: sqlite3.Connection | None = None
        self._end = ""  # why no connection is to be had any more
        try:
            self._writer = self._open("rwc")
        except sqlite3.Error as error:
            raise failure(self.path, error) from error
        _forks_watched.add(self)

    def __enter__(self) -> sqlite3.Connection:
        """Wait for the lock and return the writer."""
        self._acquire()
        if self._writer is None:
            try:
                self._check_open()
                self._writer = self._open("rw")
            except BaseException as error:
                self._lock.release()
                if isinstance(error, sqlite3.Error):
                    raise failure(self.path, error) from error
                raise
        return self._writer

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Undo what wasn't committed, release the lock, and say SQLite's errors in our words."""
        try:
            if error is not None and self._writer is not None and self._writer.in_transaction:
                with suppress(sqlite3.Error):  # the first error tells more
                    self._writer.rollback()
        finally:
            self._lock.release()
        if isinstance(error, sqlite3.Error):
            raise failure(self.path, error) from error

    def snapshot(self, sql: str, parameters: Sequence[Any] = ()) -> Snapshot:
        """Return the rows of a query as they stand now."""
        try:
            if self.path == MEMORY:
                with self as writer:
                    reader = sqlite3.connect(MEMORY, isolation_level=None, check_same_thread=False)
                    writer.backup(reader)
                return Snapshot(reader, sql, parameters, self.path)
            with self._opening:
                self._check_open()
                snapshot = Snapshot(self._connect("rw"), sql, parameters, self.path)
                self._snapshots.add(snapshot)
                return snapshot
        except sqlite3.Error as error:
            raise failure(self.path, error) from error

    def detach_snapshots(self) -> None:
        """Let all our readers take what they have yet to give into memory."""
        for snapshot in list(self._snapshots):
            snapshot.detach()

    def close(self) -> None:
        """Close the writer for good; closing twice is fine, and whoever is reading reads on."""
        self._acquire()
        try:
            self._end = self._end or "is closed: open it again"
            self._close_writer()
        finally:
            self._lock.release()

    def _acquire(self) -> None:
        if not self._lock.acquire(blocking=False) and not self._lock.acquire(timeout=self.timeout):
            raise StoreBusyError(f"{self.path}: another thread held the store for longer than the timeout: try again")

    def _check_open(self) -> None:
        if self._end:
            raise StoreError(f"{self.path}: the store {self._end}")

    def _connect(self, mode: str) -> sqlite3.Connection:
        name = MEMORY if self.path == MEMORY else f"{Path(self.path).as_uri()}?mode={mode}"
        return sqlite3.connect(name, timeout=self.timeout, isolation_level=None, check_same_thread=False, uri=True)

    def _open(self, mode: str) -> sqlite3.Connection:
        connection = self._connect(mode)
        try:
            schema.prepare(connection, self.path)
            _use_wal(connection, self.path, time.monotonic() + self.timeout)
            connection.execute(f"PRAGMA synchronous = {self._durability}")
            connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            connection.execute("PRAGMA secure_delete = ON")  # also for the pages that VACUUM gives back to the disk
        except BaseException:
            connection.close()
            raise
        self.epoch += 1
        return connection

    def _close_writer(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._writer = None

    def pause(self) -> bool:
        """Before a fork: let the file go and keep the locks. Return whether they were to be had in time."""
        if not self._lock.acquire(timeout=self.timeout):
            return False
        self._opening.acquire()
        if self.path != MEMORY:  # has no locks to lose, and is copied as any object is
            self.detach_snapshots()
            self._close_writer()
        return True

    def resume(self) -> None:
        """After a fork, in the parent: give the locks back."""
        self._opening.release()
        self._lock.release()

    def begin_anew(self, *, paused: bool) -> None:
        """After a fork, in the child: forget the parent's locks, whose holders aren't here."""
        self._lock, self._opening = Lock(), Lock()
        if not paused:
            # Not even to be closed here: that would take the parent's locks from it.
            _abandoned.append((self._writer, list(self._snapshots)))
            self._writer = None
            self._end = "was in use while the process forked: open it again in the child"


def _use_wal(connection: sqlite3.Connection, path: str, deadline: float) -> None:
    """Switch to the write-ahead log, for which SQLite doesn't wait by itself when several open a new store at once."""
    while True:
        try:
            ((mode,),) = connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            break
    if mode not in ("wal", "memory"):
        raise StoreError(f"{path}: its file system has no shared memory, which the store needs: choose a local disk")


_forks_watched: WeakSet[Connections] = WeakSet()
_paused: list[Connections] = []
_abandoned: list[object] = []
_forking = Lock()


def _before_fork() -> None:
    _forking.acquire()
    _paused.extend(connections for connections in list(_forks_watched) if connections.pause())


def _after_in_parent() -> None:
    for connections in _paused:
        connections.resume()
    _paused.clear()
    _forking.release()


def _after_in_child() -> None:
    global _forking  # noqa: PLW0603 - the parent's lock is held by a thread that isn't here
    _forking = Lock()
    for connections in list(_forks_watched):
        connections.begin_anew(paused=connections in _paused)
    _paused.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_in_parent, after_in_child=_after_in_child)
