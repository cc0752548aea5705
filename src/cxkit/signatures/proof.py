"""What every scheme holds a request against: a header that is there, an HMAC that fits, a time that is near.

No sentence here shows what was sent or what would have been right. The one is the sender's to choose and would end in
logs; the other would sign the next forgery.
"""

from __future__ import annotations

import hmac
import re
import time
from base64 import b64encode
from typing import TYPE_CHECKING, Final, TypeAlias

import attrs

from cxkit.errors import BadSignatureError, InvalidValueError
from cxkit.model.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cxkit.model.request import Request

TOLERANCE: Final = 300.0
"""How many seconds a signed time may lie before or after now, unless told otherwise."""

Secrets: TypeAlias = "Secret | Iterable[Secret]"

_LONGEST = 8192  # what web servers take of a header, for those who stand behind none
_SECONDS = re.compile(r"[1-9][0-9]{0,11}")


def keys(secrets: Secrets) -> list[str]:
    """Return the texts of one or several secrets.

    Raises:
        InvalidValueError: there is none, or something that is no `Secret`. That isn't the request's fault, so it isn't
            said as if it were.
    """
    given = [secrets] if isinstance(secrets, Secret) else list(secrets)
    if not given:
        raise InvalidValueError("secrets", (), "is empty: without a secret no request can be shown to be the vendor's")
    for each in given:
        if not isinstance(each, Secret):
            raise InvalidValueError("secrets", type(each).__name__, "isn't a Secret: wrap the text, Secret('…')")
    return [each.reveal() for each in given]


def header(request: Request, name: str) -> str:
    """Return a header, which must be there.

    One that was sent twice comes joined by a comma, and so as none that was signed.
    """
    value = request.headers.get(name, "")
    if not value:
        raise BadSignatureError(f"{name}: the request has no such header, so nothing shows whom it is from")
    if len(value) > _LONGEST:
        raise BadSignatureError(f"{name}: is longer than any that was signed")
    return value


def octets(text: str) -> bytes:
    """Return text as bytes, also what UTF-8 can't hold: an address or a header may be anything."""
    return text.encode("utf-8", "surrogatepass")


def mac(key: str | bytes, *parts: bytes) -> bytes:
    """Return the HMAC-SHA256 of parts that follow one another."""
    made = hmac.new(octets(key) if isinstance(key, str) else key, digestmod="sha256")
    for part in parts:
        made.update(part)
    return made.digest()


def in_base64(digest: bytes) -> str:
    """Return a digest as base64, with padding."""
    return b64encode(digest).decode()


def require(name: str, given: Iterable[str], expected: Iterable[str]) -> None:
    """Refuse unless one of the signatures that were given is one of those that are right.

    They are compared as texts, in constant time. So what isn't base64 or hexadecimal needs no case of its own: it is
    another text than the right one.
    """
    right = [octets(each) for each in expected]
    if not any(hmac.compare_digest(octets(each), known) for each in given for known in right):
        raise BadSignatureError(
            f"{name}: doesn't fit the request: it was signed with another secret, or changed on its way; a body that "
            "was read and written again has changed too"
        )


def whole_seconds(name: str, text: str) -> int:
    """Return whole seconds since 1970.

    They may be written in one way only. Were a leading zero taken, or another script's digits, what was signed as one
    thing could be read as another.
    """
    if not _SECONDS.fullmatch(text):
        raise BadSignatureError(f"{name}: isn't a time in whole seconds since 1970")
    return int(text)


def require_near(name: str, sent: float, now: float | None, tolerance: float) -> None:
    """Refuse what was sent too long ago; and what is dated ahead, which could be sent again for as long."""
    # Turned round, so that what is no number lies outside.
    if not abs(moment(now) - sent) <= tolerance:
        raise BadSignatureError(
            f"{name}: is more than {tolerance:g} seconds from now: the request was sent before, or a clock is wrong"
        )


def moment(now: float | None) -> float:
    """Return the time that was given, or else the clock's."""
    return time.time() if now is None else now


def with_headers(request: Request, headers: dict[str, str]) -> Request:
    """Return a request with headers added, or put in the place of those that had their names."""
    return attrs.evolve(request, headers={**request.headers, **headers})
