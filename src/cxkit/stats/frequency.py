"""Frequency: how many customers have one event, two, three. Serves repeat rates and frequency of visit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from cxkit.stats.state import Filtered, Split, add_counts

if TYPE_CHECKING:
    from collections.abc import Mapping


@attrs.frozen
class FrequencyState:
    """Events per customer → customers.

    Attributes:
        customers: how many customers have so many events, sorted.
        anonymous: events without a customer.
    """

    customers: Mapping[int, int] = attrs.field(factory=dict)
    anonymous: int = 0

    def at_least(self, events: int) -> int:
        """Return how many customers have so many events or more."""
        return sum(n for times, n in self.customers.items() if times >= events)

    @property
    def events(self) -> int:
        """How many events those customers have."""
        return sum(times * n for times, n in self.customers.items())

    def plus(self, other: FrequencyState) -> FrequencyState:
        """Add customers to customers."""
        return FrequencyState(add_counts(self.customers, other.customers), self.anonymous + other.anonymous)

    def to_json(self) -> Any:  # noqa: ANN401 - JSON
        """Return pairs of events and customers."""
        return {"customers": [[times, n] for times, n in self.customers.items()], "anonymous": self.anonymous}

    @classmethod
    def from_json(cls, data: Any) -> FrequencyState:  # noqa: ANN401 - JSON
        """Read the pairs back."""
        return cls({times: n for times, n in data["customers"]}, data["anonymous"])  # noqa: C416 - from lists


@attrs.frozen
class Frequency(Filtered[FrequencyState]):
    """Count the customers by how many events of a filter they have.

    Attributes:
        where: which events.

    >>> from cxkit.stats import Where
    >>> Frequency(Where(kind="order.placed")).zero().at_least(1)
    0
    """

    name: ClassVar[str] = "frequency"
    state: ClassVar[type[FrequencyState]] = FrequencyState

    @property
    def mergeable_over(self) -> Split:
        """Splits that keep customers whole."""
        return "customer"

    @property
    def columns(self) -> frozenset[str]:
        """The columns it reads."""
        return self.where.columns | {"customer"}
