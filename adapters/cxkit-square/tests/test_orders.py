"""Orders into events, case by case."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxkit.adapters import Facts
from cxkit.errors import InvalidValueError
from cxkit.model.money import Money
from cxkit_square.orders import Told, order_events
from cxkit_square.terms import Terms

TERMS = Terms(Facts("square:M"), "store", {"Square Online": "web"})
ORDER = {
    "id": "A", "location_id": "L", "state": "COMPLETED", "line_items": [{"quantity": "1"}],
    "created_at": "2026-03-01T10:00:00Z", "updated_at": "2026-03-02T10:00:00Z", "closed_at": "2026-03-01T11:00:00Z",
    "total_money": {"amount": 1999, "currency": "USD"},
}  # fmt: skip


def dollars(cents):
    """Return an amount as Square tells it."""
    return {"amount": cents, "currency": "USD"}


def tender(cents, *, at="2026-03-01T10:30:00Z", status="CAPTURED", **more):
    """Return a payment of an order as Square tells it."""
    return {
        "type": "CARD",
        "amount_money": dollars(cents),
        "created_at": at,
        "card_details": {"status": status},
        **more,
    }


def returned(cents, *, line="ITEM", source="S", **more):
    """Return what an order takes back, as Square tells it."""
    lines = [{"quantity": "1", "item_type": line, **more}]
    return {
        "uid": "u",
        "source_order_id": source,
        "return_line_items": lines,
        "return_amounts": {"total_money": dollars(cents)},
    }


def told(order, sources=()):
    """Return the events of an order by kind."""
    found = list(order_events(Told({**ORDER, **order}, {each["id"]: each for each in sources}), TERMS))
    assert len({event.id for event in found}) == len(found)
    return {event.kind: event for event in found}


@pytest.mark.parametrize(
    "order",
    [
        {"state": "OPEN"},
        {"state": "OPEN", "tenders": [tender(1999, status="FAILED")]},
        {"state": "CANCELED"},
        {"state": "OPEN", "tenders": [{"type": "NO_SALE", "amount_money": dollars(0)}]},
        {"line_items": [], "total_money": dollars(0)},
    ],
    ids=["open ticket", "declined", "thrown away", "drawer opened", "nothing sold"],
)
def test_no_sale(order):
    """What nobody has paid for, and what sells nothing, is no sale."""
    assert not told(order)


def test_placed_when_first_paid():
    """An order is placed when it is first paid for, and not when the bill was begun or the last of it was paid."""
    paid = [tender(1000, at="2026-03-01T10:50:00Z"), tender(999, at="2026-03-01T10:40:00.250Z")]
    placed = told({"tenders": paid, "state": "OPEN"})["order.placed"]
    assert placed.time.isoformat() == "2026-03-01T10:40:00.250000+00:00"
    assert placed.amount == Money("19.99", "USD")
    assert told({})["order.placed"].time.hour == 11  # one over nothing: when it was closed


def test_customer_of_a_payment():
    """The customer is the order's; at a till it is the one that a payment names."""
    assert told({"tenders": [tender(1000), tender(999, customer_id="T")]})["order.placed"].customer == "square:M:T"
    both = {"customer_id": "C", "tenders": [tender(1999, customer_id="T")]}
    assert told(both)["order.placed"].customer == "square:M:C"
    assert told({})["order.placed"].customer is None


@pytest.mark.parametrize(("source", "channel"), [({"name": "Square Online"}, "web"), ({}, "store"), (None, "store")])
def test_channel(source, channel):
    """The name of the source tells the channel; orders of the till have none, or an empty source."""
    assert told({"source": source} if source is not None else {})["order.placed"].channel == channel


@pytest.mark.parametrize(("status", "never_taken"), [("VOIDED", 1999), ("AUTHORIZED", 1999), ("CAPTURED", 0)])
def test_cancelled(status, never_taken):
    """A cancelled order takes off what was never taken; what was taken goes back by a refund."""
    found = told({"state": "CANCELED", "tenders": [tender(1999, status=status)]})
    assert found["order.placed"].amount == Money("19.99", "USD")
    assert found["order.cancelled"].amount == Money.of_minor(never_taken, "USD")


