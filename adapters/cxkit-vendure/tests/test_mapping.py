"""The mapping on what a shop answered: `recorded.json` was taken from a Vendure 3.7 on SQLite."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cxkit.adapters import Facts
from cxkit.errors import InvalidValueError
from cxkit.model.money import Money
from cxkit_vendure.mapping import (
    Terms,
    agreed,
    cart_abandoned,
    customer_known,
    order_outcomes,
    order_placed,
    taken,
)

RECORDED: dict[str, list[dict[str, Any]]] = json.loads((Path(__file__).parent / "recorded.json").read_text("utf-8"))
TERMS = Terms(Facts("vendure:shop.example"))
PAID, PARTS, VOIDED, LESS, BACK = RECORDED["outcomes"]
EMPTY, NOBODYS, KNOWN = RECORDED["carts"]


def told(events: Any) -> list[tuple[str, str, str | None]]:
    """Return the ids, times and amounts of events."""
    return [(event.id, f"{event.time:%T.%f}"[:-3], str(event.amount) if event.amount else None) for event in events]


def test_order_with_a_refund():
    """An order is a cart, an order, and a refund for each that was settled; one that is pending gave nothing back."""
    assert told(order_outcomes(PAID, TERMS)) == [
        ("cart.updated:1", "11:42:27.000", None),
        ("order.placed:1", "11:42:28.092", "20.00 USD"),
        ("order.refunded:1", "11:42:28.092", "3.00 USD"),
    ]


def test_who_what_where():
    """Customers, references and the channel are those of the shop."""
    for event in order_outcomes(PAID, TERMS):
        assert event.customer == "vendure:shop.example:1"
        assert event.reference == "vendure:shop.example:382DVHMVH54RH4V4"
        assert (event.source, event.channel) == ("vendure:shop.example", "web")


def test_delivery_in_two_parcels():
    """An order is delivered when the last of its parcels is."""
    assert told(order_outcomes(PARTS, TERMS))[-1] == ("order.delivered:2", "11:42:30.000", None)


def test_part_delivered():
    """An order of which a part is under way isn't delivered."""
    partly = PARTS | {"state": "PartiallyDelivered"}
    assert [event.kind for event in order_outcomes(partly, TERMS)] == ["cart.updated", "order.placed"]


def test_cancelled_before_it_was_paid():
    """An order cancelled with its authorisation keeps what was agreed, and the cancellation takes all of it off."""
    assert told(order_outcomes(VOIDED, TERMS))[1:] == [
        ("order.placed:3", "11:42:31.076", "20.00 USD"),
        ("order.cancelled:3", "11:42:31.076", "20.00 USD"),
    ]


def test_cancelled_in_part():
    """A line that is cancelled and paid back comes off once, as the refund; Vendure's total has it off too."""
    assert LESS["totalWithTax"] == 3500
    assert told(order_outcomes(LESS, TERMS))[1:] == [
        ("order.placed:4", "11:42:31.373", "50.00 USD"),
        ("order.refunded:3", "11:42:31.373", "15.00 USD"),
    ]


def test_sent_back():
    """An order cancelled after its delivery was delivered, and its refund takes off what the cancellation doesn't."""
    assert BACK["totalWithTax"] == 0
    assert told(order_outcomes(BACK, TERMS))[1:] == [
        ("order.placed:5", "11:42:31.975", "20.00 USD"),
        ("order.delivered:5", "11:42:32.000", None),
        ("order.refunded:4", "11:42:32.000", "20.00 USD"),
        ("order.cancelled:5", "11:42:32.000", "0.00 USD"),
    ]


@pytest.mark.parametrize("order", RECORDED["outcomes"], ids=lambda order: order["id"])
def test_net_is_what_was_kept(order):
    """What was placed, less cancellations and refunds, is the money that the shop holds in the end."""
    sign = {"order.placed": 1, "order.cancelled": -1, "order.refunded": -1}
    net = sum(sign.get(event.kind, 0) * (event.amount_minor or 0) for event in order_outcomes(order, TERMS))
    refunds = [refund for payment in order["payments"] for refund in payment["refunds"]]
    kept = taken(order) - sum(refund["total"] for refund in refunds if refund["state"] == "Settled")
    assert net == kept


@pytest.mark.parametrize("number", range(5))
def test_placing_is_told_alike_by_both_streams(number):
    """What the stream of orders tells, that of outcomes tells again as the same events: no correction comes of it."""
    of_orders = list(order_placed(RECORDED["orders"][number], TERMS))
    assert list(order_outcomes(RECORDED["outcomes"][number], TERMS))[:2] == of_orders


def test_declined_payment_is_no_money():
    """A payment that was declined before another went through counts for nothing."""
    tried = {"id": "0", "state": "Declined", "amount": 2000}
    order = RECORDED["orders"][0] | {"payments": [tried, *RECORDED["orders"][0]["payments"]]}
    assert (agreed(order), taken(order)) == (2000, 2000)


def test_order_on_account():
    """An order that a shop places without payment is worth its total."""
    order = RECORDED["orders"][0] | {"payments": []}
    assert (agreed(order), taken(order)) == (2000, 0)


def test_cancelled_order_without_history():
    """When an order was cancelled can't be guessed."""
    with pytest.raises(InvalidValueError, match="doesn't say when the order was cancelled"):
        list(order_outcomes(VOIDED | {"history": {"items": []}}, TERMS))


def test_abandoned_carts():
    """A cart with something in it is abandoned when it was last touched; whose it is may be unknown."""
    assert list(cart_abandoned(EMPTY, TERMS)) == []
    assert told(cart_abandoned(KNOWN, TERMS)) == [
        ("cart.updated:7", "11:42:32.000", None),
        ("cart.abandoned:7", "11:42:32.000", "58.80 USD"),
    ]
    assert {event.customer for event in cart_abandoned(NOBODYS, TERMS)} == {None}


def test_customers():
    """An account is opened when its user was made; a guest has none; both have the identities that they gave."""
    account, guest = RECORDED["customers"][:2]
    assert [(event.id, event.reference, event.time.second) for event in customer_known(account, TERMS)] == [
        ("account.created:1", None, 26),
        ("identity.linked:1:email", "email:an@example.org", 25),
        ("identity.linked:1:phone", "phone:+436601234567", 25),
    ]
    assert [event.reference for event in customer_known(guest, TERMS)] == ["email:bo@example.org"]


@pytest.mark.parametrize(
    ("decimals", "amount", "currency", "expected"),
    [
        (2, 4459, "USD", "44.59"),
        (2, 150_000_00, "VND", "150000"),
        (0, 150_000, "VND", "150000"),
        (2, 4459, "KWD", "44.590"),
        (3, 44_595, "USD", "44.60"),
        (3, 44_585, "USD", "44.58"),
    ],
)
def test_money(decimals, amount, currency, expected):
    """A shop's decimals are the same for all currencies; what a currency lacks is rounded, half to even."""
    assert Terms(Facts("shop"), decimals).money(amount, currency) == Money(expected, currency)


def test_money_that_is_no_whole_number():
    """Money with a point is none of Vendure's: it is refused, not rounded."""
    with pytest.raises(InvalidValueError, match="whole number"):
        list(order_placed(RECORDED["orders"][0] | {"totalWithTax": 2000.5}, TERMS))
