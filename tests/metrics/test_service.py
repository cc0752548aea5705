"""Waits, answers and resolutions: quantiles by order statistics, shares by Wilson; what is left out is counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

import cxkit
from cxkit import event, metrics
from cxkit.errors import InvalidValueError
from cxkit.metrics import Estimate, Given
from cxkit.stats import MomentsState, SketchState, SpansState
from cxkit.stats.sketch import bucket

SECOND = 1_000_000
MONDAY = datetime(2026, 3, 2, 8, tzinfo=UTC)


def spans(*seconds: float, **rest: int) -> SpansState:
    """Return the state of gaps of so many seconds."""
    gaps = [round(gap * SECOND) for gap in seconds]
    buckets: dict[int, int] = {}
    for gap in sorted(gaps):
        buckets[bucket(gap)] = buckets.get(bucket(gap), 0) + 1
    moments = (
        MomentsState(len(gaps), sum(gaps), sum(gap * gap for gap in gaps), min(gaps), max(gaps))
        if gaps
        else MomentsState()
    )
    return SpansState(moments, SketchState(buckets), **rest)


def estimate(state: SpansState, at: str, level: float = 0.95) -> Estimate:
    """Return the first response time at a quantile, or its mean."""
    return metrics.first_response_time(at=at).estimate({"spans": state}, Given(level))


# The median of ten lies at rank 5, its 95 % bounds between ranks 2 and 3, and 8 and 9 (Hettmansperger & Sheather 1986):
# I = (.978516 - .95) / (.978516 - .890625) = .324444, and 8 I / (2 + 6 I) = .657658 of the way inwards.
def test_median():
    """The median and its bounds lie at and between order statistics, within one per cent."""
    found = estimate(spans(*range(10, 110, 10)), "p50")
    assert (found.value, found.low, found.high) == pytest.approx((50, 26.57658, 83.42342), rel=0.01)
    assert (found.n, found.unit, found.method) == (10, "seconds", "order-statistics")


def test_p90_of_ten():
    """Rank 9; ten are too few for an upper bound, so that there is none."""
    found = estimate(spans(*range(10, 110, 10)), "p90")
    assert found.value == pytest.approx(90, rel=0.01)
    assert found.high is None
    # P(B <= 6) = .012795, P(B <= 7) = .070191: I = .212640, and 1 / (1 + 7 · .1 (1 - I) / (3 · .9 I)) = .510206.
    assert found.low == pytest.approx(75.10206, rel=0.01)


# By hand: 60, 120, 180: mean 120, s = 60, t(.975, 2) = 4.302653; half width 4.302653 · 60/√3 = 149.0483.
def test_mean():
    """The mean is exact, with a t interval that stays above zero."""
    found = estimate(spans(60, 120, 180), "mean")
    assert (found.value, found.n, found.method) == (120.0, 3, "t")
    assert (found.low, found.high) == (0.0, pytest.approx(269.04826, abs=5e-5))
    assert found.se == pytest.approx(60 / 3**0.5)


@pytest.mark.parametrize("at", ["p50", "p90", "p95"])
def test_quantiles_of_many(at: str):
    """Quantiles of a thousand waits are within one per cent of the exact ones, inside their bounds."""
    chance = Random(7)
    waits = [chance.lognormvariate(6, 1.5) for _ in range(1000)]
    found = estimate(spans(*waits), at)
    exact = sorted(waits)[{"p50": 500, "p90": 900, "p95": 950}[at] - 1]
    assert found.value == pytest.approx(exact, rel=0.01)
    assert found.low < found.value < found.high


@pytest.mark.parametrize("at", ["p50", "p90", "p95", "mean"])
def test_one_wait(at: str):
    """One answered contact gives its wait, and no bound above it."""
    found = estimate(spans(123.456789), at)
    assert found.value == 123.456789
    assert found.n == 1
    assert (found.low, found.high) == (0.0, None)


@pytest.mark.parametrize("at", ["p50", "p90", "p95", "mean"])
def test_no_waits(at: str):
    """Nothing answered, no value; and the reasons why."""
    state = spans(unmatched=1, negative=2, immature=3, orphan=4, unkeyed=5)
    found = estimate(state, at)
    assert (found.value, found.n) == (None, 0)
    assert found.excluded == {
        "no end yet": 1, "end before start": 2, "window not over": 3, "end without start": 4, "no key": 5,
    }  # fmt: skip


def test_absurd_waits_are_counted():
    """Gaps of a century and more are left out, and that is said."""
    state = SpansState(MomentsState(1, SECOND, SECOND**2, SECOND, SECOND, out=2), SketchState({SECOND: 1, 10**17: 2}))
    found = estimate(state, "mean")
    assert (found.value, found.excluded) == (1.0, {"gap out of range": 2})


def test_coverage_of_the_median():
    """In simulated samples of 25 the 95 % interval of the median covers the true one at least so often."""
    chance = Random(11)
    covered = 0
    for _ in range(1000):
        found = estimate(spans(*(chance.expovariate(1 / 600) for _ in range(25))), "p50")
        covered += found.low <= 600 * 0.693147 <= found.high
    assert covered >= 0.94 * 1000


def test_other_quantiles_are_refused():
    """An option that isn't offered is named."""
    with pytest.raises(InvalidValueError, match="at: 'p42' isn't one of p50, p90, p95, mean"):
        metrics.first_response_time(at="p42")


