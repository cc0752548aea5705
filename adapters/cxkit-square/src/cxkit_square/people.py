"""Customers and loyalty accounts into identities; the loyalty program's ledger into rewards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cxkit.adapters import us_of
from cxkit.model.identity import LINKED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cxkit.model.event import Event
    from cxkit_square.terms import Terms

    Record = Mapping[str, Any]

CUSTOMER_KINDS: Final = (LINKED,)
MEMBER_KINDS: Final = ("account.created", LINKED)
REWARD_KINDS: Final = ("reward.earned", "reward.redeemed")
REWARDS: Final = {
    "ACCUMULATE_POINTS": ("reward.earned", "accumulate_points"),
    "ACCUMULATE_PROMOTION_POINTS": ("reward.earned", "accumulate_promotion_points"),
    "REDEEM_REWARD": ("reward.redeemed", "redeem_reward"),
}
"""The ledger's types that are the customer's doing → kind, and where the details stand."""


def customer_events(customer: Record, terms: Terms) -> Iterator[Event]:
    """Yield what ties a profile to an e-mail address and a phone number; an account it isn't: Square makes it."""
    yield from terms.facts.links(
        customer["id"],
        time=us_of(customer["created_at"]),
        email=customer.get("email_address"),
        phone=customer.get("phone_number"),
    )


def member_events(account: Record, terms: Terms) -> Iterator[Event]:
    """Yield the events of a loyalty account: its opening, and whose it is.

    The ledger names accounts and not customers. So an account is an identity of its own, tied to the customer and to
    the phone number that it was opened with.
    """
    facts, record = terms.facts, _member(account["id"])
    opened, who = us_of(account.get("enrolled_at") or account["created_at"]), account.get("customer_id")
    yield facts.event(
        "account.created",
        account["id"],
        time=opened,
        customer=facts.customer(who or record),
        touchpoint="loyalty.account",
    )
    made = us_of(account["created_at"])
    yield from facts.links(record, time=made, phone=(account.get("mapping") or {}).get("phone_number"))
    if who:
        yield facts.event(LINKED, record, time=made, customer=facts.customer(who), reference=facts.customer(record))


def reward_events(entry: Record, terms: Terms) -> Iterator[Event]:
    """Yield the event of an entry of the ledger: points that were earned, a reward that was redeemed.

    >>> from cxkit.adapters import Facts
    >>> from cxkit_square.terms import Terms
    >>> entry = {"id": "E", "type": "REDEEM_REWARD", "created_at": "2026-03-01T10:00:00Z", "loyalty_account_id": "Y"}
    >>> (redeemed,) = reward_events(entry | {"redeem_reward": {"order_id": "A"}}, Terms(Facts("square:M"), "store"))
    >>> redeemed.kind, redeemed.customer, redeemed.reference
    ('reward.redeemed', 'square:M:loyalty:Y', 'square:M:A')
    """
    if entry["type"] not in REWARDS:
        return
    kind, place = REWARDS[entry["type"]]
    details = entry.get(place) or {}
    found = {"location": entry.get("location_id"), "points": details.get("points")}
    yield terms.facts.event(
        kind,
        entry["id"],
        time=us_of(entry["created_at"]),
        customer=terms.facts.customer(_member(entry["loyalty_account_id"])),
        reference=terms.reference(details.get("order_id")),
        properties={name: value for name, value in found.items() if value is not None},
    )


def _member(account: str) -> str:
    """Return what a loyalty account is called where customers are."""
    return f"loyalty:{account}"
