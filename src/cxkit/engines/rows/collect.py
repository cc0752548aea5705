"""The loop: events in, batches by kind, segment and period, each statistic's accumulator, states out."""

from __future__ import annotations

import json
from collections import defaultdict
from itertools import islice, repeat
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import attrs

from cxkit.engines.request import Collected, segment_text
from cxkit.engines.rows.accumulator import Ending
from cxkit.engines.rows.batch import Batch, attribute_getter, getter
from cxkit.engines.rows.cohorts import CohortsAccumulator
from cxkit.engines.rows.customers import ClusteredAccumulator, DistinctAccumulator, FrequencyAccumulator, Ledger
from cxkit.engines.rows.exchange import Exchange
from cxkit.engines.rows.resting import collector_rests
from cxkit.engines.rows.returns import Marks, ReturnsAccumulator
from cxkit.engines.rows.spans import SpansAccumulator
from cxkit.engines.rows.values import MomentsAccumulator, SketchAccumulator, TallyAccumulator, ThinnedTallyAccumulator
from cxkit.errors import InvalidValueError, UnknownNameError, UnsupportedError
from cxkit.model.event import COLUMNS, Event
from cxkit.model.identity import resolve
from cxkit.stats import (
    By,
    ByState,
    Clustered,
    Cohorts,
    Distinct,
    Frequency,
    IsNull,
    Moments,
    Not,
    Returns,
    Sketch,
    Spans,
    Statistic,
    Tally,
    Where,
)
from cxkit.stats.by import in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from cxkit.engines.request import Cell, Request
    from cxkit.engines.rows.accumulator import Accumulator
    from cxkit.stats import State

SUPPORTED: Final[frozenset[type]] = frozenset(
    {By, Clustered, Cohorts, Distinct, Frequency, Moments, Returns, Sketch, Spans, Tally}
)
_CHUNK: Final = 16_384
_TIME: Final = attrgetter("ts_us")
_CUSTOMER: Final = "customer"
_LINKS: Final = ("identity.linked", "identity.unlinked")
_PLAIN: Final[Mapping[type, Callable[[Any], Accumulator]]] = {
    Clustered: ClusteredAccumulator,
    Moments: MomentsAccumulator,
    Sketch: SketchAccumulator,
    Spans: SpansAccumulator,
}


class _Marks:
    """The marks of customers, one for all statistics that ask for the same.

    They are fed beside everything else, not through a `By`: a referral has no currency, and marks its customer in all.
    """

    def __init__(self, request: Request) -> None:
        self._until = request.until_us
        self._made: dict[Where, Marks] = {}
        self.feeds: list[tuple[frozenset[str] | None, Any]] = []

    def of(self, where: Where) -> Marks:
        found = self._made.get(where)
        if found is None:
            found = self._made[where] = Marks(where, self._until)
            self.feeds.append((where.kinds, found))
        return found


class _Ledgers:
    """Makes accumulators, one ledger for all statistics that read the same."""

    def __init__(self, request: Request, marks: _Marks | None = None) -> None:
        self._request = request
        self._marks = _Marks(request) if marks is None else marks
        self._ledgers: dict[tuple[Where, str], Ledger] = {}
        self.feeds: list[tuple[frozenset[str] | None, Any]] = self._marks.feeds if marks is None else []

    def _ledger(self, where: Where, column: str) -> Ledger:
        found = self._ledgers.get((where, column))
        if found is None:
            found = self._ledgers[where, column] = Ledger(where, column)
            self.feeds.append((where.kinds, found))
        return found

    def accumulator(self, statistic: Statistic) -> Accumulator:  # noqa: PLR0911 - one for each
        match statistic:
            case Moments() | Sketch() | Clustered() | Spans():
                return _PLAIN[type(statistic)](statistic)
            case Tally():
                return (TallyAccumulator if statistic.keep == "all" else ThinnedTallyAccumulator)(statistic)
            case Distinct():
                return DistinctAccumulator(statistic, self._ledger(statistic.where, statistic.of))
            case Frequency():
                return FrequencyAccumulator(statistic, self._ledger(statistic.where, "customer"))
            case Returns():
                marks = None if statistic.mark is None else self._marks.of(statistic.mark)
                return ReturnsAccumulator(statistic, self._request, marks)
            case Cohorts():
                return CohortsAccumulator(statistic, self._request)
            case By() if not isinstance(statistic.of, Spans):
                return _ByAccumulator(statistic, self._request, self._marks)
        known = ", ".join(sorted(each.__name__ for each in SUPPORTED))
        message = f"the rows engine can't compute {statistic!r}: it computes {known}"
        raise UnsupportedError(message)


