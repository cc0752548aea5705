"""HubSpot writes some characters of the address plainly, and puts parts together without a mark between them."""

from __future__ import annotations

import attrs
import pytest

from cxkit.errors import BadSignatureError
from cxkit.model.request import Request
from cxkit.model.secret import Secret
from cxkit.signatures import sign_hubspot, verify_hubspot

NOW = 1_767_225_600.0
SECRET = Secret("hush")
# The table of https://developers.hubspot.com/docs/api/webhooks/validating-requests
DECODED = {
    "%3A": ":", "%2F": "/", "%3F": "?", "%40": "@", "%21": "!", "%24": "$",
    "%27": "'", "%28": "(", "%29": ")", "%2A": "*", "%2C": ",", "%3B": ";",
}  # fmt: skip


def request(url: str, body: bytes = b"[]") -> Request:
    """Return a request to an address."""
    return Request("POST", url, {}, body)


def test_what_the_table_lists_is_decoded():
    """Each escape of the table, in capitals or not, signs as the character that it stands for."""
    for escape, plain in DECODED.items():
        there = f"https://shop.example/a{plain}b?c={plain}"
        signed = sign_hubspot(request(there), SECRET, now=NOW)
        for written in (escape, escape.lower()):
            verify_hubspot(attrs.evolve(signed, url=f"https://shop.example/a{written}b?c={written}"), SECRET, now=NOW)


@pytest.mark.parametrize("code", sorted({f"%{code:02X}" for code in range(256)} - DECODED.keys()))
def test_nothing_else_is_decoded(code: str):
    """Any other escape stays as it is, also one that makes another of the table (%253A)."""
    plain = bytes.fromhex(code[1:]).decode("latin-1")
    signed = sign_hubspot(request(f"https://shop.example/?a={code}3A"), SECRET, now=NOW)

    verify_hubspot(signed, SECRET, now=NOW)
    with pytest.raises(BadSignatureError, match="doesn't fit"):
        verify_hubspot(attrs.evolve(signed, url=f"https://shop.example/?a={plain}3A"), SECRET, now=NOW)


@pytest.mark.parametrize(
    ("body", "time"),
    [
        (b"[1", "01767225600000"),  # a zero that was the body's last sign
        (b"[1017672256000", "00"),
        (b"[101767225", "600000"),
        (b"[10", "1767225600000 "),
        (b"[10", "+1767225600000"),
        (b"[10", "1767225600000.0"),
        (b"[10", "١٧٦٧٢٢٥٦٠٠٠٠٠"),
        (b"[10", "1767225600"),
    ],
)
def test_a_digit_cant_move_between_body_and_time(body: bytes, time: str):
    """The text that is signed can be cut in one place only."""
    signed = sign_hubspot(request("https://shop.example/", b"[10"), SECRET, now=NOW)
    moved = attrs.evolve(signed, body=body, headers={**signed.headers, "x-hubspot-request-timestamp": time})

    with pytest.raises(BadSignatureError, match="isn't a time in milliseconds"):
        verify_hubspot(moved, SECRET, now=NOW)


def test_milliseconds_count():
    """The window is exact to the millisecond."""
    signed = sign_hubspot(request("https://shop.example/"), SECRET, now=NOW + 0.25)

    assert signed.headers["x-hubspot-request-timestamp"] == "1767225600250"
    verify_hubspot(signed, SECRET, now=NOW + 300.25)
    with pytest.raises(BadSignatureError, match="more than 300 seconds"):
        verify_hubspot(signed, SECRET, now=NOW + 300.26)
