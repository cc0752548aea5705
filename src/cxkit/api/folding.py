"""Folding: the segments with most events stand for themselves, and the rest are one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from cxkit.model.identity import LINKED, UNLINKED
from cxkit.stats import In, Not, Tally, Where

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cxkit.api.doors import Door
    from cxkit.engines import Request
    from cxkit.engines.request import Segment
    from cxkit.metrics import Metric


def folding(door: Door, request: Request, metrics: Iterable[Metric], top: int) -> tuple[Request, list[str]]:
    """Return a request that keeps the segments with most events, and what to say of the others.

    Who is one of the rest can't be added up afterwards: a customer of two folded segments is one customer. So events
    are counted by segment first, and the request itself names the segments to keep. Of segments with as many events
    the first by name is kept.

    Args:
        door: the data, which may be gone through several times.
        request: what is asked, by some columns.
        metrics: whose events are counted.
        top: how many segments are kept.
    """
    reads = [metric.reads for metric in metrics]
    kinds = sorted({kind for read in reads for kind in read})
    read = Where(kind=kinds) if all(reads) else Where(kind=Not(In((LINKED, UNLINKED))))
    tally = Tally(read, of="kind")
    cells = door.collect(attrs.evolve(request, statistics=(tally,), calendar=None)).states[tally]
    counts = {segment: state.n for (segment, _), state in cells.items() if segment is not None}  # type: ignore[attr-defined]
    if len(counts) <= top:
        return request, []
    ranked = sorted(counts, key=lambda segment: (-counts[segment], in_order(segment)))
    rest = tuple(_free("other", {segment[at] for segment in counts}) for at in range(len(request.by)))
    name = " · ".join(map(str, rest))
    beyond = len(counts) - top
    what = "1 segment is" if beyond == 1 else f"{beyond:,} segments are counted together"
    note = f"Beyond the {top} with most events {what} {'shown ' if beyond == 1 else ''}as {name}."
    return attrs.evolve(request, keep=frozenset(ranked[:top]), rest=rest), [note]


def _free(name: str, taken: set[str | None]) -> str:
    """Return a name that no segment has, in brackets if need be."""
    while name in taken:
        name = f"({name})"
    return name


def in_order(segment: Segment) -> Sequence[tuple[bool, str]]:
    """Return what segments are sorted by: their names, null last.

    >>> sorted([(None,), ("web",), ("app",)], key=in_order)
    [('app',), ('web',), (None,)]
    """
    return [(value is None, value or "") for value in segment]
