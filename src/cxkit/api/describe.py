"""describe: what a file of events holds, what is odd about it, and what can be scored from it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import attrs

from cxkit.api.counting import Counted, counting
from cxkit.api.doors import paths_of
from cxkit.api.missing import lacks
from cxkit.errors import InvalidValueError
from cxkit.model.calendar import Calendar, zone
from cxkit.model.event import Event, from_us
from cxkit.model.identity import LINKED, UNLINKED
from cxkit.plugins import registry
from cxkit.report.grid import Grid, printable
from cxkit.report.shown import Shown
from cxkit.store.opening import is_store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cxkit.files.source import Readable
    from cxkit.metrics import Metric
    from cxkit.recipes import Recipe

_MANY: Final = 12


@attrs.frozen
class Silence:
    """Days without any event, one after the other.

    Attributes:
        first: the first of them, such as ``2026-03-02``.
        last: the last of them.
        days: how many they are.
    """

    first: str
    last: str
    days: int


@attrs.frozen(repr=False, str=False)
class Description(Shown):
    """What there is.

    Attributes:
        events: how many events, those that stand twice among them.
        customers: how many different customers, by the names that the events have: links aren't followed.
        anonymous: how many events have no customer; links aside.
        first: the first event's time in ISO 8601, in the zone of days, or None.
        last: the last event's.
        tz: the zone of days.
        silent_days: days without any event between the first and the last.
        silence: the longest run of them, or None.
        counts: of ``kind``, ``channel``, ``currency``, ``instrument``: value → events, the most frequent first; events
            without a channel stand under None.
        repeated: rows whose source and id an earlier row had: a store holds each event once.
        corrected: how many of those differ from it in content: a store takes them for corrections.
        alike: rows that equal another in everything but the id.
        rejected: rows that couldn't be taken.
        scorable: the metrics that all is there for.
        missing: each other metric → what it lacks.
    """

    events: int
    customers: int
    anonymous: int
    first: str | None
    last: str | None
    tz: str
    silent_days: int
    silence: Silence | None
    counts: Mapping[str, Mapping[str | None, int]]
    repeated: int
    corrected: int
    alike: int
    rejected: int
    scorable: tuple[str, ...]
    missing: Mapping[str, tuple[str, ...]]

    @property
    def notes(self) -> tuple[str, ...]:  # type: ignore[override]
        """What stands beneath the tables."""
        rejected = [f"Rows that couldn't be taken: {self.rejected:,}."] if self.rejected else []
        return (f"Can be scored: {', '.join(self.scorable) or 'nothing'}.", *rejected)

    def facts(self) -> dict[str, Any]:
        """Return what is told once."""
        return attrs.asdict(self, filter=lambda field, _: field.name != "counts")

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return a row for each kind, channel, currency and instrument."""
        return [
            {"column": column, "value": value, "events": n}
            for column, counts in self.counts.items()
            for value, n in counts.items()
        ]

    def to_grids(self) -> list[Grid]:
        """Return the tables that show it."""
        if not self.events:
            return []
        grids = [Grid("", "events", (f"{self.events:,}",), tuple((label, (text,)) for label, text in self._lines()))]
        for column, counts in self.counts.items():
            if counts.keys() - {None}:
                grids.append(self._counted(column, list(counts.items())))
        if self.missing:
            lines = tuple((name, ("; ".join(lacking),)) for name, lacking in self.missing.items())
            grids.append(Grid("", "can't be scored", ("lacks",), lines))
        return grids

    def _lines(self) -> Iterator[tuple[str, str]]:
        yield "span", f"{self.first} to {self.last}"
        yield "customers", f"{self.customers:,}"
        yield "anonymous", f"{self.anonymous:,} events ({_per_cent(self.anonymous, self.events)} %)"
        longest = self.silence
        gap = f", at most {longest.days:,} together, {longest.first} to {longest.last}" if longest else ""
        yield "silent days", f"{self.silent_days:,}{gap}"
        differ = f", {self.corrected:,} of them with other content" if self.corrected else ""
        yield "duplicates", f"{self.repeated:,} by source and id{differ}; {self.alike:,} equal in all but the id"

    def _counted(self, column: str, counts: list[tuple[str | None, int]]) -> Grid:
        """Return the table of a column's values, the most frequent first."""
        lines = [("(none)" if value is None else printable(value), n) for value, n in counts[:_MANY]]
        if len(counts) > _MANY:
            lines.append((f"… {len(counts) - _MANY:,} more", sum(n for _, n in counts[_MANY:])))
        cells = tuple((label, (f"{n:,}", _per_cent(n, self.events))) for label, n in lines)
        return Grid("", column, ("events", "share (%)"), cells)


