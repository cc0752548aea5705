"""Orders into events: what was sold, handed over, given back and cancelled.

A return is an order of its own, tied to the sale. An exchange is an order with both, lines sold and lines returned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from cxkit.adapters import us_of
from cxkit.model.identity import LINKED
from cxkit.model.money import Money
from cxkit_square.terms import minor, money

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cxkit.model.event import Event
    from cxkit_square.terms import Terms

    Record = Mapping[str, Any]

KINDS: Final = (
    "order.placed", "order.delivered", "order.returned", "order.refunded", "order.cancelled", "identity.linked",
)  # fmt: skip
_OVER: Final = frozenset({"CANCELED", "FAILED"})
# A parcel that is complete has been sent, which isn't yet handed over.
_HANDED_OVER: Final = {
    "PICKUP": ("pickup_details", ("picked_up_at",)),
    "DELIVERY": ("delivery_details", ("delivered_at", "completed_at")),
}


@attrs.frozen
class Told:
    """An order, with what it only names.

    Attributes:
        order: as Square tells it.
        sources: id → order, of those that it takes goods back from.
        successors: a customer's id → whom Square says they are, where that is another since a merge.
    """

    order: Record
    sources: Mapping[str, Record] = attrs.field(factory=dict)
    successors: Mapping[str, Record] = attrs.field(factory=dict)


def order_events(told: Told, terms: Terms) -> Iterator[Event]:
    """Yield the events of an order.

    It was placed once it is paid for, wholly or in part, or complete: a bill that lies open, and a ticket that was
    thrown away, are no sale.

    >>> from cxkit.adapters import Facts
    >>> order = {"id": "A", "state": "COMPLETED", "location_id": "L", "line_items": [{"quantity": "1"}]}
    >>> order |= {"created_at": "2026-03-01T10:00:00Z", "closed_at": "2026-03-01T10:04:00Z"}
    >>> order |= {"total_money": {"amount": 1999, "currency": "USD"}, "customer_id": "C"}
    >>> from cxkit_square.terms import Terms
    >>> (sale,) = order_events(Told(order), Terms(Facts("square:M"), "store"))
    >>> sale.id, sale.customer, sale.amount, sale.time.minute
    ('order.placed:A', 'square:M:C', Money('19.99', 'USD'), 4)
    """
    order, facts = told.order, terms.facts
    number, tenders = order["id"], good_tenders(order)
    event, own, state, said = facts.event, terms.reference(number), order["state"], _properties(order)
    who, where = facts.customer(customer_of(order) or _customer_before(told)), terms.channel_of(order)
    if _sells(order) and (tenders or state == "COMPLETED"):
        time = placed = _placed_at(order, tenders)
        worth, kind = money(order.get("total_money")), "order.placed"
        yield event(kind, number, time=time, customer=who, reference=own, channel=where, amount=worth, properties=said)
        handed_over = _handed_over_at(order) if order.get("fulfillments") else None
        if handed_over is not None:
            time, kind = max(placed, handed_over), "order.delivered"
            yield event(kind, number, time=time, customer=who, reference=own, channel=where, properties=said)
        if state == "CANCELED":
            time, kind = max(placed, us_of(order.get("closed_at") or order["updated_at"])), "order.cancelled"
            worth = _never_taken(order, tenders)
            yield event(
                kind, number, time=time, customer=who, reference=own, channel=where, amount=worth, properties=said
            )
    if order.get("returns") and state != "CANCELED":
        yield from _returned(order, tenders, {"customer": who, "channel": where, "properties": said}, terms)
    for old, now in told.successors.items():
        yield merged(old, now, terms)


def merged(old: str, now: Record, terms: Terms) -> Event:
    """Return the event that tells that a customer's profile went into another, which was made for that.

    Args:
        old: the id that isn't in use any more.
        now: the profile in its place.
        terms: what is the same for all records.
    """
    facts = terms.facts
    return facts.event(
        LINKED,
        f"{old}:merged",
        time=us_of(now["created_at"]),
        customer=facts.customer(now["id"]),
        reference=facts.customer(old),
    )


def customer_of(order: Record) -> str | None:
    """Return the id of who bought: the order's own, else that of a payment; at the till only this knows it.

    >>> customer_of({"tenders": [{"type": "CASH"}, {"type": "CARD", "customer_id": "C"}]})
    'C'
    """
    own: str | None = order.get("customer_id")
    if own:
        return own
    for tender in order.get("tenders") or ():
        own = tender.get("customer_id")
        if own:
            return own
    return None


def customers_of(order: Record) -> set[str]:
    """Return all ids of customers that an order names."""
    ids = {order.get("customer_id"), *(tender.get("customer_id") for tender in order.get("tenders") or ())}
    return {each for each in ids if each}


def sources_of(order: Record) -> tuple[str, ...]:
    """Return the ids of the orders that an order takes goods back from."""
    return tuple(each["source_order_id"] for each in order.get("returns") or () if each.get("source_order_id"))


def good_tenders(order: Record) -> list[Record]:
    """Return the payments of an order that weren't declined."""
    return [
        tender
        for tender in order.get("tenders") or ()
        if tender["type"] != "NO_SALE" and (tender.get("card_details") or {}).get("status") != "FAILED"
    ]


