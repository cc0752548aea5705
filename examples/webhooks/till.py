"""An adapter for a make of tills that tells each sale to a webhook, signed as Standard Webhooks has it.

It has nothing to pull: all there is comes by `receive`. The apps beside this file take any adapter in its place, such
as `cxkit.adapter("shopify")`.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from cxkit import Money
from cxkit.adapters import Check, Facts, Secret, Wire, when
from cxkit.errors import InvalidValueError, UnknownNameError
from cxkit.signatures import verify_standard_webhooks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cxkit import Event
    from cxkit.adapters import Page, Request, State, Stream


@attrs.frozen
class TillConfig:
    """What the adapter must be told.

    Attributes:
        shop: which of the shops; the source of its events is ``till:`` and this.
        secret: the webhook's, ``whsec_…``.
    """

    shop: str
    secret: Secret


class Till:
    """The tills of one shop."""

    name: ClassVar[str] = "till"
    title: ClassVar[str] = "Till"
    Config: ClassVar[type[TillConfig]] = TillConfig

    def __init__(self, config: TillConfig, wire: Wire | None = None) -> None:
        """Know the shop and its secret."""
        self.config = config
        self.wire = wire or Wire()
        self.facts = Facts(self.source)

    @property
    def source(self) -> str:
        """Return the source of its events."""
        return f"till:{self.config.shop}"

    def check(self) -> Check:
        """Return the shop: there is nobody to ask."""
        return Check(self.config.shop)

    def streams(self) -> tuple[Stream, ...]:
        """Return nothing: a till can't be asked for its sales."""
        return ()

    def read(self, stream: str, state: State) -> Iterator[Page]:  # noqa: ARG002 - as the contract has it
        """Refuse: there is no stream."""
        raise UnknownNameError("stream", stream, ())

    def receive(self, request: Request) -> list[Event]:
        """Return the sales of a webhook, once it is shown to be a till's."""
        verify_standard_webhooks(request, self.config.secret, now=self.wire.clock())
        try:
            sale = json.loads(request.body, parse_float=Decimal)
        except ValueError:
            raise InvalidValueError("body", request.body, "isn't JSON") from None
        if not isinstance(sale, dict):
            raise InvalidValueError("body", sale, "isn't an object of JSON: a sale was expected")
        return [self._placed(sale)]

    def _placed(self, sale: dict[str, Any]) -> Event:
        try:
            return self.facts.event(
                "order.placed",
                sale["id"],
                time=when(sale["at"]),
                customer=self.facts.customer(sale.get("member")),
                reference=f"order:{sale['id']}",
                channel="store",
                amount=Money(sale["total"], sale["currency"]),
            )
        except KeyError as error:
            raise InvalidValueError("body", sale, f"is a sale without {error}") from None
