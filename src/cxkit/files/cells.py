"""What one cell of text means: a time, a sum of money, a score; each exactly, or refused with the reason."""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime, timedelta
from decimal import ROUND_FLOOR, Context, Decimal
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from cxkit.errors import InvalidValueError
from cxkit.files.source import undecoded
from cxkit.model.calendar import zone
from cxkit.model.event import Event, weight_to_ppm
from cxkit.model.instrument import check_score
from cxkit.model.money import Money, check_currency
from cxkit.model.properties import dump_properties
from cxkit.model.text import check_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from zoneinfo import ZoneInfo

    from cxkit.model.instrument import Instruments

K = TypeVar("K", bound="str | tuple[str, ...]")
V = TypeVar("V")

_KEPT = 10_000
_SHORT = 200
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LOCAL_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - for times that have no offset yet
_INT64 = 2**63
_WHOLE = re.compile(r"[+-]?[0-9]{1,19}(?:\.0*)?")  # with a point: what pandas makes of whole numbers beside gaps
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,9})?")
_TIME = re.compile(r"[0-9]{4}(?:-[0-9]{2}-[0-9]{2}|[0-9]{4}|-W[0-9]{2}-[0-9]|W[0-9]{3})(?:[T ][0-9].*)?")
_SEPARATORS = frozenset(("T", " "))
_DATE = 10
_NONE = timedelta()
_LONGEST_NUMBER = 40
_EXACT = Context(prec=80)


class Kept(dict[K, V], Generic[K, V]):
    """What was made of a text before, for as many short texts as are worth it.

    >>> lengths = Kept(len)
    >>> lengths["abc"], dict(lengths)
    (3, {'abc': 3})
    """

    __slots__ = ("_make",)

    def __init__(self, make: Callable[[K], V]) -> None:
        """Keep the function that makes it."""
        self._make: Callable[[K], V] = make

    def __missing__(self, key: K) -> V:
        """Make it, and keep it unless the file could fill the memory with such."""
        made = self._make(key)
        if len(self) < _KEPT and (len(key) if isinstance(key, str) else sum(map(len, key))) <= _SHORT:
            self[key] = made
        return made


def clean(column: str, cell: str, encoding: str) -> str:
    r"""Return a cell as the model holds text: NFC, without NUL.

    Raises:
        InvalidValueError: it holds a byte that isn't of the encoding, or what no text of an event may hold.

    >>> clean("customer", b"caf\xe9".decode("utf-8", "surrogateescape"), "utf-8")
    Traceback (most recent call last):
    cxkit.errors.InvalidValueError: customer: 'caf\udce9' has the byte 0xE9, which isn't utf-8 here: ...
    """
    if not cell or (cell.isascii() and "\0" not in cell):
        return cell
    byte = undecoded(cell)
    if byte is not None:
        reason = f"has the byte 0x{byte:02X}, which isn't {encoding} here: mend it, or name the file's own encoding"
        raise InvalidValueError(column, cell, f"{reason} (--encoding cp1252, for example)")
    return check_text(column, cell)


def instants(input_tz: str | None) -> Callable[[str], int]:
    """Return the function that reads a time of ISO 8601 as microseconds since 1970 in UTC.

    A time without offset is local to `input_tz`. One that the clock showed twice is the first of the two; one that
    the clock jumped over is refused, but a date alone is the first instant of its day, whenever that was.

    >>> instants("Europe/Berlin")("1970-01-01T01:00:00"), instants(None)("1970-01-01T00:00:01Z")
    (0, 1000000)
    """
    here = None if input_tz is None else zone(input_tz)

    def slow(text: str) -> int:
        moment = _moment(text)
        if moment.tzinfo is None:
            moment = _local(text, moment, here)
        gap = moment - _EPOCH
        return _in_range((gap.days * 86_400 + gap.seconds) * 1_000_000 + gap.microseconds)

    offsets = _Offsets(here)

    def instant(text: str) -> int:
        # The separator is looked at because fromisoformat takes any sign for it, and so 13 digits for a date.
        if text[10:11] not in _SEPARATORS or text[4] != "-":
            return slow(text)
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return slow(text)
        naive = moment.tzinfo is None
        gap = moment - (_LOCAL_EPOCH if naive else _EPOCH)
        days = gap.days
        if not -100_000 < days < 100_000:  # noqa: PLR2004 - some 270 years, well inside what needs no further look
            return slow(text)
        ahead = offsets[days] if naive else 0
        if ahead is None:
            return slow(text)
        return (days * 86_400 + gap.seconds) * 1_000_000 + gap.microseconds - ahead

    return instant