class _ByAccumulator:
    """Keeps an accumulator for each value of the column."""

    def __init__(self, statistic: By, request: Request, marks: _Marks) -> None:
        self._statistic = statistic
        self._request = request
        self._marks = marks
        self._parts: dict[str | None, tuple[Accumulator, list[Any]]] = {}
        self._part(None)  # an unsupported inner statistic is refused before any event is read

    def _part(self, value: str | None) -> tuple[Accumulator, list[Any]]:
        found = self._parts.get(value)
        if found is None:
            ledgers = _Ledgers(self._request, self._marks)
            accumulator = ledgers.accumulator(self._statistic.of)
            found = self._parts[value] = (accumulator, [accumulator, *(feed for _, feed in ledgers.feeds)])
        return found

    def add(self, batch: Batch) -> None:
        for value, part in batch.split(self._statistic.column).items():
            for feed in self._part(segment_text(value))[1]:
                feed.add(part)

    def finish(self, ending: Ending) -> Mapping[Cell, ByState]:
        cells: dict[Cell, dict[str | None, State]] = defaultdict(dict)
        for value, (accumulator, _) in self._parts.items():
            for cell, state in accumulator.finish(ending).items():
                if state != self._statistic.of.zero():
                    cells[cell][value] = state
        return {cell: ByState(in_order(parts)) for cell, parts in cells.items()}


def collect(events: Iterable[Event], request: Request) -> Collected:
    """Compute a request's statistics over events, in one pass and in any order.

    Memory grows with customers and cells, not with events; except where customers are named, as by a segment of each:
    then who is whom must be known before the first event is counted, and all events are held.

    Raises:
        UnsupportedError: a statistic that this engine doesn't know.
        InvalidValueError: something among the events isn't one.
        UnknownNameError: a column to segment by that is none of an event's, and a property of none of them.
    """
    made = _Ledgers(request)
    accumulators = {statistic: made.accumulator(statistic) for statistic in request.statistics}
    feeds = [(statistic.reads, accumulator) for statistic, accumulator in accumulators.items()] + made.feeds
    split = _Splitter(request, feeds)
    exchange = Exchange(request) if request.rates else None
    stream = iter(_renamed(list(events), request) if _names_customers(request) else events)
    more = True
    while more:
        with collector_rests():
            more = _feed(split, stream, exchange)
    split.check_columns()
    identities = resolve(split.links, max_people=request.max_people)
    ending = Ending(request, identities, request.as_of_us if request.as_of_us is not None else split.latest_us)
    states = {}
    for statistic, accumulator in accumulators.items():
        zero = statistic.zero()
        states[statistic] = {cell: s for cell, s in accumulator.finish(ending).items() if s != zero}
    found = tuple(sorted(exchange.found)) if exchange else ()
    return Collected(states, split.events, split.first_us, split.last_us, identities, found)


def _feed(split: _Splitter, stream: Iterator[Event], exchange: Exchange | None) -> bool:
    """Take the next chunk of events, and say whether there was one; nothing of it is held on return."""
    chunk = list(islice(stream, _CHUNK))
    if not chunk:
        return False
    if set(map(type, chunk)) != {Event}:
        wrong = next(thing for thing in chunk if type(thing) is not Event)
        raise InvalidValueError("data", wrong, "isn't an Event: make one with cxkit.event(…)")
    split.feed(exchange.convert(chunk) if exchange else chunk)
    return True


def _names_customers(request: Request) -> bool:
    """Say whether a customer's name matters beyond who is the same as whom: in a segment, a filter or a value."""

    def names(statistic: Any) -> bool:  # noqa: ANN401 - any statistic
        if isinstance(statistic, By):
            return statistic.column == _CUSTOMER or names(statistic.of)
        names_of = ("where", "start", "end", "plus", "minus", "turned", "mark")
        sides = [getattr(statistic, side, None) for side in names_of]
        filters = (*sides, *(unless.where for unless in getattr(statistic, "unless", ())))
        if any(isinstance(where, Where) and _compares_customers(where) for where in filters):
            return True
        return _CUSTOMER in (getattr(statistic, "unit", None), statistic.of if isinstance(statistic, Tally) else None)

    return _CUSTOMER in request.by or any(map(names, request.statistics))


