"""Rates: what one unit of a currency is in another, as the whole numbers that engines convert by."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from cxkit.errors import InvalidValueError
from cxkit.model.money import check_currency, minor_digits

if TYPE_CHECKING:
    from collections.abc import Iterable

_FINEST: Final = 2_147_483_629
"""The greatest denominator that all engines compute with in 64 bits: nine decimals, more for coarse currencies."""
_LARGEST: Final = 2**62


def decimal_of(field: str, rate: object) -> Decimal:
    """Return a rate as it was written.

    Raises:
        InvalidValueError: it isn't a positive number, or is a float, which can't hold one exactly.

    >>> decimal_of("rates", "1.08")
    Decimal('1.08')
    """
    if isinstance(rate, float):
        raise InvalidValueError(field, rate, f"is a float, which can't hold a rate exactly: write {str(rate)!r}")
    found = None
    if isinstance(rate, str | int | Decimal) and not isinstance(rate, bool):
        try:
            found = Decimal(rate)
        except ArithmeticError:
            found = None
    if found is None or not found.is_finite() or found <= 0:
        raise InvalidValueError(field, rate, "isn't a rate: write a positive number, such as '1.08'")
    return found


def rates_of(currency: str | None, rates: Mapping[str, object] | None) -> dict[str, tuple[int, int]]:
    """Return rates to a currency as p and q: so many of its minor units are so many of the other's.

    Args:
        currency: what is converted to.
        rates: currency → how much of `currency` one unit of it is.

    Raises:
        InvalidValueError: a code or a rate can't be what was given, or there is nothing to convert to.

    >>> rates_of("USD", {"EUR": "1.08", "VND": "0.000041"})
    {'EUR': (27, 25), 'VND': (41, 10000)}
    """
    if currency is not None:
        check_currency(currency)
    if not rates:
        return {}
    if not isinstance(rates, Mapping):
        raise InvalidValueError("rates", rates, "isn't a mapping from currencies to rates, such as {'EUR': '1.08'}")
    if currency is None:
        raise InvalidValueError("rates", dict(rates), "need to know into what: give currency, such as 'USD'")
    found = {}
    for code, rate in rates.items():
        digits = minor_digits(code)
        exact = Fraction(decimal_of(f"rates.{code}", rate))
        if code == currency:
            if exact != 1:
                raise InvalidValueError(f"rates.{code}", rate, f"can't be: {code} is what is converted to")
            continue
        minor = exact * 10 ** minor_digits(currency) / 10**digits
        if minor.denominator > _FINEST or minor.numerator > _LARGEST:
            raise InvalidValueError(f"rates.{code}", rate, "has more digits than can be computed with: round it")
        found[code] = (minor.numerator, minor.denominator)
    return found


def written_rates(currency: str | None, rates: Mapping[str, object] | None) -> dict[str, str]:
    """Return rates as text, which holds them exactly.

    Raises:
        InvalidValueError: as `rates_of`.

    >>> written_rates("USD", {"EUR": Decimal("1.08")})
    {'EUR': '1.08'}
    """
    rates_of(currency, rates)
    return {code: f"{decimal_of(f'rates.{code}', rate):f}" for code, rate in (rates or {}).items()}


def notes_on(
    currency: str | None, rates: Mapping[str, object], converted: Iterable[str], left: Iterable[str]
) -> list[str]:
    """Return what a card says of the rates that were used, and of currencies that there was no rate for."""
    if currency is None:
        return []
    used = ", ".join(f"1 {code} = {decimal_of('rates', rates[code]):f} {currency}" for code in converted)
    notes = [f"Converted, each amount rounded half up: {used}."] if used else []
    apart = [code for code in left if code != currency]
    if apart:
        rows = "rows of its own" if len(apart) == 1 else "rows of their own"
        notes.append(f"There is no rate to {currency} for {', '.join(apart)}: {rows}.")
    return notes
