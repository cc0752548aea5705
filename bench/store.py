"""What keeping events costs: one by one, each committed, and in bulk; on the disk this is run from."""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
import time
from itertools import count
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
from bench.events import shop_events
from bench.line import Line, side_by_side
from segment.analytics import Client
from tests.servers.postgres_server import programs, running

import cxkit
from cxkit.model.event import COLUMNS, Event, uuid7
from cxkit.model.money import Money
from cxkit.store import PostgresStore, SQLiteStore

if TYPE_CHECKING:
    from collections.abc import Callable

EMITS = 20_000
BULK = 200_000
BULK_ON_SERVER = 1_000_000
EMIT_US = 25.0
BULK_A_SECOND = 150_000


def each_us(call: Callable[[int], object]) -> float:
    """Return the median microseconds of one call."""
    taken = []
    for number in range(EMITS):
        start = time.perf_counter_ns()
        call(number)
        taken.append(time.perf_counter_ns() - start)
    return statistics.median(taken) / 1000


def emit() -> Line:
    """Make an event, append and commit it; beside putting one into a queue in memory."""
    client = Client("key", send=False, max_queue_size=0)
    client.send = True  # nobody consumes the queue, so nothing is sent: what is timed is the enqueueing alone
    amount = Money("129.90", "USD")

    def enqueue(number: int) -> None:
        client.track("c42", "order.placed", {"touchpoint": "storefront.checkout", "order": number, "revenue": 129.9})

    with tempfile.TemporaryDirectory(dir=".") as folder, cxkit.connect(Path(folder) / "shop.db") as cx:
        numbers = count()

        def tell(_: int) -> None:
            order, touchpoint = f"o-{next(numbers)}", "storefront.checkout"
            cx.emit("order.placed", customer="c42", touchpoint=touchpoint, reference=order, amount=amount)

        pairs = [(each_us(tell), each_us(enqueue)) for _ in range(3)]
    ours, theirs = (statistics.median(figures) for figures in zip(*pairs, strict=True))
    peer = "segment-analytics-python, enqueue in memory"
    return Line("cx.emit, committed (median)", ours, "µs", peer, theirs, f"≤ {EMIT_US:g} µs", ours <= EMIT_US)


def bulk(what: str, events: list[Event], wanted: int | None) -> Line:
    """Add events to an empty store; beside a table of the same columns and key, filled by hand."""
    row_of = attrgetter(*COLUMNS)
    insert = f"INSERT INTO event VALUES ({', '.join('?' * len(COLUMNS))}) ON CONFLICT DO NOTHING"  # noqa: S608 - no values

    def ours() -> None:
        with tempfile.TemporaryDirectory(dir=".") as folder, SQLiteStore.open(Path(folder) / "shop.db") as store:
            store.add(events)

    def theirs() -> None:
        with tempfile.TemporaryDirectory(dir=".") as folder:
            connection = sqlite3.connect(Path(folder) / "shop.db")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(f"CREATE TABLE event ({', '.join(COLUMNS)}, UNIQUE (source, id))")
            with connection:
                connection.executemany(insert, map(row_of, events))
            connection.close()

    a, b = (len(events) / seconds for seconds in side_by_side(ours, theirs))
    target = "none set" if wanted is None else f"≥ {wanted:,}/s"
    peer = "sqlite3 by hand, no corrections"
    return Line(f"bulk insert, {what}", a, "events/s", peer, b, target, wanted is None or a >= wanted)


def bulk_on_server() -> list[Line]:
    """Add events to an empty store of a PostgreSQL server, if the machine has one; beside an SQLite store."""
    found = programs()
    if found is None:
        return []
    events, numbers = list(shop_events(BULK_ON_SERVER)), count()
    with running(found, fsync="on", synchronous_commit="on", autovacuum="on") as server:

        def ours() -> None:
            with PostgresStore.open(server.url(f"bench_{next(numbers)}")) as store:
                store.add(events)

        def theirs() -> None:
            with tempfile.TemporaryDirectory(dir=".") as folder, SQLiteStore.open(Path(folder) / "shop.db") as store:
                store.add(events)

        a, b = (len(events) / seconds for seconds in side_by_side(ours, theirs, runs=3))
    return [Line("bulk insert of 1 M events, PostgreSQL", a, "events/s", "our SQLite store", b, "≥ the peer", a >= b)]


def lines() -> list[Line]:
    """Measure both, with ids in order, by time, and in no order."""
    events = list(shop_events(BULK))
    by_time = [attrs.evolve(made, id=uuid7()) for made in events]
    return [
        emit(),
        bulk("sequential ids", events, BULK_A_SECOND),
        bulk("UUIDv7", by_time, None),
        bulk("ids in no order", sorted(by_time, key=lambda made: made.id[::-1]), None),
        *bulk_on_server(),
    ]
