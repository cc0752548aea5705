"""Every invariant applied to every metric by name, over real events through the row engine."""

from __future__ import annotations

import inspect
import json
import math
import re
from datetime import UTC, datetime
from random import Random

import attrs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import cxkit
from cxkit.metrics import BUILT_IN, Catalogue, Estimate
from cxkit.model.event import KINDS, PPM, Event, to_us
from cxkit.model.instrument import INSTRUMENTS
from cxkit.stats import Statistic

CATALOGUE = Catalogue.of(BUILT_IN)
VARIANTS = (
    *CATALOGUE.factories,
    "active_customers[kind=any]",
    "ces[value=share]",
    "csat[answers=latest]",
    "first_response_time[at=p90]",
    "first_response_time[at=mean]",
    "nps[answers=first,per=reference]",
    "nps[interval=goodman]",
    "nps[interval=wald]",
    "retention_rate[every=week,kind=any]",
    "average_transaction_value[net=true,customers=known]",
    "ces[value=share,version=1.0,interval=clustered]",
    "csat[interval=clustered]",
    "expectation_gap[value=servperf]",
    "feel[reverse=1+2,interval=clustered]",
    "first_contact_resolution[within_days=0.5]",
    "net_revenue_retention[every=month]",
    "nps[interval=clustered]",
    "refund_rate[by=amount]",
    "response_rate[rate=rr1]",
    "revenue[net=true]",
    "sentiment[value=mean]",
    "sentiment[neutral=0.25,interval=clustered]",
    "service_level[rule=short-excluded]",
    "stars[value=5]",
    "stars[interval=clustered]",
    "viral_coefficient[within_days=7]",
)
COUNTS = {"orders", "revenue", "active_customers"}
MONEY = {"order.placed", "order.refunded", "order.cancelled"}
LOOSE = {"revenue", "average_transaction_value", "net_revenue_retention", "earned_growth"}  # may fall below zero
ANY = {"referral_rate", "viral_coefficient"}  # of all customers, whatever names them
DAY = 86_400_000_000
START = to_us(datetime(2026, 1, 1, tzinfo=UTC))
AS_OF = START + 200 * DAY

every_metric = pytest.mark.parametrize("metric", VARIANTS)


def _pool() -> list[Event]:
    """Return events that every metric finds something in, and others that none reads."""
    chance = Random(20_260_101)
    pick = chance.choice

    def made(number: int) -> Event:
        kind = pick(("order.placed", "survey.answered", "contact.opened", "contact.answered", pick(KINDS[:28])))
        answer = kind == "survey.answered"
        return Event(
            id=str(number),
            ts_us=START + chance.randrange(120) * DAY + pick((0, 0, 1, chance.randrange(DAY))),
            kind=kind,
            source=pick(("app", "till")),
            customer=pick((None, *"abcdef")),
            reference=pick((None, *(f"r-{n}" for n in range(20)))),
            touchpoint=pick((None, "till", "desk")),
            instrument=pick(("nps", "nps", "csat", *INSTRUMENTS)) if answer else None,
            item=pick((None, "1", "2", "3")),
            score=pick((None, -0.5, 0.125, *map(float, range(-1, 12)))) if answer else None,
            amount_minor=(amount := pick((None, 0, 1299, 5_000, 50_000_000))) if kind in MONEY else None,
            currency="USD" if kind in MONEY and amount is not None else None,
            duration_us=pick((None, -1, 4_000_000, 20_000_000, 90_000_000)) if kind.startswith("contact.") else None,
            weight_ppm=pick((PPM, PPM, 500_000, 2_718_282)),
        )

    return [made(number) for number in range(400)]


POOL = _pool()
tables = st.lists(st.sampled_from(POOL), max_size=25, unique_by=lambda event: event.id)
few = settings(max_examples=8)


def estimate(events: list[Event], metric: str, *, level: float = 0.95) -> Estimate:
    """Return a metric's only estimate of some events."""
    (row,) = cxkit.score(events, metric, level=level, as_of=AS_OF)
    return row.estimate


@every_metric
def test_nothing_is_none(metric: str):
    """Of no events a plain count is zero, and anything else is no value; neither rests on anything."""
    found = estimate([], metric)
    assert found.n == 0
    assert found.value == (0 if metric.partition("[")[0] in COUNTS else None)
    assert found.excluded == {}


@every_metric
def test_one_event(metric: str):
    """One event of any kind gives a value of one observation, or none."""
    for kind in (*KINDS, "table.reserved"):
        alone = Event(id="1", ts_us=START, kind=kind, source="app", customer="a", reference="r-1")
        found = estimate([alone], metric)
        assert found.n in (0, 1)
        assert found.value is None or math.isfinite(found.value)


