"""Cases that every engine must agree on: statistics, requests, and events of the worst sort."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import attrs
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.strategies import CUSTOMERS, event_tables, scores, texts

from cxkit.engines import Request, rows
from cxkit.model.calendar import Calendar
from cxkit.model.event import Event
from cxkit.stats import (
    AtLeast,
    By,
    Clustered,
    Cohorts,
    Distinct,
    Equal,
    Frequency,
    In,
    IsNull,
    Less,
    Moments,
    Not,
    Returns,
    Sketch,
    Spans,
    Statistic,
    Tally,
    Unless,
    Where,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

DAY = 86_400_000_000
ZERO = 1_711_756_800_000_000  # 30 March 2024, the day before Europe/Berlin changes its clocks

ORDERS, ANSWERS = Where(kind="order.placed"), Where(kind="survey.answered")
OPENED, REPLIED = Where(kind="contact.opened"), Where(kind="contact.answered")
CARTS = Where(kind="cart.updated")

STATISTICS: tuple[Statistic, ...] = (
    Tally(ANSWERS),
    Tally(ANSWERS & Where(instrument="nps"), keep="latest"),
    Tally(ANSWERS, keep="first", per="reference"),
    Tally(Where(score=Not(Less(3))), of="channel"),
    Moments(ORDERS, of="amount_minor"),
    Moments(Where(duration_us=AtLeast(-150)), of="duration_us"),
    Sketch(Where(), of="duration_us"),
    Clustered(ANSWERS, plus=Where(score=AtLeast(9)), minus=Where(score=Less(7))),
    Clustered(ORDERS, of="amount_minor"),
    Clustered(ANSWERS, of="score", turned=Where(instrument="nps"), turn=10),
    Tally(ANSWERS, decimals=1),
    Tally(ANSWERS, keep="latest", decimals=2),
    Distinct(Where()),
    Distinct(ORDERS, of="reference"),
    Frequency(ORDERS),
    Returns(ORDERS, "month"),
    Returns(Where(), "week", of="duration_us"),
    Returns(ORDERS, "week", base="year", squares=True),
    Returns(ORDERS, "week", squares=True, mark=REPLIED),
    Returns(Where(), "month", newcomers=True),
    Cohorts(ORDERS, "month"),
    Cohorts(Where(), "week", of="duration_us"),
    Spans(OPENED, REPLIED),
    Spans(OPENED, REPLIED, starts="last", ends="last"),
    Spans(ORDERS, ORDERS, key="customer"),
    Spans(ORDERS, ORDERS, key="customer", unit="id", window_us=7 * DAY),
    Spans(ORDERS, ORDERS, key="customer", unit="id", ends="last", window_us=7 * DAY),
    Spans(Where(), ORDERS, key="customer", unit="reference", starts="last"),
    Spans(CARTS, ORDERS, key="customer", unit="reference", window_us=2 * DAY),
    Spans(CARTS, ORDERS, key="customer", unit="reference", window_us=0, ends="last"),
    By(Moments(ORDERS, of="amount_minor"), "currency"),
    By(Distinct(Where()), "touchpoint"),
    By(Tally(ANSWERS, keep="latest"), "instrument"),
    By(Returns(ORDERS, "month"), "channel"),
    By(Returns(ORDERS, "month", squares=True, mark=OPENED), "currency"),
    Spans(OPENED, REPLIED, window_us=30 * DAY, unless=(Unless(OPENED, "customer"), Unless(CARTS))),
    Spans(ORDERS, ORDERS, key="customer", unit="id", unless=(Unless(Where(kind=("order.placed", "visit.started"))),)),
    By(Cohorts(ORDERS, "quarter"), "currency"),
    By(By(Frequency(Where()), "channel"), "instrument"),
    Tally(Where(channel=In(("web", "app")), reference=Not(IsNull())), of="kind"),
    Tally(Where(coupon="TET")),
    Tally(Where(gift=True)),
    Tally(Where(gift=Not(Equal(1))), of="coupon"),
    Distinct(Where(), of="gift"),
    By(Frequency(Where()), "coupon"),
    Moments(Where(items=AtLeast(1)), of="items"),
)

REQUESTS = {
    "the whole": Request(STATISTICS),
    "by channel": Request(STATISTICS, by=("channel",)),
    "by two columns and month": Request(
        STATISTICS, by=("channel", "touchpoint"), calendar=Calendar("month", "Europe/Berlin"), tz="Europe/Berlin"
    ),
    "by day in bounds": Request(
        STATISTICS,
        by=("channel",),
        calendar=Calendar("day", "Australia/Lord_Howe"),
        tz="Australia/Lord_Howe",
        since_us=ZERO + 5 * DAY,
        until_us=ZERO + 60 * DAY,
    ),
    "by week as of a day": Request(STATISTICS, calendar=Calendar("week", "UTC"), as_of_us=ZERO + 50 * DAY),
    "by a property, an attribute and quarter": Request(
        STATISTICS,
        by=("coupon", "area"),
        calendar=Calendar("quarter", "Asia/Ho_Chi_Minh"),
        tz="Asia/Ho_Chi_Minh",
        since_us=ZERO + 3 * DAY,
        attributes={"area": {"w": "sales", "d": "service"}},
    ),
}

PROPERTIES = (
    None, '{"coupon":"TET"}', '{"coupon":3,"gift":true,"items":2}', '{"gift":1.0,"items":-5}',
    '{"coupon":null,"gift":[1],"items":0}',
)  # fmt: skip


def hostile_events(seed: int, number: int = 300) -> list[Event]:
    """Return events that tie, link, overflow and lack things, from a seed; the first have every property once."""
    draw = random.Random(seed)
    amounts = (0, 5, 10**15, -(10**15), 2**52, -(2**63), 2**63 - 1, draw.randrange(10**9), -draw.randrange(10**6))
    kinds = ("visit.started", "order.placed", "contact.opened", "contact.answered", "survey.answered", "cart.updated")
    events = []
    for n in range(number):
        kind = draw.choice((*kinds, "identity.linked") if n % 9 == 0 else kinds)
        amount = draw.choice(amounts) if kind == "order.placed" else None
        offset = draw.choice((0, 1, 3_600_000_000, draw.randrange(100 * DAY), draw.randrange(86_400) * 5_000_000))
        events.append(
            Event(
                id=f"{draw.choice('_aABé')}{n}",
                ts_us=ZERO + offset,
                kind=kind,
                source=draw.choice(("crm", "Shop", "é")),
                customer=draw.choice((None, "a", "A", "_", "an", "Ân", "日本", 'x"y')),
                channel=draw.choice((None, "web", "app", "phone")),
                touchpoint=draw.choice((None, "w", "d")),
                reference=draw.choice((None, *(f"r{i}" for i in range(40)))),
                instrument=draw.choice(("nps", "csat", None)),
                score=draw.choice((None, 0.0, 9.0, 10.0, 3.0, 0.5)),
                currency=None if amount is None else draw.choice(("USD", "VND")),
                amount_minor=amount,
                duration_us=draw.choice((None, 0, 1, -1, 150, -150, 2**63 - 1, -(2**63), draw.randrange(10**12))),
                weight_ppm=draw.choice((1_000_000, 500_000, 2_250_000)),
                properties=PROPERTIES[n] if n < len(PROPERTIES) else draw.choice(PROPERTIES),
            )
        )
    return events


def assert_equal(native: Any, events: Sequence[Event], request: Request) -> None:
    """Hold a table's states against the row engine's."""
    from cxkit.engines import frame

    expected, found = rows.collect(events, request), frame.collect(native, request)
    for statistic in request.statistics:
        assert found.states[statistic] == expected.states[statistic], statistic
    assert (found.events, found.first_us, found.last_us) == (expected.events, expected.first_us, expected.last_us)
    assert found.identities == expected.identities


def drawn_tables() -> st.SearchStrategy[list[Event]]:
    """Draw few events that come close to one another, and what a column can hold of the worst."""
    return event_tables(
        max_size=12,
        ts_us=st.sampled_from((0, -1, ZERO, ZERO + 1, ZERO + DAY)) | st.integers(-800 * DAY, 800 * DAY),
        kind=st.sampled_from(("order.placed", "contact.opened", "contact.answered", "survey.answered", "cart.updated")),
        customer=st.none() | texts(CUSTOMERS[:4]),
        score=st.none() | scores(),
        properties=st.sampled_from(PROPERTIES),
    )


# Together they hold every property, for a name that no event has would be refused.
WITH_PROPERTIES = tuple(Event(f"p{n}", 0, "visit.started", properties=text) for n, text in enumerate(PROPERTIES))


def stacked_tables(number: int) -> list[Event]:
    """Return so many drawn tables as one, for an engine that takes long over each: a case is a touchpoint.

    Ids, customers and references of different cases differ, so that nothing is one across them.
    """
    cases: list[list[Event]] = []

    @settings(max_examples=number, phases=[Phase.generate], suppress_health_check=list(HealthCheck), derandomize=True)
    @given(drawn_tables())
    def draw(events: list[Event]) -> None:
        cases.append(events)

    draw()
    stacked = [*WITH_PROPERTIES]
    for number_of, events in enumerate(cases):
        case = f"{number_of:03}"
        for event in events:
            own = {
                name: f"{case}{value}" for name in ("id", "customer", "reference") if (value := getattr(event, name))
            }
            stacked.append(attrs.evolve(event, touchpoint=case, **own))
    return stacked
