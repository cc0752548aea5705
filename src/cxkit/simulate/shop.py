"""The stream of events that a simulated shop makes, day by day."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from random import Random
from typing import TYPE_CHECKING

from cxkit.errors import InvalidValueError
from cxkit.simulate.aftercare import deliver, help_customers
from cxkit.simulate.book import Book
from cxkit.simulate.customers import Customers, Plan
from cxkit.simulate.day import day_of
from cxkit.simulate.selling import look_around, order, sell_at_the_till

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cxkit.model.event import Event

# A year from the ends of what dates hold, for zones shift days and some of what happens happens later.
_FIRST, _LAST = date(2, 1, 1).toordinal(), date(9999, 1, 1).toordinal()


def simulate_shop(
    *, seed: int = 7, customers: int = 2000, start: date = date(2025, 1, 1), days: int = 365
) -> Iterator[Event]:
    """Return the events of a simulated shop with a web shop, an app, stores and a service desk, in order of time.

    Every event's source is ``simulated-shop``, and `TRUTHS` says what a scorecard of it should find. The same arguments
    give the same events on every Python and platform. Memory grows with customers, not with days.

    Args:
        seed: another seed is another shop with the same truths.
        customers: how many customers there are in the end; half of them are there from the start.
        start: the first day.
        days: how many days.

    Raises:
        InvalidValueError: an argument isn't a whole number from 0, or the days leave the calendar.

    >>> first = next(simulate_shop(customers=100))
    >>> first.source, first.time.isoformat()
    ('simulated-shop', '2025-01-01T06:47:06+00:00')
    """
    check_size(seed, customers, start, days)
    return _days(seed, customers, start, days)


def check_size(seed: int, customers: int, start: date, days: int) -> None:
    """Refuse what can't be simulated.

    Raises:
        InvalidValueError: an argument isn't a whole number from 0, or the days leave the calendar.
    """
    for name, value in (("seed", seed), ("customers", customers), ("days", days)):
        if type(value) is not int or value < 0:
            raise InvalidValueError(name, value, "isn't a whole number from 0")
    if not _FIRST <= start.toordinal() <= _LAST - days:
        raise InvalidValueError("start", start, f"is too near the calendar's ends for {days:,} days")


def _days(seed: int, count: int, start: date, days: int) -> Iterator[Event]:
    chance = Random(seed).random  # noqa: S311 - chance that repeats is what is wanted
    customers = Customers.of(count, days, chance)
    book = Book(chance)
    plan: Plan = {}
    for number in range(days):
        day = day_of(number, start)
        if number == 0 or day.first.day == 1:
            first = number - day.first.day + 1
            plan = customers.plan(first, first + monthrange(day.first.year, day.first.month)[1] - 1, chance)
        for buyer in plan.pop(number, ()):
            order(book, day, customers, buyer)
        sell_at_the_till(book, day, customers)
        look_around(book, day, customers)
        deliver(book, day)
        help_customers(book, day)
        yield from book.until(day.hours[-1], seed)
