"""Customers and the loyalty program into events."""

from __future__ import annotations

import json

import pytest

from cxkit.adapters import Facts
from cxkit_square.people import customer_events, member_events, reward_events
from cxkit_square.terms import Terms

TERMS = Terms(Facts("square:M"), "store")
ACCOUNT = {
    "id": "Y",
    "program_id": "G",
    "created_at": "2026-03-01T10:00:00Z",
    "mapping": {"phone_number": "+14155551111"},
}
ENTRY = {
    "id": "E",
    "created_at": "2026-03-01T10:00:00Z",
    "loyalty_account_id": "Y",
    "source": "SQUARE",
    "location_id": "L",
}


def test_customer():
    """A profile ties a customer to an e-mail address and a phone number."""
    profile = {
        "id": "C",
        "created_at": "2026-03-01T10:00:00Z",
        "email_address": "An@Example.org",
        "phone_number": "n/a",
    }
    (link,) = customer_events(profile, TERMS)
    assert (link.customer, link.reference, link.id) == ("square:M:C", "email:an@example.org", "identity.linked:C:email")


def test_member():
    """A loyalty account is opened by a customer, and is an identity that is theirs."""
    opened, phone, whose = member_events({**ACCOUNT, "customer_id": "C"}, TERMS)
    assert (opened.kind, opened.customer, opened.touchpoint) == ("account.created", "square:M:C", "loyalty.account")
    assert (phone.customer, phone.reference) == ("square:M:loyalty:Y", "phone:+14155551111")
    assert (whose.customer, whose.reference) == ("square:M:C", "square:M:loyalty:Y")


def test_member_without_a_profile():
    """An account that was opened with a phone number alone is known by that."""
    opened, phone = member_events({**ACCOUNT, "enrolled_at": "2020-01-01T00:00:00Z"}, TERMS)
    assert (opened.customer, opened.time.year) == ("square:M:loyalty:Y", 2020)
    assert phone.customer == "square:M:loyalty:Y"


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("ACCUMULATE_POINTS", "reward.earned"), ("ACCUMULATE_PROMOTION_POINTS", "reward.earned"),
        ("REDEEM_REWARD", "reward.redeemed"), ("CREATE_REWARD", None), ("DELETE_REWARD", None),
        ("ADJUST_POINTS", None), ("EXPIRE_POINTS", None), ("OTHER", None),
    ],
)  # fmt: skip
def test_reward(kind, told):
    """Of the ledger what the customer did is told: earned and redeemed; not what was put right or ran out."""
    found = list(reward_events({**ENTRY, "type": kind, kind.lower(): {"order_id": "A", "points": 5}}, TERMS))
    assert [event.kind for event in found] == ([told] if told else [])
    for event in found:
        assert (event.customer, event.reference) == ("square:M:loyalty:Y", "square:M:A")
        assert json.loads(event.properties) == {"location": "L", "points": 5}
