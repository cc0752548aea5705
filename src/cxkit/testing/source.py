"""What the suite needs of a vendor: to be driven, and to say by itself what it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeAlias

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from cxkit.adapters import Adapter, Request, Wire
    from cxkit.http import Answer
    from cxkit.model.money import Money

Deed: TypeAlias = Literal["sell", "at_once", "refund", "change", "hide", "delete", "merge", "expire"]
DEEDS: Final[Mapping[Deed, str]] = {
    "sell": "some new records of every kind, amounts among them that no float holds, such as 19.99, and customers with "
    "an e-mail address, with a phone number, and with neither",
    "at_once": "more than two pages of records that share one time of change",
    "refund": "something that belongs to an old record and may not move its time of change: a refund, a return, a "
    "reopening",
    "change": "an old record that the source then tells otherwise; the one that changed longest ago",
    "hide": "a new record that lists leave out unless they are asked for it: archived, inactive, closed",
    "delete": "an old record isn't there any more",
    "merge": "two new customers become one",
    "expire": "the session or token that the adapter uses is over from now on",
}
"""What a source can be asked to let happen."""


@attrs.frozen
class Fact:
    """Something that happened, by the source's own account.

    Attributes:
        kind: of the event that tells it.
        reference: of the event; None where it has none.
        amount: the money; None where none is told.
        customer: of the event, as the adapter is to name them; None for nobody. ``...`` isn't compared.
        time: when; ``...`` isn't compared.
    """

    kind: str
    reference: str | None = None
    amount: Money | None = None
    customer: str | Any | None = ...
    time: datetime | Any = ...


class Source(Protocol):
    """A vendor's system, live or played by its contract, as tests drive it.

    Attributes:
        secrets: texts that may show nowhere: passwords, keys, tokens.
        impossible: deed, or ``refusal``, → why the vendor has no such thing; it stands in the report of the tests.
        inner: what carries requests to it, an ``httpx.BaseTransport``; None for the network.
        deliveries_expire: whether a webhook's signature covers when it was made, so that an old one is refused.
    """

    secrets: Sequence[str]
    impossible: Mapping[str, str]
    inner: Any
    deliveries_expire: bool

    def adapter(self, wire: Wire) -> Adapter:
        """Return a new adapter to this source, with pages of two or three records."""
        ...

    def stranger(self, wire: Wire) -> Adapter:
        """Return an adapter whose credentials the source doesn't know."""
        ...

    def wait(self, seconds: float) -> None:
        """Let time go by at the source: sleep, unless it is played and has a clock that can be set."""
        ...

    def do(self, deed: Deed) -> None:
        """Let something happen; see `DEEDS`."""
        ...

    def facts(self) -> Iterable[Fact]:
        """Return all that the source holds, asked otherwise than through the adapter."""
        ...

    def refusal(self) -> Answer:
        """Return an answer with status 200 that carries an error, as the vendor writes it."""
        ...

    def customer(self) -> str:
        """Return the id of a customer to whom scores can be written back."""
        ...

    def holds(self, customer: str, scores: Mapping[str, Any]) -> bool:
        """Say whether the source holds these scores of a customer, and nothing else in their place."""
        ...

    def deliver(self, *, age: float = 0.0, forged: bool = False) -> Request:
        """Return a webhook that tells something that the source holds.

        Args:
            age: how many seconds ago it was signed.
            forged: whether another secret signed it.
        """
        ...
