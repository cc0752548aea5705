"""Instruments: the questions customers answer, each with its scale."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Literal

import attrs

from cxkit.errors import InvalidValueError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def _finite(field: str, value: object) -> float:
    """Return a number as a finite float, without a negative zero: -0.0 and 0.0 are one answer."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidValueError(field, value, "isn't a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise InvalidValueError(field, value, "isn't finite")
    return number + 0.0


def _low(value: object) -> float:
    return _finite("low", value)


def _high(value: object) -> float:
    return _finite("high", value)


def _in_order(given: Iterable[Instrument]) -> tuple[Instrument, ...]:
    return tuple(given)


@attrs.frozen(kw_only=True)
class Instrument:
    """A question and the scale it is answered on.

    Attributes:
        name: what events carry in `instrument`, such as ``nps``.
        title: its name for people.
        low: the least answer.
        high: the greatest answer.
        better: which end of the scale is the good one.
        whole: whether only whole numbers are answers.
        source: who defined it.

    Raises:
        InvalidValueError: the scale is empty or isn't finite, or a field can't hold what was given.

    >>> Instrument(name="nps", title="Recommendation", low=0, high=10).midpoint
    5.0
    """

    name: str = attrs.field()
    title: str
    low: float = attrs.field(converter=_low)
    high: float = attrs.field(converter=_high)
    better: Literal["higher", "lower"] = attrs.field(default="higher")
    whole: bool = True
    source: str = ""

    @name.validator
    def _check_name(self, _: object, name: object) -> None:
        if not isinstance(name, str) or not name:
            raise InvalidValueError("name", name, "isn't a name of an instrument: it needs text, such as 'nps'")

    @better.validator
    def _check_better(self, _: object, better: object) -> None:
        if better not in ("higher", "lower"):
            raise InvalidValueError("better", better, "must be 'higher' or 'lower'")

    def __attrs_post_init__(self) -> None:
        """Refuse a scale that nothing can lie on."""
        if self.low >= self.high:
            raise InvalidValueError("low", self.low, f"must be less than high ({self.high:g}) for {self.name!r}")

    @property
    def midpoint(self) -> float:
        """The middle of the scale."""
        return (self.low + self.high) / 2

    @property
    def scale(self) -> str:
        """The scale for people: ``0…10``."""
        return f"{self.low:g}…{self.high:g}"


@attrs.frozen
class Instruments:
    """An immutable registry of instruments by name, in their order.

    Attributes:
        instruments: the instruments; no two have one name.

    Raises:
        InvalidValueError: two instruments have one name.

    >>> INSTRUMENTS["csat"].scale, "nps" in INSTRUMENTS, len(Instruments())
    ('1…5', True, 0)
    >>> INSTRUMENTS.get("npss")
    Traceback (most recent call last):
    cxkit.errors.UnknownNameError: unknown instrument 'npss'; did you mean 'nps'? There is: act, brand_rank, ...
    """

    instruments: tuple[Instrument, ...] = attrs.field(default=(), converter=_in_order)
    _by_name: dict[str, Instrument] = attrs.field(init=False, eq=False, repr=False)

    @_by_name.default
    def _index(self) -> dict[str, Instrument]:
        by_name: dict[str, Instrument] = {}
        for instrument in self.instruments:
            if instrument.name in by_name:
                raise InvalidValueError("instruments", instrument.name, "is there twice: names must differ")
            by_name[instrument.name] = instrument
        return by_name

    def get(self, name: str) -> Instrument:
        """Return the instrument of this name.

        Raises:
            UnknownNameError: there is none; the nearest is suggested.
        """
        found = self._by_name.get(name)
        if found is None:
            raise UnknownNameError("instrument", name, self._by_name)
        return found

    def add(self, *instruments: Instrument) -> Instruments:
        """Return a registry that also has these; one whose name is taken replaces the one that had it.

        >>> INSTRUMENTS.add(Instrument(name="smiley", title="Smileys", low=1, high=3))["smiley"].high
        3.0
        """
        merged = self._by_name | {instrument.name: instrument for instrument in instruments}
        return Instruments(tuple(merged.values()))

    def values(self) -> tuple[Instrument, ...]:
        """Return the instruments, in their order."""
        return self.instruments

    def __getitem__(self, name: str) -> Instrument:
        """Return the instrument of this name, as `get` does."""
        return self.get(name)

    def __iter__(self) -> Iterator[str]:
        """Go through the names, in their order."""
        return iter(self._by_name)

    def __len__(self) -> int:
        """Count the instruments."""
        return len(self.instruments)

    def __contains__(self, name: object) -> bool:
        """Tell whether there is an instrument of this name."""
        return name in self._by_name


_DIMENSION = "Schmitt 1999"

INSTRUMENTS: Final = Instruments((
    Instrument(name="nps", title="Likelihood to recommend", low=0, high=10, source="Reichheld 2003"),
    Instrument(name="csat", title="Satisfaction", low=1, high=5),
    Instrument(name="ces", title="Ease, agreement (CES 2.0)", low=1, high=7, source="Dixon, Toman & DeLisi 2013"),
    Instrument(
        name="ces1", title="Effort (CES 1.0)", low=1, high=5, better="lower", source="Dixon, Freeman & Toman 2010"
    ),
    Instrument(name="stars", title="Review stars", low=1, high=5),
    Instrument(name="sentiment", title="Sentiment of a text", low=-1, high=1, whole=False),
    Instrument(name="expectation", title="Expectation", low=1, high=7, source="Parasuraman, Zeithaml & Berry 1988"),
    Instrument(name="perception", title="Perception", low=1, high=7, source="Parasuraman, Zeithaml & Berry 1988"),
    Instrument(
        name="brand_rank", title="Rank among brands used", low=1, high=100, whole=False, better="lower",
        source="Keiningham, Aksoy, Buoye & Cooil 2011",
    ),
    Instrument(name="sense", title="Sense", low=1, high=7, source=_DIMENSION),
    Instrument(name="feel", title="Feel", low=1, high=7, source=_DIMENSION),
    Instrument(name="think", title="Think", low=1, high=7, source=_DIMENSION),
    Instrument(name="act", title="Act", low=1, high=7, source=_DIMENSION),
    Instrument(name="relate", title="Relate", low=1, high=7, source=_DIMENSION),
))  # fmt: skip
"""The instruments that cxkit knows; `Instruments.add` makes a registry with yours."""


def check_score(instrument: str | None, score: object, instruments: Instruments = INSTRUMENTS) -> float:
    """Return an answer that lies on its instrument's scale.

    Instruments are an open set: an answer to one that the registry lacks need only be a finite number.

    Raises:
        InvalidValueError: it isn't a finite number, lies outside the scale, or falls between whole answers.

    >>> check_score("nps", 9)
    9.0
    >>> check_score("csat", 6)
    Traceback (most recent call last):
    cxkit.errors.InvalidValueError: score: 6 is outside the scale of 'csat', 1…5
    """
    answer = _finite("score", score)
    if instrument is not None and instrument in instruments:
        known = instruments.get(instrument)
        if not known.low <= answer <= known.high:
            raise InvalidValueError("score", score, f"is outside the scale of {instrument!r}, {known.scale}")
        if known.whole and not answer.is_integer():
            raise InvalidValueError("score", score, f"isn't a whole number, as answers to {instrument!r} are")
    return answer
