"""Perception against reference figures, from tallies as any engine gives them, and from events."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cxkit
from cxkit import metrics
from cxkit.errors import InvalidValueError
from cxkit.metrics import Estimate, Given, Metric, weighted_variance
from cxkit.model.event import PPM
from cxkit.stats import TallyState

if TYPE_CHECKING:
    from collections.abc import Iterable


def tally(answers: Iterable[float] | Iterable[tuple[float, float]], *, nulls: int = 0, unkeyed: int = 0) -> TallyState:
    """Return the tally of scores, or of pairs of score and weight."""
    values: dict[float, tuple[int, int, int]] = defaultdict(lambda: (0, 0, 0))
    for answer in answers:
        score, weight = answer if isinstance(answer, tuple) else (answer, 1)
        ppm = round(weight * PPM)
        n, w, w2 = values[score]
        values[score] = (n + 1, w + ppm, w2 + ppm * ppm)
    return TallyState(dict(sorted(values.items())), nulls, unkeyed)


def estimate(metric: Metric, state: TallyState, level: float = 0.95) -> Estimate:
    """Return what a metric makes of a tally."""
    return metric.estimate({"answers": state}, Given(level))


def groups(detractors: int, passives: int, promoters: int) -> TallyState:
    """Return the tally of so many of each."""
    return tally([3.0] * detractors + [8.0] * passives + [10.0] * promoters)


# Rocks 2016, The American Statistician 70(4); figures by R.
@pytest.mark.parametrize(
    ("interval", "level", "low", "high"),
    [
        ("adjusted-wald", 0.95, 14.0511, 44.2013),
        ("adjusted-wald", 0.90, 16.4748, 41.7776),
        ("wald", 0.95, 14.6922, 45.3078),
        ("goodman", 0.95, 10.8825, 49.1175),
    ],
)
def test_nps(interval: str, level: float, low: float, high: float):
    """20 detractors, 30 passives and 50 promoters: +30, with each of the intervals."""
    found = estimate(metrics.nps(interval=interval), groups(20, 30, 50), level)
    assert found.value == pytest.approx(30)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)
    assert (found.n, found.unit, found.method, found.level) == (100, "points", interval, level)
    assert found.n_effective is None


def test_nps_standard_errors():
    """Wald's is .0781025, and the adjusted interval's centre .291262 (R)."""
    wald = estimate(metrics.nps(interval="wald"), groups(20, 30, 50))
    assert (wald.se, wald.centre) == pytest.approx((7.81025, 30), abs=5e-6)
    adjusted = estimate(metrics.nps(), groups(20, 30, 50))
    assert adjusted.centre == pytest.approx(29.1262, abs=5e-5)


def test_nps_of_promoters_alone():
    """Ten promoters: Wald sees no doubt at all; the adjusted interval, clipped to the scale, does (Rocks 2016)."""
    wald = estimate(metrics.nps(interval="wald"), groups(0, 0, 10))
    assert (wald.value, wald.low, wald.high, wald.se) == (100, 100, 100, 0)
    adjusted = estimate(metrics.nps(), groups(0, 0, 10))
    assert (adjusted.low, adjusted.high) == pytest.approx((47.5036, 100), abs=5e-5)


@pytest.mark.parametrize("interval", ["adjusted-wald", "wald", "goodman"])
@pytest.mark.parametrize("score", [0.0, 7.0, 10.0])
def test_nps_of_one_answer(score: float, interval: str):
    """A single answer says nothing of what others would say: its interval is the whole scale."""
    found = estimate(metrics.nps(interval=interval), tally([score]))
    assert found.value == {0.0: -100, 7.0: 0, 10.0: 100}[score]
    assert (found.low, found.high, found.n) == (-100, 100, 1)


@pytest.mark.parametrize(("score", "value"), [(0, -100), (6, -100), (7, 0), (8, 0), (9, 100), (10, 100)])
def test_nps_bands(score: float, value: float):
    """0 to 6 detract, 7 and 8 are passive, 9 and 10 promote (Reichheld 2003)."""
    assert estimate(metrics.nps(), tally([float(score)] * 2)).value == value


# R's survey package: svymean of s with weights w, with replacement.
def test_weighted_nps():
    """Weighted answers: value, linearised standard error, Kish's effective number."""
    s = (-1, 1, 0, 1, 1, -1, 0, 1, 1, 0)
    w = (1, 2, 1, 1.5, 0.5, 1, 3, 1, 0.8, 1.2)
    scores = [{-1: 2.0, 0: 7.0, 1: 9.0}[sign] for sign in s]
    found = estimate(metrics.nps(), tally(zip(scores, w, strict=True)))
    assert found.value == pytest.approx(29.2308, abs=5e-5)
    assert found.se == pytest.approx(23.4925, abs=5e-5)
    assert found.n_effective == pytest.approx(7.83133, abs=5e-6)
    assert found.n / found.n_effective == pytest.approx(1.276923, abs=5e-7)
    assert found.n == 10
    assert found.low < found.value < found.high


