"""compare: differences with intervals and p-values, against published figures."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest

import cxkit
from cxkit import metrics
from cxkit.errors import AmbiguousError, InvalidValueError
from cxkit.metrics import Estimate
from cxkit.report import Row, Scorecard


def nps(detractors: int, passives: int, promoters: int, **options: Any) -> Scorecard:
    """Return the card of so many answers."""
    scores = [3] * detractors + [8] * passives + [10] * promoters
    events = [cxkit.event("survey.answered", instrument="nps", score=score) for score in scores]
    return cxkit.score(events, metrics.nps(**options))


def card(*rows: tuple[str, Estimate], **columns: Any) -> Scorecard:
    """Return a card of estimates."""
    known = {"segment": {}, "overall": True, "period": None, "partial": False, "currency": None, "better": "higher"}
    return Scorecard(tuple(Row(metric=m, title=m, estimate=e, **{**known, **columns}) for m, e in rows))


# Rocks 2016; figures by R: [20, 30, 50] against [10, 30, 60].
@pytest.mark.parametrize(
    ("interval", "se", "z", "p"),
    [("wald", 0.102956, -1.94257, 0.052068), ("adjusted-wald", 0.101822, -1.90701, 0.056519)],
)
def test_two_net_promoter_scores(interval: str, se: float, z: float, p: float):
    """The test of two Net Promoter Scores, plain and on adjusted counts."""
    found = cxkit.compare(after=nps(20, 30, 50, interval=interval), before=nps(10, 30, 60, interval=interval)).get(
        "nps"
    )
    assert found.value == pytest.approx(-20)
    assert (found.z, found.p) == pytest.approx((z, p), abs=5e-6)
    centre = found.after.centre - found.before.centre
    assert (found.low, found.high) == pytest.approx((centre - 195.9964 * se, centre + 195.9964 * se), abs=5e-4)
    assert found.verdict == "undecided"


# Newcombe 1998, Statistics in Medicine 17, table II, (a): 56/70 against 48/80, method 10: .0524 to .3339.
def test_two_shares():
    """Two shares are compared by Newcombe's method 10."""

    def csat(satisfied: int, n: int) -> Scorecard:
        scores = [5] * satisfied + [1] * (n - satisfied)
        events = [cxkit.event("survey.answered", instrument="csat", score=score) for score in scores]
        return cxkit.score(events, "csat")

    found = cxkit.compare(after=csat(56, 70), before=csat(48, 80)).get("csat")
    assert found.value == pytest.approx(0.2)
    assert (found.low, found.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert found.verdict == "better"
    assert found.p < 0.05


# 10, 12, 14 against 15, 17, 22, 30, on 3.68048 degrees of freedom (SciPy 1.17.1, stats.ttest_ind, equal_var=False).
def test_two_means():
    """Two means are compared by Welch's test."""

    def orders(*amounts: int) -> Scorecard:
        events = [cxkit.event("order.placed", amount=cxkit.Money(amount, "USD")) for amount in amounts]
        return cxkit.score(events, "average_transaction_value")

    found = cxkit.compare(after=orders(10, 12, 14), before=orders(15, 17, 22, 30)).get("average_transaction_value")
    assert (found.z, found.p) == pytest.approx((-2.5455844, 0.0689359), abs=5e-8)
    assert found.low < found.value < found.high


@pytest.mark.parametrize(
    ("better", "low", "high", "verdict"),
    [
        ("higher", 1.0, 2.0, "better"),
        ("higher", -2.0, -1.0, "worse"),
        ("lower", 1.0, 2.0, "worse"),
        ("lower", -2.0, -1.0, "better"),
        (None, 1.0, 2.0, "up"),
        (None, -2.0, -1.0, "down"),
        ("higher", -1.0, 1.0, "undecided"),
        ("higher", 0.0, 1.0, "undecided"),
        ("higher", None, 1.0, "undecided"),
    ],
)
def test_verdict(better: str | None, low: float | None, high: float | None, verdict: str):
    """Which way is an improvement is the metric's; an interval that spans zero decides nothing."""
    after, before = (card(("m", Estimate(v, v, v)), better=better) for v in (1.0, 0.0))
    found = cxkit.compare(after=after, before=before).get("m")
    assert attrs.evolve(found, low=low, high=high).verdict == verdict


def test_nothing_on_one_side():
    """Where one side observed nothing there is no difference; where neither did there is no row."""
    after = card(("a", Estimate(1.0, 0.0, 2.0, n=3)), ("b", Estimate(None)))
    before = card(("a", Estimate(None)), ("b", Estimate(None)))
    found = cxkit.compare(after=after, before=before)
    assert [(row.metric, row.value, row.low, row.p, row.verdict) for row in found] == [
        ("a", None, None, None, "undecided")
    ]


def test_open_intervals_stay_open():
    """A side without a bound leaves the difference without one."""
    found = cxkit.compare(after=card(("m", Estimate(3.0, 1.0, None))), before=card(("m", Estimate(1.0, 0.0, 2.0)))).get(
        "m"
    )
    assert found.high is None
    assert found.low == pytest.approx(2 - 5**0.5)


def test_rows_are_matched():
    """By metric, segment and currency; and by period where a card has several."""
    events = [
        cxkit.event(
            "survey.answered",
            instrument="nps",
            score=score,
            channel=channel,
            customer="an",
            time=datetime(2026, month, 10, tzinfo=UTC),
        )
        for score, channel, month in ((9, "web", 1), (3, "app", 1), (10, "web", 2), (10, None, 2), (0, "web", 3))
    ]
    months = cxkit.score(events, ["nps", "nps[answers=latest]"], by="channel", every="month")
    found = cxkit.compare(after=months.latest(2), before=months.latest(3))
    assert found.get("nps", channel="web").value == 0
    assert found.get("nps").value == 100
    assert found.get("nps[answers=latest]").metric == "nps[answers=latest]"
    assert {row.segment.get("channel", "all") for row in found} == {"all", "web", "app", None}
    whole = cxkit.compare(after=months, before=months)
    assert len(whole) == sum(row.estimate.value is not None for row in months)
    assert {row.value for row in whole} == {0.0}


def test_several_or_none():
    """A lookup that isn't exact lists what there is."""
    found = cxkit.compare(after=nps(1, 1, 1), before=nps(1, 1, 1))
    with pytest.raises(AmbiguousError, match="0 differences answer to 'csat' overall; there is: nps overall"):
        found.get("csat")


def test_nothing_in_common():
    """Cards without a common row can't be compared."""
    with pytest.raises(AmbiguousError, match="nothing to compare: <Scorecard of nps: 1 rows> and <Scorecard of a: 1"):
        cxkit.compare(after=nps(1, 1, 1), before=card(("a", Estimate(1.0))))


def test_levels_must_agree():
    """Intervals of two levels can't be put together."""
    events = [cxkit.event("survey.answered", instrument="nps", score=9)]
    with pytest.raises(InvalidValueError, match=r"level: 0\.9 differs from the other card's 0\.95"):
        cxkit.compare(after=cxkit.score(events, "nps"), before=cxkit.score(events, "nps", level=0.9))


def test_renderings():
    """Differences print as a table, and go into JSON with their segments."""
    found = cxkit.compare(after=nps(0, 0, 50), before=nps(50, 0, 0))
    lines = str(found).splitlines()
    assert lines[0].split() == ["metric", "before", "after", "difference", "p", "verdict"]
    assert lines[2].split()[:3] == ["nps", "-100.0", "+100.0"]
    assert lines[2].endswith("<0.001  better")
    assert lines[-1] == "In brackets: 95 % intervals, the two sides taken as independent samples."
    (row,) = json.loads(found.to_json())["rows"]
    assert (row["metric"], row["difference"], row["verdict"], row["overall"]) == ("nps", 200.0, "better", True)
    assert repr(found) == "<Comparison: 1 differences>"


def test_segments_are_set_apart():
    """A segment's column named as one of the comparison's own doesn't overwrite it; control characters stay put."""
    before, after = (
        card(("m", Estimate(v, v, v)), segment={"after": "x\n", "channel": None}, overall=False) for v in (1.0, 2.0)
    )
    found = cxkit.compare(after=after, before=before)
    (row,) = found.to_dicts()
    assert (row["segment_after"], row["after"], row["channel"]) == ("x\n", 2.0, None)
    assert "m · x\\n · (none)" in str(found)