PICKED_UP = {"type": "PICKUP", "state": "COMPLETED", "pickup_details": {"picked_up_at": "2026-03-01T12:00:00Z"}}
DELIVERED = {"type": "DELIVERY", "state": "COMPLETED", "delivery_details": {"completed_at": "2026-03-01T13:00:00Z"}}
SENT = {"type": "SHIPMENT", "state": "COMPLETED", "shipment_details": {"shipped_at": "2026-03-01T12:00:00Z"}}


@pytest.mark.parametrize(
    ("fulfillments", "hour"),
    [
        ([PICKED_UP], 12),
        ([PICKED_UP, DELIVERED], 13),
        ([PICKED_UP, {"type": "PICKUP", "state": "CANCELED"}], 12),
        ([PICKED_UP, {**PICKED_UP, "state": "PREPARED"}], None),
        ([SENT], None),
        ([{"type": "PICKUP", "state": "COMPLETED"}], None),
        ([], None),
    ],
    ids=["picked up", "last of two", "one cancelled", "one not ready", "sent", "no time", "at the till"],
)
def test_delivered(fulfillments, hour):
    """An order is delivered when the last of it was handed over; a parcel that was sent isn't yet."""
    found = told({"fulfillments": fulfillments}).get("order.delivered")
    assert (found and found.time.hour) == hour


def test_returned():
    """What comes back is tied to the sale, and to who had bought it."""
    sale = {**ORDER, "id": "S", "customer_id": "C"}
    order = {"line_items": [], "total_money": dollars(0), "returns": [returned(435)]}
    (back,) = told(order, [sale]).values()
    assert (back.kind, back.reference, back.customer) == ("order.returned", "square:M:S", "square:M:C")
    assert (back.id, back.amount) == ("order.returned:A:u", Money("4.35", "USD"))


def test_money_alone_is_no_return():
    """A sum that was given back isn't something that came back; a line of the sale that had no name is."""
    order = {"line_items": [], "total_money": dollars(0)}
    assert not told({**order, "returns": [returned(435, line="CUSTOM_AMOUNT")]})
    keyed_in = returned(435, line="CUSTOM_AMOUNT", source_line_item_uid="1")
    assert list(told({**order, "returns": [keyed_in]})) == ["order.returned"]


def test_return_without_a_sale():
    """What is taken back without a receipt refers to itself."""
    order = {"line_items": [], "total_money": dollars(0), "returns": [returned(435, source=None)]}
    assert told(order)["order.returned"].reference == "square:M:A"


@given(as_goods=st.integers(0, 10_000), paid=st.integers(0, 10_000), refunded=st.integers(0, 10_000))
def test_exchange_leaves_what_was_paid(as_goods, paid, refunded):
    """Of an exchange what is placed, less what is given back as goods and as money, is the money that flowed."""
    worth, price = as_goods + refunded, as_goods + paid  # or it isn't settled, and Square doesn't complete it
    tenders = [tender(paid)] if paid else []
    found = told({"total_money": dollars(price), "returns": [returned(worth)], "tenders": tenders})
    credit = found["order.refunded"].amount.minor if "order.refunded" in found else 0
    assert credit == as_goods
    assert found["order.placed"].amount.minor - credit - refunded == paid - refunded


@pytest.mark.parametrize(("currency", "text"), [("USD", "19.99"), ("JPY", "1999"), ("KWD", "1.999"), ("VND", "1999")])
def test_money(currency, text):
    """An amount is so many of the currency's smallest unit, however many of these make one."""
    placed = told({"total_money": {"amount": 1999, "currency": currency}})["order.placed"]
    assert placed.amount == Money(text, currency)


@pytest.mark.parametrize(
    "total",
    [
        {"amount": 19.99, "currency": "USD"},
        {"amount": None, "currency": "USD"},
        {"amount": 1, "currency": "UNKNOWN_CURRENCY"},
    ],
)
def test_no_money(total):
    """What isn't a whole number of a known currency is refused, and no guess is made."""
    with pytest.raises((InvalidValueError, TypeError)):
        told({"total_money": total})