def test_what_no_score_counts_for():
    """What can't be counted is said: answers without a score, off the scale, or without a key to thin by."""
    found = estimate(metrics.nps(), tally([10.0, 10.0, 11.0, -1.0], nulls=3, unkeyed=4))
    assert (found.value, found.n) == (100, 2)
    assert found.excluded == {"no score": 3, "off the scale": 2, "no key to thin by": 4}


# Wilson 1927; figures by R's binom::binom.confint(methods = "wilson").
@pytest.mark.parametrize(
    ("satisfied", "n", "low", "high"),
    [(81, 100, 0.722212, 0.874852), (0, 10, 0.0, 0.277533), (10, 10, 0.722467, 1.0)],
)
def test_csat(satisfied: int, n: int, low: float, high: float):
    """The share of fours and fives, with Wilson's interval."""
    scores = [4.0, 5.0] * satisfied + [1.0, 2.0, 3.0] * n
    found = estimate(metrics.csat(), tally(scores[:satisfied] + scores[2 * satisfied :][: n - satisfied]))
    assert found.value == pytest.approx(satisfied / n)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-7)
    assert (found.n, found.unit, found.method) == (n, "share", "wilson")


def test_csat_bands():
    """Four and five are satisfied; what isn't on the scale of one to five isn't counted."""
    found = estimate(metrics.csat(), tally([1.0, 2.0, 3.0, 4.0, 5.0, 0.0, 6.0]))
    assert (found.value, found.n, found.excluded) == (0.4, 5, {"off the scale": 2})


# By hand: 7, 6, 5, 2: mean 5, s² = 14/3, t(.975, 3) = 3.182446; half width 3.182446 · √(14/12) = 3.437435.
def test_ces_mean():
    """The mean agreement with its t interval, kept on the scale of one to seven."""
    found = estimate(metrics.ces(), tally([7.0, 6.0, 5.0, 2.0]))
    assert (found.value, found.n, found.unit, found.method) == (5.0, 4, "score", "t")
    assert found.se == pytest.approx((14 / 12) ** 0.5)
    assert (found.low, found.high) == pytest.approx((5 - 3.437435, 7.0), abs=1e-6)


def test_ces_share():
    """The share of five and above: three of four."""
    found = estimate(metrics.ces(value="share"), tally([7.0, 6.0, 5.0, 2.0]))
    assert (found.value, found.n, found.unit, found.method) == (0.75, 4, "share", "wilson")


def test_ces_of_one_answer():
    """One answer says nothing of its spread: the interval is the scale, and there is no standard error."""
    found = estimate(metrics.ces(), tally([6.0]))
    assert (found.value, found.low, found.high, found.se) == (6, 1, 7, None)


