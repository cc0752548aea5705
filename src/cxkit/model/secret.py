"""A secret: a text that no repr, log, traceback or file shows."""

from __future__ import annotations

from hmac import compare_digest
from typing import NoReturn

from cxkit.errors import InvalidValueError


class Secret:
    """A password, key or token.

    It shows itself as ``Secret(…)`` wherever Python would show it, and can't be pickled or formatted; only `reveal`
    gives the text, and is called where it is sent.

    >>> key = Secret("s3cr3t")
    >>> key, f"{key}", key.reveal()
    (Secret(…), 'Secret(…)', 's3cr3t')
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """Keep the text.

        Raises:
            InvalidValueError: it isn't text, is empty, or holds a line break, which no header could carry. The value
                isn't named.
        """
        if not isinstance(text, str):
            raise InvalidValueError("secret", type(text).__name__, "isn't text")
        if not text or any(sign in text for sign in "\r\n\0"):
            raise InvalidValueError("secret", Ellipsis, "is empty or holds a line break: give the text alone")
        self._text = text

    def reveal(self) -> str:
        """Return the text, to be sent and not to be kept."""
        return self._text

    def __repr__(self) -> str:
        """Show that there is one."""
        return "Secret(…)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        """Show that there is one, whatever the format."""
        return repr(self)

    def __eq__(self, other: object) -> bool:
        """Compare in constant time."""
        if not isinstance(other, Secret):
            return NotImplemented
        return compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        """Hash by identity of type alone: a hash of the text would tell of it."""
        return hash(Secret)

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled, which would write it down."""
        raise TypeError("a Secret can't be pickled or copied: hand the object itself on")

    def __copy__(self) -> Secret:
        """Return itself: it never changes."""
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        """Return itself: it never changes."""
        return self
