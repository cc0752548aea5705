"""Many times of ISO 8601 at once, put together from days, minutes and what follows, each read once."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from cxkit.files.cells import Kept, instants
from cxkit.model.calendar import zone

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from zoneinfo import ZoneInfo

_DAY: Final = timedelta(days=1)
_US: Final = timedelta(microseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ANY: Final = "2000-01-01"
_MIDNIGHT: Final = datetime(2000, 1, 1)  # noqa: DTZ001 - a time of day has no zone
# Years far from where a datetime's range begins and ends; the others go one by one.
_DATE: Final = re.compile(r"(?:1[89]|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}")
_MINUTE: Final = re.compile(r"[T ](?:[01][0-9]|2[0-3]):[0-5][0-9]")


def moments(input_tz: str | None) -> Callable[[Sequence[str]], list[int]]:
    """Return the function that reads times as `cells.instants` does, many at once.

    >>> moments("Europe/Berlin")(["1970-01-01T01:00:00", "1970-01-01T00:00:01Z"])
    [0, 1000000]
    """
    instant = instants(input_tz)
    days, minutes, rests = Kept(day_us), Kept(minute_us), Kept(rest_us)
    here: Kept[str, int] | None = None
    if input_tz is not None:
        clock = zone(input_tz)
        here = Kept(lambda text: local_day_us(text, clock))
    plain = Kept(plain_rest_us)

    def read(texts: Sequence[str]) -> list[int]:
        # A file writes its times in one way, mostly.
        try:
            return [days[text[:10]] + minutes[text[10:16]] + rests[text[16:]] for text in texts]
        except ValueError:
            pass
        if here is not None:
            try:
                return [here[text[:10]] + minutes[text[10:16]] + plain[text[16:]] for text in texts]
            except ValueError:
                pass
        return [instant(text) for text in texts]

    return read


def day_us(text: str) -> int:
    """Return the microseconds from 1970 to a date in UTC."""
    if not _DATE.fullmatch(text):
        raise ValueError
    return (datetime.fromisoformat(text).replace(tzinfo=UTC) - _EPOCH) // _US


def local_day_us(text: str, clock: ZoneInfo) -> int:
    """Return the instant at which a day begins where the clock isn't changed in it, so that all its hours are alike."""
    day = day_us(text)
    begins = datetime.fromisoformat(text).replace(tzinfo=clock)
    ends = begins + _DAY
    offsets = {moment.replace(fold=fold).utcoffset() for moment in (begins, ends) for fold in (0, 1)}
    if len(offsets) > 1:
        raise ValueError
    return day - (offsets.pop() or timedelta()) // _US


def minute_us(text: str) -> int:
    """Return the microseconds from midnight to a minute; a date alone has none."""
    if not text:
        return 0
    if not _MINUTE.fullmatch(text):
        raise ValueError
    return (int(text[1:3]) * 60 + int(text[4:6])) * 60_000_000


def rest_us(text: str) -> int:
    """Return the microseconds that seconds and an offset add."""
    moment = datetime.fromisoformat(f"{_ANY}T00:00{text}")
    if moment.tzinfo is None:
        raise ValueError
    return (moment - _MIDNIGHT.replace(tzinfo=UTC)) // _US


def plain_rest_us(text: str) -> int:
    """Return the microseconds that seconds without an offset add."""
    moment = datetime.fromisoformat(f"{_ANY}T00:00{text}")
    if moment.tzinfo is not None:
        raise ValueError
    return (moment - _MIDNIGHT) // _US
