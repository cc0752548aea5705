"""Reading a vendor's lists, page by page, without losing a record: cursors, equal times, late changes, resuming.

An adapter says how a page is fetched, when a record changed, what its key is, and which events come of it. What the
walks promise for that: whatever was changed by the time a walk ended is read by it or by the next; a walk that is cut
off after any page goes on behind it; and memory doesn't grow with the number of pages.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from datetime import timedelta
from heapq import nlargest
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import attrs

from cxkit.adapters.contract import Page, Reject
from cxkit.adapters.state import MOST_SEEN, State
from cxkit.errors import FatalAdapterError, InvalidValueError
from cxkit.model.event import COLUMNS, Event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

Record = TypeVar("Record")

_row = attrgetter(*COLUMNS)
_LOOKBACK: Final = timedelta(minutes=1)
_MICRO: Final = timedelta(microseconds=1)
_KEY: Final = 8
_MOST_LOOKS: Final = 3  # of more records at one time than are remembered, some would be new for ever


@attrs.frozen
class Batch(Generic[Record]):
    """One page of a vendor's list.

    Attributes:
        records: what it holds, in the vendor's order.
        more: whether the vendor has more after it.
        token: where the next page is, as the vendor says it; for `by_token` and `everything`.
    """

    records: Sequence[Record]
    more: bool = False
    token: str | int | None = None

    @classmethod
    def at(cls, records: Sequence[Record], token: str | int | None) -> Batch[Record]:
        """Return a page of a list whose end is told by a lack of tokens.

        >>> Batch.at(["a"], "page 2").more, Batch.at(["b"], None).more
        (True, False)
        """
        return cls(records, token not in {None, ""}, token)


@attrs.frozen
class Reading(Generic[Record]):
    """How the records of a stream are understood.

    Attributes:
        name: the stream's, for errors.
        key: a record's own id.
        events: what comes of a record. Whatever it can't make sense of is an error, which rejects this record alone.
        at: when a record last changed, in microseconds since 1970; see `cxkit.adapters.when`. None for a list without
            such times.
    """

    name: str
    key: Callable[[Record], object]
    events: Callable[[Record], Iterable[Event]]
    at: Callable[[Record], int] | None = None

    def time_of(self, record: Record) -> int:
        """Return when a record changed.

        Raises:
            FatalAdapterError: it doesn't say so, without which no walk by time is safe.
        """
        if self.at is None:
            raise FatalAdapterError(f"{self.name}: a walk by time has to be told when a record changed")
        try:
            time = self.at(record)
        except (InvalidValueError, LookupError, TypeError, ValueError) as error:
            raise FatalAdapterError(f"{self.named(record)}: has no time of change that can be read: {error}") from None
        if type(time) is not int:
            raise FatalAdapterError(f"{self.named(record)}: its time of change is {time!r}, not whole microseconds")
        return time

    def named(self, record: Record) -> str:
        """Return what a record is called in errors."""
        try:
            return f"{self.name} {self.key(record)}"
        except (LookupError, TypeError, ValueError, AttributeError):
            return f"{self.name}: a record without a key"

    def take(self, record: Record, time: int | None) -> tuple[Event, ...] | Reject:
        """Return the events of a record, or why there are none."""
        try:
            return tuple(self.events(record))
        except InvalidValueError as error:
            return Reject(self.named(record), str(error), time)
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            return Reject(self.named(record), f"isn't as expected: {type(error).__name__}: {error}", time)


def by_time(
    state: State,
    reading: Reading[Record],
    fetch: Callable[[int | None, int], Batch[Record]],
    *,
    lookback: timedelta = _LOOKBACK,
    step: timedelta = _MICRO,
) -> Iterator[Page]:
    """Walk a list that can be asked for what changed since a time, in the order of these times.

    The next page is asked for by the time of the last record, not by its place: a record that changes meanwhile moves
    to the end, and all others would move up by one, one of them past us. Only where one time fills a whole page, pages
    of that time are counted; it is then read again until nothing of it is new.

    Args:
        state: where to go on.
        reading: how records are understood.
        fetch: returns records that changed at or after a time (None for all), in the order of it, less the first so
            many. The time is in microseconds, and a whole number of steps.
        lookback: how late a change may become visible after its time.
        step: the vendor's clock: two times that differ do so by this much at least.

    Raises:
        FatalAdapterError: the vendor's order isn't what was asked for, or it promises more and gives nothing.
    """
    book, tick = _Book(state, reading, lookback), step // _MICRO
    since = None if book.since is None else book.since - book.since % tick
    skip, fresh, looks, known, same = 0, 0, 0, list[object](), 0
    mark, before = 0, None  # of the keys that this look at one time found, and the last one
    while True:
        batch = fetch(since, skip)
        times = _times(batch, reading, None)
        if since is not None and batch.more and times[-1] < since:
            raise FatalAdapterError(f"{reading.name}: the list doesn't begin at the time that it was asked to begin at")
        if since is None or (not skip and (not batch.more or times[-1] > since)):
            yield book.page(batch.records, times)
            if not batch.more:
                return
            since, looks, mark, before = times[-1], 0, 0, None
            continue
        # One time fills the page. Its records are taken apart from what follows them.
        of_it = sum(time <= since for time in times)
        page = book.page(batch.records[:of_it], times[:of_it])
        fresh += len(page.events)
        mark = hash((mark, *(str(reading.key(record)) for record in batch.records[:of_it])))
        yield page
        if batch.more and of_it == len(times):
            keys = [reading.key(record) for record in batch.records]
            # Once it may be that as many as fill a page came before it meanwhile.
            same = same + 1 if skip and keys == known else 0
            if same > _MOST_LOOKS:
                raise FatalAdapterError(
                    f"{reading.name}: the vendor gives the same page again, so reading would never end"
                )
            skip, known = skip + of_it, keys
        elif looks < _MOST_LOOKS and (fresh or mark != before):
            # One that left this time meanwhile has let another move up, past us: look again, until nothing differs.
            skip, fresh, looks, mark, before = 0, 0, looks + 1, 0, mark
        elif batch.more or of_it < len(times):
            since, skip, fresh, looks, mark, before = since + tick, 0, 0, 0, 0, None
        else:
            return


def by_token(  # noqa: PLR0913 - what a walk has to know
    state: State,
    reading: Reading[Record],
    fetch: Callable[[int | None, str | int | None], Batch[Record]],
    *,
    now: Callable[[], float],
    ordered: bool = True,
    lookback: timedelta = _LOOKBACK,
) -> Iterator[Page]:
    """Walk a list that says where its next page is.

    Args:
        state: where to go on.
        reading: how records are understood.
        fetch: returns a page of what changed at or after a time in microseconds (None for all): the first page for the
            token None, else the one that the token names.
        now: the time, as `Wire.clock` tells it.
        ordered: whether records come in the order of their changes. If so, each page moves the cursor. If not, the
            cursor stays until the list ends, and then moves to when its reading began: any record may have changed
            behind our back.
        lookback: how late a change may become visible after its time; where the list isn't in order it must also
            cover what the vendor's clock and ours differ by.

    Raises:
        FatalAdapterError: the vendor names a page again that it named before, or breaks the order.
    """
    book = _Book(state, reading, lookback)
    token = None if ordered else state.token
    began = state.began if token is not None and state.began is not None else int(now() * 1_000_000)
    since, known, latest = book.since, {token}, None
    while True:
        try:
            batch = fetch(since, token)
        except FatalAdapterError:
            if token is None or token != state.token:
                raise
            token, began = None, int(now() * 1_000_000)  # a token of last time may be over: from the beginning then
            continue
        times = _times(batch, reading, latest if ordered else None, ordered=ordered)
        latest = times[-1] if times else latest
        if ordered:
            yield book.page(batch.records, times)
        elif batch.more:
            yield book.page(batch.records, times, token=batch.token, began=began)
        else:
            yield book.page(batch.records, times, ends=began)
        if not batch.more:
            return
        token = _next(batch, reading.name, known)


def everything(
    state: State, reading: Reading[Record], fetch: Callable[[str | int | None], Batch[Record]]
) -> Iterator[Page]:
    """Walk a whole list, for nothing tells what changed in it. The store tells new from known.

    A walk that was cut off goes on where it stood; the next begins anew. The list should be in an order that changes
    leave as it is, such as that of ids.

    Args:
        state: where to go on.
        reading: how records are understood.
        fetch: returns the first page for the token None, else the one that the token names.

    Raises:
        FatalAdapterError: the vendor names a page again that it named before.
    """
    token, known = state.token, {state.token}
    while True:
        try:
            batch = fetch(token)
        except FatalAdapterError:
            if token is None or token != state.token:
                raise
            token = None
            continue
        events, rejects = _taken(reading, [(record, None) for record in batch.records])
        yield Page(events, State(token=batch.token if batch.more else None), len(batch.records), rejects)
        if not batch.more:
            return
        token = _next(batch, reading.name, known)


def _next(batch: Batch[Any], name: str, known: set[str | int | None]) -> str | int:
    """Return the token of the next page, which must be one that wasn't named before."""
    if batch.token is None:
        raise FatalAdapterError(f"{name}: the vendor says that there is more, and not where")
    if batch.token in known:
        raise FatalAdapterError(f"{name}: the vendor names page {batch.token!r} again, so reading would never end")
    if len(known) > MOST_SEEN:
        known.clear()  # a circle as wide as this is still found: at its second round
    known.add(batch.token)
    return batch.token


