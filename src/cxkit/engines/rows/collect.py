"""The loop: events in, batches by kind, segment and period, each statistic's accumulator, states out."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, TypeVar

import attrs

from cxkit.engines.request import Collected, segment_text
from cxkit.engines.rows.accumulator import Ending
from cxkit.engines.rows.chunk import TOGETHER, Objects, chunks_of
from cxkit.engines.rows.cohorts import CohortsAccumulator
from cxkit.engines.rows.customers import ClusteredAccumulator, DistinctAccumulator, FrequencyAccumulator, Ledger
from cxkit.engines.rows.exchange import Exchange
from cxkit.engines.rows.resting import collector_rests
from cxkit.engines.rows.returns import Marks, ReturnsAccumulator, Spent
from cxkit.engines.rows.spans import Ends, SpansAccumulator, Spoilers, Starts
from cxkit.engines.rows.splitter import LINKS, Splitter
from cxkit.engines.rows.values import MomentsAccumulator, SketchAccumulator, TallyAccumulator, ThinnedTallyAccumulator
from cxkit.engines.work import Work
from cxkit.errors import UnsupportedError
from cxkit.model.calendar import Calendar
from cxkit.model.event import Event
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
    from cxkit.engines.rows.batch import Batch
    from cxkit.engines.rows.chunk import Chunk
    from cxkit.stats import State

T = TypeVar("T")

SUPPORTED: Final[frozenset[type]] = frozenset(
    {By, Clustered, Cohorts, Distinct, Frequency, Moments, Returns, Sketch, Spans, Tally}
)
_CUSTOMER: Final = "customer"
_PLAIN: Final[Mapping[type, Callable[[Any], Accumulator]]] = {
    Clustered: ClusteredAccumulator,
    Moments: MomentsAccumulator,
    Sketch: SketchAccumulator,
}


class _Shared:
    """Makes accumulators; what several statistics remember alike, they remember once.

    Marks of customers are fed beside everything else, not through a `By`: a referral has no currency, and marks its
    customer in all.
    """

    def __init__(self, request: Request, outer: _Shared | None = None) -> None:
        self._request = request
        self._outer = outer
        self._made: dict[tuple[Any, ...], Any] = {}
        self.feeds: list[tuple[frozenset[str] | None, Any]] = []

    def _once(self, make: Callable[..., T], where: Where, *rest: Any) -> T:  # noqa: ANN401 - what it is made of
        """Return what remembers the events of a filter, made and fed once for all that ask for the same."""
        found: T | None = self._made.get((make, where, *rest))
        if found is None:
            found = self._made[make, where, *rest] = make(where, *rest)
            self.feeds.append((where.kinds, found))
        return found

    def marks(self, where: Where) -> Marks:
        """Return the marks of a filter."""
        return self._once(Marks, where, self._request.until_us) if self._outer is None else self._outer.marks(where)

    def accumulator(self, statistic: Statistic) -> Accumulator:  # noqa: PLR0911 - one for each
        match statistic:
            case Moments() | Sketch() | Clustered():
                return _PLAIN[type(statistic)](statistic)
            case Tally():
                return (TallyAccumulator if statistic.keep == "all" else ThinnedTallyAccumulator)(statistic)
            case Distinct():
                return DistinctAccumulator(statistic, self._once(Ledger, statistic.where, statistic.of))
            case Frequency():
                return FrequencyAccumulator(statistic, self._once(Ledger, statistic.where, "customer"))
            case Spans():
                return self._spans(statistic)
            case Returns():
                marks = None if statistic.mark is None else self.marks(statistic.mark)
                calendar = Calendar(statistic.every, self._request.tz)  # type: ignore[arg-type]
                same = self._request.calendar == calendar
                spent = self._once(Spent, statistic.where, statistic.of, calendar, same, self._request.until_us)
                return ReturnsAccumulator(statistic, calendar, spent, marks)
            case Cohorts():
                return CohortsAccumulator(statistic, self._request)
            case By() if not isinstance(statistic.of, Spans):
                return _ByAccumulator(statistic, self._request, self)
        known = ", ".join(sorted(each.__name__ for each in SUPPORTED))
        message = f"the rows engine can't compute {statistic!r}: it computes {known}"
        raise UnsupportedError(message)

    def _spans(self, statistic: Spans) -> SpansAccumulator:
        unit = statistic.unit if statistic.unit != statistic.key else None
        beside = tuple(unless.key for unless in statistic.unless)
        return SpansAccumulator(
            statistic,
            self._once(Starts, statistic.start, statistic.key, unit, statistic.starts, beside),
            self._once(Ends, statistic.end, statistic.key),
            tuple(self._once(Spoilers, unless.where, unless.key) for unless in statistic.unless),
        )


class _ByAccumulator:
    """Keeps an accumulator for each value of the column."""

    def __init__(self, statistic: By, request: Request, outer: _Shared) -> None:
        self._statistic = statistic
        self._request = request
        self._outer = outer
        self._parts: dict[str | None, tuple[Accumulator, list[Any]]] = {}
        self._part(None)  # an unsupported inner statistic is refused before any event is read

    def _part(self, value: str | None) -> tuple[Accumulator, list[Any]]:
        found = self._parts.get(value)
        if found is None:
            shared = _Shared(self._request, self._outer)
            accumulator = shared.accumulator(self._statistic.of)
            found = self._parts[value] = (accumulator, [accumulator, *(feed for _, feed in shared.feeds)])
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
    made = _Shared(request)
    accumulators = {statistic: made.accumulator(statistic) for statistic in request.statistics}
    feeds = [(statistic.reads, accumulator) for statistic, accumulator in accumulators.items()] + made.feeds
    split = Splitter(request, feeds)
    exchange = Exchange(request) if request.rates else None
    held = _renamed(list(events), request) if _names_customers(request) else events
    chunks = chunks_of(held, join=bool(request.by) or request.calendar is not None)
    more = True
    while more:
        with collector_rests():
            more = _feed(split, chunks, exchange)
    split.check_columns()
    identities = resolve(split.links, max_people=request.max_people)
    ending = Ending(request, identities, request.as_of_us if request.as_of_us is not None else split.latest_us)
    states = {}
    for statistic, accumulator in accumulators.items():
        zero = statistic.zero()
        states[statistic] = {cell: s for cell, s in accumulator.finish(ending).items() if s != zero}
    found = tuple(sorted(exchange.found)) if exchange else ()
    return Collected(states, split.events, split.first_us, split.last_us, identities, found, Work(len(states), 1))


def _feed(split: Splitter, chunks: Iterator[Chunk], exchange: Exchange | None) -> bool:
    """Take some thousand events, and say whether there may be more; nothing of them is held on return."""
    until = split.seen + TOGETHER
    while split.seen < until:
        chunk = next(chunks, None)
        if chunk is None:
            return False
        split.feed(Objects(exchange.convert(chunk.events())) if exchange else chunk)
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
    links = [event for event in events if type(event) is Event and event.kind in LINKS]
    mapping = resolve(links, max_people=request.max_people).mapping
    if not mapping:
        return events
    return [
        event
        if type(event) is not Event or event.customer is None or event.kind in LINKS
        else attrs.evolve(event, customer=mapping.get(event.customer, event.customer))
        for event in events
    ]
