"""Contacts into identities."""

from __future__ import annotations

from cxkit.adapters import Facts, us_of
from cxkit_hubspot.contacts import events_of
from cxkit_hubspot.crm import Record

FACTS = Facts("hubspot:4711")
MADE = "2026-03-01T10:00:00.123Z"
PHONES = ("phone", "mobilephone")


def test_a_contact_is_tied_to_all_its_addresses_and_numbers() -> None:
    """Since it was made, so that a later change corrects nothing; what is no address or number ties nobody."""
    contact = Record(
        "5",
        {
            "createdate": MADE,
            "email": "An@Example.org",
            "hs_additional_emails": "an@work.example;n/a;;an@home.example",
            "phone": "+44 (20) 7946-0018",
            "mobilephone": "020 7946 0018",
        },
    )
    links = list(events_of(contact, FACTS, PHONES))
    assert {link.id.partition(":")[2]: link.reference for link in links} == {
        "5:email": "email:an@example.org",
        "5:email:1": "email:an@work.example",
        "5:email:4": "email:an@home.example",
        "5:phone": "phone:+442079460018",
    }
    assert {(link.kind, link.customer, link.ts_us) for link in links} == {
        ("identity.linked", "hubspot:4711:5", us_of(MADE))
    }


def test_numbers_that_people_share_can_be_left_out() -> None:
    """A company's switchboard, say, would make one customer of all who work there."""
    contact = Record("5", {"createdate": MADE, "phone": "+442079460018", "mobilephone": "+84912345678"})
    (link,) = events_of(contact, FACTS, ("mobilephone",))
    assert link.reference == "phone:+84912345678"


def test_merged_contacts_are_one() -> None:
    """Each of those that were merged, whether or not it was ever read."""
    contact = Record("9", {"createdate": MADE, "hs_merged_object_ids": "5;7"})
    assert [(link.customer, link.reference) for link in events_of(contact, FACTS, PHONES)] == [
        ("hubspot:4711:9", "hubspot:4711:5"),
        ("hubspot:4711:9", "hubspot:4711:7"),
    ]


def test_a_contact_with_nothing_is_nobody_yet() -> None:
    """An empty text is nothing, as None is."""
    fields = {"createdate": MADE, "email": "", "hs_additional_emails": None, "hs_merged_object_ids": ""}
    assert list(events_of(Record("5", fields), FACTS, PHONES)) == []
