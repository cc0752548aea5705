"""Several currencies: a row each, or converted exactly by the rates that are given."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

import cxkit
from cxkit.api.rates import rates_of
from cxkit.errors import InvalidValueError

DAY = datetime(2026, 3, 1, tzinfo=UTC)


def orders(*amounts: str | None) -> list[cxkit.Event]:
    """Return an order of each amount, such as ``10.00 USD``."""
    return [
        cxkit.event("order.placed", amount=None if one is None else cxkit.Money(*one.split()), time=DAY)
        for one in amounts
    ]


MIXED = orders("10.00 USD", "10.50 EUR", "1.25 EUR", "250000 VND", "3 GBP", None)
RATES = {"EUR": "1.08", "VND": Decimal("0.000041"), "JPY": "0.0064"}


@pytest.mark.parametrize("engine", ["rows", "polars", "duckdb"])
def test_amounts_are_converted(engine: str) -> None:
    """11.34 + 1.35 + 10.25 + 10; what has no rate keeps a row of its own, and both is said."""
    if engine != "rows":
        pytest.importorskip(engine)
    card = cxkit.score(MIXED, ["revenue", "orders"], currency="USD", rates=RATES, engine=engine)
    assert card.get("revenue", currency="USD").value == 32.94
    assert card.get("revenue", currency="GBP").value == 3
    assert card.get("orders").value == 6
    assert card.notes == (
        "revenue is in 2 currencies (GBP, USD), which are never added: one row each.",
        "Converted, each amount rounded half up: 1 EUR = 1.08 USD, 1 VND = 0.000041 USD.",
        "There is no rate to USD for GBP: rows of its own.",
    )


def test_amounts_that_are_missing_are_left_out_once() -> None:
    """An order without an amount is in no currency: it is told in one row, that of the currency of the card."""
    plain = cxkit.score(MIXED, "revenue")
    assert [dict(row.estimate.excluded) for row in plain] == [{"no amount": 1}, {}, {}, {}]
    assert str(plain).count("1 no amount") == 1
    converted = cxkit.score(MIXED, "revenue", currency="USD", rates=RATES)
    assert {row.currency: dict(row.estimate.excluded) for row in converted} == {"GBP": {}, "USD": {"no amount": 1}}


def test_a_currency_alone_converts_nothing() -> None:
    """Without rates it only says which row the rest is told in."""
    card = cxkit.score(orders("1 USD", "2 EUR"), "revenue", currency="USD")
    assert [(row.currency, row.estimate.value) for row in card] == [("EUR", 2), ("USD", 1)]
    assert "There is no rate to USD for EUR: rows of its own." in card.notes


def test_segments_by_currency_are_of_what_was_converted() -> None:
    """After it, euros are dollars to every part of the card."""
    card = cxkit.score(orders("1 USD", "2 EUR"), "orders", by="currency", currency="USD", rates={"EUR": 1})
    assert {row.segment.get("currency"): row.estimate.value for row in card} == {None: 2, "USD": 2}


@pytest.mark.parametrize(
    ("currency", "rates", "message"),
    [
        (None, {"EUR": "1"}, "rates: .* need to know into what: give currency, such as 'USD'"),
        ("USD", {"EUR": 1.08}, r"rates.EUR: 1.08 is a float, which can't hold a rate exactly: write '1.08'"),
        ("USD", {"EUR": "1,08"}, r"rates.EUR: '1,08' isn't a rate: write a positive number"),
        ("USD", {"EUR": "-1"}, "isn't a rate"),
        ("USD", {"EUR": 0}, "isn't a rate"),
        ("USD", {"EUR": "NaN"}, "isn't a rate"),
        ("USD", {"EUR": True}, "isn't a rate"),
        ("USD", {"EUR": "1.0800000001"}, "has more digits than can be computed with: round it"),
        ("USD", {"EUR": "1e30"}, "has more digits than can be computed with: round it"),
        ("USD", {"USD": "1.1"}, "rates.USD: '1.1' can't be: USD is what is converted to"),
        ("USD", {"EUX": "1"}, "isn't a currency of ISO 4217"),
        ("usd", {}, "must be written 'USD'"),
        ("USD", ["EUR"], "isn't a mapping"),
    ],
)
def test_wrong_rates(currency: str | None, rates: Any, message: str) -> None:
    """The currency and what was written are named."""
    with pytest.raises(InvalidValueError, match=message):
        cxkit.score([], "revenue", currency=currency, rates=rates)


def test_rates_in_minor_units() -> None:
    """Decimals of both currencies count: a dong has none, a Kuwaiti dinar three."""
    assert rates_of("KWD", {"VND": "0.000012", "USD": "0.31", "KWD": "1"}) == {"VND": (3, 250), "USD": (31, 10)}
