"""Deals into opportunities."""

from __future__ import annotations

import pytest

from cxkit.adapters import Facts, us_of
from cxkit.errors import InvalidValueError
from cxkit.model.money import Money
from cxkit_hubspot.crm import Record
from cxkit_hubspot.deals import events_of, money

FACTS = Facts("hubspot:4711")
MADE, CLOSED = "2026-03-01T10:00:00.123Z", "2026-04-01T10:00:00Z"
DEAL = {
    "createdate": MADE,
    "closedate": CLOSED,
    "amount": "1200.50",
    "deal_currency_code": "USD",
    "pipeline": "default",
    "hs_is_closed": "false",
    "hs_is_closed_won": "false",
}


def euros() -> str:
    """Return the account's currency."""
    return "EUR"


def test_an_open_deal_was_opened() -> None:
    """Its close date is a hope."""
    (opened,) = events_of(Record("7", DEAL, contacts=("3", "5")), FACTS, euros)
    assert (opened.kind, opened.ts_us, opened.reference) == ("opportunity.opened", us_of(MADE), "deal:7")
    assert (opened.customer, opened.amount) == ("hubspot:4711:3", Money("1200.50", "USD"))


@pytest.mark.parametrize(("won", "kind"), [("true", "opportunity.won"), ("false", "opportunity.lost")])
def test_a_closed_deal_is_won_or_lost(won: str, kind: str) -> None:
    """Whatever its stage is called: pipelines are the account's own."""
    deal = Record("7", {**DEAL, "hs_is_closed": "true", "hs_is_closed_won": won})
    opened, closed = events_of(deal, FACTS, euros)
    assert (closed.kind, closed.ts_us, closed.amount) == (kind, us_of(CLOSED), opened.amount)
    assert (opened.customer, closed.customer) == (None, None)


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("19.99", "USD", Money("19.99", "USD")),
        ("19.995", "USD", Money("20.00", "USD")),
        ("33.333333", None, Money("33.33", "EUR")),
        ("50000000", "VND", Money("50000000", "VND")),
        ("0.5", "VND", Money("0", "VND")),
        ("1.5", "VND", Money("2", "VND")),
        ("", "USD", None),
        (None, "USD", None),
    ],
)
def test_amounts_are_rounded_to_what_can_be_paid(
    amount: str | None, currency: str | None, expected: Money | None
) -> None:
    """Half to the even, as HubSpot's have any number of decimals."""
    assert money(Record("7", {"amount": amount, "deal_currency_code": currency}), euros) == expected


@pytest.mark.parametrize(("amount", "currency"), [("a lot", "USD"), ("NaN", "USD"), ("5", "Euro")])
def test_what_is_no_amount_is_refused(amount: str, currency: str) -> None:
    """By name."""
    with pytest.raises(InvalidValueError, match="amount|currency"):  # noqa: RUF043 - either
        money(Record("7", {"amount": amount, "deal_currency_code": currency}), euros)


def test_an_amount_without_any_currency_is_not_told() -> None:
    """Nothing says what it is of."""
    assert money(Record("7", {"amount": "5"}), lambda: None) is None
