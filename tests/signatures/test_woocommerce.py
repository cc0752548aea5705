"""WooCommerce's two traps: a secret that is decoded before it signs, and a ping that isn't signed."""

from __future__ import annotations

import attrs
import pytest

from cxkit.errors import BadSignatureError
from cxkit.model.request import Request
from cxkit.model.secret import Secret
from cxkit.signatures import is_woocommerce_ping, sign_woocommerce, verify_woocommerce

ORDER = Request("POST", "https://shop.example/hook", {"x-wc-webhook-topic": "order.updated"}, b'{"id":1}')
PING = Request(
    "POST", "https://shop.example/hook", {"content-type": "application/x-www-form-urlencoded"}, b"webhook_id=12"
)


@pytest.mark.parametrize(
    ("kept", "signs"),
    [
        ("plain", "plain"),
        ("a&b", "a&b"),
        ("a&amp;b", "a&b"),
        ("&lt;&gt;&quot;", '<>"'),
        ("&#038;&#38;&#x26;&#X0026;", "&&&&"),
        ("&#039;&#39;&#x27;&#034;&#x22;&#60;&#0062;", "'''\"\"<>"),
        ("&amp;lt;", "&lt;"),
        ("&#38;lt;", "&lt;"),
        ("&eacute;&apos;&nbsp;&AMP;&lt&#x3c;&#65;", "&eacute;&apos;&nbsp;&AMP;&lt&#x3c;&#65;"),
    ],
)
def test_secret_is_decoded_as_wordpress_does(kept: str, signs: str):
    """Five characters are decoded, once, and nothing else of what HTML knows (`wp_specialchars_decode`, ENT_QUOTES)."""
    signed = sign_woocommerce(ORDER, Secret(kept))

    assert signed.headers == sign_woocommerce(ORDER, Secret(signs.replace("&", "&amp;"))).headers
    verify_woocommerce(signed, Secret(kept))
    verify_woocommerce(signed, Secret(signs))
    with pytest.raises(BadSignatureError, match="doesn't fit"):
        verify_woocommerce(signed, Secret(kept + "x"))


def test_ping_is_known_and_not_signed():
    """The ping of a new webhook is known by its body, and is no signed request."""
    assert is_woocommerce_ping(PING)
    with pytest.raises(BadSignatureError, match="has no such header"):
        verify_woocommerce(PING, Secret("hush"))


@pytest.mark.parametrize(
    "body",
    [b"", b"webhook_id=", b"webhook_id=0", b"webhook_id=1&order=2", b"webhook_id=1\n", b"webhook_id=x", b'{"id":1}'],
)
def test_nothing_else_is_a_ping(body: bytes):
    """What says more than a number is no ping."""
    assert not is_woocommerce_ping(attrs.evolve(PING, body=body))


def test_what_bears_a_signature_is_no_ping():
    """A signature that is there must be verified."""
    assert not is_woocommerce_ping(sign_woocommerce(PING, Secret("hush")))
