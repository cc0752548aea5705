"""KiotViet: an HMAC of the body.

KiotViet's documentation of its Public API, section Webhook.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cxkit.signatures.proof import header, keys, mac, require, with_headers

if TYPE_CHECKING:
    from cxkit.model.request import Request
    from cxkit.model.secret import Secret
    from cxkit.signatures.proof import Secrets

_SIGNATURE = "x-hub-signature"
_LABEL = "sha256="


def verify_kiotviet(request: Request, secrets: Secrets) -> None:
    """Refuse a request that isn't shown to be KiotViet's.

    The signature covers the body alone: the kind of event and the delivery's id stand in headers that anybody may
    change, and no time is signed, so a delivery that is sent again is told by what it says. It is hexadecimal, in
    capitals or not, and may begin with ``sha256=``. Of a label ``sha1=``, which some deliveries are reported to bear,
    the documentation knows nothing: it is refused.

    KiotViet sends nothing more to an address that once answered with a status from 400 to 499, so a wrong secret ends
    the subscription: try it out first.

    Args:
        request: as it came in.
        secrets: the secret that the webhook was registered with, undecoded.

    Raises:
        BadSignatureError: the signature is missing or doesn't fit.
        InvalidValueError: no secret was given.

    >>> from cxkit.model.request import Request
    >>> from cxkit.model.secret import Secret
    >>> request = sign_kiotviet(Request("POST", "https://shop.example/hook", {}, b"{}"), Secret("hush"))
    >>> verify_kiotviet(request, Secret("hush"))
    """
    expected = [mac(key, request.body).hex() for key in keys(secrets)]
    require(_SIGNATURE, [header(request, _SIGNATURE).removeprefix(_LABEL).lower()], expected)


def sign_kiotviet(request: Request, secret: Secret) -> Request:
    """Return a request signed as KiotViet would, for tests of an adapter."""
    return with_headers(request, {_SIGNATURE: _LABEL + mac(secret.reveal(), request.body).hex()})
