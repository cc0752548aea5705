"""Exports that people really have, through their recipes; the figures stand beside their sources."""

from __future__ import annotations

from pathlib import Path

import pytest

import cxkit
from cxkit import recipes

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"


@pytest.fixture(scope="module")
def online_retail():
    """Return the events of UCI Online Retail II, December 2009 to December 2010."""
    pytest.importorskip("pyarrow")
    file = DATA / "online_retail_2009_2010.parquet"
    if not file.exists():
        pytest.skip(f"{file.name} isn't here")
    reading = recipes.read(file, "online-retail")
    events = list(reading)
    assert (reading.rows, reading.rejected) == (525_461, 0)
    return events


# UCI Online Retail II, 2009-2010: lines with a customer, a positive quantity and price; one order an invoice.
def test_online_retail(online_retail):
    """A gift shop's year: orders and buyers, orders a buyer, average transaction value, repeat purchases, retention."""
    known = ["orders[customers=known]", "average_transaction_value[customers=known]"]
    card = cxkit.score(online_retail, [*known, "active_customers", "purchase_frequency", "repeat_purchase_rate"])
    orders, value = (card.get(name) for name in known)

    assert orders.value == 19_213
    assert card.get("active_customers").value == 4_312
    assert card.get("purchase_frequency").value == pytest.approx(4.455705, abs=5e-7)
    assert value.value == pytest.approx(459.6889, abs=5e-5)
    assert card.get("repeat_purchase_rate").value == pytest.approx(0.670918, abs=5e-7)
    months = cxkit.score(online_retail, "retention_rate", every="month", tz="Europe/London")
    assert months.get("retention_rate", period="2010-11").value == pytest.approx(0.438878, abs=5e-7)


def test_revenue_without_a_customer(online_retail):
    """What nobody is known to have bought is revenue all the same, and isn't in customers' metrics, by its reason."""
    card = cxkit.score(online_retail, ["revenue", "revenue[customers=known]", "active_customers"])
    nobodys = [event for event in online_retail if event.kind == "order.placed" and event.customer is None]

    share = 1 - card.get("revenue[customers=known]").value / card.get("revenue").value
    assert share == pytest.approx(0.143, abs=5e-4)
    assert card.get("active_customers").excluded["no customer"] == len(nobodys) == 1_738


def test_cancellations_are_refunds_of_their_customer(online_retail):
    """Each cancelled invoice is one refund, of a positive sum, with a reference of its own."""
    refunds = [event for event in online_retail if event.kind == "order.refunded"]

    assert len(refunds) == len({refund.reference for refund in refunds}) == 4_591
    assert all(refund.reference.startswith("C") and refund.amount_minor > 0 for refund in refunds)


# Fader & Hardie, CDNOW: 1/10 sample, 6,919 purchases of 2,357 customers, true duplicates among them.
def test_cdnow_sample():
    """The sample that comes with cxkit, by its recipe: each purchase is one, also the ones that are there twice."""
    reading = recipes.read(ROOT / "examples" / "data" / "CDNOW_sample.txt", "cdnow")
    events = list(reading)
    card = cxkit.score(events, ["orders", "active_customers", "average_transaction_value", "purchase_frequency"])

    assert (reading.rejected, reading.left_out) == (0, 0)
    assert card.get("orders").value == len({event.id for event in events}) == 6_919
    assert card.get("active_customers").value == 2_357
    assert card.get("purchase_frequency").value == pytest.approx(6_919 / 2_357)
    assert sum(event.amount_minor for event in events) == 24_409_194


# Fader & Hardie, CDNOW master file: 69,659 purchases of 23,570 customers.
def test_cdnow_master():
    """The whole of CDNOW has a header and lacks a column: the recipe, changed in two lines, reads it."""
    file = DATA / "CDNOW_master.txt"
    if not file.exists():
        pytest.skip(f"{file.name} isn't here")
    changed = (
        recipes.shipped("cdnow").replace('["master", "customer"', '["customer"').replace("[input]", "[input]\nskip = 1")
    )
    card = cxkit.score(
        recipes.read(file, recipes.loads(changed)), ["orders", "active_customers", "average_transaction_value"]
    )

    assert card.get("orders").value == 69_659
    assert card.get("active_customers").value == 23_570
    assert card.get("average_transaction_value").value == pytest.approx(35.893648, abs=5e-7)
