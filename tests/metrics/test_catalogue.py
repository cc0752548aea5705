"""Metrics by name: spellings with options are read as they are written, and mistakes are named."""

from __future__ import annotations

from typing import Any

import pytest

from cxkit import metrics
from cxkit.errors import InvalidValueError, UnknownNameError
from cxkit.metrics import BUILT_IN, Catalogue, Estimate, Metric, factory

CATALOGUE = Catalogue.of(BUILT_IN)


@factory
def dwell(*, at_least: int = 3, share: float = 0.5, strict: bool = False, kind: str | None = None) -> Metric:
    """Return a metric with an option of each type."""
    title = f"{at_least!r} {share!r} {strict!r} {kind!r}"
    return Metric("dwell", title, "count", None, {}, lambda states, given: Estimate(None), "a test")  # noqa: ARG005


TYPED = CATALOGUE.with_factory(dwell)


def test_what_is_built_in():
    """The field's list is there, each metric under its function's name."""
    assert set(CATALOGUE.factories) == {
        "orders", "revenue", "active_customers",
        "nps", "csat", "csat_mean", "ces", "stars", "sentiment", "sense", "feel", "think", "act", "relate",
        "expectation_gap", "response_rate",
        "average_transaction_value", "visit_frequency", "purchase_frequency", "repeat_purchase_rate", "retention_rate",
        "churn_rate", "returning_customer_rate", "time_to_second_purchase", "net_revenue_retention", "earned_growth",
        "cart_abandonment_rate", "refund_rate", "delivery_time", "on_time_delivery",
        "first_response_time", "resolution_time", "wait_time", "first_contact_resolution", "reopen_rate",
        "abandonment_rate", "service_level", "contact_rate",
        "referral_rate", "viral_coefficient", "earned_share", "review_rate", "wallet_allocation",
    }  # fmt: skip
    assert all(getattr(metrics, name) is made for name, made in CATALOGUE.factories.items())


@pytest.mark.parametrize(
    ("spelling", "label"),
    [
        ("nps", "nps"),
        (" nps ", "nps"),
        ("nps[]", "nps"),
        ("nps[answers=latest]", "nps[answers=latest]"),
        ("nps [ answers = latest , interval = wald ]", "nps[answers=latest,interval=wald]"),
        ("nps[interval=wald,answers=latest]", "nps[answers=latest,interval=wald]"),
        ("nps[answers=all]", "nps"),
        ("retention_rate[every=none]", "retention_rate"),
    ],
)
def test_spellings(spelling: str, label: str):
    """However a metric is spelled, its label is one: options that differ from their defaults, in their own order."""
    assert CATALOGUE.metric(spelling).label == label


@pytest.mark.parametrize(
    ("spelling", "title"),
    [
        ("dwell", "3 0.5 False None"),
        ("dwell[at_least=7]", "7 0.5 False None"),
        ("dwell[share=.25]", "3 0.25 False None"),
        ("dwell[strict=TRUE]", "3 0.5 True None"),
        ("dwell[kind=visit.started]", "3 0.5 False 'visit.started'"),
        ("dwell[kind=none,strict=false]", "3 0.5 False None"),
    ],
)
def test_options_are_read_by_type(spelling: str, title: str):
    """A text becomes what the option's default is: a whole number, a number, true or false, text or none."""
    made = TYPED.metric(spelling)
    assert made.title == title
    assert TYPED.metric(made.label).title == title


@pytest.mark.parametrize(
    ("spelling", "message"),
    [
        ("dwell[at_least=many]", r"dwell\.at_least: 'many' isn't a number"),
        ("dwell[at_least=2.5]", r"dwell\.at_least: '2\.5' isn't a number"),
        ("dwell[share=half]", r"dwell\.share: 'half' isn't a number"),
        ("dwell[strict=yes]", r"dwell\.strict: 'yes' isn't true or false"),
        ("nps[latest]", r"has an option without a value"),
        ("nps[", r"isn't spelled like"),
        ("", r"isn't spelled like"),
        ("nps[answers=latest", r"isn't spelled like"),
        ("nps, csat", r"isn't spelled like"),
        (3, r"metric: 3 isn't spelled like"),
        (None, r"metric: None isn't spelled like"),
        (b"nps", r"isn't spelled like"),
    ],
)
def test_bad_spellings(spelling: Any, message: str):
    """What can't be read says where and why, without a traceback into cxkit."""
    with pytest.raises(InvalidValueError, match=message):
        TYPED.metric(spelling)


def test_unknown_metric():
    """A mistyped name gets the nearest suggested, and all are listed."""
    with pytest.raises(
        UnknownNameError, match=r"unknown metric 'npss'; did you mean 'nps'\? There is: abandonment_rate"
    ):
        CATALOGUE.metric("npss")


def test_unknown_option():
    """A mistyped option gets the nearest suggested."""
    with pytest.raises(UnknownNameError, match=r"unknown option of nps 'answer'; did you mean 'answers'\?"):
        CATALOGUE.metric("nps[answer=latest]")


@pytest.mark.parametrize("options", [{"answers": "last"}, {"per": "order"}])
def test_values_outside_the_choices(options: dict[str, str]):
    """An option's value that isn't one of its choices is refused when the metric is made."""
    ((name, value),) = options.items()
    for make in (metrics.nps, metrics.csat, metrics.ces):
        with pytest.raises(ValueError, match=name if name != "answers" else "keep|answers"):
            make(**options)
    with pytest.raises(ValueError, match=value):
        CATALOGUE.metric(f"nps[{name}={value}]")


def test_metrics_and_factories_stand_for_themselves():
    """What is a metric already, or makes one, needs no name."""
    made = metrics.nps(answers="latest")
    assert CATALOGUE.metric(made) is made
    assert CATALOGUE.metric(metrics.nps).label == "nps"


def test_names_are_taken_once():
    """A second metric of one name is refused, and the first stays; a catalogue never changes."""
    with pytest.raises(InvalidValueError, match="'nps' is registered already"):
        CATALOGUE.with_factory(metrics.nps)
    assert "dwell" in TYPED.factories
    assert "dwell" not in CATALOGUE.factories


def test_states_by_other_names():
    """A state that a metric doesn't need would silently be nothing: it is refused."""
    with pytest.raises(UnknownNameError, match="unknown state of nps 'answer'; did you mean 'answers'"):
        metrics.nps().estimate({"answer": metrics.nps().needs["answers"].zero()})
