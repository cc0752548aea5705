"""Orders, revenue, average transaction value and refunds against figures worked by hand."""

from __future__ import annotations

import math

import pytest

import cxkit
from cxkit import Money, event, metrics
from cxkit.metrics import Given
from cxkit.stats import By, ByState, MomentsState


def moments(*values: int, nulls: int = 0, out: int = 0) -> MomentsState:
    """Return the moments of some values."""
    if not values:
        return MomentsState(nulls=nulls, out=out)
    squares = sum(value * value for value in values)
    return MomentsState(len(values), sum(values), squares, min(values), max(values), nulls, out)


def test_orders_count_all():
    """An order is one whatever its currency, and one without an amount or with an absurd one is one too."""
    parts = {None: moments(nulls=1), "USD": moments(100, 200), "VND": moments(5, out=1)}
    found = metrics.orders().estimate({"amounts": ByState(parts)})
    assert (found.value, found.n, found.unit, found.excluded) == (5, 5, "count", {})


# Barker 2002: centre ± z √(n + z²/4), centre n + z²/2: for ten orders 5.432 and 18.409.
def test_orders_interval():
    """The interval is that of the rate behind the count."""
    found = metrics.orders().estimate({"amounts": ByState({"USD": moments(*range(10))})})
    assert (found.low, found.high) == pytest.approx((5.432, 18.409), abs=5e-4)
    assert found.method == "poisson-score"


def test_no_orders_are_a_true_zero():
    """Where nothing was ordered, nothing was ordered; the interval says how sure that is."""
    found = metrics.orders().estimate({})
    assert (found.value, found.low, found.n) == (0, 0, 0)
    assert found.high == pytest.approx(3.841459)


def test_revenue():
    """Revenue is the sum in major units; its variance is that of a compound Poisson sum, Σx²."""
    found = metrics.revenue().estimate({"amounts": moments(3_000, 4_000)}, Given(currency="USD"))
    assert (found.value, found.se, found.unit, found.n) == (70.0, 50.0, "USD", 2)
    assert (found.low, found.high) == (0.0, pytest.approx(70 + 1.959964 * 50))


@pytest.mark.parametrize(("currency", "value"), [("USD", 50_000.0), ("VND", 5_000_000.0), ("KWD", 5_000.0)])
def test_minor_units(currency: str, value: float):
    """Two decimals, none, or three: ISO 4217 says how much five million minor units are."""
    state = {"amounts": moments(5_000_000)}
    assert metrics.revenue().estimate(state, Given(currency=currency)).value == value
    assert metrics.average_transaction_value().estimate(state, Given(currency=currency)).value == value


def test_no_revenue_is_a_true_zero():
    """Nothing was taken; how large an order would have been nobody knows, so there is no interval."""
    found = metrics.revenue().estimate({}, Given(currency="USD"))
    assert (found.value, found.low, found.high, found.n) == (0, None, None, 0)


def test_revenue_may_be_negative():
    """A till that books takings back keeps a lower bound below zero."""
    found = metrics.revenue().estimate({"amounts": moments(-500, 100)}, Given(currency="USD"))
    assert found.value == -4.0
    assert found.low < -4.0


# By hand: 10, 20, 30: mean 20, s = 10, t(.975, 2) = 4.302653; half width 4.302653 · 10/√3 = 24.84138.
def test_average_transaction_value():
    """The mean order with its t interval; no order was below zero, so no bound is."""
    found = metrics.average_transaction_value().estimate({"amounts": moments(1000, 2000, 3000)}, Given(currency="USD"))
    assert (found.value, found.n, found.unit, found.method) == (20.0, 3, "USD", "t")
    assert (found.low, found.high) == (0.0, pytest.approx(44.841378, abs=5e-6))
    assert found.se == pytest.approx(10 / 3**0.5)


