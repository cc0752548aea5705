"""Blocks: many events as columns, for whoever reads and counts them by the million."""

from __future__ import annotations

from itertools import chain, islice, repeat
from typing import TYPE_CHECKING, Any, Final, Protocol, runtime_checkable

import attrs

from cxkit.model.event import COLUMNS, Event, events_of_columns

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_TOGETHER: Final = 512


@attrs.frozen(eq=False)
class Block:
    """Events as columns whose values were checked: to make an object of each takes as long as to count most of them.

    Attributes:
        n: how many events there are.
        of: of each column its values, in the order of the events; a column that isn't there is null in all of them.

    >>> block = Block(2, {"id": ["1", "2"], "ts_us": [0, 0], "kind": ["visit.started"] * 2, "source": ["app"] * 2,
    ...                   "weight_ppm": [1_000_000] * 2})
    >>> [event.id for event in block.events()], block.column("customer")
    (['1', '2'], [None, None])
    """

    n: int
    of: Mapping[str, Sequence[Any]]

    def column(self, name: str) -> Sequence[Any]:
        """Return the values of a column of an event."""
        found = self.of.get(name)
        return [None] * self.n if found is None else found

    def events(self) -> list[Event]:
        """Return the events themselves."""
        return events_of_columns([self.of.get(column, repeat(None)) for column in COLUMNS])


Part = Block | list[Event]
"""Some of many events."""


@runtime_checkable
class InParts(Protocol):
    """Events that can be had in parts too, which is quicker; either way they come but once."""

    def __iter__(self) -> Iterator[Event]:
        """Give them one after the other."""
        ...

    def parts(self) -> Iterator[Part]:
        """Give them some at a time."""
        ...


def parts_of(events: Iterable[Event]) -> Iterator[Part]:
    """Give events in parts: their own, or some hundred at a time.

    >>> from cxkit.model.event import event
    >>> [len(part) for part in parts_of(event("visit.started") for _ in range(700))]
    [512, 188]
    """
    if isinstance(events, InParts):
        yield from events.parts()
        return
    stream = iter(events)
    while some := list(islice(stream, _TOGETHER)):
        yield some


@attrs.frozen(eq=False)
class Chained:
    """The events of several sources, one source after the other; the next is opened when the one before is through.

    Attributes:
        sources: the sources.
    """

    sources: Iterable[Iterable[Event]]

    def __iter__(self) -> Iterator[Event]:
        """Give them one after the other."""
        return chain.from_iterable(self.sources)

    def parts(self) -> Iterator[Part]:
        """Give them some at a time."""
        return chain.from_iterable(map(parts_of, self.sources))
