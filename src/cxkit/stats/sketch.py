"""Sketch: a histogram whose buckets are the same everywhere, for quantiles within one per cent.

Buckets are whole decimal numbers: width 2 on [100, 200), 4 on [200, 500), 10 on [500, 1000), and the same times every
power of ten; 175 a decade. Numbers below 100 are kept as they are. Integer arithmetic makes every engine agree on them,
which buckets by logarithm don't.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any, ClassVar, Final

import attrs

from cxkit.stats.state import Filtered, add_counts

if TYPE_CHECKING:
    from collections.abc import Mapping


# Widths by magnitude: a value below the bound (and not below the one before it) stands in buckets of this width.
WIDTHS: Final[tuple[tuple[int, int], ...]] = (
    (100, 1),
    *(
        (bound * 10**k, width * 10**k)
        for k in range(17)
        for bound, width in ((200, 2), (500, 4), (1000, 10))
        if bound * 10**k < 2**63
    ),
    (2**64, 10**17),
)
_BOUNDS: Final = [bound for bound, _ in WIDTHS]


def width_of(size: int) -> int:
    """Return the width of the bucket that holds a number of this absolute size.

    >>> width_of(99), width_of(150), width_of(499), width_of(123_456)
    (1, 2, 4, 2000)
    """
    return WIDTHS[bisect_right(_BOUNDS, size)][1]


def bucket(value: int) -> int:
    """Return the bucket of a whole number: its edge towards zero.

    >>> bucket(0), bucket(151), bucket(-151), bucket(1_234_567)
    (0, 150, -150, 1220000)
    """
    size = abs(value)
    edge = size - size % width_of(size)
    return edge if value >= 0 else -edge


def midpoint(edge: int) -> float:
    """Return the middle of a bucket's whole numbers.

    >>> midpoint(150), midpoint(-150), midpoint(7)
    (150.5, -150.5, 7.0)
    """
    half = (width_of(abs(edge)) - 1) / 2
    return edge + half if edge >= 0 else edge - half


@attrs.frozen
class SketchState:
    """Bucket → how many values.

    Attributes:
        buckets: counts by bucket, sorted.
        nulls: events without a value.
    """

    buckets: Mapping[int, int] = attrs.field(factory=dict)
    nulls: int = 0

    @property
    def n(self) -> int:
        """Values counted."""
        return sum(self.buckets.values())

    def at_rank(self, rank: int) -> float | None:
        """Return the value of the given rank, from 1, within one per cent; None where there is none."""
        seen = 0
        for edge, n in self.buckets.items():
            seen += n
            if seen >= rank:
                return midpoint(edge)
        return None

    def plus(self, other: SketchState) -> SketchState:
        """Add bucket by bucket."""
        return SketchState(add_counts(self.buckets, other.buckets), self.nulls + other.nulls)

    def to_json(self) -> Any:  # noqa: ANN401 - JSON
        """Return pairs of bucket and count."""
        return {"buckets": [[edge, n] for edge, n in self.buckets.items()], "nulls": self.nulls}

    @classmethod
    def from_json(cls, data: Any) -> SketchState:  # noqa: ANN401 - JSON
        """Read the pairs back."""
        return cls({edge: n for edge, n in data["buckets"]}, data["nulls"])  # noqa: C416 - from lists


@attrs.frozen
class Sketch(Filtered[SketchState]):
    """Keep a histogram of an integer column of the events of a filter.

    Attributes:
        where: which events.
        of: ``duration_us``, ``amount_minor`` or another column of whole numbers.

    >>> from cxkit.stats import Where
    >>> Sketch(Where(kind="contact.answered"), of="duration_us").mergeable_over
    'event'
    """

    name: ClassVar[str] = "sketch"
    state: ClassVar[type[SketchState]] = SketchState
    of: str

    @property
    def columns(self) -> frozenset[str]:
        """The columns it reads."""
        return self.where.columns | {self.of}
