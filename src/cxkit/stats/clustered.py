"""Clustered: sums over customers, for honest intervals where customers answer more than once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from cxkit.stats.state import Filtered

if TYPE_CHECKING:
    from cxkit.stats.state import Split
    from cxkit.stats.where import Where


@attrs.frozen
class ClusteredState:
    """Sums over customers, each with n events whose values sum to s.

    Attributes:
        customers: how many.
        n: Σn.
        s: Σs.
        nn: Σn².
        ns: Σns.
        ss: Σs².
        nulls: events without a value.
        anonymous: events without a customer, which aren't counted.
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
    """Sum a value by customer over the events of a filter, then its squares and products over customers.

    The value of an event is its `of`, or, without one, 1 where `plus` holds less 1 where `minus` holds: a share, or
    promoters less detractors, in whole numbers.

    Attributes:
        where: which events.
        of: a column of whole numbers.
        plus: the events that count one up.
        minus: the events that count one down.

    >>> from cxkit.stats import Where
    >>> Clustered(Where(kind="survey.answered", instrument="nps"), plus=Where(score=9.0)).mergeable_over
    'customer'
    """

    name: ClassVar[str] = "clustered"
    state: ClassVar[type[ClusteredState]] = ClusteredState
    of: str | None = None
    plus: Where | None = None
    minus: Where | None = None

    @property
    def mergeable_over(self) -> Split:
        """Splits that keep customers whole."""
        return "customer"

    @property
    def columns(self) -> frozenset[str]:
        """The columns it reads."""
        found = self.where.columns | {"customer"} | ({self.of} if self.of else set())
        for side in (self.plus, self.minus):
            found |= side.columns if side else set()
        return found