def _sells(order: Record) -> bool:
    return bool(order.get("line_items")) or minor(order.get("total_money")) > 0


def _placed_at(order: Record, tenders: Iterable[Record]) -> int:
    """Return when an order was first paid for; one over nothing, when it was closed."""
    times = [tender["created_at"] for tender in tenders if tender.get("created_at")]
    return min(map(us_of, times)) if times else us_of(order.get("closed_at") or order["created_at"])


def _handed_over_at(order: Record) -> int | None:
    """Return when the last of an order was handed over; None if it isn't all, or nobody noted it."""
    times = []
    for fulfillment in order.get("fulfillments") or ():
        if fulfillment["state"] in _OVER:
            continue
        details, names = _HANDED_OVER.get(fulfillment["type"], ("", ()))
        noted = fulfillment.get(details) or {}
        time = next((noted[name] for name in names if noted.get(name)), None)
        if fulfillment["state"] != "COMPLETED" or time is None:
            return None
        times.append(us_of(time))
    return max(times, default=None)


def _never_taken(order: Record, tenders: Iterable[Record]) -> Money | None:
    """Return what of a cancelled order was never taken; what was taken goes back by a refund."""
    total = order.get("total_money")
    if total is None:
        return None
    taken = sum(
        minor(tender.get("amount_money"))
        for tender in tenders
        if (tender.get("card_details") or {}).get("status") not in {"AUTHORIZED", "VOIDED"}
    )
    return Money.of_minor(max(total["amount"] - taken, 0), total["currency"])


def _returned(order: Record, tenders: Iterable[Record], columns: Mapping[str, Any], terms: Terms) -> Iterator[Event]:
    """Yield what an order takes back; and in an exchange, what of it was given back as goods and not as money."""
    number, total = order["id"], order.get("total_money")
    time = us_of(order.get("closed_at") or order["created_at"])
    worth, first = 0, None
    for place, each in enumerate(order.get("returns") or ()):
        amount = (each.get("return_amounts") or {}).get("total_money")
        worth += minor(amount)
        reference = terms.reference(each.get("source_order_id") or number)
        first = first or reference
        if any(_is_goods(line) for line in each.get("return_line_items") or ()):
            record = f"{number}:{each.get('uid') or place}"
            yield terms.facts.event(
                "order.returned", record, time=time, reference=reference, amount=money(amount), **columns
            )
    if total is not None and order["state"] == "COMPLETED" and _sells(order):
        paid = sum(minor(tender.get("amount_money")) for tender in tenders)
        credit = min(worth, total["amount"] - paid)
        if credit > 0:
            amount_ = Money.of_minor(credit, total["currency"])
            record = f"{number}:exchange"
            yield terms.facts.event("order.refunded", record, time=time, reference=first, amount=amount_, **columns)


def _is_goods(line: Record) -> bool:
    """Say whether a line of a return is something that came back, and not just a sum."""
    return line.get("item_type", "ITEM") != "CUSTOM_AMOUNT" or bool(line.get("source_line_item_uid"))


def _customer_before(told: Told) -> str | None:
    """Return the id of who had bought what an order takes back."""
    ids = (customer_of(told.sources[source]) for source in sources_of(told.order) if source in told.sources)
    return next((each for each in ids if each), None)


def _properties(order: Record) -> dict[str, Any]:
    source, tip = (order.get("source") or {}).get("name"), minor(order.get("total_tip_money"))
    found: dict[str, Any] = {} if order["location_id"] is None else {"location": order["location_id"]}
    if source is not None:
        found["source"] = source
    if tip:
        found["tip_minor"] = tip
    return found
