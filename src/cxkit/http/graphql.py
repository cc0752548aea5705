"""What an answer of GraphQL says: its data, or its errors, which come with status 200."""

from __future__ import annotations

from textwrap import shorten
from typing import TYPE_CHECKING, Any, Final

from cxkit.errors import FatalAdapterError, RetriableAdapterError
from cxkit.http.auth import UnauthorizedError
from cxkit.http.pacing import until_affordable

if TYPE_CHECKING:
    from cxkit.http.reply import Reply

_THROTTLED: Final = "THROTTLED"
_BUSY: Final = frozenset({_THROTTLED, "TIMEOUT", "INTERNAL_SERVER_ERROR", "SERVICE_UNAVAILABLE"})
_DENIED: Final = frozenset({"FORBIDDEN", "UNAUTHENTICATED", "UNAUTHORIZED"})
_SHOWN: Final = 200
_PAUSE: Final = 1.0  # seconds: as long as Shopify advises to wait at least


class NotDoneError(RetriableAdapterError):
    """The vendor refused before it did anything: also what mustn't be done twice may be tried again."""


def data_of(reply: Reply) -> Any:  # noqa: ANN401 - whatever was asked for
    """Return the data of an answer.

    Raises:
        RetriableAdapterError: the vendor is busy.
        UnauthorizedError: the session is over, or a right lacks.
        FatalAdapterError: any other error. Data beside errors is not taken: it would have holes.

    >>> from cxkit.http.reply import Reply
    >>> data_of(Reply(200, {}, b'{"data": {"me": {"id": 1}}}', "POST /graphql"))
    {'me': {'id': 1}}
    """
    body = reply.json()
    if not isinstance(body, dict):
        raise FatalAdapterError(f"{reply.call}: the answer isn't one of GraphQL: is the address right?")
    errors = body.get("errors")
    if errors:
        first = errors[0] if isinstance(errors, list) and isinstance(errors[0], dict) else {"message": errors}
        # Whole words: a secret that the vendor repeats is taken out of the sentence later, a part of it wouldn't be.
        said = shorten(str(first.get("message", first)), _SHOWN, placeholder="…")
        extensions = first.get("extensions")
        code = str(extensions.get("code", "")) if isinstance(extensions, dict) else ""
        if code in _BUSY:
            kind = NotDoneError if code == _THROTTLED else RetriableAdapterError
            # A bucket that is empty says itself when to come back.
            wait = until_affordable(body)
            asked = None if wait is None else max(wait, _PAUSE)
            raise kind(f"{reply.call}: {code.lower()}: {said}: try again later", retry_after=asked)
        if code in _DENIED:
            raise UnauthorizedError(f"{reply.call}: not admitted ({code.lower()}): {said}")
        raise FatalAdapterError(f"{reply.call}: the query was refused{f' ({code})' if code else ''}: {said}")
    if body.get("data") is None:
        raise FatalAdapterError(f"{reply.call}: the answer holds no data: is the address right?")
    return body["data"]
