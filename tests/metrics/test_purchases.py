"""Visits, purchases, carts, refunds and deliveries: from events, against what can be counted by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

import cxkit
from cxkit import event, metrics
from cxkit.errors import InvalidValueError
from cxkit.stats import FrequencyState

DAY = timedelta(days=1)
START = datetime(2026, 3, 1, 9, tzinfo=UTC)
LATER = START + 100 * DAY


def at(days: float, kind: str, customer: str | None = "c", reference: str | None = None, **more: object) -> cxkit.Event:
    """Return an event so many days after the start."""
    return event(kind, customer=customer, reference=reference, time=START + days * DAY, **more)


def only(events: list[cxkit.Event], metric: str) -> cxkit.metrics.Estimate:
    """Return the only estimate of a metric."""
    (row,) = cxkit.score(events, metric, as_of=LATER)
    return row.estimate


# Fader & Hardie's CDNOW: 69,659 orders of 23,570 customers; 2.955409 each (by hand).
def test_purchase_frequency():
    """Orders for each who bought; t over customers, never below one; orders of nobody known aside."""
    state = FrequencyState({1: 60, 2: 30, 6: 10}, anonymous=7)
    found = metrics.purchase_frequency().estimate({"events": state})
    assert (found.value, found.n, found.unit, found.excluded) == (1.8, 100, "ratio", {"no customer": 7})
    # By hand: Σx² = 60 + 120 + 360 = 540; s² = (540 - 324) / 99; t(.975, 99) = 1.984217.
    half = 1.984216951586462 * (216 / 99 / 100) ** 0.5
    assert (found.low, found.high) == pytest.approx((1.8 - half, 1.8 + half))


def test_visit_frequency():
    """Visits for each who came."""
    events = [at(n, "visit.started", who, id=str(n)) for n, who in enumerate("aaab")]
    assert only(events, "visit_frequency").value == 2


def test_time_to_second_purchase():
    """From the first order to the second, of those who ordered again; the others are counted."""
    events = [at(0, "order.placed", "a", "1"), at(10, "order.placed", "a", "2"), at(50, "order.placed", "a", "3")]
    found = only([*events, at(3, "order.placed", "b", "4")], "time_to_second_purchase[at=mean]")
    assert (found.value, found.n, found.excluded) == (864_000, 1, {"no end yet": 1})


def test_cart_abandonment():
    """A cart is abandoned without an order of the customer within the window, whatever they had ordered before."""
    events = [
        at(0, "cart.updated", "a", "cart-1"), at(0.1, "checkout.started", "a", "cart-1"),
        at(0.5, "order.placed", "a", "o-1"),
        at(5, "cart.updated", "a", "cart-2"),
        at(5, "cart.updated", "b", "cart-3"), at(7, "order.placed", "b", "o-2"),
        at(5, "cart.updated", None, "cart-4"),
        at(99.5, "cart.updated", "d", "cart-5"),
    ]  # fmt: skip
    found = only(events, "cart_abandonment_rate")
    assert (found.value, found.n) == (pytest.approx(2 / 3), 3)
    assert found.excluded == {"window not over": 1, "no key": 1}


def test_refunds_are_their_orders():
    """A refund counts where its order was placed, once, and only within the window."""
    events = [
        at(0, "order.placed", "a", "o-1"), at(3, "order.refunded", "a", "o-1"), at(4, "order.refunded", "a", "o-1"),
        at(1, "order.placed", "b", "o-2"), at(60, "order.refunded", "b", "o-2"),
        at(2, "order.placed", "c", "o-3"),
        at(9, "order.refunded", "d", "o-9"),
    ]  # fmt: skip
    assert only(events, "refund_rate").value == pytest.approx(2 / 3)
    assert only(events, "refund_rate").excluded == {"refund without start": 1}
    assert only(events, "refund_rate[within_days=30]").value == pytest.approx(1 / 3)


def test_deliveries():
    """How long they took, and how many were in time."""
    events = [
        at(0, "order.placed", "a", "o-1"), at(2, "order.delivered", "a", "o-1"),
        at(0, "order.placed", "b", "o-2"), at(6, "order.delivered", "b", "o-2"),
        at(0, "order.placed", "c", "o-3"),
        at(98, "order.placed", "d", "o-4"),
    ]  # fmt: skip
    assert only(events, "delivery_time[at=mean]").value == 4 * 86_400
    found = only(events, "on_time_delivery")
    assert (found.value, found.excluded) == (pytest.approx(1 / 3), {"window not over": 1})
    assert only(events, "on_time_delivery[within_days=6]").value == pytest.approx(2 / 3)


@pytest.mark.parametrize("days", [0, -1, 40_000, float("nan")])
def test_windows_that_are_none(days: float):
    """A window is above nothing and below a century; inf is for ever."""
    with pytest.raises(InvalidValueError, match="within_days"):
        metrics.on_time_delivery(within_days=days)
    assert metrics.cart_abandonment_rate(within_days=float("inf")).needs["carts"].window_us is None
