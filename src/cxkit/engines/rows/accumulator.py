"""What each statistic does with batches, and how cells become states at the end."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Protocol

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from cxkit.engines.request import Cell, Request
    from cxkit.engines.rows.batch import Batch
    from cxkit.model.identity import Identities
    from cxkit.stats import State


@attrs.frozen
class Ending:
    """What is known once all events were seen.

    Attributes:
        request: what was asked for.
        identities: who is whom.
        end_us: until when the data is complete.
    """

    request: Request
    identities: Identities
    end_us: int | None

    def canonical(self, column: str) -> Callable[[str], str] | None:
        """Return how to rename a column's values, or None where they stay as they are."""
        mapping = self.identities.mapping
        if column != "customer" or not mapping:
            return None
        return lambda customer: mapping.get(customer, customer)

    def others(self, column: str, values: Collection[Any]) -> list[tuple[Any, str]]:
        """Return those of a column's values that another stands for, beside that one: of most there are none."""
        mapping = self.identities.mapping
        if column != "customer" or not mapping:
            return []
        fewer, more = (mapping, values) if len(mapping) < len(values) else (values, mapping)
        return [(value, mapping[value]) for value in fewer if value in more and mapping[value] != value]


class Accumulator(Protocol):
    """One statistic's sums while events come in."""

    def add(self, batch: Batch) -> None:
        """Take a batch of a kind that the statistic reads; its filter isn't applied yet."""
        ...

    def finish(self, ending: Ending) -> Mapping[Cell, State]:
        """Return the states of all cells, the overall ones too."""
        ...


def overall_groups(cells: Iterable[Cell]) -> dict[Cell, list[Cell]]:
    """Return for each period's overall cell the segment cells that make it up; none where there are no segments.

    >>> overall_groups([(("web",), 1), (("app",), 1)])
    {(None, 1): [(('web',), 1), (('app',), 1)]}
    """
    groups: dict[Cell, list[Cell]] = defaultdict(list)
    for segment, period in cells:
        if segment is not None:
            groups[None, period].append((segment, period))
    return dict(groups)


def with_overall(states: dict[Cell, Any]) -> dict[Cell, Any]:
    """Add the overall cells of states that survive any split."""
    for overall, cells in overall_groups(list(states)).items():
        total = states[cells[0]]
        for cell in cells[1:]:
            total = total.plus(states[cell])
        states[overall] = total
    return states
