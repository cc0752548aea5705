"""The row engine on what goes wrong elsewhere: ties, large sums, clock changes, nulls, chunks, columns that aren't."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from importlib import import_module
from random import Random
from statistics import variance
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from cxkit.engines import Request
from cxkit.engines.rows import collect
from cxkit.errors import InvalidValueError, UnknownNameError, UnsupportedError
from cxkit.model.block import Block
from cxkit.model.calendar import Calendar
from cxkit.model.event import COLUMNS, Event, event, to_us
from cxkit.model.money import Money
from cxkit.stats import (
    AtLeast,
    By,
    Clustered,
    Cohorts,
    Distinct,
    DistinctState,
    Frequency,
    Moments,
    MomentsState,
    Returns,
    Sketch,
    Spans,
    SpansState,
    State,
    Statistic,
    Tally,
    Unless,
    Where,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cxkit.engines.request import Cell
    from cxkit.model.block import Part

ORDERS, ANSWERS = Where(kind="order.placed"), Where(kind="survey.answered")
AMOUNTS = Moments(ORDERS, "amount_minor")
OPENED, ANSWERED = Where(kind="contact.opened"), Where(kind="contact.answered")
HOUR = timedelta(hours=1)
NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)


def states(events: Iterable[Event], statistic: Statistic, **request: Any) -> Mapping[Cell, State]:
    """Return the states of one statistic by cell."""
    return collect(events, Request((statistic,), **request)).states[statistic]


def order(minor: int | None = 100, currency: str = "USD", **columns: Any) -> Event:
    """Return an order."""
    amount = None if minor is None else Money.of_minor(minor, currency)
    return event("order.placed", amount=amount, **columns)


def answer(score: float, **columns: Any) -> Event:
    """Return an answer."""
    return event("survey.answered", score=score, **columns)


@pytest.mark.parametrize(("keep", "score"), [("first", 2.0), ("latest", 4.0)])
def test_ties_go_by_code_point(keep: str, score: float):
    """At equal times ids decide as code points do, not as a dictionary would: A B _ a."""
    scores = {"_": 3.0, "a": 4.0, "A": 2.0, "B": 1.0}
    found = states([answer(s, id=i, time=NOON, customer="an") for i, s in scores.items()], Tally(ANSWERS, keep=keep))
    assert list(found[None, None].values) == [score]


def test_ties_go_by_source_before_id():
    """At equal times the source decides before the id."""
    events = [
        answer(1, id="z", source="a", time=NOON, customer="x"),
        answer(2, id="a", source="b", time=NOON, customer="x"),
    ]
    assert list(states(events, Tally(ANSWERS, keep="latest"))[None, None].values) == [2.0]


def test_large_sums_are_exact():
    """10,000 orders of 50 million dong: the sum of squares is beyond 64 bits."""
    (state,) = states([order(50_000_000, "VND", reference=str(n)) for n in range(10_000)], AMOUNTS).values()
    assert state == MomentsState(10_000, 500_000_000_000, 25 * 10**18, 50_000_000, 50_000_000)
    assert state.variance == 0.0


@pytest.mark.parametrize(("mean", "sd"), [(10**6, 1), (10**12, 10**3)])
def test_variance_beside_a_large_mean(mean: int, sd: int):
    """A variance that floats lose in Σx² is exact: here one with a mean a million or a billion times as large."""
    chance = Random(5)
    values = [mean + round(chance.gauss(0, 100) * sd) for _ in range(500)]
    (state,) = states([order(value) for value in values], AMOUNTS).values()
    assert state.mean == sum(values) / 500
    assert state.variance == pytest.approx(float(variance(values)), rel=1e-15)


def test_absurd_amounts_are_counted_apart():
    """From 2⁵² on an amount isn't summed, on any engine, but it is counted."""
    values = (2**52 - 1, 2**52, -(2**52), 1 - 2**52, 2**63 - 1, -(2**63), None)
    (state,) = states([order(value) for value in values], AMOUNTS).values()
    assert (state.n, state.total, state.out, state.nulls) == (2, 0, 4, 1)