def _times(batch: Batch[Record], reading: Reading[Record], since: int | None, *, ordered: bool = True) -> list[int]:
    """Return when the records of a page changed; checked, for a walk that trusts a false order loses records."""
    if batch.more and not batch.records and ordered:
        raise FatalAdapterError(f"{reading.name}: the vendor says that there is more, and gives an empty page")
    times = [reading.time_of(record) for record in batch.records]
    if ordered:
        before = since
        for record, time in zip(batch.records, times, strict=True):
            if before is not None and time < before:
                raise FatalAdapterError(
                    f"{reading.named(record)}: comes after records that changed later: the list isn't in the order, or "
                    "doesn't begin where it was asked to"
                )
            before = time
    return times


def _taken(
    reading: Reading[Record], records: Iterable[tuple[Record, int | None]]
) -> tuple[tuple[Event, ...], tuple[Reject, ...]]:
    events: list[Event] = []
    rejects: list[Reject] = []
    for record, time in records:
        taken = reading.take(record, time)
        if isinstance(taken, Reject):
            rejects.append(taken)
        else:
            events.extend(taken)
    return tuple(events), tuple(rejects)


class _Book(Generic[Record]):
    """What a walk remembers of what it has read."""

    def __init__(self, state: State, reading: Reading[Record], lookback: timedelta) -> None:
        self._reading = reading
        self._lookback = lookback // _MICRO
        self._cursor = state.cursor
        self._seen = dict(state.seen_at_cursor)
        # A longer lookback than last time's reads more again; a shorter one would skip what that one has promised.
        back = max(self._lookback, state.lookback)
        self.since = None if state.cursor is None else state.cursor - back

    def page(
        self,
        records: Sequence[Record],
        times: Sequence[int],
        *,
        token: str | int | None = None,
        began: int | None = None,
        ends: int | None = None,
    ) -> Page:
        """Return the page of records, without what was seen before, and with the state after it.

        Args:
            records: the records.
            times: when they changed.
            token: where the sweep goes on; the cursor stays until it is over.
            began: when the sweep began.
            ends: the sweep is over; the cursor goes to this time, when it began.
        """
        cursor = self._cursor
        if token is None:
            latest = ends if ends is not None else max(times, default=None)
            if latest is not None and (cursor is None or latest > cursor):
                cursor = latest
        from_here = None if cursor is None else cursor - self._lookback
        newest_seen = max(self._seen.values(), default=None)
        versions = {mark[:_KEY]: mark for mark in self._seen}
        events: list[Event] = []
        rejects: list[Reject] = []
        for record, time in zip(records, times, strict=True):
            taken = self._reading.take(record, time)
            may_be_seen = newest_seen is not None and time <= newest_seen
            if may_be_seen or (from_here is not None and time >= from_here):
                mark = _digest(self._reading, record, taken)
                if mark in self._seen:
                    continue
                # Its former version is forgotten: a record that changes back has changed.
                self._seen.pop(versions.get(mark[:_KEY], ""), None)
                versions[mark[:_KEY]] = mark
                self._seen[mark] = time
            if isinstance(taken, Reject):
                rejects.append(taken)
            else:
                events.extend(taken)
        self._cursor = cursor
        if from_here is not None:
            self._seen = {mark: time for mark, time in self._seen.items() if time >= from_here}
        if len(self._seen) > MOST_SEEN:
            self._seen = dict(nlargest(MOST_SEEN, self._seen.items(), key=lambda item: (item[1], item[0])))
        state = State(cursor, dict(self._seen), self._lookback, token, began)
        return Page(tuple(events), state, len(records), tuple(rejects))


def _digest(reading: Reading[Any], record: object, taken: tuple[Event, ...] | Reject) -> str:
    """Return what tells a record from others, by its first `_KEY` signs, and from itself after a change."""
    said = taken.reason if isinstance(taken, Reject) else [_row(event) for event in taken]
    return _digest_of(str(reading.key(record)), _KEY) + _digest_of(repr(said), 12)


def _digest_of(text: str, signs: int) -> str:
    digest = hashlib.blake2b(text.encode(errors="replace"), digest_size=signs * 3 // 4).digest()
    return urlsafe_b64encode(digest).decode()
