"""Tryton's JSON: what JSON has no form for is an object that names its class."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

from cxkit.errors import InvalidValueError
from cxkit.model.event import from_us, to_us

if TYPE_CHECKING:
    from collections.abc import Mapping

Tagged: TypeAlias = "Mapping[str, Any]"


def time_of(tagged: Tagged) -> datetime:
    """Return a time. Tryton keeps all in UTC and names no zone.

    Raises:
        InvalidValueError: it isn't one.

    >>> time_of({"__class__": "datetime", "year": 2026, "month": 3, "day": 1,
    ...          "hour": 9, "minute": 30, "second": 0, "microsecond": 5}).isoformat()
    '2026-03-01T09:30:00.000005+00:00'
    """
    parts = _of("datetime", tagged)
    return datetime(
        parts["year"], parts["month"], parts["day"],
        parts["hour"], parts["minute"], parts["second"], parts["microsecond"], UTC,
    )  # fmt: skip


def us_of(tagged: Tagged) -> int:
    """Return a time in microseconds since 1970."""
    return to_us(time_of(tagged))


def day_of(tagged: Tagged | None) -> date | None:
    """Return a day, or None where there is none.

    >>> day_of({"__class__": "date", "year": 2026, "month": 3, "day": 1}), day_of(None)
    (datetime.date(2026, 3, 1), None)
    """
    if tagged is None:
        return None
    parts = _of("date", tagged)
    return date(parts["year"], parts["month"], parts["day"])


def decimal_of(tagged: Tagged) -> Decimal:
    """Return an exact number.

    >>> decimal_of({"__class__": "Decimal", "decimal": "12.5000"})
    Decimal('12.5000')
    """
    return Decimal(text_of(tagged))


def text_of(tagged: Tagged) -> str:
    """Return an exact number as it is written, which money is made of in less time.

    >>> text_of({"__class__": "Decimal", "decimal": "12.50"})
    '12.50'
    """
    text: str = _of("Decimal", tagged)["decimal"]
    return text


def time_tag(us: int) -> dict[str, str | int]:
    """Return a time in microseconds since 1970 as Tryton reads it.

    >>> time_tag(1_000_005)["second"], time_tag(1_000_005)["microsecond"]
    (1, 5)
    """
    time = from_us(us).astimezone(UTC)
    parts = ("year", "month", "day", "hour", "minute", "second", "microsecond")
    return {"__class__": "datetime", **{part: getattr(time, part) for part in parts}}


def _of(name: str, tagged: Tagged) -> Tagged:
    try:
        if tagged["__class__"] == name:
            return tagged
    except (TypeError, KeyError):
        pass
    raise InvalidValueError("value", tagged, f"isn't a {name} as Tryton writes it")