@pytest.mark.parametrize(
    ("tz", "day", "half_hours"),
    [
        ("Europe/Berlin", "2026-03-29", 46),
        ("Europe/Berlin", "2026-10-25", 50),
        ("Australia/Lord_Howe", "2026-04-05", 49),
        ("Australia/Lord_Howe", "2026-10-04", 47),
    ],
)
def test_days_on_which_clocks_change(tz: str, day: str, half_hours: int):
    """An order every half hour for five days: the day is as long as its zone makes it, the others have 48."""
    calendar = Calendar("day", tz)
    before = calendar.start(calendar.index_of_day(datetime.fromisoformat(day).date()) - 2).astimezone(UTC)
    events = [order(time=before + n * HOUR / 2) for n in range(48 * 5)]
    counts = {calendar.label(p): s.n for (_, p), s in states(events, AMOUNTS, calendar=calendar).items()}
    assert counts.pop(day) == half_hours
    assert sorted(counts.values())[-3:] == [48, 48, 48]


def test_times_before_1970():
    """The microsecond before 1970 is in 1969, whose periods are numbered as all others."""
    events = [Event(id=str(at), ts_us=at, kind="order.placed", source="app", customer="c") for at in (-1, 0)]
    found = states(events, Frequency(ORDERS), calendar=Calendar("year"))
    assert set(found) == {(None, 1969), (None, 1970)}
    retained = states(events, Returns(ORDERS, "year"), calendar=Calendar("year"))
    assert retained[None, 1970].periods[1970].both == 1


def test_a_ticket_belongs_to_its_first_event():
    """Opened by e-mail in January, answered by phone in February: e-mail waited, in January, for three days."""
    opened = event("contact.opened", reference="t-1", channel="email", time=datetime(2026, 1, 30, tzinfo=UTC))
    answered = event("contact.answered", reference="t-1", channel="phone", time=datetime(2026, 2, 2, tzinfo=UTC))
    months = Calendar("month")
    found = states([answered, opened], Spans(OPENED, ANSWERED), by=("channel",), calendar=months)
    january = months.index(opened.ts_us)
    assert set(found) == {(("email",), january), (None, january)}
    assert found[None, january].gaps.total == 3 * 86_400 * 10**6
    assert found[None, january] == found[("email",), january]


def test_a_ticket_opened_before_the_bounds_is_no_orphan():
    """A start before `since` owns its ends: they aren't counted as ends without one."""
    opened = event("contact.opened", reference="t-1", time=NOON)
    answered = event("contact.answered", reference="t-1", time=NOON + HOUR)
    assert states([opened, answered], Spans(OPENED, ANSWERED), since_us=answered.ts_us) == {}
    (orphan,) = states([answered], Spans(OPENED, ANSWERED), since_us=answered.ts_us).values()
    assert orphan == SpansState(orphan=1)


def test_an_end_after_the_bounds_counts():
    """An answer after `until` still ends what was opened within the bounds."""
    opened = event("contact.opened", reference="t-1", time=NOON)
    answered = event("contact.answered", reference="t-1", time=NOON + HOUR)
    (state,) = states([opened, answered], Spans(OPENED, ANSWERED), until_us=opened.ts_us + 1).values()
    assert state.gaps.n == 1


@pytest.mark.parametrize(("as_of_hours", "fate"), [(None, "immature"), (3, "immature"), (4, "gaps"), (9, "gaps")])
def test_an_open_window_is_immature(as_of_hours: int | None, fate: str):
    """A start whose window isn't over when the data ends is left out, also if it was quick."""
    opened = event("contact.opened", reference="t-1", time=NOON)
    answered = event("contact.answered", reference="t-1", time=NOON + HOUR)
    as_of = None if as_of_hours is None else to_us(NOON + as_of_hours * HOUR)
    statistic = Spans(OPENED, ANSWERED, window_us=4 * HOUR)
    (state,) = states([opened, answered], statistic, as_of_us=as_of).values()
    assert (state.immature, state.gaps.n) == {"immature": (1, 0), "gaps": (0, 1)}[fate]


