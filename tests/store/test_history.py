"""A shop's history at its worst, as it comes to the store: imported again and again, corrected, linked, forgotten."""

from __future__ import annotations

import random
from collections import Counter
from hashlib import blake2b
from typing import TYPE_CHECKING, TypeAlias

import attrs
import pytest

from cxkit.model.event import Event
from cxkit.model.identity import LINKED, UNLINKED, IdentityConflict, SharedIdentity
from cxkit.store import Forgotten, Report, open_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cxkit.store import Store

Row: TypeAlias = tuple[str, int, int]  # customer, day, amount

DAY_US = 86_400_000_000
# A file without ids of its own; three purchases are in it twice, and truly so.
ROWS: list[Row] = [(customer, day, 1000 + day) for customer in ("a", "b", "c", "d") for day in range(5)]
ROWS += [("a", 0, 1000), ("b", 1, 1001), ("b", 1, 1001)]
ORDER = Event(
    id="order.placed:o-1", ts_us=0, kind="order.placed", source="shop", customer="d", reference="o-1",
    amount_minor=500, currency="USD",
)  # fmt: skip
CORRECTED = attrs.evolve(ORDER, amount_minor=450)
PEOPLE = 1000


def events_of(rows: list[Row]) -> Iterator[Event]:
    """Turn a file's rows into events, each known by the data set, its content and the how manyeth it is."""
    seen: Counter[Row] = Counter()
    for row in rows:
        seen[row] += 1
        customer, day, amount = row
        yield Event(
            id=f"{blake2b(repr(row).encode(), digest_size=8).hexdigest()}-{seen[row]}", source="purchases",
            kind="order.placed", ts_us=day * DAY_US, customer=customer, amount_minor=amount, currency="USD",
        )  # fmt: skip


def link(number: int, customer: str, reference: str, kind: str = LINKED) -> Event:
    """Return the event that links, or unlinks, two identities."""
    return Event(id=f"l{number}", ts_us=number, kind=kind, source="crm", customer=customer, reference=reference)


LINKS = [
    link(1, "a", "b"), link(2, "b", "c"), link(3, "a", "b", UNLINKED), link(4, "c", "z", UNLINKED), link(5, "d", "d"),
    *(link(10 + number, f"p{number:04d}", "phone:0000000000") for number in range(PEOPLE)),
]  # fmt: skip
CONFLICTS = (
    IdentityConflict("nothing to undo", "c", "z", "crm", "l4"),
    IdentityConflict("itself", "d", "d", "crm", "l5"),
    IdentityConflict("shared", None, "phone:0000000000"),
)


@pytest.fixture
def store(place: str) -> Iterator[Store]:
    """Return a store that has gone through it all but the forgetting."""
    with open_store(place) as store:
        assert store.add(events_of(ROWS)) == Report(new=23)
        assert store.add([ORDER, CORRECTED]) == Report(new=1, corrected=1)
        assert store.add(LINKS) == Report(new=1005)
        yield store


@pytest.mark.parametrize("seed", range(3))
def test_the_same_file_again(store: Store, seed: int) -> None:
    """Imported again in another order, and so under whatever name, a file adds nothing; its true duplicates stay."""
    shuffled = ROWS.copy()
    random.Random(seed).shuffle(shuffled)

    assert store.add(events_of(shuffled), batch=4) == Report(duplicates=23)
    assert store.counts() == {"crm": 1005, "purchases": 23, "shop": 1}
    bought = Counter(event.customer for event in store.events(kinds="order.placed"))
    assert bought == {"a": 6, "b": 7, "c": 5, "d": 6}


def test_one_row_more_is_one_event_more(store: Store) -> None:
    """A true duplicate that appears in a later file is new."""
    assert store.add(events_of([*ROWS, ROWS[0]])) == Report(new=1, duplicates=23)


def test_the_corrected_order(store: Store) -> None:
    """The correction stands, the old amount is in the audit, and last month's export doesn't bring it back."""
    assert store.add([ORDER, CORRECTED, ORDER]) == Report(duplicates=3)
    assert [event.amount_minor for event in store.events() if event.source == "shop"] == [450]
    assert [replaced.event for replaced in store.audit()] == [ORDER]


def test_who_is_who(store: Store) -> None:
    """After a-b-c and a-b undone b and c are one; the phone merges nobody; every conflict is listed."""
    people = store.identities()

    assert people.members("a") == {"a"}
    assert people.members("b") == people.members("c") == {"b", "c"}
    assert people.canonical("c") == "b"
    assert people.members("p0007") == {"p0007"}
    assert people.shared == (SharedIdentity("phone:0000000000", tuple(f"p{number:04d}" for number in range(PEOPLE))),)
    assert people.conflicts == CONFLICTS


def test_nobody_is_resurrected(store: Store) -> None:
    """Forgetting b forgets c, who is the same; however often all is imported again, neither comes back."""
    assert store.forget("b") == Forgotten(events=12 + 4, audit_rows=0, identities=2)
    for _ in range(2):
        assert store.add(events_of(ROWS[::-1])) == Report(duplicates=11, refused=12)
        assert store.add(LINKS) == Report(duplicates=1001, refused=4)
        assert store.add([ORDER, CORRECTED]) == Report(duplicates=2)

    assert Counter(event.customer for event in store.events(kinds="order.placed")) == {"a": 6, "d": 6}
    assert store.counts() == {"crm": 1001, "purchases": 11, "shop": 1}
    people = store.identities()
    assert (people.members("a"), people.members("b")) == ({"a"}, {"b"})
    assert people.conflicts == CONFLICTS[1:]
    assert people.shared[0].people[0] == "p0000"
    assert len(people.shared[0].people) == PEOPLE
