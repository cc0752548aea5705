"""What mapping alone costs: records as vendors tell them into events, without a call and without a store."""

from __future__ import annotations

import statistics
import sys
import time
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.line import Line

from cxkit.adapters import Facts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cxkit.model.event import Event

    Mapped = tuple[list[Any], Callable[[Any], Iterable[Event]]]

ADAPTERS = Path(__file__).parent.parent / "adapters"
RECORDS, RUNS = 5_000, 7
WANTED = 50_000
FIRST = datetime(2026, 1, 1, 8, 30, 12, 345678, tzinfo=UTC)


def at(number: int, minutes: int) -> str:
    """Return a time of a record as most vendors write it; no two records have one."""
    moment = FIRST + timedelta(minutes=7 * number + minutes)
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def bottlecrm() -> Mapped:
    """Return tickets that were opened, answered and resolved."""
    tickets = import_module("cxkit_bottlecrm.tickets")
    facts = Facts("bottlecrm:desk.example")
    records = [
        {
            "id": f"0f8fad5b-d9cb-469f-a165-{number:012}", "status": "Closed", "is_active": True,
            "priority": ("High", "Normal", "Low")[number % 3], "case_type": "Question", "created_at": at(number, 0),
            "first_response_at": at(number, 30), "resolved_at": at(number, 300), "custom_fields": {},
            "contacts": [{"id": f"7c9e6679-7425-40de-944b-{number % 500:012}", "email": "an@example.org"}],
        }
        for number in range(RECORDS)
    ]  # fmt: skip
    return records, lambda record: tickets.events_of(record, facts)


def hubspot() -> Mapped:
    """Return deals that were opened and won."""
    deals, crm = import_module("cxkit_hubspot.deals"), import_module("cxkit_hubspot.crm")
    facts = Facts("hubspot:4711")
    fields = {"deal_currency_code": "USD", "pipeline": "default", "dealtype": "newbusiness", "hs_is_closed": "true"}
    records = [
        crm.Record(
            str(number),
            {
                **fields, "hs_is_closed_won": "true", "createdate": at(number, 0), "closedate": at(number, 900),
                "amount": f"{number}.50",
            },
            contacts=(str(number % 500),),
        )
        for number in range(RECORDS)
    ]  # fmt: skip
    return records, lambda record: deals.events_of(record, facts, lambda: "EUR")


def shopify() -> Mapped:
    """Return orders that came of a cart, and were delivered."""
    mapping = import_module("cxkit_shopify.mapping")
    terms = mapping.Terms(Facts("shopify:example.myshopify.com"))
    records = [
        {
            "legacyResourceId": str(number), "processedAt": at(number, 0), "cancelledAt": None, "test": False,
            "sourceName": "web", "checkoutToken": "c", "customer": {"legacyResourceId": str(number % 500)},
            "displayFulfillmentStatus": "FULFILLED", "refunds": [],
            "totalPriceSet": {"money": {"amount": f"{number}.5", "currencyCode": "EUR"}},
            "fulfillments": [{"status": "SUCCESS", "requiresShipping": True, "deliveredAt": at(number, 3000)}],
        }
        for number in range(RECORDS)
    ]  # fmt: skip
    return records, lambda record: mapping.order_events(record, terms)


def square() -> Mapped:
    """Return sales of a till, paid by card."""
    orders, terms = import_module("cxkit_square.orders"), import_module("cxkit_square.terms")
    seller = terms.Terms(Facts("square:M"), "store", {"Square Online": "web"})
    records = [
        orders.Told({
            "id": f"CAISENgvlJ6jLWAzERDz{number}", "location_id": "L057", "state": "COMPLETED",
            "line_items": [{"quantity": "1"}], "created_at": at(number, 0), "closed_at": at(number, 4),
            "customer_id": f"C{number % 500}", "total_money": {"amount": number, "currency": "USD"},
            "tenders": [{"type": "CARD", "created_at": at(number, 3), "card_details": {"status": "CAPTURED"}}],
        })
        for number in range(RECORDS)
    ]  # fmt: skip
    return records, lambda record: orders.order_events(record, seller)


BY_VENDOR: dict[str, tuple[str, Callable[[], Mapped]]] = {
    "bottlecrm": ("BottleCRM: tickets, three events each", bottlecrm),
    "hubspot": ("HubSpot: deals, two events each", hubspot),
    "shopify": ("Shopify: orders, three events each", shopify),
    "square": ("Square: sales, one event each", square),
}


def measured(what: str, records: list[Any], events: Callable[[Any], Iterable[Event]]) -> Line:
    """Map all records several times, by processor time."""
    speeds = []
    for _ in range(RUNS):
        began = time.process_time()
        for record in records:
            for _event in events(record):
                pass
        speeds.append(len(records) / (time.process_time() - began))
    best, median = max(speeds), statistics.median(speeds)
    return Line(
        f"{what}, mapped alone, the best of {RUNS} runs", best, "records/s", "the median", median, f"≥ {WANTED:,}",
        best >= WANTED,
    )  # fmt: skip


def lines() -> list[Line]:
    """Measure the adapters that are here."""
    found = []
    for vendor, (what, make) in BY_VENDOR.items():
        source = str(ADAPTERS / f"cxkit-{vendor}" / "src")
        if source not in sys.path:
            sys.path.append(source)
        try:
            mapped = make()
        except ModuleNotFoundError:
            print(f"mapping: cxkit-{vendor} isn't here", file=sys.stderr)
            continue
        found.append(measured(what, *mapped))
    return found
