"""The simulated shop is the same shop everywhere, and lives like one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, date, datetime
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import attrs
import pytest

from cxkit.errors import InvalidValueError
from cxkit.model import CHANNELS, INSTRUMENTS, KINDS, Event, JourneyMap, check_score, resolve
from cxkit.simulate import TRUTHS, simulate_shop

# Prints a hash of all columns of all events of a small shop over the day on which the clocks change.
PRINT_HASH = """
import hashlib
from datetime import date

import attrs
from cxkit.simulate import simulate_shop

told = hashlib.sha256()
for event in simulate_shop(seed=3, customers=40, start=date(2025, 3, 20), days=20):
    told.update(repr(attrs.astuple(event)).encode())
print(told.hexdigest())
"""


@pytest.fixture(scope="module")
def year() -> list[Event]:
    """Return a year of a small shop."""
    return list(simulate_shop(customers=400))


@pytest.mark.parametrize("hash_seed", ["0", "1"])
def test_the_same_events_on_every_python(hash_seed):
    """A seed's events are what they were when this was written, on whatever Python, however it orders a set."""
    env = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}

    done = subprocess.run([sys.executable, "-c", PRINT_HASH], env=env, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "cc301a29ed54c61fcb1142ee498b7130b78ec48f3e1006a773dd78b3f44974e7"


def test_another_seed_is_another_shop_with_other_ids():
    """Two seeds share no id, so that a store can hold both."""
    one = {event.id for event in simulate_shop(seed=1, customers=40, days=20)}
    two = {event.id for event in simulate_shop(seed=2, customers=40, days=20)}

    assert one
    assert one.isdisjoint(two)


def test_every_event_passes_the_checks(year):
    """Making each event again, with all checks, gives the same event; scores lie on their scales."""
    for event in year:
        assert Event(**attrs.asdict(event)) == event
        assert event.source == "simulated-shop"
        if event.instrument is not None and event.score is not None:
            assert check_score(event.instrument, event.score, INSTRUMENTS) == event.score


def test_a_stream_in_order_of_time_and_id(year):
    """Events come in order of time, and their ids count up."""
    assert all(one.ts_us <= two.ts_us and one.id < two.id for one, two in pairwise(year))


def test_the_first_events_come_before_the_last_are_made():
    """The shop is a stream: looking at its first days costs nothing of the next thousand years."""
    found = list(islice(simulate_shop(customers=100, days=365_000), 10))

    assert len(found) == 10


def test_it_lives_within_its_days_in_its_zone(year):
    """The first event is on the first local day, the last on the last."""
    here = ZoneInfo(TRUTHS.tz)

    assert year[0].time.astimezone(here).date() == date(2025, 1, 1)
    assert year[-1].time.astimezone(here).date() == date(2025, 12, 31)
    assert year[0].time < datetime(2025, 1, 1, tzinfo=UTC)


def test_it_keeps_opening_hours(year):
    """The store sells from 10 to 20 and the desk is called from 8 to 20, never on a Sunday, by the local clock."""
    here = ZoneInfo(TRUTHS.tz)
    hours = {"order.placed": (10, 20), "contact.opened": (8, 20)}
    for event in year:
        if event.channel in ("store", "phone", "chat") and event.kind in hours:
            opens, closes = hours[event.kind]
            local = event.time.astimezone(here)
            assert opens <= local.hour < closes
            assert local.isoweekday() != 7


def test_it_knows_only_the_model_and_the_hourglass(year):
    """Kinds and channels are the model's, touchpoints the hourglass's."""
    touchpoints = set(JourneyMap.preset("hourglass").attribute("stage"))

    assert {event.kind for event in year} <= set(KINDS)
    assert {event.channel for event in year} == {"web", "app", "store", "phone", "email", "chat", "mail", "partner"}
    assert {event.channel for event in year} <= set(CHANNELS)
    assert {event.touchpoint for event in year} <= touchpoints


def test_everything_happens_in_it(year):
    """Anonymous sales and visits, guests who turn out to be customers, tickets that cross periods and channels."""
    kinds = Counter(event.kind for event in year)
    tickets: dict[str, set[tuple[str, int]]] = {}
    for event in year:
        if event.kind.startswith("contact."):
            tickets.setdefault(event.reference, set()).add((event.channel, event.time.month))

    assert set(kinds) == {
        "visit.started", "product.viewed", "cart.updated", "checkout.started", "order.placed", "order.delivered",
        "order.refunded", "contact.opened", "contact.answered", "contact.resolved", "contact.reopened",
        "contact.abandoned", "survey.sent", "survey.answered", "review.posted", "account.created", "identity.linked",
    }  # fmt: skip
    assert any(event.customer is None and event.channel == "store" for event in year if event.kind == "order.placed")
    assert any(event.customer is None for event in year if event.kind == "visit.started")
    assert any(len({channel for channel, _ in found}) > 1 for found in tickets.values())
    assert any(len({month for _, month in found}) > 1 for found in tickets.values())


def test_guests_are_customers(year):
    """Every e-mail address that orders belongs to one customer, and the links say whose it is."""
    people = resolve(year)
    guests = {event.customer for event in year if event.kind == "order.placed" and "email:" in (event.customer or "")}

    assert guests
    assert not people.conflicts
    assert all(people.canonical(guest) == "c" + guest.removeprefix("email:customer")[:6] for guest in guests)


def test_small_shops():
    """No customer or no day is no event; a handful of customers is a shop."""
    assert not list(simulate_shop(customers=0))
    assert not list(simulate_shop(days=0))
    assert {event.kind for event in simulate_shop(customers=5)} >= {"order.placed", "survey.answered"}


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"seed": -1}, "seed"),
        ({"seed": "7"}, "seed"),
        ({"customers": 2.5}, "customers"),
        ({"customers": True}, "customers"),
        ({"days": -1}, "days"),
        ({"start": date(1, 1, 1)}, "start"),
        ({"start": date(9998, 12, 31), "days": 2}, "start"),
    ],
)
def test_what_cannot_be_simulated_is_refused_at_once(arguments, field):
    """An argument that can't be is named before the first event is asked for."""
    with pytest.raises(InvalidValueError) as caught:
        simulate_shop(**arguments)

    assert caught.value.field == field


def test_the_ends_of_the_calendar_can_be_simulated():
    """The first and the last days that are allowed work."""
    assert list(simulate_shop(customers=50, start=date(2, 1, 1), days=40))
    assert list(simulate_shop(customers=50, start=date(9998, 11, 22), days=40))
