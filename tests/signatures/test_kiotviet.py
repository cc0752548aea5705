"""KiotViet's signature is hexadecimal, with or without a label."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from cxkit.errors import BadSignatureError
from cxkit.model.request import Request
from cxkit.model.secret import Secret
from cxkit.signatures import verify_kiotviet

BODY = b'{"Id":"1","Notifications":[]}'
DIGEST = hmac.digest(b"hush", BODY, "sha256").hex()


def request(signature: str) -> Request:
    """Return a request with a signature."""
    return Request("POST", "https://shop.example/hook", {"X-Hub-Signature": signature}, BODY)


@pytest.mark.parametrize("signature", [DIGEST, DIGEST.upper(), f"sha256={DIGEST}", f"sha256={DIGEST.upper()}"])
def test_the_digest_is_read_however_written(signature: str):
    """Capitals and the label are of no account."""
    verify_kiotviet(request(signature), Secret("hush"))


@pytest.mark.parametrize(
    "signature",
    [
        f"sha1={DIGEST}",
        "sha1=" + hmac.new(b"hush", BODY, hashlib.sha1).hexdigest(),
        hmac.new(b"hush", BODY, hashlib.sha1).hexdigest(),
        f"sha256=sha256={DIGEST}",
        f" {DIGEST}",
        f"{DIGEST[:32]} {DIGEST[32:]}",  # bytes.fromhex would read it
        f"{DIGEST},{DIGEST}",
        hashlib.sha256(BODY).hexdigest(),
        "sha256=",
    ],
)
def test_nothing_else_is_taken(signature: str):
    """Another digest, label or way of writing is refused."""
    with pytest.raises(BadSignatureError, match="x-hub-signature: doesn't fit"):
        verify_kiotviet(request(signature), Secret("hush"))
