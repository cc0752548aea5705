"""A day at the shop: its hours in the shop's own zone, and who may come when."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Final

import attrs

from cxkit.model.calendar import zone
from cxkit.model.event import to_us
from cxkit.simulate.chance import Chance, pick
from cxkit.simulate.truths import TZ

_SECOND_US: Final = 1_000_000
_SUNDAY: Final = 6
# Most people shop online in the evening; a few at midnight, which is still the day before in UTC.
ONLINE_HOURS: Final = (0, 1, 6, 7, 8, 9, 10, 11, 12, 12, 13, 14, 15, 16, 17, 18, 19, 19, 20, 20, 21, 21, 22, 23)


@attrs.frozen
class Day:
    """A local day.

    Attributes:
        number: days since the simulation began.
        first: the local date.
        hours: the instants at which its hours begin, in microseconds; the last is the next midnight.
        closed: whether it is a Sunday, when store and desk are closed.
    """

    number: int
    first: date
    hours: tuple[int, ...]
    closed: bool


def day_of(number: int, start: date) -> Day:
    """Return a day by its number. An hour that the clocks skip begins with the next one.

    >>> spring = day_of(0, date(2025, 3, 30))
    >>> (spring.hours[24] - spring.hours[0]) // 3_600_000_000
    23
    """
    here = zone(TZ)
    first, following = (date.fromordinal(start.toordinal() + number + ahead) for ahead in (0, 1))
    hours = [to_us(datetime.combine(first, time(hour), here)) for hour in range(24)]
    return Day(number, first, (*hours, to_us(datetime.combine(following, time(), here))), first.weekday() == _SUNDAY)


def online(day: Day, chance: Chance) -> int:
    """Return an instant at which somebody is online.

    In the first half hour nobody is: what leads to an order then began on the same day.
    """
    hour = pick(chance, ONLINE_HOURS)
    second = int(chance() * 3600)
    return day.hours[hour] + (second if hour else 1800 + second // 2) * _SECOND_US


def between(day: Day, chance: Chance, opens: int, closes: int) -> int:
    """Return an instant between two full hours."""
    begin = day.hours[opens]
    return begin + int(chance() * ((day.hours[closes] - begin) // _SECOND_US)) * _SECOND_US
