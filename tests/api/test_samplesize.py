"""sample_size: which size a metric gets, and what it says; the figures themselves are held in tests/stats."""

from __future__ import annotations

import pytest

import cxkit
from cxkit import metrics
from cxkit.errors import InvalidValueError, UnknownNameError


def test_nps_reference():
    """90 %, ±10 points, s² = 1: 268 (Rocks 2016)."""
    size = cxkit.sample_size("nps", margin=10, level=0.9, variance=1)

    assert (size.n, size.groups, int(size)) == (268, 1, 268)
    assert str(size) == "268 answers: a 90 % interval of ±10 points."
    assert "Rocks 2016" in size.method


@pytest.mark.parametrize(
    ("metric", "given", "n"),
    [
        ("share", {"margin": 0.05}, 381),
        ("csat", {"margin": 0.05}, 381),
        (metrics.csat(answers="latest"), {"margin": 0.05}, 381),
        ("ces[value=share]", {"margin": 0.05, "share": 0.9}, 141),
        ("ces", {"margin": 0.1, "sd": 1.2}, 556),
        ("mean", {"margin": 0.1, "sd": 1.2}, 556),
        ("nps", {"difference": 10}, 1567),
        ("nps", {"difference": -10}, 1567),
        ("csat", {"share": 0.75, "difference": -0.25, "power": 0.9}, 77),
        ("mean", {"difference": 1, "sd": 1, "power": 0.9}, 23),
    ],
)
def test_each_metric_gets_the_size_of_its_interval(metric, given, n):
    """Points are net shares, shares are shares, scores are means."""
    assert cxkit.sample_size(metric, **given).n == n


def test_two_groups_are_said():
    """A comparison's size is that of each group."""
    size = cxkit.sample_size("csat", difference=0.05, share=0.8)

    assert int(size) == 2 * size.n
    assert str(size) == (
        f"{size.n} answers in each of two groups: a difference of 5 percentage points is seen with 80 % power "
        "at α = 0.05."
    )


@pytest.mark.parametrize(
    ("metric", "given", "said"),
    [
        ("nps", {}, "margin: None isn't enough: give a margin or a difference"),
        ("nps", {"margin": 10, "difference": 5}, "margin: 10 isn't wanted beside a difference"),
        ("nps", {"margin": 0}, "margin: 0 isn't a number other than 0"),
        ("nps", {"margin": -3}, "margin: -3.0 isn't above 0"),
        ("nps", {"margin": 100}, "all of the scale lies within 100 either way"),
        ("nps", {"difference": 200}, "the scale is 200 wide"),
        ("nps", {"margin": 10, "variance": 1.5}, "variance: 1.5"),
        ("nps", {"margin": 10, "level": 95}, "level: 95"),
        ("nps", {"difference": 10, "power": 1}, "power: 1"),
        ("csat", {"margin": 5}, "all of the scale lies within 0.5 either way"),
        ("csat", {"difference": 0.6}, "leads from 0.5 to 1.1, which is no share"),
        ("ces", {"margin": 0.1}, "sd: None must be a guess above 0"),
        ("mean", {"difference": 0.1, "sd": 0}, "sd: 0 must be a guess above 0"),
        ("orders", {"margin": 0.1}, "metric: 'orders' has an interval by poisson-score, for which no size is known"),
    ],
)
def test_what_cannot_be(metric, given, said):
    """Each is one sentence that names the argument."""
    with pytest.raises(InvalidValueError, match=said):
        cxkit.sample_size(metric, **given)


def test_unknown_metrics():
    """The two plain kinds are among what is offered."""
    with pytest.raises(UnknownNameError, match="did you mean 'mean'"):
        cxkit.sample_size("meen", margin=1)
