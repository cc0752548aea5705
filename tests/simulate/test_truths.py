"""The metrics find what is planted in the simulated shop, and their intervals mean what they say."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cxkit import metrics
from cxkit.engines import Request, rows
from cxkit.metrics import Estimate, Given, Metric
from cxkit.model import Calendar, Event
from cxkit.simulate import TRUTHS, simulate_shop
from cxkit.simulate.columns import simulate_tables
from cxkit.stats import Spans, Where
from cxkit.stats.intervals import wilson

SURE = 0.999
MONTHS = Calendar("month", TRUTHS.tz)
AUTUMN = datetime(2025, 9, 30, 22, tzinfo=UTC)  # midnight in Berlin
DAY_US = 86_400_000_000


@pytest.fixture(scope="module", params=[1, 2, 3, "columns"])
def year(request) -> list[Event]:
    """Return a year of a shop, for each of a few seeds; and of one whose events are drawn in whole columns."""
    if request.param == "columns":
        pytest.importorskip("polars", reason="pip install 'cxkit[frame]'")
        pytest.importorskip("pyarrow", reason="pip install 'cxkit[frame]'")
        return [Event(**row) for table in simulate_tables(customers=4000) for row in table.to_pylist()]
    return list(simulate_shop(seed=request.param))


def found(metric: Metric, events: list[Event], **how) -> dict[tuple, Estimate]:
    """Return a metric's estimates by (segment, period), surer than usual."""
    request = Request(tuple(metric.needs.values()), tz=TRUTHS.tz, **how)
    states = rows.collect(events, request).states
    cells = {cell for of_statistic in states.values() for cell in of_statistic}
    return {
        cell: metric.estimate({name: states[need][cell] for name, need in metric.needs.items()}, Given(level=SURE))
        for cell in cells
    }


def by_channel(metric: Metric, events: list[Event], **how) -> dict[str, Estimate]:
    """Return a metric's estimates by channel, of channels in which there is anything to estimate."""
    cells = found(metric, events, by=("channel",), **how).items()
    return {segment[0]: estimate for (segment, _), estimate in cells if segment and estimate.value is not None}


def holds(estimate: Estimate, truth: float) -> bool:
    """Return whether a truth lies in an interval that isn't idle."""
    assert estimate.n >= 100, "too little is known to tell"
    return estimate.low <= truth <= estimate.high


BEFORE_AUTUMN = {"until_us": int(AUTUMN.timestamp()) * 1_000_000}
IN_AUTUMN = {"since_us": BEFORE_AUTUMN["until_us"]}


@pytest.mark.parametrize("metric", [metrics.nps(), metrics.csat(), metrics.ces(), metrics.first_response_time()])
def test_channels_are_found(year, metric):
    """Each channel's NPS, CSAT, CES and first response time, before anything gets worse."""
    estimates = by_channel(metric, year, **BEFORE_AUTUMN)
    truths = getattr(TRUTHS, metric.name)

    assert set(estimates) == set(truths)
    for channel, truth in truths.items():
        assert holds(estimates[channel], truth), (channel, truth, estimates[channel])


def test_the_channel_that_gets_worse_is_found(year):
    """From October the telephone's NPS and wait are the worse ones, clearly; the other channels stay as they were."""
    nps, waits = (by_channel(metric, year, **IN_AUTUMN) for metric in (metrics.nps(), metrics.first_response_time()))
    worse = TRUTHS.worse_channel

    assert holds(nps[worse], TRUTHS.worse_nps)
    assert holds(waits[worse], TRUTHS.worse_first_response_time)
    assert nps[worse].high < TRUTHS.nps[worse]
    assert waits[worse].low > TRUTHS.first_response_time[worse]
    assert all(
        nps[channel].low <= truth <= nps[channel].high for channel, truth in TRUTHS.nps.items() if channel != worse
    )


def test_transaction_values_are_found(year):
    """Each channel's mean order, sales to people without a name included."""
    amounts = metrics.average_transaction_value()
    states = rows.collect(year, Request(tuple(amounts.needs.values()), by=("channel",))).states
    (of_channel,) = states.values()

    for channel, truth in TRUTHS.average_transaction_value.items():
        state = of_channel[(channel,), None].parts["USD"]
        assert holds(amounts.estimate({"amounts": state}, Given(SURE, "USD")), truth)


def test_retention_is_found(year):
    """Month after month: of the buyers of the month before, as many come back as is planted."""
    estimates = found(metrics.retention_rate(every="month"), year, calendar=MONTHS)
    known = [estimate for estimate in estimates.values() if estimate.value is not None]

    assert len(known) == 11
    assert all(holds(estimate, TRUTHS.retention_rate) for estimate in known)


def test_retention_needs_the_links(year):
    """Without the links between customers and the addresses they order with, retention comes out too low."""
    unlinked = [event for event in year if event.kind != "identity.linked"]
    ((_, estimate),) = found(metrics.retention_rate(every="month"), unlinked).items()

    assert estimate.high < TRUTHS.retention_rate


def test_repeat_purchase_is_found(year):
    """Month after month: the share of buyers with two orders or more."""
    estimates = found(metrics.repeat_purchase_rate(), year, calendar=MONTHS)

    assert len(estimates) == 12
    assert all(holds(estimate, TRUTHS.repeat_purchase_rate) for estimate in estimates.values())


@pytest.mark.parametrize(
    ("start", "end", "days", "truth"),
    [
        (
            Where(kind="cart.updated"),
            Where(kind="order.placed", channel=("app", "web")),
            1,
            1 - TRUTHS.cart_abandonment_rate,
        ),
        (Where(kind="order.delivered"), Where(kind="order.refunded"), 11, TRUTHS.refund_rate),
    ],
    ids=["orders of carts", "refunds of deliveries"],
)
def test_matched_shares_are_found(year, start, end, days, truth):
    """What ends, of what starts, by reference: orders of carts, refunds of deliveries."""
    spans = Spans(start, end, window_us=days * DAY_US)
    state = rows.collect(year, Request((spans,))).states[spans][None, None]
    n = state.matched + state.unmatched

    low, high = wilson(state.matched / n, n, SURE)

    assert n > 1000
    assert low <= truth <= high
    assert state.orphan == state.negative == 0


def test_stars_are_found(year):
    """The mean of the reviews."""
    assert holds(found(metrics.stars(), year)[None, None], TRUTHS.stars)


def test_response_is_found(year):
    """Surveys answered of surveys sent, once their window is over."""
    assert holds(found(metrics.response_rate(window_days=4), year)[None, None], TRUTHS.survey_response_rate)


def test_intervals_cover_what_they_promise():
    """Of sixty small shops' 95 % intervals about ninety-five in a hundred hold the truth, over four whole months."""
    nps, retention = metrics.nps(), metrics.retention_rate(every="month")
    asked = ((nps, ("web",), TRUTHS.nps["web"]), (retention, None, TRUTHS.retention_rate))
    needs = tuple(need for metric in (nps, retention) for need in metric.needs.values())
    covered = {nps.name: 0, retention.name: 0}

    for seed in range(100, 160):
        events = simulate_shop(seed=seed, customers=100, days=120)
        states = rows.collect(events, Request(needs, by=("channel",), tz=TRUTHS.tz)).states
        for metric, segment, truth in asked:
            estimate = metric.estimate({name: states[need][segment, None] for name, need in metric.needs.items()})
            covered[metric.name] += estimate.low <= truth <= estimate.high

    # With a coverage of 95 %, fewer than 51 come once in a thousand times.
    assert all(51 <= count <= 60 for count in covered.values()), covered
