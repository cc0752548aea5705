"""Days have the hours that the zone's clocks show."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from cxkit.model.event import from_us
from cxkit.simulate.day import between, day_of, online
from cxkit.simulate.truths import TZ

DAYS = [(date(2025, 1, 15), 24), (date(2025, 3, 30), 23), (date(2025, 10, 26), 25)]


@pytest.mark.parametrize(("day", "hours"), DAYS)
def test_a_day_is_as_long_as_its_clocks_say(day, hours):
    """The two days on which the clocks change have 23 and 25 hours, and hours never run backwards."""
    found = day_of(0, day)

    assert from_us(found.hours[-1]) - from_us(found.hours[0]) == timedelta(hours=hours)
    assert list(found.hours) == sorted(found.hours)


@pytest.mark.parametrize(("day", "hours"), DAYS)
def test_instants_lie_on_their_day(day, hours):
    """Whoever is online, or comes between two hours, comes on that local day and within those hours."""
    found, chance, here = day_of(0, day), Random(5).random, ZoneInfo(TZ)

    for _ in range(500):
        assert from_us(online(found, chance)).astimezone(here).date() == day
        assert 10 <= from_us(between(found, chance, 10, 20)).astimezone(here).hour < 20
