"""Money: a whole number of minor units and an ISO 4217 currency; never a float."""

from __future__ import annotations

import decimal
import re
from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import Final

import attrs

from cxkit.errors import InvalidValueError, nearest
from cxkit.model.currencies import MINOR_DIGITS

ROUNDINGS: Final = tuple(sorted(name for name in dir(decimal) if name.startswith("ROUND_")))

_INT64 = 2**63
_TOO_LARGE = 20  # digits before the point that no currency's int64 can hold
_PLAIN = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,9})?")
# Contexts of our own: an application may have set the thread's precision and traps to anything.
_EXACT = Context(prec=60, traps=[InvalidOperation, Inexact])
_ROUND = Context(prec=60, traps=[InvalidOperation])
_UNITS = {digits: Decimal(1).scaleb(-digits) for digits in set(MINOR_DIGITS.values())}
_POWERS = tuple(10**digits for digits in range(5))


def check_currency(code: object) -> str:
    """Return a currency code of ISO 4217 that has a minor unit.

    Raises:
        InvalidValueError: it isn't one; the nearest is suggested.

    >>> check_currency("VND")
    'VND'
    """
    if type(code) is str and code in MINOR_DIGITS:
        return code
    if not isinstance(code, str):
        raise InvalidValueError("currency", code, "isn't text: write a code of ISO 4217, such as 'USD'")
    plain = code.strip().upper()
    if plain in MINOR_DIGITS:
        raise InvalidValueError("currency", code, f"must be written {plain!r}: codes are three capital letters")
    near = nearest(plain, MINOR_DIGITS) if plain else None
    hint = f"did you mean {near!r}?" if near else "write one such as 'USD'"
    raise InvalidValueError("currency", code, f"isn't a currency of ISO 4217 that has amounts; {hint}")


def minor_digits(code: str) -> int:
    """Return how many decimals a currency has.

    Raises:
        InvalidValueError: the code isn't one of ISO 4217.

    >>> minor_digits("USD"), minor_digits("VND"), minor_digits("KWD")
    (2, 0, 3)
    """
    return MINOR_DIGITS[check_currency(code)]


def _check_minor(field: str, shown: object, minor: int) -> int:
    if not -_INT64 <= minor < _INT64:
        raise InvalidValueError(field, shown, "is more than 64 bits of minor units hold")
    return minor


def _exact(amount: object) -> Decimal:
    """Return an amount as a finite Decimal."""
    if isinstance(amount, float):
        raise InvalidValueError("amount", amount, "is a float, which can't hold cents exactly: give text or a Decimal")
    if isinstance(amount, str):
        text = amount.strip()
        if not _PLAIN.fullmatch(text):
            reason = "isn't an amount: write digits and a point, such as '1299.90', without currency or separators"
            raise InvalidValueError("amount", amount, reason)
        return Decimal(text)
    if isinstance(amount, Decimal):
        if not amount.is_finite():
            raise InvalidValueError("amount", amount, "isn't finite")
        return amount
    raise InvalidValueError("amount", amount, "isn't text, a whole number or a Decimal")


def _to_minor(amount: object, currency: str, rounding: str | None) -> int:
    """Return minor units by way of Decimal: the long way that decides what is right."""
    if rounding is not None and rounding not in ROUNDINGS:
        raise InvalidValueError("rounding", rounding, f"isn't one of {', '.join(ROUNDINGS)}")
    if type(amount) is int:
        return _check_minor("amount", amount, amount * _POWERS[minor_digits(currency)])
    digits = minor_digits(currency)
    value = _exact(amount)
    if value and value.adjusted() > _TOO_LARGE:  # before it is written out: 1e999999999 would fill the memory
        raise InvalidValueError("amount", amount, "is more than 64 bits of minor units hold")
    try:
        fitted = value.quantize(_UNITS[digits], rounding=rounding, context=_ROUND if rounding else _EXACT)
    except Inexact:
        reason = (
            f"has more decimals than {currency} has ({digits}): correct it, or round it on purpose (Money's rounding=)"
        )
        raise InvalidValueError("amount", amount, reason) from None
    return _check_minor("amount", amount, int(fitted.scaleb(digits, context=_ROUND)))


_new = object.__new__
_set = object.__setattr__


