"""Lost carts and time to the last resolution: a plugin of cxkit, made of its public names alone."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from cxkit import hookimpl
from cxkit.errors import InvalidValueError
from cxkit.metrics import Estimate, Metric, factory, share_estimate, span_estimate
from cxkit.stats import Spans, Where

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cxkit.metrics import Given
    from cxkit.stats import SpansState

__all__ = ["last_resolution_time", "lost_cart_rate"]

_AT = ("p50", "p90", "p95", "mean")


@factory
def lost_cart_rate(*, days: int = 7) -> Metric:
    """Lost-cart rate: the share of carts without an order by the same customer within a window.

    A cart is a customer's reference; it begins with its first ``cart.updated`` or ``checkout.started``, which also
    gives its period and segment. An order of the same moment counts, one from before the cart doesn't. Carts whose
    window isn't over yet are left out, ordered or not. The interval takes carts as independent of one another.

    Args:
        days: how long an order may take, in days of 24 hours.

    Source: Kukar-Kinney & Close 2010, Journal of the Academy of Marketing Science 38(2); interval Wilson 1927.
    """
    if days < 0:
        raise InvalidValueError("days", days, "is negative: an order comes after its cart")

    def formula(states: Mapping[str, SpansState], given: Given) -> Estimate:
        carts = states["carts"]
        excluded = {"window not over": carts.immature, "no customer or reference": carts.unkeyed}
        abandoned = carts.unmatched + carts.negative
        n = carts.matched + abandoned
        if not n:
            return Estimate(None, level=given.level, unit="share", method="wilson", excluded=excluded)
        return share_estimate(abandoned / n, n, given, excluded)

    carts = Spans(
        start=Where(kind=("cart.updated", "checkout.started")),
        end=Where(kind="order.placed"),
        key="customer",
        unit="reference",
        window_us=timedelta(days=days),
    )
    return Metric(
        name="lost_cart_rate",
        title="Lost-cart rate",
        unit="share",
        better="lower",
        needs={"carts": carts},
        formula=formula,
        source="Kukar-Kinney & Close 2010; interval Wilson 1927",
    )


@factory
def last_resolution_time(*, at: Literal["p50", "p90", "p95", "mean"] = "p50") -> Metric:
    """Last resolution time: from a contact's opening to its last resolution, so that a reopened contact counts on.

    Args:
        at: ``p50``, ``p90``, ``p95`` (within one per cent) or ``mean`` (exact).

    Source: full resolution time as desks define it; quantile interval David & Nagaraja 2003, Order Statistics, 7.1.
    """
    if at not in _AT:
        raise InvalidValueError("at", at, f"isn't one of {', '.join(_AT)}")
    resolutions = Spans(Where(kind="contact.opened"), Where(kind="contact.resolved"), ends="last")
    return Metric(
        name="last_resolution_time",
        title="Last resolution time",
        unit="seconds",
        better="lower",
        needs={"resolutions": resolutions},
        formula=lambda states, given: span_estimate(states["resolutions"], at, given),
        source="last contact.resolved - contact.opened; interval David & Nagaraja 2003",
    )


@hookimpl
def cxkit_register_metrics(register: Callable[[Callable[..., Metric]], None]) -> None:
    """Register both metrics."""
    register(lost_cart_rate)
    register(last_resolution_time)
