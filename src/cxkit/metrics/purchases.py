"""Purchases: how often customers come and buy, what becomes of carts and orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import attrs

from cxkit.metrics.durations import At, ended_metric, span_share, time_metric
from cxkit.metrics.metric import Metric, factory
from cxkit.metrics.money import ORDERS, refunds_by_amount
from cxkit.metrics.options import chosen, window
from cxkit.metrics.ratios import events_each
from cxkit.stats import Frequency, Spans, Where

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cxkit.metrics.estimate import Estimate
    from cxkit.metrics.metric import Given

_DELIVERED, _REFUNDED = Where(kind="order.delivered"), Where(kind="order.refunded")


def _frequency(name: str, title: str, where: Where) -> Metric:
    return Metric(
        name=name,
        title=title,
        unit="ratio",
        better="higher",
        needs={"events": Frequency(where)},
        formula=lambda states, given: events_each(states["events"], given),
        source="Farris et al. 2010; t interval",
    )


@factory
def visit_frequency() -> Metric:
    """Frequency of visit (FOV): visits for each customer who visited in the period.

    Source: Farris, Bendle, Pfeifer & Reibstein 2010, Marketing Metrics; t interval over customers.
    """
    return _frequency("visit_frequency", "Frequency of visit", Where(kind="visit.started"))


@factory
def purchase_frequency() -> Metric:
    """Purchase frequency: orders for each customer who bought in the period.

    Source: Farris, Bendle, Pfeifer & Reibstein 2010, Marketing Metrics; t interval over customers.
    """
    return _frequency("purchase_frequency", "Purchase frequency", ORDERS)


@factory
def time_to_second_purchase(*, at: At = "p50") -> Metric:
    """Time to second purchase: from a customer's first order to the next, of those who ordered again.

    Those who haven't yet are left out and counted, so that the number is short while many may still come back.

    Args:
        at: ``p50``, ``p90``, ``p95`` (within one per cent) or ``mean`` (exact).

    Source: inter-purchase time; quantile interval David & Nagaraja 2003, Order Statistics, 7.1.
    """
    spans, source = Spans(ORDERS, ORDERS, key="customer"), "second order.placed - first"
    return time_metric("time_to_second_purchase", "Time to second purchase", spans, at, source)


@factory
def cart_abandonment_rate(*, within_days: float = 1.0) -> Metric:
    """Cart abandonment rate: carts and checkouts after which the customer placed no order within a window.

    A cart is counted once, by its reference, from when it was first touched; the order may be any of the customer's.

    Args:
        within_days: the window; ``inf`` is for ever.

    Source: Kukar-Kinney & Close 2010, Journal of the Academy of Marketing Science 38(2); interval Wilson 1927.
    """
    carts = Where(kind=("cart.updated", "checkout.started", "cart.abandoned"))
    spans = Spans(carts, ORDERS, key="customer", unit="reference", window_us=window("within_days", within_days))
    return Metric(
        name="cart_abandonment_rate",
        title="Cart abandonment rate",
        unit="share",
        better="lower",
        needs={"carts": spans},
        formula=_abandoned,
        source="Kukar-Kinney & Close 2010; interval Wilson 1927",
    )


def _abandoned(states: Mapping[str, Any], given: Given) -> Estimate:
    """Return the share of carts without an order; an order before the cart is none of this cart's."""
    state = states["carts"]
    from_before = attrs.evolve(state, unmatched=state.unmatched + state.negative, negative=0, orphan=0)
    return span_share(from_before, given, ends="order", unmatched=True)


@factory
def refund_rate(*, by: Literal["references", "amount"] = "references", within_days: float = float("inf")) -> Metric:
    """Refund rate: orders that were refunded, in part or in whole, of the orders placed; or money of money.

    Args:
        by: ``references`` counts orders, by the day they were placed; ``amount`` divides what was refunded by what was
            placed in the same period, a row for each currency.
        within_days: how long a refund counts, for references; ``inf`` is for ever.

    Source: refunded ÷ placed; interval Wilson 1927, or the delta method on the logarithm.
    """
    chosen("by", by, ("references", "amount"))
    title = "Refund rate"
    if by == "amount":
        needs, formula = refunds_by_amount(ORDERS)
        source = "refunded ÷ placed; delta method on the logarithm"
        return Metric("refund_rate", title, "rate", "lower", needs, formula, source, per="currency")
    spans = Spans(ORDERS, _REFUNDED, window_us=window("within_days", within_days))
    return ended_metric("refund_rate", title, "lower", spans, "refund", "order.refunded ÷ order.placed")


@factory
def delivery_time(*, at: At = "p50") -> Metric:
    """Delivery time: from an order to its delivery, by the day it was placed.

    Args:
        at: ``p50``, ``p90``, ``p95`` (within one per cent) or ``mean`` (exact).

    Source: order cycle time; quantile interval David & Nagaraja 2003, Order Statistics, 7.1.
    """
    spans, source = Spans(ORDERS, _DELIVERED), "order.delivered - order.placed"
    return time_metric("delivery_time", "Delivery time", spans, at, source)


@factory
def on_time_delivery(*, within_days: float = 5.0) -> Metric:
    """On-time delivery: orders delivered within a promise, of the orders whose promised time is over.

    Args:
        within_days: the promise.

    Source: on-time share; interval Wilson 1927.
    """
    spans = Spans(ORDERS, _DELIVERED, window_us=window("within_days", within_days))
    source = "delivered in time ÷ placed"
    return ended_metric("on_time_delivery", "On-time delivery", "higher", spans, "delivery", source)
