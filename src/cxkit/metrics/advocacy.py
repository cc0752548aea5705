"""Advocacy: what customers bring others to."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from cxkit.errors import InvalidValueError
from cxkit.metrics.answers import answers_to, share_estimate
from cxkit.metrics.durations import ended_metric
from cxkit.metrics.estimate import Estimate
from cxkit.metrics.metric import Given, Metric, factory
from cxkit.metrics.money import ORDERS
from cxkit.metrics.options import window
from cxkit.metrics.ratios import mean_and_variance, product_interval
from cxkit.stats import By, Distinct, Frequency, Spans, Tally, Where
from cxkit.stats.intervals import mean_t, wilson

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cxkit.stats import ByState

_SENT, _CONVERTED = Where(kind="referral.sent"), Where(kind="referral.converted")
_MOST_BRANDS = 100


@factory
def referral_rate() -> Metric:
    """Referral rate: customers who sent a referral, of all customers that any event names.

    Source: Schmitt, Skiera & Van den Bulte 2011, Journal of Marketing 75(1); interval Wilson 1927.
    """

    def formula(states: Mapping[str, Any], given: Given) -> Estimate:
        customers, senders = states["customers"].n, states["senders"].n
        excluded = {"referral of nobody known": states["senders"].nulls}
        if not customers:
            return Estimate(None, level=given.level, unit="share", method="wilson", excluded=excluded)
        return share_estimate(senders / customers, customers, given, excluded)

    return Metric(
        name="referral_rate",
        title="Referral rate",
        unit="share",
        better="higher",
        needs={"customers": Distinct(Where()), "senders": Distinct(_SENT)},
        formula=formula,
        source="Schmitt, Skiera & Van den Bulte 2011; interval Wilson 1927",
    )


@factory
def viral_coefficient(*, within_days: float = float("inf")) -> Metric:
    """Viral coefficient K: referrals sent for each customer, times the share of them that converted.

    Args:
        within_days: how long a conversion counts; ``inf`` is for ever.

    Source: K-factor; interval of a product, Zou & Donner 2008, Statistics in Medicine 27(10).
    """

    def formula(states: Mapping[str, Any], given: Given) -> Estimate:
        customers, sent, converted = states["customers"].n, states["sent"], states["converted"]
        excluded = {
            "referral of nobody known": sent.anonymous,
            "window not over": converted.immature,
            "conversion of nothing sent": converted.orphan,
        }
        of = converted.matched + converted.unmatched
        if not customers or (sent.events and not of):
            return Estimate(None, level=given.level, unit="ratio", method="mover", excluded=excluded)
        invitations, variance = mean_and_variance(sent, customers)
        conversion = converted.matched / of if of else 0.0
        low, high = mean_t(invitations, variance, customers, given.level)
        within = product_interval(
            invitations, (max(0.0, low), high), conversion, wilson(conversion, of, given.level) if of else (0.0, 1.0)
        )
        spread = 0.0 if variance is None else variance / customers * conversion**2
        spread += invitations**2 * conversion * (1 - conversion) / of if of else 0.0
        return Estimate(
            value=invitations * conversion,
            low=max(0.0, within[0]),
            high=within[1],
            level=given.level,
            n=customers,
            unit="ratio",
            method="mover",
            se=math.sqrt(spread),
            excluded=excluded,
        )

    return Metric(
        name="viral_coefficient",
        title="Viral coefficient",
        unit="ratio",
        better="higher",
        needs={
            "customers": Distinct(Where()),
            "sent": Frequency(_SENT),
            "converted": Spans(_SENT, _CONVERTED, window_us=window("within_days", within_days)),
        },
        formula=formula,
        source="K-factor; interval Zou & Donner 2008",
    )


@factory
def review_rate(*, within_days: float = 30.0) -> Metric:
    """Review rate: orders that were reviewed within a window, by the day they were placed.

    Args:
        within_days: the window; ``inf`` is for ever.

    Source: review.posted ÷ order.placed, matched by reference; interval Wilson 1927.
    """
    spans = Spans(ORDERS, Where(kind="review.posted"), window_us=window("within_days", within_days))
    source = "review.posted ÷ order.placed, matched by reference"
    return ended_metric("review_rate", "Review rate", "higher", spans, "review", source)


def wallet_share(rank: float, brands: int) -> float:
    """Return the share of wallet that a brand's rank among those a customer uses foretells.

    Source: Keiningham, Aksoy, Buoye & Cooil 2011, Harvard Business Review 89(10) (Wallet Allocation Rule).

    Args:
        rank: the brand's rank, 1 the best; ties share the mean of their ranks.
        brands: how many brands the customer uses.

    Raises:
        InvalidValueError: the rank isn't one among so many brands.

    >>> [round(wallet_share(rank, 3), 4) for rank in (1, 2, 3)]
    [0.5, 0.3333, 0.1667]
    """
    if brands < 1 or not 1 <= rank <= brands:
        raise InvalidValueError("rank", rank, f"isn't a rank among {brands} brands: 1 is the best, {brands} the last")
    return (1 - rank / (brands + 1)) * 2 / brands


@factory
def wallet_allocation() -> Metric:
    """Wallet allocation: the mean share of wallet that customers' ranking of the brands they use foretells.

    Answers have the instrument ``brand_rank``, the rank as score, and the number of brands as item.

    Source: Keiningham, Aksoy, Buoye & Cooil 2011, Harvard Business Review 89(10); t interval.
    """

    def formula(states: Mapping[str, ByState], given: Given) -> Estimate:
        shares, left = _shares(states["ranks"])
        n = sum(shares.values())
        excluded = {"no rank among its brands": left}
        if not n:
            return Estimate(None, level=given.level, unit="share", method="t", excluded=excluded)
        mean = math.fsum(share * count for share, count in shares.items()) / n
        spread = math.fsum(count * (share - mean) ** 2 for share, count in shares.items())
        variance = spread / (n - 1) if n > 1 else None
        low, high = mean_t(mean, variance, n, given.level)
        se = None if variance is None else math.sqrt(variance / n)
        return Estimate(mean, max(0.0, low), min(1.0, high), given.level, n, "share", "t", se=se, excluded=excluded)

    return Metric(
        name="wallet_allocation",
        title="Wallet allocation",
        unit="share",
        better="higher",
        needs={"ranks": By(Tally(answers_to("brand_rank"), "score"), "item")},
        formula=formula,
        source="Keiningham, Aksoy, Buoye & Cooil 2011; t interval",
    )


def _shares(state: ByState) -> tuple[dict[float, int], int]:
    """Return share of wallet → answers, and how many answers give none."""
    shares: dict[float, int] = {}
    left = 0
    for item, tally in state.parts.items():
        left += tally.nulls
        brands = int(item) if item is not None and item.isascii() and item.isdigit() and len(item) < 4 else 0  # noqa: PLR2004
        for rank, (n, _, _) in tally.values.items():
            if 1 <= rank <= brands <= _MOST_BRANDS:
                share = wallet_share(rank, brands)
                shares[share] = shares.get(share, 0) + n
            else:
                left += n
    return shares, left
