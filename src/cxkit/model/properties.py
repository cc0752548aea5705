"""What an event holds beside its columns: a JSON object, written in one way alone."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from cxkit.errors import InvalidValueError
from cxkit.model.text import check_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from json import JSONEncoder

_TEXT: Final = frozenset({str})
_PLAIN: Final = frozenset({str, int, float, bool, type(None)})
# The last text that is known to be canonical: an event that is made of it at once needn't read and write it again.
CANONICAL: Final = [""]


def check_properties(text: object) -> str:
    """Return properties that are given as JSON as canonical JSON."""
    import json

    if type(text) is not str:
        raise InvalidValueError("properties", text, "isn't JSON text; `event` takes a mapping")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidValueError("properties", text, f"isn't JSON: {error}") from None
    if not isinstance(value, dict):
        raise InvalidValueError("properties", text, "isn't a JSON object")
    return dump_properties(value)


def dump_properties(properties: Mapping[str, Any]) -> str:
    """Return properties as canonical JSON: sorted keys, no spaces, NFC, so that equal contents are equal texts.

    >>> dump_properties({"b": 1, "a": "x"})
    '{"a":"x","b":1}'
    """
    try:
        plain = properties if type(properties) is dict else dict(properties)  # json knows no other Mapping
        flat = _flat(plain)
        text = _encoder().encode(plain) if flat is None else flat
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidValueError("properties", properties, f"can't be written as JSON: {error}") from None
    composed = text if text.isascii() else check_text("properties", text)
    if composed == text:
        # Keys that aren't text sort otherwise once they are, and so may those of what lies deeper.
        if flat is not None or (_TEXT.issuperset(map(type, plain)) and _PLAIN.issuperset(map(type, plain.values()))):
            CANONICAL[0] = text
        return text
    import json

    # Composing may make two keys one, or change their order: read it again.
    return dump_properties(json.loads(composed, object_pairs_hook=_no_twins))


def _flat(plain: dict[str, Any]) -> str | None:
    """Return texts, lists of them and whole numbers as the encoder writes them, in half its time; None for others."""
    quote = _quote()
    members = []
    for key in sorted(plain):
        value = plain[key]
        if type(key) is not str:
            return None
        if type(value) is str:
            members.append(f"{quote(key)}:{quote(value)}")
        elif type(value) is int:
            members.append(f"{quote(key)}:{value}")
        elif type(value) is list and _TEXT.issuperset(map(type, value)):
            members.append(f"{quote(key)}:[{','.join(map(quote, value))}]")
        else:
            return None
    return "{" + ",".join(members) + "}"


@cache
def _quote() -> Callable[[str], str]:
    """Return what writes text into JSON; `json` is loaded once it is needed."""
    from json.encoder import encode_basestring

    return encode_basestring


@cache
def _encoder() -> JSONEncoder:
    """Return what writes properties; `json.dumps` would make another for each text."""
    import json

    return json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object whose keys differ."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise InvalidValueError("properties", list(found), "has keys that differ in how they are composed alone (NFC)")
    return found
