from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import FIRST_US, LAST_US

if TYPE_CHECKING:
    from decimal import Decimal

from cxkit.errors import InvalidValueError
from cxkit.files.cells import Kept, canonical, instants, minor_of_minor, us_of_seconds, whole
from cxkit.model.event import from_us, to_us


@given(st.integers(FIRST_US, LAST_US), st.sampled_from(("isoformat", "basic", "space", "lower", "offset")))
def test_times_in_every_spelling(ts_us: int, spelling: str) -> None:
    """A time is the same instant however ISO 8601 lets one write it."""
    text = from_us(ts_us).isoformat()
    spelt = {
        "isoformat": text,
        "basic": from_us(ts_us).strftime("%Y%m%dT%H%M%S.%fZ").rjust(23, "0"),
        "space": f" {text.replace('T', ' ')} ",
        "lower": text.replace("+00:00", "z").replace("T", "t"),
        "offset": text.replace("+00:00", "-00:00"),
    }[spelling]

    assert instants(None)(spelt) == ts_us


@pytest.mark.parametrize("text", ["2026", "2026-01", "1712121200000", "20260101000000", "2026-01-01x00:00Z", "T10:00"])
def test_no_times(text: str) -> None:
    """What Python's parser would take for a time by chance is refused, a zone or not."""
    with pytest.raises(InvalidValueError, match="isn't a time of ISO 8601"):
        instants("UTC")(text)


ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Beirut", "Africa/Monrovia", "Asia/Kathmandu")


@given(st.datetimes(datetime(1969, 1, 1), datetime(2037, 1, 1)), st.sampled_from(ZONES))  # noqa: DTZ001 - local times
def test_local_times_of_days_with_and_without_a_change_of_the_clock(local: datetime, name: str) -> None:
    """What is known of a whole day is what the zone says of each of its instants."""
    first = local.replace(tzinfo=ZoneInfo(name))
    jumped = first.replace(fold=1).utcoffset() > first.utcoffset()

    if jumped:
        with pytest.raises(InvalidValueError, match=f"doesn't exist in {name}"):
            instants(name)(local.isoformat())
    else:
        assert instants(name)(local.isoformat()) == to_us(first)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("1972-01-07T00:30", None),  # Monrovia went from a quarter of an hour off to none
        ("1972-01-07T00:50", "1972-01-07T00:50:00+00:00"),
        ("1972-01-06T23:50", "1972-01-07T00:34:30+00:00"),
    ],
)
def test_a_change_of_less_than_an_hour(text: str, utc: str | None) -> None:
    """A clock that is put forward by 44 minutes and a half is found too."""
    if utc is None:
        with pytest.raises(InvalidValueError, match="doesn't exist in Africa/Monrovia"):
            instants("Africa/Monrovia")(text)
    else:
        assert from_us(instants("Africa/Monrovia")(text)).isoformat() == utc


def test_times_out_of_range() -> None:
    """A time that an event can't hold is refused as a time, not later."""
    with pytest.raises(InvalidValueError, match=r"ts_us: .* is out of range"):
        instants(None)("9999-12-31T23:59:59-23:00")


@given(st.decimals(-(10**12), 10**12, places=6))
def test_seconds_are_exact(seconds: Decimal) -> None:
    """A duration of up to six decimals is exact, with an exponent or without."""
    assert us_of_seconds(str(seconds)) == us_of_seconds(f"{seconds:E}") == int(seconds.scaleb(6))


@pytest.mark.parametrize("text", ["9223372036854.775808", "-9223372036854.7758091", "1e14"])
def test_seconds_beyond_64_bits(text: str) -> None:
    """A duration of more than 64 bits of microseconds is refused."""
    with pytest.raises(InvalidValueError, match="is longer than 64 bits of microseconds hold"):
        us_of_seconds(text)
    assert us_of_seconds("9223372036854.775807") == 2**63 - 1


@pytest.mark.parametrize("text", ["1.5", "1e3", "", "１", "1_0", "9" * 20])  # noqa: RUF001 - a digit of another width
def test_not_whole(text: str) -> None:
    """A whole number is digits, of which 64 bits hold 19."""
    with pytest.raises(InvalidValueError, match="isn't a whole number of at most 19 digits"):
        whole("ts_us", text)


def test_minor_units_need_a_currency() -> None:
    """Minor units of nothing are refused."""
    with pytest.raises(InvalidValueError, match="amount_minor: '5' has no currency"):
        minor_of_minor(("5", ""))


@pytest.mark.parametrize("text", ["{", "[" * 100_000, "1" * 5000, '{"a":NaN}'])
def test_properties_that_are_no_json(text: str) -> None:
    """Text that isn't JSON, however deep or long, is refused."""
    with pytest.raises(InvalidValueError, match=r"properties: .* (isn't|can't be written as) JSON"):
        canonical(text)


def test_what_is_kept_is_bounded() -> None:
    """A file of ever new or huge texts doesn't fill the memory."""
    lengths: Kept[str, int] = Kept(len)

    assert [lengths[str(number)] for number in range(11_000)][-1] == 5
    assert len(lengths) == 10_000
    short: Kept[str, int] = Kept(len)
    assert short["x" * 1000] == 1000
    assert len(short) == 0
