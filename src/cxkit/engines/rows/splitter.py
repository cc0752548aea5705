"""The splitter: chunks in, batches of one kind, segment and period out to the accumulators that read them."""

from __future__ import annotations

import json
from itertools import compress, islice, repeat
from typing import TYPE_CHECKING, Any, Final

from cxkit.engines.request import segment_text
from cxkit.engines.rows.batch import Batch
from cxkit.errors import UnknownNameError
from cxkit.model.event import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cxkit.engines.request import Cell, Request
    from cxkit.engines.rows.accumulator import Accumulator
    from cxkit.engines.rows.chunk import Chunk
    from cxkit.model.event import Event

LINKS: Final = ("identity.linked", "identity.unlinked")
"""The kinds that say who is whom."""


class Splitter:
    """Splits chunks into batches and hands each to the accumulators that read its kind.

    Attributes:
        links: the events that say who is whom.
        seen: how many events came.
        events: how many of them are in bounds.
        first_us: the first of those.
        last_us: the last of those.
        latest_us: the latest of all.
    """

    def __init__(self, request: Request, feeds: list[tuple[frozenset[str] | None, Accumulator]]) -> None:
        """Take what is asked, and who reads which kinds."""
        self._request = request
        self._feeds = feeds
        self._by_kind: dict[str, list[Accumulator]] = {}
        self._columns = {*COLUMNS, *request.attributes}
        self._period = request.calendar.lookup() if request.calendar else None
        self.links: list[Event] = []
        self.seen = 0
        self.events = 0
        self.first_us: int | None = None
        self.last_us: int | None = None
        self.latest_us: int | None = None

    def feed(self, chunk: Chunk) -> None:
        """Take a chunk."""
        self.seen += len(chunk.items)
        times = chunk.column("ts_us")
        self._learn_columns(chunk)
        latest = max(times)
        self.latest_us = latest if self.latest_us is None else max(self.latest_us, latest)
        since, until = self._request.since_us, self._request.until_us
        outside: list[Any] = []
        if (since is not None and min(times) < since) or (until is not None and latest >= until):
            low, high = (since if since is not None else min(times)), (until if until is not None else latest + 1)
            inside = [low <= ts_us < high for ts_us in times]
            outside = [item for item, here in zip(chunk.items, inside, strict=True) if not here]
            whole, chunk = chunk, chunk.of(list(compress(chunk.items, inside)))
            times = chunk.column("ts_us")
            self._batches(whole.of(outside), inside=False)
        if chunk.items:
            self.events += len(chunk.items)
            first, last = min(times), max(times)
            self.first_us = first if self.first_us is None else min(self.first_us, first)
            self.last_us = last if self.last_us is None else max(self.last_us, last)
            self._batches(chunk, inside=True)

    def _batches(self, chunk: Chunk, *, inside: bool) -> None:
        for kind, items in _grouped(chunk.column("kind"), chunk.items).items():
            of_kind = chunk.of(items)
            if kind in LINKS:
                self.links += of_kind.events()
            readers = self._readers(kind)
            if readers:
                for cell, part in self._cells(of_kind, inside=inside):
                    batch = Batch(part, kind, cell, inside=inside)
                    for reader in readers:
                        reader.add(batch)

    def _cells(self, chunk: Chunk, *, inside: bool) -> Iterator[tuple[Cell, Chunk]]:
        """Split the events of a kind by segment and period; one comprehension a column is quicker than a loop."""
        period = self._period if inside else None
        if not self._request.by and period is None:
            yield (None, None), chunk
            return
        indices = repeat(None) if period is None else period.indices(chunk.column("ts_us"))
        cells = _grouped(zip(self._segments(chunk), indices, strict=False), chunk.items)
        named: dict[Cell, list[Any]] = {}
        for (value, index), part in cells.items():
            cell = (self._named(value), index)
            if cell in named:  # 3 and "3" are one segment, and those that don't stand for themselves are
                named[cell] += part
            else:
                named[cell] = part
        for cell, items in named.items():
            yield cell, chunk.of(items)

    def _segments(self, chunk: Chunk) -> Iterable[Any]:
        """Return the value that each event is segmented by, or several; None where there are no segments."""
        columns = [self._segment(chunk, name) for name in self._request.by]
        if len(columns) > 1:
            return zip(*columns, strict=True)
        return columns[0] if columns else repeat(None)

    def _segment(self, chunk: Chunk, name: str) -> Sequence[Any]:
        known = self._request.attributes.get(name)
        return chunk.column(name) if known is None else list(map(known.get, chunk.column("touchpoint")))

    def _learn_columns(self, chunk: Chunk) -> None:
        """Add the properties that events have, until all columns to segment by are found."""
        if self._columns.issuperset(self._request.by):
            return
        for text in chunk.column("properties"):
            if text is not None:
                self._columns.update(json.loads(text))
                if self._columns.issuperset(self._request.by):
                    return

    def check_columns(self) -> None:
        """Refuse a column to segment by that no event has; where there is no event at all, any name may be right."""
        for name in self._request.by if self.latest_us is not None else ():
            if name not in self._columns:
                raise UnknownNameError("column", name, self._columns)

    def _readers(self, kind: str) -> list[Accumulator]:
        found = self._by_kind.get(kind)
        if found is None:
            found = [reader for kinds, reader in self._feeds if kinds is None or kind in kinds]
            self._by_kind[kind] = found
        return found

    def _named(self, value: Any) -> tuple[str | None, ...] | None:  # noqa: ANN401 - a column's value, or several
        if not self._request.by:
            return None
        values = value if len(self._request.by) > 1 else (value,)
        segment = tuple(map(segment_text, values))
        keep = self._request.keep
        return segment if keep is None or segment in keep else self._request.rest


def _grouped(keys: Iterable[Any], items: list[Any]) -> dict[Any, list[Any]]:
    keys = list(islice(keys, len(items)))
    groups: dict[Any, list[Any]] = {key: [] for key in set(keys)}
    if len(groups) == 1:
        return dict.fromkeys(groups, items)
    add = {key: group.append for key, group in groups.items()}
    for key, item in zip(keys, items, strict=True):
        add[key](item)
    return groups
