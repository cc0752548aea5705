"""A store of events in one SQLite file, safe for threads, forks and several processes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cxkit.model.event import from_us
from cxkit.model.identity import MAX_PEOPLE, resolve
from cxkit.model.text import check_text
from cxkit.store.batches import add_in_batches, check_state, names_of
from cxkit.store.protocol import BATCH
from cxkit.store.results import Forgotten, Outcome, Replaced, Report
from cxkit.store.sqlite import schema
from cxkit.store.sqlite.connections import Connections
from cxkit.store.sqlite.forget import erase, load_tombstones, scrub

if TYPE_CHECKING:
    import os
    import sqlite3
    from collections.abc import Iterable, Iterator
    from types import TracebackType
    from typing import Self

    from cxkit.model.event import Event
    from cxkit.model.identity import Identities
    from cxkit.model.pseudonyms import Pseudonyms
    from cxkit.store.protocol import Durability
    from cxkit.store.sqlite.snapshot import Snapshot

_NEW, _CORRECTED = 1, 2  # rows changed by one event: a correction also writes the version that it replaces


class SQLiteStore:
    """Events in one SQLite file.

    (`source`, `id`) is the key of an event. The same event again is ignored. An event that comes again with other
    content is a correction: it replaces the old version, which goes to the audit; a version that is in the audit
    already is ignored, so that importing an old file again brings nothing back.

    Threads may share a store, a fork may use its parent's, and any number of processes may open one file on a local
    disk (not on a network share: the write-ahead log needs shared memory). What `append` or `add` has returned from
    survives a kill of the process at any moment. A power cut may take the last commits with it, unless the store was
    opened with ``durability="full"``; it never damages the file.

    >>> from cxkit.model.event import Event
    >>> with SQLiteStore.open(":memory:") as store:
    ...     visit = Event(id="1", ts_us=0, kind="visit.started", customer="c42", source="app")
    ...     store.append(visit), store.append(visit), len(store)
    ('new', 'duplicate', 1)
    """

    def __init__(self, connections: Connections) -> None:
        """Use `SQLiteStore.open`."""
        self._connections = connections
        self._words: dict[str | None, int] = {None: 0}
        self._identities: dict[int, tuple[tuple[int, ...], Identities]] = {}
        with connections as connection:
            self._load(connection)

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, durability: Durability = "normal", timeout: float = 30.0) -> Self:
        """Open a store; make it when there is none.

        Args:
            path: the file, or ``:memory:`` for a store that ends with the process. SQLite keeps two more files beside
                it while it is open (``-wal`` and ``-shm``): move or copy it when it is closed.
            durability: ``full`` also survives a power cut, at the price of waiting for the disk at each commit.
            timeout: how many seconds to wait for other threads and processes.

        Raises:
            StoreError: the file can't be used; it says why.
            StoreBusyError: another process held it for longer than the timeout.
        """
        connections = Connections(path, durability=durability, timeout=timeout)
        try:
            return cls(connections)
        except BaseException:
            connections.close()
            raise

    @property
    def name(self) -> str:
        """The file, absolute; or ``:memory:``."""
        return self._connections.path

    def close(self) -> None:
        """Close the file; closing twice is fine. An iterator that is under way reads on."""
        self._connections.close()

    def __enter__(self) -> Self:
        """Return the store itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self.close()

    def __repr__(self) -> str:
        """Name the file."""
        return f"SQLiteStore({self.name!r})"

    def append(self, event: Event, *, untimed: bool = False) -> Outcome:
        """Keep one event; it is committed when this returns.

        Args:
            event: the event.
            untimed: its time is only when it was told: an event under the same key keeps its own time, and one that
                differs in nothing else is a duplicate. So a retry isn't a correction.

        Raises:
            StoreError: it couldn't be kept; StoreBusyError when trying again may help.
        """
        insert = schema.INSERT_UNTIMED if untimed else schema.INSERT_UNLESS_FORGOTTEN
        with self._connections as connection:
            while True:
                if self._tombstones.refuse(event):
                    return "refused"
                row = self._rows(connection, (event,))[0]
                before = connection.total_changes
                connection.execute(insert, (*row, self._tombstones.forgotten))
                changed = connection.total_changes - before
                if changed:
                    return "new" if changed == _NEW else "corrected"
                if self._is_current(connection):
                    return "duplicate"
                # Another process forgot somebody, so nothing was written: see whom, and try again.
                self._load(connection)

    def add(self, events: Iterable[Event], *, batch: int = BATCH) -> Report:
        """Keep many events.

        They are committed batch by batch. When the iterable raises, or the store can't go on, the batches before stay
        and the error goes on; to add everything again is right then, as what is there counts as duplicates.

        Args:
            events: any number; only a batch of them is held in memory.
            batch: how many events are committed at once. Other processes wait that long.

        Raises:
            InvalidValueError: `batch` isn't a whole number from 1.
            StoreError: they couldn't be kept; StoreBusyError when trying again may help.
        """
        return add_in_batches(events, batch, self._add)

    def advance(self, pull: str, events: Iterable[Event], state: str, *, before: str | None) -> Report:
        """Keep a page of what is pulled from a vendor, and where the pull then stands: both in one transaction.

        What a page says stands, also where it is a version that was replaced before: the vendor's record changed back.

        Args:
            pull: whose state it is, such as ``vendure:shop.example orders``.
            events: a page; all of it is held in memory.
            state: where the pull stands after it.
            before: where it stood before, None for nowhere yet.

        Raises:
            StoreBusyError: it stands elsewhere, for somebody else pulls the same: nothing was kept.
            StoreError: they couldn't be kept.
        """
        page = list(events)
        with self._connections as connection:
            rows = self._rows(connection, page)
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(schema.MAKE_PULLED)
            stands = connection.execute(schema.SELECT_PULLED, (pull,)).fetchone()
            check_state(self.name, pull, stands and stands[0], before)
            schema.revive(connection, rows)
            report = self._insert(connection, rows, page)
            connection.execute(schema.KEEP_PULLED, (pull, state))
            connection.execute("COMMIT")
        return report

    def state(self, pull: str) -> str | None:
        """Return where a pull stands, None for nowhere yet."""
        with self._connections as connection:
            if not connection.execute(schema.HAS_PULLED).fetchone():
                return None
            stands = connection.execute(schema.SELECT_PULLED, (pull,)).fetchone()
        return None if stands is None else str(stands[0])

    def pseudonyms(self) -> Pseudonyms:
        """Return what hides e-mail addresses and phone numbers in this store, by a key of the store's own."""
        return self._tombstones.pseudonyms()

    def _add(self, events: list[Event]) -> Report:
        with self._connections as connection:
            rows = self._rows(connection, events)
            connection.execute("BEGIN IMMEDIATE")
            report = self._insert(connection, rows, events)
            connection.execute("COMMIT")
        return report

    def _insert(self, connection: sqlite3.Connection, rows: list[tuple[Any, ...]], events: list[Event]) -> Report:
        """Keep events, given as rows too, within a transaction."""
        if not self._is_current(connection):
            self._load(connection)
        if self._tombstones.digests:
            rows = [row for row, event in zip(rows, events, strict=True) if not self._tombstones.refuse(event)]
        before = connection.total_changes
        kept = schema.insert(connection, rows)
        # Each kept event is one change, a correction two.
        corrected = connection.total_changes - before - kept
        return Report(kept - corrected, len(rows) - kept, corrected, len(events) - len(rows))

    def events(
        self, *, kinds: Iterable[str] | None = None, customers: Iterable[str] | None = None, ordered: bool = True
    ) -> Iterator[Event]:
        """Iterate over the events as they stand now, whatever is written meanwhile.

        Args:
            kinds: these alone.
            customers: those of these customers alone, by the names that the events have.
            ordered: by time, source and id; without order the first comes at once and all come sooner.

        Raises:
            StoreError: the file can't be read.
        """
        wanted: list[str] = []
        parameters: list[str] = []
        if kinds is not None:
            wanted.append("record.kind IN (SELECT key FROM word WHERE text IN (SELECT value FROM json_each(?)))")
            parameters.append(_as_json("kinds", kinds))
        if customers is not None:
            wanted.append("record.customer IN (SELECT value FROM json_each(?))")
            parameters.append(_as_json("customers", customers))
        return self._read(schema.select(wanted, ordered=ordered), parameters)

    def get(self, source: str, id: str) -> Event | None:  # noqa: A002 - the column's name
        """Return the event under a key as it stands now, or None.

        >>> SQLiteStore.open(":memory:").get("app", "o-1") is None
        True
        """
        of_key = ["record.source = (SELECT key FROM word WHERE text = ?)", "record.id = ?"]
        return next(self._read(schema.select(of_key, ordered=False), (source, id)), None)

    def links(self) -> Iterator[Event]:
        """Iterate over the events that link and unlink identities, in no order."""
        return self._read(schema.SELECT_LINKS)

    def audit(self) -> Iterator[Replaced]:
        """Iterate over the versions that corrections replaced; those of one event in the order of time."""
        snapshot = self._connections.snapshot(schema.SELECT_SUPERSEDED)
        return (
            Replaced(event, from_us(row[-1]))
            for rows in _chunks(snapshot)
            for event, row in zip(schema.events_of(snapshot.texts, [row[:-1] for row in rows]), rows, strict=True)
        )

    def identities(self, max_people: int = MAX_PEOPLE) -> Identities:
        """Return who is who by the links in the store; worked out again only when it has changed.

        Args:
            max_people: an identity linked to more customers than this is reported and merges nobody.
        """
        with self._connections as connection:
            ((version,),) = connection.execute("PRAGMA data_version")  # changes when others commit
            moment = (self._connections.epoch, version, connection.total_changes)
            if (known := self._identities.get(max_people)) and known[0] == moment:
                return known[1]
            rows = connection.execute(schema.SELECT_LINKS).fetchall()
            links = schema.events_of(schema.load_texts(connection), rows)
        found = resolve(links, max_people=max_people)
        self._identities[max_people] = (moment, found)
        return found

    def forget(self, *customers: str, max_people: int = MAX_PEOPLE) -> Forgotten:
        """Erase people: their events under all their identities, the links among these, and the replaced versions.

        The file is written anew and its log emptied, so that their bytes are nowhere in it; that takes as long as the
        store is large, so forget several at once. A keyed digest of each identity stays behind: whatever comes later
        in their name, by a second import say, is refused and counted. To forget somebody again is harmless.

        Out of reach are backups and exports, what the file system keeps of deleted blocks, events that name no customer
        but a reference of theirs (an order, say), and what is said of them in other people's properties.

        Args:
            customers: any of their identities.
            max_people: as in `identities`: an identity that more people share is forgotten when it is given itself.

        Raises:
            StoreBusyError: another process reads the store, so bytes of the erased are left: forget again.
            StoreError: the file can't be written.
        """
        people = [check_text("customer", customer) for customer in customers]
        with self._connections as connection:
            forgotten = erase(connection, people, max_people)
            self._load(connection)
            # Our own readers keep what they had; they must not keep the log from being emptied.
            self._connections.detach_snapshots()
            scrub(connection, self._connections.path, self._connections.timeout)
        return forgotten

    def counts(self) -> dict[str, int]:
        """Return how many events each source has, by its name."""
        snapshot = self._connections.snapshot("SELECT source, count(*) FROM record GROUP BY source")
        return dict(sorted((snapshot.texts[source] or "", n) for rows in _chunks(snapshot) for source, n in rows))

    def __len__(self) -> int:
        """Return how many events there are."""
        return sum(self.counts().values())

    def __bool__(self) -> bool:
        """A store is there also while it is empty."""
        return True

    def _read(self, sql: str, parameters: Iterable[str] = ()) -> Iterator[Event]:
        snapshot = self._connections.snapshot(sql, tuple(parameters))
        return (event for rows in _chunks(snapshot) for event in schema.events_of(snapshot.texts, rows))

    def _rows(self, connection: sqlite3.Connection, events: Iterable[Event]) -> list[tuple[Any, ...]]:
        try:
            return schema.rows_of(self._words, events)
        except KeyError:
            missing = [(word,) for word in schema.words_of(events) - self._words.keys()]
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT OR IGNORE INTO word (text) VALUES (?)", missing)
            known = "SELECT text, key FROM word WHERE text = ?"
            found = [connection.execute(known, word).fetchone() for word in missing]
            connection.execute("COMMIT")
            self._words.update(found)
            return schema.rows_of(self._words, events)

    def _is_current(self, connection: sqlite3.Connection) -> bool:
        ((forgotten,),) = connection.execute("SELECT forgotten FROM store")
        return bool(forgotten == self._tombstones.forgotten)

    def _load(self, connection: sqlite3.Connection) -> None:
        self._tombstones = load_tombstones(connection)


def _as_json(field: str, given: Iterable[str]) -> str:
    return json.dumps(names_of(field, given), ensure_ascii=False)


def _chunks(snapshot: Snapshot) -> Iterator[list[tuple[Any, ...]]]:
    while rows := snapshot.take():
        yield rows
