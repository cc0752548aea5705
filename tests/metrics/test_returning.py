"""Activity, repetition, retention and growth against figures worked by hand, and against the literature's."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest

import cxkit
from cxkit import Money, event, metrics
from cxkit.metrics import Given
from cxkit.stats import By, DistinctState, FrequencyState, Return, Returns, ReturnsState
from cxkit.stats.distributions import student_quantile


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


def test_churn_is_what_retention_leaves():
    """Both of one state, the intervals mirrored."""
    state = {"returns": ReturnsState({1: Return(active=70, base=100, both=60)}, anonymous=3)}
    stay, leave = metrics.retention_rate().estimate(state), metrics.churn_rate().estimate(state)
    assert leave.value == pytest.approx(1 - stay.value)
    assert (leave.low, leave.high) == pytest.approx((1 - stay.high, 1 - stay.low))
    assert leave.excluded == {"no customer": 3}


def test_returning_customers():
    """Who had bought before, of who buys."""
    state = {"returns": ReturnsState({1: Return(active=50, new=20), 2: Return(active=50, new=10)})}
    found = metrics.returning_customer_rate().estimate(state)
    assert (found.value, found.n) == (0.7, 100)


def test_earned_share():
    """New customers whom a converted referral names, of all new ones."""
    found = metrics.earned_share().estimate({"returns": ReturnsState({1: Return(active=50, new=20, marked=5)})})
    assert (found.value, found.n) == (0.25, 20)


# Reichheld, Darnell & Burns 2021: base 100, now 130: NRR 85, earned new 25, bought new 20; earned growth 10 %.
GROWTH = Return(
    active=13, base=10, both=8, amount=130, base_amount=100, both_amount=85, new=5, marked=3, marked_amount=25
)


def test_growth_of_the_literature():
    """Net revenue retention 85 %, earned growth 10 %."""
    state = {"returns": ReturnsState({2025: GROWTH})}
    assert metrics.net_revenue_retention().estimate(state, Given(currency="USD")).value == 0.85
    assert metrics.earned_growth().estimate(state, Given(currency="USD")).value == pytest.approx(0.10)


def orders(*amounts: tuple[int, str, int]) -> list[cxkit.Event]:
    """Return orders of (year, customer, dollars), placed in May."""
    return [
        event("order.placed", customer=who, amount=Money(amount, "USD"), id=f"{year}{who}", time=may(year))
        for year, who, amount in amounts
    ]


def may(year: int) -> datetime:
    """Return a day in May."""
    return datetime(year, 5, 17, tzinfo=UTC)


def test_growth_of_events():
    """The same from orders and referrals: who stayed, who left, who was won, who came by themselves."""
    events = [
        *orders(
            (2024, "stays", 60), (2024, "leaves", 40), (2025, "stays", 85), (2025, "won", 25), (2025, "bought", 20)
        ),
        event("referral.converted", customer="won", reference="r-1", time=may(2025)),
    ]
    card = cxkit.score(events, ["net_revenue_retention", "earned_growth", "earned_share[every=year]"], every="year")
    assert card.get("net_revenue_retention", period="2025").value == 0.85
    assert card.get("earned_growth", period="2025").value == pytest.approx(0.10)
    assert card.get("earned_share", period="2025").value == 0.5
    assert card.get("net_revenue_retention", period="2024").value is None


def test_months_stand_against_the_year_before():
    """On a monthly card a May is compared with the May before, not with April."""
    events = orders((2024, "a", 50), (2025, "a", 75))
    card = cxkit.score(events, "net_revenue_retention", every="month")
    assert card.get("net_revenue_retention", period="2025-05").value == 1.5


# By hand: then 60 and 40, now 85 and 0: R = .85; z - R·b = 34 and -34; variance 2/1 · 2 · 34² / 100² = .4624.
def test_growth_is_linearised_over_customers():
    """The standard error of the ratio, and t with one degree of freedom."""
    events = orders((2024, "stays", 60), (2024, "leaves", 40), (2025, "stays", 85))
    found = cxkit.score(events, "net_revenue_retention", every="year").get("net_revenue_retention", period="2025")
    assert found.se == pytest.approx(math.sqrt(0.4624))
    assert found.high == pytest.approx(0.85 + student_quantile(0.975, 1) * math.sqrt(0.4624))
    assert found.low == 0


def test_periods_are_settled_by_the_card():
    """Without periods of its own the card leaves years to be compared with years, and months with the one before."""
    growth = metrics.net_revenue_retention().needs["returns"]
    assert isinstance(growth, By)
    assert cxkit.stats.settle(growth, None).of.every == "year"
    assert cxkit.stats.settle(growth, "month").of.back == 12
    assert cxkit.stats.settle(Returns(growth.of.where), None).every == "month"
