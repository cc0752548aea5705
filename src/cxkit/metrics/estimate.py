"""An estimate: a number that says how sure it is and what it left out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping


@attrs.frozen
class Estimate:
    """One number with its interval.

    Attributes:
        value: None where nothing was observed; empty is never zero, except for plain counts.
        low: the interval's lower bound, or None.
        high: its upper bound, or None.
        level: its confidence level.
        n: how many observations the value rests on.
        unit: ``share`` (0 to 1), ``rate`` (a share that may leave 0 to 1), ``ratio``, ``points``, ``score``,
            ``count``, ``seconds``, or a currency's code (major units).
        method: how the interval was made.
        n_effective: the effective number where observations are weighted or clustered.
        se: the standard error that comparisons use, in the value's unit.
        centre: the point that comparisons use where it isn't the value.
        excluded: reason → how many events or customers weren't counted.

    >>> estimate = Estimate(value=0.81, low=0.72, high=0.87, n=100, unit="share", method="wilson")
    >>> print(estimate)
    81.0 % [72.0, 87.0] n=100
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    level: float = 0.95
    n: int = 0
    unit: str = "score"
    method: str = "none"
    n_effective: float | None = None
    se: float | None = None
    centre: float | None = None
    excluded: Mapping[str, int] = attrs.field(factory=dict)

    def __attrs_post_init__(self) -> None:
        """An unbounded side is None, so that JSON can hold it; a zero exclusion isn't one."""
        for name in ("low", "high"):
            bound = getattr(self, name)
            if bound is not None and not math.isfinite(bound):
                object.__setattr__(self, name, None)
        object.__setattr__(self, "excluded", {reason: n for reason, n in self.excluded.items() if n})

    def __str__(self) -> str:
        """Return value, interval and n as a person reads them."""
        bounds = "" if self.low is None and self.high is None else f" [{self.text(self.low)}, {self.text(self.high)}]"
        unit = {"share": " %", "rate": " %", "seconds": "", "count": "", "score": "", "points": "", "ratio": ""}.get(
            self.unit, f" {self.unit}"
        )
        return f"{self.text(self.value)}{'' if self.value is None else unit}{bounds} n={self.n}"

    def text(self, number: float | None) -> str:
        """Return a number of this estimate's unit as people write it.

        >>> Estimate(value=None, unit="seconds").text(3700)
        '1 h 02 min'
        """
        return format_number(number, self.unit)


def format_number(number: float | None, unit: str) -> str:  # noqa: PLR0911 - one for each unit
    """Return a number of a unit as people write it; a dash for none.

    >>> format_number(0.123, "share"), format_number(1234.5, "USD"), format_number(None, "share")
    ('12.3', '1,234.50', '–')
    """
    if number is None:
        return "–"
    match unit:
        case "share" | "rate":
            return f"{100 * number:.1f}"
        case "points":
            return f"{number:+.1f}" if round(number, 1) else "0.0"
        case "score":
            return f"{number:.2f}"
        case "count":
            return f"{number:,.0f}"
        case "ratio":
            return f"{number:,.3f}"
        case "seconds":
            return format_seconds(number)
        case _:
            return f"{number:,.2f}"


def format_seconds(seconds: float) -> str:
    """Return a duration in the two units that say enough.

    >>> format_seconds(42), format_seconds(150), format_seconds(100_000)
    ('42 s', '2 min 30 s', '1 d 04 h')
    """
    if abs(seconds) < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.3g} s"
    sign, size = "-" if seconds < 0 else "", abs(seconds)
    for limit, unit, part, large, small in ((3600, 60, 1, "min", "s"), (86_400, 3600, 60, "h", "min")):
        if size < limit:
            first, second = divmod(round(size / part), unit // part)
            return f"{sign}{first} {large} {second:02d} {small}"
    days, hours = divmod(round(size / 3600), 24)
    return f"{sign}{days} d {hours:02d} h"
