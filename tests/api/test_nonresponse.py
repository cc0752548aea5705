"""nonresponse: who answered against who was asked, held against SciPy, hand-counted cases and the whole itself."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

import cxkit
from cxkit.api.nonresponse import _group
from cxkit.errors import InvalidValueError, UnknownNameError
from cxkit.stats.intervals import wilson

START = datetime(2026, 3, 1, 9, tzinfo=UTC)


def survey(channel: str | None, asked: int, answered: int, **columns) -> list[cxkit.Event]:
    """Return so many asked by a channel, of whom so many answered a day later."""
    found = []
    for n in range(asked):
        reference = f"{channel}-{columns.get('touchpoint')}-{n}"
        found.append(cxkit.event("survey.sent", reference=reference, channel=channel, time=START, **columns))
        if n < answered:
            time = START + timedelta(days=1)
            answer = cxkit.event("survey.answered", reference=reference, instrument="nps", score=9, time=time)
            found.append(answer)
    return found


def nonresponse(events, by, **options):
    """Compare with answers that count for ever."""
    return cxkit.nonresponse(events, by, **{"window_days": math.inf} | options)


EVENTS = [*survey("web", 200, 120), *survey("store", 80, 20), *survey(None, 20, 10)]


def test_rates_and_shares():
    """Of each group: asked, answered, rate with Wilson's interval, and its shares of both."""
    found = nonresponse(EVENTS, "channel")
    web = next(group for group in found.groups if group.value == "web")

    assert [(group.value, group.asked, group.answered) for group in found.groups] == [
        ("store", 80, 20),
        ("web", 200, 120),
        (None, 20, 10),
    ]
    assert (found.asked, found.answered, found.rate.value) == (300, 150, 0.5)
    assert (web.rate.value, web.rate.low, web.rate.high) == (0.6, *wilson(0.6, 200))
    assert (web.share_asked, web.share_answered) == (200 / 300, 120 / 150)
    assert web.difference.value == pytest.approx(120 / 150 - 200 / 300)


# Newcombe 1998, method 10, of the answered (120 of 150) against the silent (80 of 150), times the share of the silent.
def test_the_difference_of_a_part_and_its_whole():
    """The interval is that of two independent samples, the answered and the silent, shrunk to part against whole."""
    web = nonresponse(EVENTS, "channel").groups[1].difference
    (l1, u1), (l2, u2) = wilson(120 / 150, 150), wilson(80 / 150, 150)
    apart = 120 / 150 - 80 / 150

    assert web.low == pytest.approx((apart - ((120 / 150 - l1) ** 2 + (u2 - 80 / 150) ** 2) ** 0.5) / 2)
    assert web.high == pytest.approx((apart + ((u1 - 120 / 150) ** 2 + (80 / 150 - l2) ** 2) ** 0.5) / 2)


def test_the_difference_covers_what_it_says():
    """Over made surveys the interval holds the true difference as often as its level says."""
    chance, covered, runs = Random(5), 0, 2000
    # Half are asked by the web, of whom .5 answer, and .3 of the others: the web is .625 of the answered.
    for _ in range(runs):
        web = sum(chance.random() < 0.5 for _ in range(200))
        k = [sum(chance.random() < rate for _ in range(n)) for n, rate in ((web, 0.5), (200 - web, 0.3))]
        difference = _group("channel", "web", (web, k[0]), (200, sum(k)), 0.95).difference
        covered += difference.low <= 0.125 <= difference.high

    assert 0.94 <= covered / runs <= 0.965


def test_chi_square_is_scipys():
    """Pearson's chi-square over all groups, without correction."""
    stats = pytest.importorskip("scipy.stats")
    (test,) = nonresponse(EVENTS, "channel").tests
    expected = stats.chi2_contingency([[120, 80], [20, 60], [10, 10]], correction=False)

    assert test.chi_square == pytest.approx(expected.statistic)
    assert test.p == pytest.approx(expected.pvalue, rel=1e-9)
    assert (test.df, test.rough) == (2, False)


# By hand: 2 × 2 with 30 of 100 and 50 of 100: 200 (30·50 − 70·50)² / (100·100·80·120) = 8.3333, p .003892.
def test_chi_square_by_hand():
    """Two groups, counted on paper."""
    (test,) = nonresponse([*survey("web", 100, 30), *survey("store", 100, 50)], "channel").tests

    assert test.chi_square == pytest.approx(25 / 3)
    assert test.p == pytest.approx(0.0038924, abs=5e-8)
    assert "too many: store; too few: web" in test.sentence


def test_what_the_test_says():
    """One sentence a column: they differ and how, nothing shows it, it is rough, or there is nothing to compare."""

    def sentence(*events: cxkit.Event) -> str:
        return nonresponse(events, "channel").tests[0].sentence

    assert "those who answered differ" in sentence(*EVENTS)
    assert "Weigh the answers" in sentence(*EVENTS)
    assert "don't visibly differ" in sentence(*survey("web", 100, 30), *survey("store", 100, 31))
    assert "p is rough" in sentence(*survey("web", 100, 30), *survey("store", 4, 3))
    assert "one group alone" in sentence(*survey("web", 100, 30))
    assert "nobody answered" in sentence(*survey("web", 10, 0), *survey("store", 10, 0))
    assert "everybody answered" in sentence(*survey("web", 10, 10), *survey("store", 10, 10))


