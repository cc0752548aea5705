"""Returns: who was active, and who of them in the period before. Serves retention, churn and net revenue retention."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, Self

import attrs

from cxkit.model.calendar import EVERY
from cxkit.stats.state import Filtered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cxkit.stats.state import Split
    from cxkit.stats.where import Where


Base = Literal["before", "year"]
A_YEAR: Final = {"day": 365, "week": 52, "month": 12, "quarter": 4, "year": 1}
"""How many periods back the same period of the year before lies; weeks and days by their number."""


@attrs.frozen
class Return:
    """One period against its base: the one before it, or a year before.

    Squares and products are of a customer's whole amount in a period, and leave out customers whose amount reaches 2⁵².

    Attributes:
        active: customers active in the period.
        base: customers active in its base.
        both: customers active in both.
        amount: Σ of the period.
        base_amount: Σ of its base.
        both_amount: Σ of the period by customers active in both.
        base_squares: Σ over customers of the square of what they came to in the base.
        both_squares: Σ of squares of the period, by customers active in both.
        both_products: Σ of the products of period and base, by customers active in both.
        new: customers of the period who were never active before it.
        marked: those of them who bear the mark.
        marked_amount: Σ of the period by those.
        marked_squares: Σ of squares of the period by those.
    """

    active: int = 0
    base: int = 0
    both: int = 0
    amount: int = 0
    base_amount: int = 0
    both_amount: int = 0
    base_squares: int = 0
    both_squares: int = 0
    both_products: int = 0
    new: int = 0
    marked: int = 0
    marked_amount: int = 0
    marked_squares: int = 0

    def plus(self, other: Self) -> Self:
        """Add the counts."""
        return type(self)(*(a + b for a, b in zip(attrs.astuple(self), attrs.astuple(other), strict=True)))


@attrs.frozen
class ReturnsState:
    """Period → `Return`; a period is `Calendar`'s number.

    Attributes:
        periods: by period, sorted; a period whose base was active always stands, so that nobody's return shows.
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
    """Compare the customers of each period with those of the period before, or of a year before.

    Attributes:
        where: which events make a customer active.
        every: the length of a period, in the scorecard's time zone; None is the scorecard's own, or, where it has none,
            a month, or a year where periods are compared with those of a year before (`settle` says which before an
            engine sees it).
        of: the amount that is summed.
        base: what a period is compared with: the one ``before`` it, or the same of the ``year`` before.
        squares: whether squares and products are summed, which intervals of amounts need.
        newcomers: whether those who were never active before are counted.
        mark: the events that mark a customer for good, such as a converted referral; asks for newcomers.

    >>> from cxkit.stats import Where
    >>> Returns(Where(kind="order.placed"), "month").mergeable_over
    'customer'
    """

    name: ClassVar[str] = "returns"
    state: ClassVar[type[ReturnsState]] = ReturnsState
    every: str | None = attrs.field(default=None, validator=attrs.validators.in_((*EVERY, None)))
    of: str = "amount_minor"
    base: Base = attrs.field(default="before", validator=attrs.validators.in_(("before", "year")))
    squares: bool = False
    newcomers: bool = False
    mark: Where | None = None

    @property
    def counts_new(self) -> bool:
        """Whether newcomers are counted."""
        return self.newcomers or self.mark is not None

    @property
    def back(self) -> int:
        """How many periods before a period its base lies."""
        return A_YEAR[self.every or "year"] if self.base == "year" else 1

    @property
    def mergeable_over(self) -> Split:
        """Splits that keep customers whole."""
        return "customer"

    @property
    def reads(self) -> frozenset[str] | None:
        """The kinds it reads."""
        kinds, marks = self.where.kinds, frozenset[str]() if self.mark is None else self.mark.kinds
        return None if kinds is None or marks is None else kinds | marks

    @property
    def columns(self) -> frozenset[str]:
        """The columns it reads."""
        return self.where.columns | {"customer", self.of} | (set() if self.mark is None else self.mark.columns)