def _per_cent(n: int, of: int) -> str:
    return f"{100 * n / of:.1f}"


def describe(
    data: Any,  # noqa: ANN401 - events or paths
    *,
    tz: str = "UTC",
    input_tz: str | None = None,
    recipe: Recipe | str | os.PathLike[str] | None = None,
    joins: Mapping[str, Readable] | None = None,
) -> Description:
    """Say what events there are, what is odd about them, and what can be scored from them.

    Events are read once, one after the other; kept are counts, the names of customers, and 24 bytes of each event to
    find those that are there twice. Rows are described as they stand: what a store, or `score`, would take for one
    event is counted as often as it stands there, and told.

    A metric can be scored when there is an event of each sort that it compares, and what it reads of them. How much it
    then says is for its interval to tell.

    Args:
        data: an iterable of `Event`, the path of a file of events or of a store, or several paths. Rows of a file that
            can't be taken are counted.
        tz: the zone whose days are looked through for silent ones.
        input_tz: the zone of times in a file that have none.
        recipe: how `data` is read where it isn't a file of events, as for `score`.
        joins: the files that the recipe joins.

    Raises:
        InvalidValueError: a file can't be read, or something isn't events.
        UnknownNameError: no such zone or recipe.

    >>> import cxkit
    >>> found = describe([cxkit.event("order.placed", amount=cxkit.Money("5", "USD"), reference="o-1")])
    >>> found.events, found.scorable, found.missing["repeat_purchase_rate"]
    (1, ('orders', 'revenue', 'average_transaction_value'), ('a customer on order.placed',))
    """
    zone(tz)
    rejected: Counter[str] = Counter()
    counted = Counted(Calendar("day", tz))
    for events in _sources(data, input_tz, recipe, joins, rejected):
        counting(events, counted)
    return _described(counted, tz, rejected["rows"])


def _sources(
    data: Any,  # noqa: ANN401 - as `describe` has it
    input_tz: str | None,
    recipe: Recipe | str | os.PathLike[str] | None,
    joins: Mapping[str, Readable] | None,
    rejected: Counter[str],
) -> Iterator[Iterable[Event]]:
    from cxkit import files, recipes
    from cxkit.store import open_store

    def reject(*_: object) -> None:
        rejected["rows"] += 1

    instruments = registry().instruments
    several = [data] if isinstance(data, str | os.PathLike) or hasattr(data, "read") else data
    if isinstance(several, Event) or not isinstance(several, Iterable):
        raise InvalidValueError("data", type(data).__name__, "isn't events, a path or several paths")
    if recipe is not None:
        chosen = recipe if isinstance(recipe, recipes.Recipe) else recipes.load(recipe)
        with recipes.read(
            list(several), chosen, joins=joins, input_tz=input_tz, on_reject=reject, instruments=instruments
        ) as export:
            yield export
        return
    paths = paths_of(several)
    if paths is None:
        yield several
        return
    for path in paths:
        if is_store(path):
            with open_store(path) as store:
                yield store.events(ordered=False)
        else:
            with files.read_events(path, input_tz=input_tz, on_reject=reject, instruments=instruments) as reading:
                yield reading


def _described(counted: Counted, tz: str, rejected: int) -> Description:
    repeated, corrected, alike = counted.twins()
    runs = counted.silences()
    longest = max(runs, key=lambda run: run[2], default=None)
    makes = registry().catalogue.factories.values()
    found = {metric.name: _lacking(metric, counted) for metric in (make() for make in makes)}
    return Description(
        events=counted.events,
        customers=len(counted.customers),
        anonymous=counted.anonymous - sum(counted.without_customer(kind) for kind in (LINKED, UNLINKED)),
        first=_written(counted.first_us, tz),
        last=_written(counted.last_us, tz),
        tz=tz,
        silent_days=sum(days for _, _, days in runs),
        silence=None if longest is None else Silence(*longest),
        counts={column: dict(counts.most_common()) for column, counts in counted.counts.items()},
        repeated=repeated,
        corrected=corrected,
        alike=alike,
        rejected=rejected,
        scorable=tuple(name for name, lacking in found.items() if not lacking),
        missing={name: lacking for name, lacking in found.items() if lacking},
    )


def _written(ts_us: int | None, tz: str) -> str | None:
    return None if ts_us is None else from_us(ts_us).astimezone(zone(tz)).isoformat()


def _lacking(metric: Metric, counted: Counted) -> tuple[str, ...]:
    return lacks(metric, counted.groups, counted.filled)
