"""Webhooks: shown to be BottleCRM's, and then told by the record that they name.

What they carry wouldn't do: a ticket comes without its contacts and without the moments of its answer and its closing,
and times are cut to milliseconds. So the record is read, and mapped as a pull would.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import attrs

from cxkit.errors import BadSignatureError, InvalidValueError
from cxkit.signatures import verify_stripe

if TYPE_CHECKING:
    from cxkit.adapters import Request, Secret

SIGNATURE: Final = "x-bottlecrm-signature"
_SAME_SCHEME: Final = "stripe-signature"
# The event's first word → the stream of its record, and where in its data the record's id stands.
_RECORDS: Final = {"ticket": "tickets", "contact": "contacts", "lead": "leads", "deal": "deals"}
_COMMENT: Final = "ticket.comment_added"
_DELETED: Final = "deleted"


def named(request: Request, secret: Secret | None, *, now: float) -> tuple[str, str] | None:
    """Return the stream and the id of the record that a request names; None where there is nothing to read.

    The time and the body are signed, as Stripe signs them.

    Args:
        request: as it came in.
        secret: of the endpoint.
        now: the time, in seconds since 1970.

    Raises:
        BadSignatureError: it isn't shown to be BottleCRM's.
        InvalidValueError: no secret is set, or the body can't be read.
    """
    if secret is None:
        raise InvalidValueError("webhook_secret", None, "lacks: without it no request can be shown to be BottleCRM's")
    given = request.headers.get(SIGNATURE)
    signed = attrs.evolve(request, headers={} if given is None else {_SAME_SCHEME: given})
    try:
        verify_stripe(signed, secret, now=now)
    except BadSignatureError as error:
        raise BadSignatureError(str(error).replace(_SAME_SCHEME, SIGNATURE)) from None
    return _read(request.body)


def _read(body: bytes) -> tuple[str, str] | None:
    try:
        said: dict[str, Any] = json.loads(body)
        name, data = said["event"], said["data"]
        word, _, action = name.partition(".")
        if word not in _RECORDS or action == _DELETED:
            return None
        return _RECORDS[word], str(data["ticket_id" if name == _COMMENT else "id"])
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise InvalidValueError("body", body[:80], "isn't a webhook of BottleCRM") from None
