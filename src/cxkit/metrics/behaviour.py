"""Behaviour: what customers do. Orders, revenue, average transaction value, activity, repetition, retention."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from cxkit.metrics.estimate import Estimate
from cxkit.metrics.metric import Given, Metric, factory
from cxkit.metrics.perception import share_estimate
from cxkit.model.money import minor_digits
from cxkit.stats import By, Distinct, DistinctState, Frequency, FrequencyState, Moments, MomentsState, Returns, Where
from cxkit.stats.intervals import compound_poisson, mean_t, poisson_score

if TYPE_CHECKING:
    from collections.abc import Mapping

_ORDERS = Where(kind="order.placed")
_AMOUNTS = By(Moments(_ORDERS, of="amount_minor"), "currency")


def _count(n: int, given: Given, excluded: Mapping[str, int]) -> Estimate:
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


@factory
def orders() -> Metric:
    """Orders placed: a plain count, where zero is a true zero.

    The interval is that of the rate behind the count, as if the period could be lived again.

    Source: a count; interval Barker 2002, The American Statistician 56(2).
    """

    def formula(states: Mapping[str, Any], given: Given) -> Estimate:
        parts: Mapping[str | None, MomentsState] = states["amounts"].parts
        return _count(sum(part.n + part.nulls + part.out for part in parts.values()), given, {})

    return Metric("orders", "Orders", "count", "higher", {"amounts": _AMOUNTS}, formula, "count; interval Barker 2002")


def _in_major(given: Given) -> tuple[int, str]:
    return (1, "money") if given.currency is None else (10 ** minor_digits(given.currency), given.currency)


def _left_out(state: MomentsState) -> dict[str, int]:
    return {"no amount": state.nulls, "amount out of range": state.out}


@factory
def revenue() -> Metric:
    """Revenue: the sum of what orders were placed for, gross, tax as given; a row for each currency.

    Source: a sum; interval from the variance of a compound Poisson sum, Σx².
    """

    def formula(states: Mapping[str, MomentsState], given: Given) -> Estimate:
        state = states["amounts"]
        scale, unit = _in_major(given)
        if not state.n:  # no amount says how large the next would have been
            return Estimate(0.0, level=given.level, unit=unit, method="compound-poisson", excluded=_left_out(state))
        low, high = compound_poisson(state.total / scale, state.squares / scale**2, given.level)
        return Estimate(
            value=state.total / scale,
            low=max(0.0, low) if state.low is None or state.low >= 0 else low,
            high=high,
            level=given.level,
            n=state.n,
            unit=unit,
            method="compound-poisson",
            se=math.sqrt(state.squares) / scale,
            excluded=_left_out(state),
        )

    return Metric(
        "revenue", "Revenue", "money", "higher", {"amounts": _AMOUNTS}, formula, "sum of orders", per="currency"
    )


@factory
def average_transaction_value() -> Metric:
    """Average transaction value (ATV): the mean amount of an order, gross; a row for each currency.

    Source: Farris, Bendle, Pfeifer & Reibstein 2010, Marketing Metrics; t interval.
    """

    def formula(states: Mapping[str, MomentsState], given: Given) -> Estimate:
        state = states["amounts"]
        scale, unit = _in_major(given)
        if state.mean is None:
            return Estimate(None, level=given.level, unit=unit, method="t", excluded=_left_out(state))
        variance = state.variance
        low, high = mean_t(state.mean / scale, None if variance is None else variance / scale**2, state.n, given.level)
        if state.low is not None and state.low >= 0:
            low = max(0.0, low)  # no order was below zero, so their mean can't be
        return Estimate(
            value=state.mean / scale,
            low=low,
            high=high,
            level=given.level,
            n=state.n,
            unit=unit,
            method="t",
            se=None if variance is None else math.sqrt(variance / state.n) / scale,
            excluded=_left_out(state),
        )

    return Metric(
        name="average_transaction_value",
        title="Average transaction value",
        unit="money",
        better="higher",
        needs={"amounts": _AMOUNTS},
        formula=formula,
        source="Farris, Bendle, Pfeifer & Reibstein 2010",
        per="currency",
    )


def _activity(kind: str) -> Where:
    return Where() if kind == "any" else Where(kind=kind)


@factory
def active_customers(*, kind: str = "order.placed") -> Metric:
    """Active customers: how many different customers did something; a plain count, where zero is a true zero.

    Args:
        kind: what counts as activity; ``any`` for any event that names the customer.

    Source: a count; interval Barker 2002.
    """

    def formula(states: Mapping[str, DistinctState], given: Given) -> Estimate:
        state = states["customers"]
        return _count(state.n, given, {"no customer": state.nulls})

    return Metric(
        name="active_customers",
        title="Active customers",
        unit="count",
        better="higher",
        needs={"customers": Distinct(_activity(kind), of="customer")},
        formula=formula,
        source="count; interval Barker 2002",
    )


@factory
def repeat_purchase_rate() -> Metric:
    """Repeat purchase rate: customers with two orders or more, of customers with one or more.

    Source: Farris, Bendle, Pfeifer & Reibstein 2010, Marketing Metrics; interval Wilson 1927.
    """

    def formula(states: Mapping[str, FrequencyState], given: Given) -> Estimate:
        state = states["orders"]
        buyers = state.at_least(1)
        excluded = {"no customer": state.anonymous}
        if not buyers:
            return Estimate(None, level=given.level, unit="share", method="wilson", excluded=excluded)
        return share_estimate(state.at_least(2) / buyers, buyers, given, excluded)

    return Metric(
        name="repeat_purchase_rate",
        title="Repeat purchase rate",
        unit="share",
        better="higher",
        needs={"orders": Frequency(_ORDERS)},
        formula=formula,
        source="Farris et al. 2010; interval Wilson 1927",
    )


@factory
def retention_rate(*, every: str | None = None, kind: str = "order.placed") -> Metric:
    """Retention rate: of the customers active in the period before, the share active again in this one.

    Args:
        every: the period's length; the scorecard's own by default, or a month where it has none. Periods shorter than
            the scorecard's are pooled.
        kind: what counts as activity; ``any`` for any event that names the customer.

    Source: Farris, Bendle, Pfeifer & Reibstein 2010, Marketing Metrics; interval Wilson 1927.
    """

    def formula(states: Mapping[str, Any], given: Given) -> Estimate:
        pooled = states["returns"].pooled
        excluded = {"no customer": states["returns"].anonymous}
        if not pooled.base:
            return Estimate(None, level=given.level, unit="share", method="wilson", excluded=excluded)
        return share_estimate(pooled.both / pooled.base, pooled.base, given, excluded)

    return Metric(
        name="retention_rate",
        title="Retention rate",
        unit="share",
        better="higher",
        needs={"returns": Returns(_activity(kind), every)},
        formula=formula,
        source="Farris et al. 2010; interval Wilson 1927",
    )
