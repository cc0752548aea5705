"""Refunds into the money that was given back, and payments into how it went to pay.

What was paid for is told by the order. A payment is told beside it under a kind of its own, so that no sum counts both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from cxkit.adapters import us_of
from cxkit_square.orders import customer_of, sources_of
from cxkit_square.terms import minor, money

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cxkit.model.event import Event
    from cxkit_square.terms import Terms

    Record = Mapping[str, Any]

REFUND_KINDS: Final = ("order.refunded",)
PAYMENT_KINDS: Final = ("payment.completed", "payment.failed")
_STATES: Final = {"COMPLETED": "payment.completed", "FAILED": "payment.failed"}
_PRODUCTS: Final = {
    "ECOMMERCE_API": "web", "INVOICES": "web", "ONLINE_STORE": "web", "APPOINTMENTS": "store", "RESTAURANTS": "store",
    "RETAIL": "store", "SQUARE_POS": "store", "TERMINAL_API": "store",
}  # fmt: skip


@attrs.frozen
class Repaid:
    """A refund, with the orders that it is about.

    Attributes:
        refund: as Square tells it.
        orders: id → order: the one that the refund made, and those it gives back from.
    """

    refund: Record
    orders: Mapping[str, Record] = attrs.field(factory=dict)


def refund_events(repaid: Repaid, terms: Terms) -> Iterator[Event]:
    """Yield the event of a refund, once the money is on its way back.

    A refund names the order that was made for it. The sale is that one's source; of several, the one that was paid by
    the payment that is refunded.
    """
    refund, orders = repaid.refund, repaid.orders
    if refund.get("status") != "COMPLETED":
        return
    number = refund.get("order_id")
    made = orders.get(number or "", {})
    sources = sources_of(made)
    paid_by_it = (each for each in sources if _paid_by(orders.get(each, {}), refund.get("payment_id")))
    sale = next(paid_by_it, sources[0] if sources else number)
    customer = customer_of(orders.get(sale or "", {})) or customer_of(made)
    yield terms.facts.event(
        "order.refunded",
        refund["id"],
        time=us_of(refund["created_at"]),
        customer=terms.facts.customer(customer),
        reference=terms.reference(sale),
        amount=money(refund["amount_money"]),
        channel=terms.channel_of(orders.get(sale or "") or made),
        properties=_known(location=refund.get("location_id"), reason=refund.get("reason")),
    )


def payment_events(payment: Record, terms: Terms) -> Iterator[Event]:
    """Yield the event of a payment that went through or was declined; others are under way, or were called off.

    >>> from cxkit.adapters import Facts
    >>> from cxkit_square.terms import Terms
    >>> payment = {"id": "P", "status": "COMPLETED", "created_at": "2026-03-01T10:00:00Z", "source_type": "CARD"}
    >>> payment |= {"order_id": "A", "total_money": {"amount": 1999, "currency": "USD"}}
    >>> (paid,) = payment_events(payment, Terms(Facts("square:M"), "store"))
    >>> paid.kind, paid.reference, paid.amount
    ('payment.completed', 'square:M:A', Money('19.99', 'USD'))
    """
    kind = _STATES.get(payment.get("status") or "")
    if kind is None:
        return
    offline = (payment.get("offline_payment_details") or {}).get("client_created_at")
    product = (payment.get("application_details") or {}).get("square_product")
    yield terms.facts.event(
        kind,
        payment["id"],
        time=us_of(offline or payment["created_at"]),
        customer=terms.facts.somebody(payment.get("customer_id"), email=payment.get("buyer_email_address")),
        reference=terms.reference(payment.get("order_id")),
        amount=money(payment.get("total_money")),
        channel=None if product is None else _PRODUCTS.get(product),
        properties=_known(
            location=payment.get("location_id"),
            product=product,
            tender=payment.get("source_type"),
            tip_minor=minor(payment.get("tip_money")) or None,
        ),
    )


def _paid_by(order: Record, payment: str | None) -> bool:
    return any(payment in {tender.get("id"), tender.get("payment_id")} for tender in order.get("tenders") or ())


def _known(**values: object) -> dict[str, object]:
    return {name: value for name, value in values.items() if value is not None}
