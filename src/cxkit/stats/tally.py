"""Tally: how many events hold each value, with their weights. Serves NPS, CSAT, CES, stars, sentiment and shares."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

import attrs

from cxkit.errors import InvalidValueError
from cxkit.stats.state import Filtered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cxkit.stats.state import Split

Keep = Literal["all", "first", "latest"]
Weighed = tuple[int, int, int]
MOST_DECIMALS: Final = 6
BINNED: Final = 2**32


def by_value(values: Mapping[Any, Weighed]) -> dict[Any, Weighed]:
    """Return what was counted sorted by value; numbers before text, for a property may hold either.

    >>> list(by_value({"L": (1, 1, 1), 40: (1, 1, 1), 38: (1, 1, 1)}))
    [38, 40, 'L']
    """
    return dict(sorted(values.items(), key=lambda counted: (isinstance(counted[0], str), counted[0])))


def binned(score: float, decimals: int) -> float:
    """Return a score with so many decimals, halves up: the same floating-point steps on every engine.

    Scores of four billion and more, which no scale has, stay as they are.

    >>> binned(0.1254, 2), binned(-0.125, 2), binned(-0.0001, 3)
    (0.13, -0.12, 0.0)
    """
    if not -BINNED < score < BINNED:
        return score
    scale: int = 10**decimals
    return float(math.floor(score * scale + 0.5) / scale)


@attrs.frozen
class TallyState:
    """Value → (n, Σw, Σw²), the weights in millionths, all exact.

    Attributes:
        values: what was counted, by value.
        nulls: events without a value; NaN is none.
        unkeyed: events that couldn't be thinned, for they belong to nobody.
    """

    values: Mapping[Any, Weighed] = attrs.field(factory=dict)
    nulls: int = 0
    unkeyed: int = 0

    @property
    def n(self) -> int:
        """Events with a value."""
        return sum(n for n, _, _ in self.values.values())

    def plus(self, other: TallyState) -> TallyState:
        """Add value by value."""
        both = dict(self.values)
        for value, (n, w, w2) in other.values.items():
            n0, w0, w20 = both.get(value, (0, 0, 0))
            both[value] = (n0 + n, w0 + w, w20 + w2)
        return TallyState(by_value(both), self.nulls + other.nulls, self.unkeyed + other.unkeyed)

    def to_json(self) -> Any:  # noqa: ANN401 - JSON
        """Return rows of value, n, Σw and Σw²."""
        rows = [[value, *counts] for value, counts in self.values.items()]
        return {"values": rows, "nulls": self.nulls, "unkeyed": self.unkeyed}

    @classmethod
    def from_json(cls, data: Any) -> TallyState:  # noqa: ANN401 - JSON
        """Read the rows back."""
        values = {value: (n, w, w2) for value, n, w, w2 in data["values"]}
        return cls(values, data["nulls"], data["unkeyed"])


@attrs.frozen
class Tally(Filtered[TallyState]):
    """Count the events of a filter by the value of one column.

    Attributes:
        where: which events.
        of: the column; its values should be few, so bin what is continuous first.
        keep: all answers, or the first or latest of each `per` within a cell of the scorecard. Ties in time go by
            (ts_us, source, id).
        per: ``customer`` or ``reference``: whose first or latest answer is kept.
        decimals: to how many decimals continuous scores are put, halves up; None leaves values as they are.

    >>> from cxkit.stats import Where
    >>> tally = Tally(Where(kind="survey.answered", instrument="nps"))
    >>> tally.mergeable_over
    'event'
    """

    name: ClassVar[str] = "tally"
    state: ClassVar[type[TallyState]] = TallyState
    of: str = "score"
    keep: Keep = attrs.field(default="all", validator=attrs.validators.in_(("all", "first", "latest")))
    per: str = attrs.field(default="customer", validator=attrs.validators.in_(("customer", "reference")))
    decimals: int | None = None

    def __attrs_post_init__(self) -> None:
        """Refuse decimals for what has none."""
        if self.decimals is not None and (self.of != "score" or not 0 <= self.decimals <= MOST_DECIMALS):
            reason = f"must lie within 0…{MOST_DECIMALS}, and be of the score: other columns are counted as they are"
            raise InvalidValueError("decimals", self.decimals, reason)

    @property
    def mergeable_over(self) -> Split:
        """Any split, unless answers are thinned."""
        return "event" if self.keep == "all" else self.per

    @property
    def columns(self) -> frozenset[str]:
        """The columns it reads."""
        return self.where.columns | {self.of, "weight_ppm"} | (set() if self.keep == "all" else {self.per})
