"""WooCommerce: an HMAC of the body, with a secret that WordPress decodes first.

https://github.com/woocommerce/woocommerce/blob/trunk/plugins/woocommerce/includes/class-wc-webhook.php
(`generate_signature`, `deliver_ping`) and `wp_specialchars_decode` of WordPress.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cxkit.signatures.proof import header, in_base64, keys, mac, require, with_headers

if TYPE_CHECKING:
    from cxkit.model.request import Request
    from cxkit.model.secret import Secret
    from cxkit.signatures.proof import Secrets

_SIGNATURE = "x-wc-webhook-signature"
_PING = re.compile(rb"webhook_id=[1-9][0-9]{0,19}")
# Of all entities HTML has, WordPress reads five characters': by their names as written here, and by their numbers.
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|#0*(?:34|38|39|60|62)|#[xX]0*(?:22|26|27));")
_NAMED = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"'}


def verify_woocommerce(request: Request, secrets: Secrets) -> None:
    """Refuse a request that isn't shown to be WooCommerce's.

    The signature covers the body alone: the shop's address, the topic and the delivery's id stand in headers that
    anybody may change, and no time is signed, so a delivery that is sent again is told by what it says. When a webhook
    is made, WooCommerce sends a ping that it doesn't sign: see `is_woocommerce_ping`.

    Args:
        request: as it came in.
        secrets: the webhook's secret. WordPress decodes what looks like HTML in it before it signs (``a&amp;b`` signs
            as ``a&b``), and shows it decoded or not according to the place: it is tried both ways.

    Raises:
        BadSignatureError: the signature is missing or doesn't fit.
        InvalidValueError: no secret was given.

    >>> from cxkit.model.request import Request
    >>> from cxkit.model.secret import Secret
    >>> request = sign_woocommerce(Request("POST", "https://shop.example/hook", {}, b'{"id": 1}'), Secret("a&b"))
    >>> verify_woocommerce(request, Secret("a&amp;b"))
    """
    texts = [text for key in keys(secrets) for text in dict.fromkeys((_decoded(key), key))]
    require(_SIGNATURE, [header(request, _SIGNATURE)], [in_base64(mac(text, request.body)) for text in texts])


def is_woocommerce_ping(request: Request) -> bool:
    """Return whether this is the ping that WooCommerce sends, unsigned, when a webhook is made.

    Its body is ``webhook_id=`` and a number. Answer it with status 200, or the webhook isn't saved, and believe nothing
    of it: anybody can send one. It has no signature, so ask before `verify_woocommerce` does.

    >>> from cxkit.model.request import Request
    >>> is_woocommerce_ping(Request("POST", "https://shop.example/hook", {}, b"webhook_id=12"))
    True
    """
    return _SIGNATURE not in request.headers and _PING.fullmatch(request.body) is not None


def sign_woocommerce(request: Request, secret: Secret) -> Request:
    """Return a request signed as WooCommerce would, for tests of an adapter."""
    return with_headers(request, {_SIGNATURE: in_base64(mac(_decoded(secret.reveal()), request.body))})


def _decoded(secret: str) -> str:
    """Return a secret as WordPress signs with it: entities are read once, so `&amp;lt;` is `&lt;`."""
    return _ENTITY.sub(lambda found: _meaning(found[0]), secret)


def _meaning(entity: str) -> str:
    if named := _NAMED.get(entity):
        return named
    number = entity[2:-1]
    return chr(int(number[1:], 16) if number[0] in "xX" else int(number))