@every_metric
@few
@example(POOL)
@given(tables)
def test_interval_contains_the_value_and_stays_on_the_scale(metric: str, events: list[Event]):
    """Whatever was observed, low <= value <= high, all on the metric's scale; no value, no interval."""
    found = estimate(events, metric)
    if found.value is None:
        assert (found.low, found.high, found.se) == (None, None, None)
        return
    name = metric.partition("[")[0]
    low, high = {"share": (0, 1), "points": (-100, 100), "score": (-7, 7)}.get(found.unit, (0, math.inf))
    low = -math.inf if name in LOOSE else low
    assert low <= found.value <= high
    assert low <= (found.value if found.low is None else found.low) <= found.value
    assert found.value <= (found.value if found.high is None else found.high) <= high


@every_metric
@few
@example(POOL)
@given(tables)
def test_what_means_nothing_changes_nothing(metric: str, events: list[Event]):
    """The order of events, events of kinds that aren't read, and what customers are called: the estimate is the same.

    To the last digit; but events of other kinds would say how long the data goes on, if that weren't given.
    """
    found = estimate(events, metric)
    assert estimate(events[::-1], metric) == found
    reads = CATALOGUE.metric(metric).reads
    assert estimate([event for event in events if not reads or event.kind in reads], metric) == found
    assert estimate([_renamed(event) for event in events], metric) == found


def _renamed(event: Event) -> Event:
    customer, reference = event.customer, event.reference
    return attrs.evolve(event, customer=customer and f"Z{ord(customer) ^ 3}", reference=reference and reference[::-1])


@every_metric
@few
@example(POOL)
@given(tables)
def test_more_confidence_is_never_narrower(metric: str, events: list[Event]):
    """A higher level keeps the value and never takes anything from the interval."""
    narrow, wide = (estimate(events, metric, level=level) for level in (0.8, 0.99))
    assert (narrow.value, narrow.n, narrow.level, wide.level) == (wide.value, wide.n, 0.8, 0.99)
    assert wide.low is None or wide.low <= narrow.low
    assert wide.high is None or wide.high >= narrow.high


@every_metric
@few
@example(POOL)
@given(tables)
def test_weights_are_relative(metric: str, events: list[Event]):
    """Twice every survey weight is the same survey."""
    before = estimate(events, metric)
    after = estimate([attrs.evolve(event, weight_ppm=2 * event.weight_ppm) for event in events], metric)
    assert _numbers(after) == pytest.approx(_numbers(before))
    assert after.excluded == before.excluded


def _numbers(found: Estimate) -> list[float | None]:
    return [found.value, found.low, found.high, found.se, found.centre, found.n, found.n_effective]


@every_metric
def test_json(metric: str):
    """An estimate goes into strictly standard JSON and comes back."""
    for events in ([], POOL):
        found = attrs.asdict(estimate(events, metric))
        assert Estimate(**json.loads(json.dumps(found, allow_nan=False))) == Estimate(**found)


@every_metric
def test_print(metric: str):
    """An estimate prints its value and how many observations it rests on."""
    found = estimate(POOL, metric)
    assert str(found).endswith(f" n={found.n}")
    assert found.text(found.value) in str(found)
    assert str(estimate([], metric)).startswith(("–", "0"))


@every_metric
def test_the_label_means_the_metric(metric: str):
    """A label, typed in, gives the metric back."""
    made = CATALOGUE.metric(metric)
    again = CATALOGUE.metric(made.label)
    assert made.label == metric
    assert (again.label, again.needs, again.options) == (made.label, made.needs, made.options)


@every_metric
def test_what_every_metric_states(metric: str):
    """A metric has a name, a title, a unit, a direction and a source, and needs statistics that hash."""
    made = CATALOGUE.metric(metric)
    assert made.name == metric.partition("[")[0]
    assert made.title
    assert made.title[0].isupper()
    assert made.unit in ("count", "money", "points", "rate", "ratio", "score", "share", "seconds")
    assert made.better in ("higher", "lower", None)
    assert len(made.source) > 10
    assert made.needs
    assert all(isinstance(need, Statistic) and hash(need) is not None for need in made.needs.values())
    assert set(made.reads) <= set(KINDS)
    assert made.reads or "kind=any" in metric or made.name in ANY
    assert {kind for kinds in made.asks for kind in kinds} <= set(KINDS)


@pytest.mark.parametrize("name", CATALOGUE.factories)
def test_every_metric_is_documented(name: str):
    """A metric's docstring says what it is, where that comes from, and what every option does."""
    factory = CATALOGUE.factories[name]
    doc = inspect.getdoc(factory) or ""
    assert len(doc.splitlines()[0]) > 20
    assert re.search(r"^Source: \S", doc, re.MULTILINE)
    for option, parameter in inspect.signature(factory).parameters.items():
        assert re.search(rf"^    {option}: \S", doc, re.MULTILINE), option
        assert parameter.kind is inspect.Parameter.KEYWORD_ONLY
        assert parameter.default is not inspect.Parameter.empty
