"""What has to be known besides Square's record to make events of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from cxkit.model.money import Money

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cxkit.adapters import Facts

    Record = Mapping[str, Any]


@attrs.frozen
class Terms:
    """What is the same for all records of a seller.

    Attributes:
        facts: makes the events.
        channel: of sales whose source isn't among `channels`.
        channels: source of a sale → channel.

    >>> from cxkit.adapters import Facts
    >>> terms = Terms(Facts("square:M1"), "store", {"Square Online": "web"})
    >>> terms.reference("A"), terms.channel_of({"source": {"name": "Square Online"}}), terms.channel_of({})
    ('square:M1:A', 'web', 'store')
    """

    facts: Facts
    channel: str
    channels: Mapping[str, str] = attrs.field(factory=dict)

    def reference(self, order: object | None) -> str | None:
        """Return what ties an order's events together, also beside other shops'; None for no order."""
        return f"{self.facts.source}:{order}" if order else None

    def channel_of(self, order: Record) -> str:
        """Return where an order was placed, as far as the name of its source tells."""
        name = (order.get("source") or {}).get("name")
        return self.channels.get(name, self.channel) if isinstance(name, str) else self.channel


def money(amount: Record | None) -> Money | None:
    """Return an amount of Square's, which are whole numbers of the currency's smallest unit; None for none.

    >>> money({"amount": 1999, "currency": "USD"}), money({"amount": 5000, "currency": "JPY"}), money(None)
    (Money('19.99', 'USD'), Money('5000', 'JPY'), None)
    """
    return None if amount is None else Money.of_minor(amount["amount"], amount["currency"])


def minor(amount: Record | None) -> int:
    """Return how many of the smallest unit an amount is; 0 for none."""
    value: int = 0 if amount is None else amount["amount"]
    return value
