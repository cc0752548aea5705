"""BottleCRM's background worker for the tests, and its mailbox: run by BottleCRM's Python, never by ours.

BottleCRM hands surveys, webhooks and mail to Celery. Here whoever sits at the other end of the pipe says when that is
done: a line of JSON names a function below and its arguments, a line of JSON answers. What is run are BottleCRM's own
functions, so that a survey's link and a webhook's signature are those a customer's system gets.
"""

from __future__ import annotations

import json
import re
import sys
import time
import traceback
from datetime import timedelta
from typing import Any

import django

django.setup()

from cases.tasks import send_csat_survey  # noqa: E402 - Django wants to be set up first
from common.models import MagicLinkToken, Profile  # noqa: E402
from common.portal_auth import mint_portal_token  # noqa: E402
from common.serializer import OrgAwareRefreshToken  # noqa: E402
from contacts.models import Contact  # noqa: E402
from django.core import mail  # noqa: E402
from webhooks.models import SUCCEEDED, WebhookDelivery  # noqa: E402
from webhooks.tasks import build_request, sign  # noqa: E402


def sign_in_link(email: str) -> str | None:
    """Return the token in the link that was last mailed to somebody who wants to sign in, or None if none was."""
    tokens = MagicLinkToken.objects.filter(email=email, is_used=False).order_by("created_at")
    return getattr(tokens.last(), "token", None)


def portal_token(contact: str) -> str:
    """Return what a contact holds who has typed in the code that was mailed to them."""
    return mint_portal_token(Contact.objects.get(pk=contact))


def survey(ticket: str, org: str) -> str | None:
    """Send the survey of a closed ticket; return the token in its link, or None where BottleCRM sends none."""
    mail.outbox = []
    send_csat_survey(ticket, org)
    found = [re.search(r"/csat/([^\"?<\s]+)", message.body) for message in mail.outbox]
    return found[0].group(1) if found and found[0] else None


def deliveries(endpoint: str) -> list[dict[str, Any]]:
    """Return the requests that wait for an endpoint, signed now, and take them off the list."""
    waiting = WebhookDelivery.objects.filter(endpoint_id=endpoint, status="pending").order_by("created_at")
    requests = []
    for delivery in waiting:
        body, headers = build_request(delivery)
        requests.append({"url": delivery.endpoint.url, "headers": headers, "body": body.decode()})
        WebhookDelivery.objects.filter(pk=delivery.pk).update(status=SUCCEEDED)
    return requests


def signature(secret: str, body: str, age: float) -> str:
    """Return what BottleCRM signs a body with, as it would have so many seconds ago."""
    return sign(secret, int(time.time() - age), body.encode())


def token_that_is_over(org: str) -> str:
    """Return an access token of an organisation's administrator, whose time has passed."""
    profile = Profile.objects.get(org_id=org, role="ADMIN")
    token = OrgAwareRefreshToken.for_user_and_org(profile.user, profile.org, profile).access_token
    token.set_exp(lifetime=timedelta(seconds=-1))
    return str(token)


WORK = {
    function.__name__: function
    for function in (sign_in_link, portal_token, survey, deliveries, signature, token_that_is_over)
}

if __name__ == "__main__":
    out, sys.stdout = sys.stdout, sys.stderr  # what BottleCRM prints is no answer
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            said = {"answer": WORK[asked["work"]](*asked["arguments"])}
        except Exception:  # noqa: BLE001 - told to whoever asked
            said = {"error": traceback.format_exc()}
        print(json.dumps(said), file=out, flush=True)
