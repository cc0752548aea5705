"""Money is exact, stays in its currency and refuses what would lose a cent."""

from __future__ import annotations

import copy
import decimal
import pickle
from decimal import Decimal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxkit.errors import InvalidValueError
from cxkit.model.currencies import MINOR_DIGITS, WITHDRAWN
from cxkit.model.money import ROUNDINGS, Money, check_currency, minor_digits

INT64 = 2**63
currencies = st.sampled_from(sorted(MINOR_DIGITS))
minors = st.integers(-INT64, INT64 - 1)
# What shops write and what they mistype: digits, points, signs, blanks, exponents, letters, other scripts' digits.
amounts = st.from_regex(r"[+-]?[0-9]{0,16}(\.[0-9]{0,5})?([eE][+-]?[0-9]{1,2})?", fullmatch=True) | st.text(
    "0123456789.,+-eE _²٣¼NaInf\n", max_size=8
)


def _refusal(amount: object, currency: object = "USD", **options: object) -> InvalidValueError:
    with pytest.raises(InvalidValueError) as caught:
        Money(amount, currency, **options)  # type: ignore[arg-type]
    return caught.value


def _by_decimal(amount: str, currency: str) -> int | None:
    """Return minor units as the definition has it, without regard to speed; None where an amount is refused."""
    text = amount.strip()
    if not text.isascii() or "_" in text:
        return None
    try:
        minor = Decimal(text) * 10 ** MINOR_DIGITS[currency]
    except ArithmeticError:
        return None
    whole = minor.is_finite() and minor == minor.to_integral_value() and -INT64 <= minor < INT64
    return int(minor) if whole else None


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("129.90", "USD", 12990),
        ("129.9", "USD", 12990),
        ("129.", "USD", 12900),
        (".5", "USD", 50),
        (" 1 ", "USD", 100),
        ("+1", "USD", 100),
        ("-0.05", "USD", -5),
        ("-0", "USD", 0),
        ("1e5", "VND", 100_000),
        ("1290000", "VND", 1_290_000),
        ("129.0", "VND", 129),
        ("0.005", "KWD", 5),
        ("1.2345", "CLF", 12_345),
        (7, "USD", 700),
        (-7, "VND", -7),
        (Decimal("1.10"), "USD", 110),
        (Decimal("1.1000"), "USD", 110),
        ("0e999999999", "USD", 0),
        ("92233720368547758.07", "USD", INT64 - 1),
        ("-92233720368547758.08", "USD", -INT64),
    ],
)
def test_amounts_become_minor_units(amount: str | int | Decimal, currency: str, minor: int):
    """An amount in major units becomes whole minor units of its currency."""
    assert Money(amount, currency).minor == minor


@given(amounts, currencies)
def test_text_agrees_with_decimal(amount: str, currency: str):
    """The short way for plain digits and the long way give what Decimal gives, and refuse the same."""
    expected = _by_decimal(amount, currency)
    if expected is None:
        with pytest.raises(InvalidValueError):
            Money(amount, currency)
    else:
        assert Money(amount, currency).minor == expected


@given(minors, currencies)
def test_money_survives_its_own_text(minor: int, currency: str):
    """Amount, repr, pickle and copies give the money back, at every size."""
    money = Money.of_minor(minor, currency)
    assert Money(money.amount, currency) == money
    assert Money(f"{money.amount:f}", currency) == money
    assert eval(repr(money)) == money  # noqa: S307 - our own repr
    assert pickle.loads(pickle.dumps(money)) == money  # noqa: S301 - our own bytes
    assert copy.deepcopy(money) == money
    assert str(money) == f"{money.amount:f} {currency}"
    assert -money.amount.as_tuple().exponent == MINOR_DIGITS[currency]


@pytest.mark.parametrize("amount", [1.5, float("nan"), float("inf"), 0.1])
def test_floats_are_refused(amount: float):
    """A float is refused, and the sentence says what to give."""
    assert str(_refusal(amount)) == (
        f"amount: {amount!r} is a float, which can't hold cents exactly: give text or a Decimal"
    )


