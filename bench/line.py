"""One line of the benchmark table, and how a thing is timed."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")
Took = tuple[float, float]
HOW = ("by the clock", "processor time")
"""What `Took` holds: seconds by the clock, and those of all cores together, which a busy machine changes less."""


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


def timed(run: Callable[[], T]) -> tuple[T, Took]:
    """Return what a run gives, and what it took."""
    start, worked = time.perf_counter(), time.process_time()
    found = run()
    return found, (time.perf_counter() - start, time.process_time() - worked)


def in_turns(runs: Mapping[str, Callable[[], Any]], *, times: int = 5) -> dict[str, Took]:
    """Return the medians of what several runs take that take turns; nothing is warmed up."""
    took: dict[str, list[Took]] = {name: [] for name in runs}
    for _ in range(times):
        for name, run in runs.items():
            took[name].append(timed(run)[1])
    return {
        name: (statistics.median(clock for clock, _ in each), statistics.median(worked for _, worked in each))
        for name, each in took.items()
    }
