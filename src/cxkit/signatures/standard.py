"""Standard Webhooks: an HMAC, or an ed25519 signature, of id, time and body.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import re
from base64 import b64decode
from typing import TYPE_CHECKING
from uuid import uuid4

from cxkit.errors import BadSignatureError, InvalidValueError, MissingExtraError
from cxkit.signatures.proof import (
    TOLERANCE,
    header,
    in_base64,
    keys,
    mac,
    moment,
    require,
    require_near,
    whole_seconds,
    with_headers,
)

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

    from cxkit.model.request import Request
    from cxkit.model.secret import Secret
    from cxkit.signatures.proof import Secrets

_ID = "webhook-id"
_TIME = "webhook-timestamp"
_SIGNATURE = "webhook-signature"
_SECRET, _PUBLIC, _PRIVATE = "whsec_", "whpk_", "whsk_"
# Id, time and body are signed with full stops between them: an id without one leaves one way to read them.
_PLAIN_ID = re.compile(r"[!-\-/-~]{1,256}")
_KEY_BYTES = 32


def verify_standard_webhooks(
    request: Request, secrets: Secrets, *, now: float | None = None, tolerance: float = TOLERANCE
) -> None:
    """Refuse a request that isn't shown to be from whom holds the key, or wasn't sent just now.

    The signature covers the headers ``webhook-id`` and ``webhook-timestamp`` and the body; no other header and not the
    address. The id stays the same when a delivery is tried again, so it tells what was there already. The header may
    carry several signatures, so that keys can change: one that fits is enough.

    Args:
        request: as it came in.
        secrets: ``whsec_…`` (HMAC; the prefix may be missing) or the sender's public key ``whpk_…`` (ed25519, which
            needs the extra ``ed25519``). A signature counts for its own kind of key only: who knows the public key
            can't make an HMAC of it.
        now: the time, in seconds since 1970; the clock's if not given.
        tolerance: how many seconds it may have been sent before or after now.

    Raises:
        BadSignatureError: a header is missing or can't be read, no signature fits, or the time isn't near.
        InvalidValueError: no secret was given, or one that isn't of this form.
        MissingExtraError: a public key was given, and cryptography isn't installed.

    >>> from cxkit.model.request import Request
    >>> from cxkit.model.secret import Secret
    >>> secret = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    >>> request = Request("POST", "https://shop.example/hook", {"webhook-id": "msg_1"}, b"{}")
    >>> request = sign_standard_webhooks(request, secret, now=1767225600)
    >>> verify_standard_webhooks(request, secret, now=1767225660)
    """
    texts = keys(secrets)
    public = [_public_key(text) for text in texts if text.startswith(_PUBLIC)]
    shared = [_shared_key(text) for text in texts if not text.startswith(_PUBLIC)]
    sent = whole_seconds(_TIME, header(request, _TIME))
    content = _content(header(request, _ID), sent)
    given = [item.partition(",") for item in header(request, _SIGNATURE).split(" ")]
    marked = [value for version, _, value in given if version == "v1a"]
    if not any(_fits(key, value, content + request.body) for key in public for value in marked):
        hashed = [value for version, _, value in given if version == "v1"]
        require(_SIGNATURE, hashed, [in_base64(mac(key, content, request.body)) for key in shared])
    require_near(_TIME, sent, now, tolerance)


def sign_standard_webhooks(request: Request, secret: Secret, *, now: float | None = None) -> Request:
    """Return a request signed by the scheme, for tests of an adapter.

    Args:
        request: its header ``webhook-id`` is signed; it gets one if it has none.
        secret: ``whsec_…``, or the private key ``whsk_…``, which needs the extra ``ed25519``.
        now: the time to sign, in seconds since 1970; the clock's if not given.

    Raises:
        BadSignatureError: the id can't be signed.
        InvalidValueError: the secret isn't of this form.
        MissingExtraError: a private key was given, and cryptography isn't installed.
    """
    text, sent = secret.reveal(), int(moment(now))
    name = request.headers.get(_ID) or f"msg_{uuid4().hex}"
    content = _content(name, sent)
    if text.startswith(_PRIVATE):
        signature = "v1a," + in_base64(_private_key(text).sign(content + request.body))
    else:
        signature = "v1," + in_base64(mac(_shared_key(text), content, request.body))
    return with_headers(request, {_ID: name, _TIME: str(sent), _SIGNATURE: signature})


def _content(name: str, sent: int) -> bytes:
    """Return what is signed before the body."""
    if not _PLAIN_ID.fullmatch(name):
        raise BadSignatureError(f"{_ID}: isn't an id of plain signs without a full stop")
    return f"{name}.{sent}.".encode()


def _bytes_of(text: str, prefix: str) -> bytes:
    try:
        plain = text.removeprefix(prefix).rstrip("=")
        found = b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except ValueError:
        found = b""
    if not found:
        raise InvalidValueError("secret", f"{prefix}…", f"isn't of Standard Webhooks' form: {prefix} and base64")
    return found


def _shared_key(text: str) -> bytes:
    if text.startswith(_PRIVATE):
        reason = f"is the sender's private key: who verifies has the public one, {_PUBLIC}…"
        raise InvalidValueError("secret", f"{_PRIVATE}…", reason)
    return _bytes_of(text, _SECRET)


def _key_bytes(text: str, prefix: str) -> bytes:
    found = _bytes_of(text, prefix)
    if len(found) != _KEY_BYTES:
        raise InvalidValueError("secret", f"{prefix}…", f"isn't an ed25519 key, which has {_KEY_BYTES} bytes")
    return found


def _public_key(text: str) -> Ed25519PublicKey:
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        raise MissingExtraError("ed25519", "cryptography") from None
    return Ed25519PublicKey.from_public_bytes(_key_bytes(text, _PUBLIC))


def _private_key(text: str) -> Ed25519PrivateKey:
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    except ImportError:
        raise MissingExtraError("ed25519", "cryptography") from None
    return Ed25519PrivateKey.from_private_bytes(_key_bytes(text, _PRIVATE))


def _fits(key: Ed25519PublicKey, signature: str, content: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature

    try:
        key.verify(b64decode(signature, validate=True), content)
    except (InvalidSignature, ValueError):  # binascii's error is a ValueError
        return False
    return True