@pytest.mark.parametrize(
    ("amount", "reason"),
    [
        ("1.999", "has more decimals than USD has (2)"),
        (Decimal("0.001"), "has more decimals than USD has (2)"),
        ("1e-5", "has more decimals than USD has (2)"),
        ("1e-999999999", "has more decimals than USD has (2)"),
        ("1,299.90", "isn't an amount"),
        ("1_000", "isn't an amount"),
        ("$5", "isn't an amount"),
        ("٣", "isn't an amount"),
        ("²", "isn't an amount"),
        ("", "isn't an amount"),
        (".", "isn't an amount"),
        ("NaN", "isn't an amount"),
        ("9" * 5000, "is more than 64 bits of minor units hold"),
        ("92233720368547758.08", "is more than 64 bits of minor units hold"),
        ("1e999999999", "is more than 64 bits of minor units hold"),
        (Decimal("1e999999"), "is more than 64 bits of minor units hold"),
        (10**40, "is more than 64 bits of minor units hold"),
        (Decimal("NaN"), "isn't finite"),
        (Decimal("-Infinity"), "isn't finite"),
        (None, "isn't text, a whole number or a Decimal"),
        (True, "isn't text, a whole number or a Decimal"),
        (b"1", "isn't text, a whole number or a Decimal"),
    ],
)
def test_what_is_no_exact_amount_is_refused(amount: object, reason: str):
    """What can't be whole minor units of 64 bits is refused by name, value and reason, quickly."""
    error = _refusal(amount)
    assert (error.field, error.value) == ("amount", amount)
    assert reason in error.reason


def test_decimals_are_rounded_only_on_request():
    """More decimals than the currency has are rounded as asked, and not otherwise."""
    assert Money("1.005", "USD", rounding="ROUND_HALF_EVEN").minor == 100
    assert Money("1.015", "USD", rounding="ROUND_HALF_EVEN").minor == 102
    assert Money("1.005", "USD", rounding="ROUND_HALF_UP").minor == 101
    assert Money("-1.001", "USD", rounding="ROUND_FLOOR").minor == -101
    assert Money(Decimal("0.5"), "VND", rounding="ROUND_DOWN").minor == 0
    assert Money("1.10", "USD", rounding="ROUND_UP").minor == 110
    assert set(ROUNDINGS) == {name for name in vars(decimal) if name.startswith("ROUND_")}
    assert _refusal("1.005", rounding="half").field == "rounding"
    assert _refusal("1.00", rounding="half").field == "rounding"
    assert _refusal(1, rounding="half").field == "rounding"


def test_the_thread_s_decimal_context_has_no_say():
    """An application's precision, rounding and traps change nothing."""
    with decimal.localcontext(decimal.Context(prec=2, rounding=decimal.ROUND_UP, traps=[decimal.Inexact])):
        assert Money(Decimal("12345.67"), "USD").minor == 1_234_567
        assert Money("1.004", "USD", rounding="ROUND_HALF_EVEN").minor == 100
        assert str(Money.of_minor(1_234_567, "USD")) == "12345.67 USD"


@given(minors, minors, currencies)
def test_arithmetic_is_that_of_minor_units(one: int, other: int, currency: str):
    """Sums, differences and comparisons are those of whole minor units, and never wrap."""
    a, b = Money.of_minor(one, currency), Money.of_minor(other, currency)
    assert (a < b, a <= b, a > b, a >= b, a == b) == (
        one < other,
        one <= other,
        one > other,
        one >= other,
        one == other,
    )
    assert (hash(a) == hash(b)) or a != b
    for made, expected in ((lambda: a + b, one + other), (lambda: a - b, one - other), (lambda: -a, -one)):
        if -INT64 <= expected < INT64:
            assert made() == Money.of_minor(expected, currency)
        else:
            with pytest.raises(InvalidValueError, match="64 bits"):
                made()


