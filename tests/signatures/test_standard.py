"""Standard Webhooks: two kinds of keys that mustn't be taken for each other, and several signatures in a header."""

from __future__ import annotations

import sys
from base64 import b64decode, b64encode

import attrs
import pytest
from tests.signatures.schemes import NOW, PRIVATE, PUBLIC

from cxkit.errors import BadSignatureError, InvalidValueError, MissingExtraError
from cxkit.model.request import Request
from cxkit.model.secret import Secret
from cxkit.signatures import sign_standard_webhooks, verify_standard_webhooks

SHARED = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
OTHER = Secret("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")
REQUEST = Request("POST", "https://shop.example/hook", {"webhook-id": "msg_1"}, b'{"type":"order.placed"}')


def signed_by(*secrets: Secret, request: Request = REQUEST) -> Request:
    """Return a request with a signature by each of several keys."""
    each = [sign_standard_webhooks(request, secret, now=NOW) for secret in secrets]
    return with_signature(each[0], " ".join(one.headers["webhook-signature"] for one in each))


def with_signature(request: Request, signature: str) -> Request:
    """Return a request with another signature."""
    return attrs.evolve(request, headers={**request.headers, "webhook-signature": signature})


def check(request: Request, *secrets: Secret) -> None:
    """Verify at the time of signing."""
    verify_standard_webhooks(request, secrets, now=NOW)


def test_ed25519_signs_and_verifies():
    """What the private key signs the public one verifies, and nothing that was changed."""
    signed = sign_standard_webhooks(REQUEST, PRIVATE, now=NOW)

    assert signed.headers["webhook-signature"].startswith("v1a,")
    check(signed, PUBLIC)
    for part in ({"body": b"{}"}, {"headers": {**signed.headers, "webhook-id": "msg_2"}}):
        with pytest.raises(BadSignatureError, match="doesn't fit"):
            check(attrs.evolve(signed, **part), PUBLIC)
    with pytest.raises(BadSignatureError, match="more than 300 seconds"):
        verify_standard_webhooks(signed, PUBLIC, now=NOW + 301)


def test_either_kind_may_be_there_beside_the_other():
    """A header may carry both kinds, keys of both kinds may be known, and one that fits is enough."""
    both = signed_by(SHARED, PRIVATE)

    for secrets in ([SHARED], [PUBLIC], [OTHER, PUBLIC], [PUBLIC, OTHER, SHARED]):
        check(both, *secrets)
    check(signed_by(OTHER, SHARED), SHARED)
    check(signed_by(SHARED), PUBLIC, SHARED)
    check(signed_by(PRIVATE), PUBLIC, SHARED)
    with pytest.raises(BadSignatureError, match="doesn't fit"):
        check(both, OTHER)


def test_a_public_key_is_no_shared_secret():
    """An HMAC made with the public key, which anybody has, is refused under either mark; so is a swapped mark."""
    text = PUBLIC.reveal().removeprefix("whpk_")
    forged = sign_standard_webhooks(REQUEST, Secret("whsec_" + text), now=NOW)
    digest = forged.headers["webhook-signature"].removeprefix("v1,")
    signature = signed_by(PRIVATE).headers["webhook-signature"].removeprefix("v1a,")

    for value in (f"v1,{digest}", f"v1a,{digest}", f"v1,{digest} v1a,{digest}", f"v1,{signature}", f"v2,{digest}"):
        with pytest.raises(BadSignatureError, match="doesn't fit"):
            check(with_signature(forged, value), PUBLIC)
    with pytest.raises(BadSignatureError, match="doesn't fit"):
        check(
            with_signature(signed_by(SHARED), signed_by(SHARED).headers["webhook-signature"].replace("v1", "v1a")),
            SHARED,
        )