class _Offsets(dict[int, int | None]):
    """How far ahead of UTC the clock is on a day (since 1970); None where it isn't the same all day."""

    __slots__ = ("_here",)

    def __init__(self, here: ZoneInfo | None) -> None:
        """Keep the zone; without one nothing is known of any day."""
        self._here = here

    def __missing__(self, day: int) -> int | None:
        """Look at each quarter of an hour of the day: no clock is changed for less."""
        if self._here is None:
            return None
        begin = (_LOCAL_EPOCH + timedelta(days=day)).replace(tzinfo=self._here)
        seen = {
            (begin + timedelta(minutes=minutes)).replace(fold=fold).utcoffset()
            for minutes in range(0, 24 * 60 + 1, 15)
            for fold in (0, 1)
        }
        offset = seen.pop() or _NONE
        found = None if seen else (offset.days * 86_400 + offset.seconds) * 1_000_000 + offset.microseconds
        self[day] = found
        return found


def _moment(text: str) -> datetime:
    plain = text.strip().upper()
    try:
        if _TIME.fullmatch(plain):
            return datetime.fromisoformat(plain)
    except ValueError as error:
        raise InvalidValueError("time", text, f"isn't a time: {error}") from None
    reason = "isn't a time of ISO 8601, such as 2026-01-31T09:30:00+07:00" if plain else "is empty: each row needs one"
    raise InvalidValueError("time", text, reason)


def _local(text: str, moment: datetime, here: ZoneInfo | None) -> datetime:
    if here is None:
        reason = "has no offset: write one, such as 2026-01-31T09:30:00+07:00, or name the zone (--input-tz)"
        raise InvalidValueError("time", text, reason)
    first = moment.replace(tzinfo=here)
    jumped = (first.replace(fold=1).utcoffset() or _NONE) - (first.utcoffset() or _NONE)
    if jumped > _NONE and len(text.strip()) > _DATE:
        raise InvalidValueError("time", text, f"doesn't exist in {here.key}: the clock was put forward over it")
    return first


def _in_range(ts_us: int) -> int:
    """Leave it to the event which instants it takes."""
    return Event(id="-", ts_us=ts_us, kind="visit.started", source="-").ts_us


def whole(column: str, text: str, low: int = -_INT64) -> int:
    """Return a whole number of 64 bits.

    >>> whole("amount_minor", "12990"), whole("amount_minor", "12990.0")
    (12990, 12990)
    """
    plain = text.strip()
    if not _WHOLE.fullmatch(plain):
        raise InvalidValueError(column, text, "isn't a whole number of at most 19 digits")
    number = int(plain.partition(".")[0])
    if not low <= number < _INT64:
        raise InvalidValueError(column, text, f"is out of range: it must lie within {low}…{_INT64 - 1}")
    return number


def instant_us(text: str) -> int:
    """Return an instant that is microseconds since 1970 already."""
    return _in_range(whole("ts_us", text))


