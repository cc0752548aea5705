"""Who is forgotten is gone under every name, and doesn't come back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cxkit.errors import InvalidValueError
from cxkit.model.event import Event, event
from cxkit.store import Forgotten, Report, open_store

if TYPE_CHECKING:
    from cxkit.store import Store


def test_the_whole_person_goes(store: Store) -> None:
    """Every identity of the person is forgotten, by whichever they are called; others stay."""
    for customer, reference in (("c1", "c2"), ("c2", "c3"), ("d1", "d2")):
        store.append(event("identity.linked", customer=customer, reference=reference))
    for customer in ("c1", "c2", "c3", "d1", "d2"):
        store.append(event("visit.started", customer=customer))

    assert store.forget("c3") == Forgotten(events=5, audit_rows=0, identities=3)
    assert {made.customer for made in store.events()} == {"d1", "d2"}
    for customer in ("c1", "c2", "c3"):
        assert store.append(event("visit.started", customer=customer)) == "refused"


def test_links_to_the_forgotten_are_refused(store: Store) -> None:
    """Neither end of a link may bring a name back; the reference of any other event is no person."""
    store.forget("c1")

    assert store.append(event("identity.linked", customer="c1", reference="c2")) == "refused"
    assert store.append(event("identity.linked", customer="c2", reference="c1")) == "refused"
    assert store.append(event("identity.unlinked", customer="c2", reference="c1")) == "refused"
    assert store.append(event("order.placed", customer="c2", reference="c1")) == "new"


def test_undone_links_go_but_not_their_people(store: Store) -> None:
    """Whom an undone link named once is another person; the link and its undoing are erased."""
    store.append(event("identity.linked", customer="a", reference="b"))
    store.append(event("identity.unlinked", customer="a", reference="b"))
    store.append(event("visit.started", customer="a"))
    store.append(event("visit.started", customer="b"))

    assert store.forget("b") == Forgotten(events=3, audit_rows=0, identities=1)
    assert [made.customer for made in store.events()] == ["a"]


def test_shared_identity_is_nobody_in_particular(store: Store) -> None:
    """Forgetting one of many with a phone leaves the phone; forgetting the phone leaves the people."""
    for number in range(12):
        store.append(event("identity.linked", customer=f"c{number}", reference="phone:0"))
        store.append(event("visit.started", customer=f"c{number}"))
    store.append(event("visit.started", customer="phone:0"))

    assert store.forget("c0") == Forgotten(events=2, audit_rows=0, identities=1)
    assert len(list(store.events(customers="phone:0"))) == 1
    assert store.forget("phone:0") == Forgotten(events=12, audit_rows=0, identities=1)
    assert len(store) == 11


def test_max_people_is_the_callers(store: Store) -> None:
    """Who counts as one person is decided as for scores."""
    store.append(event("identity.linked", customer="a", reference="phone:0"))
    store.append(event("identity.linked", customer="b", reference="phone:0"))

    assert store.forget("a", max_people=1).identities == 1
    assert store.append(event("visit.started", customer="b")) == "new"


def test_versions_under_another_name(store: Store) -> None:
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


def test_several_at_once(store: Store) -> None:
    """Several people go in one turn."""
    store.add(event("visit.started", customer=f"c{number % 5}") for number in range(50))

    assert store.forget("c0", "c1", "nobody") == Forgotten(events=20, audit_rows=0, identities=3)
    assert store.forget("c0") == Forgotten(events=0, audit_rows=0, identities=1)
    assert len(store) == 30


def test_names_are_composed_and_checked(store: Store) -> None:
    """A name in another normal form is the same name; none is no name."""
    store.append(event("visit.started", customer="Ren\xe9e"))

    assert store.forget("Rene\u0301e").events == 1
    with pytest.raises(InvalidValueError, match="customer: '' is empty"):
        store.forget("")


def test_other_stores_hear_of_it(store: Store, place: str) -> None:
    """A process that had the file open before refuses them too, one by one and in batches."""
    with open_store(place) as other, open_store(place) as third:
        store.forget("c1")

        assert other.append(event("visit.started", customer="c1")) == "refused"
        assert other.append(event("visit.started", customer="c2")) == "new"
        assert third.add([event("visit.started", customer=name) for name in ("c1", "c3")]) == Report(new=1, refused=1)
