"""Periods are local, exact and the same however one asks: checked against zoneinfo over many zones."""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.strategies import FIRST_US, LAST_US, times

from cxkit.errors import InvalidValueError, UnknownNameError
from cxkit.model.calendar import EVERY, Calendar, offsets, parse_instant, zone
from cxkit.model.event import from_us, to_us

HOUR = 3_600_000_000
ZONES = (
    "UTC",
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/St_Johns",  # its clocks changed a minute past midnight from 1987 to 2011, back into the day before
    "America/Sao_Paulo",  # its clocks changed at midnight: some days began at one
    "America/Havana",  # its clocks go back to midnight: some days begin twice
    "Australia/Lord_Howe",  # changes by half an hour
    "Asia/Kathmandu",
    "Asia/Ho_Chi_Minh",  # 7 h 6 min 30 s until 1911
    "Africa/Monrovia",  # 44 min 30 s behind until 1972
    "Africa/Casablanca",
    "Pacific/Apia",  # left 30 December 2011 out
    "Pacific/Kiritimati",
    "Etc/GMT+12",
)
# From the first offsets that were written down to a decade ahead.
recent = st.integers(-3_000_000_000_000_000, 2_100_000_000_000_000)
instants = recent | recent | times()
calendars = st.builds(Calendar, st.sampled_from(EVERY), st.sampled_from(ZONES))


def us(text: str) -> int:
    """Return the microseconds of a time with an offset."""
    return to_us(datetime.fromisoformat(text))


def label_of(ts_us: int, every: str, tz: str) -> str:
    """Return the label of an instant's period by datetime and zoneinfo alone."""
    local = from_us(ts_us).astimezone(ZoneInfo(tz))
    year, week, _ = local.isocalendar()
    return {
        "day": f"{local:%Y-%m-%d}".rjust(10, "0"),
        "week": f"{year:04d}-W{week:02d}",
        "month": f"{local.year:04d}-{local.month:02d}",
        "quarter": f"{local.year:04d}-Q{(local.month + 2) // 3}",
        "year": f"{local.year:04d}",
    }[every]


@given(calendars, instants)
@example(Calendar("day", "America/St_Johns"), us("2010-11-07T00:00:30-02:30"))
@example(Calendar("day", "America/St_Johns"), us("2010-11-06T23:30:00-03:30"))
@example(Calendar("day", "Pacific/Apia"), us("2011-12-31T00:00:00+14:00"))
@example(Calendar("month", "Asia/Ho_Chi_Minh"), us("1900-12-31T17:00:00+00:00"))
def test_a_period_is_what_zoneinfo_says(calendar: Calendar, ts_us: int):
    """An instant belongs to the period of its local day."""
    assert calendar.label(calendar.index(ts_us)) == label_of(ts_us, calendar.every, calendar.tz)


@given(calendars, st.lists(instants, min_size=1, max_size=10))
def test_lookup_agrees(calendar: Calendar, drawn: list[int]):
    """The quick way gives the same periods, for one instant and for many."""
    lookup = calendar.lookup()
    expected = [calendar.index(ts_us) for ts_us in drawn]
    assert lookup.indices(drawn) == expected
    assert [lookup.index(ts_us) for ts_us in drawn] == expected


@given(calendars, recent, st.integers(0, 400 * 24 * HOUR), st.lists(st.floats(0, 1), max_size=20))
@example(Calendar("day", "America/St_Johns"), us("2010-11-01T00:00:00+00:00"), 10 * 24 * HOUR, [0.5])
@example(Calendar("day", "Pacific/Apia"), us("2011-12-20T00:00:00+00:00"), 20 * 24 * HOUR, [0.5])
def test_pieces_agree(calendar: Calendar, first: int, length: int, places: list[float]):
    """A span's cuts and indices give every instant its period, also around each cut and at both ends."""
    cuts, indices = calendar.pieces(first, first + length)
    assert len(indices) == len(cuts) + 1
    assert list(cuts) == sorted(set(cuts))
    within = {first, first + length, *(first + int(place * length) for place in places)}
    within |= {at for cut in cuts for at in (cut - 1, cut, cut + 1) if first <= at <= first + length}
    for ts_us in within:
        assert indices[bisect_right(cuts, ts_us)] == calendar.index(ts_us)


