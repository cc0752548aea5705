"""Times as exports write them: by a format, or counted from 1970; each an instant, or refused with the reason."""

from __future__ import annotations

import re
from decimal import ROUND_FLOOR, Context, Decimal
from typing import TYPE_CHECKING, Final

from cxkit.errors import InvalidValueError, nearest
from cxkit.files.cells import Kept, instant_us, instants
from cxkit.recipes.model import EPOCHS, ISO

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Attempt = Callable[[str], int | None]
    """Reads a time; None where the text isn't of the format."""

_MONTHS: Final = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_DAYS = "monday|tuesday|wednesday|thursday|friday|saturday|sunday"
# English names whatever the machine's language is, for an export doesn't change with the machine that reads it.
_DIRECTIVES: Final = {
    "Y": r"(?P<Y>[0-9]{4})",
    "y": r"(?P<y>[0-9]{2})",
    "m": r"(?P<m>1[0-2]|0?[1-9])",
    "d": r"(?P<d>3[01]|[12][0-9]|[0 ]?[1-9])",
    "H": r"(?P<H>2[0-3]|[01]?[0-9])",
    "I": r"(?P<I>1[0-2]|0?[1-9])",
    "M": r"(?P<M>[0-5]?[0-9])",
    "S": r"(?P<S>[0-5]?[0-9])",
    "f": r"(?P<f>[0-9]{1,6})",
    "p": r"(?P<p>[AaPp][Mm])",
    "b": r"(?P<b>" + "|".join(month[:3] for month in _MONTHS) + ")",
    "B": r"(?P<b>" + "|".join(_MONTHS) + ")",
    "a": "(?:" + "|".join(day[:3] for day in _DAYS.split("|")) + ")",
    "A": f"(?:{_DAYS})",
    "z": r"(?P<z>Z|[+-][0-9]{2}:?[0-9]{2})",
    "%": "%",
}
_NAMES: Final = (ISO, *EPOCHS)
_YEAR_OF_TWO: Final = 69  # POSIX: 69…99 are of the last century
_NUMBER = re.compile(r"[+-]?[0-9]{1,17}(?:\.[0-9]{0,9})?")
_DAY: Final = 10  # the length of a day, of which there are few
_EXACT = Context(prec=60)


def check_format(place: str, fmt: str) -> str:
    """Return a time format that can be read.

    Raises:
        InvalidValueError: it is none; the directive that is unknown or missing is named.

    >>> check_format("time_format", "%d/%m/%Y %H:%M")
    '%d/%m/%Y %H:%M'
    """
    if fmt in _NAMES:
        return fmt
    if "%" not in fmt:
        near = nearest(fmt, _NAMES)
        hint = f"; is {near!r} meant?" if near else ", such as '%d.%m.%Y %H:%M'"
        raise InvalidValueError(place, fmt, f"isn't {', '.join(_NAMES)} or a format with directives{hint}")
    directives = re.findall(r"%(.?)", fmt)
    for directive in directives:
        if directive not in _DIRECTIVES:
            known = " ".join(f"%{each}" for each in _DIRECTIVES)
            raise InvalidValueError(place, fmt, f"has the directive '%{directive}', which isn't one of {known}")
    given = {"b" if each == "B" else each for each in directives if each not in "aA%"}
    if len(given) < sum(each not in "aA%" for each in directives):
        raise InvalidValueError(place, fmt, "says something twice: each part of a time stands once")
    for needed in ("Yy", "mb", "d"):
        if len(given & set(needed)) != 1:
            either = " or ".join(f"%{each}" for each in needed)
            raise InvalidValueError(place, fmt, f"needs {either}, once: a time has a year, a month and a day")
    if ("I" in given) != ("p" in given) or {"H", "I"} <= given:
        raise InvalidValueError(place, fmt, "needs %I with %p, or %H alone: the hour of 12 or of 24")
    if "H" not in given and "I" not in given and given & set("MSfz"):
        raise InvalidValueError(place, fmt, "has parts of an hour and no hour: add %H")
    return fmt


