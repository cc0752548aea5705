"""Each event once, as a store would hold it."""

from __future__ import annotations

from array import array
from collections import Counter
from operator import attrgetter
from typing import TYPE_CHECKING, Final, TypeVar

from cxkit.model.block import parts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from cxkit.model.block import Part
    from cxkit.model.event import Event

T = TypeVar("T")

_SOURCE: Final = attrgetter("source")
_ID: Final = attrgetter("id")
_COLUMNS: Final = ("source", "id")
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
        keys = _Keys(self._again() if self._begun else self._events)
        self._begun = True
        found = use(keys)
        twice = keys.twice()
        return use(_put_off(self._again(), keys, twice)) if twice else found


def _put_off(events: Iterable[Event], keys: _Keys, twice: set[int]) -> Iterator[Event]:
    """Give the events; those whose key may be there twice come last, each once."""
    waiting: list[Event] = []
    for event in events:
        if keys.hashed(event.source, event.id) in twice:
            waiting.append(event)
        else:
            yield event
    yield from once(waiting)


class _Keys:
    """Hashes of keys, in parts small enough to look for what stands in one twice. Two keys of one hash do no harm."""

    def __init__(self, events: Iterable[Event]) -> None:
        """Take the events whose keys are to be kept while somebody goes through them."""
        self._events = events
        self._hashes = [array("q") for _ in range(_PARTS)]
        self._keep = [part.append for part in self._hashes]
        # What a source adds to the hashes of its ids: the first one nothing, for in most files there is no other.
        self._added: dict[str, int] = {}

    def hashed(self, source: str, identity: str) -> int:
        """Return the hash of a key."""
        added = self._added.get(source)
        if added is None:
            added = self._added[source] = hash(source) if self._added else 0
        return hash(identity) ^ added

    def __iter__(self) -> Iterator[Event]:
        """Give the events, and keep the hashes of their keys."""
        for part in self.parts():
            yield from part if isinstance(part, list) else part.events()

    def parts(self) -> Iterator[Part]:
        """Give the events some at a time, and keep the hashes of their keys."""
        keep = self._keep
        for part in parts_of(self._events):
            columns = (map(_SOURCE, part), map(_ID, part)) if isinstance(part, list) else map(part.column, _COLUMNS)
            for key in self._keys(*map(list, columns)):
                keep[key % _PARTS](key)
            yield part

    def _keys(self, sources: list[str], ids: list[str]) -> Iterable[int]:
        if sources.count(sources[0]) == len(sources) and not self.hashed(sources[0], "") ^ hash(""):
            return map(hash, ids)
        return map(self.hashed, sources, ids)

    def twice(self) -> set[int]:
        """Return the hashes that are there more than once."""
        found: set[int] = set()
        for part in self._hashes:
            if len(set(part)) < len(part):
                found.update(key for key, n in Counter(part).items() if n > 1)
        return found
