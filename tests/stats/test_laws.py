"""One suite of laws for every statistic: states merge as the statistic says, and nowhere else.

States aren't made up: the row engine computes them over drawn events, so that what is drawn is what comes about.
"""

from __future__ import annotations

import json
from datetime import timedelta
from random import Random
from zlib import crc32

import attrs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cxkit.engines import Request
from cxkit.engines.rows import SUPPORTED, collect
from cxkit.errors import NotMergeableError
from cxkit.model.event import PPM, Event, event
from cxkit.stats import (
    AtLeast,
    By,
    Clustered,
    Cohorts,
    Distinct,
    DistinctState,
    Frequency,
    IsNull,
    Less,
    Moments,
    Not,
    Returns,
    Sketch,
    Spans,
    State,
    Statistic,
    Tally,
    Unless,
    Where,
    merge,
)

ORDERS = Where(kind="order.placed")
ANSWERS = Where(kind="survey.answered")
OPENED, ANSWERED = Where(kind="contact.opened"), Where(kind="contact.answered")

STATISTICS: dict[str, Statistic] = {
    "tally of all answers": Tally(ANSWERS),
    "tally of a text": Tally(Where(), "channel"),
    "tally of a property of several types": Tally(Where(), "size"),
    "tally of the first by customer": Tally(ANSWERS, keep="first"),
    "tally of the latest by customer": Tally(ANSWERS, keep="latest"),
    "tally of the first by reference": Tally(ANSWERS, keep="first", per="reference"),
    "tally of the latest by reference": Tally(Where(), keep="latest", per="reference"),
    "moments": Moments(ORDERS, "amount_minor"),
    "moments under conditions": Moments(Where(channel=Not(IsNull()), score=AtLeast(3)), "duration_us"),
    "sketch": Sketch(ORDERS, "amount_minor"),
    "clustered sum": Clustered(ORDERS, "amount_minor"),
    "clustered promoters less detractors": Clustered(ANSWERS, plus=Where(score=AtLeast(9)), minus=Where(score=Less(7))),
    "clustered scores": Clustered(ANSWERS, "score"),
    "tally of binned scores": Tally(ANSWERS, decimals=1),
    "returns of a year before": Returns(ORDERS, "month", base="year", squares=True),
    "returns and newcomers": Returns(ORDERS, "month", squares=True, mark=OPENED),
    "clustered share of kinds": Clustered(Where(), plus=ORDERS, minus=Where(kind=("cart.updated", "contact.opened"))),
    "distinct customers": Distinct(Where()),
    "distinct references": Distinct(ORDERS, "reference"),
    "frequency": Frequency(ORDERS),
    "spans for ever": Spans(OPENED, ANSWERED),
    "spans within a window": Spans(OPENED, ANSWERED, window_us=timedelta(days=1)),
    "spans unless spoiled": Spans(OPENED, ANSWERED, window_us=timedelta(days=7), unless=(Unless(OPENED),)),
    "spans to the last end": Spans(OPENED, ANSWERED, ends="last"),
    "spans from the last start": Spans(OPENED, ANSWERED, starts="last", window_us=3_600_000_000),
    "spans of a customer's carts": Spans(
        Where(kind="cart.updated"), ORDERS, key="customer", unit="reference", starts="last", window_us=timedelta(days=7)
    ),
    "spans from every order to the next": Spans(ORDERS, ORDERS, key="customer", unit="id"),
    "returns by month": Returns(ORDERS, "month"),
    "returns by day": Returns(Where(), "day"),
    "returns by year of a duration": Returns(ORDERS, "year", of="duration_us"),
    "cohorts by month": Cohorts(ORDERS, "month"),
    "cohorts by day of a duration": Cohorts(Where(), "day", of="duration_us"),
    "moments by currency": By(Moments(ORDERS, "amount_minor"), "currency"),
    "tally by channel": By(Tally(ANSWERS, keep="latest"), "channel"),
    "returns by currency": By(Returns(ORDERS, "month"), "currency"),
    "cohorts by currency": By(Cohorts(ORDERS, "week"), "currency"),
    "distinct references by a property": By(Distinct(Where(), "reference"), "size"),
}
SPLITS = ("event", "reference", "customer")
AS_OF = 1_800_000_000_000_000

DAY = 86_400_000_000
JANUARY_31 = 1_769_817_600_000_000
KINDS = ("order.placed", "contact.opened", "contact.answered", "survey.answered", "cart.updated")
AMOUNTS = (0, 1, -1, 150, 12_990, 50_000_000, 2**52 - 1, 2**52, -(2**52), 2**63 - 1, -(2**63))
PROPERTIES = (None, None, "{}", '{"size":3}', '{"size":"L"}', '{"size":38.5}', '{"size":null}', '{"size":[1]}')


def _pool() -> list[Event]:
    """Return events that meet often: few customers and references, days around a month's end, ties, extremes.

    Tables are drawn from these, one draw an event: drawing each column would take most of the time.
    """
    chance = Random(20_260_131)
    pick = chance.choice

    def made(number: int) -> Event:
        amount = pick((None, *AMOUNTS))
        return Event(
            id=pick("_aAB") + str(number),
            ts_us=pick((0, -1, AS_OF, *[JANUARY_31 + chance.randrange(-3, 40) * DAY + pick((0, 1, DAY - 1))] * 9)),
            kind=pick(KINDS),
            customer=pick((None, "_", "a", "A", "B")),
            source=pick(("app", "till")),
            channel=pick((None, "web", "app")),
            reference=pick((None, "o-1", "o-2", "_", "A")),
            score=pick((None, *map(float, range(11)))),
            amount_minor=amount,
            currency=None if amount is None else pick(("USD", "VND")),
            duration_us=pick((None, *AMOUNTS)),
            weight_ppm=pick((PPM, PPM, PPM, 0, 1, 1_500_000, 2**63 - 1)),
            properties=pick(PROPERTIES),
        )

    return [made(number) for number in range(500)]


