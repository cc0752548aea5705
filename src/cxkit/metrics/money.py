"""Money: orders, revenue, average transaction value, refunds by amount; a row for each currency."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, Literal

from cxkit.metrics.estimate import Estimate
from cxkit.metrics.metric import Given, Metric, factory
from cxkit.metrics.options import chosen
from cxkit.metrics.ratios import log_interval
from cxkit.model.money import minor_digits
from cxkit.stats import By, IsNull, Moments, MomentsState, Not, Where
from cxkit.stats.intervals import compound_poisson, mean_t, poisson_score

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cxkit.stats import ByState

ORDERS: Final = Where(kind="order.placed")
KNOWN: Final = Where(customer=Not(IsNull()))
_REFUNDS, _CANCELLED = Where(kind="order.refunded"), Where(kind="order.cancelled")
Whose = Literal["all", "known"]
WHOSE: Final = ("all", "known")


def amounts(where: Where) -> By:
    """Return the amounts of events, apart for each currency.

    >>> amounts(ORDERS).column
    'currency'
    """
    return By(Moments(where, of="amount_minor"), "currency")


AMOUNTS: Final = amounts(ORDERS)


def events_of(state: ByState) -> int:
    """Return how many events there were, with an amount or without."""
    parts: Mapping[str | None, MomentsState] = state.parts
    return sum(part.n + part.nulls + part.out for part in parts.values())


def in_major(given: Given) -> tuple[int, str]:
    """Return by what minor units are divided, and the unit of the estimate."""
    return (1, "money") if given.currency is None else (10 ** minor_digits(given.currency), given.currency)


def count_estimate(n: int, given: Given, excluded: Mapping[str, int]) -> Estimate:
    """Return the estimate of a plain count, where zero is a true zero; Poisson score interval (Barker 2002)."""
    low, high = poisson_score(n, given.level)
    return Estimate(
        value=n,
        low=low,
        high=high,
        level=given.level,
        n=n,
        unit="count",
        method="poisson-score",
        se=math.sqrt(n),
        excluded=excluded,
    )


def _whose(customers: Whose) -> Where:
    chosen("customers", customers, WHOSE)
    return ORDERS if customers == "all" else ORDERS & KNOWN


def _left_out(state: MomentsState, **more: int) -> dict[str, int]:
    return {"no amount": state.nulls, "amount out of range": state.out, **more}


@factory
def orders(*, customers: Whose = "all") -> Metric:
    """Orders placed: a plain count, where zero is a true zero.

    The interval is that of the rate behind the count, as if the period could be lived again.

    Args:
        customers: ``all`` orders, or those of ``known`` customers alone.

    Source: a count; interval Barker 2002, The American Statistician 56(2).
    """
    return Metric(
        name="orders",
        title="Orders",
        unit="count",
        better="higher",
        needs={"amounts": amounts(_whose(customers))},
        formula=lambda states, given: count_estimate(events_of(states["amounts"]), given, {}),
        source="count; interval Barker 2002",
    )


def _given_back(net: bool, customers: Whose) -> dict[str, By]:  # noqa: FBT001 - the option itself
    """Return what is taken off gross amounts."""
    if not net:
        return {}
    whose = Where() if customers == "all" else KNOWN
    return {"refunds": amounts(_REFUNDS & whose), "cancelled": amounts(_CANCELLED & whose)}


def _taken_off(states: Mapping[str, Any]) -> tuple[int, int, dict[str, int]]:
    """Return what refunds and cancellations sum to, how many orders were cancelled, and what wasn't counted."""
    refunds: MomentsState = states.get("refunds", MomentsState())
    cancelled: MomentsState = states.get("cancelled", MomentsState())
    left = {
        "refund without amount": refunds.nulls + refunds.out,
        "cancellation without amount": cancelled.nulls + cancelled.out,
    }
    return refunds.total + cancelled.total, cancelled.n, left


