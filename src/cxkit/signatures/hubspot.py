"""HubSpot, signature version 3: an HMAC of method, address, body and time.

https://developers.hubspot.com/docs/api/webhooks/validating-requests
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from cxkit.errors import BadSignatureError
from cxkit.signatures.proof import (
    TOLERANCE,
    header,
    in_base64,
    keys,
    mac,
    moment,
    octets,
    require,
    require_near,
    with_headers,
)

if TYPE_CHECKING:
    from cxkit.model.request import Request
    from cxkit.model.secret import Secret
    from cxkit.signatures.proof import Secrets

_SIGNATURE = "x-hubspot-signature-v3"
_TIME = "x-hubspot-request-timestamp"
# The table of HubSpot's page: : / ? @ ! $ ' ( ) * , ; and no others. A space stays %20, an ampersand %26.
_ESCAPES = re.compile(r"%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)
# All the times there are from 2001 to 2286. Method, address, body and time follow one another without a mark between
# them: could a time be shorter or longer, then a digit could move between it and the end of the body.
_MILLISECONDS = re.compile(r"[0-9]{13}")


def verify_hubspot(
    request: Request, secrets: Secrets, *, now: float | None = None, tolerance: float = TOLERANCE
) -> None:
    """Refuse a request that isn't shown to be HubSpot's, or wasn't sent just now.

    The signature, version 3, covers method, address, body and time; no other header. In the address HubSpot writes
    twelve characters plainly that may come percent-encoded (``: / ? @ ! $ ' ( ) * , ;``), and so two addresses that
    differ in nothing else have one signature.

    Args:
        request: as it came in. Its `url` is the one that HubSpot called, with host and query.
        secrets: the app's client secret.
        now: the time, in seconds since 1970; the clock's if not given.
        tolerance: how many seconds it may have been sent before or after now.

    Raises:
        BadSignatureError: signature or time is missing or doesn't fit, or the time isn't near.
        InvalidValueError: no secret was given.

    >>> from cxkit.model.request import Request
    >>> from cxkit.model.secret import Secret
    >>> request = Request("POST", "https://shop.example/hook?to=a%2Fb", {}, b"[]")
    >>> request = sign_hubspot(request, Secret("hush"), now=1767225600)
    >>> verify_hubspot(request, Secret("hush"), now=1767225660)
    >>> verify_hubspot(request, Secret("hush"), now=1767229200)
    Traceback (most recent call last):
    cxkit.errors.BadSignatureError: x-hubspot-request-timestamp: is more than 300 seconds from now: ...
    """
    texts, given, time = keys(secrets), header(request, _SIGNATURE), header(request, _TIME)
    if not _MILLISECONDS.fullmatch(time):
        raise BadSignatureError(f"{_TIME}: isn't a time in milliseconds since 1970")
    require(_SIGNATURE, [given], [_signature(request, key, time) for key in texts])
    require_near(_TIME, int(time) / 1000, now, tolerance)


def sign_hubspot(request: Request, secret: Secret, *, now: float | None = None) -> Request:
    """Return a request signed as HubSpot would, for tests of an adapter."""
    time = str(int(moment(now) * 1000))
    return with_headers(request, {_TIME: time, _SIGNATURE: _signature(request, secret.reveal(), time)})


def _signature(request: Request, key: str, time: str) -> str:
    url = _ESCAPES.sub(lambda found: unquote(found[0]), request.url)
    return in_base64(mac(key, octets(request.method), octets(url), request.body, time.encode()))
