"""Figures of real data that were published or computed elsewhere; the files aren't part of the project."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

import cxkit
from cxkit.model.event import Event, to_us

DATA = Path(__file__).parents[3] / "shared" / "data"


def _file(name: str) -> Path:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{name} isn't here")
    return path


def _order(number: int, customer: str, time: datetime, minor: int, currency: str) -> Event:
    return Event(
        id=str(number),
        ts_us=to_us(time),
        kind="order.placed",
        source="data",
        customer=customer,
        amount_minor=minor,
        currency=currency,
    )


def _minor(amount: str) -> int:
    return int(Decimal(amount).scaleb(2))


# Fader & Hardie, CDNOW master file: 69,659 purchases of 23,570 customers.
def test_cdnow():
    """The whole of CDNOW: orders, customers, average transaction value, orders a customer."""
    events = []
    for number, line in enumerate(_file("CDNOW_master.txt").read_text("ascii").splitlines()[1:]):
        customer, day, _, dollars = line.split()
        time = datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC)
        events.append(_order(number, customer, time, _minor(dollars), "USD"))
    card = cxkit.score(events, ["orders", "active_customers", "average_transaction_value"])

    assert card.get("orders").value == 69_659
    assert card.get("active_customers").value == 23_570
    assert card.get("orders").value / card.get("active_customers").value == pytest.approx(2.955409, abs=5e-7)
    assert card.get("average_transaction_value").value == pytest.approx(35.893648, abs=5e-7)


# UCI Online Retail II, 2009-2010: lines with a customer, a positive quantity and price; one order an invoice.
def test_online_retail():
    """A gift shop's year: customers, orders, repeat purchases, October to November, average transaction value."""
    pl = pytest.importorskip("polars")
    lines = pl.read_parquet(_file("online_retail_2009_2010.parquet"))
    kept = lines.filter(pl.col("Customer ID").is_not_null() & (pl.col("Quantity") > 0) & (pl.col("Price") > 0))
    invoices = kept.group_by("Invoice", "Customer ID").agg(
        pl.col("InvoiceDate").min().alias("time"), (pl.col("Quantity") * pl.col("Price")).sum().alias("amount")
    )
    events = [
        _order(number, str(int(customer)), datetime.fromisoformat(time).replace(tzinfo=UTC), round(100 * amount), "GBP")
        for number, (_, customer, time, amount) in enumerate(invoices.iter_rows())
    ]
    asked = ["orders", "active_customers", "repeat_purchase_rate", "average_transaction_value"]
    card = cxkit.score(events, asked)

    assert card.get("orders").value == 19_213
    assert card.get("active_customers").value == 4_312
    assert card.get("repeat_purchase_rate").value == pytest.approx(0.670918, abs=5e-7)
    assert card.get("average_transaction_value").value == pytest.approx(459.6889, abs=5e-5)
    months = cxkit.score(events, "retention_rate", every="month")
    assert months.get("retention_rate", period="2010-11").value == pytest.approx(0.438878, abs=5e-7)
