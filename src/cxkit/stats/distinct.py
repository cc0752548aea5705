"""Distinct: an exact count of different customers or references."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from cxkit.stats.state import Filtered

if TYPE_CHECKING:
    from cxkit.stats.state import Split


@attrs.frozen
class DistinctState:
    """How many different values.

    Attributes:
        n: different values; a null is none.
        nulls: events without a value.
    """

    n: int = 0
    nulls: int = 0

    def plus(self, other: DistinctState) -> DistinctState:
        """Add: right only where no value stands on both sides."""
        return DistinctState(self.n + other.n, self.nulls + other.nulls)

    def to_json(self) -> Any:  # noqa: ANN401 - JSON
        """Return the fields."""
        return attrs.asdict(self)

    @classmethod
    def from_json(cls, data: Any) -> DistinctState:  # noqa: ANN401 - JSON
        """Read the fields back."""
        return cls(**data)


@attrs.frozen
class Distinct(Filtered[DistinctState]):
    """Count the different values of a column among the events of a filter.

    Attributes:
        where: which events.
        of: the column.

    >>> from cxkit.stats import Where
    >>> Distinct(Where(), of="reference").mergeable_over
    'reference'
    """

    name: ClassVar[str] = "distinct"
    state: ClassVar[type[DistinctState]] = DistinctState
    of: str = "customer"

    @property
    def mergeable_over(self) -> Split:
        """Splits that keep the column's values whole."""
        return self.of

    @property
    def columns(self) -> frozenset[str]:
        """The columns it reads."""
        return self.where.columns | {self.of}
