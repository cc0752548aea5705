"""Targets: what a metric should reach, and whether an estimate, as sure as it is, does."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Literal

import attrs

from cxkit.errors import InvalidValueError
from cxkit.metrics.estimate import format_number
from cxkit.model.currencies import MINOR_DIGITS

if TYPE_CHECKING:
    from cxkit.metrics import Estimate, Metric

Verdict = Literal["met", "missed", "undecided"]
Bound = Literal[">=", "<="]

_BOUNDS: Final[dict[str | None, Bound]] = {"higher": ">=", "lower": "<="}
_SIGNS: Final[dict[str, Bound]] = {">=": ">=", "≥": ">=", "<=": "<=", "≤": "<="}
_SPELLING: Final = re.compile(r"\s*(?P<sign>>=|<=|≥|≤)?\s*(?P<text>.*?)\s*", re.DOTALL)
_NUMBER: Final = re.compile(r"[+\-−]?(?:[0-9]+(?:[_,][0-9]{3})*(?:\.[0-9]*)?|\.[0-9]+)")
_PLAIN_SIGNS: Final = str.maketrans({"−": "-", ",": None, "_": None})
_SECONDS: Final = {
    "s": 1, "sec": 1, "second": 1, "min": 60, "minute": 60, "h": 3600, "hour": 3600, "d": 86_400, "day": 86_400,
    "week": 604_800,
}  # fmt: skip
_PART: Final = re.compile(r"([0-9_,.]+)\s*([a-z]+)\s*")
_GREATEST_BARE_SHARE: Final = 2


@attrs.frozen
class Target:
    """What a metric should reach.

    Attributes:
        bound: ``>=`` at least, or ``<=`` at most.
        value: the number, in the unit of the metric's estimates: a share as 0.8, seconds, major units of money.
        currency: the only currency whose rows it is for, or None for any.

    >>> from cxkit import metrics
    >>> target = Target.of(metrics.csat(), "80 %")
    >>> str(target), target.text("share")
    ('>= 0.8', '≥ 80.0')
    """

    bound: Bound
    value: float
    currency: str | None = None

    @classmethod
    def of(cls, metric: Metric, given: object) -> Target:
        """Return the target that somebody wrote for a metric.

        Args:
            metric: whose unit the number is read in.
            given: a number, or text: with ``>=`` or ``<=`` before it where the metric doesn't say which is better, with
                ``%`` for shares, with units for durations (``4 h``, ``1 h 30 min``), and perhaps with a currency.

        Raises:
            InvalidValueError: it can't be read in the metric's unit, or which side of it is the good one isn't known.

        >>> from cxkit import metrics
        >>> Target.of(metrics.first_response_time(), "<= 4 h").value
        14400.0
        >>> Target.of(metrics.csat(), 80)
        Traceback (most recent call last):
        cxkit.errors.InvalidValueError: csat: 80 would be 8000 %: write 80 % or 0.8
        """
        if isinstance(given, Target):
            return given
        if isinstance(given, bool) or not isinstance(given, str | int | float | Decimal):
            raise InvalidValueError(metric.label, given, "isn't a number, or text such as '>= 0.8'")
        written = given if isinstance(given, str) else format(Decimal(str(given)), "f")
        spelled = _SPELLING.fullmatch(written)
        sign, text = (spelled["sign"], spelled["text"]) if spelled else (None, written)
        bound = _SIGNS.get(sign) if sign else _BOUNDS.get(metric.better)
        if bound is None:
            reason = f"doesn't say which way: {metric.name} is neither better higher nor lower, so write >= or <="
            raise InvalidValueError(metric.label, given, reason)
        currency = None
        if metric.unit == "money":
            text, currency = _without_currency(text)
        return cls(bound, _READERS.get(metric.unit, _plain)(metric, given, text), currency)

    def __str__(self) -> str:
        """Return it as it may be written."""
        return f"{self.bound} {self.value:.12g}{f' {self.currency}' if self.currency else ''}"

    def text(self, unit: str) -> str:
        """Return it as people write a number of this unit.

        >>> Target("<=", 14_400).text("seconds")
        '≤ 4 h 00 min'
        """
        return f"{'≥' if self.bound == '>=' else '≤'} {format_number(self.value, unit)}"

    def verdict(self, estimate: Estimate) -> Verdict | None:
        """Say whether an estimate meets it, misses it, or can't tell because its interval spans it; None is empty.

        >>> from cxkit.metrics import Estimate
        >>> [Target(">=", 40).verdict(Estimate(50, low, 60)) for low in (30, 40, 50)]
        ['undecided', 'met', 'met']
        """
        value, low, high = estimate.value, estimate.low, estimate.high
        if value is None:
            return None
        if low is None and high is None and estimate.method == "none":  # there is no interval to ask
            low = high = value
        if self.bound == "<=":
            value, low, high = -value, None if high is None else -high, None if low is None else -low
        goal = self.value if self.bound == ">=" else -self.value
        if low is not None and low >= goal:
            return "met"
        return "missed" if high is not None and high < goal else "undecided"


def _number(metric: Metric, given: object, text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise InvalidValueError(metric.label, given, f"isn't {_EXAMPLES.get(metric.unit, 'a number')}")
    return Decimal(text.translate(_PLAIN_SIGNS))


def _plain(metric: Metric, given: object, text: str) -> float:
    return float(_number(metric, given, text.removesuffix(metric.unit).rstrip()))


def _share(metric: Metric, given: object, text: str) -> float:
    if text.endswith("%"):
        return float(_number(metric, given, text[:-1].rstrip()) / 100)
    number = _number(metric, given, text)
    if number > _GREATEST_BARE_SHARE:
        reason = f"would be {100 * number:f} %: write {number:f} % or {number / 100:f}"
        raise InvalidValueError(metric.label, given, reason)
    return float(number)


def _seconds(metric: Metric, given: object, text: str) -> float:
    total = Decimal(0)
    parts = _PART.findall(text)
    sizes = [_SECONDS.get(unit) or _SECONDS.get(unit.removesuffix("s")) for _, unit in parts]
    if not parts or _PART.sub("", text) or None in sizes:
        raise InvalidValueError(metric.label, given, f"isn't {_EXAMPLES['seconds']}")
    for (number, _), size in zip(parts, sizes, strict=True):
        total += _number(metric, given, number) * (size or 0)
    return float(total)


def _without_currency(text: str) -> tuple[str, str | None]:
    """Return an amount's number and the currency before or after it."""
    for code in (text[-3:], text[:3]):
        if code in MINOR_DIGITS:
            return text.replace(code, "").strip(), code
    return text, None


_READERS: Final = {"share": _share, "rate": _share, "seconds": _seconds}
_EXAMPLES: Final = {
    "share": "a share, such as 0.8 or 80 %",
    "rate": "a rate, such as 1.2 or 120 %",
    "seconds": "a duration with its units, such as 4 h, 90 s or 1 h 30 min",
    "money": "an amount, such as 50 or 50.00 USD",
}
