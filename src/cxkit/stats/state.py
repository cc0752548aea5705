"""What every statistic is: a frozen declaration, and a state that merges.

A **statistic** says what to compute of which events. A **state** is what was computed: a commutative monoid, written
to JSON and read back. `merge` is the only public way to put two states together, because it asks how the events were
split: a customer who stands on both sides would be counted twice, and no state can tell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, Self, TypeAlias, TypeVar, runtime_checkable

import attrs

from cxkit.errors import NotMergeableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cxkit.stats.where import Where

Split: TypeAlias = str
"""How events were split into parts: ``event`` is anyhow; a column's name means that no value of it stands in two.

Several columns, ``customer and reference``, mean that of each.
"""


@runtime_checkable
class State(Protocol):
    """What was computed: immutable, equal by content."""

    def plus(self, other: Self) -> Self:
        """Return both together, without asking how the events were split: that is `merge`'s duty."""
        ...

    def to_json(self) -> Any:  # noqa: ANN401 - JSON
        """Return what json.dumps can write; `Statistic.load` reads it back."""
        ...


@runtime_checkable
class Statistic(Protocol):
    """What to compute: frozen and hashable, so that two metrics that need the same one share it."""

    name: ClassVar[str]

    @property
    def mergeable_over(self) -> Split:
        """The split of events that the state survives."""
        ...

    @property
    def reads(self) -> frozenset[str] | None:
        """The kinds of events it reads, or None for any."""
        ...

    @property
    def columns(self) -> frozenset[str]:
        """The columns it reads."""
        ...

    def zero(self) -> State:
        """Return the state of no events."""
        ...

    def load(self, data: Any) -> State:  # noqa: ANN401 - JSON
        """Return the state of this statistic that `State.to_json` wrote."""
        ...


StateT = TypeVar("StateT", bound=State)


@attrs.frozen
class Filtered(Generic[StateT]):
    """What the statistics over one filter's events share: they merge over any split, unless they say otherwise.

    Attributes:
        where: which events.
    """

    name: ClassVar[str]
    state: ClassVar[Any]  # the state's class; a class variable can't be generic
    where: Where

    @property
    def mergeable_over(self) -> Split:
        """Any split."""
        return "event"

    @property
    def reads(self) -> frozenset[str] | None:
        """The kinds it reads."""
        return self.where.kinds

    def zero(self) -> StateT:
        """Return the state of no events."""
        zero: StateT = self.state()
        return zero

    def load(self, data: Any) -> StateT:  # noqa: ANN401 - JSON
        """Return the state that was written as JSON."""
        loaded: StateT = self.state.from_json(data)
        return loaded


def merge(statistic: Statistic, left: StateT, right: StateT, *, over: Split = "event") -> StateT:
    """Return the state of two parts together.

    Args:
        statistic: what both are states of.
        left: one part's state.
        right: the other part's.
        over: how the events were split into the two parts.

    Raises:
        NotMergeableError: the statistic doesn't survive such a split; the merged number would be wrong.

    >>> from cxkit.stats import Moments, Where
    >>> orders = Moments(Where(kind="order.placed"), of="amount_minor")
    >>> merge(orders, orders.zero(), orders.zero()) == orders.zero()
    True
    """
    if not kept_whole(statistic) <= set(over.split(" and ")):
        message = (
            f"{statistic.name} counts each {statistic.mergeable_over} once, so parts split by {over} can't be merged: "
            f"split the events by {statistic.mergeable_over}, or compute the whole at once"
        )
        raise NotMergeableError(message)
    return left.plus(right)


def kept_whole(statistic: Statistic) -> frozenset[str]:
    """Return the columns of which no value may stand in two parts; none where the state survives any split."""
    return frozenset(statistic.mergeable_over.split(" and ")) - {"event"}


def add_counts(left: Mapping[Any, int], right: Mapping[Any, int]) -> dict[Any, int]:
    """Return the sums of two mappings of counts, sorted by key; zeros are left out."""
    both = dict(left)
    for key, n in right.items():
        both[key] = both.get(key, 0) + n
    return {key: both[key] for key in sorted(both) if both[key]}
