"""Tickets into contacts."""

from __future__ import annotations

from typing import Any

import pytest

from cxkit.adapters import Facts, us_of
from cxkit_hubspot.crm import Record
from cxkit_hubspot.tickets import events_of

FACTS = Facts("hubspot:4711")
STAGES = {"1": False, "2": False, "4": True, "5": True}
FIELDS = {"createdate": "2026-03-01T10:00:00Z", "hs_pipeline": "0", "source_type": "PHONE"}


def ticket(*stages: str, **fields: str | None) -> Record:
    """Return a ticket that was in stages, one an hour; HubSpot gives the last first."""
    history: list[dict[str, Any]] = [
        {"value": stage, "timestamp": f"2026-03-01T{10 + hour}:00:00.500Z"} for hour, stage in enumerate(stages)
    ]
    return Record("7", {**FIELDS, **fields}, history=history[::-1], contacts=("3",))


def told(record: Record) -> list[tuple[str, str]]:
    """Return the kinds and hours of a ticket's events."""
    return [(event.kind, event.time.strftime("%H:%M")) for event in events_of(record, FACTS, STAGES)]


def test_a_ticket_is_opened_by_its_first_contact() -> None:
    """With its channel, and properties to segment by."""
    (opened,) = events_of(ticket("1", hs_ticket_priority="HIGH", hs_ticket_category=""), FACTS, STAGES)
    assert (opened.kind, opened.ts_us, opened.customer) == (
        "contact.opened",
        us_of("2026-03-01T10:00Z"),
        "hubspot:4711:3",
    )
    assert (opened.channel, opened.reference) == ("phone", "ticket:7")
    assert opened.properties == '{"pipeline":"0","priority":"HIGH"}'


@pytest.mark.parametrize(
    ("word", "channel"), [("EMAIL", "email"), ("CHAT", "chat"), ("FORM", "web"), ("WhatsApp", "other"), (None, None)]
)
def test_the_channel_is_where_it_came_from(word: str | None, channel: str | None) -> None:
    """Other words than HubSpot's own are other."""
    (opened,) = events_of(ticket("1", source_type=word), FACTS, STAGES)
    assert opened.channel == channel


def test_the_first_answer_is_an_agents() -> None:
    """As HubSpot notes it."""
    record = ticket("1", "2", first_agent_reply_date="2026-03-01T10:05:00Z")
    assert told(record) == [("contact.opened", "10:00"), ("contact.answered", "10:05")]


@pytest.mark.parametrize(
    ("stages", "turns"),
    [
        ("1", []),
        ("12", []),
        ("14", [("contact.resolved", "11:00")]),
        ("145", [("contact.resolved", "11:00")]),
        ("142", [("contact.resolved", "11:00"), ("contact.reopened", "12:00")]),
        ("1424", [("contact.resolved", "11:00"), ("contact.reopened", "12:00"), ("contact.resolved", "13:00")]),
        ("4", [("contact.resolved", "10:00")]),
        ("1494", [("contact.resolved", "11:00")]),
        ("1949", [("contact.resolved", "12:00")]),
    ],
)
def test_closings_and_reopenings_are_moves_between_stages(stages: str, turns: list[tuple[str, str]]) -> None:
    """From open to closed and back; from one closed stage to another is neither, nor is one that is gone (9)."""
    assert told(ticket(*stages))[1:] == turns


def test_the_last_closing_is_when_the_ticket_says() -> None:
    """One that was brought from elsewhere was closed before it was brought; and what agents correct, they mean."""
    record = ticket("1", "4", "1", "4", closed_date="2026-03-01T12:30:00Z")
    assert told(record)[1:] == [
        ("contact.resolved", "11:00"),
        ("contact.reopened", "12:00"),
        ("contact.resolved", "12:30"),
    ]


def test_ids_stay_when_a_close_date_is_corrected() -> None:
    """The event is corrected, and not told a second time."""
    before = {event.id for event in events_of(ticket("1", "4"), FACTS, STAGES)}
    after = {event.id for event in events_of(ticket("1", "4", closed_date="2026-03-01T10:30:00Z"), FACTS, STAGES)}
    assert before == after


def test_an_open_ticket_was_not_closed_though_it_has_a_close_date() -> None:
    """Workflows and imports can leave one behind."""
    assert told(ticket("1", "2", closed_date="2026-03-01T12:30:00Z")) == [("contact.opened", "10:00")]
