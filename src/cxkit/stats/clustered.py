"""Clustered: sums over customers, for honest intervals where customers answer more than once."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar, Final

import attrs

from cxkit.stats.state import Filtered

if TYPE_CHECKING:
    from cxkit.stats.state import Split
    from cxkit.stats.where import Where


SCORE_SCALE: Final = 1_000_000
"""Scores are summed in millionths, as whole numbers: sums of floats would differ from engine to engine."""
SCORE_LIMIT: Final = 2**52 // SCORE_SCALE


def scaled_score(score: float) -> int | None:
    """Return a score in millionths, halves up; None for one of more than four billion, which no scale has.

    >>> scaled_score(9.0), scaled_score(-0.25), scaled_score(1e300)
    (9000000, -250000, None)
    """
    return math.floor(score * SCORE_SCALE + 0.5) if -SCORE_LIMIT < score < SCORE_LIMIT else None


@attrs.frozen
class ClusteredState:
    """Sums over customers, each with events whose weights sum to n, and whose weighted values sum to s.

    Weights are millionths, so that an event of weight 1 adds 1,000,000 to n.

    Attributes:
        customers: how many; an event without a customer stands for one of its own.
        n: Σn.
        s: Σs.
        nn: Σn².
        ns: Σns.
        ss: Σs².
        nulls: events without a value.
        anonymous: events without a customer.
    """

    customers: int = 0
    n: int = 0
    s: int = 0
    nn: int = 0
    ns: int = 0
    ss: int = 0
    nulls: int = 0
    anonymous: int = 0

    def plus(self, other: ClusteredState) -> ClusteredState:
        """Add the sums."""
        return ClusteredState(*(a + b for a, b in zip(attrs.astuple(self), attrs.astuple(other), strict=True)))

    def to_json(self) -> Any:  # noqa: ANN401 - JSON
        """Return the fields."""
        return attrs.asdict(self)

    @classmethod
    def from_json(cls, data: Any) -> ClusteredState:  # noqa: ANN401 - JSON
        """Read the fields back."""
        return cls(**data)


@attrs.frozen
class Clustered(Filtered[ClusteredState]):
    """Sum weighted values by customer over the events of a filter, then their squares and products over customers.

    The value of an event is its `of`, or, without one, 1 where `plus` holds less 1 where `minus` holds: a share, or
    promoters less detractors, in whole numbers.

    Attributes:
        where: which events.
        of: a column of whole numbers; or ``score``, which is summed in millionths.
        plus: the events that count one up.
        minus: the events that count one down.
        turned: the events whose score is counted from the other end of its scale.
        turn: what such a score is taken from: the sum of the scale's ends.

    >>> from cxkit.stats import Where
    >>> Clustered(Where(kind="survey.answered", instrument="nps"), plus=Where(score=9.0)).mergeable_over
    'customer'
    """

    name: ClassVar[str] = "clustered"
    state: ClassVar[type[ClusteredState]] = ClusteredState
    of: str | None = None
    plus: Where | None = None
    minus: Where | None = None
    turned: Where | None = None
    turn: float = 0.0

    @property
    def mergeable_over(self) -> Split:
        """Splits that keep customers whole."""
        return "customer"

    @property
    def columns(self) -> frozenset[str]:
        """The columns it reads."""
        found = self.where.columns | {"customer", "weight_ppm"} | ({self.of} if self.of else set())
        for side in (self.plus, self.minus, self.turned):
            found |= side.columns if side else set()
        return found
