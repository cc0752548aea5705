"""compare: what changed between two scorecards, and whether it is more than chance."""

from __future__ import annotations

import math

import pytest

import cxkit
from cxkit import metrics
from cxkit.errors import AmbiguousError, InvalidValueError
from cxkit.stats.intervals import mean_t, wilson

DAY = 86_400_000_000


def answers(
    instrument: str, counts: dict[float, int], *, day: int = 0, channel: str | None = None
) -> list[cxkit.Event]:
    """Return so many answers of each score."""
    scores = [score for score, n in counts.items() for _ in range(n)]
    return [
        cxkit.Event(f"{instrument}-{day}-{channel}-{n}", day * DAY, "survey.answered", channel=channel,
                    instrument=instrument, score=score)
        for n, score in enumerate(scores)
    ]  # fmt: skip


def nps_card(detractors: int, passives: int, promoters: int, **options: str) -> cxkit.Scorecard:
    """Return the card of so many answers."""
    return cxkit.score(answers("nps", {0: detractors, 7: passives, 10: promoters}), metrics.nps(**options))  # type: ignore[arg-type]


def test_nps_of_two_samples_wald():
    """[20, 30, 50] against [10, 30, 60]: SE .102956, z -1.94257, p .052068 (R; definitions, NPS)."""
    found = cxkit.compare(after=nps_card(20, 30, 50, interval="wald"), before=nps_card(10, 30, 60, interval="wald"))
    row = found.get("nps")
    assert row.value == pytest.approx(-20)
    assert (row.z, row.p) == (pytest.approx(-1.94257, abs=5e-6), pytest.approx(0.052068, abs=5e-7))
    assert (row.high - row.low) / 2 / 1.959964 == pytest.approx(10.2956, abs=5e-5)


def test_nps_of_two_samples_adjusted():
    """The same with adjusted counts: SE .101822, z -1.90701, p .056519 (R; Rocks 2016)."""
    row = cxkit.compare(after=nps_card(20, 30, 50), before=nps_card(10, 30, 60)).get("nps")
    assert (row.z, row.p) == (pytest.approx(-1.90701, abs=5e-6), pytest.approx(0.056519, abs=5e-7))
    assert (row.high - row.low) / 2 / 1.959964 == pytest.approx(10.1822, abs=5e-5)
    assert row.low < row.value < row.high
    assert row.verdict == "undecided"


def test_shares_get_newcombes_interval():
    """56/70 against 48/80: .2 with .0524….3339 by the score method without correction (Newcombe 1998, table II, a)."""
    after = cxkit.score(answers("csat", {5: 56, 1: 14}), "csat")
    before = cxkit.score(answers("csat", {5: 48, 1: 32}), "csat")
    row = cxkit.compare(after=after, before=before).get("csat")
    assert row.value == pytest.approx(0.2)
    assert (row.low, row.high) == (pytest.approx(0.0524, abs=5e-5), pytest.approx(0.3339, abs=5e-5))
    assert row.verdict == "better"
    assert wilson(0.8, 70)[0] < 0.8


def test_means_get_welchs_test():
    """Two means: z is Welch's t, and p comes from Satterthwaite's degrees of freedom (hand-computed, D)."""
    after = cxkit.score(answers("ces", {3: 2, 5: 2}), "ces")
    before = cxkit.score(answers("ces", {2: 3, 4: 3}), "ces")
    row = cxkit.compare(after=after, before=before).get("ces")
    a, b = (4 / 3) / 4, (6 / 5) / 6
    assert row.z == pytest.approx(1 / math.sqrt(a + b))
    df = (a + b) ** 2 / (a**2 / 3 + b**2 / 5)
    assert df == pytest.approx(6.4, abs=0.2)
    assert row.p == pytest.approx(0.218, abs=0.005)
    assert row.low == pytest.approx(1 - math.hypot(4 - mean_t(4, 4 / 3, 4)[0], mean_t(3, 6 / 5, 6)[1] - 3))


def test_lower_is_better_for_waits():
    """A shorter wait is an improvement; the verdict knows which way is up."""

    def card(seconds: int) -> cxkit.Scorecard:
        events = []
        for n in range(40):
            events.append(cxkit.Event(f"o{n}", 0, "contact.opened", reference=f"t{n}"))
            events.append(cxkit.Event(f"a{n}", (seconds + n) * 1_000_000, "contact.answered", reference=f"t{n}"))
        return cxkit.score(events, "first_response_time")

    row = cxkit.compare(after=card(100), before=card(400)).get("first_response_time")
    assert row.value == pytest.approx(-300, rel=0.02)
    assert row.verdict == "better"
    assert row.p < 0.001


def test_latest_periods_are_compared_with_each_other():
    """Two single periods match whatever they are called; two cards of several periods match by period."""
    events = answers("nps", {10: 9, 0: 1}, day=0, channel="web") + answers("nps", {10: 1, 0: 9}, day=40, channel="web")
    card = cxkit.score(events, "nps", by="channel", every="month")
    row = cxkit.compare(after=card.latest(), before=card.latest(2)).get("nps", channel="web")
    assert row.value == pytest.approx(-160)
    assert row.verdict == "worse"
    assert [each.value for each in cxkit.compare(after=card, before=card)] == [0, 0, 0, 0]


def test_what_neither_side_observed_is_left_out():
    """A channel without answers on both sides isn't a difference; one that has them on one side is a dash."""
    events = answers("nps", {9: 3}, channel="web") + answers("csat", {4: 2}, channel="app")
    card = cxkit.score(events, ["nps", "csat"], by="channel")
    found = cxkit.compare(after=card, before=card)
    assert [(row.metric, dict(row.segment)) for row in found] == [
        ("nps", {}), ("nps", {"channel": "web"}), ("csat", {}), ("csat", {"channel": "app"}),
    ]  # fmt: skip
    empty = cxkit.score([], "nps")
    assert cxkit.compare(after=cxkit.score(answers("nps", {9: 3}), "nps"), before=empty).get("nps").value is None


def test_cards_of_two_levels_are_not_compared():
    """A 90 % interval against a 95 % one has no level."""
    events = answers("nps", {9: 3})
    with pytest.raises(InvalidValueError, match=r"level: 0\.9 differs"):
        cxkit.compare(after=cxkit.score(events, "nps"), before=cxkit.score(events, "nps", level=0.9))


def test_cards_without_a_common_row_are_not_compared():
    """Nothing in common is said, not shown as an empty table."""
    events = answers("nps", {9: 3}) + answers("csat", {5: 3})
    with pytest.raises(AmbiguousError, match="have no row in common"):
        cxkit.compare(after=cxkit.score(events, "nps"), before=cxkit.score(events, "csat"))


def test_a_comparison_prints_and_hands_on():
    """Text has a line a difference, dictionaries the numbers."""
    found = cxkit.compare(after=nps_card(20, 30, 50), before=nps_card(10, 30, 60))
    assert "nps" in str(found)
    assert "-20.0 [" in str(found)
    assert found.to_dicts()[0]["verdict"] == "undecided"
    assert repr(found) == "<Comparison: 1 differences>"
    with pytest.raises(AmbiguousError, match="0 differences answer to 'csat'"):
        found.get("csat")