def time_reader(formats: Sequence[str], tz: str | None) -> Callable[[str], int]:
    """Return the function that reads a time by the first of the formats that it is of, as microseconds since 1970.

    What is of none of them is read as ISO 8601: that can't be mistaken, and is how Parquet and workbooks hand over
    what they hold as a time. A time without offset is local to `tz`, by the rules of event files: where the clock
    showed it twice it is the first, where the clock jumped over it it is refused.

    >>> read = time_reader(("%d/%m/%Y %H:%M",), "Europe/London")
    >>> read("01/07/2010 08:26") == read("2010-07-01T07:26Z")
    True
    >>> read("31/02/2010 08:26")
    Traceback (most recent call last):
    cxkit.errors.InvalidValueError: time: '31/02/2010 08:26' isn't a time as '%d/%m/%Y %H:%M': day is out of range ...
    """
    instant = instants(tz)
    attempts = [_epoch(EPOCHS[fmt]) if fmt in EPOCHS else _by_format(fmt, instant) for fmt in formats if fmt != ISO]
    if not attempts:
        days: Kept[str, int] = Kept(instant)
        return lambda text: days[text] if len(text) <= _DAY else instant(text)
    wanted = " or ".join(repr(fmt) for fmt in formats)

    def read(text: str) -> int:
        refused = None
        plain = text.strip()
        for attempt in attempts:
            try:
                found = attempt(plain)
            except InvalidValueError as error:
                refused = refused or error.reason
            else:
                if found is not None:
                    return found
        try:
            return instant(text)
        except InvalidValueError as error:
            if not plain:
                raise
            reason = refused or error.reason
            if refused is None or "isn't a time" in refused:
                detail = refused.partition(": ")[2] if refused else ""
                reason = f"isn't a time as {wanted}{': ' if detail else ''}{detail}"
            raise InvalidValueError("time", text, reason) from None

    return Kept(read).__getitem__


def _epoch(unit_us: int) -> Attempt:
    def attempt(text: str) -> int | None:
        if not _NUMBER.fullmatch(text):
            return None
        exact = _EXACT.multiply(Decimal(text), Decimal(unit_us))
        return instant_us(str(int(_EXACT.add(exact, Decimal("0.5")).to_integral_value(ROUND_FLOOR, _EXACT))))

    return attempt


def _by_format(fmt: str, instant: Callable[[str], int]) -> Attempt:
    # Blanks in the format are any blanks in the text, as for strptime.
    parts = re.split(r"%(.)", fmt)
    texts = [re.sub(r"(?:\\?\s)+", r"\\s+", re.escape(part)) for part in parts[::2]]
    directives = [_DIRECTIVES[each] for each in parts[1::2]]
    pattern = "".join(text + directive for text, directive in zip(texts, [*directives, ""], strict=True))
    match = re.compile(pattern, re.IGNORECASE).fullmatch
    timed = "%H" in fmt or "%I" in fmt

    def attempt(text: str) -> int | None:
        found = match(text)
        if found is None:
            return None
        part = found.groupdict()
        year = part.get("Y") or f"{19 if int(part['y']) >= _YEAR_OF_TWO else 20}{part['y']}"
        month = int(part["m"]) if "m" in part else 1 + [each[:3] for each in _MONTHS].index(part["b"][:3].lower())
        day = f"{year}-{month:02}-{int(part['d']):02}"
        if not timed:
            return instant(day)
        hour = int(part["H"]) if "H" in part else int(part["I"]) % 12 + 12 * (part["p"].upper() == "PM")
        zone = part.get("z", "").upper()
        clock = f"{hour:02}:{int(part.get('M', 0)):02}:{int(part.get('S', 0)):02}.{part.get('f', '0'):0<6}"
        return instant(f"{day}T{clock}{zone}")

    return attempt
