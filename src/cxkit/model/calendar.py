"""Local periods: which day, week, month, quarter or year an instant falls into, exactly, in one IANA zone.

A period is a whole number that grows by one from period to period, so that "the period before" is a subtraction.
Both engines use the same description: a zone's constant-offset stretches cut at the local starts of periods, which
makes a short sorted list of (instant, period) pieces. No engine does date arithmetic of its own.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal, get_args

import attrs

from cxkit.errors import InvalidValueError, UnknownNameError
from cxkit.model.event import from_us, to_us

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from zoneinfo import ZoneInfo

Every = Literal["day", "week", "month", "quarter", "year"]
EVERY: Final[tuple[str, ...]] = get_args(Every)
_DAY_US: Final = 86_400_000_000
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_HOUR_US: Final = 3_600_000_000
_EARLIEST_US: Final = to_us(datetime(1, 1, 2, tzinfo=UTC))
_LATEST_US: Final = to_us(datetime(9999, 12, 31, tzinfo=UTC))


def zone(name: str) -> ZoneInfo:
    """Return an IANA time zone by its name.

    Raises:
        UnknownNameError: no such zone; the nearest is suggested.

    >>> zone("Asia/Ho_Chi_Minh").key
    'Asia/Ho_Chi_Minh'
    """
    import zoneinfo

    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError, TypeError):
        raise UnknownNameError("time zone", str(name), zoneinfo.available_timezones()) from None


def _month_index(day: date) -> int:
    return day.year * 12 + day.month - 1


# Of each period: the index of a local day, and the first local day of an index.
_INDEX: Final[dict[str, Callable[[date], int]]] = {
    "day": lambda day: day.toordinal() - _EPOCH_DAY,
    "week": lambda day: (day.toordinal() - 1) // 7,  # ordinal 1 is a Monday, as ISO 8601 wants
    "month": _month_index,
    "quarter": lambda day: _month_index(day) // 3,
    "year": lambda day: day.year,
}
_START: Final[dict[str, Callable[[int], date]]] = {
    "day": lambda index: date.fromordinal(index + _EPOCH_DAY),
    "week": lambda index: date.fromordinal(index * 7 + 1),
    "month": lambda index: date(index // 12, index % 12 + 1, 1),
    "quarter": lambda index: date(index // 4, index % 4 * 3 + 1, 1),
    "year": lambda index: date(index, 1, 1),
}


@attrs.frozen
class Calendar:
    """A way to cut time into local periods.

    Attributes:
        every: the length of a period.
        tz: the IANA zone whose local days count.

    >>> months = Calendar("month", "Europe/Berlin")
    >>> months.label(months.index(to_us(datetime(2026, 2, 28, 23, 30, tzinfo=UTC))))
    '2026-03'
    """

    every: Every = attrs.field(validator=attrs.validators.in_(EVERY))
    tz: str = "UTC"

    def index(self, ts_us: int) -> int:
        """Return the period of one instant. For many instants use `pieces` or `lookup`."""
        return self._of_local(ts_us + _offset_us(self.tz, ts_us))

    def _of_local(self, local_us: int) -> int:
        return _INDEX[self.every](_START["day"](local_us // _DAY_US))

    def index_of_day(self, day: date) -> int:
        """Return the period of a local day."""
        return _INDEX[self.every](day)

    def first_day(self, index: int) -> date:
        """Return the first local day of a period."""
        return _START[self.every](index)

    def last_day(self, index: int) -> date:
        """Return the last local day of a period; the last of all is that of the year 9999."""
        try:
            return self.first_day(index + 1) - timedelta(days=1)
        except ValueError:  # Python's dates end there
            return date.max

    def start(self, index: int) -> datetime:
        """Return the instant at which a period begins, in the calendar's zone."""
        first = self.first_day(index)
        return datetime(first.year, first.month, first.day, tzinfo=zone(self.tz))

    def label(self, index: int) -> str:
        """Return a period as people write it, which also sorts: 2026, 2026-Q1, 2026-03, 2026-W09, 2026-03-01."""
        day = self.first_day(index)
        if self.every == "week":
            year, week, _ = day.isocalendar()
            return f"{year:04d}-W{week:02d}"
        if self.every == "quarter":
            return f"{day.year:04d}-Q{day.month // 3 + 1}"
        return day.isoformat()[: {"year": 4, "month": 7, "day": 10}[self.every]]

    def index_of(self, period: int, other: Calendar) -> int:
        """Return the period of `other`, in the same zone, that holds the first day of a period of this calendar."""
        return other.index_of_day(self.first_day(period))

    def pieces(self, first_us: int, last_us: int) -> tuple[Sequence[int], Sequence[int]]:
        """Return the periods over a span as two sequences: cuts, and one more index than there are cuts.

        An instant t belongs to ``indices[bisect_right(cuts, t)]``, for every t of the span, both ends included.

        >>> Calendar("year").pieces(0, to_us(datetime(1971, 7, 1, tzinfo=UTC)))
        ([31536000000000], [1970, 1971])
        """
        cuts: list[int] = []
        indices: list[int] = []
        for start, end, offset in offsets(self.tz, first_us, last_us):
            index = self._of_local(start + offset)
            last = self._of_local(end + offset)
            while True:
                if not indices or indices[-1] != index:
                    if indices:
                        cuts.append(max(start, self._local_start(index) - offset))
                    indices.append(index)
                if index == last:
                    break
                index += 1
        return cuts, indices

    def _local_start(self, index: int) -> int:
        return (self.first_day(index).toordinal() - _EPOCH_DAY) * _DAY_US

    def lookup(self) -> Lookup:
        """Return a quick way from instants to periods, for unsorted events of an unknown span."""
        return Lookup(self)


