"""Declarations: what they refuse, which splits they survive, what they read, and how periods are settled."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cxkit.errors import InvalidValueError
from cxkit.stats import (
    AtLeast,
    By,
    Clustered,
    Cohorts,
    Distinct,
    Frequency,
    FrequencyState,
    Less,
    Moments,
    MomentsState,
    Returns,
    Sketch,
    SketchState,
    Spans,
    SpansState,
    Statistic,
    Tally,
    Where,
    settle,
)

ORDERS = Where(kind="order.placed")
OPENED, ANSWERED = Where(kind="contact.opened"), Where(kind="contact.answered")


@pytest.mark.parametrize(
    ("statistic", "split"),
    [
        (Tally(ORDERS), "event"),
        (Tally(ORDERS, keep="latest"), "customer"),
        (Tally(ORDERS, keep="first", per="reference"), "reference"),
        (Moments(ORDERS, "amount_minor"), "event"),
        (Sketch(ORDERS, "amount_minor"), "event"),
        (Clustered(ORDERS, "amount_minor"), "customer"),
        (Distinct(ORDERS), "customer"),
        (Distinct(ORDERS, "touchpoint"), "touchpoint"),
        (Frequency(ORDERS), "customer"),
        (Spans(OPENED, ANSWERED), "reference"),
        (Spans(OPENED, ANSWERED, key="customer"), "customer"),
        (Returns(ORDERS, "month"), "customer"),
        (Cohorts(ORDERS, "month"), "customer"),
        (By(Moments(ORDERS, "amount_minor"), "currency"), "event"),
        (By(Frequency(ORDERS), "channel"), "customer"),
    ],
)
def test_the_split_that_is_survived(statistic: Statistic, split: str):
    """Sums survive any split; what counts somebody once survives those that keep them whole."""
    assert statistic.mergeable_over == split


@pytest.mark.parametrize(
    ("statistic", "columns"),
    [
        (Tally(ORDERS), {"kind", "score", "weight_ppm"}),
        (Tally(ORDERS, keep="first", per="reference"), {"kind", "score", "weight_ppm", "reference"}),
        (Moments(ORDERS, "amount_minor"), {"kind", "amount_minor"}),
        (Sketch(Where(), "duration_us"), {"duration_us"}),
        (
            Clustered(ORDERS, plus=Where(score=AtLeast(9)), minus=Where(item="x")),
            {"kind", "customer", "score", "item"},
        ),
        (Distinct(ORDERS, "reference"), {"kind", "reference"}),
        (Frequency(ORDERS), {"kind", "customer"}),
        (Spans(OPENED, ANSWERED), {"kind", "reference", "ts_us", "source", "id"}),
        (Spans(OPENED, ANSWERED, "customer", unit="cart"), {"kind", "customer", "cart", "ts_us", "source", "id"}),
        (Returns(ORDERS, "month"), {"kind", "customer", "amount_minor"}),
        (Cohorts(ORDERS, "month", of="duration_us"), {"kind", "customer", "duration_us"}),
        (By(Frequency(ORDERS), "channel"), {"kind", "customer", "channel"}),
    ],
)
def test_columns(statistic: Statistic, columns: set[str]):
    """A declaration names every column it reads, so that an engine can leave the others where they are."""
    assert statistic.columns >= columns
    assert statistic.columns - columns <= {"weight_ppm", "ts_us"}


@pytest.mark.parametrize(
    ("statistic", "kinds"),
    [
        (Tally(ORDERS), {"order.placed"}),
        (Tally(Where(score=Less(3))), None),
        (Spans(OPENED, ANSWERED), {"contact.opened", "contact.answered"}),
        (Spans(OPENED, Where()), None),
        (By(Frequency(ORDERS), "channel"), {"order.placed"}),
    ],
)
def test_reads(statistic: Statistic, kinds: set[str] | None):
    """A declaration names the kinds it reads, or says that any may count."""
    assert statistic.reads == kinds


@pytest.mark.parametrize(
    "make",
    [
        lambda: Tally(ORDERS, keep="last"),
        lambda: Tally(ORDERS, per="channel"),
        lambda: Spans(OPENED, ANSWERED, key="id"),
        lambda: Spans(OPENED, ANSWERED, starts="latest"),
        lambda: Spans(OPENED, ANSWERED, ends="all"),
        lambda: Spans(OPENED, ANSWERED, window_us=-1),
        lambda: Spans(OPENED, ANSWERED, window_us=timedelta(days=-1)),
        lambda: Returns(ORDERS, "fortnight"),
        lambda: Cohorts(ORDERS, "fortnight"),
    ],
)
def test_what_means_nothing_is_refused(make: Any):
    """An option outside its choices is refused when the declaration is made, not when it is computed."""
    with pytest.raises(ValueError, match=r"must be in|is negative"):
        make()


def test_a_negative_window_is_named():
    """The error of a window names it."""
    with pytest.raises(InvalidValueError, match="window"):
        Spans(OPENED, ANSWERED, window_us=timedelta(microseconds=-1))


def test_a_window_is_a_timedelta_or_microseconds():
    """Both ways of writing a window make one declaration."""
    assert Spans(OPENED, ANSWERED, window_us=timedelta(days=1)) == Spans(OPENED, ANSWERED, window_us=86_400_000_000)


def test_what_states_add_up_to():
    """Totals that formulas ask for: events of customers, starts that ended, values in a histogram."""
    assert FrequencyState({1: 3, 2: 1, 9: 1}).events == 14
    assert SpansState(MomentsState(n=3, out=2)).matched == 5
    assert SketchState({0: 2, 100: 1}, nulls=4).n == 3
    assert MomentsState(2, 3, 5, 1, 2).variance == 0.5
    assert MomentsState(1, 3, 9, 3, 3).variance is None
    assert MomentsState().mean is None


def test_settle():
    """Periods that were left open become the scorecard's, or months; those that were named stay; the rest is itself."""
    open_, named = Returns(ORDERS), Returns(ORDERS, "year")
    assert settle(open_, "week") == Returns(ORDERS, "week")
    assert settle(open_, None) == Returns(ORDERS, "month")
    assert settle(named, "week") == named
    assert settle(By(open_, "currency"), "day") == By(Returns(ORDERS, "day"), "currency")
    assert settle(Cohorts(ORDERS), "week") == Cohorts(ORDERS, "week")
    assert settle(Cohorts(ORDERS), None) == Cohorts(ORDERS, "month")
    assert settle(Cohorts(ORDERS, "year"), "week") == Cohorts(ORDERS, "year")
    assert settle(Frequency(ORDERS), "week") == Frequency(ORDERS)
