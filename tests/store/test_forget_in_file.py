"""Who is forgotten leaves no byte behind in an SQLite file."""

from __future__ import annotations

import json
import random
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import attrs
import pytest

from cxkit.errors import StoreBusyError
from cxkit.model.event import Event, event
from cxkit.model.identity import LINKED, UNLINKED
from cxkit.store import Forgotten, SQLiteStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME, MAIL = "customer-Zephyrine-7731", "email:zephyrine@example.org"
# Closing a file that SQLite has open would take its locks away, so another process looks.
LOOK = """
import json, pathlib, sys
folder, *needles = sys.argv[1:]
files = {path.name: path.read_bytes() for path in pathlib.Path(folder).iterdir()}
print(json.dumps({name: any(needle.encode() in content for needle in needles) for name, content in files.items()}))
"""


def named_in(folder: Path) -> set[str]:
    """Return the files that hold a trace of the person."""
    found = subprocess.run([sys.executable, "-c", LOOK, folder, NAME, "phyrine"], capture_output=True, check=True)
    return {name for name, there in json.loads(found.stdout).items() if there}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    """Return an empty store in a file."""
    with SQLiteStore.open(tmp_path / "shop.db", timeout=0.3) as store:
        yield store


def fill(store: SQLiteStore, seed: int = 7) -> list[Event]:
    """Keep the person's events among others', with corrections of other lengths; return what an export would hold.

    Ids in no order and rows that grow make SQLite move rows from page to page, which leaves copies behind.
    """
    draw = random.Random(seed)

    def padded(customer: str) -> str:
        return json.dumps({"says": f"I am {customer}", "padding": "x" * draw.randrange(900)})

    events = [event("identity.linked", customer=NAME, reference=MAIL, id="link")]
    for number in range(2000):
        customer = NAME if number % 20 == 0 else MAIL if number % 33 == 0 else f"c{number % 50}"
        made = event("product.viewed", customer=customer, id=f"{draw.getrandbits(64):x}")
        events.append(attrs.evolve(made, properties=padded(customer)))
    for made in events:
        store.append(made)
    corrected = [attrs.evolve(made, properties=padded(made.customer or "")) for made in events[1::3]]
    store.add(corrected, batch=50)
    return [*events, *corrected]


@pytest.mark.parametrize("seed", range(3))
def test_no_byte_is_left(store: SQLiteStore, tmp_path: Path, seed: int) -> None:
    """After corrections and among several KB of neighbours: not in the file, not in its log, not in the audit."""
    exported = fill(store, seed)
    assert named_in(tmp_path) == {"shop.db", "shop.db-wal"}
    store.forget(*(f"c{number}" for number in range(10)))
    of_person = [made for made in store.events() if made.customer in (NAME, MAIL)]
    audit = [made for made in store.audit() if made.event.customer in (NAME, MAIL)]
    others = [made for made in store.events() if made.customer not in (NAME, MAIL)]

    forgotten = store.forget(MAIL)

    assert named_in(tmp_path) == set()
    assert forgotten == Forgotten(events=len(of_person), audit_rows=len(audit), identities=2)
    assert len(of_person) > 100
    assert len(audit) > 50
    assert list(store.events()) == others
    report = store.add(exported)
    erased = {NAME, MAIL, *(f"c{number}" for number in range(10))}
    assert (report.new, report.corrected) == (0, 0)
    assert report.refused == sum(made.customer in erased for made in exported)
    assert store.append(event("visit.started", customer=NAME)) == "refused"
    assert named_in(tmp_path) == set()
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_tombstones_say_nothing(tmp_path: Path) -> None:
    """What is left of a name differs from store to store, so it can't be looked up elsewhere."""
    digests = []
    for name in ("one.db", "two.db"):
        with SQLiteStore.open(tmp_path / name) as store:
            store.forget("c42")
            with store._connections as connection:
                digests += connection.execute("SELECT digest FROM tombstone").fetchall()

    assert len(set(digests)) == 2


def test_a_foreign_reader_delays_it(store: SQLiteStore, tmp_path: Path) -> None:
    """While another process reads the old log, the erasure isn't complete; called again it is."""
    fill(store)
    reader = sqlite3.connect(tmp_path / "shop.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM record").fetchone()

    with pytest.raises(StoreBusyError, match=r"shop\.db: the events are erased, but .* call forget again"):
        store.forget(NAME)
    assert list(store.events(customers=[NAME, MAIL])) == []
    assert store.append(event("visit.started", customer=MAIL)) == "refused"
    assert named_in(tmp_path) != set()
    reader.close()

    assert store.forget(NAME) == Forgotten(events=0, audit_rows=0, identities=1)
    assert named_in(tmp_path) == set()


def test_own_readers_read_on(store: SQLiteStore, tmp_path: Path) -> None:
    """Whoever reads in the same process keeps the moment they asked for, in memory, and delays nothing."""
    fill(store)
    total, reading = len(store), store.events()
    next(reading)
    store.forget(NAME)

    assert named_in(tmp_path) == set()
    assert len(list(reading)) == total - 1


def test_in_memory() -> None:
    """A store without a file forgets as well."""
    with SQLiteStore.open(":memory:") as store:
        store.append(event("visit.started", customer="c1"))

        assert store.forget("c1").events == 1
        assert store.append(event("visit.started", customer="c1")) == "refused"
        assert {made.kind for made in store.events()} == set()


def test_link_kinds_are_the_first_words(store: SQLiteStore) -> None:
    """The index of links counts on their keys."""
    with store._connections as connection:
        assert connection.execute("SELECT key, text FROM word").fetchall() == [(1, LINKED), (2, UNLINKED)]