@attrs.frozen(slots=True, init=False, repr=False)
class Money:
    """A sum of money: whole minor units of one currency, within 64 bits.

    Sums and comparisons stay within one currency; there is no float in and none out.

    Args:
        amount: in major units, as text, a whole number or a Decimal: ``"129.90"``.
        currency: a code of ISO 4217, in capitals.
        rounding: a rounding of `decimal`, such as ``ROUND_HALF_EVEN``, for an amount with more decimals than the
            currency has; without one such an amount is refused.

    Attributes:
        minor: the amount in minor units: cents of a dollar, whole dong, thousandths of a Kuwaiti dinar.
        currency: the code.

    Raises:
        InvalidValueError: the amount isn't exact, isn't a number or doesn't fit, or the currency is unknown.

    >>> Money("129.90", "USD").minor
    12990
    >>> Money("0.005", "KWD") + Money("1", "KWD")
    Money('1.005', 'KWD')
    """

    minor: int
    currency: str

    def __init__(self, amount: str | int | Decimal, currency: str, *, rounding: str | None = None) -> None:
        """Turn the amount into minor units, exactly unless a rounding is given."""
        # What shops write, '129.90', is digits that need no Decimal: a third of the time. More than 14 go the long way,
        # as with four minor digits they could pass 64 bits.
        if type(amount) is str and rounding is None and type(currency) is str:
            whole, _, part = amount.partition(".")
            missing = MINOR_DIGITS.get(currency, -1) - len(part)
            text = whole + part
            if missing >= 0 and len(text) <= 14 and text.isdigit() and text.isascii():  # noqa: PLR2004
                _set(self, "minor", int(text) * _POWERS[missing])
                _set(self, "currency", currency)
                return
        _set(self, "minor", _to_minor(amount, currency, rounding))
        _set(self, "currency", currency)

    @classmethod
    def of_minor(cls, minor: int, currency: str) -> Money:
        """Return money from minor units, as event tables hold it.

        >>> Money.of_minor(12990, "USD")
        Money('129.90', 'USD')
        """
        if type(minor) is not int:
            raise InvalidValueError("minor", minor, "isn't a whole number")
        _check_minor("minor", minor, minor)
        if type(currency) is not str or currency not in MINOR_DIGITS:
            check_currency(currency)
        made = _new(cls)
        _set(made, "minor", minor)
        _set(made, "currency", currency)
        return made

    @property
    def amount(self) -> Decimal:
        """The amount in major units, with the currency's decimals."""
        return Decimal(self.minor).scaleb(-MINOR_DIGITS[self.currency], context=_ROUND)

    def _same(self, other: Money) -> int:
        """Return the other's minor units when it is in the same currency."""
        if other.currency != self.currency:
            reason = f"doesn't go with {self.currency}: convert one of them first"
            raise InvalidValueError("currency", other.currency, reason)
        return other.minor

    def __add__(self, other: object) -> Money:
        """Add money of the same currency."""
        if not isinstance(other, Money):
            return NotImplemented
        return Money.of_minor(self.minor + self._same(other), self.currency)

    def __sub__(self, other: object) -> Money:
        """Subtract money of the same currency."""
        if not isinstance(other, Money):
            return NotImplemented
        return Money.of_minor(self.minor - self._same(other), self.currency)

    def __neg__(self) -> Money:
        """Return the same sum the other way."""
        return Money.of_minor(-self.minor, self.currency)

    def __lt__(self, other: object) -> bool:
        """Compare with money of the same currency."""
        return self.minor < self._same(other) if isinstance(other, Money) else NotImplemented

    def __le__(self, other: object) -> bool:
        """Compare with money of the same currency."""
        return self.minor <= self._same(other) if isinstance(other, Money) else NotImplemented

    def __gt__(self, other: object) -> bool:
        """Compare with money of the same currency."""
        return self.minor > self._same(other) if isinstance(other, Money) else NotImplemented

    def __ge__(self, other: object) -> bool:
        """Compare with money of the same currency."""
        return self.minor >= self._same(other) if isinstance(other, Money) else NotImplemented

    def __str__(self) -> str:
        """Write it for people: ``129.90 USD``."""
        return f"{self.amount:f} {self.currency}"

    def __repr__(self) -> str:
        """Write it as Python."""
        return f"Money({format(self.amount, 'f')!r}, {self.currency!r})"