def answers(instruments: Instruments) -> Callable[[tuple[str, str]], float | None]:
    """Return the function that reads (instrument, score) as a score on the instrument's scale; NaN is no answer.

    >>> from cxkit.model.instrument import INSTRUMENTS
    >>> answers(INSTRUMENTS)(("nps", "9")), answers(INSTRUMENTS)(("nps", "NaN"))
    (9.0, None)
    """

    def answer(key: tuple[str, str]) -> float | None:
        instrument, text = key
        plain = text.strip()
        if not _NUMBER.fullmatch(plain):
            if plain.lower().lstrip("+-") == "nan":
                return None
            infinite = plain.lower().lstrip("+-") in {"inf", "infinity"}
            raise InvalidValueError("score", text, "isn't finite" if infinite else "isn't a number")
        score = float(plain)
        if math.isinf(score):
            raise InvalidValueError("score", text, "is larger than a score can be")
        return check_score(instrument or None, score, instruments)

    return answer


def minor_of_amount(key: tuple[str, str]) -> int:
    """Read (amount, currency) as minor units, exactly.

    >>> minor_of_amount(("129.90", "USD"))
    12990
    """
    amount, currency = key
    if not currency:
        raise InvalidValueError("amount", amount, "has no currency: money needs one")
    return Money(amount, currency).minor


def minor_of_minor(key: tuple[str, str]) -> int:
    """Read (amount_minor, currency): the minor units themselves, of a currency that there is."""
    amount, currency = key
    if not currency:
        raise InvalidValueError("amount_minor", amount, "has no currency: money needs one")
    check_currency(currency)
    return whole("amount_minor", amount)


def us_of_seconds(text: str) -> int:
    """Read a duration in seconds as microseconds, halves up.

    >>> us_of_seconds("1.5"), us_of_seconds("0.0000005")
    (1500000, 1)
    """
    plain = text.strip()
    if len(plain) > _LONGEST_NUMBER or not _NUMBER.fullmatch(plain):
        raise InvalidValueError("duration", text, "isn't a number of seconds, such as 12.5")
    seconds = Decimal(plain)
    if seconds and seconds.adjusted() > 13:  # noqa: PLR2004 - microseconds of 64 bits have 19 digits
        raise InvalidValueError("duration", text, "is longer than 64 bits of microseconds hold")
    exact = _EXACT.add(_EXACT.scaleb(seconds, 6), Decimal("0.5"))
    microseconds = int(exact.to_integral_value(ROUND_FLOOR, _EXACT))
    if not -_INT64 <= microseconds < _INT64:
        raise InvalidValueError("duration", text, "is longer than 64 bits of microseconds hold")
    return microseconds


def ppm_of_weight(text: str) -> int:
    """Read a survey weight as millionths.

    >>> ppm_of_weight("0.25")
    250000
    """
    plain = text.strip()
    if len(plain) > _LONGEST_NUMBER or not _NUMBER.fullmatch(plain):
        raise InvalidValueError("weight", text, "isn't a number that a weight can be")
    ppm = weight_to_ppm(plain)
    if not 0 <= ppm < _INT64:
        raise InvalidValueError("weight", text, "can't be a weight: it must be 0 or more, and less than 9223372036854")
    return ppm


def ppm_of_ppm(text: str) -> int:
    """Read a survey weight that is millionths already."""
    return whole("weight_ppm", text, 0)


def canonical(text: str) -> str:
    """Read the text of a JSON object, and return its canonical form.

    >>> canonical('{"b": 1, "a": "x"}')
    '{"a":"x","b":1}'
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidValueError("properties", text, f"isn't JSON: {error}") from None
    if not isinstance(value, dict):
        raise InvalidValueError("properties", text, 'isn\'t a JSON object, such as {"coupon": "TET"}')
    return dump_properties(value)


def merged(properties: str | None, more: dict[str, Any]) -> str:
    """Return properties with further ones added.

    Raises:
        InvalidValueError: both name a property, and differ about it.

    >>> merged('{"a":1}', {"b": "x"})
    '{"a":1,"b":"x"}'
    """
    if properties is None:
        return dump_properties(more)
    known = json.loads(properties)
    for name, value in more.items():
        if name in known and known[name] != value:
            reason = "stands in the properties too, with another value: leave one of them out"
            raise InvalidValueError(name, value, reason)
    return dump_properties(known | more)