def test_when_everybody_answered_there_is_no_difference():
    """Part and whole are the same; when nobody did, there is no part."""
    everybody = nonresponse([*survey("web", 10, 10), *survey("store", 5, 5)], "channel")
    nobody = nonresponse([*survey("web", 10, 0), *survey("store", 5, 0)], "channel")

    assert [(g.difference.value, g.difference.low, g.difference.high) for g in everybody.groups] == [(0, 0, 0)] * 2
    assert [(g.share_answered, g.difference.value, g.rate.value) for g in nobody.groups] == [(None, None, 0)] * 2
    assert "–" in str(nobody)


def test_what_is_counted_apart():
    """Answers to what wasn't sent, answers before it was, events without a reference; several answers are one."""
    web = survey("web", 10, 5)
    again = [event for event in web if event.kind == "survey.answered"]
    events = [
        *web,
        *(cxkit.event("survey.answered", reference=event.reference, instrument="csat", score=4) for event in again),
        cxkit.event("survey.answered", reference="of old", instrument="nps", score=9),
        cxkit.event(
            "survey.answered", reference="web-None-9", instrument="nps", score=9, time=START - timedelta(days=1)
        ),
        cxkit.event("survey.sent", channel="web"),
    ]
    found = nonresponse(events, "channel")

    assert (found.asked, found.answered) == (9, 5)
    assert found.rate.excluded == {
        "answers to what wasn't sent": 1,
        "answers before it was sent": 1,
        "no reference": 1,
    }
    assert "Counted apart: 1 answers to what wasn't sent" in str(found)


def test_a_window():
    """What was sent less long ago than answers count is left out, answered or not."""
    late = [cxkit.event("survey.sent", reference="late", channel="web", time=START + timedelta(days=9))]
    found = nonresponse([*survey("web", 10, 5), *late], "channel", window_days=3)

    assert (found.asked, found.answered) == (10, 5)
    assert found.rate.excluded == {"window not over": 1}
    within = nonresponse([*survey("web", 10, 5), *late], "channel", window_days=0.1)
    assert within.answered == 0


def test_the_rate_is_the_metrics():
    """The whole's rate is `response_rate`, to the last digit, window and all."""
    late = cxkit.event("survey.sent", reference="late", channel="web", time=START + timedelta(days=40))
    found = cxkit.nonresponse([*EVENTS, late], "channel")
    rate = cxkit.score([*EVENTS, late], "response_rate").get("response_rate")

    assert (found.rate.value, found.rate.low, found.rate.high, found.rate.n) == (
        rate.value,
        rate.low,
        rate.high,
        rate.n,
    )


def test_several_columns_each_by_itself():
    """Each column's groups sum to the whole, and each has its test."""
    events = [*survey("web", 60, 30, touchpoint="a"), *survey("web", 40, 30, touchpoint="b"), *survey("store", 50, 5)]
    found = nonresponse(events, ["channel", "touchpoint"])

    for column in ("channel", "touchpoint"):
        here = [group for group in found.groups if group.column == column]
        assert (sum(g.asked for g in here), sum(g.answered for g in here)) == (150, 65)
    assert [test.column for test in found.tests] == ["channel", "touchpoint"]
    alone = nonresponse(events, "touchpoint")
    assert [group for group in found.groups if group.column == "touchpoint"] == list(alone.groups)


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_engines_agree(engine):
    """Tables give the same as events."""
    pytest.importorskip(engine)

    assert nonresponse(EVENTS, "channel", engine=engine) == nonresponse(EVENTS, "channel")


def test_nothing_asked():
    """Without a survey there is nothing to show, and no number."""
    found = nonresponse([], "channel")

    assert (found.asked, found.rate.value, found.groups) == (0, None, ())
    assert "Nothing to show" in str(found)


def test_wrong_columns():
    """A column must be named, and known."""
    with pytest.raises(InvalidValueError, match="name a column"):
        nonresponse(EVENTS, ())
    with pytest.raises(UnknownNameError, match="did you mean 'channel'"):
        nonresponse(EVENTS, "chanel")
    with pytest.raises(InvalidValueError, match="journey map"):
        nonresponse(EVENTS, "area")


def test_how_it_is_shown():
    """Text, Markdown, HTML, CSV and JSON have the same figures."""
    found = nonresponse(EVENTS, "channel")

    (line,) = [line for line in str(found).splitlines() if line.startswith("web")]
    assert line.split("  ")[-1].strip() == "+13.3 [+8.1, +18.2]"
    assert line.split()[:4] == ["web", "200", "120", "60.0"]
    assert "| overall | 300 | 150 |" in found.to_markdown()
    assert "<td>+13.3 [+8.1, +18.2]</td>" in found._repr_html_()
    assert found.to_csv().count("\n") == 4
    told = json.loads(found.to_json())
    assert told["tests"][0]["df"] == 2
    assert told["rows"][1]["difference"] == pytest.approx(0.4 / 3)
    assert repr(found) == "<Nonresponse: 150 of 300 answered>"
