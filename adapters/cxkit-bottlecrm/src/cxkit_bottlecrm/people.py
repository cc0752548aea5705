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
    number = lead["id"]
    of_it: dict[str, Any] = {
        "customer": facts.somebody(None, email=lead["email"], phone=_phone(lead)),
        "reference": f"lead:{number}",
        "channel": _CHANNELS.get(lead["source"], "other") if lead["source"] else None,
        "amount": money(lead["opportunity_amount"], lead["currency"] or currency),
    }
    yield facts.event("lead.opened", number, time=us_of(lead["created_at"]), **of_it)
    if lead["first_response_at"] is not None:
        yield facts.event("lead.answered", number, time=us_of(lead["first_response_at"]), **of_it)
    if lead["status"] in _ENDS:
        yield facts.event(_ENDS[lead["status"]], number, time=us_of(lead["updated_at"]), **of_it)


def deal_events(deal: Record, facts: Facts, currency: str | None = None) -> Iterator[Event]:
    """Return the events of a deal.

    Args:
        deal: as the list tells it.
        facts: makes the events.
        currency: of an amount that names none.
    """
    number = deal["id"]
    of_it: dict[str, Any] = {
        "customer": facts.customer(whose(deal["contacts"])),
        "reference": f"opportunity:{number}",
        "channel": _CHANNELS.get(deal["lead_source"], "other") if deal["lead_source"] else None,
        "amount": money(deal["amount"], deal["currency"] or currency),
    }
    yield facts.event("opportunity.opened", number, time=us_of(deal["created_at"]), **of_it)
    if deal["stage_kind"] in {"won", "lost"}:
        yield facts.event(f"opportunity.{deal['stage_kind']}", number, time=us_of(deal["stage_changed_at"]), **of_it)


def money(amount: object, currency: str | None) -> Money | None:
    """Return an amount that BottleCRM writes with two decimals; None where it or its currency isn't known.

    >>> money("1200.50", "USD"), money("1200.50", None)
    (Money('1200.50', 'USD'), None)
    """
    return None if amount is None or not currency else Money(str(amount), currency)


def _phone(person: Record) -> object:
    """Return a number, as BottleCRM itself has made it international where it could."""
    return person.get("phone_e164") or person["phone"]
