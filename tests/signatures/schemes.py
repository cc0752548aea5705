"""The schemes as a table, so that a law is said once and holds for all."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import attrs

from cxkit import signatures
from cxkit.model.request import Request
from cxkit.model.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = 1_767_225_600.0  # the first second of 2026


@attrs.frozen
class Scheme:
    """A scheme under test.

    Attributes:
        verify: its verifier, with the time fixed where it signs one.
        sign: its signer, in the same way.
        secret: one that it takes.
        other: another.
        covers: which parts of a request the signature covers.
        headers: those that it reads, the signature's first.
        timed: the verifier and the signer without their time, where it signs one.
    """

    verify: Callable[..., None]
    sign: Callable[..., Request]
    secret: Secret
    other: Secret
    covers: frozenset[str]
    headers: tuple[str, ...]
    timed: tuple[Callable[..., None], Callable[..., Request]] | None = None


def _scheme(name: str, covers: str, headers: str, *secrets: str, timed: bool = False) -> Scheme:
    verify: Callable[..., Any] = getattr(signatures, f"verify_{name}")
    sign: Callable[..., Any] = getattr(signatures, f"sign_{name}")
    first, second = secrets or ("first secret", "second secret")
    return Scheme(
        partial(verify, now=NOW) if timed else verify,
        partial(sign, now=NOW) if timed else sign,
        Secret(first),
        Secret(second),
        frozenset(covers.split()),
        tuple(headers.split()),
        (verify, sign) if timed else None,
    )


SCHEMES = {
    "shopify": _scheme("shopify", "body", "x-shopify-hmac-sha256"),
    "woocommerce": _scheme("woocommerce", "body", "x-wc-webhook-signature", "a&amp;b <'c'>", "a&amp;b"),
    "kiotviet": _scheme("kiotviet", "body", "x-hub-signature"),
    "square": _scheme("square", "url body", "x-square-hmacsha256-signature"),
    "hubspot": _scheme("hubspot", "method url body", "x-hubspot-signature-v3 x-hubspot-request-timestamp", timed=True),
    "stripe": _scheme("stripe", "body", "stripe-signature", timed=True),
    "zendesk": _scheme(
        "zendesk", "body", "x-zendesk-webhook-signature x-zendesk-webhook-signature-timestamp", timed=True
    ),
    "standard": _scheme(
        "standard_webhooks",
        "body",
        "webhook-signature webhook-timestamp webhook-id",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
        timed=True,
    ),
}

# The asymmetric kind has a key to sign and another to verify: the pair of RFC 8032, section 7.1, test 1.
PRIVATE = Secret("whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")
PUBLIC = Secret("whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")

REQUEST = Request(
    "POST", "https://shop.example/hook?to=1", {"content-type": "application/json", "webhook-id": "msg_1"}, b'{"id":1}'
)


def without(request: Request, name: str) -> Request:
    """Return a request without a header."""
    return attrs.evolve(request, headers={key: value for key, value in request.headers.items() if key != name})