@pytest.mark.parametrize("metric", [metrics.nps(), metrics.csat(), metrics.ces(), metrics.ces(value="share")])
@pytest.mark.parametrize("state", [TallyState(), tally([], nulls=2), tally([99.0]), tally([(5.0, 0.0)])])
def test_nothing_is_not_zero(metric: Metric, state: TallyState):
    """Where no answer counts there is no value, not a zero: none, all null, all off the scale, all of no weight."""
    found = estimate(metric, state)
    assert (found.value, found.low, found.high, found.n) == (None, None, None, 0)


@pytest.mark.parametrize(
    ("make", "options"), [(metrics.nps, {"interval": "exact"}), (metrics.ces, {"value": "median"})]
)
def test_unknown_options(make, options: dict[str, str]):
    """An option that isn't offered is named."""
    with pytest.raises(InvalidValueError, match=f"{next(iter(options))}: "):
        make(**options)


weighted = st.lists(st.tuples(st.integers(1, 5).map(float), st.integers(1, 10**13).map(lambda ppm: ppm / PPM)))


@given(weighted.filter(bool), st.sampled_from((metrics.nps, metrics.csat, metrics.ces)))
def test_whatever_the_weights(answers: list[tuple[float, float]], make):
    """Any weights give a value on the scale and an interval that contains it."""
    found = estimate(make(), tally(answers))
    assert found.low <= found.value <= found.high
    low, high = {"points": (-100, 100), "share": (0, 1), "score": (1, 7)}[found.unit]
    assert low <= found.low
    assert found.high <= high
    assert found.n_effective is None or 0.999 <= found.n_effective <= found.n * 1.001


def test_equal_weights_are_none():
    """Answers of one weight, whatever it is, stand as if there were none."""
    scores = [2.0, 9.0, 10.0, 7.0]
    assert estimate(metrics.nps(), tally([(s, 2.5) for s in scores])) == estimate(metrics.nps(), tally(scores))


def test_weighted_variance_of_equal_weights_is_the_usual_one():
    """With equal weights the linearised variance of a mean is s²/n."""
    values = dict.fromkeys((1.0, 2.0, 6.0), (1, 1.0, 1.0))
    assert weighted_variance(values, float) == pytest.approx((3.0, 7 / 3))


# definitions: Wilson of 10 of 10 is .722467…1 (R's binom); mean of 4, 4, 5, 1 by hand: 3.5, s² = 3.
def test_csat_mean():
    """The mean of the same answers stands beside the share."""
    found = metrics.csat_mean().estimate({"answers": tally([4.0, 4.0, 5.0, 1.0])})
    assert (found.value, found.n, found.se) == (3.5, 4, pytest.approx((3 / 4) ** 0.5))
    assert (found.low, found.high) == (1, 5)


def test_ces_of_the_first_version():
    """Effort on 1-5: low is good for the mean, and the share is that of those who had it easy."""
    state = {"answers": tally([1.0, 2.0, 4.0, 5.0])}
    mean, share = metrics.ces(version="1.0"), metrics.ces(version="1.0", value="share")
    assert (mean.estimate(state).value, mean.better) == (3, "lower")
    assert (share.estimate(state).value, share.better) == (0.5, "higher")


def test_stars():
    """Reviews and surveys together: mean, top two, and a distribution that sums to one."""
    events = [
        cxkit.event("review.posted", instrument="stars", score=score, id=str(n)) for n, score in enumerate((5, 5, 4, 1))
    ]
    events.append(cxkit.event("survey.answered", instrument="stars", score=5))
    spelled = ["stars", "stars[value=share]", *(f"stars[value={n}]" for n in range(1, 6))]
    values = [row.estimate.value for row in cxkit.score(events, spelled)]
    assert values == [4, 0.8, 0.2, 0, 0, 0.2, pytest.approx(0.6)]


SCORES = (0.9, 0.3, 0.05, 0.0, -0.05, -0.6, None)


