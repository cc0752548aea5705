"""The workspace over a real store: emit, answer, link, forget, score."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

import cxkit
from cxkit import Instrument, Instruments, Money, Workspace
from cxkit.errors import InvalidValueError, StoreError, UnknownNameError

if TYPE_CHECKING:
    from pathlib import Path

JANUARY = datetime(2026, 1, 10, tzinfo=UTC)


@pytest.fixture
def cx(place: str):
    """Return a workspace over a new store, of each kind."""
    with cxkit.connect(place) as workspace:
        yield workspace


def test_what_the_readme_says(cx: Workspace):
    """Emit, answer, link and score, as an app would."""
    order = cx.emit(
        "order.placed",
        customer="c42",
        touchpoint="storefront.checkout",
        channel="web",
        amount=Money("129.90", "USD"),
        reference="o-1001",
        properties={"coupon": "TET"},
        time=JANUARY,
    )
    cx.answer("nps", 9, customer="c42", touchpoint="storefront.checkout", channel="web", time=JANUARY)
    cx.link("c42", "email:an@example.org")
    card = cx.score(["nps", "average_transaction_value", "retention_rate"], by=["channel"], every="month")
    assert order.amount == Money("129.90", "USD")
    assert card.get("nps", channel="web", period="2026-01").value == 100
    assert card.get("average_transaction_value", channel="web", period="2026-01").value == 129.9
    assert cx.score("average_transaction_value", by="coupon").get("average_transaction_value", coupon="TET").n == 1


def test_what_was_emitted_is_there_again(tmp_path: Path):
    """Closed and opened again, a store holds what it was given, event for event."""
    with cxkit.connect(tmp_path / "shop.db", source="till") as cx:
        made = [cx.emit("visit.started", customer=name, time=JANUARY) for name in ("an", "binh")]
    with cxkit.connect(str(tmp_path / "shop.db")) as cx:
        assert sorted(cx.events(), key=lambda event: event.id) == made
        assert {event.source for event in cx.events()} == {"till"}


def test_a_retry_is_no_second_order(cx: Workspace):
    """The same fact twice is one; with another amount it is a correction."""
    for amount in ("10.00", "10.00", "12.00"):
        cx.emit("order.placed", reference="o-1", customer="an", amount=Money(amount, "USD"), time=JANUARY)
    assert cx.score("orders").get("orders").value == 1
    assert cx.score("revenue").get("revenue").value == 12.0


def test_answers_stay_on_their_scale(cx: Workspace):
    """An answer that can't have been given is refused before it is stored."""
    with pytest.raises(InvalidValueError, match="score"):
        cx.answer("nps", 11)
    with pytest.raises(InvalidValueError, match="score"):
        cx.emit("survey.answered", instrument="csat", score=0)
    assert list(cx.events()) == []


def test_instruments_of_ones_own():
    """A workspace may know other scales than those that are built in."""
    instruments = Instruments().add(Instrument(name="mood", title="Mood", low=1, high=3))
    with cxkit.connect(":memory:", instruments=instruments) as cx:
        cx.answer("mood", 3)
        with pytest.raises(InvalidValueError, match="mood"):
            cx.answer("mood", 4)


def test_links_and_their_undoing(cx: Workspace):
    """Two names are one customer once they are linked, and two again when that is undone."""
    for name in ("an", "email:an@example.org"):
        cx.emit("order.placed", customer=name, time=JANUARY)
    customers = [cx.score("active_customers").get("active_customers").value]
    cx.link("an", "email:an@example.org", time=JANUARY)
    customers.append(cx.score("active_customers").get("active_customers").value)
    assert cx.identities().canonical("email:an@example.org") == "an"
    cx.unlink("an", "email:an@example.org", time=JANUARY + timedelta(days=1))
    customers.append(cx.score("active_customers").get("active_customers").value)
    assert customers == [2, 1, 2]
    assert cx.identities().canonical("email:an@example.org") == "email:an@example.org"


def test_a_phone_that_all_share(tmp_path: Path):
    """How many may share an identity is the workspace's to say; a score may say otherwise."""
    with cxkit.connect(tmp_path / "shop.db", max_people=2) as cx:
        for name in "abc":
            cx.emit("order.placed", customer=name)
            cx.link(name, "phone:0000000000")
        assert [shared.identity for shared in cx.identities().shared] == ["phone:0000000000"]
        card = cx.score("active_customers")
        assert card.get("active_customers").value == 3
        assert "shared by more than 2 customers" in card.notes[0]
        assert cx.score("active_customers", max_people=3).get("active_customers").value == 1


