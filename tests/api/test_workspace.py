"""The workspace: what an app does with it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

import cxkit
from cxkit import metrics
from cxkit.errors import InvalidValueError


@pytest.fixture
def cx(tmp_path):
    """A workspace over a new file."""
    with cxkit.connect(tmp_path / "shop.db") as workspace:
        yield workspace


def test_the_first_example(cx):
    """What the README shows: an order, an answer, a link, a score by channel and month in a zone."""
    at = datetime(2026, 3, 31, 20, tzinfo=UTC)  # 1 April in Viet Nam
    cx.emit("order.placed", customer="c42", touchpoint="storefront.checkout", channel="web", time=at,
            amount=cxkit.Money("129.90", "USD"), reference="o-1001", properties={"coupon": "TET"})  # fmt: skip
    cx.answer("nps", 9, customer="c42", touchpoint="storefront.checkout", channel="web", time=at)
    cx.link("c42", "email:an@example.com")
    card = cx.score(
        ["nps", metrics.csat(answers="latest"), "average_transaction_value", "retention_rate"],
        by=["channel"], every="month", tz="Asia/Ho_Chi_Minh", since="2026-01-01",
    )  # fmt: skip
    assert card.get("nps", channel="web", period="2026-04").value == 100
    assert card.get("average_transaction_value", channel="web", period="2026-04").value == 129.90
    assert card.get("csat", period="2026-04").value is None


def test_what_is_emitted_is_there_for_the_next_process(tmp_path):
    """The file holds the events when it is opened again."""
    path = tmp_path / "shop.db"
    with cxkit.connect(path) as first:
        made = first.emit("visit.started", customer="c1")
    with cxkit.connect(path) as again:
        assert list(again.events()) == [made]


def test_the_same_fact_twice_is_one_and_a_correction_replaces(cx):
    """A retried order is one order; with another amount it is the corrected one."""
    for amount in ("10.00", "10.00", "12.00"):
        cx.emit("order.placed", customer="a", reference="o-1", amount=cxkit.Money(amount, "USD"),
                time=datetime(2026, 1, 1, tzinfo=UTC))  # fmt: skip
    card = cx.score(["orders", "revenue"])
    assert (card.get("orders").value, card.get("revenue").value) == (1, 12.0)


def test_an_answer_off_its_scale_is_refused_and_not_kept(cx):
    """Eleven isn't an answer to a question from nought to ten."""
    with pytest.raises(InvalidValueError, match="score: 11 is outside the scale of 'nps'"):
        cx.answer("nps", 11, customer="c1")
    assert list(cx.events()) == []


def test_an_instrument_of_ones_own_is_checked(tmp_path):
    """A registry given to `connect` holds answers to its scales."""
    own = cxkit.Instruments().add(cxkit.Instrument(name="smiley", title="Smileys", low=1, high=3))
    with cxkit.connect(tmp_path / "shop.db", instruments=own) as cx:
        cx.answer("smiley", 3, customer="c1")
        with pytest.raises(InvalidValueError, match="outside the scale of 'smiley'"):
            cx.answer("smiley", 4, customer="c1")


def test_links_are_undone(cx):
    """Linked, two names are one buyer; unlinked, two again."""
    for customer in ("a", "b"):
        cx.emit("order.placed", customer=customer, reference=f"o-{customer}", amount=cxkit.Money(1, "USD"))
    cx.link("a", "b")
    assert cx.score("active_customers").get("active_customers").value == 1
    assert cx.identities().canonical("b") == "a"
    cx.unlink("a", "b")
    assert cx.score("active_customers").get("active_customers").value == 2


def test_a_forgotten_customer_is_gone_and_stays_away(cx):
    """Nothing of theirs scores, and neither an emit nor an import brings them back."""
    kept = cx.emit("visit.started", customer="b")
    gone = cx.emit("visit.started", customer="a")
    cx.link("a", "email:a@example.com")
    assert cx.forget("a").events == 2
    assert list(cx.events()) == [kept]
    with pytest.raises(InvalidValueError, match="customer: 'a' was forgotten"):
        cx.emit("visit.started", customer="a")
    assert cx.add([gone, kept]).refused == 1
    assert list(cx.events()) == [kept]


def test_scores_of_a_store_know_its_journey_map(tmp_path):
    """The map given to `connect` serves every score."""
    with cxkit.connect(tmp_path / "shop.db", journey_map="hourglass") as cx:
        cx.emit("order.placed", customer="a", touchpoint="storefront.checkout", amount=cxkit.Money(1, "USD"))
        assert cx.score("orders", by="area").get("orders", area="commerce").value == 1


@pytest.mark.parametrize("engine", ["rows", "polars", "duckdb"])
def test_a_store_is_scored_on_any_engine(cx, engine):
    """The store's events score the same wherever they are computed."""
    if engine != "rows":
        pytest.importorskip(engine, reason="pip install 'cxkit[frame]'")
    for number in range(20):
        cx.emit("order.placed", customer=f"c{number % 3}", channel="web", reference=f"o-{number}",
                amount=cxkit.Money(number, "USD"))  # fmt: skip
    card = cx.score(by="channel", engine=engine)
    assert card.get("repeat_purchase_rate").value == 1
    assert card == cx.score(by="channel")
