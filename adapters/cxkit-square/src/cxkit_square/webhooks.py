"""Webhooks: shown to be Square's, and read as far as they concern us."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import attrs

from cxkit.errors import InvalidValueError
from cxkit.signatures import verify_square

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cxkit.adapters import Request
    from cxkit_square.config import SquareConfig

    Record = Mapping[str, Any]

# The type of a notification → what it brings.
_TYPES: Final = {
    "order.created": "order", "order.updated": "order", "order.fulfillment.updated": "order",
    "refund.created": "refund", "refund.updated": "refund",
    "payment.created": "payment", "payment.updated": "payment",
    "customer.created": "customer", "customer.updated": "customer",
    "loyalty.account.created": "loyalty_account", "loyalty.account.updated": "loyalty_account",
    "loyalty.event.created": "loyalty_event",
}  # fmt: skip


@attrs.frozen
class Notice:
    """What a notification brings.

    Attributes:
        name: of the record: ``order``, ``refund``, ``payment``, ``customer``, ``loyalty_account``, ``loyalty_event``.
        number: its id.
        record: what is sent of it; of an order that is next to nothing.
        merged: the ids of the customers that went into this one.
    """

    name: str
    number: str
    record: Record
    merged: tuple[str, ...] = ()


def read(request: Request, config: SquareConfig) -> Notice | None:
    """Return what a request brings; None where it is of another seller, or of something that isn't read.

    An application has one subscription for all of its sellers.

    Raises:
        BadSignatureError: it isn't shown to be Square's.
        InvalidValueError: a setting lacks, or the body can't be read.
    """
    if config.signature_key is None:
        raise InvalidValueError("signature_key", None, "lacks: without it no request can be shown to be Square's")
    if config.notification_url is None:
        raise InvalidValueError("notification_url", None, "lacks: the signature covers it, letter by letter")
    verify_square(attrs.evolve(request, url=config.notification_url), config.signature_key)
    try:
        said = json.loads(request.body)
        name = _TYPES.get(said["type"])
        if name is None or said["merchant_id"] != config.merchant:
            return None
        number, sent = said["data"]["id"], said["data"]["object"]
        if name == "order":
            return Notice(name, str(number), {})
        merge = (sent.get("event_context") or {}).get("merge") or {}
        return Notice(name, str(number), dict(sent[name]), tuple(merge.get("from_customer_ids") or ()))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise InvalidValueError("body", request.body[:80], "isn't a notification of Square's") from None
