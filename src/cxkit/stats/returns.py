"""Returns: who was active, and who of them in the period before. Serves retention, churn and net revenue retention."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

import attrs

from cxkit.model.calendar import EVERY
from cxkit.stats.state import Filtered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cxkit.stats.state import Split


@attrs.frozen
class Return:
    """One period against the one before it.

    Attributes:
        active: customers active in the period.
        base: customers active in the period before.
        both: customers active in both.
        amount: Σ of the period.
        base_amount: Σ of the period before.
        both_amount: Σ of the period by customers active in both.
    """

    active: int = 0
    base: int = 0
    both: int = 0
    amount: int = 0
    base_amount: int = 0
    both_amount: int = 0

    def plus(self, other: Self) -> Self:
        """Add the counts."""
        return type(self)(*(a + b for a, b in zip(attrs.astuple(self), attrs.astuple(other), strict=True)))


@attrs.frozen
class ReturnsState:
    """Period → `Return`; a period is `Calendar`'s number.

    Attributes:
        periods: by period, sorted; the period after an active one always stands, so that nobody's return shows.
        anonymous: events without a customer.
    """

    periods: Mapping[int, Return] = attrs.field(factory=dict)
    anonymous: int = 0

    @property
    def pooled(self) -> Return:
        """All periods together."""
        return sum_returns(self.periods.values())

    def plus(self, other: ReturnsState) -> ReturnsState:
        """Add period by period."""
        both = dict(self.periods)
        for period, entry in other.periods.items():
            both[period] = both[period].plus(entry) if period in both else entry
        return ReturnsState(dict(sorted(both.items())), self.anonymous + other.anonymous)

    def to_json(self) -> Any:  # noqa: ANN401 - JSON
        """Return rows of period and counts."""
        rows = [[period, *attrs.astuple(entry)] for period, entry in self.periods.items()]
        return {"periods": rows, "anonymous": self.anonymous}

    @classmethod
    def from_json(cls, data: Any) -> ReturnsState:  # noqa: ANN401 - JSON
        """Read the rows back."""
        return cls({period: Return(*counts) for period, *counts in data["periods"]}, data["anonymous"])


def sum_returns(entries: Any) -> Return:  # noqa: ANN401 - an iterable of Return
    """Return the sums of several entries."""
    total = Return()
    for entry in entries:
        total = total.plus(entry)
    return total


@attrs.frozen
class Returns(Filtered[ReturnsState]):
    """Compare the customers of each period with those of the period before.

    Attributes:
        where: which events make a customer active.
        every: the length of a period, in the scorecard's time zone; None is the scorecard's own, or a month where it
            has none (`settle` says which before an engine sees it).
        of: the amount that is summed.

    >>> from cxkit.stats import Where
    >>> Returns(Where(kind="order.placed"), "month").mergeable_over
    'customer'
    """

    name: ClassVar[str] = "returns"
    state: ClassVar[type[ReturnsState]] = ReturnsState
    every: str | None = attrs.field(default=None, validator=attrs.validators.in_((*EVERY, None)))
    of: str = "amount_minor"

    @property
    def mergeable_over(self) -> Split:
        """Splits that keep customers whole."""
        return "customer"

    @property
    def columns(self) -> frozenset[str]:
        """The columns it reads."""
        return self.where.columns | {"customer", self.of}
