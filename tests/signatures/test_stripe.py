"""Stripe's header carries a time and as many signatures as there are secrets."""

from __future__ import annotations

import attrs
import pytest

from cxkit.errors import BadSignatureError
from cxkit.model.request import Request
from cxkit.model.secret import Secret
from cxkit.signatures import sign_stripe, verify_stripe

NOW = 1_767_225_600.0
OLD, NEW = Secret("whsec_old"), Secret("whsec_new")
REQUEST = Request("POST", "https://shop.example/hook", {}, b"{}")
SIGNATURE = sign_stripe(REQUEST, OLD, now=NOW).headers["stripe-signature"].partition("v1=")[2]
OTHER = sign_stripe(REQUEST, NEW, now=NOW).headers["stripe-signature"].partition("v1=")[2]


def with_header(value: str) -> Request:
    """Return the request with a signature."""
    return attrs.evolve(REQUEST, headers={"stripe-signature": value})


@pytest.mark.parametrize(
    "value",
    [
        f"t=1767225600,v1={SIGNATURE}",
        f"t=1767225600,v1={OTHER},v1={SIGNATURE}",
        f"t=1767225600,v1={SIGNATURE},v1={OTHER},v0={OTHER}",
        f"v1={SIGNATURE},t=1767225600",
        f"t=1767225600,v1=bad_signature,v1={SIGNATURE},v2=x,nonsense,",
    ],
)
def test_one_signature_that_fits_is_enough(value: str):
    """Of several signatures one must fit; what isn't known beside them counts for nothing."""
    verify_stripe(with_header(value), OLD, now=NOW)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (f"t=1767225600,v1={OTHER}", "doesn't fit"),
        (f"t=1767225600,v0={SIGNATURE}", "doesn't fit"),
        (f"t=1767225600,v1={SIGNATURE.upper()}", "doesn't fit"),
        (f"t=1767225600,v1={SIGNATURE}=", "doesn't fit"),
        (f"t=1767225600,v1={SIGNATURE[:-1]}", "doesn't fit"),
        ("t=1767225600,v1=,v1", "doesn't fit"),
        ("t=1767225600", "doesn't fit"),
        (f"t=1767225601,v1={SIGNATURE}", "doesn't fit"),
        (f"v1={SIGNATURE}", "doesn't read"),
        (f"t=1767225600,t=1767225600,v1={SIGNATURE}", "doesn't read"),
        (f"T=1767225600,v1={SIGNATURE}", "doesn't read"),
        (f"t=01767225600,v1={SIGNATURE}", "isn't a time"),
        (f"t=1767225600 ,v1={SIGNATURE}", "isn't a time"),
        (f"t=1_767_225_600,v1={SIGNATURE}", "isn't a time"),
        (f"t=,v1={SIGNATURE}", "isn't a time"),
    ],
)
def test_anything_else_is_refused(value: str, reason: str):
    """A header that has no signature of the secret, two times, or a time written otherwise, is refused."""
    with pytest.raises(BadSignatureError, match=f"stripe-signature: {reason}"):
        verify_stripe(with_header(value), OLD, now=NOW)


def test_secrets_can_be_replaced():
    """While Stripe signs with both, who has either takes it."""
    both = with_header(f"t=1767225600,v1={SIGNATURE},v1={OTHER}")

    for secrets in (OLD, NEW, [OLD, NEW], [Secret("whsec_older"), NEW]):
        verify_stripe(both, secrets, now=NOW)


def test_a_header_has_an_end():
    """A header that no server would pass on isn't searched for a signature that fits."""
    with pytest.raises(BadSignatureError, match="stripe-signature: is longer than any"):
        verify_stripe(with_header("v1=00," * 2000 + f"t=1767225600,v1={SIGNATURE}"), OLD, now=NOW)
