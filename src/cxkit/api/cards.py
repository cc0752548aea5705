"""Ready-made scorecards: the metrics that belong together, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cxkit.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping

CARDS: Final[Mapping[str, tuple[str, ...]]] = {
    "perception": (
        "nps", "csat", "csat_mean", "ces", "stars", "sentiment", "sense", "feel", "think", "act", "relate",
        "expectation_gap", "response_rate",
    ),
    "service": (
        "first_response_time", "resolution_time", "wait_time", "first_contact_resolution", "reopen_rate",
        "abandonment_rate", "service_level", "contact_rate", "ces",
    ),
    "commerce": (
        "orders", "revenue", "average_transaction_value", "active_customers", "visit_frequency", "purchase_frequency",
        "repeat_purchase_rate", "time_to_second_purchase", "cart_abandonment_rate", "refund_rate", "delivery_time",
        "on_time_delivery",
    ),
    "loyalty": (
        "retention_rate", "churn_rate", "repeat_purchase_rate", "returning_customer_rate", "net_revenue_retention",
        "earned_growth", "nps", "referral_rate", "viral_coefficient", "earned_share", "review_rate",
        "wallet_allocation",
    ),
    "executive": (
        "revenue", "orders", "average_transaction_value", "active_customers", "retention_rate",
        "net_revenue_retention", "nps", "csat", "ces", "first_response_time", "first_contact_resolution",
        "referral_rate",
    ),
}  # fmt: skip
"""Card → the spellings of its metrics, in order. A project's `cx.toml` adds its own."""


def card_of(name: str, own: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return a card's metrics; a project's own card goes before one that comes with cxkit.

    Raises:
        UnknownNameError: no such card; the nearest is suggested.

    >>> card_of("service", {})[0]
    'first_response_time'
    """
    cards = {**CARDS, **own}
    if name not in cards:
        raise UnknownNameError("card", str(name), cards)
    return cards[name]