def _compares_customers(where: Where) -> bool:
    """Say whether a filter names customers; whether there is one at all is the same under any name."""
    known = (IsNull(), Not(IsNull()))
    return any(column == _CUSTOMER and condition not in known for column, condition in where.conditions)


def _renamed(events: list[Event], request: Request) -> list[Event]:
    """Return the events under their customers' canonical names."""
    links = [event for event in events if type(event) is Event and event.kind in _LINKS]
    mapping = resolve(links, max_people=request.max_people).mapping
    if not mapping:
        return events
    return [
        event
        if type(event) is not Event or event.customer is None or event.kind in _LINKS
        else attrs.evolve(event, customer=mapping.get(event.customer, event.customer))
        for event in events
    ]


class _Splitter:
    """Splits chunks into batches and hands each to the accumulators that read its kind."""

    def __init__(self, request: Request, feeds: list[tuple[frozenset[str] | None, Accumulator]]) -> None:
        self._request = request
        self._feeds = feeds
        self._by_kind: dict[str, list[Accumulator]] = {}
        self._segment = _segment_getter(request)
        self._columns = {*COLUMNS, *request.attributes}
        self._period = request.calendar.lookup() if request.calendar else None
        self.links: list[Event] = []
        self.events = 0
        self.first_us: int | None = None
        self.last_us: int | None = None
        self.latest_us: int | None = None

    def feed(self, chunk: list[Event]) -> None:
        times = list(map(_TIME, chunk))
        self._learn_columns(chunk)
        latest = max(times)
        self.latest_us = latest if self.latest_us is None else max(self.latest_us, latest)
        since, until = self._request.since_us, self._request.until_us
        outside: list[Event] = []
        if (since is not None and min(times) < since) or (until is not None and latest >= until):
            low, high = (since if since is not None else min(times)), (until if until is not None else latest + 1)
            outside = [event for event in chunk if not low <= event.ts_us < high]
            chunk = [event for event in chunk if low <= event.ts_us < high]
            times = [event.ts_us for event in chunk]
        if chunk:
            self.events += len(chunk)
            first, last = min(times), max(times)
            self.first_us = first if self.first_us is None else min(self.first_us, first)
            self.last_us = last if self.last_us is None else max(self.last_us, last)
            self._batches(chunk, inside=True)
        if outside:
            self._batches(outside, inside=False)

    def _batches(self, chunk: list[Event], *, inside: bool) -> None:
        by_kind: dict[str, list[Event]] = defaultdict(list)
        for event in chunk:
            by_kind[event.kind].append(event)
        for kind, events in by_kind.items():
            if kind in _LINKS:
                self.links += events
            readers = self._readers(kind)
            if readers:
                for cell, part in self._cells(events, inside=inside):
                    batch = Batch(part, cell, inside=inside)
                    for reader in readers:
                        reader.add(batch)

    def _cells(self, events: list[Event], *, inside: bool) -> Iterator[tuple[Cell, list[Event]]]:
        """Split the events of a kind by segment and period; one comprehension a column is quicker than a loop."""
        period = self._period if inside else None
        if self._segment is None and period is None:
            yield (None, None), events
            return
        segments = repeat(None) if self._segment is None else map(self._segment, events)
        indices = repeat(None) if period is None else period.indices(list(map(_TIME, events)))
        cells: dict[Any, list[Event]] = defaultdict(list)
        for key, event in zip(zip(segments, indices, strict=False), events, strict=False):
            cells[key].append(event)
        named: dict[Cell, list[Event]] = {}
        for (value, index), part in cells.items():
            cell = (self._named(value), index)
            if cell in named:  # 3 and "3" are one segment, and those that don't stand for themselves are
                named[cell] += part
            else:
                named[cell] = part
        yield from named.items()

    def _learn_columns(self, chunk: list[Event]) -> None:
        """Add the properties that events have, until all columns to segment by are found."""
        for event in chunk:
            if self._columns.issuperset(self._request.by):
                return
            if event.properties is not None:
                self._columns.update(json.loads(event.properties))

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
        if self._segment is None:
            return None
        values = value if len(self._request.by) > 1 else (value,)
        segment = tuple(map(segment_text, values))
        keep = self._request.keep
        return segment if keep is None or segment in keep else self._request.rest


def _segment_getter(request: Request) -> Callable[[Event], Any] | None:
    getters = [
        attribute_getter(request.attributes[name]) if name in request.attributes else getter(name)
        for name in request.by
    ]
    if len(getters) > 1:
        return lambda event: tuple([get(event) for get in getters])
    return getters[0] if getters else None
