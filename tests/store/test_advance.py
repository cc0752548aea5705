"""A page that was pulled and the state after it are kept together, or not at all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from cxkit.errors import StoreBusyError
from cxkit.model.event import event
from cxkit.model.money import Money
from cxkit.store import Report, open_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.places import NewPlace

    from cxkit.model.event import Event
    from cxkit.store import Store

ORDERS = [event("order.placed", reference=f"o-{number}") for number in range(3)]


def test_a_pull_goes_on(store: Store) -> None:
    """Each page is kept with the state after it."""
    assert store.state("till orders") is None
    assert store.advance("till orders", ORDERS[:2], "second", before=None) == Report(new=2)
    assert store.state("till orders") == "second"
    assert store.advance("till orders", ORDERS[1:], "third", before="second") == Report(new=1, duplicates=1)
    assert store.state("till orders") == "third"
    assert store.state("till refunds") is None
    assert len(store) == 3


def test_a_record_that_changes_back(store: Store) -> None:
    """What a vendor says last stands, also if it said it before; an old file that comes again still doesn't."""
    one, other = (
        event("order.placed", reference="o-1", amount=Money(amount, "EUR"), time=datetime(2026, 3, 1, tzinfo=UTC))
        for amount in ("10", "12")
    )
    stands: str | None = None
    for number, version in enumerate((one, other, one, other, one)):
        report = store.advance("till orders", [version], str(number), before=stands)
        assert (report.new, report.corrected) == ((1, 0) if number == 0 else (0, 1))
        stands = str(number)
        assert list(store.events()) == [version]

    assert store.add([other]) == Report(duplicates=1)
    assert list(store.events()) == [one]
    assert [replaced.event for replaced in store.audit()] == [other]


def test_an_empty_page_moves_the_state(store: Store) -> None:
    """What brings nothing new may still be further on."""
    assert store.advance("till orders", [], "on", before=None) == Report()
    assert store.state("till orders") == "on"


def test_two_do_not_pull_the_same(store: Store) -> None:
    """Whoever comes second keeps nothing, neither events nor state."""
    store.advance("till orders", ORDERS[:1], "first", before=None)

    with pytest.raises(StoreBusyError, match="somebody else pulls 'till orders' just now"):
        store.advance("till orders", ORDERS, "other", before=None)

    assert store.state("till orders") == "first"
    assert len(store) == 1


def test_a_page_that_fails_moves_nothing(store: Store) -> None:
    """An event that can't be made leaves the state where it was."""

    def failing() -> Iterator[Event]:
        yield ORDERS[0]
        message = "cut"
        raise ConnectionError(message)

    with pytest.raises(ConnectionError):
        store.advance("till orders", failing(), "first", before=None)

    assert store.state("till orders") is None
    assert len(store) == 0


def test_states_outlast_the_store(place: str) -> None:
    """Whoever opens the store again finds where each pull stands."""
    with open_store(place) as store:
        store.advance("till orders", ORDERS, "on", before=None)
    with open_store(place) as store:
        assert store.state("till orders") == "on"


def test_of_many_who_begin_at_once_one_does(place: str) -> None:
    """Several that begin one pull at the same moment keep one page between them; others go on beside it."""
    open_store(place).close()

    def begin(number: int) -> str:
        with open_store(place) as store:
            store.advance(f"shop {number}", [], "on", before=None)
            try:
                store.advance("till orders", ORDERS[:1], f"state {number}", before=None)
            except StoreBusyError:
                return ""
            return f"state {number}"

    with ThreadPoolExecutor(6) as pool:
        kept = [state for state in pool.map(begin, range(6)) if state]
    with open_store(place) as store:
        assert kept == [store.state("till orders")]
        assert len(store) == 1
        assert [store.state(f"shop {number}") for number in range(6)] == ["on"] * 6


def test_each_store_hides_addresses_by_a_key_of_its_own(new_place: NewPlace) -> None:
    """A pseudonym is the same for as long as the store lives, and another in each."""
    one, other = new_place(), new_place()

    found = []
    for place in (one, one, other):
        with open_store(place) as store:
            found.append(store.pseudonyms().of("email:an@example.org"))

    assert found[0] == found[1]
    assert len({*found, "email:an@example.org"}) == 3


def test_an_address_is_forgotten_though_it_is_hidden(store: Store) -> None:
    """Somebody who gives their address is found under its pseudonym, and stays forgotten."""
    hide = store.pseudonyms()
    link = event("identity.linked", customer="till:5", reference="email:an@example.org")
    store.add(hide.hidden([link, event("visit.started", customer="till:5")]))

    assert store.forget("email:an@example.org").events == 2
    assert store.add(hide.hidden([link])) == Report(refused=1)
