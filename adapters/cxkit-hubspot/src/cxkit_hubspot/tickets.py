"""Tickets into contacts: opened, answered, resolved, reopened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cxkit.adapters import us_of, when
from cxkit.model.event import event as make
from cxkit_hubspot.crm import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cxkit.adapters import Facts
    from cxkit.model.event import Event
    from cxkit_hubspot.crm import Record

KINDS: Final = ("contact.opened", "contact.answered", "contact.resolved", "contact.reopened", "contact.discarded")
KIND: Final = Kind(
    "tickets",
    "hs_lastmodifieddate",
    (
        "createdate", "first_agent_reply_date", "closed_date", "source_type", "hs_pipeline", "hs_pipeline_stage",
        "hs_ticket_priority", "hs_ticket_category", "hs_lastmodifieddate", "hs_merged_object_ids",
    ),
    history="hs_pipeline_stage",
)  # fmt: skip

_CHANNELS: Final = {"CHAT": "chat", "EMAIL": "email", "FORM": "web", "PHONE": "phone"}
_RESOLVED, _REOPENED = "contact.resolved", "contact.reopened"


def closed_stages(pipelines: Iterable[Mapping[str, Any]]) -> dict[str, bool]:
    """Return the id of each stage → whether tickets in it are closed.

    >>> closed_stages([{"stages": [{"id": "4", "metadata": {"ticketState": "CLOSED"}}]}])
    {'4': True}
    """
    return {
        str(stage["id"]): stage["metadata"].get("ticketState") == "CLOSED"
        for pipeline in pipelines
        for stage in pipeline["stages"]
    }


def events_of(ticket: Record, facts: Facts, closed: Mapping[str, bool]) -> Iterator[Event]:
    """Return the events of a ticket.

    Args:
        ticket: the ticket, with the stages that it was in.
        facts: makes the events.
        closed: the id of each stage → whether tickets in it are closed.
    """
    event, number, own = facts.event, ticket.number, f"ticket:{ticket.number}"
    who, where = facts.customer(next(iter(ticket.contacts), None)), _channel(ticket)
    said = {
        "priority": ticket.get("hs_ticket_priority"),
        "category": ticket.get("hs_ticket_category"),
        "pipeline": ticket.get("hs_pipeline"),
    }
    known = {name: value for name, value in said.items() if value}
    time = us_of(ticket.get("createdate"))
    yield event("contact.opened", number, time=time, customer=who, reference=own, channel=where, properties=known)
    answered = ticket.get("first_agent_reply_date")
    if answered is not None:
        yield event("contact.answered", number, time=us_of(answered), customer=who, reference=own, channel=where)
    turns = _turns(ticket, closed)
    for kind, entered in turns:
        time, one, said_closed = entered, f"{number}:{entered // 1000}", ticket.get("closed_date")
        if said_closed and kind == _RESOLVED and (kind, entered) == turns[-1]:
            # Of the last closing the ticket itself says when it was; an import was made later than that.
            time = us_of(said_closed)
        yield event(kind, one, time=time, customer=who, reference=own, channel=where)
    for former in ticket.merged:
        yield from discarded(former, ticket, facts)


def discarded(number: str, ticket: Record, facts: Facts) -> Iterator[Event]:
    """Return what corrects the opening of a ticket that doesn't count: deleted, or merged into another.

    What a desk doesn't count as a contact is none, and its answers are answers to nothing.

    Args:
        number: of the one that doesn't count.
        ticket: that one, or the one that it was merged into, whose time of creation it then has.
        facts: makes the events.
    """
    time = when(ticket.get("createdate"))
    opened = f"contact.opened:{number}"
    yield make("contact.discarded", time=time, source=facts.source, id=opened, reference=f"ticket:{number}")


def _turns(ticket: Record, closed: Mapping[str, bool]) -> list[tuple[str, int]]:
    """Return each time a ticket was closed, and each time it was opened again.

    A move between two open stages or two closed ones is neither; a stage that no pipeline has any more changes nothing.
    """
    entries = sorted([(us_of(each["timestamp"]), str(each["value"])) for each in ticket.history])
    turns: list[tuple[str, int]] = []
    is_closed = False
    for time, stage in entries:
        now = closed.get(stage, is_closed)
        if now != is_closed:
            turns.append((_RESOLVED if now else _REOPENED, time))
        is_closed = now
    return turns


def _channel(ticket: Record) -> str | None:
    word = ticket.get("source_type")
    return None if word is None else _CHANNELS.get(word.upper(), "other")
