"""Targets: read in the unit of their metric, held against the whole interval."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxkit import metrics
from cxkit.errors import InvalidValueError
from cxkit.metrics import Estimate, Metric
from cxkit.report import Row, Scorecard, Target

DURATION, SHARE, MONEY = metrics.first_response_time(), metrics.csat(), metrics.revenue()


@pytest.mark.parametrize(
    ("metric", "written", "target"),
    [
        (metrics.nps(), 40, Target(">=", 40)),
        (metrics.nps(), "+40 points", Target(">=", 40)),
        (metrics.nps(), "−5", Target(">=", -5)),
        (metrics.nps(), "<= 10", Target("<=", 10)),
        (SHARE, 0.8, Target(">=", 0.8)),
        (SHARE, ".8", Target(">=", 0.8)),
        (SHARE, Decimal("0.8"), Target(">=", 0.8)),
        (SHARE, ">= 80 %", Target(">=", 0.8)),
        (SHARE, "80%", Target(">=", 0.8)),
        (metrics.net_revenue_retention(), "1.1", Target(">=", 1.1)),
        (metrics.churn_rate(), "5 %", Target("<=", 0.05)),
        (DURATION, "<= 4 h", Target("<=", 14_400)),
        (DURATION, "1 h 30 min", Target("<=", 5400)),
        (DURATION, "1h30min", Target("<=", 5400)),
        (DURATION, "2 days", Target("<=", 172_800)),
        (DURATION, "≤ 90.5 s", Target("<=", 90.5)),
        (MONEY, "1,000,000 VND", Target(">=", 1e6, "VND")),
        (MONEY, "USD 5.50", Target(">=", 5.5, "USD")),
        (MONEY, 50, Target(">=", 50)),
        (metrics.orders(), "10_000", Target(">=", 10_000)),
    ],
)
def test_reading(metric: Metric, written: Any, target: Target) -> None:
    """Shares as .8 or 80 %, durations with units, money with a currency or without."""
    assert Target.of(metric, written) == target
    assert Target.of(metric, target) is target


@pytest.mark.parametrize(
    ("metric", "written", "reason"),
    [
        (SHARE, 80, "would be 8000 %: write 80 % or 0.8"),
        (SHARE, "8 0 %", "isn't a share, such as 0.8 or 80 %"),
        (SHARE, ">=", "isn't a share"),
        (SHARE, True, "isn't a number, or text such as '>= 0.8'"),
        (DURATION, 14_400, "isn't a duration with its units, such as 4 h"),
        (DURATION, "4 hrs", "isn't a duration"),
        (DURATION, "4 h -3 s", "isn't a duration"),
        (MONEY, "50 dollars", "isn't an amount, such as 50 or 50.00 USD"),
        (metrics.nps(), "nan", "isn't a number"),
        (metrics.nps(), float("inf"), "isn't a number"),
        (metrics.nps(), None, "isn't a number, or text"),
    ],
)
def test_what_cant_be_read(metric: Metric, written: Any, reason: str) -> None:
    """The sentence names the metric, what was written and what would be right."""
    with pytest.raises(InvalidValueError, match=reason):
        Target.of(metric, written)


def test_a_metric_without_direction_needs_one() -> None:
    """Where neither is better nobody can guess which side is meant."""
    metric = Metric("m", "M", "count", None, {}, lambda _states, _given: Estimate(None), "here")
    with pytest.raises(InvalidValueError, match="neither better higher nor lower, so write >= or <="):
        Target.of(metric, 3)
    assert Target.of(metric, "<= 3") == Target("<=", 3)


@pytest.mark.parametrize(
    ("bound", "low", "high", "verdict"),
    [
        (">=", 41, 45, "met"),
        (">=", 40, 45, "met"),
        (">=", 39, 45, "undecided"),
        (">=", 35, 40, "undecided"),
        (">=", 35, 39, "missed"),
        ("<=", 35, 40, "met"),
        ("<=", 40, 45, "undecided"),
        ("<=", 41, 45, "missed"),
        (">=", None, 39, "missed"),
        (">=", None, 45, "undecided"),
        (">=", 41, None, "met"),
        ("<=", 41, None, "missed"),
        ("<=", None, None, "undecided"),
    ],
)
def test_verdict(bound: Any, low: float | None, high: float | None, verdict: str) -> None:
    """Met or missed when all of the interval is; an open side reaches everywhere."""
    assert Target(bound, 40).verdict(Estimate(40, low, high, method="t")) == verdict


def test_without_interval_the_value_decides() -> None:
    """A number that nobody gave an interval stands for itself; none has no verdict."""
    assert Target(">=", 40).verdict(Estimate(41)) == "met"
    assert Target("<=", 40).verdict(Estimate(41)) == "missed"
    assert Target(">=", 40).verdict(Estimate(None)) is None


@given(
    st.floats(-100, 100), st.lists(st.floats(-100, 100), min_size=2, max_size=2).map(sorted), st.sampled_from(("t",))
)
def test_both_sides_agree(goal: float, bounds: list[float], method: str) -> None:
    """At least and at most are each other's mirror: of both, never both missed, and both met only at the point."""
    estimate = Estimate(bounds[0], *bounds, method=method)
    both = {Target(">=", goal).verdict(estimate), Target("<=", goal).verdict(estimate)}
    assert both != {"missed"}
    assert (both == {"met"}) == (bounds == [goal, goal])


