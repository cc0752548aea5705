"""Who is forgotten leaves no byte behind, and doesn't come back."""

from __future__ import annotations

import json
import random
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import attrs
import pytest

from cxkit.errors import InvalidValueError, StoreBusyError
from cxkit.model.event import Event, event
from cxkit.model.identity import LINKED, UNLINKED
from cxkit.store import Forgotten, Report, SQLiteStore

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


def test_the_whole_person_goes(store: SQLiteStore) -> None:
    """Every identity of the person is forgotten, by whichever they are called; others stay."""
    for customer, reference in (("c1", "c2"), ("c2", "c3"), ("d1", "d2")):
        store.append(event("identity.linked", customer=customer, reference=reference))
    for customer in ("c1", "c2", "c3", "d1", "d2"):
        store.append(event("visit.started", customer=customer))

    assert store.forget("c3") == Forgotten(events=5, audit_rows=0, identities=3)
    assert {made.customer for made in store.events()} == {"d1", "d2"}
    for customer in ("c1", "c2", "c3"):
        assert store.append(event("visit.started", customer=customer)) == "refused"


def test_links_to_the_forgotten_are_refused(store: SQLiteStore) -> None:
    """Neither end of a link may bring a name back; the reference of any other event is no person."""
    store.forget("c1")

    assert store.append(event("identity.linked", customer="c1", reference="c2")) == "refused"
    assert store.append(event("identity.linked", customer="c2", reference="c1")) == "refused"
    assert store.append(event("identity.unlinked", customer="c2", reference="c1")) == "refused"
    assert store.append(event("order.placed", customer="c2", reference="c1")) == "new"


def test_undone_links_go_but_not_their_people(store: SQLiteStore) -> None:
    """Whom an undone link named once is another person; the link and its undoing are erased."""
    store.append(event("identity.linked", customer="a", reference="b"))
    store.append(event("identity.unlinked", customer="a", reference="b"))
    store.append(event("visit.started", customer="a"))
    store.append(event("visit.started", customer="b"))

    assert store.forget("b") == Forgotten(events=3, audit_rows=0, identities=1)
    assert [made.customer for made in store.events()] == ["a"]


def test_shared_identity_is_nobody_in_particular(store: SQLiteStore) -> None:
    """Forgetting one of many with a phone leaves the phone; forgetting the phone leaves the people."""
    for number in range(12):
        store.append(event("identity.linked", customer=f"c{number}", reference="phone:0"))
        store.append(event("visit.started", customer=f"c{number}"))
    store.append(event("visit.started", customer="phone:0"))

    assert store.forget("c0") == Forgotten(events=2, audit_rows=0, identities=1)
    assert len(list(store.events(customers="phone:0"))) == 1
    assert store.forget("phone:0") == Forgotten(events=12, audit_rows=0, identities=1)
    assert len(store) == 11


def test_max_people_is_the_callers(store: SQLiteStore) -> None:
    """Who counts as one person is decided as for scores."""
    store.append(event("identity.linked", customer="a", reference="phone:0"))
    store.append(event("identity.linked", customer="b", reference="phone:0"))

    assert store.forget("a", max_people=1).identities == 1
    assert store.append(event("visit.started", customer="b")) == "new"


def test_versions_under_another_name(store: SQLiteStore) -> None:
    """An event that once was somebody else's loses that version alone; the person's loses all."""
    store.add(
        [
            Event(id="1", ts_us=0, kind="visit.started", source="app", customer="gone"),
            Event(id="1", ts_us=0, kind="visit.started", source="app", customer="other"),
            Event(id="2", ts_us=0, kind="visit.started", source="app"),
            Event(id="2", ts_us=0, kind="visit.started", source="app", customer="gone"),
        ]
    )

    assert store.forget("gone") == Forgotten(events=1, audit_rows=2, identities=1)
    assert [(made.id, made.customer) for made in store.events()] == [("1", "other")]
    assert list(store.audit()) == []


def test_several_at_once(store: SQLiteStore) -> None:
    """The file is written anew once for all of them."""
    store.add(event("visit.started", customer=f"c{number % 5}") for number in range(50))

    assert store.forget("c0", "c1", "nobody") == Forgotten(events=20, audit_rows=0, identities=3)
    assert store.forget("c0") == Forgotten(events=0, audit_rows=0, identities=1)
    assert len(store) == 30


def test_names_are_composed_and_checked(store: SQLiteStore) -> None:
    """A name in another normal form is the same name; none is no name."""
    store.append(event("visit.started", customer="Ren\xe9e"))

    assert store.forget("Rene\u0301e").events == 1
    with pytest.raises(InvalidValueError, match="customer: '' is empty"):
        store.forget("")


def test_other_stores_hear_of_it(store: SQLiteStore, tmp_path: Path) -> None:
    """A process that had the file open before refuses them too, one by one and in batches."""
    with SQLiteStore.open(tmp_path / "shop.db") as other, SQLiteStore.open(tmp_path / "shop.db") as third:
        store.forget("c1")

        assert other.append(event("visit.started", customer="c1")) == "refused"
        assert other.append(event("visit.started", customer="c2")) == "new"
        assert third.add([event("visit.started", customer=name) for name in ("c1", "c3")]) == Report(new=1, refused=1)


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
