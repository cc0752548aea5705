"""Orders, revenue, average transaction value, activity, repetition and retention against figures worked by hand."""

from __future__ import annotations

import pytest

from cxkit import metrics
from cxkit.metrics import Given
from cxkit.stats import By, ByState, DistinctState, FrequencyState, MomentsState, Return, ReturnsState


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


def test_active_customers():
    """A plain count of customers; events that name nobody are left out and counted."""
    found = metrics.active_customers().estimate({"customers": DistinctState(7, nulls=3)})
    assert (found.value, found.n, found.unit, found.excluded) == (7, 7, "count", {"no customer": 3})
    assert metrics.active_customers().estimate({}).value == 0


def test_repeat_purchase_rate():
    """Five buyers, of whom two came back."""
    found = metrics.repeat_purchase_rate().estimate({"orders": FrequencyState({1: 3, 2: 1, 9: 1}, anonymous=4)})
    assert (found.value, found.n, found.unit, found.method) == (0.4, 5, "share", "wilson")
    assert found.excluded == {"no customer": 4}
    # R's binom.confint(2, 5, methods = "wilson"): .1176208 … .7692757
    assert (found.low, found.high) == pytest.approx((0.1176208, 0.7692757), abs=5e-7)


def test_no_buyers_no_rate():
    """Nobody bought, so nobody could come back."""
    found = metrics.repeat_purchase_rate().estimate({"orders": FrequencyState(anonymous=2)})
    assert (found.value, found.n, found.excluded) == (None, 0, {"no customer": 2})


def test_retention_rate():
    """Eight were active before, of whom two are now; several periods are pooled."""
    one = ReturnsState({5: Return(active=4, base=8, both=2)})
    assert metrics.retention_rate().estimate({"returns": one}).value == 0.25
    two = one.plus(ReturnsState({6: Return(active=3, base=4, both=1)}, anonymous=1))
    found = metrics.retention_rate().estimate({"returns": two})
    assert (found.value, found.n, found.excluded) == (0.25, 12, {"no customer": 1})


def test_retention_needs_somebody_before():
    """A first period retains nobody and loses nobody."""
    found = metrics.retention_rate().estimate({"returns": ReturnsState({5: Return(active=4)})})
    assert (found.value, found.n) == (None, 0)


def test_nobody_came_back():
    """All of ten stayed away: zero, and the interval says how sure that is."""
    found = metrics.retention_rate().estimate({"returns": ReturnsState({5: Return(base=10)})})
    assert (found.value, found.low, found.n) == (0, 0, 10)
    assert found.high == pytest.approx(0.277533, abs=5e-7)


def test_what_is_shared():
    """Orders, revenue and average transaction value need one statistic, which is computed once."""
    needs = [
        set(make().needs.values()) for make in (metrics.orders, metrics.revenue, metrics.average_transaction_value)
    ]
    assert needs[0] == needs[1] == needs[2]
    assert all(isinstance(need, By) for need in needs[0])
