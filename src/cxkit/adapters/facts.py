"""Making events of a vendor's records: stable ids, customers in a namespace, e-mails and phones as identities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from cxkit.adapters.contact import email_identity, phone_identity
from cxkit.model.event import PPM, Draft, event, fill, from_us, to_us
from cxkit.model.identity import LINKED
from cxkit.model.money import Money
from cxkit.model.properties import dump_properties

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from cxkit.model.event import Event


@attrs.frozen
class Facts:
    """What makes the events of one source.

    Attributes:
        source: the source of the events, and the namespace of its customers.
        region: the country of phone numbers that are written without one, such as ``VN``; see `phone_identity`.

    >>> from datetime import UTC, datetime
    >>> facts = Facts("till:one")
    >>> sale = facts.event("order.placed", 17, time=datetime(2026, 3, 1, tzinfo=UTC), customer=facts.customer(5))
    >>> sale.id, sale.customer, sale.source
    ('order.placed:17', 'till:one:5', 'till:one')
    """

    source: str
    region: str | None = None

    def event(  # noqa: PLR0913 - the columns that most have
        self,
        kind: str,
        record: object,
        *,
        time: datetime | int,
        customer: str | None = None,
        reference: str | None = None,
        channel: str | None = None,
        touchpoint: str | None = None,
        amount: Money | None = None,
        instrument: str | None = None,
        score: float | None = None,
        properties: Mapping[str, Any] | None = None,
        **columns: Any,  # noqa: ANN401 - of events
    ) -> Event:
        """Return the event of a record.

        Its id is made of kind and record, so that whatever tells the fact, a pull or a webhook, today or again after a
        crash, tells the same event. Told otherwise than before it is a correction.

        Args:
            kind: ``noun.verb``.
            record: the vendor's id of what happened: an order for ``order.placed``, a refund for ``order.refunded``.
                Where one record tells a fact several times, say which: ``f"{ticket}:{comment}"``.
            time: when it happened, with a zone; or in microseconds since 1970, as `us_of` reads it, which is quicker.
            customer: who, named by `customer` or `somebody`; None for nobody.
            reference: the order, ticket or session that it belongs to, by the vendor's own id; in a store it gets the
                source before it, as customers have.
            channel: where it happened.
            touchpoint: the key into the journey map.
            amount: the money.
            instrument: which question was answered.
            score: the answer.
            properties: whatever else is worth keeping.
            columns: further ones, as `cxkit.event` takes them.

        Raises:
            InvalidValueError: a column can't hold what was given.
        """
        name = f"{kind}:{record}"
        if columns or not (amount is None or isinstance(amount, Money)):
            few: dict[str, Any] = {"customer": customer, "reference": reference, "channel": channel, "amount": amount}
            few |= {"touchpoint": touchpoint, "instrument": instrument, "score": score, "properties": properties}
            time = from_us(time) if isinstance(time, int) else time
            return event(kind, time=time, source=self.source, id=name, **few, **columns)
        # By position, in the columns' order: to pass sixteen names on took a third of what a mapping takes.
        return fill(
            Draft(),
            name,
            time if isinstance(time, int) else to_us(time),
            kind,
            customer,
            self.source,
            touchpoint,
            channel,
            reference,
            instrument,
            None,
            score,
            None if amount is None else amount.minor,
            None if amount is None else amount.currency,
            None,
            PPM,
            dump_properties(properties) if properties else None,
        )

    def customer(self, record: object | None) -> str | None:
        """Return the customer of a vendor's id, which stays as it is: writing back needs it; None for nobody.

        >>> Facts("till:one").customer(5), Facts("till:one").customer(None)
        ('till:one:5', None)
        """
        return None if record is None or record == "" else f"{self.source}:{record}"

    def somebody(self, record: object | None, *, email: object = None, phone: object = None) -> str | None:
        """Return who a record is of: the vendor's customer, else a guest by e-mail or phone, else None.

        >>> Facts("till:one").somebody(None, email="An@Example.org ")
        'email:an@example.org'
        """
        return self.customer(record) or email_identity(email) or phone_identity(phone, self.region)

    def links(
        self, record: object, *, time: datetime | int, email: object = None, phone: object = None
    ) -> tuple[Event, ...]:
        """Return the events that tie a vendor's customer to an e-mail address and a phone number.

        Both are kept as keyed digests once they reach a store. What is no address or number ties nobody. Another one
        than before replaces it.

        Args:
            record: the vendor's id of the customer.
            time: when it was known; best one that doesn't change, such as when the customer was made.
            email: the address, or None.
            phone: the number, or None.
        """
        found = {"email": email_identity(email), "phone": phone_identity(phone, self.region)}
        customer = self.customer(record)
        links = [
            self.event(LINKED, f"{record}:{name}", time=time, customer=customer, reference=identity)
            for name, identity in found.items()
            if identity is not None
        ]
        return tuple(links)
