from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from cxkit.adapters import Profile, Pushed
from cxkit.api.push import profiles, push
from cxkit.errors import UnknownNameError, UnsupportedError
from cxkit.model.event import event
from cxkit.model.money import Money
from cxkit.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.places import NewPlace

    from cxkit.store import Store


@pytest.fixture
def store(fleeting: NewPlace) -> Iterator[Store]:
    """Return an empty store."""
    with open_store(fleeting()) as made:
        yield made


def order(customer: str, amount: str, currency: str = "EUR") -> Any:
    """Return an order of somebody."""
    return event("order.placed", customer=customer, reference=f"{customer}{amount}", amount=Money(amount, currency))


def answer(customer: str, score: float, time: str, number: int = 1) -> Any:
    """Return an answer of somebody."""
    key: Any = {"id": f"{number}", "source": "s", "time": datetime.fromisoformat(time)}
    return event("survey.answered", **key, customer=customer, instrument="nps", score=score)


def by_customer(store: Store, source: str = "desk", **options: Any) -> dict[str, Any]:
    """Return scores by customer."""
    return {each.customer: dict(each.scores) for each in profiles(store, source, **options)}


def test_what_other_systems_know_counts(store: Store) -> None:
    """The desk's customer is told what the same person bought in the shop, under whatever name."""
    store.add([
        order("shop:1", "19.99"), order("email:an@example.org", "0.02"), order("shop:2", "5.00"),
        event("identity.linked", id="1", customer="desk:7", reference="email:an@example.org"),
        event("identity.linked", id="2", customer="shop:1", reference="email:an@example.org"),
    ])  # fmt: skip

    assert by_customer(store, metrics=["orders", "revenue"]) == {
        "7": {"nps_score": None, "nps_group": None, "orders": 2.0, "revenue": Money("20.01", "EUR")}
    }
    assert set(by_customer(store, "shop", metrics=["orders"])) == {"1", "2"}


def test_several_ids_of_one_person_get_the_same(store: Store) -> None:
    """A customer whom the desk has twice is told the same at both places."""
    links = [
        event("identity.linked", id=number, customer=f"desk:{number}", reference="email:an@example.org")
        for number in "78"
    ]
    store.add([*links, order("desk:8", "1.00")])

    found = by_customer(store, metrics=["orders"])

    assert found["7"] == found["8"]
    assert found["7"]["orders"] == 1


@pytest.mark.parametrize(
    ("score", "group"),
    [(0, "detractor"), (6, "detractor"), (7, "passive"), (8, "passive"), (9, "promoter"), (10, "promoter")],
)
def test_groups_are_reichhelds(score: int, group: str, store: Store) -> None:
    """9 and 10 promote, 7 and 8 are passive, the others detract."""
    store.append(answer("desk:7", score, "2026-03-01T10:00:00Z"))

    assert by_customer(store, metrics=[])["7"] == {"nps_score": score, "nps_group": group}


def test_the_latest_answer_counts(store: Store) -> None:
    """Somebody who answered several times is what they said last, whichever id they said it under."""
    store.add([
        answer("desk:7", 9, "2026-03-01T10:00:00Z", 1), answer("shop:1", 3, "2026-03-02T10:00:00Z", 2),
        answer("desk:7", 10, "2026-02-01T10:00:00Z", 3),
        event("identity.linked", id="9", customer="desk:7", reference="shop:1"),
    ])  # fmt: skip

    assert by_customer(store, metrics=[])["7"] == {"nps_score": 3, "nps_group": "detractor"}


def test_money_is_exact_and_has_its_currency(store: Store) -> None:
    """Sums are whole cents, and currencies aren't added."""
    store.add(
        [order("desk:7", "0.10"), order("desk:7", "0.20"), order("desk:7", "9.99", "USD"), order("desk:8", "1.00")]
    )

    scores = by_customer(store, metrics=["revenue"])["7"]

    assert sorted(str(value) for value in scores.values() if isinstance(value, Money)) == sorted(
        map(str, (Money(Decimal("0.30"), "EUR"), Money(Decimal("9.99"), "USD")))
    )


def test_what_was_not_observed_is_none(store: Store) -> None:
    """A score that others have and somebody hasn't is None, which is to erase what stood there."""
    store.add([order("desk:7", "1.00"), answer("desk:8", 5, "2026-03-01T10:00:00Z")])

    found = by_customer(store, metrics=["revenue"])

    assert found["8"]["revenue"] is None
    assert found["8"].keys() == found["7"].keys()


def test_nobody_is_pushed_from_an_empty_store(store: Store) -> None:
    """Where nothing is known, or nothing of this system's customers, nobody is written."""
    assert by_customer(store) == {}
    store.append(order("shop:1", "1.00"))
    assert by_customer(store) == {}


def test_a_metric_that_there_is_not_is_named(store: Store) -> None:
    """A name mistyped writes nothing."""
    with pytest.raises(UnknownNameError, match="did you mean 'orders'"):
        by_customer(store, metrics=["order"])


class _Desk:
    name, title, source = "desk", "Desk", "desk"

    def __init__(self) -> None:
        self.written: list[Profile] = []

    def push(self, given: Iterable[Profile]) -> Pushed:
        """Take what is written."""
        self.written = list(given)
        return Pushed(len(self.written))


def test_profiles_reach_the_adapter(store: Store) -> None:
    """What is written is what the adapter's own customers are told."""
    store.add([order("desk:7", "1.00"), order("shop:1", "1.00")])
    desk = _Desk()

    assert push(desk, store, metrics=["orders"]) == Pushed(1)  # type: ignore[arg-type]
    assert desk.written == [Profile("7", {"nps_score": None, "nps_group": None, "orders": 1.0})]


def test_who_cannot_write_says_so(store: Store) -> None:
    """An adapter without the method is named."""

    class Reader:
        name, title, source = "reader", "Reader", "reader"

    with pytest.raises(UnsupportedError, match="adapter 'reader' can't write back: it only reads"):
        push(Reader(), store)  # type: ignore[arg-type]
