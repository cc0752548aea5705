"""The door: whatever table comes in, the same normalised table goes on."""

from __future__ import annotations

import math
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import attrs
import narwhals.stable.v2 as nw

from cxkit.engines.frame import columns as of
from cxkit.engines.frame.backend import backend_of
from cxkit.engines.frame.exchange import exchanged
from cxkit.engines.frame.folding import folded
from cxkit.engines.frame.lifts import LINK_COLUMNS, Lifts, identities_of, with_attribute, with_canonical
from cxkit.engines.frame.periods import with_period
from cxkit.engines.frame.table import ORDER, PERIOD, Facts, Table, in_bounds
from cxkit.engines.frame.wants import kinds_read, wants
from cxkit.engines.frame.watched import Watched
from cxkit.errors import InvalidValueError, UnknownNameError
from cxkit.model.event import COLUMNS, to_us
from cxkit.model.identity import LINKED, UNLINKED, Identities

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from cxkit.engines.frame.backend import LazyFrame
    from cxkit.engines.frame.columns import Sort
    from cxkit.engines.request import Request

_DAY_US: Final = 86_400_000_000
_FEW: Final = 1_000_000
_FIRST_US: Final = to_us(datetime.min.replace(tzinfo=UTC)) + _DAY_US
_LAST_US: Final = to_us(datetime.max.replace(tzinfo=UTC)) - _DAY_US


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
        shaped, kinds = door.shaped(frame), door.kinds()
        if kinds is None:
            shaped, _ = kept.enter_context(backend.near(shaped, None))
        facts = door.facts(shaped)
        identities = Identities.none()
        if facts is None:
            yield None, identities
            return
        if kinds is not None:
            shaped, _ = kept.enter_context(backend.near(shaped, nw.col("kind").is_in(sorted(kinds))))
        facts = door.with_odd(shaped, facts)
        shaped = door.in_nfc(shaped, facts)
        if request.rates:
            shaped, facts = exchanged(backend, shaped, request, facts)
        if facts.links:
            backend.again()
            identities = identities_of(backend, door.links(frame), request.max_people)
            if "customer" in door.columns:
                shaped = with_canonical(backend, shaped, identities)
        events = kept.enter_context(backend.held(door.cut(shaped, facts)))
        yield door.table(events, facts, kept), identities


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
        self.columns, lifted = self._chosen()
        lifted_keys = [pair for pair in self._segments if pair[0] not in request.attributes] + self._splits
        self._lifts = Lifts(lifted, self._wants, lifted_keys)

    def _chosen(self) -> tuple[dict[str, tuple[Sort, str]], list[str]]:
        """Return the columns to read and the properties to lift; refuse what isn't there."""
        wanted, request = self._wants, self._request
        segments = {name for name in request.by if name not in request.attributes}
        read = {"ts_us", "kind", "weight_ppm", *wanted.values, *wanted.wholes, *wanted.keys, *segments}
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

    def shaped(self, frame: LazyFrame) -> LazyFrame:
        """Return the columns to read, in their types."""
        return self._with_instant(frame).select(*[self._shape(name) for name in self.columns])

    def links(self, frame: LazyFrame) -> LazyFrame:
        """Return the columns that identities are resolved by."""
        return self._with_instant(frame).select(*[of.known(name, self._schema.get(name)) for name in LINK_COLUMNS])

    def _with_instant(self, frame: LazyFrame) -> LazyFrame:
        return frame if self._timed else self._backend.instant(frame, "time", "ts_us")

    def _shape(self, name: str) -> nw.Expr:
        sort, column = self.columns[name]
        if name in COLUMNS:
            return of.known(name, self._schema.get(name))
        return of.further(nw.col(name), sort, self._schema[name]).alias(column)

    def facts(self, frame: LazyFrame) -> Facts | None:
        """Look at a table once; None is a table without rows.

        Raises:
            InvalidValueError: a value that no event can have.
        """
        bounds, ts = in_bounds(self._request), nw.col("ts_us")
        links, endless = nw.col("kind").is_in([LINKED, UNLINKED]), ~nw.col("score").is_finite()
        marks = {"cx_links": of.flag(links)} | ({"cx_endless": of.flag(endless)} if "score" in self.columns else {})
        if bounds is not None:
            marks |= {"cx_inside": of.flag(bounds), "cx_inside_ts": nw.when(bounds).then(ts)}
        summed = {name: self.columns[name][1] for name in self._wants.wholes if name in self.columns}
        looks = {
            "rows": nw.len(),
            "first": ts.min(),
            "last": ts.max(),
            "timeless": ts.null_count(),
            "kindless": nw.col("kind").null_count(),
            "light": nw.col("weight_ppm").min(),
            "heavy": nw.col("weight_ppm").max(),
            "links": nw.col("cx_links").sum(),
            **{f"least_{name}": nw.col(column).min() for name, column in summed.items()},
            **{f"most_{name}": nw.col(column).max() for name, column in summed.items()},
        }
        if "score" in self.columns:
            looks["endless"] = nw.col("cx_endless").sum()
        if bounds is not None:
            inside = nw.col("cx_inside_ts")
            looks |= {"events": nw.col("cx_inside").sum(), "first_inside": inside.min(), "last_inside": inside.max()}
        marked = frame.with_columns(*[mark.alias(name) for name, mark in marks.items()])
        # Numbered, as names may differ by case alone, which DuckDB doesn't see.
        selected = marked.select(*[look.alias(f"cx_look_{i}") for i, look in enumerate(looks.values())])
        ((row,),) = self._backend.rows([selected])
        found = dict(zip(looks, row, strict=True))
        if not found["rows"]:
            return None
        _check(found)
        return Facts(
            rows=found["rows"],
            span=(found["first"], found["last"]),
            events=int(found.get("events", found["rows"])),
            first_us=found.get("first_inside", found["first"]),
            last_us=found.get("last_inside", found["last"]),
            weights=(found["light"], found["heavy"]),
            links=int(found["links"]),
            odd=(),
            greatest={name: max(abs(found[f"{end}_{name}"] or 0) for end in ("least", "most")) for name in summed},
        )

    def kinds(self) -> frozenset[str] | None:
        """Return the kinds that statistics read, if others needn't be kept: mostly they are few events of many.

        What is converted, and which properties there are, is told of all events.
        """
        read = [kinds_read(statistic) for statistic in self._request.statistics]
        if self._request.rates or self._lifts.columns or not read or None in read:
            return None
        return frozenset().union(*[kinds for kinds in read if kinds is not None])

    def with_odd(self, frame: LazyFrame, facts: Facts) -> Facts:
        """Look for text that isn't what an event holds."""
        texts = [column for name, (sort, column) in self.columns.items() if sort == "text" and name not in of.PLAIN]
        return attrs.evolve(facts, odd=self._backend.odd(frame, texts)) if texts else facts

    def in_nfc(self, frame: LazyFrame, facts: Facts) -> LazyFrame:
        """Put the text of columns that need it into NFC, and make empty text null, which no event holds either."""
        if not facts.odd:
            return frame
        composed = self._backend.composed(frame, facts.odd)
        emptied = [column for column in facts.odd if column not in ORDER]
        nulls = [nw.when(nw.col(column) != "").then(nw.col(column)).alias(column) for column in emptied]
        return composed.with_columns(*nulls) if nulls else composed

    def cut(self, frame: LazyFrame, facts: Facts) -> LazyFrame:
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
            read=tuple(sorted(name for name in self.columns if name in self._schema)),
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


def _check(found: Mapping[str, Any]) -> None:
    for name, field, what in (("timeless", "ts_us", "time"), ("kindless", "kind", "kind")):
        if found[name]:
            raise InvalidValueError(
                field, None, f"stands in {int(found[name])} rows: an event needs a {what}, so leave them out"
            )
    for ts_us in (found["first"], found["last"]):
        if not _FIRST_US <= ts_us <= _LAST_US:
            raise InvalidValueError(
                "ts_us", ts_us, "lies outside the years 1 to 9999: it takes microseconds since 1970"
            )
    if found["light"] < 0:
        raise InvalidValueError("weight_ppm", found["light"], "is negative: a weight is 0 or more")
    if found.get("endless"):
        raise InvalidValueError("score", math.inf, f"isn't finite, in {int(found['endless'])} rows")
