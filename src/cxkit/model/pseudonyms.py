"""E-mail addresses and phone numbers as keyed digests: the same for the same person, and not to be read back."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Final

import attrs

from cxkit.model.event import COLUMNS, event_of_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cxkit.model.event import Event

NAMESPACES: Final = ("email:", "phone:")
_DONE: Final = "hmac-"
_CUSTOMER, _REFERENCE = COLUMNS.index("customer"), COLUMNS.index("reference")


@attrs.frozen
class Pseudonyms:
    """What hides identities that say who somebody is.

    An address is replaced by its HMAC-SHA-256 (RFC 2104) under a key, cut to 128 bits. Whoever has neither key nor
    address learns nothing from it; whoever has the key can try addresses.

    Attributes:
        key: the key, of 16 bytes or more.

    >>> hide = Pseudonyms(b"0" * 32)
    >>> hide.of("email:an@example.org"), hide.of("shop:17")
    ('email:hmac-d95a2fe56ca948c1f76920a13b56a349', 'shop:17')
    >>> hide.of(hide.of("phone:+442079460018")) == hide.of("phone:+442079460018")
    True
    """

    key: bytes = attrs.field(repr=False, validator=attrs.validators.min_len(16))

    def of(self, identity: str) -> str:
        """Return the pseudonym of an e-mail address or a phone number; any other identity as it is."""
        for namespace in NAMESPACES:
            if identity.startswith(namespace):
                if identity.startswith(_DONE, len(namespace)):
                    return identity
                digest = hmac.new(self.key, identity.encode(), hashlib.sha256).hexdigest()
                return f"{namespace}{_DONE}{digest[:32]}"
        return identity

    def hidden(self, events: Iterable[Event]) -> Iterator[Event]:
        """Return events whose customers and references are hidden where they are e-mail addresses or phone numbers."""
        for event in events:
            customer, reference = event.customer, event.reference
            if (customer is not None and customer.startswith(NAMESPACES)) or (
                reference is not None and reference.startswith(NAMESPACES)
            ):
                row = [getattr(event, name) for name in COLUMNS]
                row[_CUSTOMER] = None if customer is None else self.of(customer)
                row[_REFERENCE] = None if reference is None else self.of(reference)
                yield event_of_row(row)
            else:
                yield event
