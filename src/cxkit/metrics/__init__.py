"""Metrics: each is a few statistics and a formula, made by a factory whose arguments are its options."""

from cxkit.metrics.behaviour import (
    active_customers,
    average_transaction_value,
    orders,
    repeat_purchase_rate,
    retention_rate,
    revenue,
)
from cxkit.metrics.catalogue import Catalogue
from cxkit.metrics.estimate import Estimate
from cxkit.metrics.metric import Formula, Given, Metric, factory
from cxkit.metrics.perception import ces, csat, nps, share_estimate
from cxkit.metrics.service import first_response_time, span_estimate

BUILT_IN = (
    orders,
    revenue,
    active_customers,
    nps,
    csat,
    ces,
    average_transaction_value,
    repeat_purchase_rate,
    retention_rate,
    first_response_time,
)

__all__ = [
    "BUILT_IN",
    "Catalogue",
    "Estimate",
    "Formula",
    "Given",
    "Metric",
    "active_customers",
    "average_transaction_value",
    "ces",
    "csat",
    "factory",
    "first_response_time",
    "nps",
    "orders",
    "repeat_purchase_rate",
    "retention_rate",
    "revenue",
    "share_estimate",
    "span_estimate",
]
