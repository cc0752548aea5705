"""Text as the model holds it."""

from __future__ import annotations

from unicodedata import normalize

from cxkit.errors import InvalidValueError


def check_text(field: str, text: object) -> str:
    r"""Return text as the model holds it: not empty, NFC, without NUL or lone surrogates.

    >>> check_text("customer", "e\u0301") == "\xe9"
    True
    """
    if type(text) is not str:
        raise InvalidValueError(field, text, "isn't text")
    if not text:
        raise InvalidValueError(field, text, "is empty: leave it out where there is none")
    if "\0" in text:
        raise InvalidValueError(field, text, "contains a NUL character, which databases can't hold")
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidValueError(field, text, "contains half a character (a lone surrogate)") from None
    return normalize("NFC", text)
