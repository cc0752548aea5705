"""Intervals hold the truth as often as their level says: a quick look at each; docs/coverage.md has the long one."""

from __future__ import annotations

import pytest
from bench.coverage import cases, coverage, kept, table

CASES = cases()
# One case of each interval, with about a hundred observations.
QUICK = {case.interval: case for case in reversed(CASES) if case.promised and case.n in (100, 200, 300)}
RUNS = 800


@pytest.mark.parametrize("interval", QUICK)
def test_each_interval_holds_the_truth(interval):
    """Of eight hundred intervals 93 to 97 % hold the truth, give or take two standard errors of chance."""
    assert 0.93 - 0.015 <= coverage(QUICK[interval], RUNS) <= 0.97 + 0.015


def test_every_kind_of_interval_is_looked_at():
    """No interval that is promised anything is missing above."""
    assert {case.interval for case in CASES if case.promised} == QUICK.keys()


def test_answers_of_the_same_customers_need_clustering():
    """Taken for independent, four strongly alike answers a customer leave a nominal 95 % at three quarters or less."""
    named = {case.interval: case for case in CASES if case.setting == "100 customers, 4 answers each, alike 0.9"}

    assert coverage(named["not clustered: nps"], RUNS) < 0.8
    assert coverage(named["clustered: nps"], RUNS) > 0.93


def test_the_simulation_would_tell():
    """The same samples held against a number that isn't the truth cover it seldom."""
    case = QUICK["Wilson: csat and all shares"]

    assert coverage(case.__class__(case.interval, case.setting, case.n, 0.8, case.draw), RUNS) < 0.2


def test_the_table():
    """A case is a line; what isn't promised isn't judged."""
    promised, other = QUICK["t: ces, csat_mean, stars, sense …"], next(case for case in CASES if not case.promised)
    lines = table([(promised, 0.95), (promised, 0.9204), (other, 0.7)]).splitlines()[2:]

    assert [line.split("|")[-2].strip() for line in lines] == ["yes", "no", "–"]
    assert kept(0.97031)
    assert not kept(0.9294)
