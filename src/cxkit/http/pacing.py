"""How long to wait before the next call, from what vendors say of their limits."""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cxkit.http.reply import Reply

_EPOCHS: Final = 1_000_000_000  # a reset given as a number above this is a moment, not a span
_MILLIS: Final = 100_000_000_000  # and one above this counts milliseconds


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Return how many seconds a vendor asks to wait, by ``Retry-After`` (RFC 9110) as seconds or a date; None if not.

    >>> retry_after({"retry-after": "2.5"}, 0), retry_after({"retry-after": "Thu, 01 Jan 1970 00:00:09 GMT"}, 4)
    (2.5, 5.0)
    """
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    if (seconds := _number(text)) is not None:
        return max(seconds, 0.0)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return max((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now, 0.0)


def by_headers(reply: Reply, now: float) -> float:
    """Return the seconds to wait after an answer that says no call is left: until the limit is reset.

    Read are ``RateLimit-Remaining`` and ``RateLimit-Reset`` with and without ``X-``, and HubSpot's, whose
    ``X-HubSpot-RateLimit-Interval-Milliseconds`` is the length of its window.

    >>> from cxkit.http.reply import Reply
    >>> by_headers(Reply(200, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "3"}, b"", ""), 0)
    3.0
    """
    headers = reply.headers
    for prefix in ("", "x-"):
        left, reset = (_number(headers.get(f"{prefix}ratelimit-{name}", "")) for name in ("remaining", "reset"))
        if left is not None and reset is not None and left < 1:
            if reset > _MILLIS:
                reset /= 1000
            return max(reset - now, 0.0) if reset > _EPOCHS else max(reset, 0.0)
    left = _number(headers.get("x-hubspot-ratelimit-remaining", ""))
    window = _number(headers.get("x-hubspot-ratelimit-interval-milliseconds", ""))
    if left is not None and window is not None and left < 1:
        return max(window, 0.0) / 1000
    return 0.0


def by_cost(reply: Reply, now: float) -> float:
    """Return the seconds to wait after an answer of GraphQL that tells its cost, as Shopify does.

    The next query is taken to cost what this one was asked for; where the bucket holds less, the wait is as long as it
    takes to fill.
    """
    wait = until_affordable(reply.json())
    return by_headers(reply, now) if wait is None else wait


def until_affordable(body: Any) -> float | None:  # noqa: ANN401 - whatever was answered
    """Return the seconds until the bucket holds what a query was asked for; None where an answer doesn't tell.

    >>> bucket = {"currentlyAvailable": 20, "restoreRate": 100}
    >>> until_affordable({"extensions": {"cost": {"requestedQueryCost": 70, "throttleStatus": bucket}}})
    0.5
    """
    try:
        cost = body["extensions"]["cost"]
        bucket = cost["throttleStatus"]
        missing = float(cost["requestedQueryCost"]) - float(bucket["currentlyAvailable"])
        return max(missing / float(bucket["restoreRate"]), 0.0)
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) < float("inf") else None