@given(calendars, instants)
def test_a_period_starts_where_it_says(calendar: Calendar, ts_us: int):
    """A period's first instant is in it, and the one before isn't; what a clock skipped begins with what follows."""
    index = calendar.index(ts_us)
    start = calendar.start(index)
    assert calendar.index(max(FIRST_US, to_us(start))) >= index
    if to_us(start) > FIRST_US:
        assert calendar.index(to_us(start) - 1) < index


@given(st.sampled_from(EVERY), st.sampled_from(EVERY), recent)
def test_a_longer_period_holds_the_first_day(every: str, other: str, ts_us: int):
    """A period's place in another calendar is where its first day lies."""
    calendar, longer = Calendar(every, "Europe/Berlin"), Calendar(other, "Europe/Berlin")
    index = calendar.index(ts_us)
    found = calendar.index_of(index, longer)
    assert longer.first_day(found) <= calendar.first_day(index) < longer.first_day(found + 1)


# The days on which clocks change, in local hours: Berlin by an hour, Lord Howe by half an hour.
@pytest.mark.parametrize(
    ("tz", "day", "hours"),
    [
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("Australia/Lord_Howe", "2026-04-05", 24.5),
        ("Australia/Lord_Howe", "2026-10-04", 23.5),
        ("Pacific/Apia", "2011-12-29", 24),
        ("UTC", "2026-03-29", 24),
    ],
)
def test_length_of_days(tz: str, day: str, hours: float):
    """A day is as long as its zone makes it."""
    calendar = Calendar("day", tz)
    start = parse_instant("since", day, tz)
    index = calendar.index(start)
    assert calendar.label(index) == day
    assert to_us(calendar.start(index)) == start
    end = start + int(hours * HOUR)
    assert calendar.index(end - 1) == index < calendar.index(end)


@pytest.mark.parametrize(
    ("every", "day", "label", "previous"),
    [
        ("day", "2026-03-01", "2026-03-01", "2026-02-28"),
        ("week", "2027-01-04", "2027-W01", "2026-W53"),
        ("week", "2026-03-01", "2026-W09", "2026-W08"),
        ("month", "2026-01-31", "2026-01", "2025-12"),
        ("quarter", "2026-03-31", "2026-Q1", "2025-Q4"),
        ("year", "2026-12-31", "2026", "2025"),
        ("year", "0999-12-31", "0999", "0998"),
    ],
)
def test_the_period_before_is_one_less(every: str, day: str, label: str, previous: str):
    """Periods are numbered without gaps, across years and ISO weeks."""
    calendar = Calendar(every)
    index = calendar.index(parse_instant("day", day, "UTC"))
    assert (calendar.label(index), calendar.label(index - 1)) == (label, previous)


@given(calendars, instants, instants)
def test_labels_sort_as_time_goes(calendar: Calendar, one: int, other: int):
    """Later periods have greater labels, and different periods different ones."""
    one, other = calendar.index(one), calendar.index(other)
    assert (one < other) is (calendar.label(one) < calendar.label(other))


