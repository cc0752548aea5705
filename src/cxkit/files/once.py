"""Each event once, as a store would hold it."""

from __future__ import annotations

from array import array
from collections import Counter
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from cxkit.model.event import Event

T = TypeVar("T")

_KEY: Final = attrgetter("source", "id")
_CHUNK: Final = 512
_PARTS: Final = 256


def once(events: Iterable[Event]) -> Iterable[Event]:
    """Return the events with each (source, id) once, the version that a store would hold.

    Where contents differ, the later row is the correction, unless it is a version that was replaced before. All events
    are held in memory, because only the last row can say which version counts; `OnceEach` does without, where
    they can be read again.

    >>> from cxkit.model.event import event
    >>> order = event("order.placed", reference="o-1")
    >>> len(list(once([order, order])))
    1
    """
    current: dict[tuple[str, str], Event] = {}
    replaced: set[Event] = set()
    for event in events:
        known = current.setdefault((event.source, event.id), event)
        if known is not event and known != event and event not in replaced:
            replaced.add(known)
            current[event.source, event.id] = event
    return current.values()


class OnceEach:
    """Events with each (source, id) once, as `once` has it, whose memory stays flat where they can be read again.

    To go through it holds them all. `used` hands them on as they are read, and keeps 8 bytes of each.

    >>> from cxkit.model.event import event
    >>> order = event("order.placed", reference="o-1")
    >>> OnceEach([order, order], lambda: [order, order]).used(lambda events: len(list(events)))
    1
    """

    def __init__(self, events: Iterable[Event], again: Callable[[], Iterable[Event]] | None) -> None:
        """Take the events, and what reads the same ones once more; None where they come but once, as from a pipe."""
        self._events = events
        self._again = again
        self._begun = False

    @property
    def lasts(self) -> bool:
        """Whether `used` may be called more than once."""
        return self._again is not None

    def __iter__(self) -> Iterator[Event]:
        """Give the events, once all are read."""
        return iter(once(self._events))

    def used(self, use: Callable[[Iterable[Event]], T]) -> T:
        """Return what `use` makes of the events, in any order.

        Hardly any file has an event twice. Where one has, it shows at the end: then the events are read again, and
        those that are there twice are handed on after the last. So `use` may be called twice: it must read to the end,
        and change nothing.
        """
        if self._again is None:
            return use(self)
        keys = _Keys()
        events = self._again() if self._begun else self._events
        self._begun = True
        found = use(keys.of(events))
        twice = keys.twice()
        return use(_put_off(self._again(), twice)) if twice else found


def _put_off(events: Iterable[Event], twice: set[int]) -> Iterator[Event]:
    """Give the events; those whose key may be there twice come last, each once."""
    waiting: list[Event] = []
    for event in events:
        if hash((event.source, event.id)) in twice:
            waiting.append(event)
        else:
            yield event
    yield from once(waiting)


class _Keys:
    """Hashes of keys, in parts small enough to look for what stands in one twice. Two keys of one hash do no harm."""

    def __init__(self) -> None:
        self._parts = [array("q") for _ in range(_PARTS)]

    def of(self, events: Iterable[Event]) -> Iterator[Event]:
        """Give the events, and keep the hashes of their keys."""
        keep = [part.append for part in self._parts]
        stream = iter(events)
        while chunk := list(islice(stream, _CHUNK)):
            for key in map(hash, map(_KEY, chunk)):
                keep[key % _PARTS](key)
            yield from chunk

    def twice(self) -> set[int]:
        """Return the hashes that are there more than once."""
        found: set[int] = set()
        for part in self._parts:
            if len(set(part)) < len(part):
                found.update(key for key, n in Counter(part).items() if n > 1)
        return found
