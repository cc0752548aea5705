"""Shopify: an HMAC of the body.

https://shopify.dev/docs/apps/build/webhooks/verify-deliveries
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cxkit.signatures.proof import header, in_base64, keys, mac, require, with_headers

if TYPE_CHECKING:
    from cxkit.model.request import Request
    from cxkit.model.secret import Secret
    from cxkit.signatures.proof import Secrets

_SIGNATURE = "x-shopify-hmac-sha256"


def verify_shopify(request: Request, secrets: Secrets) -> None:
    """Refuse a request that isn't shown to be Shopify's.

    The signature covers the body alone. The shop's domain, the topic and the delivery's id stand in headers that
    anybody may change: where one app serves several shops, one shop could send its orders as another's, unless the
    body says whose they are. No time is signed either, so a delivery that is sent again is told by what it says: it
    gives the same events.

    Args:
        request: as it came in.
        secrets: the app's client secret, or the key that the shop's notification settings show. After a rotation
            Shopify may sign with the old one for an hour: give both.

    Raises:
        BadSignatureError: the signature is missing or doesn't fit.
        InvalidValueError: no secret was given.

    >>> from cxkit.model.request import Request
    >>> from cxkit.model.secret import Secret
    >>> secret = Secret("hush")
    >>> request = sign_shopify(Request("POST", "https://shop.example/hook", {}, b'{"id": 1}'), secret)
    >>> verify_shopify(request, [Secret("newer"), secret])
    >>> verify_shopify(request, Secret("newer"))
    Traceback (most recent call last):
    cxkit.errors.BadSignatureError: x-shopify-hmac-sha256: doesn't fit the request: ...
    """
    expected = [in_base64(mac(key, request.body)) for key in keys(secrets)]
    require(_SIGNATURE, [header(request, _SIGNATURE)], expected)


def sign_shopify(request: Request, secret: Secret) -> Request:
    """Return a request signed as Shopify would, for tests of an adapter."""
    return with_headers(request, {_SIGNATURE: in_base64(mac(secret.reveal(), request.body))})
