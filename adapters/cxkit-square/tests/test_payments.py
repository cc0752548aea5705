"""Refunds and payments into events."""

from __future__ import annotations

import json

import pytest

from cxkit.adapters import Facts
from cxkit.model.money import Money
from cxkit_square.payments import Repaid, payment_events, refund_events
from cxkit_square.terms import Terms

TERMS = Terms(Facts("square:M"), "store", {"Square Online": "web"})
REFUND = {
    "id": "R", "status": "COMPLETED", "order_id": "B", "payment_id": "P2", "location_id": "L", "reason": "cold",
    "amount_money": {"amount": 435, "currency": "USD"},
    "created_at": "2026-03-01T10:00:00Z", "updated_at": "2026-03-03T10:00:00Z",
}  # fmt: skip
PAYMENT = {
    "id": "P", "status": "COMPLETED", "created_at": "2026-03-01T10:00:00Z", "updated_at": "2026-03-01T10:00:02Z",
    "order_id": "A", "location_id": "L", "source_type": "CARD", "total_money": {"amount": 2199, "currency": "USD"},
    "tip_money": {"amount": 200, "currency": "USD"},
}  # fmt: skip


def back_from(*sources):
    """Return the order that a refund made."""
    return {"id": "B", "returns": [{"source_order_id": each} for each in sources]}


def sale(number, payment, **more):
    """Return an order that was paid by a payment."""
    return {"id": number, "tenders": [{"id": payment, "type": "CARD"}], **more}


def refunded(refund=REFUND, *orders):
    """Return the events of a refund."""
    return list(refund_events(Repaid(refund, {each["id"]: each for each in orders}), TERMS))


def test_refund():
    """A refund is tied to the sale, not to the order that was made for it, and to who bought."""
    (back,) = refunded(REFUND, back_from("A"), sale("A", "P1", customer_id="C", source={"name": "Square Online"}))
    assert (back.id, back.reference, back.customer) == ("order.refunded:R", "square:M:A", "square:M:C")
    assert (back.amount, back.channel, back.time.day) == (Money("4.35", "USD"), "web", 1)


def test_refund_of_several_sales():
    """Of several sales it is the one that the refunded payment had paid."""
    (back,) = refunded(REFUND, back_from("A", "X"), sale("A", "P1"), sale("X", "P2", customer_id="C"))
    assert (back.reference, back.customer) == ("square:M:X", "square:M:C")


def test_refund_without_orders():
    """Where Square doesn't know the orders any more, or there is none, the refund is told nevertheless."""
    assert [event.reference for event in refunded()] == ["square:M:B"]
    (unlinked,) = refunded({**REFUND, "order_id": None})
    assert unlinked.reference is None


@pytest.mark.parametrize("status", ["PENDING", "REJECTED", "FAILED"])
def test_refund_that_gave_nothing_back(status):
    """Money that isn't on its way back is no refund."""
    assert not refunded({**REFUND, "status": status})


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("COMPLETED", "payment.completed"),
        ("FAILED", "payment.failed"),
        ("APPROVED", None),
        ("CANCELED", None),
        ("PENDING", None),
    ],
)
def test_payment(status, kind):
    """A payment that went through and one that was declined are told; with the tip, as the customer paid it."""
    found = list(payment_events({**PAYMENT, "status": status}, TERMS))
    assert [event.kind for event in found] == ([kind] if kind else [])
    for event in found:
        assert (event.amount, event.reference) == (Money("21.99", "USD"), "square:M:A")
        assert json.loads(event.properties) == {"location": "L", "tender": "CARD", "tip_minor": 200}


def test_payment_of_a_guest():
    """Who has no profile is known by the address for the receipt."""
    (paid,) = payment_events({**PAYMENT, "buyer_email_address": "An@Example.org"}, TERMS)
    assert paid.customer == "email:an@example.org"


def test_payment_offline():
    """What was paid while the till had no connection was paid then, and not when it was sent."""
    offline = {"client_created_at": "2026-02-28T18:00:00Z"}
    (paid,) = payment_events({**PAYMENT, "offline_payment_details": offline}, TERMS)
    assert paid.time.day == 28


@pytest.mark.parametrize(
    ("product", "channel"), [("SQUARE_POS", "store"), ("ONLINE_STORE", "web"), ("OTHER", None), (None, None)]
)
def test_product(product, channel):
    """The product that took the money tells the channel, where it can be only one."""
    (paid,) = payment_events({**PAYMENT, "application_details": {"square_product": product}}, TERMS)
    assert paid.channel == channel
