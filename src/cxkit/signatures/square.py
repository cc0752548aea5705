"""Square: an HMAC of the address and the body.

https://developer.squareup.com/docs/webhooks/step3validate
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cxkit.signatures.proof import header, in_base64, keys, mac, octets, require, with_headers

if TYPE_CHECKING:
    from cxkit.model.request import Request
    from cxkit.model.secret import Secret
    from cxkit.signatures.proof import Secrets

_SIGNATURE = "x-square-hmacsha256-signature"


def verify_square(request: Request, secrets: Secrets) -> None:
    """Refuse a request that isn't shown to be Square's.

    The signature covers the address, letter by letter as it stands in the subscription, and the body. No header is
    signed and no time, so a delivery that is sent again is told by what it says.

    Args:
        request: as it came in. Its `url` is the subscription's: behind a proxy, or where the two differ in a last
            slash, put that one in: ``attrs.evolve(request, url=...)``.
        secrets: the subscription's signature key.

    Raises:
        BadSignatureError: the signature is missing or doesn't fit.
        InvalidValueError: no secret was given.

    >>> from cxkit.model.request import Request
    >>> from cxkit.model.secret import Secret
    >>> request = sign_square(Request("POST", "https://shop.example/hook", {}, b"{}"), Secret("hush"))
    >>> verify_square(request, Secret("hush"))
    """
    expected = [_signature(request, key) for key in keys(secrets)]
    require(_SIGNATURE, [header(request, _SIGNATURE)], expected)


def sign_square(request: Request, secret: Secret) -> Request:
    """Return a request signed as Square would, for tests of an adapter."""
    return with_headers(request, {_SIGNATURE: _signature(request, secret.reveal())})


def _signature(request: Request, key: str) -> str:
    return in_base64(mac(key, octets(request.url), request.body))
