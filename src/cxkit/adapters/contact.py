"""E-mail addresses and phone numbers as identities: written alike wherever they come from."""

from __future__ import annotations

import re
from typing import Final
from unicodedata import normalize

from cxkit.errors import MissingExtraError

_EMAIL: Final = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;.]+")
_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")
# "+44 (0)20 …": the nought is dialled at home alone, but in Italy, where it is part of the number.
_TRUNK: Final = re.compile(r"((?:\+|00)(?!39)[1-9][0-9]{0,2})\s*\(0\)")
_BETWEEN: Final = re.compile(r"[\s().\-/\u2010-\u2015\u00a0]+")


def email_identity(text: object) -> str | None:
    """Return the identity of an e-mail address, or None where the text isn't one.

    Capitals don't tell two apart, though the standard would let them: no mail provider does, and people type both.

    >>> email_identity(" An@Example.org "), email_identity("n/a")
    ('email:an@example.org', None)
    """
    if not isinstance(text, str):
        return None
    address = text.strip().lower() if text.isascii() else normalize("NFC", text.strip()).lower()
    return f"email:{address}" if _EMAIL.fullmatch(address) else None


def phone_identity(text: object, region: str | None = None) -> str | None:
    """Return the identity of a phone number as E.164 writes it, or None where the text isn't one.

    Args:
        text: the number.
        region: the country, as ISO 3166 writes it, of numbers without one: ``0912 345 678`` is somebody's only once it
            is known where. It needs the extra `phone`.

    Raises:
        MissingExtraError: a region is given, and `phonenumbers` isn't installed.

    >>> phone_identity("+44 (20) 7946-0018"), phone_identity("0044 20 7946 0018"), phone_identity("020 7946 0018")
    ('phone:+442079460018', 'phone:+442079460018', None)
    """
    if not isinstance(text, str):
        return None
    if _E164.fullmatch(text):
        return f"phone:{text}"
    number = _BETWEEN.sub("", _TRUNK.sub(r"\1", text.strip().removeprefix("tel:"), count=1))
    if number.startswith("00"):
        number = f"+{number[2:]}"
    if region is not None and not number.startswith("+"):
        number = _with_country(number, region)
    return f"phone:{number}" if _E164.fullmatch(number) else None


def _with_country(number: str, region: str) -> str:
    try:
        import phonenumbers
    except ImportError:
        raise MissingExtraError("phone", "phonenumbers") from None
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return ""
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