POOL = _pool()
tables = st.lists(st.sampled_from(POOL), max_size=16, unique_by=lambda event: event.id)

every_statistic = pytest.mark.parametrize("statistic", STATISTICS.values(), ids=STATISTICS)
few = settings(max_examples=10)


def state_of(statistic: Statistic, events: list[Event]) -> State:
    """Return the state of a table, whole; what is after the table's end is pinned, or parts would end earlier."""
    states = collect(events, Request((statistic,), as_of_us=AS_OF)).states[statistic]
    return states.get((None, None), statistic.zero())


def parts_of(events: list[Event], over: str, salt: int) -> list[list[Event]]:
    """Return a table in two parts; no value of the column stands in both, and rows without one stand anywhere."""
    parts: list[list[Event]] = [[], []]
    for each in events:
        value = None if over == "event" else getattr(each, over)
        parts[crc32(f"{salt}{each.id if value is None else value}".encode()) % 2].append(each)
    return parts


def test_every_statistic_is_here():
    """Each statistic that the row engine computes stands in the list above; a new one must join it."""
    assert {type(statistic) for statistic in STATISTICS.values()} == SUPPORTED


@every_statistic
@few
@given(st.lists(tables, min_size=3, max_size=3))
def test_states_are_a_commutative_monoid(statistic: Statistic, drawn: list[list[Event]]):
    """Merging is commutative and associative, and the state of no events changes nothing."""
    a, b, c = (state_of(statistic, events) for events in drawn)
    zero = statistic.zero()
    assert a.plus(b) == b.plus(a)
    assert a.plus(b).plus(c) == a.plus(b.plus(c))
    assert a.plus(zero) == a == zero.plus(a)


@every_statistic
def test_the_pool_has_something_for_each(statistic: Statistic):
    """No law holds for want of events: over the whole pool no state is zero."""
    assert state_of(statistic, POOL) != statistic.zero()


@every_statistic
def test_no_events_are_zero(statistic: Statistic):
    """The state of no events is the statistic's zero."""
    assert state_of(statistic, []) == statistic.zero()


@every_statistic
@few
@example(POOL)
@given(tables)
def test_json_and_back(statistic: Statistic, events: list[Event]):
    """A state survives JSON text, strictly standard, to the last digit."""
    state = state_of(statistic, events)
    assert statistic.load(json.loads(json.dumps(state.to_json(), allow_nan=False))) == state


@every_statistic
@few
@example(POOL, 0)
@given(tables, st.integers(0, 99))
def test_parts_make_the_whole(statistic: Statistic, events: list[Event], salt: int):
    """For every split that the statistic survives, the parts merge to what the whole gives."""
    whole = state_of(statistic, events)
    for over in SPLITS:
        if statistic.mergeable_over in ("event", over):
            left, right = (state_of(statistic, part) for part in parts_of(events, over, salt))
            assert merge(statistic, left, right, over=over) == whole, over


@every_statistic
@few
@example(POOL)
@given(tables)
def test_order_of_events_means_nothing(statistic: Statistic, events: list[Event]):
    """Events may come in any order: ties are decided by time, source and id."""
    assert state_of(statistic, events) == state_of(statistic, sorted(events, key=lambda event: event.id))


@every_statistic
@pytest.mark.parametrize("over", SPLITS)
def test_merge_refuses_other_splits(statistic: Statistic, over: str):
    """Parts that were split otherwise would count somebody twice: merge raises, whatever the states."""
    if statistic.mergeable_over in ("event", over):
        assert merge(statistic, statistic.zero(), statistic.zero(), over=over) == statistic.zero()
        return
    with pytest.raises(NotMergeableError, match=f"each {statistic.mergeable_over} once.*split by {over}"):
        merge(statistic, statistic.zero(), statistic.zero(), over=over)


def test_merge_takes_the_careful_split_for_granted():
    """Without a word on how events were split, any split must be survived."""
    assert merge(Moments(ORDERS, "amount_minor"), *[Moments(ORDERS, "amount_minor").zero()] * 2)
    with pytest.raises(NotMergeableError):
        merge(Frequency(ORDERS), Frequency(ORDERS).zero(), Frequency(ORDERS).zero())


def test_a_wrong_split_would_lie():
    """That is why merge refuses: two orders of one customer, one in each part, would be two customers."""
    statistic = Distinct(ORDERS)
    orders = [event("order.placed", customer="an", reference=reference) for reference in "12"]
    first, second = (state_of(statistic, [order]) for order in orders)
    assert first.plus(second) == DistinctState(2)
    assert state_of(statistic, orders) == DistinctState(1)


@every_statistic
def test_declarations_are_values(statistic: Statistic):
    """A declaration can't be changed, and one that says the same is equal and hashes alike: metrics share it."""
    twin = attrs.evolve(statistic)
    assert twin == statistic
    assert hash(twin) == hash(statistic)
    name = attrs.fields(type(statistic))[0].name
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(statistic, name, None)


@every_statistic
def test_states_are_values(statistic: Statistic):
    """A state can't be changed."""
    zero = statistic.zero()
    assert isinstance(zero, State)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(zero, attrs.fields(type(zero))[0].name, 1)


@every_statistic
@few
@example(POOL)
@given(tables)
def test_other_kinds_change_nothing(statistic: Statistic, events: list[Event]):
    """Events of kinds that a statistic doesn't read leave its state as it was."""
    read = [event for event in events if statistic.reads is None or event.kind in statistic.reads]
    assert state_of(statistic, events) == state_of(statistic, read)
