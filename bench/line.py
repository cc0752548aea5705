"""One line of the benchmark table, and how a thing is timed."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable


@attrs.frozen
class Line:
    """What was measured, beside its yardstick in the same run.

    Attributes:
        what: what was measured.
        ours: cxkit's figure.
        unit: its unit.
        peer: what it stands beside, or the bare limit's name.
        theirs: the yardstick's figure, or None where a limit alone is given.
        target: what is wanted, in words.
        good: whether it is met.
    """

    what: str
    ours: float
    unit: str
    peer: str
    theirs: float | None
    target: str
    good: bool

    @property
    def ratio(self) -> str:
        """Ours by theirs."""
        return "" if not self.theirs else f"{self.ours / self.theirs:.2f}"

    def cells(self) -> tuple[str, ...]:
        """Return the line's cells."""
        theirs = "" if self.theirs is None else f"{self.theirs:,.4g} {self.unit}"
        met = "yes" if self.good else "no"
        return (self.what, f"{self.ours:,.4g} {self.unit}", self.peer, theirs, self.ratio, self.target, met)


def seconds(run: Callable[[], Any]) -> float:
    """Return the wall seconds of one run."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def side_by_side(ours: Callable[[], Any], theirs: Callable[[], Any], *, runs: int = 5) -> tuple[float, float]:
    """Return the two medians of runs that take turns, so that a slow minute slows both; one warm-up isn't counted."""
    pairs = [(seconds(ours), seconds(theirs)) for _ in range(runs + 1)][1:]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)
