"""Signatures that others made: by the vendors' own libraries, by standards, by OpenSSL."""

from __future__ import annotations

from functools import partial

import attrs
import pytest

from cxkit import signatures
from cxkit.errors import BadSignatureError
from cxkit.model.request import Request
from cxkit.model.secret import Secret

ORDER = b'{"id":1234567890,"email":"customer@example.com","total_price":"123.45"}'
SQUARE = (
    b'{"merchant_id":"MLEFBHHSJGVHD","type":"webhooks.test_notification","event_id":'
    b'"ac3ac95b-f97d-458c-a6e6-18981597e05f","created_at":"2022-07-13T20:30:59.037339943Z","data":{"type":"webhooks",'
    b'"id":"bc368e64-01aa-407e-b46e-3231809b1129"}}'
)

# What is verified, the request, and the secret.
REFERENCES = {
    # SQLPage's documentation of sqlpage.hmac, "Test Shopify webhook HMAC validation with base64 output"
    "shopify": (
        signatures.verify_shopify,
        Request("POST", "", {"X-Shopify-Hmac-Sha256": "QNyObTlKbMx2qDlPF/ZOZcBqg5OgPg+2oky3zldc0Gw="}, ORDER),
        "test-webhook-secret",
    ),
    # RFC 4231, test case 2, as base64
    "woocommerce": (
        signatures.verify_woocommerce,
        Request(
            "POST",
            "",
            {"X-WC-Webhook-Signature": "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM="},
            b"what do ya want for nothing?",
        ),
        "Jefe",
    ),
    # OpenSSL: printf %s '{"id":123,"total":"9.90"}' | openssl dgst -sha256 -hmac "a&b<c>\"d\"'" -binary | base64
    "woocommerce-decoded": (
        signatures.verify_woocommerce,
        Request(
            "POST",
            "",
            {"X-WC-Webhook-Signature": "pgwzfmMa5rj7VN4BBVga+qoG2cDpWqUnUTB1mesdvvU="},
            b'{"id":123,"total":"9.90"}',
        ),
        "a&amp;b&lt;c&#062;&quot;d&#x22;&#039;",
    ),
    # RFC 4231, test case 2
    "kiotviet": (
        signatures.verify_kiotviet,
        Request(
            "POST",
            "",
            {"X-Hub-Signature": "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
            b"what do ya want for nothing?",
        ),
        "Jefe",
    ),
    # square/square-python-sdk, tests/integration/test_webhooks_helper.py
    "square": (
        signatures.verify_square,
        Request(
            "POST",
            "https://webhook.site/679a4f3a-dcfa-49ee-bac5-9d0edad886b9",
            {"X-Square-HmacSha256-Signature": "GF4YkrJgGBDZ9NIYbNXBnMzqb2HoL4RW/S6vkZ9/2N4="},
            SQUARE,
        ),
        "Ibxx_5AKakO-3qeNVR61Dw",
    ),
    # the same, test_signature_validation_escaped_pass
    "square-escaped": (
        signatures.verify_square,
        Request(
            "POST",
            "https://webhook.site/webhooks",
            {"X-Square-HmacSha256-Signature": "Cxt7+aTi4rKgcA0bC4g9EHdVtLSDWdqccmL5MvihU4U="},
            b'{"data":{"type":"webhooks","id":">id<"}}',
        ),
        "signature-key",
    ),
    # OpenSSL: printf %s 'POSThttps://www.example.com/hook?to=a/b%20c&when=12:00[{"objectId":1}]1767225600000' |
    # openssl dgst -sha256 -hmac yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy -binary | base64
    "hubspot": (
        partial(signatures.verify_hubspot, now=1_767_225_600),
        Request(
            "POST",
            "https://www.example.com/hook?to=a%2Fb%20c&when=12%3a00",
            {
                "X-HubSpot-Signature-v3": "AVtF3F6+5zZZa9V+9CZiVfhVV8HM+1r2Pu1CvjEJz7U=",
                "X-HubSpot-Request-Timestamp": "1767225600000",
            },
            b'[{"objectId":1}]',
        ),
        "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy",
    ),
    # OpenSSL: printf %s '1492774577.{"id":"evt_1","object":"event"}' | openssl dgst -sha256 -hmac whsec_test_secret
    "stripe": (
        partial(signatures.verify_stripe, now=1_492_774_577),
        Request(
            "POST",
            "",
            {
                "Stripe-Signature": "t=1492774577,"
                "v1=654b43d3508ecadb3f8cefc4bc7d3d2bdc5ba9e03bf2c89b2d0657a8e24e4543,"
                "v0=6ffbb59b2300aae63f272406069a9788598b792a944a07aba816edb039989a39"
            },
            b'{"id":"evt_1","object":"event"}',
        ),
        "whsec_test_secret",
    ),
    # The secret of test requests, from Zendesk's page; signed by another implementation, and by OpenSSL:
    # OpenSSL: printf %s '2021-03-25T05:09:27Z{"event":"ticket.updated","id":123}' |
    # openssl dgst -sha256 -hmac dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ== -binary | base64
    "zendesk": (
        partial(signatures.verify_zendesk, now=1_616_648_967),
        Request(
            "POST",
            "",
            {
                "X-Zendesk-Webhook-Signature": "S/RDdU2ERmj7LHDDoWJ2onPYH+t7/f2+LTM4dL7UiLM=",
                "X-Zendesk-Webhook-Signature-Timestamp": "2021-03-25T05:09:27Z",
            },
            b'{"event":"ticket.updated","id":123}',
        ),
        "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==",
    ),
    # standard-webhooks, libraries/python/tests/test_webhooks.py, test_sign_function
    "standard": (
        partial(signatures.verify_standard_webhooks, now=1_614_265_330),
        Request(
            "POST",
            "",
            {
                "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
                "webhook-timestamp": "1614265330",
                "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            },
            b'{"test": 2432232314}',
        ),
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    ),
    # standard-webhooks, libraries/go/webhook_asymmetric_test.go, TestAsymmetricWebhookSign; the public key is that of
    # its seed VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=
    "standard-ed25519": (
        partial(signatures.verify_standard_webhooks, now=1_614_265_330),
        Request(
            "POST",
            "",
            {
                "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
                "webhook-timestamp": "1614265330",
                "webhook-signature": "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHe"
                "YGb7KaaBRdM5WqyeFiL8Ag==",
            },
            b'{"test": 2432232314}',
        ),
        "whpk_ZlN4eg7dSSqi0moX9hQUk3orrOouK3QVQSlJa248c/g=",
    ),
}


@pytest.mark.parametrize(("verify", "request_", "secret"), REFERENCES.values(), ids=REFERENCES)
def test_what_others_signed_is_taken(verify, request_: Request, secret: str):
    """What others signed is taken, and refused with another secret or a byte more."""
    verify(request_, Secret(secret))

    with pytest.raises(BadSignatureError, match="doesn't fit"):
        verify(attrs.evolve(request_, body=request_.body + b" "), Secret(secret))


def test_hubspot_signs_as_its_library_does():
    """HubSpot/hubspot-api-python, tests/spec/utils/test_signature.py, test_get_signature__v3.

    Its time is of 1970 and too short to be verified, so it is signed anew.
    """
    request = Request("POST", "https://www.example.com/webhook_uri", {}, b"{'example_field':'example_value'}")
    secret = Secret("yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy")

    signed = signatures.sign_hubspot(request, secret, now=15_000)

    assert signed.headers["x-hubspot-signature-v3"] == "HPW73RUtKmcYoEDADG0s6MmGFWUzWJKAW07r8RDgcQw="
    assert signed.headers["x-hubspot-request-timestamp"] == "15000000"


def test_zendesk_signs_time_first():
    """The page's first edition had the body before the time, with this signature: that order isn't taken."""
    request = Request(
        "POST",
        "",
        {
            "X-Zendesk-Webhook-Signature": "tRDSF7URY8BLCDlaBcQ7FHu051Zk+aAB0NKMP53teMw=",
            "X-Zendesk-Webhook-Signature-Timestamp": "2021-07-25T10:00:00Z",
        },
        b'{"say": "hello"}',
    )

    with pytest.raises(BadSignatureError, match="doesn't fit"):
        signatures.verify_zendesk(request, Secret("HRkRd4BeOAoUkfZr-mhauJT64rvBASlJRoIyPsd3zeA="), now=1_627_207_200)
