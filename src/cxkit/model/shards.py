"""Shards: events cut so that nobody stands in two parts, which may then be scored apart and put together."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import attrs

from cxkit.errors import InvalidValueError
from cxkit.model.identity import LINKED, MAX_PEOPLE, UNLINKED, resolve

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cxkit.model.event import Event

_Key = tuple[bool, str]  # whether it is a reference, and which: a customer and a reference may be spelled alike


def shard_of(customer: str | None, shards: int) -> int:
    """Return the shard of a customer, from 0: the first eight digits of the MD5 of the name, modulo `shards`.

    It is the same on every machine and in every version, and can be said in SQL, so that tables are cut the same way
    where they are. Who has no name is in shard 0.

    Args:
        customer: the name; the canonical one where identities are linked.
        shards: how many there are.

    Raises:
        InvalidValueError: `shards` isn't a whole number from 1.

    >>> [shard_of(customer, 4) for customer in ("c1", "c2", "c3", None)]
    [1, 2, 3, 0]
    """
    if type(shards) is not int or shards < 1:
        raise InvalidValueError("shards", shards, "isn't a whole number from 1")
    if customer is None:
        return 0
    # To spread names evenly, not to keep them secret.
    return int(hashlib.md5(customer.encode(), usedforsecurity=False).hexdigest()[:8], 16) % shards


def shards(events: Iterable[Event], number: int, *, max_people: int = MAX_PEOPLE) -> list[list[Event]]:
    """Return events in so many parts, none of which shares a customer or a reference with another.

    Every metric survives such a cut: merge the parts' scorecards ``over=("customer", "reference")``. Identities are
    resolved: customers stand under their canonical names, and the events that linked them are left out. Who is tied to
    nobody by a reference is where `shard_of` says; those who are tied are where the first of them by name is. Events
    with neither customer nor reference are in the first part.

    Args:
        events: the events, in any order; they are held in memory.
        number: how many parts, some of which may be empty.
        max_people: an identity that more customers share than this merges nobody.

    Raises:
        InvalidValueError: `number` isn't a whole number from 1.

    >>> import cxkit
    >>> orders = [cxkit.event("order.placed", customer=f"c{n}", reference=f"o{n}") for n in (1, 2, 3)]
    >>> [len(part) for part in shards(orders, 4)]
    [0, 1, 1, 1]
    """
    shard_of(None, number)
    held = list(events)
    canonical = resolve(held, max_people=max_people).mapping
    named = [_under(event, canonical.get(event.customer or "")) for event in held if event.kind not in _LINKS]
    ties = _Ties()
    for event in named:
        if event.customer is not None and event.reference is not None:
            ties.tie((False, event.customer), (True, event.reference))
    parts: list[list[Event]] = [[] for _ in range(number)]
    for event in named:
        parts[shard_of(ties.first(event), number)].append(event)
    return parts


_LINKS = (LINKED, UNLINKED)


def _under(event: Event, name: str | None) -> Event:
    return event if name is None else attrs.evolve(event, customer=name)


class _Ties:
    """Who and what events tie together: union-find, the first by name on top, customers before references."""

    def __init__(self) -> None:
        self._above: dict[_Key, _Key] = {}

    def _top(self, key: _Key) -> _Key:
        while (above := self._above.get(key, key)) != key:
            # Halving the path keeps it short.
            self._above[key] = self._above.get(above, above)
            key = self._above[key]
        return key

    def tie(self, one: _Key, other: _Key) -> None:
        """Put two together."""
        first, second = sorted((self._top(one), self._top(other)))
        self._above[second] = first

    def first(self, event: Event) -> str | None:
        """Return the first name of those an event is tied to, or None."""
        if event.customer is not None:
            return self._top((False, event.customer))[1]
        return None if event.reference is None else self._top((True, event.reference))[1]
