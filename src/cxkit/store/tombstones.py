"""What is left of people who were forgotten, so that they stay forgotten."""

from __future__ import annotations

import hmac
from hashlib import blake2b
from typing import TYPE_CHECKING

import attrs

from cxkit.model.identity import LINKED, UNLINKED
from cxkit.model.pseudonyms import Pseudonyms

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cxkit.model.event import Event
    from cxkit.model.identity import Identities


@attrs.frozen
class Tombstones:
    """The identities that were forgotten, as digests that nobody can read back.

    A digest is keyed with a random salt of the store's own, so it is of no use beside another store. Whoever holds the
    store can still test a guess, as the store must.

    Attributes:
        forgotten: how often the store has forgotten: tells whether these are all.
        salt: the key.
        digests: one for each identity.
    """

    forgotten: int
    salt: bytes = attrs.field(repr=False)
    digests: frozenset[bytes]

    def digest(self, identity: str) -> bytes:
        """Return what is kept of an identity."""
        return blake2b(identity.encode(), key=self.salt, digest_size=16).digest()

    def pseudonyms(self) -> Pseudonyms:
        """Return what hides addresses and numbers; its key is made of the salt, and doesn't tell it."""
        return Pseudonyms(hmac.digest(self.salt, b"cxkit pseudonyms", "sha256"))

    def person(self, people: Identities, customers: Iterable[str]) -> tuple[frozenset[str], int]:
        """Return all names that the store may have for customers, and how many of them it knows or was given.

        An address that somebody gives stands in the store as a pseudonym, or may later come as one.
        """
        hide = self.pseudonyms()
        given = frozenset[str]().union(*(people.members(customer) for customer in customers))
        hidden = [people.members(hide.of(customer)) for customer in customers]
        known = given.union(*(names for names in hidden if len(names) > 1))
        return known.union(*hidden), len(known)

    def refuse(self, event: Event) -> bool:
        """Whether an event belongs to somebody forgotten, or links somebody to them."""
        if not self.digests:
            return False
        named = {event.customer}
        if event.kind in (LINKED, UNLINKED):
            named.add(event.reference)
        return any(name is not None and self.digest(name) in self.digests for name in named)
