"""Tickets into contacts: opened, answered, resolved, reopened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from cxkit.adapters import us_of
from cxkit.model.event import CHANNELS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cxkit.adapters import Facts
    from cxkit.model.event import Event

    Record = Mapping[str, Any]

KINDS: Final = ("contact.opened", "contact.answered", "contact.resolved", "contact.reopened", "contact.discarded")
LOG: Final = "log"
"""Where a ticket carries the entries of its log, newest or oldest first; missing if it wasn't read."""

_OPEN: Final = frozenset({"New", "Assigned", "Pending"})
_CLOSED: Final = "Closed"
_DUPLICATE: Final = "Duplicate"


def changed(ticket: Record) -> int:
    """Return the latest moment that a ticket names, in microseconds; one of its last change it doesn't have."""
    named = (ticket["created_at"], ticket["first_response_at"], ticket["resolved_at"])
    return max(us_of(moment) for moment in named if moment is not None)


def may_have_reopened(ticket: Record, since: int | None) -> bool:
    """Say whether the log of a ticket may hold a closing or a reopening since a time that the ticket doesn't show.

    Closing sets a time and reopening clears it. So of a ticket that was closed before then, and still is, the log says
    nothing new.
    """
    if is_discarded(ticket):
        return False
    return since is None or ticket["resolved_at"] is None or us_of(ticket["resolved_at"]) >= since


def is_discarded(ticket: Record) -> bool:
    """Say whether a ticket is in the list of the deleted, or was merged into another: BottleCRM counts neither."""
    return not ticket["is_active"] or ticket["status"] == _DUPLICATE


def events_of(ticket: Record, facts: Facts, channel_field: str = "") -> Iterator[Event]:
    """Return the events of a ticket.

    One that was discarded is told as ``contact.discarded`` under the id of its opening, so that this is corrected where
    it was told before: what a desk doesn't count as a contact is none, and its answers are answers to nothing.

    Args:
        ticket: as the list tells it, with its log if that was read.
        facts: makes the events.
        channel_field: the custom field that holds the channel.
    """
    number, answered, closed = ticket["id"], ticket["first_response_at"], ticket["resolved_at"]
    # Each call names the columns anew: it takes a quarter less than to hand on a dictionary of them.
    event, who, own = facts.event, facts.customer(whose(ticket["contacts"])), f"ticket:{number}"
    where = _channel(ticket, channel_field) if channel_field else None
    said = {"priority": ticket["priority"], "type": ticket["case_type"]}
    known = {name: value for name, value in said.items() if value}
    time = us_of(ticket["created_at"])
    opened = event("contact.opened", number, time=time, customer=who, reference=own, channel=where, properties=known)
    if is_discarded(ticket):
        yield attrs.evolve(opened, kind="contact.discarded")
        return
    yield opened
    if answered is not None:
        yield event("contact.answered", number, time=us_of(answered), customer=who, reference=own, channel=where)
    entries = ticket.get(LOG, ())
    times = set(_resolved(entries)) if entries else set()
    if closed is not None:
        times.add(us_of(closed))
    for time in sorted(times):
        one = f"{number}:{time}"
        yield event("contact.resolved", one, time=time, customer=who, reference=own, channel=where)
    for entry, time in _reopened(entries):
        one = f"{number}:{entry}"
        yield event("contact.reopened", one, time=time, customer=who, reference=own, channel=where)


def whose(contacts: Sequence[Record]) -> str | None:
    """Return the contact that a ticket is of: the one BottleCRM mails, the first with an address; None for none.

    They come newest first.

    >>> whose([{"id": "b", "email": "b@example.org"}, {"id": "a", "email": None}])
    'b'
    """
    oldest = None
    for contact in reversed(contacts):
        if contact["email"]:
            return str(contact["id"])
        oldest = oldest or contact
    return None if oldest is None else str(oldest["id"])


def _channel(ticket: Record, field: str) -> str | None:
    word = str((ticket["custom_fields"] or {}).get(field) or "").strip().lower()
    return (word if word in CHANNELS else "other") if word else None


def _resolved(entries: Iterable[Record]) -> Iterator[int]:
    """Return when a ticket was closed, to the digit: the log keeps what the field held."""
    for entry in entries:
        change = (entry["metadata"].get("changes") or {}).get("resolved_at")
        if entry["action"] == "UPDATE" and change is not None and change["after"] is not None:
            yield us_of(change["after"])


def _reopened(entries: Iterable[Record]) -> Iterator[tuple[str, int]]:
    """Return the entries by which a ticket was opened again, by an agent or by a customer who wrote."""
    for entry in entries:
        metadata = entry["metadata"]
        by_agent = (
            entry["action"] == "STATUS_CHANGED" and metadata.get("before") == _CLOSED and metadata.get("after") in _OPEN
        )
        if by_agent or entry["action"] == "REOPENED":
            yield entry["id"], us_of(entry["created_at"])
