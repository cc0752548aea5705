"""Looking at a table: what must be known of it before a statistic is planned, and what no event can hold."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import attrs
import narwhals.stable.v2 as nw

from cxkit.engines.frame.columns import flag
from cxkit.engines.frame.table import Facts, in_bounds
from cxkit.errors import InvalidValueError
from cxkit.model.event import PPM, to_us
from cxkit.model.identity import LINKED, UNLINKED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cxkit.engines.frame.backend import LazyFrame
    from cxkit.engines.frame.files import Told
    from cxkit.engines.frame.watched import Watched
    from cxkit.engines.request import Request

_DAY_US: Final = 86_400_000_000
_FIRST_US: Final = to_us(datetime.min.replace(tzinfo=UTC)) + _DAY_US
_LAST_US: Final = to_us(datetime.max.replace(tzinfo=UTC)) - _DAY_US
LINKS: Final = (LINKED, UNLINKED)


@attrs.define
class Look:
    """Columns to derive and aggregates of bare columns, each by its name."""

    marks: dict[str, nw.Expr] = attrs.field(factory=dict)
    aggregates: dict[str, nw.Expr] = attrs.field(factory=dict)

    def __or__(self, other: Look) -> Look:
        """Return both together."""
        return Look(self.marks | other.marks, self.aggregates | other.aggregates)

    def at(self, backend: Watched, frame: LazyFrame) -> dict[str, Any]:
        """Look."""
        if not self.aggregates:
            return {}
        marked = frame.with_columns(*[mark.alias(name) for name, mark in self.marks.items()]) if self.marks else frame
        # Numbered, as names may differ by case alone, which DuckDB doesn't see.
        numbered = [aggregate.alias(f"cx_look_{i}") for i, aggregate in enumerate(self.aggregates.values())]
        ((row,),) = backend.rows([marked.select(*numbered)])
        return dict(zip(self.aggregates, row, strict=True))


def at_times(request: Request) -> Look:
    """Return what is asked of all events: how many there are, and when."""
    bounds, ts = in_bounds(request), nw.col("ts_us")
    look = Look({}, {"rows": nw.len(), "first": ts.min(), "last": ts.max(), "timeless": ts.null_count()})
    if bounds is None:
        return look
    inside = nw.col("cx_inside_ts")
    marks = {"cx_inside": flag(bounds), "cx_inside_ts": nw.when(bounds).then(ts)}
    aggregates = {"events": nw.col("cx_inside").sum(), "first_inside": inside.min(), "last_inside": inside.max()}
    return look | Look(marks, aggregates)


def at_contents(columns: Mapping[str, str], summed: Mapping[str, str], wanted: nw.Expr | None) -> Look:
    """Return what is asked of the events that statistics read.

    Args:
        columns: the columns that are read, by the caller's names.
        summed: those of them that are summed.
        wanted: which events, if others stand among them. Those that link are wanted, and those without a kind.
    """
    marks = {"cx_links": flag(nw.col("kind").is_in(LINKS))}
    aggregates = {"kindless": nw.col("kind").null_count(), "links": nw.col("cx_links").sum()}
    if "weight_ppm" in columns:
        marks["cx_weight"] = nw.col("weight_ppm")
        aggregates |= {"light": nw.col("cx_weight").min(), "heavy": nw.col("cx_weight").max()}
    if "score" in columns:
        marks["cx_endless"] = flag(~nw.col("score").is_finite())
        aggregates["endless"] = nw.col("cx_endless").sum()
    for i, (name, column) in enumerate(summed.items()):
        marks[f"cx_summed_{i}"] = nw.col(column)
        summand = nw.col(f"cx_summed_{i}")
        aggregates |= {f"least_{name}": summand.min(), f"most_{name}": summand.max()}
    if wanted is not None:
        marks = {name: nw.when(wanted).then(mark) for name, mark in marks.items()}
    return Look(marks, aggregates)


def told_times(told: Told | None, request: Request) -> dict[str, Any] | None:
    """Return what files tell of what `at_times` asks; None where they don't, or where some events are out of bounds."""
    if told is None:
        return None
    if told.first is not None and told.last is not None:
        since, until = request.since_us, request.until_us
        if (since is not None and told.first < since) or (until is not None and told.last >= until):
            return None
    return {"rows": told.rows, "first": told.first, "last": told.last, "timeless": 0}


def facts_of(found: Mapping[str, Any], summed: Mapping[str, str]) -> Facts | None:
    """Return what was seen; None is a table without rows.

    Raises:
        InvalidValueError: a value that no event can have.
    """
    if not found["rows"]:
        return None
    _check(found)
    ends = {name: (found[f"least_{name}"], found[f"most_{name}"]) for name in summed}
    return Facts(
        rows=found["rows"],
        span=(found["first"], found["last"]),
        events=int(found.get("events", found["rows"])),
        first_us=found.get("first_inside", found["first"]),
        last_us=found.get("last_inside", found["last"]),
        weights=(PPM, PPM) if found.get("light") is None else (found["light"], found["heavy"]),
        links=int(found["links"] or 0),
        odd=(),
        greatest={name: max(abs(end or 0) for end in both) for name, both in ends.items()},
    )


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
    if (found.get("light") or 0) < 0:
        raise InvalidValueError("weight_ppm", found["light"], "is negative: a weight is 0 or more")
    if found.get("endless"):
        raise InvalidValueError("score", math.inf, f"isn't finite, in {int(found['endless'])} rows")
