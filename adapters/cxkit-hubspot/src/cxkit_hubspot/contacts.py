"""Contacts into identities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cxkit.adapters import email_identity, phone_identity, us_of
from cxkit.model.identity import LINKED
from cxkit_hubspot.crm import CONTACTS, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cxkit.adapters import Facts
    from cxkit.model.event import Event
    from cxkit_hubspot.crm import Record

KINDS: Final = (LINKED,)

_EMAIL, _OTHERS = "email", "hs_additional_emails"
_READ: Final = ("createdate", "hs_merged_object_ids", _EMAIL, _OTHERS)


def kind(phones: Sequence[str]) -> Kind:
    """Return the type of contacts; their last change has another name than everywhere else."""
    return Kind(CONTACTS, "lastmodifieddate", (*_READ, "lastmodifieddate", *phones), associated=False)


def events_of(contact: Record, facts: Facts, phones: Sequence[str]) -> Iterator[Event]:
    """Return what ties a contact to its addresses and numbers, and to the contacts that were merged into it.

    Args:
        contact: the contact.
        facts: makes the events.
        phones: the properties that hold its numbers.
    """
    time = us_of(contact.get("createdate"))
    links = {"email": email_identity(contact.get(_EMAIL))}
    others = contact.get(_OTHERS)
    for place, address in enumerate(others.split(";") if others else (), start=1):
        links[f"email:{place}"] = email_identity(address)
    for name in phones:
        links[name] = phone_identity(contact.get(name), facts.region)
    for former in contact.merged:
        links[f"merged:{former}"] = facts.customer(former)
    customer = facts.customer(contact.number)
    for name, identity in links.items():
        if identity is not None:
            yield facts.event(LINKED, f"{contact.number}:{name}", time=time, customer=customer, reference=identity)
