"""By: a statistic once more for every value of a column. Serves money, which is never added across currencies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from cxkit.stats.cohorts import Cohorts
from cxkit.stats.returns import Returns
from cxkit.stats.spans import Spans
from cxkit.stats.where import Where

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cxkit.stats.state import Split, State, Statistic


@attrs.frozen
class ByState:
    """Value → the inner state.

    Attributes:
        parts: by value, sorted; events without a value stand under None, first.
    """

    parts: Mapping[str | None, Any] = attrs.field(factory=dict)

    def plus(self, other: ByState) -> ByState:
        """Add value by value."""
        both = dict(self.parts)
        for value, state in other.parts.items():
            both[value] = both[value].plus(state) if value in both else state
        return ByState(in_order(both))

    def to_json(self) -> Any:  # noqa: ANN401 - JSON
        """Return pairs of value and state."""
        return [[value, state.to_json()] for value, state in self.parts.items()]


def in_order(parts: Mapping[str | None, State]) -> dict[str | None, State]:
    """Return the parts sorted by value, None first."""
    return dict(sorted(parts.items(), key=lambda part: (part[0] is not None, part[0] or "")))


@attrs.frozen
class By:
    """Compute a statistic separately for every value of a column, within each cell of a scorecard.

    Attributes:
        of: the statistic: one over single events or customers (not `Spans`, whose events have two rows each).
        column: the column, such as ``currency``.

    >>> from cxkit.stats import Moments, Where
    >>> By(Moments(Where(kind="order.placed"), of="amount_minor"), "currency").mergeable_over
    'event'
    """

    name: ClassVar[str] = "by"
    of: Statistic
    column: str

    @property
    def mergeable_over(self) -> Split:
        """The same splits as the inner statistic."""
        return self.of.mergeable_over

    @property
    def reads(self) -> frozenset[str] | None:
        """The kinds it reads."""
        return self.of.reads

    @property
    def columns(self) -> frozenset[str]:
        """The columns it reads."""
        return self.of.columns | {self.column}

    def zero(self) -> ByState:
        """Return the state of no events."""
        return ByState()

    def load(self, data: Any) -> ByState:  # noqa: ANN401 - JSON
        """Read a state."""
        return ByState({value: self.of.load(state) for value, state in data})


def filters_of(statistic: Statistic) -> tuple[Where, ...]:
    """Return all filters of a statistic, those within a `By` too.

    >>> from cxkit.stats import Distinct, Where
    >>> filters_of(By(Distinct(Where(kind="visit.started")), "channel"))[0].kinds
    frozenset({'visit.started'})
    """
    if isinstance(statistic, By):
        return filters_of(statistic.of)
    if isinstance(statistic, Spans):
        return statistic.wheres
    values = (getattr(statistic, field.name) for field in attrs.fields(type(statistic)))  # type: ignore[arg-type]
    return tuple(value for value in values if isinstance(value, Where))


def settle(statistic: Statistic, every: str | None) -> Statistic:
    """Return a statistic whose own periods, if it has any, are settled: those of the scorecard, months, or years.

    >>> from cxkit.stats import Returns, Where
    >>> settle(Returns(Where()), "week").every
    'week'
    """
    if isinstance(statistic, Returns) and statistic.every is None:
        return attrs.evolve(statistic, every=every or ("year" if statistic.base == "year" else "month"))
    if isinstance(statistic, Cohorts) and statistic.every is None:
        return attrs.evolve(statistic, every=every or "month")
    if isinstance(statistic, By):
        return attrs.evolve(statistic, of=settle(statistic.of, every))
    return statistic