@pytest.mark.parametrize("name", ["msg.1", "msg 1", "", "é", "msg\n1", "a" * 257, "\x7f"])
def test_an_id_has_plain_signs(name: str):
    """An id with a full stop could be read as another id with another time; one that isn't plain is none."""
    signed = signed_by(SHARED)

    with pytest.raises(BadSignatureError, match="webhook-id: "):
        check(attrs.evolve(signed, headers={**signed.headers, "webhook-id": name}), SHARED)


def test_a_request_without_an_id_gets_one():
    """The signer gives an id where there is none, another each time."""
    made = [sign_standard_webhooks(attrs.evolve(REQUEST, headers={}), SHARED, now=NOW) for _ in range(2)]

    assert made[0].headers["webhook-id"] != made[1].headers["webhook-id"]
    for each in made:
        check(each, SHARED)
    with pytest.raises(BadSignatureError, match="webhook-id: isn't an id"):
        sign_standard_webhooks(attrs.evolve(REQUEST, headers={"webhook-id": "a.b"}), SHARED)


def test_secrets_are_read_with_and_without_prefix_and_padding():
    """The prefix is a mark for people, and padding is often lost."""
    key = b"0123456789012345678901234"
    padded = b64encode(key).decode()
    assert padded.endswith("=")
    signed = signed_by(Secret("whsec_" + padded))

    for text in (padded, padded.rstrip("="), "whsec_" + padded.rstrip("=")):
        check(signed, Secret(text))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("whsec_", "isn't of Standard Webhooks' form"),
        ("whsec_hidden===a", "isn't of Standard Webhooks' form"),
        ("whsec_not base64", "isn't of Standard Webhooks' form"),
        ("whsec_é", "isn't of Standard Webhooks' form"),
        ("whpk_\udcff", "isn't of Standard Webhooks' form"),
        ("whpk_AAAABBBB", "isn't an ed25519 key"),
        (PRIVATE.reveal(), "is the sender's private key"),
    ],
)
def test_a_secret_of_another_form_is_the_settings_fault(text: str, reason: str):
    """A secret that can't be one is named as wrong, without being shown."""
    with pytest.raises(InvalidValueError, match=reason) as caught:
        check(signed_by(SHARED), SHARED, Secret(text))
    assert text == "whsec_" or text.partition("_")[2] not in str(caught.value)


def test_only_a_private_key_signs_so():
    """A private key that isn't one is refused by the signer."""
    with pytest.raises(InvalidValueError, match="isn't an ed25519 key"):
        sign_standard_webhooks(REQUEST, Secret("whsk_AAAA"))


@pytest.mark.parametrize("value", ["", "AAAA", "=", "é" * 88, "\udcff", "A" * 88, "A" * 4000])
def test_a_signature_that_cant_be_one_doesnt_fit(value: str):
    """What isn't base64 of a signature is refused like one that is wrong."""
    signed = signed_by(PRIVATE)

    with pytest.raises(BadSignatureError, match="doesn't fit"):
        check(with_signature(signed, f"v1a,{value}"), PUBLIC)
    check(with_signature(signed, f"v1a,{value} " + signed.headers["webhook-signature"]), PUBLIC)


def test_without_cryptography_the_extra_is_named(monkeypatch: pytest.MonkeyPatch):
    """A public key needs the extra, which the error names; a shared secret needs nothing."""
    signed = signed_by(SHARED, PRIVATE)
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric.ed25519", None)

    check(signed, SHARED)
    for call in (lambda: check(signed, PUBLIC), lambda: sign_standard_webhooks(REQUEST, PRIVATE)):
        with pytest.raises(MissingExtraError, match=r"pip install 'cxkit\[ed25519\]'"):
            call()


def test_the_pair_is_that_of_rfc_8032():
    """The keys of these tests are the first pair of RFC 8032, section 7.1, so that anybody can check them."""
    assert b64decode(PRIVATE.reveal()[5:]).hex().startswith("9d61b19deffd5a60ba844af492ec2cc4")
    assert b64decode(PUBLIC.reveal()[5:]).hex().startswith("d75a980182b10ab7d54bfed3c964073a")
