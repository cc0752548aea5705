"""What becomes of single records, without a shop."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxkit.adapters import Facts
from cxkit.errors import InvalidValueError
from cxkit.model.money import Money
from cxkit_shopify.mapping import (
    Terms,
    checkout_events,
    customer_events,
    delivered_at,
    merge_events,
    money,
    money_back,
    order_events,
)
from cxkit_shopify.queries import MOST_FULFILLMENTS, MOST_REFUNDS, number_of

TERMS = Terms(Facts("shopify:example.myshopify.com"))
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def bag(amount, currency="EUR"):
    """Return money as the questions get it."""
    return {"money": {"amount": amount, "currencyCode": currency}}


def order(**changes):
    """Return an order that somebody paid online."""
    return {
        "legacyResourceId": "7", "createdAt": "2026-03-01T12:00:05Z", "processedAt": "2026-03-01T12:00:00Z",
        "updatedAt": "2026-03-01T12:00:05Z", "cancelledAt": None, "test": False, "sourceName": "web",
        "checkoutToken": "c", "email": "an@example.org", "phone": None, "displayFulfillmentStatus": "UNFULFILLED",
        "customer": {"legacyResourceId": "5"}, "totalPriceSet": bag("20.0"), "totalReceivedSet": bag("20.0"),
        "refunds": [], "fulfillments": [], **changes,
    }  # fmt: skip


def refund(*transactions, more=False):
    """Return a refund with transactions of kind, status and amount."""
    nodes = [{"kind": kind, "status": status, "amountSet": bag(amount)} for kind, status, amount in transactions]
    return {
        "legacyResourceId": "9",
        "processedAt": "2026-03-02T12:00:00Z",
        "transactions": {"nodes": nodes, "pageInfo": {"hasNextPage": more}},
    }


def parcel(delivered="2026-03-03T12:00:00Z", **changes):
    """Return a fulfilment."""
    return {"status": "SUCCESS", "requiresShipping": True, "deliveredAt": delivered, **changes}


def kinds(record):
    """Return the kinds of the events of an order."""
    return [event.kind for event in order_events(record, TERMS)]


def test_order_online():
    """An order came of a cart, and is placed when it was processed."""
    cart, placed = order_events(order(), TERMS)
    assert (cart.kind, placed.kind) == ("cart.updated", "order.placed")
    assert placed.time == cart.time == NOON
    assert placed.customer == "shopify:example.myshopify.com:5"
    assert placed.reference == cart.reference == "shopify:example.myshopify.com:7"
    assert (placed.amount, placed.channel, placed.id) == (Money("20", "EUR"), "web", "order.placed:7")


def test_order_at_the_till():
    """What is sold at a till came of no cart, even where it has a checkout's token."""
    (sale,) = order_events(order(sourceName="pos", customer=None, email=None), TERMS)
    assert (sale.kind, sale.channel, sale.customer) == ("order.placed", "store", None)


def test_order_that_was_entered():
    """An order that somebody took by telephone went through no checkout."""
    assert kinds(order(checkoutToken=None, sourceName="shopify_draft_order")) == ["order.placed"]


def test_guest_is_known_by_address():
    """An order without a customer's record is of whoever has the address or the number."""
    guests = [
        order(customer=None),
        order(customer=None, email=None, phone="+436601234567"),
        order(customer=None, email="?"),
    ]
    found = [next(order_events(guest, TERMS)).customer for guest in guests]
    assert found == ["email:an@example.org", "phone:+436601234567", None]


def test_order_of_a_test():
    """An order that tried the shop out didn't happen."""
    assert kinds(order(test=True)) == []


def test_refund_is_what_was_given_back():
    """A refund counts what its transactions have moved, and not those that failed, wait, or are of another kind."""
    done = [("REFUND", "SUCCESS", "4.35"), ("REFUND", "SUCCESS", "0.01")]
    rest = [("REFUND", "PENDING", "1.0"), ("REFUND", "FAILURE", "2.0"), ("VOID", "SUCCESS", "8.0")]
    assert money_back(refund(*done, *rest)) == Money("4.36", "EUR")
    assert money_back(refund(*rest)) is None
    assert money_back(refund(("REFUND", "SUCCESS", "0.0"))) is None
    *_, event = order_events(order(refunds=[refund(*done)]), TERMS)
    assert (event.kind, event.id, event.time.day) == ("order.refunded", "order.refunded:9", 2)


def test_refunds_that_cannot_all_be_read_reject_the_order():
    """Where there may be more than were given, the order is an error: half of its money would be wrong."""
    with pytest.raises(InvalidValueError, match="more transactions"):
        kinds(order(refunds=[refund(("REFUND", "SUCCESS", "1.0"), more=True)]))
    with pytest.raises(InvalidValueError, match="there may be more"):
        kinds(order(refunds=[refund()] * MOST_REFUNDS))
    with pytest.raises(InvalidValueError, match="as many as can be read"):
        kinds(order(fulfillments=[parcel()] * MOST_FULFILLMENTS))


