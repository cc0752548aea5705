"""The door: whatever table comes in, the same normalised table goes on."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final

import attrs
import narwhals.stable.v2 as nw

from cxkit.engines.frame import columns as of
from cxkit.engines.frame.backend import backend_of
from cxkit.engines.frame.exchange import exchanged
from cxkit.engines.frame.files import Scanned, told_of
from cxkit.engines.frame.folding import folded
from cxkit.engines.frame.lifts import LINK_COLUMNS, Lifts, identities_of, with_attribute, with_canonical
from cxkit.engines.frame.looks import LINKS, Look, at_contents, at_times, facts_of, told_times
from cxkit.engines.frame.periods import with_period
from cxkit.engines.frame.table import ORDER, PERIOD, Facts, Table, in_bounds
from cxkit.engines.frame.wants import kinds_read, unwrapped, wants
from cxkit.engines.frame.watched import Watched
from cxkit.errors import InvalidValueError, UnknownNameError
from cxkit.model.event import COLUMNS
from cxkit.model.identity import Identities
from cxkit.stats import filters_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from cxkit.engines.frame.backend import LazyFrame
    from cxkit.engines.frame.columns import Sort
    from cxkit.engines.frame.files import Told
    from cxkit.engines.request import Request
    from cxkit.stats import Where

_OFTEN: Final = 6
"""A column that so many filters read is made quicker to compare."""


@contextmanager
def opened(native: object, request: Request) -> Iterator[tuple[Table | None, Identities]]:
    """Open a native table for a request: normalise it, look at it, and cut it into cells.

    Yields:
        The table, or None where it has no rows; and who is whom.

    Raises:
        InvalidValueError: a column of a wrong type, or a value that no event can have.
        UnknownNameError: a column that is asked for and isn't there.
        UnsupportedError: a table of an unknown kind.
    """
    library, frame = backend_of(native)
    backend = Watched(library)
    door = _Door(backend, request, dict(frame.collect_schema()))
    with ExitStack() as kept:
        near, facts = door.looked(frame, told_of(native) if isinstance(native, Scanned) else None, kept)
        identities = Identities.none()
        if facts is None:
            yield None, identities
            return
        if facts.links:
            identities = identities_of(backend, door.links(frame, near), request.max_people)
        events, facts = door.held(near, facts, identities, kept)
        del near
        yield door.table(door.coded(events), facts, kept), identities


class _Door:
    """What is read of a table, and as what.

    Attributes:
        columns: the caller's name of a column → what it holds, and its name in the normalised table.
    """

    def __init__(self, backend: Watched, request: Request, schema: Mapping[str, Any]) -> None:
        self._backend = backend
        self._request = request
        self._names = {*schema, *request.attributes}
        self._timed = "ts_us" in schema
        self._schema = schema if self._timed else {**schema, "ts_us": _checked_time(schema, self._names)}
        self._wants = wants(request)
        self._segments = [(name, f"cx_segment_{i}") for i, name in enumerate(request.by)]
        self._splits = [(name, f"cx_split_{i}") for i, name in enumerate(self._wants.keys)]
        self._looked_at: frozenset[str] = frozenset()
        self.columns, lifted = self._chosen()
        lifted_keys = [pair for pair in self._segments if pair[0] not in request.attributes] + self._splits
        self._lifts = Lifts(lifted, self._wants, lifted_keys)

    def _chosen(self) -> tuple[dict[str, tuple[Sort, str]], list[str]]:
        """Return the columns to read and the properties to lift; refuse what isn't there."""
        wanted, request = self._wants, self._request
        segments = {name for name in request.by if name not in request.attributes}
        read = {"kind", *wanted.values, *wanted.wholes, *wanted.keys, *segments}
        if wanted.timed or request.calendar is not None or in_bounds(request) is not None:
            read.add("ts_us")
        if wanted.weighed:
            read.add("weight_ppm")
        read.update(name for name, _ in wanted.conditions)
        if request.attributes.keys() & set(request.by):
            read.add("touchpoint")
        lifted = sorted(read - set(COLUMNS) - self._schema.keys())
        missing = {"kind", *segments.intersection(COLUMNS), *(() if "properties" in self._schema else lifted)}
        for name in sorted(missing - self._schema.keys()):
            raise UnknownNameError("column", name, self._names)
        if lifted:
            read.add("properties")
        columns: dict[str, tuple[Sort, str]] = {
            name: (of.sort_of_known(name) if name in COLUMNS else of.sort_of(name, self._schema[name]), name)
            for name in sorted(read - set(lifted))
        }
        for number, name in enumerate(sorted(columns.keys() - set(COLUMNS))):  # its name may differ by case alone
            columns[name] = (columns[name][0], f"cx_further_{number}")
        for name in sorted(wanted.wholes & columns.keys()):
            if columns[name][0] != "whole":
                raise InvalidValueError("of", name, "isn't a column of whole numbers, so it can't be summed")
        return columns, lifted

    def looked(self, frame: LazyFrame, told: Told | None, kept: ExitStack) -> tuple[LazyFrame, Facts | None]:
        """Look at a table, at each column once, and only at what the request reads; None is a table without rows.

        Args:
            frame: the caller's table.
            told: what is known of its times.
            kept: closes what is kept.

        Returns:
            The events that statistics read, in their types, and what was seen.

        Raises:
            InvalidValueError: a value that no event can have.
        """
        request, wanted = self._request, self._wanted(told is not None and told.kinds)
        found = told_times(told, request)
        times = Look() if found is not None else at_times(request)
        if found is None:
            self._looked_at = frozenset({"ts_us"})
        instant = self._with_instant(frame)
        shaped = instant.select(*[self._shape(name) for name in self.columns])
        near, in_memory = kept.enter_context(self._backend.near(shaped, wanted))
        columns = {name: column for name, (_, column) in self.columns.items()}
        summed = {name: columns[name] for name in self._wants.wholes if name in columns}
        if in_memory and (wanted is not None or "ts_us" not in columns):
            if found is None:
                self._backend.again()
                found = times.at(self._backend, instant.select(self._shape("ts_us")))
            found |= at_contents(columns, summed, None).at(self._backend, near)
        elif found is None:  # both in one pass
            both = instant.select(*[self._shape(name) for name in {**columns, "ts_us": "ts_us"}])
            source, among = (near, None) if in_memory else (both, wanted)
            found = (times | at_contents(columns, summed, among)).at(self._backend, source)
        else:
            found |= at_contents(columns, summed, None).at(self._backend, near)
        return near, facts_of(found, summed)

    def links(self, frame: LazyFrame, near: LazyFrame) -> LazyFrame:
        """Return the columns that identities are resolved by: of what is near, where it has them all."""
        if self.columns.keys() >= set(LINK_COLUMNS):
            return near
        self._backend.again()
        return self._with_instant(frame).select(*[of.known(name, self._schema.get(name)) for name in LINK_COLUMNS])

    def _with_instant(self, frame: LazyFrame) -> LazyFrame:
        return frame if self._timed else self._backend.instant(frame, "time", "ts_us")

    def _shape(self, name: str) -> nw.Expr:
        if name in COLUMNS:
            return of.known(name, self._schema.get(name))
        sort, column = self.columns[name]
        return of.further(nw.col(name), sort, self._schema[name]).alias(column)

    def _wanted(self, have_kinds: bool) -> nw.Expr | None:  # noqa: FBT001 - whether every event surely has one
        """Return which events statistics read, if others needn't be kept: mostly they are few of many.

        What is converted, and which properties there are, is told of all events.
        """
        read = [kinds_read(statistic) for statistic in self._request.statistics]
        if self._request.rates or self._lifts.columns or not read or None in read:
            return None
        kinds = frozenset().union(*[kinds for kinds in read if kinds is not None])
        read_kinds = nw.col("kind").is_in(sorted(kinds.union(LINKS)))
        return read_kinds if have_kinds else read_kinds | nw.col("kind").is_null()

    def held(self, near: LazyFrame, facts: Facts, identities: Identities, kept: ExitStack) -> tuple[LazyFrame, Facts]:
        """Keep the events, cut into cells, and look whether their text is what an event holds.

        Mostly it is. Else they are made once more, from text that was put right.
        """
        texts = [column for name, (sort, column) in self.columns.items() if sort == "text" and name not in of.PLAIN]
        with ExitStack() as tried:
            made, known = self._made(near, facts, identities)
            events = tried.enter_context(self._backend.held(made))
            odd = self._backend.odd(events, texts) if texts else ()
            if not odd:
                kept.push(tried.pop_all())
                return events, known
        made, known = self._made(self._in_nfc(near, odd), attrs.evolve(facts, odd=odd), identities)
        return kept.enter_context(self._backend.held(made)), known

    def coded(self, events: LazyFrame) -> LazyFrame:
        """Make quicker to compare what many filters compare."""
        conditions = [name for where in self._filters() for name, _ in where.conditions]
        unread = {name for name, (sort, _) in self.columns.items() if sort == "text" and name not in self._wants.values}
        often = [
            self.columns[name][1] for name, times in Counter(conditions).items() if times >= _OFTEN and name in unread
        ]
        return self._backend.coded(events, often) if often else events

    def _filters(self) -> set[Where]:
        return {where for each in self._request.statistics for where in filters_of(unwrapped(each)[0])}

    def _made(self, frame: LazyFrame, facts: Facts, identities: Identities) -> tuple[LazyFrame, Facts]:
        """Return the events, cut into cells, and what is known of them then."""
        if self._request.rates:
            frame, facts = exchanged(self._backend, frame, self._request, facts)
        if "customer" in self.columns:
            frame = with_canonical(self._backend, frame, identities)
        return self._cut(frame, facts), facts

    def _in_nfc(self, frame: LazyFrame, odd: tuple[str, ...]) -> LazyFrame:
        """Put the text of columns that need it into NFC, and make empty text null, which no event holds either."""
        composed = self._backend.composed(frame, odd)
        emptied = [column for column in odd if column not in ORDER]
        nulls = [nw.when(nw.col(column) != "").then(nw.col(column)).alias(column) for column in emptied]
        return composed.with_columns(*nulls) if nulls else composed

    def _cut(self, frame: LazyFrame, facts: Facts) -> LazyFrame:
        """Add the period and the keys of segments."""
        backend, request = self._backend, self._request
        frame = self._lifts.join(backend, frame, sorted(self._names))
        keys = []
        for name, key in [*self._segments, *self._splits]:
            if name in request.attributes and (name, key) in self._segments:
                frame = with_attribute(backend, frame, request.attributes[name], key)
            elif name in self.columns:
                sort, column = self.columns[name]
                keys.append(of.as_key(nw.col(column), sort).alias(key))
        frame = frame.with_columns(*keys) if keys else frame
        if request.keep is not None:
            frame = folded(backend, frame, request, {key: self._reader(name, key) for name, key in self._segments})
        if request.calendar is None:
            return frame.with_columns(of.whole(0).alias(PERIOD))
        return with_period(backend, frame, request.calendar, facts.span, PERIOD)

    def _reader(self, name: str, key: str) -> Callable[[str], str | None]:
        is_attribute = name in self._request.attributes and (name, key) in self._segments
        return of.key_reader(self.columns[name][0] if name in self.columns and not is_attribute else "text")

    def table(self, events: LazyFrame, facts: Facts, kept: ExitStack) -> Table:
        """Return the table."""
        folded_keys = {key for _, key in self._segments} if self._request.keep is not None else set()
        readers = {
            key: of.key_reader("text") if key in folded_keys else self._reader(name, key)
            for name, key in [*self._segments, *self._splits]
        }
        return Table(
            backend=self._backend,
            request=self._request,
            facts=facts,
            events=events,
            columns=self.columns,
            values=self._lifts.values,
            wholes=self._lifts.wholes,
            flags=self._lifts.flags,
            segments=tuple(key for _, key in self._segments),
            keys=dict(self._splits),
            readers=readers,
            kept=kept,
            read=tuple(sorted(name for name in self._looked_at.union(self.columns) if name in self._schema)),
        )


def _checked_time(schema: Mapping[str, Any], names: Iterable[str]) -> nw.Int64:
    """Return the type of the instants that a column of datetimes gives, if it can."""
    dtype = schema.get("time")
    if dtype is None:
        raise UnknownNameError("column", "ts_us", names)
    if not isinstance(dtype, nw.Datetime):
        raise InvalidValueError("time", str(dtype), "isn't a column of datetimes: parse it, with a time zone")
    if dtype.time_zone is None:
        raise InvalidValueError("time", str(dtype), "has no time zone: attach the one it was written in")
    return nw.Int64()