def test_forget(cx: Workspace):
    """A forgotten customer is gone under every identity, from the numbers too, and can't come back."""
    events = [
        cxkit.event("order.placed", customer="an", time=JANUARY, id="1"),
        cxkit.event("order.placed", customer="email:an@example.org", time=JANUARY, id="2"),
        cxkit.event("order.placed", customer="binh", time=JANUARY, id="3"),
        cxkit.event("identity.linked", customer="an", reference="email:an@example.org", time=JANUARY, id="4"),
    ]
    assert cx.add(events).new == 4
    forgotten = cx.forget("an")
    assert (forgotten.events, forgotten.identities) == (3, 2)
    assert [event.customer for event in cx.events()] == ["binh"]
    assert cx.score("orders").get("orders").value == 1
    assert (cx.add(events).refused, cx.add(events).duplicates) == (3, 1)
    with pytest.raises(InvalidValueError, match="customer: 'an' was forgotten"):
        cx.emit("order.placed", customer="an")
    assert cx.score("orders").get("orders").value == 1


def test_add_reports(cx: Workspace):
    """Many events at once, and what became of them."""
    events = [cxkit.event("visit.started", id=str(n), time=JANUARY) for n in range(5)]
    first, again = cx.add(events), cx.add(iter(events))
    assert (first.new, first.total) == (5, 5)
    assert (again.new, again.duplicates) == (0, 5)


def test_journey_map_of_the_workspace(tmp_path: Path):
    """A workspace that has a map scores by what it says; a score may bring another."""
    with cxkit.connect(tmp_path / "shop.db", journey_map="hourglass") as cx:
        cx.emit("order.placed", touchpoint="storefront.checkout")
        assert cx.score("orders", by="stage").get("orders", stage="buy").value == 1
        assert cx.score("orders", by="stage", journey_map="five-stages").get("orders", stage="decide").value == 1


def test_errors_come_through(cx: Workspace):
    """Mistakes in a score are named as by cxkit.score."""
    cx.emit("order.placed", channel="web")
    with pytest.raises(UnknownNameError, match="did you mean 'orders'"):
        cx.score("order")
    with pytest.raises(UnknownNameError, match="did you mean 'channel'"):
        cx.score("orders", by="chanel")


def test_what_is_no_event_is_not_stored(cx: Workspace):
    """A bad event leaves nothing behind."""
    with pytest.raises(InvalidValueError, match="kind"):
        cx.emit("ordered")
    with pytest.raises(InvalidValueError, match="time"):
        cx.emit("order.placed", time=datetime(2026, 1, 1))  # noqa: DTZ001 - naive is the case
    assert list(cx.events()) == []


def test_what_is_no_store(tmp_path: Path):
    """A file that holds something else isn't opened, and isn't touched."""
    path = tmp_path / "notes.txt"
    path.write_text("Dear diary, " * 1000, "utf-8")
    with pytest.raises(StoreError):
        cxkit.connect(path)
    assert path.read_text("utf-8").startswith("Dear diary")


def test_a_closed_workspace(tmp_path: Path):
    """After closing, emitting is an error, not a loss in silence; closing twice is none."""
    cx = cxkit.connect(tmp_path / "shop.db")
    cx.close()
    cx.close()
    with pytest.raises(StoreError):
        cx.emit("order.placed")


def test_a_place_is_scored_as_its_workspace_is(place: str):
    """What is scored or described by the path or the URL of a store is what a workspace over it holds."""
    with cxkit.connect(place) as cx:
        cx.emit("order.placed", customer="c42", reference="o-1", channel="web")
        cx.emit("order.placed", customer="email:an@example.org", reference="o-2", channel="app")
        cx.link("c42", "email:an@example.org")
        wanted = ["orders", "active_customers"]
        card = cx.score(wanted, by="channel")

    again = cxkit.score(place, wanted, by="channel")
    assert [(row.metric, row.estimate) for row in again] == [(row.metric, row.estimate) for row in card]
    assert card.get("active_customers").value == 1
    assert cxkit.score([place, place], "orders").get("orders").value == 2
    assert cxkit.describe(place).events == 3
