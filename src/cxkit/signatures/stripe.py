"""Stripe: an HMAC of time and body; one header carries the time and as many signatures as there are secrets.

https://docs.stripe.com/webhooks#verify-manually
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cxkit.errors import BadSignatureError
from cxkit.signatures.proof import (
    TOLERANCE,
    header,
    keys,
    mac,
    moment,
    require,
    require_near,
    whole_seconds,
    with_headers,
)

if TYPE_CHECKING:
    from cxkit.model.request import Request
    from cxkit.model.secret import Secret
    from cxkit.signatures.proof import Secrets

_SIGNATURE = "stripe-signature"


def verify_stripe(
    request: Request, secrets: Secrets, *, now: float | None = None, tolerance: float = TOLERANCE
) -> None:
    """Refuse a request that isn't shown to be Stripe's, or wasn't sent just now.

    The signature covers time and body; no other header and not the address. The header reads ``t=…,v1=…``, with a
    ``v1`` for each secret that is in force: one that fits is enough. Other versions, such as the ``v0`` of test events,
    don't count.

    Args:
        request: as it came in.
        secrets: the endpoint's signing secret, whole: unlike that of Standard Webhooks its ``whsec_`` belongs to it.
        now: the time, in seconds since 1970; the clock's if not given.
        tolerance: how many seconds it may have been sent before or after now.

    Raises:
        BadSignatureError: the header is missing or can't be read, no signature fits, or the time isn't near.
        InvalidValueError: no secret was given.

    >>> from cxkit.model.request import Request
    >>> from cxkit.model.secret import Secret
    >>> request = Request("POST", "https://shop.example/hook", {}, b"{}")
    >>> request = sign_stripe(request, Secret("whsec_hush"), now=1767225600)
    >>> verify_stripe(request, Secret("whsec_hush"), now=1767225660)
    """
    texts = keys(secrets)
    items = [item.partition("=") for item in header(request, _SIGNATURE).split(",")]
    times = [value for name, _, value in items if name == "t"]
    if len(times) != 1:  # of two times the sender could choose which is read
        raise BadSignatureError(f"{_SIGNATURE}: doesn't read t=…,v1=…")
    sent = whole_seconds(_SIGNATURE, times[0])
    given = [value for name, _, value in items if name == "v1"]
    require(_SIGNATURE, given, [_signature(request, key, sent) for key in texts])
    require_near(_SIGNATURE, sent, now, tolerance)


def sign_stripe(request: Request, secret: Secret, *, now: float | None = None) -> Request:
    """Return a request signed as Stripe would, for tests of an adapter."""
    sent = int(moment(now))
    return with_headers(request, {_SIGNATURE: f"t={sent},v1={_signature(request, secret.reveal(), sent)}"})


def _signature(request: Request, key: str, sent: int) -> str:
    return mac(key, b"%d." % sent, request.body).hex()
