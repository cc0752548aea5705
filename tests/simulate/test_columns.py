"""The shop in whole columns is a shop like the other, the same everywhere, in little memory."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from cxkit.errors import InvalidValueError, MissingExtraError
from cxkit.model import INSTRUMENTS, Event, check_score, resolve
from cxkit.simulate import TRUTHS, simulate_shop
from cxkit.simulate.columns import customers_for, simulate_tables, tables

pytest.importorskip("polars", reason="needs cxkit[frame]")
pytest.importorskip("pyarrow", reason="needs cxkit[frame]")

# Prints a hash of all rows of a small shop over the day on which the clocks change.
PRINT_HASH = """
import hashlib
from datetime import date

from cxkit.simulate.columns import simulate_tables

told = hashlib.sha256()
for table in simulate_tables(seed=3, customers=200, start=date(2025, 3, 20), days=20):
    for row in table.to_pylist():
        told.update(repr(row).encode())
print(told.hexdigest())
"""


def events_of(**how) -> list[Event]:
    """Return the rows of a simulation as events, made with all checks."""
    return [Event(**row) for table in simulate_tables(**how) for row in table.to_pylist()]


@pytest.fixture(scope="module")
def year() -> list[Event]:
    """Return a year of a small shop."""
    return events_of(customers=600)


def test_the_same_events_everywhere():
    """A seed's events are what they were when this was written, on one thread as on several."""
    printed = set()
    for threads in ("1", "3"):
        env = {**os.environ, "POLARS_MAX_THREADS": threads, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        done = subprocess.run([sys.executable, "-c", PRINT_HASH], env=env, capture_output=True, text=True, check=True)
        printed.add(done.stdout.strip())

    assert printed == {"327ba1f5d064bbac20997dfe87749f88b3e3d7c42273777fd1675f268f9cf6d3"}


def test_another_seed_shares_no_id():
    """Neither two seeds nor the two ways of simulating share an id, so that a store can hold all."""
    how = {"customers": 40, "days": 20}
    found = [{event.id for event in events} for events in (events_of(seed=1, **how), events_of(seed=2, **how))]
    found.append({event.id for event in simulate_shop(seed=1, **how)})

    assert all(found)
    assert len(set().union(*found)) == sum(map(len, found))


def test_it_is_like_the_other_shop(year):
    """Everything happens about as often, by kind and channel, as where it is simulated one by one."""
    ours, theirs = (
        Counter((event.kind, event.channel) for event in events) for events in (year, simulate_shop(customers=600))
    )

    assert ours.keys() == theirs.keys()
    assert all(
        abs(ours[cell] - theirs[cell]) < 0.15 * theirs[cell] for cell in ours if theirs[cell] > 1_000
    )  # fmt: skip
    assert {event.touchpoint for event in year} == {event.touchpoint for event in simulate_shop(customers=600)}


def test_values_are_whole_and_on_their_scales(year):
    """Times are in milliseconds, waits too, and scores lie on their instruments' scales."""
    assert {event.source for event in year} == {"simulated-shop"}
    for event in year:
        assert event.ts_us % 1_000 == 0
        assert (event.duration_us or 0) % 1_000 == 0
        if event.instrument is not None and event.score is not None:
            assert check_score(event.instrument, event.score, INSTRUMENTS) == event.score
        assert (event.amount_minor is None) == (event.currency is None)


def test_it_lives_within_its_days_and_hours(year):
    """It keeps to its days and to the opening hours of the local clock."""
    here = ZoneInfo(TRUTHS.tz)
    hours = {"order.placed": (10, 20), "contact.opened": (8, 20)}
    local = {event.time.astimezone(here).date() for event in year}
    for event in year:
        if event.channel in ("store", "phone", "chat") and event.kind in hours:
            opens, closes = hours[event.kind]
            at = event.time.astimezone(here)
            assert opens <= at.hour < closes
            assert at.isoweekday() != 7

    assert (min(local), max(local)) == (date(2025, 1, 1), date(2025, 12, 31))


def test_what_belongs_together_comes_in_order(year):
    """Of one reference, carts come before orders, orders before parcels and those before refunds."""
    order = ("cart.updated", "checkout.started", "order.placed", "order.delivered", "order.refunded")
    seen = defaultdict(dict)
    for event in year:
        if event.kind in order:
            assert event.kind not in seen[event.reference]
            seen[event.reference][event.kind] = (event.ts_us, event.customer)

    assert any(len(steps) == len(order) for steps in seen.values())
    for steps in seen.values():
        found = [steps[kind][0] for kind in order if kind in steps]
        assert found == sorted(found)
        assert len({customer for _, customer in steps.values()}) == 1


def test_guests_are_customers(year):
    """Every e-mail address that orders belongs to one customer, linked once, before the first order."""
    people = resolve(year)
    guests = {event.customer for event in year if event.kind == "order.placed" and "email:" in (event.customer or "")}
    links = Counter(event.reference for event in year if event.kind == "identity.linked")

    assert guests
    assert not people.conflicts
    assert set(links.values()) == {1}
    assert links.keys() >= guests
    assert all(people.canonical(guest) == "c" + guest.removeprefix("email:customer")[:6] for guest in guests)


def test_blocks_are_of_other_customers(monkeypatch):
    """Each table is in order of time; ids count up over all; customers and references are in one table only."""
    monkeypatch.setattr(tables, "_BLOCK", 50)
    found = list(simulate_tables(customers=120, days=40))
    ids = [name for table in found for name in table["id"].to_pylist()]
    customers, references = (
        [set(table[column].to_pylist()) - {None} for table in found] for column in ("customer", "reference")
    )

    assert len(found) == 3
    assert ids == sorted(set(ids))
    assert all(table["ts_us"].to_pylist() == sorted(table["ts_us"].to_pylist()) for table in found)
    assert all(len(set().union(*sets)) == sum(map(len, sets)) for sets in (customers, references))
    assert all(table.schema == found[0].schema for table in found)


def test_about_so_many_events_are_made():
    """As many customers are chosen as make about the events that are asked for."""
    customers = customers_for(60_000, days=90)
    found = sum(table.num_rows for table in simulate_tables(customers=customers, days=90))

    assert abs(found - 60_000) < 3_000
    assert customers_for(0) == 0
    assert customers_for(1) == 1
    with pytest.raises(InvalidValueError, match="can't happen in 0 days"):
        customers_for(10, days=0)


def test_small_shops():
    """No customer or no day is no event; one customer is a shop."""
    assert not list(simulate_tables(customers=0))
    assert not list(simulate_tables(days=0))
    assert events_of(customers=1, seed=5, days=700)
    assert events_of(customers=3, start=date(2, 1, 1), days=1) is not None


@pytest.mark.parametrize(
    ("arguments", "field"),
    [({"seed": -1}, "seed"), ({"customers": True}, "customers"), ({"start": date(9998, 12, 31), "days": 2}, "start")],
)
def test_what_cannot_be_simulated_is_refused_at_once(arguments, field):
    """An argument that can't be is named before the first table is asked for."""
    with pytest.raises(InvalidValueError) as caught:
        simulate_tables(**arguments)

    assert caught.value.field == field


def test_missing_library_is_named(monkeypatch):
    """Without Polars the sentence says what to install."""
    monkeypatch.setitem(sys.modules, "polars", None)

    with pytest.raises(MissingExtraError, match=r"cxkit\[frame\]"):
        simulate_tables(customers=1)
