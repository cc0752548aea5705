"""Moments: count, sum and sum of squares as exact integers. Serves money and mean durations.

Exact, because a float Σx² loses the variance of large values, and float sums differ from run to run and from engine to
engine. An engine that sums in 64 bits splits x = h·2²⁶ + l and sums the parts (`LIMB`), which needs |x| < `LIMIT`.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

import attrs

from cxkit.stats.state import Filtered

LIMB: Final = 2**26
LIMIT: Final = 2**52


def _least(left: int | None, right: int | None) -> int | None:
    return right if left is None else left if right is None else min(left, right)


def _greatest(left: int | None, right: int | None) -> int | None:
    return right if left is None else left if right is None else max(left, right)


@attrs.frozen
class MomentsState:
    """What is needed for a mean, its variance and a total.

    Attributes:
        n: values counted.
        total: Σx.
        squares: Σx².
        low: the least value.
        high: the greatest value.
        nulls: events without a value.
        out: values of 2⁵² or more either way, which aren't counted.
    """

    n: int = 0
    total: int = 0
    squares: int = 0
    low: int | None = None
    high: int | None = None
    nulls: int = 0
    out: int = 0

    @property
    def mean(self) -> float | None:
        """Σx / n, or None."""
        return self.total / self.n if self.n else None

    @property
    def variance(self) -> float | None:
        """The sample variance, exact until the last division, or None for fewer than two values."""
        if self.n < 2:  # noqa: PLR2004 - a variance needs two
            return None
        return (self.n * self.squares - self.total**2) / (self.n * (self.n - 1))

    def plus(self, other: MomentsState) -> MomentsState:
        """Add sums; compare extremes."""
        return MomentsState(
            self.n + other.n,
            self.total + other.total,
            self.squares + other.squares,
            _least(self.low, other.low),
            _greatest(self.high, other.high),
            self.nulls + other.nulls,
            self.out + other.out,
        )

    def to_json(self) -> Any:  # noqa: ANN401 - JSON
        """Return the fields."""
        return attrs.asdict(self)

    @classmethod
    def from_json(cls, data: Any) -> MomentsState:  # noqa: ANN401 - JSON
        """Read the fields back."""
        return cls(**data)


@attrs.frozen
class Moments(Filtered[MomentsState]):
    """Sum an integer column of the events of a filter.

    Attributes:
        where: which events.
        of: ``amount_minor``, ``duration_us`` or another column of whole numbers.

    >>> from cxkit.stats import Where
    >>> Moments(Where(kind="order.placed"), of="amount_minor").zero().mean is None
    True
    """

    name: ClassVar[str] = "moments"
    state: ClassVar[type[MomentsState]] = MomentsState
    of: str

    @property
    def columns(self) -> frozenset[str]:
        """The columns it reads."""
        return self.where.columns | {self.of}
