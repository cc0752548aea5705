"""Returning customers: activity, repetition, retention, and what those who come back are worth."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cxkit.metrics.answers import share_estimate
from cxkit.metrics.estimate import Estimate
from cxkit.metrics.metric import Given, Metric, factory
from cxkit.metrics.money import ORDERS, count_estimate
from cxkit.metrics.ratios import linear_interval
from cxkit.stats import By, Distinct, DistinctState, Frequency, FrequencyState, Returns, ReturnsState, Where

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cxkit.stats import Return

_CONVERTED = Where(kind="referral.converted")
_FARRIS = "Farris et al. 2010"


def _activity(kind: str) -> Where:
    return Where() if kind == "any" else Where(kind=kind)


@factory
def active_customers(*, kind: str = "order.placed") -> Metric:
    """Active customers: how many different customers did something; a plain count, where zero is a true zero.

    Args:
        kind: what counts as activity; ``any`` for any event that names the customer.

    Source: a count; interval Barker 2002, The American Statistician 56(2).
    """

    def formula(states: Mapping[str, DistinctState], given: Given) -> Estimate:
        state = states["customers"]
        return count_estimate(state.n, given, {"no customer": state.nulls})

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
        return _share(state.at_least(2), state.at_least(1), given, state.anonymous)

    return Metric(
        name="repeat_purchase_rate",
        title="Repeat purchase rate",
        unit="share",
        better="higher",
        needs={"orders": Frequency(ORDERS)},
        formula=formula,
        source="Farris et al. 2010; interval Wilson 1927",
    )


def _share(part: int, of: int, given: Given, anonymous: int) -> Estimate:
    excluded = {"no customer": anonymous}
    if not of:
        return Estimate(None, level=given.level, unit="share", method="wilson", excluded=excluded)
    return share_estimate(part / of, of, given, excluded)


def _of_returns(  # noqa: PLR0913, PLR0917 - what a metric says of itself
    name: str,
    title: str,
    better: str,
    returns: Returns,
    counts: Callable[[Return], tuple[int, int]],
    source: str,
) -> Metric:
    """Return the metric of some customers of all periods together, of others."""

    def formula(states: Mapping[str, ReturnsState], given: Given) -> Estimate:
        state = states["returns"]
        return _share(*counts(state.pooled), given, state.anonymous)

    return Metric(name, title, "share", better, {"returns": returns}, formula, f"{source}; interval Wilson 1927")


@factory
def retention_rate(*, every: str | None = None, kind: str = "order.placed") -> Metric:
    """Retention rate: of the customers active in the period before, the share active again in this one.

    Args:
        every: the period's length; the scorecard's own by default, or a month where it has none. Periods shorter than
            the scorecard's are pooled.
        kind: what counts as activity; ``any`` for any event that names the customer.

    Source: Farris, Bendle, Pfeifer & Reibstein 2010, Marketing Metrics; interval Wilson 1927.
    """
    returns, title = Returns(_activity(kind), every), "Retention rate"
    return _of_returns("retention_rate", title, "higher", returns, lambda pooled: (pooled.both, pooled.base), _FARRIS)


@factory
def churn_rate(*, every: str | None = None, kind: str = "order.placed") -> Metric:
    """Churn rate: of the customers active in the period before, the share not active in this one; 1 - retention.

    Args:
        every: the period's length, as for retention.
        kind: what counts as activity; ``any`` for any event that names the customer.

    Source: Farris, Bendle, Pfeifer & Reibstein 2010, Marketing Metrics; interval Wilson 1927.
    """
    returns, title = Returns(_activity(kind), every), "Churn rate"
    return _of_returns(
        "churn_rate", title, "lower", returns, lambda pooled: (pooled.base - pooled.both, pooled.base), _FARRIS
    )


@factory
def returning_customer_rate(*, every: str | None = None) -> Metric:
    """Returning-customer rate: of a period's buyers, the share who had bought before it.

    Everybody is new in the first period of the data, for nobody knows what came before.

    Args:
        every: the period's length; the scorecard's own by default, or a month where it has none, and all are pooled.

    Source: returning ÷ all buyers, as shop systems report it; interval Wilson 1927.
    """
    returns, title = Returns(ORDERS, every, newcomers=True), "Returning-customer rate"
    source = "bought before ÷ buyers"
    return _of_returns(
        "returning_customer_rate",
        title,
        "higher",
        returns,
        lambda pooled: (pooled.active - pooled.new, pooled.active),
        source,
    )


def _growth(state: ReturnsState, given: Given, *, earned: bool) -> Estimate:
    """Return what customers spend now, to what those of a year before spent then; with those earned, its growth.

    The ratio's variance is linearised over customers (Cochran 1977, 6.3): Σ(z - R·b)², z now and b then.
    """
    entry, excluded = state.pooled, {"no customer": state.anonymous}
    if entry.base_amount <= 0:
        return Estimate(None, level=given.level, unit="rate", method="linearised", excluded=excluded)
    amount, squares, n, less = entry.both_amount, entry.both_squares, entry.base, 0
    if earned:
        amount, squares, n = amount + entry.marked_amount, squares + entry.marked_squares, n + entry.marked
        less = 1
    ratio = amount / entry.base_amount
    spread = squares - 2 * ratio * entry.both_products + ratio**2 * entry.base_squares
    variance = max(0.0, spread) / entry.base_amount**2 * (n / (n - 1) if n > 1 else 1)
    low, high = linear_interval(ratio, variance, n - 1, given.level)
    return Estimate(
        value=ratio - less,
        low=low - less,
        high=high - less,
        level=given.level,
        n=entry.base,
        unit="rate",
        method="linearised",
        se=math.sqrt(variance) if n > 1 else None,
        excluded=excluded,
    )


@factory
def net_revenue_retention(*, every: str | None = None) -> Metric:
    """Net revenue retention: what the customers of a year before spend now, to what they spent then.

    Above 100 % those who stayed spend more than those who left took with them.

    Args:
        every: the period's length; the scorecard's own by default, or a year where it has none. A month is compared
            with the same month of the year before.

    Source: Reichheld, Darnell & Burns 2021, Harvard Business Review 99(6); linearised over customers, Cochran 1977.
    """

    def formula(states: Mapping[str, ReturnsState], given: Given) -> Estimate:
        return _growth(states["returns"], given, earned=False)

    return Metric(
        name="net_revenue_retention",
        title="Net revenue retention",
        unit="rate",
        better="higher",
        needs={"returns": By(Returns(ORDERS, every, base="year", squares=True), "currency")},
        formula=formula,
        source="Reichheld, Darnell & Burns 2021; Cochran 1977",
        per="currency",
    )


@factory
def earned_growth(*, every: str | None = None) -> Metric:
    """Earned growth: net revenue retention and the revenue of new customers won by referral, less 100 %.

    A customer is new who never bought before, and earned if a referral.converted names them.

    Args:
        every: the period's length, as for net revenue retention.

    Source: Reichheld, Darnell & Burns 2021, Harvard Business Review 99(6); linearised over customers, Cochran 1977.
    """

    def formula(states: Mapping[str, ReturnsState], given: Given) -> Estimate:
        return _growth(states["returns"], given, earned=True)

    returns = Returns(ORDERS, every, base="year", squares=True, mark=_CONVERTED)
    return Metric(
        name="earned_growth",
        title="Earned growth",
        unit="rate",
        better="higher",
        needs={"returns": By(returns, "currency")},
        formula=formula,
        source="Reichheld, Darnell & Burns 2021; Cochran 1977",
        per="currency",
    )


@factory
def earned_share(*, every: str | None = None) -> Metric:
    """Earned share: of a period's new customers, the share won by a converted referral.

    Args:
        every: the period's length; the scorecard's own by default, or a month where it has none, and all are pooled.

    Source: Reichheld, Darnell & Burns 2021, Harvard Business Review 99(6); interval Wilson 1927.
    """
    returns, source = Returns(ORDERS, every, mark=_CONVERTED), "Reichheld, Darnell & Burns 2021"
    return _of_returns(
        "earned_share", "Earned share", "higher", returns, lambda pooled: (pooled.marked, pooled.new), source
    )
