"""A request that somebody sent: what a webhook brings, whatever web framework took it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import attrs

from cxkit.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


_EMPTY_LINE: Final = re.compile(rb"\r?\n\r?\n")


def _upper(method: str) -> str:
    return method.upper()


def _lowered(headers: Mapping[str, str] | Iterable[tuple[str, str]]) -> dict[str, str]:
    pairs = headers.items() if hasattr(headers, "items") else headers
    found: dict[str, str] = {}
    for name, value in pairs:
        if not isinstance(name, str) or not isinstance(value, str):
            raise InvalidValueError("headers", (name, value), "isn't a pair of texts")
        key = name.lower()
        # The same header twice: which one a verifier reads must not be the sender's choice.
        found[key] = f"{found[key]},{value}" if key in found else value
    return found


@attrs.frozen
class Request:
    """A request as it came in.

    Attributes:
        method: such as ``POST``.
        url: the whole address as the sender called it, with scheme, host and query. Behind a proxy that is not what
            the application sees: signatures that cover the address need the public one.
        headers: name → value; names in lower case, whatever case they came in.
        body: the bytes as they came. Signatures cover these, so text that was read and written again won't do.

    >>> Request("POST", "https://shop.example/hook", {"X-Signature": "abc"}, b"{}").headers
    {'x-signature': 'abc'}
    """

    method: str = attrs.field(converter=_upper)
    url: str
    headers: Mapping[str, str] = attrs.field(converter=_lowered, repr=False)
    body: bytes = attrs.field(repr=False)

    @classmethod
    def parse(cls, message: bytes, *, url: str | None = None) -> Request:
        r"""Return the request of a message as HTTP/1.1 sends it (RFC 9112).

        Args:
            message: the request line, the headers, an empty line, and the body.
            url: the whole address that was called, where the message names only its path.

        Raises:
            InvalidValueError: it isn't one.

        >>> Request.parse(b"POST /hook HTTP/1.1\r\nHost: shop.example\r\n\r\n{}").url
        'https://shop.example/hook'
        """
        empty = _EMPTY_LINE.search(message)
        head, body = (message[: empty.start()], message[empty.end() :]) if empty else (message, b"")
        # Not `splitlines`, to which some signs within a header end a line.
        lines = [line.removesuffix("\r") for line in head.decode("latin-1").split("\n")]
        first = lines[0].split()
        if empty is None or len(first) != 3 or not first[2].startswith("HTTP/"):  # noqa: PLR2004 - method, address, version
            reason = (
                "isn't an HTTP request: its first line reads like POST /hook HTTP/1.1, an empty one ends its headers"
            )
            raise InvalidValueError("request", lines[0], reason)
        headers = []
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            if not colon or not name or name != name.strip():
                raise InvalidValueError("request", name, "isn't the line of a header")
            headers.append((name, value.strip()))
        if url is None:
            host = next((value for name, value in headers if name.lower() == "host"), "")
            url = first[1] if "://" in first[1] else f"https://{host}{first[1]}"
        return cls(first[0], url, headers, body)

    @body.validator
    def _check_body(self, _attribute: object, body: object) -> None:
        if not isinstance(body, bytes):
            raise InvalidValueError("body", type(body).__name__, "isn't bytes: hand over the raw body, before decoding")
