"""Zendesk: an HMAC of time and body.

https://developer.zendesk.com/documentation/webhooks/verifying/
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cxkit.errors import BadSignatureError
from cxkit.signatures.proof import (
    TOLERANCE,
    header,
    in_base64,
    keys,
    mac,
    moment,
    require,
    require_near,
    with_headers,
)

if TYPE_CHECKING:
    from cxkit.model.request import Request
    from cxkit.model.secret import Secret
    from cxkit.signatures.proof import Secrets

_SIGNATURE = "x-zendesk-webhook-signature"
_TIME = "x-zendesk-webhook-signature-timestamp"
# Time and body follow one another without a mark between them: a time must end where only one can.
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})")


def verify_zendesk(
    request: Request, secrets: Secrets, *, now: float | None = None, tolerance: float = TOLERANCE
) -> None:
    """Refuse a request that isn't shown to be Zendesk's, or wasn't sent just now.

    The signature covers time and body; no other header (the account's and the webhook's id stand in such) and not the
    address. Zendesk names no tolerance: five minutes is ours.

    Args:
        request: as it came in.
        secrets: the webhook's signing secret, as it is shown: though it looks like base64, it signs undecoded. Before a
            webhook is made, Zendesk's test requests are signed with a secret that stands in its documentation: never
            give that one in production.
        now: the time, in seconds since 1970; the clock's if not given.
        tolerance: how many seconds it may have been sent before or after now.

    Raises:
        BadSignatureError: signature or time is missing or doesn't fit, or the time isn't near.
        InvalidValueError: no secret was given.

    >>> from cxkit.model.request import Request
    >>> from cxkit.model.secret import Secret
    >>> request = sign_zendesk(Request("POST", "https://desk.example/hook", {}, b"{}"), Secret("hush"), now=1767225600)
    >>> request.headers["x-zendesk-webhook-signature-timestamp"]
    '2026-01-01T00:00:00Z'
    >>> verify_zendesk(request, Secret("hush"), now=1767225660)
    """
    texts, given, time = keys(secrets), header(request, _SIGNATURE), header(request, _TIME)
    sent = _seconds(time)
    require(_SIGNATURE, [given], [_signature(request, key, time) for key in texts])
    require_near(_TIME, sent, now, tolerance)


def sign_zendesk(request: Request, secret: Secret, *, now: float | None = None) -> Request:
    """Return a request signed as Zendesk would, for tests of an adapter."""
    time = datetime.fromtimestamp(int(moment(now)), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return with_headers(request, {_TIME: time, _SIGNATURE: _signature(request, secret.reveal(), time)})


def _seconds(time: str) -> float:
    try:
        if _ISO.fullmatch(time):
            return datetime.fromisoformat(time).timestamp()
    except ValueError:  # a thirteenth month
        pass
    raise BadSignatureError(f"{_TIME}: isn't a time such as 2026-01-01T00:00:00Z")


def _signature(request: Request, key: str, time: str) -> str:
    return in_base64(mac(key, time.encode(), request.body))
