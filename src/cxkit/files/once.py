"""Each event once, as a store would hold it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cxkit.model.event import Event


def once(events: Iterable[Event]) -> Iterable[Event]:
    """Return the events with each (source, id) once, the version that a store would hold.

    Where contents differ, the later row is the correction, unless it is a version that was replaced before. All events
    are held in memory, because only the last row can say which version counts.

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
