"""What Vendure's records mean: functions from a record of its admin interface to events, without a call."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, Any, Final

import attrs

from cxkit.adapters import Facts, when
from cxkit.errors import InvalidValueError
from cxkit.model.money import Money, minor_digits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from cxkit.model.event import Event

    Record = Mapping[str, Any]

_NO_MONEY: Final = frozenset({"Created", "Declined", "Error", "Cancelled"})


@attrs.frozen
class Terms:
    """What has to be known besides the record.

    Attributes:
        facts: makes the events.
        decimals: how many decimals the shop's whole numbers of money stand for, whatever the currency.
        channel: where orders are placed.

    >>> order = {"id": "7", "createdAt": "2026-03-01T10:00:00.000Z", "orderPlacedAt": "2026-03-01T10:02:11.305Z"}
    >>> order |= {"code": "T3D", "state": "PaymentSettled", "customer": {"id": "5"}, "currencyCode": "USD"}
    >>> order |= {"totalWithTax": 2000, "payments": [{"state": "Settled", "amount": 2000}]}
    >>> cart, sale = order_placed(order, Terms(Facts("vendure:shop.example")))
    >>> sale.id, sale.customer, sale.amount
    ('order.placed:7', 'vendure:shop.example:5', Money('20.00', 'USD'))
    """

    facts: Facts
    decimals: int = 2
    channel: str | None = "web"

    def money(self, amount: int, currency: str) -> Money:
        """Return an amount of the shop's; what a currency has no decimals for is rounded, half to even."""
        if minor_digits(currency) == self.decimals or type(amount) is not int:
            return Money.of_minor(amount, currency)
        return Money(Decimal(amount).scaleb(-self.decimals), currency, rounding=ROUND_HALF_EVEN)

    def columns(self, order: Record) -> dict[str, Any]:
        """Return what all events of an order, and of the cart that it was, have in common.

        Events belong together by the order's code, which is unlike any other's also beside a second shop's.
        """
        customer = order["customer"]
        return {
            "customer": None if customer is None else self.facts.customer(customer["id"]),
            "reference": f"{self.facts.source}:{order['code']}",
            "channel": self.channel,
        }


def order_placed(order: Record, terms: Terms) -> Iterator[Event]:
    """Give the events of a placed order that its placing tells: the cart that it was, and the order."""
    event, number, columns = terms.facts.event, order["id"], terms.columns(order)
    yield event("cart.updated", number, time=when(order["createdAt"]), **columns)
    amount = terms.money(agreed(order), order["currencyCode"])
    yield event("order.placed", number, time=when(order["orderPlacedAt"]), amount=amount, **columns)


def order_outcomes(order: Record, terms: Terms) -> Iterator[Event]:
    """Give all events of a placed order: what became of it, and its placing as it is known now.

    None is before the placing, which is known to the millisecond: on SQLite the other times are cut to the second. A
    cancelled order must bring its history, for nothing else tells when that was.
    """
    yield from order_placed(order, terms)
    state, placed = order["state"], when(order["orderPlacedAt"])
    event, number, columns = terms.facts.event, order["id"], terms.columns(order)
    if state == "Delivered" or (state == "Cancelled" and _moved(order, "Delivered") is not None):
        yield event("order.delivered", number, time=max(placed, _delivered(order)), **columns)
    for refund in _settled_refunds(order):
        # It was settled when its record last changed: there is no time of its own for it.
        time = max(placed, when(refund["updatedAt"]))
        amount = terms.money(refund["total"], order["currencyCode"])
        yield event("order.refunded", refund["id"], time=time, amount=amount, **columns)
    if state == "Cancelled":
        moved = _moved(order, "Cancelled")
        if moved is None:
            raise InvalidValueError("history", order["code"], "doesn't say when the order was cancelled")
        amount = terms.money(agreed(order) - taken(order), order["currencyCode"])
        yield event("order.cancelled", number, time=max(placed, moved), amount=amount, **columns)


def cart_abandoned(order: Record, terms: Terms) -> Iterator[Event]:
    """Give the events of a cart that nobody has touched for long; none of an empty one."""
    if order["totalQuantity"] > 0:
        event, number, columns = terms.facts.event, order["id"], terms.columns(order)
        yield event("cart.updated", number, time=when(order["createdAt"]), **columns)
        amount = terms.money(order["totalWithTax"], order["currencyCode"])
        yield event("cart.abandoned", number, time=when(order["updatedAt"]), amount=amount, **columns)


def customer_known(customer: Record, terms: Terms) -> Iterator[Event]:
    """Give the events of a customer: the account, if it isn't a guest, and the e-mail address and phone number."""
    facts = terms.facts
    if customer["user"] is not None:
        time = when(customer["user"]["createdAt"])
        yield facts.event("account.created", customer["id"], time=time, customer=facts.customer(customer["id"]))
    yield from facts.links(
        customer["id"],
        time=when(customer["createdAt"]),
        email=customer["emailAddress"],
        phone=customer["phoneNumber"],
    )


def agreed(order: Record) -> int:
    """Return what the customer agreed to pay, with tax and shipping, in the shop's whole numbers.

    The order's own total is what is left of it: Vendure lowers it to nothing when the order is cancelled, and by the
    line when a line is. The payments keep what was agreed, and the refunds beside them what was given back.

    >>> paid = {"state": "Settled", "amount": 4459}
    >>> agreed({"state": "Cancelled", "totalWithTax": 0, "payments": [paid]})
    4459
    """
    none = _NO_MONEY - {"Cancelled"} if order["state"] == "Cancelled" else _NO_MONEY
    total: int = order["totalWithTax"]
    paid: int = sum([payment["amount"] for payment in order["payments"] or () if payment["state"] not in none])
    return max(total, paid)


def taken(order: Record) -> int:
    """Return what of it was taken, in the shop's whole numbers; refunds aren't counted off."""
    return sum(payment["amount"] for payment in order["payments"] or () if payment["state"] == "Settled")


def _settled_refunds(order: Record) -> Iterable[Record]:
    refunds = (refund for payment in order["payments"] or () for refund in payment["refunds"])
    return (refund for refund in refunds if refund["state"] == "Settled" and refund["total"])


def _delivered(order: Record) -> datetime:
    """Return when the last parcel of an order was delivered."""
    times = [when(each["updatedAt"]) for each in order["fulfillments"] or () if each["state"] == "Delivered"]
    return max(times) if times else when(order["updatedAt"])


def _moved(order: Record, state: str) -> datetime | None:
    """Return when an order last came into a state, as its history tells."""
    times = [when(entry["createdAt"]) for entry in order["history"]["items"] if entry["data"].get("to") == state]
    return max(times, default=None)
