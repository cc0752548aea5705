"""What a webhook of Shopify's is about, by its body alone: the headers that name its topic and shop aren't signed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from cxkit.errors import InvalidValueError
from cxkit_shopify.queries import number_of

if TYPE_CHECKING:
    from collections.abc import Mapping

Subject: TypeAlias = "tuple[str, int] | Merge | None"
_OWN: Final = ("Order", "Customer")


class Merge(NamedTuple):
    """One customer became part of another.

    Attributes:
        kept: who is left.
        gone: who isn't there any more.
    """

    kept: int
    gone: int


def subject_of(body: bytes) -> Subject:
    """Return whom or what the shop is to be asked for: ``Order`` or ``Customer`` and its number, or a merge.

    Refunds, fulfilments and transactions name the order that they belong to. None is for what brings no events.

    Raises:
        InvalidValueError: the body isn't that of a webhook.

    >>> subject_of(b'{"id": 5, "admin_graphql_api_id": "gid://shopify/Refund/5", "order_id": 7}')
    ('Order', 7)
    """
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        raise InvalidValueError("body", body[:100], "isn't JSON, as Shopify sends it") from None
    if not isinstance(said, dict):
        raise InvalidValueError("body", said, "isn't an object, as Shopify sends one")
    if "admin_graphql_api_customer_kept_id" in said:
        return _merge_of(said)
    order = said.get("order_id")
    if type(order) is int:
        return "Order", order
    for kind in _OWN:
        number = number_of(said.get("admin_graphql_api_id"), kind)
        if number is not None:
            return kind, number
    return None


def _merge_of(said: Mapping[str, Any]) -> Merge | None:
    kept = number_of(said["admin_graphql_api_customer_kept_id"], "Customer")
    gone = number_of(said.get("admin_graphql_api_customer_deleted_id"), "Customer")
    done = str(said.get("status", "")).lower() == "completed"  # they are also sent of merges that failed
    return Merge(kept, gone) if kept is not None and gone is not None and done else None
