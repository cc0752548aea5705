"""A store of events in a PostgreSQL database, safe for threads, forks, and any number of processes and machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cxkit.model.event import event_of_row, from_us
from cxkit.model.identity import MAX_PEOPLE, resolve
from cxkit.model.text import check_text
from cxkit.store.batches import add_in_batches, check_state, names_of
from cxkit.store.postgres import schema
from cxkit.store.postgres.address import Address
from cxkit.store.postgres.connections import Connections
from cxkit.store.postgres.forget import erase, load_tombstones
from cxkit.store.postgres.writing import revive, write
from cxkit.store.protocol import BATCH
from cxkit.store.results import Forgotten, Outcome, Replaced, Report

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType
    from typing import Self

    import psycopg

    from cxkit.model.event import Event
    from cxkit.model.identity import Identities
    from cxkit.model.pseudonyms import Pseudonyms
    from cxkit.store.postgres.snapshot import Snapshot
    from cxkit.store.protocol import Durability
    from cxkit.store.tombstones import Tombstones


class PostgresStore:
    """Events in a schema of a PostgreSQL database.

    It does what `SQLiteStore` does; see `Store`. Any number of processes on any number of machines may write at once:
    they wait for one another only where they write the same event, or somebody is being forgotten. What `append` or
    `add` has returned from is committed, and is as safe as the server keeps it.

    The view ``event`` in the schema has the columns of the event table, for whoever asks in SQL.
    """

    def __init__(self, connections: Connections) -> None:
        """Use `PostgresStore.open`."""
        self._connections = connections
        self._statements = schema.Statements.of(connections.address.schema)
        self._tombstones: Tombstones | None = None
        self._identities: dict[int, tuple[str, Identities]] = {}

    @classmethod
    def open(
        cls, url: str, *, schema: str | None = None, durability: Durability = "normal", timeout: float = 30.0
    ) -> Self:
        """Open a store; make it when there is none.

        Args:
            url: the database, as ``postgresql://user@host:5432/database``. The password may stand in it, or where
                PostgreSQL's own programs find it: ``PGPASSWORD`` or ``~/.pgpass``.
            schema: the schema for the tables, made if new; by default what ``?schema=`` says in the URL, else
                ``cxkit``.
            durability: ``full`` waits for the server's disk at each commit, also where the server is set not to;
                ``normal`` leaves it to the server.
            timeout: how many seconds to wait for a connection, and for others who write.

        Raises:
            InvalidValueError: a wrong schema or durability.
            MissingExtraError: psycopg isn't installed.
            StoreError: the database can't be used; it says why. StoreBusyError when trying again may help.
        """
        return cls(Connections(Address.of(url, schema), durability=durability, timeout=timeout))

    @property
    def name(self) -> str:
        """The URL, without the password."""
        return self._connections.name

    @property
    def address(self) -> Address:
        """Where it is: the schema that the view ``event`` is in, and how to connect to its database."""
        return self._connections.address

    def close(self) -> None:
        """Close the connection; closing twice is fine. An iterator that is under way reads on."""
        self._connections.close()

    def __enter__(self) -> Self:
        """Return the store itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection."""
        self.close()

    def __repr__(self) -> str:
        """Name the database, without the password."""
        return f"PostgresStore({self.name!r})"

    def append(self, event: Event, *, untimed: bool = False) -> Outcome:
        """Keep one event; it is committed when this returns.

        Args:
            event: the event.
            untimed: its time is only when it was told: an event under the same key keeps its own time, and one that
                differs in nothing else is a duplicate. So a retry isn't a correction.

        Raises:
            StoreError: it couldn't be kept; StoreBusyError when trying again may help.
        """
        insert = self._statements.insert_untimed if untimed else self._statements.insert
        row = schema.texts_of(event)
        with self._connections as connection:
            while True:
                tombstones = self._known(connection)
                if tombstones.refuse(event):
                    return "refused"
                written = connection.execute(insert, (*row, str(tombstones.forgotten)), prepare=True).fetchone()
                if written is not None:
                    return "new" if written == (1,) else "corrected"
                if self._is_current(connection):
                    return "duplicate"
                # Another process forgot somebody, so nothing was written: see whom, and try again.
                self._tombstones = None

    def add(self, events: Iterable[Event], *, batch: int = BATCH) -> Report:
        """Keep many events.

        They are committed batch by batch. When the iterable raises, or the store can't go on, the batches before stay
        and the error goes on; to add everything again is right then, as what is there counts as duplicates.

        Args:
            events: any number; only a batch of them is held in memory.
            batch: how many events are committed at once. Who writes the same events waits that long.

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
        with self._connections as connection, connection.transaction():
            if connection.execute(self._statements.has_pulled).fetchone() == (None,):
                # Of several who make the table at once, one does.
                connection.execute(self._statements.hold_pull, [""])
                connection.execute(self._statements.make_pulled)
            # Of two who begin the same pull at once, the second is to find the state of the first.
            connection.execute(self._statements.hold_pull, [pull])
            stands = connection.execute(self._statements.pulled, [pull]).fetchone()
            check_state(self.name, pull, stands and stands[0], before)
            revive(connection, self._statements, page)
            report = self._insert(connection, page)
            connection.execute(self._statements.keep_pulled, [pull, state])
        return report

    def state(self, pull: str) -> str | None:
        """Return where a pull stands, None for nowhere yet."""
        with self._connections as connection:
            if connection.execute(self._statements.has_pulled).fetchone() == (None,):
                return None
            stands = connection.execute(self._statements.pulled, [pull]).fetchone()
        return None if stands is None else str(stands[0])

    def pseudonyms(self) -> Pseudonyms:
        """Return what hides e-mail addresses and phone numbers in this store, by a key of the store's own."""
        with self._connections as connection:
            return self._known(connection).pseudonyms()

    def _add(self, events: list[Event]) -> Report:
        with self._connections as connection, connection.transaction():
            return self._insert(connection, events)

    def _insert(self, connection: psycopg.Connection[Any], events: list[Event]) -> Report:
        """Keep events, within a transaction."""
        connection.execute(self._statements.share)
        if not self._is_current(connection):
            self._tombstones = None
        tombstones = self._known(connection)
        taken = [event for event in events if not tombstones.refuse(event)] if tombstones.digests else events
        kept, corrected = write(connection, self._statements, taken)
        return Report(kept - corrected, len(taken) - kept, corrected, len(events) - len(taken))

    def events(
        self, *, kinds: Iterable[str] | None = None, customers: Iterable[str] | None = None, ordered: bool = True
    ) -> Iterator[Event]:
        """Iterate over the events as they stand now, whatever is written meanwhile.

        They come from a cursor of the server's, a few at a time, on a connection of their own.

        Args:
            kinds: these alone.
            customers: those of these customers alone, by the names that the events have.
            ordered: by time, source and id; without order the first comes at once and all come sooner.

        Raises:
            StoreError: they can't be read.
        """
        wanted, parameters = [], []
        if kinds is not None:
            wanted.append("kind = ANY(%s)")
            parameters.append(names_of("kinds", kinds))
        if customers is not None:
            wanted.append("customer = ANY(%s)")
            parameters.append(names_of("customers", customers))
        return self._read(self._statements.select(wanted, ordered=ordered), parameters)

    def get(self, source: str, id: str) -> Event | None:  # noqa: A002 - the column's name
        """Return the event under a key as it stands now, or None."""
        if "\0" in source or "\0" in id:
            return None  # as no text in PostgreSQL, nor any event, holds one
        of_key = self._statements.select(["source = %s", "id = %s"], ordered=False)
        with self._connections as connection:
            row = connection.execute(of_key, (source, id)).fetchone()
        return None if row is None else event_of_row(row)

    def links(self) -> Iterator[Event]:
        """Iterate over the events that link and unlink identities, in no order."""
        return self._read(self._statements.links)

    def audit(self) -> Iterator[Replaced]:
        """Iterate over the versions that corrections replaced; those of one event in the order of time."""
        snapshot = self._connections.snapshot(self._statements.audit)
        return (Replaced(event_of_row(row[:-1]), from_us(row[-1])) for rows in _chunks(snapshot) for row in rows)

    def identities(self, max_people: int = MAX_PEOPLE) -> Identities:
        """Return who is who by the links in the store; worked out again only when the database has changed.

        Args:
            max_people: an identity linked to more customers than this is reported and merges nobody.
        """
        with self._connections as connection:
            # Tells which transactions are over: the same again means that nobody has written anything meanwhile.
            ((moment,),) = connection.execute("SELECT pg_current_snapshot()::text")
            if (known := self._identities.get(max_people)) and known[0] == moment:
                return known[1]
            rows = connection.execute(self._statements.links).fetchall()
        found = resolve(map(event_of_row, rows), max_people=max_people)
        self._identities[max_people] = (moment, found)
        return found

    def forget(self, *customers: str, max_people: int = MAX_PEOPLE) -> Forgotten:
        """Erase people: their events under all their identities, the links among these, and the replaced versions.

        No query finds them any more once this returns, and the space that they took is free to be written over. A keyed
        digest of each identity stays behind: whatever comes later in their name, by a second import say, is refused
        and counted. To forget somebody again is harmless.

        Out of reach are backups, exports, replicas and the server's write-ahead log, bytes in freed space that nothing
        was written over yet (``VACUUM FULL`` writes the tables anew, while nobody may read them), events that name no
        customer but a reference of theirs (an order, say), and what is said of them in other people's properties.

        Args:
            customers: any of their identities.
            max_people: as in `identities`: an identity that more people share is forgotten when it is given itself.

        Raises:
            StoreBusyError: another process wrote for longer than the timeout: try again.
            StoreError: the database can't be written.
        """
        people = [check_text("customer", customer) for customer in customers]
        with self._connections as connection:
            forgotten = erase(connection, self._statements, people, max_people)
            self._tombstones = None
            connection.execute(self._statements.clean)
        return forgotten

    def counts(self) -> dict[str, int]:
        """Return how many events each source has, by its name."""
        with self._connections as connection:
            return dict(connection.execute(self._statements.counts).fetchall())

    def __len__(self) -> int:
        """Return how many events there are."""
        return sum(self.counts().values())

    def __bool__(self) -> bool:
        """A store is there also while it is empty."""
        return True

    def _read(self, sql: str, parameters: list[Any] | None = None) -> Iterator[Event]:
        snapshot = self._connections.snapshot(sql, parameters or ())
        return (event_of_row(row) for rows in _chunks(snapshot) for row in rows)

    def _known(self, connection: psycopg.Connection[Any]) -> Tombstones:
        if self._tombstones is None:
            self._tombstones = load_tombstones(connection, self._statements)
        return self._tombstones

    def _is_current(self, connection: psycopg.Connection[Any]) -> bool:
        found = connection.execute(self._statements.forgotten).fetchone()
        return self._tombstones is not None and found == (self._tombstones.forgotten,)


def _chunks(snapshot: Snapshot) -> Iterator[list[tuple[Any, ...]]]:
    while rows := snapshot.take():
        yield rows
