"""Counting events as they stream by: kinds, days, what their columns hold, and which stand there twice."""

from __future__ import annotations

from array import array
from collections import Counter
from itertools import islice, pairwise
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from cxkit.api.missing import HELD
from cxkit.errors import InvalidValueError
from cxkit.model.event import COLUMNS, Event

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cxkit.api.missing import Group
    from cxkit.model.calendar import Calendar

_CHUNK: Final = 4096
_PARTS: Final = 256
_CONTENT: Final = attrgetter(*(name for name in COLUMNS if name != "id"))
_GROUP: Final = attrgetter("kind", "instrument")
_SHOWN: Final = ("kind", "channel", "currency", "instrument")


class Counted:
    """What was counted up to now.

    Attributes:
        events: how many events.
        groups: kind and instrument → how many.
        filled: kind, instrument and column → how many hold something there.
        counts: of each column that is shown: value → how many; None stands among channels alone.
        customers: their names.
        anonymous: how many events have none.
        first_us: the first event's instant, or None.
        last_us: the last event's.
    """

    def __init__(self, calendar: Calendar) -> None:
        """Start empty; days are those of the calendar."""
        self._calendar = calendar
        self._lookup = calendar.lookup()
        self._days: set[int] = set()
        # Python's own hashes, 8 bytes each: of a hundred million events two are mistaken for one in 3,700 such files.
        self._keys = [array("q") for _ in range(_PARTS)]
        self._versions = [array("q") for _ in range(_PARTS)]
        self._contents = [array("q") for _ in range(_PARTS)]
        self.events = 0
        self.anonymous = 0
        self.groups: Counter[Group] = Counter()
        self.filled: Counter[tuple[Group, str]] = Counter()
        self.counts: dict[str, Counter[str | None]] = {column: Counter() for column in _SHOWN}
        self.customers: set[str] = set()
        self.first_us: int | None = None
        self.last_us: int | None = None

    def add(self, chunk: list[Event]) -> None:
        """Count some events."""
        self.events += len(chunk)
        groups = list(map(_GROUP, chunk))
        self.groups.update(groups)
        for column in HELD:
            values = map(attrgetter(column), chunk)
            here = [group for group, value in zip(groups, values, strict=True) if value is not None]
            self.filled.update((group, column) for group in here)
        for column, counts in self.counts.items():
            counts.update(map(attrgetter(column), chunk))
            if column != "channel":
                counts.pop(None, None)
        customers = [event.customer for event in chunk]
        self.anonymous += customers.count(None)
        self.customers.update(customer for customer in customers if customer is not None)
        times = [event.ts_us for event in chunk]
        self.first_us = min(times) if self.first_us is None else min(self.first_us, *times)
        self.last_us = max(times) if self.last_us is None else max(self.last_us, *times)
        self._days.update(self._lookup.indices(times))
        for event in chunk:
            key, content = hash((event.source, event.id)), hash(_CONTENT(event))
            self._keys[key % _PARTS].append(key)
            self._versions[key % _PARTS].append(content)
            self._contents[content % _PARTS].append(content)

    def without_customer(self, kind: str) -> int:
        """Return how many events of a kind have no customer."""
        of_kind = [group for group in self.groups if group[0] == kind]
        return sum(self.groups[group] - self.filled[group, "customer"] for group in of_kind)

    def silences(self) -> list[tuple[str, str, int]]:
        """Return the runs of days without an event: the first, the last, and how many."""
        days, label = sorted(self._days), self._calendar.label
        return [
            (label(before + 1), label(after - 1), after - before - 1)
            for before, after in pairwise(days)
            if after - before > 1
        ]

    def twins(self) -> tuple[int, int, int]:
        """Return how many rows have the key of another, how many of these differ, and how many are but alike."""
        # Part by part: a set of everything would be as large as the events.
        keys = sum(len(set(part)) for part in self._keys)
        versions = sum(len(set(zip(*parts, strict=True))) for parts in zip(self._keys, self._versions, strict=True))
        contents = sum(len(set(part)) for part in self._contents)
        return self.events - keys, versions - keys, versions - contents


def counting(events: Iterable[Event], counted: Counted) -> None:
    """Count events.

    Raises:
        InvalidValueError: something among them isn't an event.

    >>> from cxkit.model.calendar import Calendar
    >>> from cxkit.model.event import event
    >>> counted = Counted(Calendar("day"))
    >>> counting([event("visit.started", channel="web")], counted)
    >>> dict(counted.counts["channel"])
    {'web': 1}
    """
    stream = iter(events)
    while chunk := list(islice(stream, _CHUNK)):
        for thing in chunk:
            if type(thing) is not Event:
                raise InvalidValueError("data", thing, "isn't an Event: make one with cxkit.event(…)")
        counted.add(chunk)
