"""What the mapping of every record needs: the companies' zones and currencies, and what was logged of the record."""

from __future__ import annotations

from datetime import datetime, time
from typing import TYPE_CHECKING, Any, TypeAlias
from zoneinfo import ZoneInfo  # noqa: TC003 - attrs reads it

import attrs

from cxkit.errors import InvalidValueError
from cxkit_tryton.tagged import time_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import date
    from decimal import Decimal

    from cxkit.adapters import Facts

Record: TypeAlias = "Mapping[str, Any]"
"""A record as RPC reads it, with what belongs to it: its log, as ``steps``."""


@attrs.frozen
class Company:
    """A company.

    Attributes:
        zone: in which its days begin.
        currency: in which its tills sell.
        rounding: the smallest sum in that currency: .01, or .05 where there are no smaller coins.
    """

    zone: ZoneInfo
    currency: str
    rounding: Decimal


@attrs.frozen
class Step:
    """One line of a record's log.

    Attributes:
        id: the line's.
        word: ``state:done`` for a transition, ``button:lost`` for a click.
        time: when it was written, which is when the record changed.
    """

    id: int
    word: str
    time: datetime


@attrs.frozen
class Shop:
    """What makes events of a Tryton's records.

    Attributes:
        facts: makes them.
        companies: by id.
    """

    facts: Facts
    companies: Mapping[int, Company]

    def company(self, record: Record) -> Company:
        """Return the company of a record.

        Raises:
            InvalidValueError: it is one that wasn't there when the companies were read, or isn't shown to the user.
        """
        number = record["company"]
        if number not in self.companies:
            raise InvalidValueError("company", number, "isn't one that the user may see: add it to their companies")
        return self.companies[number]


def step_of(line: Record) -> Step:
    """Return a line of the log as it was read.

    >>> step_of({"id": 7, "event": "button", "target": "lost", "create_date": {"__class__": "datetime", "year": 2026,
    ...          "month": 3, "day": 1, "hour": 9, "minute": 30, "second": 0, "microsecond": 0}}).word
    'button:lost'
    """
    word = f"button:{line['target']}" if line["event"] == "button" else line["target"]
    return Step(line["id"], word, time_of(line["create_date"]))


def first(steps: Collection[Step], *words: str) -> datetime | None:
    """Return when something was done first, or None."""
    return min([step.time for step in steps if step.word in words], default=None)


def last(steps: Collection[Step], *words: str) -> datetime | None:
    """Return when something was done last, or None."""
    return max([step.time for step in steps if step.word in words], default=None)


def moment(known: datetime, day: date | None, zone: ZoneInfo) -> datetime:
    """Return when something happened that was written down at a time and is dated a day.

    A record of the day itself happened when it was written. One that bears another day, as sales of a market stall that
    are entered on Monday do, happened on that day, from which on it counts. A day is the company's; jobs without
    a company date by UTC's.

    >>> from datetime import UTC, date
    >>> entered, hanoi = datetime(2026, 3, 1, 20, tzinfo=UTC), ZoneInfo("Asia/Ho_Chi_Minh")
    >>> moment(entered, date(2026, 3, 2), hanoi) == entered
    True
    >>> moment(entered, date(2026, 2, 27), hanoi).isoformat()
    '2026-02-27T00:00:00+07:00'
    """
    if day is None or day == known.date() or day == known.astimezone(zone).date():
        return known
    return datetime.combine(day, time(), zone)
