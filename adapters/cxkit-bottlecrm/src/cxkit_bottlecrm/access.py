"""Signing in: a personal access token that stays, or a session whose refresh tokens are good for one use each."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from typing import TYPE_CHECKING, Any, Final

import attrs

from cxkit.adapters import Http, Refreshing, Secret, TokenFile, Tokens, bearer, token_file
from cxkit.errors import FatalAdapterError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cxkit.adapters import Reply, Wire
    from cxkit_bottlecrm.config import BottleCrmConfig

_FORBIDDEN: Final = 403
_REFRESH: Final = "/api/auth/refresh-token/"
# What is said of a token that is over or unknown. With status 403 where the middleware says it, before any view.
_NOT_ADMITTED: Final = (b"Organization context is required", b"token_not_valid", b"Invalid token")


def connect(config: BottleCrmConfig, wire: Wire | None) -> Http:
    """Return calls to BottleCRM that show who we are."""
    if config.token is not None:
        auth: Any = bearer(config.token)
    else:
        path = config.token_file or token_file("bottlecrm", config.url, config.account)
        auth = Refreshing(TokenFile(path, config.refresh_token), refresh)
    return Http(config.url, auth=auth, wire=wire, lapsed=lapsed)


@attrs.frozen
class Told:
    """An answer, read once.

    Attributes:
        call: what was asked, for errors.
        body: what was answered.
    """

    call: str
    body: Any

    def part(self, *names: str) -> Any:  # noqa: ANN401 - JSON
        """Return a part of it by the names that lead there.

        Raises:
            FatalAdapterError: there is none.

        >>> Told("GET /api/contacts/", {"contact_obj": {"id": "c1"}}).part("contact_obj", "id")
        'c1'
        """
        found = self.body
        for name in names:
            if not isinstance(found, dict) or name not in found:
                raise FatalAdapterError(f"{self.call}: the answer has no {name}: is url that of BottleCRM's API?")
            found = found[name]
        return found


def ask(http: Http, path: str, params: Mapping[str, object] | None = None) -> Told:
    """Return what BottleCRM answers to a question.

    Raises:
        FatalAdapterError: the answer says that it is an error.
    """
    return told(http.get(path, params))


def told(reply: Reply) -> Told:
    """Return an answer, unless it says that it is an error though its status is good.

    >>> from cxkit.adapters import Reply
    >>> told(Reply(200, {}, b'{"error": true, "errors": "no"}', "GET /api/cases/"))
    Traceback (most recent call last):
    cxkit.errors.FatalAdapterError: GET /api/cases/: the answer says that it is an error
    """
    body = reply.json()
    if isinstance(body, dict) and body.get("error") is True:
        raise FatalAdapterError(f"{reply.call}: the answer says that it is an error")
    return Told(reply.call, body)


def lapsed(status: int, body: bytes) -> bool:
    """Say whether a refusal means that the token is over: BottleCRM answers 403 then, as it does where a right lacks.

    >>> lapsed(403, b'{"detail": "Organization context is required. Please login again."}')
    True
    >>> lapsed(403, b'{"detail": "This token is not scoped for read access to leads."}')
    False
    """
    return status == _FORBIDDEN and any(sentence in body for sentence in _NOT_ADMITTED)


def refresh(http: Http, token: Secret) -> Tokens:
    """Return the pair that a refresh token brings; it is spent by that, whether or not the answer arrives."""
    reply = http.post(_REFRESH, json={"refresh": token.reveal()}, authorized=False, repeatable=False)
    pair = told(reply)
    access, following = str(pair.part("access")), str(pair.part("refresh"))
    return Tokens(Secret(access), Secret(following), expiry(access))


def expiry(token: str) -> float | None:
    """Return when a token says that it is over, in seconds since 1970; None where it doesn't.

    >>> expiry("e30.eyJleHAiOiAxNzY3MjI1NjAwfQ.c2ln")
    1767225600.0
    """
    try:
        part = token.split(".")[1]
        return float(json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))["exp"])
    except (ValueError, LookupError, TypeError):
        return None
