"""What Shopify's records mean: functions from a record of its Admin API to events, without a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from cxkit.adapters import Facts, us_of, when
from cxkit.errors import InvalidValueError
from cxkit.model.money import Money
from cxkit_shopify.queries import MOST_FULFILLMENTS, MOST_REFUNDS, number_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from cxkit.model.event import Event

    Record = Mapping[str, Any]

_TILL: Final = "pos"


@attrs.frozen
class Terms:
    """What has to be known besides the record.

    Attributes:
        facts: makes the events.
        channel: where orders are placed that weren't at a till.

    >>> order = {"legacyResourceId": "7", "processedAt": "2026-03-01T10:00:00Z", "cancelledAt": None, "test": False}
    >>> order |= {"sourceName": "pos", "checkoutToken": None, "customer": {"legacyResourceId": "5"}, "refunds": []}
    >>> order |= {"displayFulfillmentStatus": "FULFILLED", "fulfillments": []}
    >>> order |= {"totalPriceSet": {"money": {"amount": "20.0", "currencyCode": "USD"}}}
    >>> (sale,) = order_events(order, Terms(Facts("shopify:example.myshopify.com")))
    >>> sale.id, sale.customer, sale.amount, sale.channel
    ('order.placed:7', 'shopify:example.myshopify.com:5', Money('20.00', 'USD'), 'store')
    """

    facts: Facts
    channel: str | None = "web"

    def who(self, order: Record) -> str | None:
        """Return who placed an order. Who has no customer's record is known by the address."""
        customer = order["customer"]
        if customer is None:
            return self.facts.somebody(None, email=order["email"], phone=order["phone"])
        return self.facts.customer(customer["legacyResourceId"])


def order_events(order: Record, terms: Terms) -> Iterator[Event]:
    """Give all events of an order; none of one that was made to test the shop.

    Of an order with refunds, and of one with more than a few fulfilments, the record must be whole.
    """
    if order["test"]:
        return
    event, number, who = terms.facts.event, order["legacyResourceId"], terms.who(order)
    own, where = f"{terms.facts.source}:{number}", "store" if order["sourceName"] == _TILL else terms.channel
    time = us_of(order["processedAt"])
    if order["checkoutToken"] is not None and where != "store":
        # What the rate of abandoned carts is a share of: this one led to an order.
        yield event("cart.updated", number, time=time, customer=who, reference=own, channel=where)
    amount = money(order["totalPriceSet"])
    yield event("order.placed", number, time=time, customer=who, reference=own, channel=where, amount=amount)
    delivered = delivered_at(order)
    if delivered is not None:
        yield event("order.delivered", number, time=delivered, customer=who, reference=own, channel=where)
    if len(order["refunds"]) >= MOST_REFUNDS:
        raise InvalidValueError("refunds", len(order["refunds"]), "are as many as can be read: there may be more")
    for refund in order["refunds"]:
        back, one = money_back(refund), refund["legacyResourceId"]
        if back is not None:
            time = us_of(refund["processedAt"])
            yield event("order.refunded", one, time=time, customer=who, reference=own, channel=where, amount=back)
    if order["cancelledAt"] is not None:
        # What was received is given back by refunds, which are told apart: here it is what was never paid.
        unpaid = amount - money(order["totalReceivedSet"])
        amount, time = max(unpaid, Money.of_minor(0, unpaid.currency)), us_of(order["cancelledAt"])
        yield event("order.cancelled", number, time=time, customer=who, reference=own, channel=where, amount=amount)


def checkout_events(checkout: Record, terms: Terms) -> Iterator[Event]:
    """Give the events of a checkout that nobody touches any more; none of one that became an order, which tells it."""
    if checkout["completedAt"] is not None:
        return
    facts, number, customer = terms.facts, number_of(checkout["id"], "AbandonedCheckout"), checkout["customer"]
    event, own, where = facts.event, f"{facts.source}:checkout:{number}", terms.channel
    who = None if customer is None else facts.customer(customer["legacyResourceId"])
    time = us_of(checkout["createdAt"])
    yield event("checkout.started", number, time=time, customer=who, reference=own, channel=where)
    time, amount = us_of(checkout["updatedAt"]), money(checkout["totalPriceSet"])
    yield event("cart.abandoned", number, time=time, customer=who, reference=own, channel=where, amount=amount)


def customer_events(customer: Record, terms: Terms) -> Iterator[Event]:
    """Give the events of a customer: the e-mail address and the phone number."""
    email, phone = customer["defaultEmailAddress"], customer["defaultPhoneNumber"]
    yield from terms.facts.links(
        customer["legacyResourceId"],
        time=us_of(customer["createdAt"]),
        email=None if email is None else email["emailAddress"],
        phone=None if phone is None else phone["phoneNumber"],
    )


def merge_events(kept: Record, gone: int, terms: Terms) -> Iterator[Event]:
    """Give the events of a customer into whom another was merged: the contacts, and that the other is the same."""
    yield from customer_events(kept, terms)
    facts = terms.facts
    yield facts.event(
        "identity.linked",
        f"{gone}:merged",
        time=when(kept["createdAt"]),
        customer=facts.customer(kept["legacyResourceId"]),
        reference=facts.customer(gone),
    )


def money(bag: Record) -> Money:
    """Return the money of a pair of amounts, of which one was asked for.

    >>> money({"money": {"amount": "1200.0", "currencyCode": "JPY"}})
    Money('1200', 'JPY')
    """
    found = bag["money"]
    return Money(found["amount"], found["currencyCode"])


def money_back(refund: Record) -> Money | None:
    """Return what a refund has given back; None where nothing was, or nothing yet.

    A refund is there before the money moves, and also where none ever does: its transactions tell.
    """
    transactions = refund["transactions"]
    if transactions["pageInfo"]["hasNextPage"]:
        raise InvalidValueError("refund", refund["legacyResourceId"], "has more transactions than can be read")
    done = [
        money(transaction["amountSet"])
        for transaction in transactions["nodes"]
        if transaction["kind"] == "REFUND" and transaction["status"] == "SUCCESS"
    ]
    total = sum(done[1:], done[0]) if done else None
    return total if total is not None and total.minor else None


def delivered_at(order: Record) -> datetime | None:
    """Return when the last parcel of an order was delivered; None unless all were, and nothing is left to send."""
    if len(order["fulfillments"]) >= MOST_FULFILLMENTS:
        raise InvalidValueError("fulfillments", len(order["fulfillments"]), "are as many as can be read")
    parcels = [each for each in order["fulfillments"] if each["status"] == "SUCCESS" and each["requiresShipping"]]
    times = [each["deliveredAt"] for each in parcels]
    if order["displayFulfillmentStatus"] != "FULFILLED" or not times or None in times:
        return None
    return max([when(time) for time in times])
