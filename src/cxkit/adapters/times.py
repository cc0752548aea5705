"""Vendors' times, as they write them, in whole microseconds and back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from cxkit.errors import InvalidValueError
from cxkit.model.event import from_us, to_us

if TYPE_CHECKING:
    from datetime import tzinfo

Digits: TypeAlias = Literal["seconds", "milliseconds", "microseconds"]
_MS: Final = 1000


def when(text: object, zone: tzinfo | None = None) -> datetime:
    """Return the time that a vendor writes by ISO 8601.

    Args:
        text: such as ``2026-03-01T10:00:00.123Z``.
        zone: of times that name none, where the vendor's documentation says which it is.

    Raises:
        InvalidValueError: it isn't a time, or has no zone and none is given.

    >>> when("2026-03-01T10:00:00.5Z").isoformat()
    '2026-03-01T10:00:00.500000+00:00'
    """
    if not isinstance(text, str):
        raise InvalidValueError("time", text, "isn't a time as text, such as '2026-03-01T10:00:00Z'")
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidValueError("time", text, "isn't a time, such as '2026-03-01T10:00:00Z'") from None
    if time.tzinfo is None:
        if zone is None:
            raise InvalidValueError("time", text, "has no zone: say in which one the vendor writes its times")
        time = time.replace(tzinfo=zone)
    return time


def us_of(text: object, zone: tzinfo | None = None) -> int:
    """Return the time that a vendor writes in microseconds since 1970, as walks want it; see `when`.

    >>> us_of("1970-01-01T00:00:01Z")
    1000000
    """
    return to_us(when(text, zone))


def when_ms(number: object) -> datetime:
    """Return the time of milliseconds since 1970, as a number or a text of digits.

    Raises:
        InvalidValueError: it is neither.

    >>> when_ms("1500").isoformat()
    '1970-01-01T00:00:01.500000+00:00'
    """
    digits = str(number) if type(number) is int or isinstance(number, str) else ""
    if not (digits.lstrip("-").isdigit() and digits.isascii() and len(digits) <= 15):  # noqa: PLR2004 - the year 9999
        raise InvalidValueError("time", number, "isn't a time in milliseconds")
    try:
        return from_us(int(digits) * _MS)
    except (OverflowError, ValueError):
        raise InvalidValueError("time", number, "isn't a time in milliseconds that a calendar has") from None


def iso(us: int, digits: Digits = "microseconds") -> str:
    """Return a time for a vendor to read, in UTC; what the digits don't hold is cut off.

    >>> iso(1_500_000), iso(1_500_000, "seconds")
    ('1970-01-01T00:00:01.500000Z', '1970-01-01T00:00:01Z')
    """
    return from_us(us).astimezone(UTC).replace(tzinfo=None).isoformat(timespec=digits) + "Z"