def test_an_instant_answer_is_no_gap_backwards():
    """An end at the very microsecond of the start ends it after nothing; one before it is counted as negative."""
    opened = event("contact.opened", reference="t-1", time=NOON)
    same, before = (event("contact.answered", reference="t-1", time=NOON - back * HOUR) for back in (0, 1))
    (state,) = states([opened, same], Spans(OPENED, ANSWERED)).values()
    assert (state.gaps.n, state.gaps.total) == (1, 0)
    (state,) = states([opened, before], Spans(OPENED, ANSWERED)).values()
    assert state == SpansState(negative=1)


def test_nan_is_no_answer():
    """A score that isn't a number is a null, not a promoter."""
    (state,) = states([answer(math.nan), answer(9)], Tally(ANSWERS)).values()
    assert (state.n, state.nulls) == (1, 1)


def test_composed_and_decomposed_text_are_one():
    """The same name, composed or not, is one customer in one segment."""
    events = [order(customer="Nguyễn", channel="caf\u00e9"), order(customer="Nguye\u0302\u0303n", channel="cafe\u0301")]
    found = states(events, Frequency(ORDERS), by=("channel",))
    assert {cell: dict(state.customers) for cell, state in found.items()} == {
        (("café",), None): {2: 1},
        (None, None): {2: 1},
    }


def test_no_row():
    """No event, no state, no time; nobody complains of columns that nobody could have."""
    collected = collect([], Request((AMOUNTS,), by=("whatever",), calendar=Calendar("month")))
    assert collected.states == {AMOUNTS: {}}
    assert (collected.events, collected.first_us, collected.last_us) == (0, None, None)


def test_one_row():
    """One event is everything at once."""
    alone = order(7, time=NOON, customer="c")
    collected = collect([alone], Request((AMOUNTS, Distinct(ORDERS))))
    assert collected.states[AMOUNTS] == {(None, None): MomentsState(1, 7, 49, 7, 7)}
    assert collected.states[Distinct(ORDERS)] == {(None, None): DistinctState(1)}
    assert (collected.events, collected.first_us, collected.last_us) == (1, alone.ts_us, alone.ts_us)


def test_bounds_are_half_open():
    """The first instant of the bounds is in, the last is not; what lies outside counts for nothing here."""
    events = [order(10**n, time=NOON + n * HOUR, channel="web") for n in range(4)]
    bounds = {"since_us": to_us(NOON + HOUR), "until_us": to_us(NOON + 3 * HOUR)}
    collected = collect(events, Request((AMOUNTS,), by=("channel",), **bounds))
    assert {state.total for state in collected.states[AMOUNTS].values()} == {110}
    assert (collected.events, collected.first_us, collected.last_us) == (2, events[1].ts_us, events[2].ts_us)


def _many() -> list[Event]:
    chance = Random(3)
    kinds = ("order.placed", "survey.answered", "contact.opened", "contact.answered", "identity.linked")
    return [
        Event(
            id=str(n),
            ts_us=to_us(NOON) + chance.randrange(10**13),
            kind=chance.choice(kinds),
            source="app",
            customer=chance.choice("abcde") if n % 9 else None,
            reference=chance.choice("abcdefg") if n % 7 else None,
            channel=chance.choice((None, "web", "app")),
            score=float(chance.randrange(11)),
            amount_minor=chance.randrange(10_000),
            currency=chance.choice(("USD", "VND")),
            properties=chance.choice((None, '{"coupon":"TET"}', '{"coupon":3}')),
        )
        for n in range(300)
    ]


