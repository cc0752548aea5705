"""All days of a simulation: the instants of their hours, their months, and who may come when."""

from __future__ import annotations

from calendar import monthrange
from typing import TYPE_CHECKING, Final

import attrs

from cxkit.simulate.book import SECOND_US
from cxkit.simulate.day import ONLINE_HOURS, day_of
from cxkit.simulate.truths import WORSE_FROM_MONTH

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

    from cxkit.simulate.columns.draws import Draws

_A_DAY: Final = 25


@attrs.frozen(eq=False)
class Days:
    """The days of a simulation.

    Attributes:
        count: how many.
        months: the first and the last day of each month by number; the first may lie before the simulation.
        hours: day × 25 + hour → the instant at which it begins; the twenty-fifth is the next midnight.
        closed: day → whether it is a Sunday.
        worse: day → whether the desk can't keep up with its telephones.
    """

    count: int
    months: tuple[tuple[int, int], ...]
    hours: pl.Series
    closed: pl.Series
    worse: pl.Series

    @property
    def end_us(self) -> int:
        """When the last day is over."""
        return int(self.hours[-1])

    def online(self, days: pl.Series, draws: Draws) -> pl.Series:
        """Return an instant of each day at which somebody is online, as `cxkit.simulate.day.online` does."""
        hours = draws.pick(len(days), ONLINE_HOURS)
        seconds = draws.below(len(days), 3600)
        seconds = seconds.zip_with(hours != 0, 1800 + seconds // 2)
        return self.hours.gather(days * _A_DAY + hours) + seconds * SECOND_US

    def between(self, days: pl.Series, draws: Draws, opens: int, closes: int) -> pl.Series:
        """Return an instant of each day between two full hours."""
        begin, end = (self.hours.gather(days * _A_DAY + hour) for hour in (opens, closes))
        return begin + draws.below(len(days), (end - begin) // SECOND_US) * SECOND_US

    def is_worse(self, ts_us: pl.Series) -> pl.Series:
        """Return whether the desk can't keep up with its telephones at instants; after the last day as on it."""
        midnights = self.hours.gather_every(_A_DAY)
        days = midnights.search_sorted(ts_us, side="right").cast(int) - 1
        return self.worse.gather(days.clip(0, self.count - 1))


def days_of(start: date, count: int) -> Days:
    """Return the days of a simulation."""
    import polars as pl

    days = [day_of(number, start) for number in range(count)]
    months: list[tuple[int, int]] = []
    for day in days:
        if not months or day.first.day == 1:
            first = day.number - day.first.day + 1
            months.append((first, first + monthrange(day.first.year, day.first.month)[1] - 1))
    return Days(
        count=count,
        months=tuple(months),
        hours=pl.Series("hours", [instant for day in days for instant in day.hours], pl.Int64),
        closed=pl.Series("closed", [day.closed for day in days], pl.Boolean),
        worse=pl.Series("worse", [day.first.month >= WORSE_FROM_MONTH for day in days], pl.Boolean),
    )
