"""Contacts into identities; leads and deals into the events of a sale that may come of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cxkit.adapters import us_of
from cxkit.model.money import Money
from cxkit_bottlecrm.tickets import whose

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cxkit.adapters import Facts
    from cxkit.model.event import Event

    Record = Mapping[str, Any]

CONTACT_KINDS: Final = ("identity.linked",)
LEAD_KINDS: Final = ("lead.opened", "lead.answered", "lead.lost")  # of the list, which has none that was converted
DEAL_KINDS: Final = ("opportunity.opened", "opportunity.won", "opportunity.lost")

_CHANNELS: Final = {
    "call": "phone", "email": "email", "partner": "partner", "campaign": "other", "web form": "web",
    "meta ads": "social", "google ads": "web", "linkedin ads": "social", "directory or marketplace": "marketplace",
    "whatsapp": "messaging", "walk-in": "store",
}  # fmt: skip
_ENDS: Final = {"converted": "lead.converted", "closed": "lead.lost"}


def contact_events(contact: Record, facts: Facts) -> tuple[Event, ...]:
    """Return what ties a contact to an e-mail address and a phone number; an account it isn't."""
    return facts.links(contact["id"], time=us_of(contact["created_at"]), email=contact["email"], phone=_phone(contact))


def lead_events(lead: Record, facts: Facts, currency: str | None = None) -> Iterator[Event]:
    """Return the events of a lead: somebody who isn't a contact yet, known by address or number.

    Args:
        lead: as the list tells it.
        facts: makes the events.
        currency: of an amount that names none.
    """
    event, number, answered = facts.event, lead["id"], lead["first_response_at"]
    who, own = facts.somebody(None, email=lead["email"], phone=_phone(lead)), f"lead:{number}"
    where = _CHANNELS.get(lead["source"], "other") if lead["source"] else None
    worth = money(lead["opportunity_amount"], lead["currency"] or currency)
    time = us_of(lead["created_at"])
    yield event("lead.opened", number, time=time, customer=who, reference=own, channel=where, amount=worth)
    if answered is not None:
        time = us_of(answered)
        yield event("lead.answered", number, time=time, customer=who, reference=own, channel=where, amount=worth)
    end = _ENDS.get(lead["status"])
    if end is not None:
        time = us_of(lead["updated_at"])
        yield event(end, number, time=time, customer=who, reference=own, channel=where, amount=worth)


def deal_events(deal: Record, facts: Facts, currency: str | None = None) -> Iterator[Event]:
    """Return the events of a deal.

    Args:
        deal: as the list tells it.
        facts: makes the events.
        currency: of an amount that names none.
    """
    event, number = facts.event, deal["id"]
    who, own = facts.customer(whose(deal["contacts"])), f"opportunity:{number}"
    where = _CHANNELS.get(deal["lead_source"], "other") if deal["lead_source"] else None
    worth = money(deal["amount"], deal["currency"] or currency)
    time = us_of(deal["created_at"])
    yield event("opportunity.opened", number, time=time, customer=who, reference=own, channel=where, amount=worth)
    if deal["stage_kind"] in {"won", "lost"}:
        end, time = f"opportunity.{deal['stage_kind']}", us_of(deal["stage_changed_at"])
        yield event(end, number, time=time, customer=who, reference=own, channel=where, amount=worth)


def money(amount: object, currency: str | None) -> Money | None:
    """Return an amount that BottleCRM writes with two decimals; None where it or its currency isn't known.

    >>> money("1200.50", "USD"), money("1200.50", None)
    (Money('1200.50', 'USD'), None)
    """
    return None if amount is None or not currency else Money(str(amount), currency)


def _phone(person: Record) -> object:
    """Return a number, as BottleCRM itself has made it international where it could."""
    return person.get("phone_e164") or person["phone"]
