"""Till sales, orders and credit notes, as events."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, Any

from cxkit.model.money import Money
from cxkit_tryton.shop import first, last, moment
from cxkit_tryton.tagged import day_of, decimal_of, text_of, time_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from cxkit.model.event import Event
    from cxkit_tryton.shop import Company, Record, Shop

TILL_FIELDS = (
    "date", "state", "company", "point", "lines.quantity", "lines.unit_gross_price", "create_date", "last_modified_at",
)  # fmt: skip
ORDER_FIELDS = (
    "party", "sale_date", "state", "company", "currency.code", "total_amount", "lines.quantity", "lines.type",
    "origin", "create_date", "last_modified_at",
)  # fmt: skip
CREDIT_FIELDS = (
    "party", "invoice_date", "state", "company", "currency.code", "total_amount", "lines.origin",
    "create_date", "last_modified_at",
)  # fmt: skip
_SOLD = {"till": frozenset({"done", "posted"}), "sale": frozenset({"confirmed", "processing", "done"})}
_CREDITED = frozenset({"posted", "paid"})


def till_events(shop: Shop, record: Record) -> Iterator[Event]:
    """Yield the events of a till's sale, which holds what was sold and, as negative quantities, what came back.

    The till sells to nobody in particular. What it took and what it gave back are told apart; their difference is
    Tryton's total.
    """
    company = shop.company(record)
    sold, back = _till_sums(record["lines."], company)
    reference = f"till:{record['id']}"
    columns: dict[str, Any] = {
        "reference": reference,
        "channel": "store",
        "touchpoint": f"till.{record['point']}",
    }
    at = _sold_at(record, "till")
    if at is None or not record["lines."]:
        return
    time = moment(at, day_of(record["date"]), company.zone)
    if sold is not None:
        money = Money(str(sold), company.currency)
        yield shop.facts.event("order.placed", reference, time=time, amount=money, **columns)
    if back is not None:
        money = Money(str(back), company.currency)
        for kind in ("order.returned", "order.refunded"):
            yield shop.facts.event(kind, reference, time=time, amount=money, **columns)
    if record["state"] == "cancelled":
        yield shop.facts.event("order.cancelled", reference, time=_cancelled_at(record), **columns)


def order_events(shop: Shop, record: Record) -> Iterator[Event]:
    """Yield the events of an order, or of goods that come back, which Tryton keeps as an order of negative quantities.

    What is given back for them is a credit note's to say, see `credit_events`.
    """
    at = _sold_at(record, "sale")
    if at is None:
        return
    time = moment(at, day_of(record["sale_date"]), shop.company(record).zone)
    quantities = [line["quantity"] for line in record["lines."] if line["type"] == "line"]
    total = Money(text_of(record["total_amount"]), record["currency."]["code"])
    web = record.get("web_shop")
    columns: dict[str, Any] = {
        "customer": shop.facts.customer(record["party"]),
        "channel": None if web is None else "web",
        "touchpoint": None if web is None else f"shop.{web}",
    }
    own = f"sale:{record['id']}"
    back = any(quantity < 0 for quantity in quantities)
    if not back or any(quantity > 0 for quantity in quantities):
        amount = total if total.minor >= 0 else None
        yield shop.facts.event("order.placed", own, time=time, reference=own, amount=amount, **columns)
    if back:
        amount = -total if total.minor < 0 else None
        reference = record.get("order") or own
        yield shop.facts.event("order.returned", own, time=time, reference=reference, amount=amount, **columns)
    if record["state"] == "cancelled":
        yield shop.facts.event("order.cancelled", own, time=_cancelled_at(record), reference=own, **columns)


def credit_events(shop: Shop, record: Record) -> Iterator[Event]:
    """Yield the event of a credit note: money given back for an order, or for what a complaint was about.

    One that was posted and cancelled later gave back nothing; its event is corrected to that.
    """
    posted = last(record["steps"], "button:post", "state:posted")
    if record["state"] not in _CREDITED and (record["state"] != "cancelled" or posted is None):
        return
    own = f"credit:{record['id']}"
    given = -decimal_of(record["total_amount"]) if record["state"] in _CREDITED else Decimal()
    known = posted or time_of(record["create_date"])
    yield shop.facts.event(
        "order.refunded",
        own,
        time=moment(known, day_of(record["invoice_date"]), shop.company(record).zone),
        customer=shop.facts.customer(record["party"]),
        reference=record.get("order") or own,
        amount=Money(given, record["currency."]["code"]),
    )


def _sold_at(record: Record, kind: str) -> datetime | None:
    """Return when something was sold first, or None where it never was; where the log lacks, the state tells."""
    logged = first(record["steps"], *(f"state:{state}" for state in _SOLD[kind]))
    if logged is None and record["state"] in _SOLD[kind]:
        return time_of(record["create_date"])
    return logged


def _cancelled_at(record: Record) -> datetime:
    return last(record["steps"], "state:cancelled") or time_of(record["last_modified_at"])


def _till_sums(lines: list[Record], company: Company) -> tuple[Decimal | None, Decimal | None]:
    """Return what was sold and what came back, tax included; None for nothing of the kind.

    Each line is rounded by itself, as Tryton does. Its own total would say the same, but takes it longer than all else.
    """
    sold: Decimal | None = None
    back: Decimal | None = None
    for line in lines:
        quantity = line["quantity"]  # a float in Tryton, exact from its JSON on
        exact = quantity * decimal_of(line["unit_gross_price"]) / company.rounding
        amount = exact.quantize(Decimal(1), rounding=ROUND_HALF_EVEN) * company.rounding
        if quantity < 0:
            back = (back or Decimal()) - amount
        else:
            sold = (sold or Decimal()) + amount
    return sold, back
