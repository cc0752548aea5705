"""Whether a webhook is from whom it says it is: one verifier a vendor, and a signer for tests of adapters.

Every verifier takes the request and one secret or several, of which one must fit (while a secret is replaced, both the
old and the new are in force), and returns nothing. Those of vendors that sign a time take ``now`` and ``tolerance``
too, and refuse what was sent too long ago or is dated ahead. A request that isn't in order, whatever is wrong with it,
is a `cxkit.errors.BadSignatureError`: answer it with status 401, and keep nothing of it.

Only what a signature covers is the vendor's. The rest is whoever's who sent the request, and mustn't decide anything:

=================  ===========================  ==========================
scheme             covers                       sent again
=================  ===========================  ==========================
Shopify            body                         accepted: the same events
WooCommerce        body                         accepted: the same events
KiotViet           body                         accepted: the same events
Square             address, body                accepted: the same events
HubSpot, v3        method, address, body, time  refused after five minutes
Stripe             time, body                   refused after five minutes
Zendesk            time, body                   refused after five minutes
Standard Webhooks  id, time, body               refused after five minutes
=================  ===========================  ==========================

A signature covers the body's bytes as they came. A framework that has parsed them hands out others.
"""

from __future__ import annotations

from cxkit.signatures.hubspot import sign_hubspot, verify_hubspot
from cxkit.signatures.kiotviet import sign_kiotviet, verify_kiotviet
from cxkit.signatures.proof import TOLERANCE, Secrets
from cxkit.signatures.shopify import sign_shopify, verify_shopify
from cxkit.signatures.square import sign_square, verify_square
from cxkit.signatures.standard import sign_standard_webhooks, verify_standard_webhooks
from cxkit.signatures.stripe import sign_stripe, verify_stripe
from cxkit.signatures.woocommerce import is_woocommerce_ping, sign_woocommerce, verify_woocommerce
from cxkit.signatures.zendesk import sign_zendesk, verify_zendesk

__all__ = [
    "TOLERANCE",
    "Secrets",
    "is_woocommerce_ping",
    "sign_hubspot",
    "sign_kiotviet",
    "sign_shopify",
    "sign_square",
    "sign_standard_webhooks",
    "sign_stripe",
    "sign_woocommerce",
    "sign_zendesk",
    "verify_hubspot",
    "verify_kiotviet",
    "verify_shopify",
    "verify_square",
    "verify_standard_webhooks",
    "verify_stripe",
    "verify_woocommerce",
    "verify_zendesk",
]