def rows(**columns: Any) -> tuple[Row, ...]:
    """Return three rows of an NPS by channel, one of them hidden."""
    at = {"metric": "nps", "title": "NPS", "better": "higher", "period": None, "partial": False, "currency": None}
    estimates = [Estimate(v, v - 5, v + 5, n=50, unit="points", method="t") for v in (50.0, 41.0)]
    target = Target(">=", 40)
    return (
        Row(segment={}, overall=True, estimate=estimates[0], target=target, **at | columns),
        Row(segment={"channel": "web"}, overall=False, estimate=estimates[1], target=target, **at | columns),
        Row(
            segment={"channel": "fax"}, overall=False, estimate=Estimate(None, unit="points", method="hidden"),
            target=target, hidden=True, **at | columns,
        ),
    )  # fmt: skip


def test_tables_show_target_and_verdict() -> None:
    """Beside the name stands the target, in each cell what came of it, and beneath what that means."""
    card = Scorecard(rows(), by=("channel",))
    assert str(card).splitlines()[:3] == [
        "metric                overall                   web                             fax",
        "────────────────────  ────────────────────────  ──────────────────────────────  ──────",
        "nps (points) ≥ +40.0  +50.0 [+45.0, +55.0] met  +41.0 [+36.0, +46.0] undecided  hidden",
    ]
    assert "Met or missed: the whole interval" in str(card)
    assert "| nps (points) ≥ +40.0 | +50.0 [+45.0, +55.0] met |" in card.to_markdown()
    assert "<td>+41.0 [+36.0, +46.0] undecided</td><td>hidden</td>" in card._repr_html_()


def test_data_has_target_and_verdict() -> None:
    """Rows for programs hold the target as it may be written, the verdict, and of what is hidden nothing."""
    card = Scorecard(rows(), by=("channel",))
    found = json.loads(card.to_json())["rows"]
    assert [(row["target"], row["verdict"], row["hidden"]) for row in found] == [
        (">= 40", "met", False), (">= 40", "undecided", False), (">= 40", None, True),
    ]  # fmt: skip
    assert {name for name, value in found[2].items() if value is not None} == {
        "metric", "partial", "overall", "channel", "level", "unit", "method", "excluded", "target", "hidden",
    }  # fmt: skip
    assert card.to_csv().splitlines()[3] == "nps,,False,False,fax,,,,,0.95,,points,hidden,,,,{},>= 40,,True"


def test_frames_have_target_and_verdict() -> None:
    """Data frames too, of the same types whether anything is hidden."""
    pl = pytest.importorskip("polars")
    pytest.importorskip("pandas")
    card = Scorecard(rows(), by=("channel",))
    table = card.to_polars()
    assert table["verdict"].to_list() == ["met", "undecided", None]
    assert (table.schema["n"], table.schema["hidden"]) == (pl.Int64, pl.Boolean)
    assert table["n"].to_list() == [50, 50, None]
    assert list(card.to_pandas()["hidden"]) == [False, False, True]
