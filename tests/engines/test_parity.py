"""Every statistic, on every engine, against the row engine: states equal exactly."""

from __future__ import annotations

import random

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engines.cases import (
    ANSWERS,
    DAY,
    ORDERS,
    REQUESTS,
    STATISTICS,
    WITH_PROPERTIES,
    assert_equal,
    drawn_tables,
    hostile_events,
)

from cxkit.engines import Request
from cxkit.model.calendar import Calendar
from cxkit.model.event import Event
from cxkit.stats import Clustered, Cohorts, Moments, Returns, Tally, Where

pytest.importorskip("duckdb", reason="pip install 'cxkit[frame]'")
pytest.importorskip("polars", reason="pip install 'cxkit[frame]'")

from cxkit.engines import frame


@pytest.fixture(params=["polars", "duckdb"])
def engine(request) -> str:
    """Each library that the frame engine works on."""
    return str(request.param)


@pytest.mark.parametrize("name", REQUESTS)
def test_hostile_tables(name, engine):
    """Every statistic in every kind of cell, over ties, links, extremes and gaps."""
    request, events = REQUESTS[name], hostile_events(1)
    if engine == "duckdb":  # it plans a hundred queries for half a minute: each statistic in two kinds of cell will do
        number = list(REQUESTS).index(name)
        request = attrs.evolve(request, statistics=STATISTICS[number % 3 :: 3])

    assert_equal(frame.table_of_events(events, engine), events, request)


@pytest.mark.parametrize("number", range(len(STATISTICS)))
def test_each_statistic_alone(number):
    """A statistic needs no other that happens to read the same columns."""
    request = attrs.evolve(REQUESTS["by channel"], statistics=(STATISTICS[number],))
    events = hostile_events(2)

    assert_equal(frame.table_of_events(events, "polars"), events, request)


def test_shuffled_tables(engine):
    """Order of rows changes nothing."""
    request = attrs.evolve(REQUESTS["by channel"], statistics=STATISTICS[1:24:5])
    events = hostile_events(3)
    shuffled = random.Random(4).sample(events, len(events))

    assert_equal(frame.table_of_events(shuffled, engine), events, request)


@pytest.mark.parametrize("name", ["by channel", "by two columns and month"])
@settings(max_examples=10)
@given(events=drawn_tables(), statistics=st.lists(st.sampled_from(STATISTICS), min_size=1, max_size=3, unique=True))
def test_drawn_tables(name, events, statistics):
    """Whatever valid events are drawn, the engines agree."""
    request = attrs.evolve(REQUESTS[name], statistics=tuple(statistics))
    events = [*events, *WITH_PROPERTIES]

    for engine in ("polars", "duckdb"):
        assert_equal(frame.table_of_events(events, engine), events, request)


def test_one_event_and_none(engine):
    """A table of one row, and one of none."""
    request = Request(STATISTICS[:16], by=("channel",), calendar=Calendar("month"))
    for events in ([Event("1", -1, "order.placed", amount_minor=7, currency="USD")], []):
        assert_equal(frame.table_of_events(events, engine), events, request)


def test_sums_past_64_bits(engine):
    """Amounts whose squares, and whose sums by customer, overflow 64 bits are summed exactly."""
    amounts = [2**52 - 1, -(2**52) + 1, 2**62, -(2**63), 2**63 - 1, 3, 50_000_000] * 3
    events = [
        Event(str(n), n * DAY, "order.placed", "c", amount_minor=amount, currency="VND", weight_ppm=2**63 - 1 - n)
        for n, amount in enumerate(amounts)
    ]
    statistics = (
        Moments(ORDERS, of="amount_minor"),
        Clustered(ORDERS, of="amount_minor"),
        Clustered(ANSWERS, of="score", turned=Where(instrument="nps"), turn=10),
        Tally(ANSWERS, decimals=1),
        Tally(ANSWERS, keep="latest", decimals=2),
        Returns(ORDERS, "week"),
        Cohorts(ORDERS, "week"),
        Tally(ORDERS, of="channel"),
        Tally(ORDERS, of="kind"),
    )

    assert_equal(frame.table_of_events(events, engine), events, Request(statistics))
