"""Cohorts: who began when, and how many of them were active how long after. Serves the retention triangle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from cxkit.model.calendar import EVERY
from cxkit.stats.state import Filtered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cxkit.stats.state import Split


@attrs.frozen
class CohortsState:
    """(Cohort, offset) → (customers, Σ): a cohort is a period, by `Calendar`'s number, an offset so many periods on.

    Attributes:
        cells: sorted; a cell in which nobody was active isn't there. Everybody is active at offset 0.
        over: the last period that the data covers to its end: what a cohort did later isn't known, or in part.
        anonymous: events without a customer.
    """

    cells: Mapping[tuple[int, int], tuple[int, int]] = attrs.field(factory=dict)
    over: int | None = None
    anonymous: int = 0

    @property
    def sizes(self) -> dict[int, int]:
        """Each cohort's customers.

        >>> CohortsState({(0, 0): (10, 500), (0, 1): (4, 90), (1, 0): (7, 300)}, over=1).sizes
        {0: 10, 1: 7}
        """
        return {cohort: customers for (cohort, offset), (customers, _) in self.cells.items() if offset == 0}

    def plus(self, other: CohortsState) -> CohortsState:
        """Add cell by cell."""
        cells = dict(self.cells)
        for at, (customers, amount) in other.cells.items():
            customers0, amount0 = cells.get(at, (0, 0))
            cells[at] = (customers0 + customers, amount0 + amount)
        known = [over for over in (self.over, other.over) if over is not None]
        return CohortsState(dict(sorted(cells.items())), max(known, default=None), self.anonymous + other.anonymous)

    def to_json(self) -> Any:  # noqa: ANN401 - JSON
        """Return rows of cohort, offset, customers and amount."""
        rows = [[*at, *entry] for at, entry in self.cells.items()]
        return {"cells": rows, "over": self.over, "anonymous": self.anonymous}

    @classmethod
    def from_json(cls, data: Any) -> CohortsState:  # noqa: ANN401 - JSON
        """Read the rows back."""
        cells = {(cohort, offset): (customers, amount) for cohort, offset, customers, amount in data["cells"]}
        return cls(cells, data["over"], data["anonymous"])


@attrs.frozen
class Cohorts(Filtered[CohortsState]):
    """Group customers by the period of their first event, and count who of each group was active in which period.

    Attributes:
        where: which events make a customer active; the first of them is where a customer begins.
        every: the length of a period, in the scorecard's time zone; None is the scorecard's own, or a month where it
            has none (`settle` says which before an engine sees it).
        of: the amount that is summed.

    >>> from cxkit.stats import Where
    >>> Cohorts(Where(kind="order.placed"), "month").mergeable_over
    'customer'
    """

    name: ClassVar[str] = "cohorts"
    state: ClassVar[type[CohortsState]] = CohortsState
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
