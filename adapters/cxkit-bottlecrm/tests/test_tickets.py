"""What becomes of a ticket."""

from __future__ import annotations

from typing import Any

import pytest

from cxkit.adapters import Facts, us_of
from cxkit_bottlecrm.tickets import LOG, changed, events_of, is_discarded, may_have_reopened, whose

pytestmark = pytest.mark.xdist_group("vendors")  # one server for all of them

FACTS = Facts("bottlecrm:desk.example")
OPENED, ANSWERED, CLOSED = (f"2026-03-01T{hour}:00:00.123456+07:00" for hour in ("10", "11", "15"))
TICKET: dict[str, Any] = {
    "id": "t1",
    "status": "Closed",
    "priority": "High",
    "case_type": None,
    "created_at": OPENED,
    "first_response_at": ANSWERED,
    "resolved_at": CLOSED,
    "is_active": True,
    "contacts": [{"id": "c2", "email": ""}, {"id": "c1", "email": "an@example.org"}],
    "custom_fields": {"channel": "Phone"},
}
# Newest first, as BottleCRM tells it; its own moments are those of writing the log.
HISTORY: list[dict[str, Any]] = [
    {
        "id": "a5",
        "action": "UPDATE",
        "created_at": "2026-03-01T15:00:00.200+07:00",
        "metadata": {"changes": {"resolved_at": {"before": None, "after": "2026-03-01 08:00:00.123456+00:00"}}},
    },
    {
        "id": "a4",
        "action": "REOPENED",
        "created_at": "2026-03-01T14:00:00+07:00",
        "metadata": {"to_status": "Pending", "days_since_close": 0},
    },
    {
        "id": "a3",
        "action": "UPDATE",
        "created_at": "2026-03-01T13:00:00.200+07:00",
        "metadata": {"changes": {"resolved_at": {"before": None, "after": "2026-03-01 06:00:00.000001+00:00"}}},
    },
    {
        "id": "a2",
        "action": "STATUS_CHANGED",
        "created_at": "2026-03-01T12:30:00+07:00",
        "metadata": {"before": "Closed", "after": "Assigned"},
    },
    {
        "id": "a1",
        "action": "STATUS_CHANGED",
        "created_at": "2026-03-01T12:00:00+07:00",
        "metadata": {"before": "New", "after": "Closed"},
    },
]


def told(ticket: dict[str, Any], field: str = "") -> list[tuple[str, str, int]]:
    """Return kind, id and time of a ticket's events."""
    return [(event.kind, event.id, event.ts_us) for event in events_of(ticket, FACTS, field)]


def test_a_closed_ticket_was_opened_answered_and_resolved() -> None:
    """Each at the moment the ticket names, to the microsecond."""
    assert told(TICKET) == [
        ("contact.opened", "contact.opened:t1", us_of(OPENED)),
        ("contact.answered", "contact.answered:t1", us_of(ANSWERED)),
        ("contact.resolved", f"contact.resolved:t1:{us_of(CLOSED)}", us_of(CLOSED)),
    ]


def test_columns_say_who_and_how() -> None:
    """The customer is whom BottleCRM would mail; the channel is a custom field's, if there is one."""
    for event in events_of(TICKET, FACTS, "channel"):
        assert (event.customer, event.reference, event.channel) == ("bottlecrm:desk.example:c1", "ticket:t1", "phone")
    first = next(events_of(TICKET, FACTS))
    assert (first.channel, first.properties) == (None, '{"priority":"High"}')
    assert next(events_of({**TICKET, "custom_fields": {"channel": "pigeon"}}, FACTS, "channel")).channel == "other"
    assert next(events_of({**TICKET, "custom_fields": {}}, FACTS, "channel")).channel is None


def test_the_log_tells_former_closings_and_reopenings() -> None:
    """Two closings and two reopenings; the last closing is told once, whether by the ticket or by the log."""
    found = told({**TICKET, LOG: HISTORY})
    assert found[:2] == told(TICKET)[:2]
    assert found[2:] == [
        (
            "contact.resolved",
            f"contact.resolved:t1:{us_of('2026-03-01T06:00:00.000001Z')}",
            us_of("2026-03-01T06:00:00.000001Z"),
        ),
        ("contact.resolved", f"contact.resolved:t1:{us_of(CLOSED)}", us_of(CLOSED)),
        ("contact.reopened", "contact.reopened:t1:a4", us_of("2026-03-01T14:00:00+07:00")),
        ("contact.reopened", "contact.reopened:t1:a2", us_of("2026-03-01T12:30:00+07:00")),
    ]


def test_what_was_closed_otherwise_is_no_reopening() -> None:
    """A closed ticket that is rejected or merged isn't open again."""
    rejected = {**HISTORY[3], "metadata": {"before": "Closed", "after": "Rejected"}}
    assert [kind for kind, *_ in told({**TICKET, LOG: [rejected]})] == [
        "contact.opened",
        "contact.answered",
        "contact.resolved",
    ]


@pytest.mark.parametrize("field", [{"is_active": False}, {"status": "Duplicate", "resolved_at": None}])
def test_a_discarded_ticket_corrects_its_opening(field: dict[str, Any]) -> None:
    """What BottleCRM doesn't count is told as discarded, under the id of the opening."""
    gone = {**TICKET, **field}
    assert is_discarded(gone)
    assert told(gone) == [("contact.discarded", "contact.opened:t1", us_of(OPENED))]
    assert not may_have_reopened(gone, None)


def test_the_log_is_read_where_it_may_say_something_new() -> None:
    """Of all tickets at first; then of those open, and those closed since the last reading."""
    since = us_of("2026-03-01T12:00:00+07:00")
    assert may_have_reopened(TICKET, None)
    assert may_have_reopened(TICKET, since)
    assert may_have_reopened({**TICKET, "resolved_at": None}, since)
    assert not may_have_reopened(TICKET, us_of(CLOSED) + 1)


def test_changed_is_the_latest_moment_named() -> None:
    """Whatever of them there is."""
    assert changed(TICKET) == us_of(CLOSED)
    assert changed({**TICKET, "resolved_at": None, "first_response_at": None}) == us_of(OPENED)


def test_whose_a_ticket_is() -> None:
    """The first-made contact with an address, else the first-made, else nobody's. They come newest first."""
    newest, oldest = {"id": "b", "email": "b@example.org"}, {"id": "a", "email": "a@example.org"}
    assert whose([newest, oldest]) == "a"
    assert whose([newest, {**oldest, "email": None}]) == "b"
    assert whose([{**newest, "email": None}, {**oldest, "email": ""}]) == "a"
    assert whose([]) is None