def test_sentiment():
    """Positive less negative, the neutral band inclusive; a text without a score is left out."""
    events = [
        cxkit.event("survey.answered", instrument="sentiment", score=score, id=str(n), customer=str(n))
        for n, score in enumerate(SCORES)
    ]
    net, banded, clustered, mean = (
        cxkit.score(events, spelled).rows[0].estimate
        for spelled in (
            "sentiment", "sentiment[neutral=0.05]", "sentiment[interval=clustered]", "sentiment[value=mean]",
        )
    )  # fmt: skip
    assert (net.value, net.n, net.excluded) == (pytest.approx(1 / 6), 6, {"no score on the scale": 1})
    assert banded.value == pytest.approx(1 / 6)
    assert clustered.value == net.value
    assert mean.value == pytest.approx(0.1)


def answered(customers: int, each: int, seed: int) -> list[cxkit.Event]:
    """Return the answers of customers who answer alike each time."""
    chance = Random(seed)
    events = []
    for customer in range(customers):
        usual = chance.choice((10, 9, 8, 7, 6, 3))
        events += [
            cxkit.event("survey.answered", instrument="nps", score=usual, customer=f"c{customer}", id=f"{customer}-{n}")
            for n in range(each)
        ]
    return events


# Cochran 1977, 11.3: with clusters of one, the linearised variance is the sample's; with copies it is that of one each.
def test_copies_tell_nothing():
    """Four copies of every answer leave the clustered interval where it was, and narrow the plain one."""
    once, copied = answered(60, 1, 1), answered(60, 4, 1)
    plain, clustered = "nps", "nps[interval=clustered]"
    of = {
        (name, spelled): cxkit.score(events, spelled).rows[0].estimate
        for name, events in (("once", once), ("copied", copied))
        for spelled in (plain, clustered)
    }
    assert of["copied", clustered].se == pytest.approx(of["once", clustered].se)
    assert of["copied", clustered].n_effective == pytest.approx(of["once", clustered].n_effective, rel=0.02)
    width = {key: estimate.high - estimate.low for key, estimate in of.items()}
    assert width["copied", clustered] == pytest.approx(width["once", plain], rel=0.05)
    assert width["copied", plain] < 0.55 * width["once", plain]


@pytest.mark.parametrize("make", [metrics.nps, metrics.csat, metrics.csat_mean, metrics.ces, metrics.stars])
def test_clustering_needs_all_answers(make):
    """Thinned answers leave nothing to cluster."""
    with pytest.raises(InvalidValueError, match="clustering is for all answers"):
        make(answers="latest", interval="clustered")


def sent(
    number: int, *, day: float = 0, answer_after: float | None = None, score: float | None = 9
) -> list[cxkit.Event]:
    """Return a survey sent, and its answer if there was one."""
    when = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=day)
    events = [cxkit.event("survey.sent", reference=f"s-{number}", time=when)]
    if answer_after is not None:
        later = when + timedelta(days=answer_after)
        columns = {"instrument": "nps", "score": score, "reference": f"s-{number}", "id": f"a-{number}"}
        events.append(cxkit.event("survey.answered", time=later, **columns))
    return events


def test_response_rate():
    """Answers are matched by reference, count within the window, and wait for its end; RR1 takes all that was sent."""
    events = [
        *sent(1, answer_after=2), *sent(2, answer_after=40), *sent(3), *sent(4, answer_after=1, score=None),
        *sent(5, day=90), cxkit.event("survey.answered", reference="x", time=datetime(2026, 3, 9, tzinfo=UTC)),
    ]  # fmt: skip
    matched = cxkit.score(events, "response_rate").rows[0].estimate
    assert (matched.value, matched.n) == (0.5, 4)
    assert matched.excluded == {"window not over": 1, "answer without start": 1}
    rr1 = cxkit.score(events, "response_rate[rate=rr1]").rows[0].estimate
    assert (rr1.value, rr1.n) == (0.4, 5)