@pytest.mark.parametrize("operation", ["__add__", "__sub__", "__lt__", "__le__", "__gt__", "__ge__"])
def test_currencies_are_never_mixed(operation: str):
    """Two currencies don't add, and don't compare; they are merely unequal. Numbers aren't money."""
    dollar, euro = Money("1", "USD"), Money("1", "EUR")
    with pytest.raises(InvalidValueError, match=r"currency: 'EUR' doesn't go with USD: convert one of them first"):
        getattr(dollar, operation)(euro)
    assert getattr(dollar, operation)(1) is NotImplemented
    assert dollar != euro
    assert dollar != 100


def test_money_can_be_summed_from_a_start():
    """`sum` works from money; it has no currency of its own to start from."""
    assert sum([Money("1", "USD"), Money("2.50", "USD")], Money(0, "USD")) == Money("3.50", "USD")
    with pytest.raises(TypeError):
        sum([Money("1", "USD")])


def test_money_is_frozen():
    """No field can be set or deleted, and none added."""
    money = Money("1", "USD")
    for name in ("minor", "currency", "other"):
        with pytest.raises((attrs.exceptions.FrozenInstanceError, AttributeError)):
            setattr(money, name, 1)
    assert attrs.asdict(money) == {"minor": 100, "currency": "USD"}


@pytest.mark.parametrize("minor", [1.0, True, "1", None, Decimal(1)])
def test_minor_units_are_whole_numbers(minor: object):
    """`of_minor` takes an int alone."""
    with pytest.raises(InvalidValueError, match=r"minor: .* isn't a whole number"):
        Money.of_minor(minor, "USD")  # type: ignore[arg-type]


@pytest.mark.parametrize("minor", [INT64, -INT64 - 1])
def test_minor_units_are_64_bits(minor: int):
    """`of_minor` refuses what an event table can't hold."""
    with pytest.raises(InvalidValueError, match="64 bits"):
        Money.of_minor(minor, "USD")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("usd", "must be written 'USD'"),
        (" USD", "must be written 'USD'"),
        ("USDD", "did you mean 'USD'?"),
        ("EURO", "did you mean 'EUR'?"),
        ("XAU", "isn't a currency of ISO 4217 that has amounts"),
        ("XXX", "isn't a currency of ISO 4217 that has amounts"),
        ("XTS", "isn't a currency of ISO 4217 that has amounts"),
        ("$", "write one such as 'USD'"),
        ("", "write one such as 'USD'"),
        (None, "isn't text"),
        (840, "isn't text"),
        (["USD"], "isn't text"),
    ],
)
def test_unknown_currencies_are_refused(code: object, reason: str):
    """A code that isn't one is refused everywhere alike, with the nearest that is."""
    with pytest.raises(InvalidValueError) as caught:
        check_currency(code)
    assert (caught.value.field, caught.value.value) == ("currency", code)
    assert reason in caught.value.reason
    assert _refusal("1.00", code).reason == caught.value.reason
    assert _refusal(1, code).reason == caught.value.reason
    with pytest.raises(InvalidValueError, match="currency"):
        Money.of_minor(1, code)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("digits", "codes"),
    [
        (0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"),
        (2, "USD EUR GBP CNY INR IDR MGA MRU XCG ZWG SLE VES VED XAD"),
        (3, "BHD IQD JOD KWD LYD OMR TND"),
        (4, "CLF UYW"),
    ],
)
def test_minor_digits_are_those_of_iso_4217(digits: int, codes: str):
    """Currencies have the decimals that the standard's list gives them."""
    assert {minor_digits(code) for code in codes.split()} == {digits}
    if digits != 2:
        assert {code for code, n in MINOR_DIGITS.items() if n == digits} - WITHDRAWN == set(codes.split())


def test_the_list_of_currencies_is_whole():
    """The 165 active codes with minor units are there once; of the withdrawn, the last century's aren't."""
    assert len(MINOR_DIGITS) - len(WITHDRAWN) == 165
    assert MINOR_DIGITS.keys() >= WITHDRAWN
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in MINOR_DIGITS)
    assert minor_digits("HRK") == 2
    assert "DEM" not in MINOR_DIGITS
