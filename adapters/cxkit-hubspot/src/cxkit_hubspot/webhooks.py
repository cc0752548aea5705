"""Webhooks: shown to be HubSpot's; they say which records changed, and these are then read.

A request holds up to a hundred notices, of any accounts that have installed the app.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from cxkit.errors import InvalidValueError
from cxkit.signatures import verify_hubspot

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cxkit.adapters import Request, Secret

_STREAMS: Final = {
    "contact": "contacts", "0-1": "contacts", "deal": "deals", "0-3": "deals", "ticket": "tickets", "0-5": "tickets",
    "0-19": "feedback",
}  # fmt: skip
_TO: Final = "_to_"


def named(request: Request, secret: Secret | None, *, account: str, now: float) -> dict[str, list[str]]:
    """Return the stream of each record that a request names → the records' ids, each once.

    Args:
        request: as it came in.
        secret: the app's client secret.
        account: the Hub ID; notices of others are passed over.
        now: the time, in seconds since 1970.

    Raises:
        BadSignatureError: it isn't shown to be HubSpot's.
        InvalidValueError: no secret is set, or the body can't be read.
    """
    if secret is None:
        raise InvalidValueError("client_secret", None, "lacks: without it no request can be shown to be HubSpot's")
    verify_hubspot(request, secret, now=now)
    found: dict[str, dict[str, None]] = {}
    try:
        notices = json.loads(request.body)
        for notice in notices if isinstance(notices, list) else [notices]:
            if str(notice["portalId"]) == account:
                for stream, number in _of(notice):
                    found.setdefault(stream, {})[number] = None
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise InvalidValueError("body", request.body[:80], "isn't a webhook of HubSpot") from None
    return {stream: list(numbers) for stream, numbers in found.items()}


def _of(notice: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the stream and the id of each record that a notice is about, of those that are read."""
    word, _, action = str(notice["subscriptionType"]).partition(".")
    if action == "associationChange":
        # A contact's own events don't hang on what it is associated with.
        ends = (("from", "fromObjectId"), ("to", "toObjectId"))
        for (side, field), kind in zip(ends, _ends(notice), strict=True):
            stream = _STREAMS.get(str(notice.get(f"{side}ObjectTypeId") or kind))
            if stream is not None and stream != "contacts":
                yield stream, _number(notice[field])
        return
    stream = _STREAMS.get(str(notice.get("objectTypeId")) if word == "object" else word)
    if stream is None or action == "privacyDeletion":
        return
    # Some merges make a third record of two.
    fields = ("newObjectId", "primaryObjectId", "objectId") if action == "merge" else ("objectId",)
    yield stream, _number(next((notice[field] for field in fields if notice.get(field) is not None), None))


def _ends(notice: Mapping[str, Any]) -> tuple[str, str]:
    """Return the types that an association is between: ``CONTACT_TO_TICKET``."""
    one, _, other = str(notice.get("associationType") or "").lower().partition(_TO)
    return one, other


def _number(value: object) -> str:
    number = str(value)
    if not (number.isascii() and number.isdigit()):
        raise ValueError(number)
    return number