@pytest.mark.parametrize(
    ("status", "parcels", "day"),
    [
        ("FULFILLED", [parcel()], 3),
        ("FULFILLED", [parcel(), parcel("2026-03-05T12:00:00Z")], 5),
        ("FULFILLED", [parcel(), parcel(None)], None),
        ("FULFILLED", [parcel(), parcel(None, status="CANCELLED")], 3),
        ("FULFILLED", [parcel(), parcel(None, requiresShipping=False)], 3),
        ("FULFILLED", [parcel(None, requiresShipping=False)], None),
        ("PARTIALLY_FULFILLED", [parcel()], None),
        ("UNFULFILLED", [], None),
    ],
)
def test_delivered_when_the_last_parcel_is(status, parcels, day):
    """An order is delivered when all that is sent has arrived and nothing is left to send."""
    found = delivered_at(order(displayFulfillmentStatus=status, fulfillments=parcels))
    assert (None if found is None else found.day) == day


@pytest.mark.parametrize(("received", "unpaid"), [("20.0", "0"), ("0.0", "20"), ("12.5", "7.5"), ("21.0", "0")])
def test_cancelled_is_what_was_never_paid(received, unpaid):
    """A cancellation takes off what was never received; refunds take off the rest."""
    *_, event = order_events(order(cancelledAt="2026-03-02T08:00:00Z", totalReceivedSet=bag(received)), TERMS)
    assert (event.kind, event.amount) == ("order.cancelled", Money(unpaid, "EUR"))


def test_checkout_left_behind():
    """A checkout that was left tells when it began and when it was last touched; one that became an order, nothing."""
    left = {
        "id": "gid://shopify/AbandonedCheckout/8?key=x", "createdAt": "2026-03-01T12:00:00Z",
        "updatedAt": "2026-03-01T12:30:00Z", "completedAt": None, "customer": None, "totalPriceSet": bag("88.1"),
    }  # fmt: skip
    started, abandoned = checkout_events(left, TERMS)
    assert (started.kind, started.time) == ("checkout.started", NOON)
    assert (abandoned.kind, abandoned.amount, abandoned.time.minute) == ("cart.abandoned", Money("88.10", "EUR"), 30)
    assert started.reference == abandoned.reference == "shopify:example.myshopify.com:checkout:8"
    assert list(checkout_events({**left, "completedAt": "2026-03-01T13:00:00Z"}, TERMS)) == []


def test_customer_is_tied_to_address_and_number():
    """A customer's e-mail address and phone number are theirs; one without either tells nothing."""
    one = {
        "legacyResourceId": "5", "createdAt": "2026-03-01T12:00:00Z",
        "defaultEmailAddress": {"emailAddress": "An@Example.org"},
        "defaultPhoneNumber": {"phoneNumber": "+436601234567"},
    }  # fmt: skip
    assert [event.reference for event in customer_events(one, TERMS)] == ["email:an@example.org", "phone:+436601234567"]
    nobody = {**one, "defaultEmailAddress": None, "defaultPhoneNumber": None}
    assert list(customer_events(nobody, TERMS)) == []
    (merged,) = merge_events(nobody, 4, TERMS)
    assert (merged.customer, merged.reference) == ("shopify:example.myshopify.com:5", "shopify:example.myshopify.com:4")
    assert (merged.id, merged.time) == ("identity.linked:4:merged", NOON)


@given(
    cents=st.integers(0, 10**12),
    currency=st.sampled_from([("EUR", 2), ("JPY", 0), ("KWD", 3)]),
    zeros=st.integers(0, 2),
)
def test_money_is_exact(cents, currency, zeros):
    """Amounts are taken to the digit, with as many zeros after the point as Shopify likes to write."""
    code, digits = currency
    text = f"{cents // 10**digits}.{cents % 10**digits:0{digits}}" if digits else f"{cents}."
    text += "0" * (zeros if digits else zeros + 1)
    assert money(bag(text, code)) == Money.of_minor(cents, code)


@given(number=st.integers(0, 10**18), kind=st.sampled_from(["Order", "Customer"]))
def test_number_of_a_global_id(number, kind):
    """The number in a global id is the id that webhooks have."""
    assert number_of(f"gid://shopify/{kind}/{number}", kind) == number
    assert number_of(f"gid://shopify/X{kind}/{number}", kind) is None


@pytest.mark.parametrize(
    "text", [None, 7, "", "7", "gid://shopify/Order/", "gid://shopify/Order/٣", "x gid://shopify/Order/7"]
)
def test_no_global_id(text):
    """What isn't one has no number."""
    assert number_of(text, "Order") is None