EVERYTHING = (
    AMOUNTS,
    By(AMOUNTS, "currency"),
    By(Frequency(ORDERS), "coupon"),
    Sketch(ORDERS, "amount_minor"),
    Tally(ANSWERS),
    Tally(ANSWERS, keep="latest"),
    Distinct(Where(), "reference"),
    Frequency(ORDERS),
    Spans(OPENED, ANSWERED, key="customer", unit="id"),
    Spans(OPENED, ANSWERED, key="customer", starts="last", ends="last", window_us=timedelta(days=20)),
    Spans(OPENED, ANSWERED, key="reference", window_us=timedelta(days=20), unless=(Unless(ORDERS, key="customer"),)),
    Spans(ORDERS, ORDERS, key="customer"),
    Returns(Where(), "week"),
    Returns(Where(), "week", newcomers=True, mark=ANSWERS),
    Cohorts(ORDERS, "week", of="amount_minor"),
    Clustered(ANSWERS, plus=Where(score=AtLeast(9)), minus=Where(kind="survey.answered", channel="web")),
)


def test_chunks_and_order_mean_nothing(monkeypatch: pytest.MonkeyPatch):
    """A stream is read in chunks: where they end, and in what order events come, changes nothing."""
    request = Request(EVERYTHING, by=("channel", "coupon"), calendar=Calendar("month"), since_us=to_us(NOON) + 10**12)
    whole = collect(_many(), request)
    monkeypatch.setattr(import_module("cxkit.engines.rows.chunk"), "TOGETHER", 7)
    monkeypatch.setattr(import_module("cxkit.model.block"), "_TOGETHER", 7)
    for events in (_many(), _many()[::-1], sorted(_many(), key=lambda event: event.kind)):
        assert collect(iter(events), request) == whole


class _InBlocks:
    """Events in parts: every third as objects, the others as columns."""

    def __init__(self, events: list[Event]) -> None:
        self._events = events

    def __iter__(self) -> Iterator[Event]:
        return iter(self._events)

    def parts(self) -> Iterator[Part]:
        for at in range(0, len(self._events), 7):
            some = self._events[at : at + 7]
            columns = dict(zip(COLUMNS, zip(*map(attrs.astuple, some), strict=True), strict=True))
            filled = {name: values for name, values in columns.items() if set(values) != {None}}
            yield some if at % 3 == 0 else Block(len(some), filled)


@pytest.mark.parametrize("by", [(), ("channel",), ("channel", "coupon"), ("customer",)])
def test_columns_are_events(by: tuple[str, ...], monkeypatch: pytest.MonkeyPatch):
    """Events that come as columns give what they give as objects, however many blocks are put together."""
    for together in (1, 40, 10_000):
        monkeypatch.setattr(import_module("cxkit.engines.rows.chunk"), "TOGETHER", together)
        for calendar in (None, Calendar("month")):
            request = Request(EVERYTHING, by=by, calendar=calendar, since_us=to_us(NOON) + 10**12)
            assert collect(_InBlocks(_many()), request) == collect(_many(), request)


def test_linked_customers_are_one_everywhere():
    """After links every statistic sees canonical customers, as if they had been written so."""
    request = Request(EVERYTHING, by=("channel",), calendar=Calendar("month"))
    events = _many()
    mapping = collect(events, request).identities.mapping
    assert mapping
    renamed = [
        attrs.evolve(e, customer=mapping.get(e.customer, e.customer)) for e in events if "identity" not in e.kind
    ]
    links = [event for event in events if "identity" in event.kind]
    read = [statistic for statistic in EVERYTHING if statistic.reads is not None]
    before = collect(events, attrs.evolve(request, statistics=tuple(read))).states
    as_of = max(event.ts_us for event in events)
    after = collect(renamed, attrs.evolve(request, statistics=tuple(read), as_of_us=as_of)).states
    assert links
    assert before == after


