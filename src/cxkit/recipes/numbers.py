"""Numbers as exports write them, with a decimal comma or grouped digits; exact decimals, or refused."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal, Inexact, InvalidOperation, Overflow
from typing import TYPE_CHECKING, Final

from cxkit.errors import InvalidValueError
from cxkit.files.cells import Kept
from cxkit.model.currencies import MINOR_DIGITS
from cxkit.model.money import Money

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cxkit.recipes.model import Input, Rounding

# A context of our own, as an application may have set the thread's to anything; a sum or product is exact or refused.
EXACT: Final = Context(prec=80, traps=[InvalidOperation, Inexact, Overflow])

_ROUNDINGS: Final[Mapping[Rounding, str]] = {"half-up": ROUND_HALF_UP, "half-even": ROUND_HALF_EVEN}
_LONGEST = 40
_INT64 = 2**63


class CellError(InvalidValueError):
    """A cell that can't be taken, named by the column of the file that it stands in."""


def number_reader(reading: Input) -> Callable[[str, str], Decimal]:
    """Return the function that reads (column, cell) as an exact number.

    >>> from cxkit.recipes.model import Input
    >>> number_reader(Input(decimal=",", thousands="."))("Total", "1.299,90")
    Decimal('1299.90')
    """
    decimal, thousands = reading.decimal, reading.thousands
    point = re.escape(decimal)
    digits = "[0-9]+"
    group = ""
    if thousands:
        # A blank may be one of those that never break a line, as French and Swiss programs write.
        group = "[ \u00a0\u202f]" if thousands == " " else re.escape(thousands)
        digits = f"(?:[0-9]{{1,3}}(?:{group}[0-9]{{3}})+|[0-9]+)"
    pattern = re.compile(rf"[+-]?(?:{digits}(?:{point}[0-9]*)?|{point}[0-9]+)(?:[eE][+-]?[0-9]{{1,3}})?")
    grouping = re.compile(group) if group else None
    signs = f"{decimal!r} before decimals" + (f" and {thousands!r} between thousands" if thousands else "")

    def number(column: str, cell: str) -> Decimal:
        text = cell.strip()
        if len(text) > _LONGEST or not pattern.fullmatch(text):
            raise CellError(column, cell, f"isn't a number; the recipe expects {signs}")
        if grouping is not None:
            text = grouping.sub("", text)
        return Decimal(text if decimal == "." else text.replace(decimal, "."))

    kept: Kept[tuple[str, str], Decimal] = Kept(lambda key: number(*key))
    return lambda column, cell: kept[column, cell]


def plain(number: Decimal) -> str:
    """Return a number as text: digits and a point, without zeros at its end.

    >>> plain(Decimal("12.50")), plain(Decimal("1E+2")), plain(Decimal("-0.0"))
    ('12.5', '100', '0')
    """
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").removesuffix(".")
    return "0" if text == "-0" else text


def minor_of(amount: Decimal, currency: str, rounding: Rounding | None) -> int:
    """Return an exact sum of money in minor units.

    Raises:
        InvalidValueError: it has more decimals than its currency and no rounding is given, it is more than 64 bits
            hold, or there is no such currency.

    >>> minor_of(Decimal("0.125"), "GBP", "half-up"), minor_of(Decimal("12.90"), "USD", None)
    (13, 1290)
    """
    digits = MINOR_DIGITS.get(currency)
    if digits is not None and amount.adjusted() < 14:  # noqa: PLR2004 - far within 64 bits
        scaled = amount.scaleb(digits, EXACT)
        minor = int(scaled)
        if minor == scaled:
            return minor
    try:
        return Money(amount, currency, rounding=None if rounding is None else _ROUNDINGS[rounding]).minor
    except InvalidValueError as error:
        advice = error.reason.replace("(Money's rounding=)", "(amount.rounding of the recipe)")
        raise InvalidValueError(error.field, plain(amount), advice) from None


def whole_of(column: str, number: Decimal) -> int:
    """Return a whole number of 64 bits.

    >>> whole_of("amount_minor", Decimal("12990.0"))
    12990
    """
    found = int(number) if number.adjusted() < 20 else _INT64  # noqa: PLR2004 - before it fills the memory
    if not -_INT64 <= found < _INT64:
        raise InvalidValueError(column, plain(number), "is more than 64 bits hold")
    if found != number:
        raise InvalidValueError(column, plain(number), "isn't a whole number")
    return found