def test_offsets_follow_one_another():
    """The stretches of constant offset cover the span without gap or overlap, and each ends where clocks change."""
    first, last = us("1985-01-01T00:00:00+00:00"), us("2012-01-01T00:00:00+00:00")
    found = offsets("America/St_Johns", first, last)
    assert (found[0][0], found[-1][1]) == (first, last)
    for (_, end, before), (start, _, after) in pairwise(found):
        assert start == end + 1
        assert before != after
        local = [from_us(at).astimezone(ZoneInfo("America/St_Johns")).utcoffset() for at in (end, start)]
        assert [offset // timedelta(microseconds=1) for offset in local if offset is not None] == [before, after]
    assert len(found) == 55  # twice a year for 27 years


@pytest.mark.parametrize("every", ["fortnight", "", None, "Month"])
def test_other_lengths_are_refused(every: str):
    """A calendar knows five lengths."""
    with pytest.raises(ValueError, match="every"):
        Calendar(every)


@pytest.mark.parametrize("name", ["Europe/Berln", "", "../etc/passwd", "/etc/localtime", "Europe", "\0", None, 3])
def test_unknown_zones(name: str):
    """A zone that doesn't exist is named, also where it reads like a path."""
    with pytest.raises(UnknownNameError, match="time zone"):
        zone(name)


def test_a_mistyped_zone_is_mended():
    """The nearest zone is suggested."""
    with pytest.raises(UnknownNameError, match="did you mean 'Asia/Ho_Chi_Minh'"):
        zone("Asia/Ho_Chi_Min")


@pytest.mark.parametrize(
    ("value", "tz", "instant"),
    [
        ("2026", "UTC", "2026-01-01T00:00:00+00:00"),
        ("2026-03", "Asia/Ho_Chi_Minh", "2026-03-01T00:00:00+07:00"),
        ("2026-03-05", "Asia/Ho_Chi_Minh", "2026-03-05T00:00:00+07:00"),
        (" 2026-03-05 ", "UTC", "2026-03-05T00:00:00+00:00"),
        ("2026-W10", "UTC", "2026-03-02T00:00:00+00:00"),
        ("2026-03-05T12:30", "Europe/Berlin", "2026-03-05T12:30:00+01:00"),
        ("2026-03-05T12:30Z", "Europe/Berlin", "2026-03-05T12:30:00+00:00"),
        ("2026-03-05T12:30:00.000001+05:30", "Europe/Berlin", "2026-03-05T12:30:00.000001+05:30"),
        (date(2026, 7, 1), "Europe/Berlin", "2026-07-01T00:00:00+02:00"),
        (datetime(2026, 7, 1, 6), "Europe/Berlin", "2026-07-01T06:00:00+02:00"),  # noqa: DTZ001 - naive is the case
        (datetime(2026, 7, 1, 6, tzinfo=UTC), "Europe/Berlin", "2026-07-01T06:00:00+00:00"),
        (datetime(2026, 7, 1, 6, tzinfo=timezone(timedelta(hours=-3))), "UTC", "2026-07-01T06:00:00-03:00"),
        (1_772_000_000_000_000, "Europe/Berlin", "2026-02-25T06:13:20+00:00"),
        (-1, "UTC", "1969-12-31T23:59:59.999999+00:00"),
    ],
)
def test_parse_instant(value: str | date | datetime | int, tz: str, instant: str):
    """Dates and zoneless times are local; what has an offset keeps it; whole numbers are microseconds."""
    assert parse_instant("since", value, tz) == us(instant)


@pytest.mark.parametrize(
    "value", ["", "yesterday", "2026-13", "2026-02-30", "2026-Q1", "03/05/2026", True, 1.5, None, b"2026"]
)
def test_what_isnt_a_time_is_refused(value: object):
    """A bound that can't be read is named with its field and value."""
    with pytest.raises(InvalidValueError, match=r"^until: .*(date|time)"):
        parse_instant("until", value, "UTC")


@pytest.mark.parametrize(
    ("value", "tz"),
    [("0001-01-01", "Asia/Tokyo"), ("9999-12-31T23:59", "Etc/GMT+12"), (10**20, "UTC"), (-(10**20), "UTC")],
)
def test_bounds_lie_where_events_can(value: str | int, tz: str):
    """A bound beyond any event's time is refused: no calendar could place it."""
    with pytest.raises(InvalidValueError, match=r"^since: .* lies outside the years 1 to 9999"):
        parse_instant("since", value, tz)


def test_the_ends_of_time():
    """The first and last instants that an event may have are in some period of every length and zone."""
    for tz in ZONES:
        for every in EVERY:
            calendar = Calendar(every, tz)
            ends = [calendar.index(FIRST_US), calendar.index(LAST_US)]
            assert calendar.lookup().indices([FIRST_US, LAST_US]) == ends
            assert [calendar.last_day(index) >= calendar.first_day(index) for index in ends] == [True, True]
    assert Calendar("month").last_day(Calendar("month").index(LAST_US)) == date.max
