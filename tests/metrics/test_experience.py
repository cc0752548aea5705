"""The five dimensions and the expectation gap against figures worked by hand."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

import cxkit
from cxkit import event, metrics

WHEN = datetime(2026, 3, 1, tzinfo=UTC)


def answer(instrument: str, score: float, **columns: str) -> cxkit.Event:
    """Return an answer."""
    return event("survey.answered", instrument=instrument, score=score, time=WHEN, **columns)


@pytest.mark.parametrize("name", ["sense", "feel", "think", "act", "relate"])
def test_dimensions(name: str):
    """The mean of all answers to the instrument of its name."""
    events = [answer(name, score) for score in (7, 6, 5, 2)] + [answer("csat", 1)]
    found = cxkit.score(events, name).get(name)
    # By hand: 7, 6, 5, 2: mean 5, s² = 14/3, t(.975, 3) = 3.182446; half width 3.437435.
    assert (found.value, found.n) == (5, 4)
    assert (found.low, found.high) == (pytest.approx(5 - 3.437435, abs=5e-6), 7)


def test_reversed_items():
    """Answers to reversed items are counted from the other end, also those of an item that is missing elsewhere."""
    events = [answer("feel", 6, item="1"), answer("feel", 2, item="2"), answer("feel", 3, item="3"), answer("feel", 4)]
    found = cxkit.score(events, "feel[reverse=2+3]").get("feel")
    assert (found.value, found.n) == ((6 + 6 + 5 + 4) / 4, 4)


def test_reversed_items_by_customer():
    """Clustered they turn as well: two customers whose turned answers differ from one another, not within."""
    events = [
        answer("feel", 6, item="1", customer="a"), answer("feel", 2, item="2", customer="a"),
        answer("feel", 3, item="1", customer="b"), answer("feel", 5, item="2", customer="b"),
    ]  # fmt: skip
    found = cxkit.score(events, "feel[reverse=2,interval=clustered]").get("feel")
    # By hand: means 6 and 3 of two customers: 4.5, linearised variance 2/1 · (3² + 3²) / 4² = 2.25.
    assert (found.value, found.se) == (4.5, pytest.approx(1.5))


def test_gap():
    """Items weigh the same within a touchpoint, and touchpoints among themselves; all else is left out."""
    events = [
        *[answer("expectation", score, touchpoint="till", item="1") for score in (6, 7)],
        *[answer("perception", score, touchpoint="till", item="1") for score in (5, 5, 4, 6)],
        answer("expectation", 4, touchpoint="till", item="2"), answer("perception", 6, touchpoint="till", item="2"),
        answer("expectation", 7, touchpoint="desk", item="1"), answer("perception", 3, touchpoint="desk", item="1"),
        answer("perception", 1, touchpoint="site", item="1"), answer("expectation", 1, touchpoint="till", item="3"),
    ]  # fmt: skip
    card = cxkit.score(events, "expectation_gap", by="touchpoint")
    # By hand: till (5 - 6.5 + 6 - 4) / 2 = .25, desk 3 - 7 = -4; overall their mean.
    assert card.get("expectation_gap", touchpoint="till").value == pytest.approx(0.25)
    assert card.get("expectation_gap", touchpoint="desk").value == -4
    assert card.get("expectation_gap", touchpoint="site").value is None
    assert card.get("expectation_gap").value == pytest.approx(-1.875)
    assert card.get("expectation_gap").excluded == {"no counterpart": 2}


# Two samples, 5 ± s² 2/3 of four and 6.5 ± s² 1/2 of two: variance 1/6 + 1/4; Welch's df (5/12)² / (1/108 + 1/16).
def test_gap_interval():
    """Variances add up, with Welch's degrees of freedom."""
    events = [answer("expectation", score) for score in (6, 7)] + [
        answer("perception", score) for score in (5, 5, 4, 6)
    ]
    found = cxkit.score(events, "expectation_gap").get("expectation_gap")
    assert (found.value, found.se, found.method) == (-1.5, pytest.approx((5 / 12) ** 0.5), "welch")
    # t(.975, 2.419355) = 3.661364 (scipy.stats.t.ppf).
    assert found.high == pytest.approx(-1.5 + 3.661364 * (5 / 12) ** 0.5, abs=5e-6)


def test_servperf():
    """Perception alone needs no expectation."""
    events = [answer("perception", score) for score in (5, 7)]
    assert cxkit.score(events, metrics.expectation_gap(value="servperf")).rows[0].estimate.value == 6