@factory
def revenue(*, net: bool = False, customers: Whose = "all") -> Metric:
    """Revenue: the sum of what orders were placed for, tax as given; a row for each currency.

    Args:
        net: less what was refunded and cancelled in the same period; a cancellation must carry its amount to count.
        customers: ``all`` orders, or those of ``known`` customers alone.

    Source: a sum; interval from the variance of a compound Poisson sum, Σx² of the orders.
    """

    def formula(states: Mapping[str, Any], given: Given) -> Estimate:
        state: MomentsState = states["amounts"]
        off, _, left = _taken_off(states)
        scale, unit = in_major(given)
        value, excluded = (state.total - off) / scale, _left_out(state, **left)
        if not state.n:  # no amount says how large the next would have been
            return Estimate(value, level=given.level, unit=unit, method="compound-poisson", excluded=excluded)
        low, high = compound_poisson(value, state.squares / scale**2, given.level)
        return Estimate(
            value=value,
            low=max(0.0, low) if not net and (state.low is None or state.low >= 0) else low,
            high=high,
            level=given.level,
            n=state.n,
            unit=unit,
            method="compound-poisson",
            se=math.sqrt(state.squares) / scale,
            excluded=excluded,
        )

    return Metric(
        name="revenue",
        title="Revenue",
        unit="money",
        better="higher",
        needs={"amounts": amounts(_whose(customers)), **_given_back(net, customers)},
        formula=formula,
        source="sum of orders",
        per="currency",
    )


@factory
def average_transaction_value(*, net: bool = False, customers: Whose = "all") -> Metric:
    """Average transaction value (ATV): the mean amount of an order; a row for each currency.

    Args:
        net: less what was refunded and cancelled in the same period, and over the orders that weren't cancelled.
        customers: ``all`` orders, or those of ``known`` customers alone.

    Source: Farris, Bendle, Pfeifer & Reibstein 2010, Marketing Metrics; t interval.
    """

    def formula(states: Mapping[str, Any], given: Given) -> Estimate:
        state: MomentsState = states["amounts"]
        off, cancelled, left = _taken_off(states)
        scale, unit = in_major(given)
        excluded, n = _left_out(state, **left), state.n - cancelled
        if n <= 0:
            return Estimate(None, level=given.level, unit=unit, method="t", excluded=excluded)
        value, variance = (state.total - off) / n / scale, state.variance
        low, high = mean_t(value, None if variance is None else variance / scale**2, n, given.level)
        if not net and state.low is not None and state.low >= 0:
            low = max(0.0, low)  # no order was below zero, so their mean can't be
        return Estimate(
            value=value,
            low=low,
            high=high,
            level=given.level,
            n=n,
            unit=unit,
            method="t",
            se=None if variance is None else math.sqrt(variance / n) / scale,
            excluded=excluded,
        )

    return Metric(
        name="average_transaction_value",
        title="Average transaction value",
        unit="money",
        better="higher",
        needs={"amounts": amounts(_whose(customers)), **_given_back(net, customers)},
        formula=formula,
        source="Farris, Bendle, Pfeifer & Reibstein 2010",
        per="currency",
    )


def refunds_by_amount(placed: Where) -> tuple[dict[str, Any], Any]:
    """Return needs and formula of what was given back for what was placed, as booked, in one currency.

    The variance is that of the logarithm of a ratio of two compound Poisson sums. Refunds are taken to be of orders
    among those placed, and whole, which is the least that the two vary together.
    """

    def formula(states: Mapping[str, MomentsState], given: Given) -> Estimate:
        refunded, gross = states["refunds"], states["amounts"]
        excluded = {"no amount": gross.nulls, "refund without amount": refunded.nulls + refunded.out}
        if gross.total <= 0:
            return Estimate(None, level=given.level, unit="rate", method="delta, log", excluded=excluded)
        ratio = refunded.total / gross.total
        if refunded.total <= 0:
            return Estimate(ratio, 0.0, None, given.level, gross.n, "rate", "delta, log", excluded=excluded)
        together = 2 * refunded.squares / (refunded.total * gross.total)
        variance = max(0.0, refunded.squares / refunded.total**2 + gross.squares / gross.total**2 - together)
        low, high = log_interval(ratio, variance, given.level)
        se = ratio * math.sqrt(variance)
        return Estimate(ratio, low, high, given.level, gross.n, "rate", "delta, log", se=se, excluded=excluded)

    return {"amounts": amounts(placed), "refunds": amounts(_REFUNDS)}, formula
