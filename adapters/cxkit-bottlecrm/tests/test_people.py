"""What becomes of contacts, leads and deals."""

from __future__ import annotations

from typing import Any

import pytest

from cxkit.adapters import Facts, us_of
from cxkit.errors import InvalidValueError
from cxkit_bottlecrm.people import contact_events, deal_events, lead_events

pytestmark = pytest.mark.xdist_group("vendors")  # one server for all of them

FACTS = Facts("bottlecrm:desk.example")
MADE, LATER = "2026-03-01T10:00:00+07:00", "2026-03-02T10:00:00+07:00"
CONTACT: dict[str, Any] = {
    "id": "c1",
    "email": "An@Example.org",
    "phone": "0912 345 678",
    "phone_e164": "+84912345678",
    "created_at": MADE,
    "updated_at": LATER,
}
LEAD: dict[str, Any] = {
    **CONTACT,
    "id": "l1",
    "status": "in process",
    "source": "walk-in",
    "opportunity_amount": "1200.50",
    "currency": None,
    "first_response_at": None,
}
DEAL: dict[str, Any] = {
    "id": "d1",
    "contacts": [{"id": "c1", "email": "an@example.org"}],
    "lead_source": None,
    "amount": "99.99",
    "currency": "EUR",
    "created_at": MADE,
    "stage_changed_at": LATER,
    "stage_kind": "open",
}


def test_a_contact_is_tied_to_its_address_and_number() -> None:
    """Since it was made, so that a later edit corrects nothing."""
    links = contact_events(CONTACT, FACTS)
    assert [(link.kind, link.reference) for link in links] == [
        ("identity.linked", "email:an@example.org"),
        ("identity.linked", "phone:+84912345678"),
    ]
    assert {(link.customer, link.ts_us) for link in links} == {("bottlecrm:desk.example:c1", us_of(MADE))}
    assert contact_events({**CONTACT, "email": None, "phone": None, "phone_e164": ""}, FACTS) == ()


def test_a_lead_is_somebody_known_by_address() -> None:
    """It isn't a contact yet; its amount is in its own currency, else the organisation's."""
    (opened,) = lead_events(LEAD, FACTS, "USD")
    assert (opened.kind, opened.customer, opened.channel) == ("lead.opened", "email:an@example.org", "store")
    assert (opened.amount_minor, opened.currency) == (120050, "USD")
    (bare,) = lead_events({**LEAD, "source": None}, FACTS)
    assert (bare.channel, bare.amount_minor) == (None, None)
    assert next(lead_events({**LEAD, "source": "a friend of ours"}, FACTS)).channel == "other"


@pytest.mark.parametrize(("status", "kind"), [("closed", "lead.lost"), ("converted", "lead.converted")])
def test_a_lead_ends(status: str, kind: str) -> None:
    """Lost or converted, at its last change; answered when somebody first wrote or called."""
    ended = list(lead_events({**LEAD, "status": status, "first_response_at": LATER}, FACTS))
    assert [(event.kind, event.ts_us) for event in ended] == [
        ("lead.opened", us_of(MADE)),
        ("lead.answered", us_of(LATER)),
        (kind, us_of(LATER)),
    ]


@pytest.mark.parametrize("end", ["won", "lost"])
def test_a_deal_is_won_or_lost_by_the_kind_of_its_stage(end: str) -> None:
    """Stages are the organisation's own; their kind isn't."""
    assert [event.kind for event in deal_events(DEAL, FACTS)] == ["opportunity.opened"]
    opened, ended = deal_events({**DEAL, "stage_kind": end}, FACTS)
    assert (opened.ts_us, ended.kind, ended.ts_us) == (us_of(MADE), f"opportunity.{end}", us_of(LATER))
    assert (ended.customer, ended.amount_minor, ended.currency) == ("bottlecrm:desk.example:c1", 9999, "EUR")


def test_an_amount_that_its_currency_cannot_hold_is_refused() -> None:
    """Half a dong is none; BottleCRM writes two decimals whatever the currency."""
    (whole,) = deal_events({**DEAL, "amount": "50000000.00", "currency": "VND"}, FACTS)
    assert whole.amount_minor == 50_000_000
    with pytest.raises(InvalidValueError, match="amount"):
        list(deal_events({**DEAL, "amount": "0.50", "currency": "VND"}, FACTS))