def test_segments_of_any_type():
    """A property's value is text in a segment, the same on every engine; null and absent are one."""
    values = ("TET", 3, 3.0, 2.5, True, False, None, [1, "a"], {"b": 1}, "3")
    events = [order(customer="c", properties={"coupon": value}) for value in values] + [order(customer="c")]
    counts = {segment: state.n for (segment, _), state in states(events, AMOUNTS, by=("coupon",)).items()}
    assert counts == {
        ("TET",): 1, ("3",): 3, ("2.5",): 1, ("true",): 1, ("false",): 1, (None,): 2, ('[1, "a"]',): 1,
        ('{"b": 1}',): 1, None: 11,
    }  # fmt: skip


def test_attributes_of_touchpoints():
    """What a map says of an event's touchpoint segments it; a touchpoint that the map lacks has no value."""
    events = [order(touchpoint=touchpoint) for touchpoint in ("shop.web", "shop.app", "desk", None)]
    request = {"by": ("area",), "attributes": {"area": {"shop.web": "commerce", "shop.app": "commerce"}}}
    counts = {segment: state.n for (segment, _), state in states(events, AMOUNTS, **request).items()}
    assert counts == {("commerce",): 2, (None,): 2, None: 4}


def test_overall_counts_a_customer_once():
    """A customer of two channels is one customer: overall isn't the sum of its segments."""
    events = [order(customer="an", channel=channel) for channel in ("web", "app", "app")]
    found = states(events, Frequency(ORDERS), by=("channel",))
    assert {cell[0]: dict(state.customers) for cell, state in found.items()} == {
        ("web",): {1: 1},
        ("app",): {2: 1},
        None: {3: 1},
    }


def test_a_column_that_is_nobodys_is_refused():
    """A mistyped column is named with the nearest, among columns, attributes and properties that were seen."""
    events = [order(properties={"coupon": "TET", "size": 3})]
    with pytest.raises(UnknownNameError, match="unknown column 'channle'; did you mean 'channel'"):
        states(events, AMOUNTS, by=("channle",))
    with pytest.raises(UnknownNameError, match="unknown column 'cupon'; did you mean 'coupon'") as caught:
        states(events, AMOUNTS, by=("channel", "cupon"), attributes={"area": {}})
    assert {"channel", "coupon", "size", "area"} <= set(caught.value.names)


@pytest.mark.parametrize("kind", ["order.placed", "visit.started"])
def test_a_property_of_any_event_is_a_column(kind: str):
    """It is enough that one event has it, of whatever kind, in bounds or not, be it null."""
    events = [order(time=NOON), event(kind, properties={"coupon": None}, time=NOON - HOUR)]
    found = states(events, AMOUNTS, by=("coupon",), since_us=to_us(NOON))
    assert set(found) == {((None,), None), (None, None)}


def test_a_column_without_values_is_no_mistake():
    """A column of events may be empty everywhere."""
    assert set(states([order()], AMOUNTS, by=("item",))) == {((None,), None), (None, None)}


@pytest.mark.parametrize(
    "statistic", [By(Spans(OPENED, ANSWERED), "channel"), By(By(Spans(OPENED, ANSWERED), "a"), "b")]
)
def test_what_it_cannot_compute_is_refused(statistic: Statistic):
    """A statistic that the engine lacks is refused before anything is read."""
    read = []
    with pytest.raises(UnsupportedError, match=r"rows engine can.t compute.*Tally"):
        collect((read.append(n) for n in range(3)), Request((statistic,)))
    assert read == []


def test_a_foreign_statistic_is_refused():
    """So is one that the engine has never heard of."""

    @attrs.frozen
    class Median:
        name = "median"

    with pytest.raises(UnsupportedError, match="Median"):
        collect([], Request((Median(),)))


@pytest.mark.parametrize("thing", [{"kind": "order.placed"}, None, "order.placed"])
def test_what_is_no_event_is_refused(thing: object):
    """Something else among the events is named."""
    with pytest.raises(InvalidValueError, match=r"data: .* isn't an Event"):
        collect([order(), thing], Request((AMOUNTS,)))