def test_average_of_one_order():
    """One order says nothing of the spread: above, anything is possible."""
    found = metrics.average_transaction_value().estimate({"amounts": moments(1000)}, Given(currency="USD"))
    assert (found.value, found.low, found.high, found.se) == (10.0, 0.0, None, None)


def test_average_of_nothing():
    """No amounts, no average; what was left out is said."""
    found = metrics.average_transaction_value().estimate({"amounts": moments(nulls=2, out=1)}, Given(currency="USD"))
    assert (found.value, found.n) == (None, 0)
    assert found.excluded == {"no amount": 2, "amount out of range": 1}


# 10,000 orders of 50 million dong: Σx² is 2.5e19, more than 64 bits hold.
def test_large_amounts_keep_their_variance():
    """Sums beyond 64 bits are exact: equal orders have no spread at all."""
    state = MomentsState(10_000, 10_000 * 50_000_000, 10_000 * 50_000_000**2, 50_000_000, 50_000_000)
    found = metrics.average_transaction_value().estimate({"amounts": state}, Given(currency="VND"))
    assert (found.value, found.low, found.high, found.se) == (5e7, 5e7, 5e7, 0.0)


def test_what_is_shared():
    """Orders, revenue and average transaction value need one statistic, which is computed once."""
    needs = [
        set(make().needs.values()) for make in (metrics.orders, metrics.revenue, metrics.average_transaction_value)
    ]
    assert needs[0] == needs[1] == needs[2]
    assert all(isinstance(need, By) for need in needs[0])


def test_net_revenue():
    """Refunds and cancellations of the same cell are taken off; what carries no amount is counted."""
    states = {
        "amounts": moments(3_000, 4_000),
        "refunds": moments(1_000, nulls=2),
        "cancelled": moments(4_000, nulls=1),
    }
    found = metrics.revenue(net=True).estimate(states, Given(currency="USD"))
    assert (found.value, found.n) == (20.0, 2)
    assert found.excluded == {"refund without amount": 2, "cancellation without amount": 1}


def test_net_transaction_value():
    """What is left is divided by the orders that weren't cancelled."""
    states = {"amounts": moments(3_000, 4_000, 2_000), "refunds": moments(1_000), "cancelled": moments(2_000)}
    found = metrics.average_transaction_value(net=True).estimate(states, Given(currency="USD"))
    assert (found.value, found.n) == (30.0, 2)


def test_more_cancelled_than_placed():
    """Where every order of the cell was cancelled there is none to average over."""
    states = {"amounts": moments(2_000), "cancelled": moments(2_000)}
    assert metrics.average_transaction_value(net=True).estimate(states, Given(currency="USD")).value is None


def test_known_customers():
    """Orders of nobody known can be left aside."""
    events = [
        event("order.placed", customer=customer, amount=Money("10", "USD"), id=str(n))
        for n, customer in enumerate(("a", None, "b", None, None))
    ]
    card = cxkit.score(events, ["orders", "orders[customers=known]", "revenue[customers=known]"])
    assert [row.estimate.value for row in card] == [5, 2, 20.0]


# By hand: 200 of 1,000 given back; Σb²/B² + Σa²/A² - 2Σb²/(AB) = .5 + .01 - .2 = .31 with 2 and 100 equal amounts.
def test_refunds_by_amount():
    """The ratio of two sums of money, with the delta method's interval on its logarithm."""
    states = {"amounts": moments(*[10] * 100), "refunds": moments(100, 100)}
    found = metrics.refund_rate(by="amount").estimate(states, Given(currency="USD"))
    half = math.exp(1.959963984540054 * math.sqrt(0.31))
    assert (found.value, found.unit) == (0.2, "rate")
    assert (found.low, found.high) == pytest.approx((0.2 / half, 0.2 * half))


def test_no_refund_of_an_amount():
    """Nothing given back is zero, without knowing how much a refund would be."""
    found = metrics.refund_rate(by="amount").estimate({"amounts": moments(10, 20)}, Given(currency="USD"))
    assert (found.value, found.low, found.high) == (0, 0, None)