class Lookup:
    """A calendar that learns hour by hour: nearly all instants cost one dictionary look-up.

    >>> Calendar("year").lookup().indices([0, 31_536_000_000_000])
    [1970, 1971]
    """

    def __init__(self, calendar: Calendar) -> None:
        """Know nothing yet."""
        self._hours = _Hours(calendar)

    def index(self, ts_us: int) -> int:
        """Return the period of one instant."""
        known = self._hours[ts_us // _HOUR_US]
        return self._hours.within(ts_us) if known is None else known

    def indices(self, times: Sequence[int]) -> list[int]:
        """Return the period of each instant."""
        hours, within = self._hours, self._hours.within
        return [within(ts_us) if (known := hours[ts_us // _HOUR_US]) is None else known for ts_us in times]


class _Hours(dict[int, int | None]):
    """Hour since 1970 → its period, or None where a period begins within it."""

    def __init__(self, calendar: Calendar) -> None:
        super().__init__()
        self._calendar = calendar
        self._cut: dict[int, tuple[Sequence[int], Sequence[int]]] = {}

    def __missing__(self, hour: int) -> int | None:
        cuts, indices = self._calendar.pieces(hour * _HOUR_US, (hour + 1) * _HOUR_US - 1)
        if cuts:
            self._cut[hour] = (cuts, indices)
        known = self[hour] = None if cuts else indices[0]
        return known

    def within(self, ts_us: int) -> int:
        cuts, indices = self._cut[ts_us // _HOUR_US]
        return indices[bisect_right(cuts, ts_us)]


def _offset_us(tz: str, ts_us: int) -> int:
    if tz == "UTC":
        return 0
    gap = from_us(ts_us).astimezone(zone(tz)).utcoffset()
    return 0 if gap is None else gap // timedelta(microseconds=1)


@lru_cache(maxsize=1024)
def offsets(tz: str, first_us: int, last_us: int) -> tuple[tuple[int, int, int], ...]:
    """Return the stretches of constant UTC offset over a span: (first instant, last instant, offset), microseconds.

    >>> berlin = offsets("Europe/Berlin", 1_743_200_000_000_000, 1_743_300_000_000_000)  # a weekend in March 2025
    >>> [(last - first, offset // 3_600_000_000) for first, last, offset in berlin]
    [(96399999999, 1), (3600000000, 2)]
    """
    if tz == "UTC":
        return ((first_us, last_us, 0),)
    found = []
    start, offset = first_us, _offset_us(tz, first_us)
    at = first_us
    while at < last_us:
        # No zone has ever changed its clock twice within a day, so a daily look misses nothing.
        ahead = min(at + _DAY_US, last_us)
        there = _offset_us(tz, ahead)
        if there != offset:
            low, high = at, ahead
            while high - low > 1:
                middle = (low + high) // 2
                if _offset_us(tz, middle) == offset:
                    low = middle
                else:
                    high = middle
            found.append((start, high - 1, offset))
            start, offset, ahead = high, _offset_us(tz, high), high
        at = ahead
    found.append((start, last_us, offset))
    return tuple(found)


def parse_instant(field: str, value: str | date | datetime | int, tz: str) -> int:
    """Return the instant that a bound such as ``since`` means, in microseconds.

    A date, or a text without offset, is local to `tz`; an aware datetime or a text with an offset is itself; a whole
    number is microseconds already.

    Raises:
        InvalidValueError: it isn't a date or a time, or none that an event can have.

    >>> parse_instant("since", "1970-01-02", "UTC")
    86400000000
    """
    instant = value if type(value) is int else to_us(_aware(field, value, tz))
    if not _EARLIEST_US <= instant <= _LATEST_US:
        raise InvalidValueError(
            field, value, "lies outside the years 1 to 9999, less a day at either end for time zones"
        )
    return instant


def _aware(field: str, value: object, tz: str) -> datetime:
    try:
        if isinstance(value, str):
            text = value.strip()
            value = datetime.fromisoformat(text + {4: "-01-01", 7: "-01"}.get(len(text), ""))
    except ValueError:
        raise InvalidValueError(field, value, "isn't a date or time in ISO 8601, such as 2026-01-31") from None
    if not isinstance(value, date):
        raise InvalidValueError(field, value, "isn't a date or time: give one, or text such as '2026-01-31'")
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)  # noqa: DTZ001 - the zone comes next
    return value.replace(tzinfo=zone(tz)) if value.tzinfo is None else value