# definitions: 1,000 answered of which 860 in time; 60 abandoned, 20 within the threshold and 10 within five seconds.
@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ("abandoned-in-time-met", 0.830189),
        ("answered", 0.86),
        ("offered", 0.811321),
        ("abandoned-in-time-excluded", 0.826923),
        ("short-met", 0.820755),
        ("short-excluded", 0.819048),
    ],
)
def test_service_level(rule: str, value: float):
    """Six rival formulas of the same calls."""
    answered = [20] * 860 + [21] * 140
    abandoned = [5] * 10 + [20] * 10 + [60] * 40
    calls = [call("contact.answered", n, wait) for n, wait in enumerate(answered)]
    calls += [call("contact.abandoned", n, wait) for n, wait in enumerate(abandoned, 2_000)]
    calls += [event("contact.answered", reference="mail", time=MONDAY)]
    found = only(calls, f"service_level[rule={rule}]")
    assert found.value == pytest.approx(value, abs=5e-7)
    assert found.excluded == {"no wait measured": 1}


def call(kind: str, number: int, wait: float) -> cxkit.Event:
    """Return a call that waited so many seconds."""
    return event(kind, reference=f"call-{number}", duration=timedelta(seconds=wait), time=MONDAY, id=str(number))


def test_abandonment():
    """Given up, of given up or answered; a contact is answered once, and who gave up at once may be left aside."""
    events = [call("contact.abandoned", 1, 3), call("contact.abandoned", 2, 90)]
    events += [event("contact.answered", reference="t-1", time=MONDAY, id=str(n)) for n in range(3)]
    events += [event("contact.answered", reference=f"t-{n}", time=MONDAY, id=f"x{n}") for n in (2, 3)]
    assert only(events, "abandonment_rate").value == 0.4
    found = only(events, "abandonment_rate[short_seconds=5]")
    assert (found.value, found.n, found.excluded) == (0.25, 4, {"given up at once": 1})


def test_wait_time():
    """What those who were answered had waited; what wasn't measured, or can't be, is counted."""
    events = [call("contact.answered", n, wait) for n, wait in enumerate((10, 20, 60, -5))]
    events.append(event("contact.answered", reference="mail", time=MONDAY))
    found = only(events, "wait_time[at=mean]")
    assert (found.value, found.n) == (30, 3)
    assert found.excluded == {"no wait measured": 1, "negative wait": 1}
    assert only(events, "wait_time").value == pytest.approx(20, rel=0.01)


def ticket(day: float, kind: str, reference: str, customer: str | None) -> cxkit.Event:
    """Return an event of a ticket."""
    when = MONDAY + timedelta(days=day)
    return event(f"contact.{kind}", reference=reference, customer=customer, time=when, id=f"{kind}{reference}{day}")


TICKETS = [
    ticket(0, "opened", "1", "a"), ticket(1, "resolved", "1", "a"),  # settled
    ticket(0, "opened", "2", "b"), ticket(1, "resolved", "2", "b"), ticket(2, "reopened", "2", "b"),
    ticket(0, "opened", "3", "c"), ticket(1, "resolved", "3", "c"), ticket(6, "opened", "4", "c"),
    ticket(7, "resolved", "4", "c"),  # the further contact is settled itself
    ticket(0, "opened", "5", "d"),
    ticket(0, "opened", "6", None), ticket(1, "resolved", "6", None),
    ticket(98, "opened", "7", "e"), ticket(98.5, "resolved", "7", "e"),
]  # fmt: skip


def test_first_contact_resolution():
    """Resolved without reopening and without a further contact of the same customer in the week."""
    found = only(TICKETS, "first_contact_resolution")
    assert (found.value, found.n) == (0.4, 5)
    assert found.excluded == {"window not over": 1, "no key": 1}
    assert only(TICKETS, "first_contact_resolution[within_days=5]").value == pytest.approx(3 / 5)


def test_reopening():
    """Reopened, of those resolved so long ago."""
    found = only(TICKETS, "reopen_rate")
    assert (found.value, found.n) == (pytest.approx(1 / 5), 5)


def test_resolution_counts_on():
    """A reopened ticket is resolved when it is resolved for good."""
    events = [*TICKETS[2:5], ticket(9, "resolved", "2", "b")]
    assert only(events, "resolution_time[at=mean]").value == 9 * 86_400


# Przyborowski & Wilenski 1940: 30 contacts for 120 orders: given 150, p = .2, Wilson (.143841, .271142) as odds.
def test_contact_rate():
    """Contacts for each order, with the interval of a ratio of two counts."""
    events = [ticket(0, "opened", str(n), None) for n in range(30)]
    events += [event("order.placed", reference=f"o-{n}", time=MONDAY) for n in range(120)]
    found = only(events, "contact_rate")
    assert (found.value, found.n, found.unit) == (0.25, 120, "ratio")
    assert (found.low, found.high) == pytest.approx((0.143841 / 0.856159, 0.271142 / 0.728858), abs=5e-6)


def only(events: list[cxkit.Event], metric: str) -> Estimate:
    """Return the only estimate of a metric, 100 days on."""
    (row,) = cxkit.score(events, metric, as_of=MONDAY + timedelta(days=100))
    return row.estimate
