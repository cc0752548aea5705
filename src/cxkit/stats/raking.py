"""Raking: weights under which a sample's margins are what is known of the whole (Deming & Stephan 1940).

Answers are counted by cell, so that the work depends on how many values the margins have, not on how many answered.
Bounds on the weights are kept while margins are met, not cut off afterwards: that is the truncated distance of Deville
& Särndal (1992), whose solution among all weights within the bounds lies nearest to the weights one began with.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Cell = tuple[tuple[str | None, ...], float]
"""A value of each margin, and the weight that answers with those values begin with."""

TOLERANCE: Final = 1e-10
ROUNDS: Final = 1000
_FAR: Final = 1e100


@attrs.frozen
class Raked:
    """Weights, and how well they do.

    Attributes:
        weights: cell → the weight of each of its answers; their mean over answers is 1.
        rounds: how many times all margins were gone through.
        gap: the greatest difference left between a value's weighted share and the share wanted.
        worst: margin and value that it belongs to.
        converged: whether the gap is below 10⁻¹⁰.
    """

    weights: Mapping[Cell, float]
    rounds: int
    gap: float
    worst: tuple[int, str | None] | None
    converged: bool


def rake(
    counts: Mapping[Cell, int],
    margins: Sequence[Mapping[str | None, float]],
    *,
    low: float = 0.0,
    high: float = math.inf,
    rounds: int = ROUNDS,
) -> Raked:
    """Return the weights under which each margin has its shares, or those that come nearest after so many rounds.

    With one margin this is post-stratification, and takes one round.

    Args:
        counts: how many answers each cell has. Of weights to begin with only the ratios matter; each is above 0.
        margins: of each margin, value → share. The shares of a margin sum to 1, and its values are the cells' values.
        low: the least weight, of a mean of 1.
        high: the greatest.
        rounds: when to give up.

    >>> raked = rake({(("web",), 1.0): 30, (("store",), 1.0): 70}, [{"web": 0.6, "store": 0.4}])
    >>> [round(weight, 6) for weight in raked.weights.values()], raked.rounds
    ([2.0, 0.571429], 1)
    """
    total = sum(counts.values())
    begun = total / math.fsum(n * cell[1] for cell, n in counts.items()) if total else 1.0
    raw = {cell: cell[1] * begun for cell in counts}
    members: list[dict[str | None, list[Cell]]] = [{value: [] for value in margin} for margin in margins]
    for cell in counts:
        for at, value in enumerate(cell[0]):
            members[at][value].append(cell)

    def clamped() -> dict[Cell, float]:
        return {cell: min(high, max(low, weight)) for cell, weight in raw.items()}

    done, (gap, worst) = 0, _gap(counts, clamped(), margins, members, total)
    while gap > TOLERANCE and done < rounds:
        done += 1
        for margin, cells_of in zip(margins, members, strict=True):
            for value, share in margin.items():
                parts = [(counts[cell], raw[cell]) for cell in cells_of[value]]
                factor = _factor(parts, share * total, low, high)
                for cell in cells_of[value]:
                    raw[cell] *= factor
        gap, worst = _gap(counts, clamped(), margins, members, total)
        if not all(1 / _FAR < weight < _FAR for weight in raw.values()):
            break  # margins that contradict each other send some weight to nothing, and another after it for ever
    return Raked(clamped(), done, gap, worst, gap <= TOLERANCE)


def _gap(
    counts: Mapping[Cell, int],
    weights: Mapping[Cell, float],
    margins: Sequence[Mapping[str | None, float]],
    members: Sequence[Mapping[str | None, Sequence[Cell]]],
    total: int,
) -> tuple[float, tuple[int, str | None] | None]:
    worst, where = 0.0, None
    for at, margin in enumerate(margins):
        for value, share in margin.items():
            reached = math.fsum(counts[cell] * weights[cell] for cell in members[at][value]) / total
            if abs(reached - share) > worst:
                worst, where = abs(reached - share), (at, value)
    return worst, where


def _factor(parts: Sequence[tuple[int, float]], wanted: float, low: float, high: float) -> float:
    """Return what to multiply weights by so that, held within bounds, they sum to what is wanted; or come nearest.

    The sum grows with the factor, in straight lines between the factors at which a weight leaves a bound.
    """
    if not parts:
        return 1.0
    plain = wanted / math.fsum(n * weight for n, weight in parts)
    if all(low <= weight * plain <= high for _, weight in parts):
        return plain

    def reached(factor: float) -> float:
        return math.fsum(n * min(high, max(low, weight * factor)) for n, weight in parts)

    turns = sorted({bound / weight for _, weight in parts for bound in (low, high) if 0 < bound < math.inf})
    below = 0.0
    for turn in turns:
        if reached(turn) >= wanted:
            return _on_line(parts, wanted, low, high, (below, turn))
        below = turn
    # Beyond the last turn nothing is free where there is an upper bound, and everything where there is none.
    return below if math.isfinite(high) else plain


def _on_line(
    parts: Sequence[tuple[int, float]], wanted: float, low: float, high: float, between: tuple[float, float]
) -> float:
    """Return the factor between two turns: what is free there is multiplied, the rest stands at its bounds."""
    middle = sum(between) / 2
    free = math.fsum(n * weight for n, weight in parts if low < weight * middle < high)
    held = math.fsum(
        n * min(high, max(low, weight * middle)) for n, weight in parts if not low < weight * middle < high
    )
    return (wanted - held) / free if free else between[1]
