"""weigh: answers in, the same answers out with weights under which they look like the customers they stand for."""

from __future__ import annotations

import math
import os
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import attrs

from cxkit.api.arguments import attributes_of
from cxkit.engines.request import segment_text
from cxkit.engines.rows.chunk import attribute_getter, getter
from cxkit.errors import InvalidValueError, UnknownNameError
from cxkit.model.event import COLUMNS, PPM, Event
from cxkit.model.touchpoint import ATTRIBUTES
from cxkit.report.grid import Grid, printable
from cxkit.report.shown import Shown
from cxkit.stats.intervals import kish
from cxkit.stats.raking import ROUNDS, Cell, Raked, rake

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from cxkit.model.journeymap import JourneyMap

    Margins = Mapping[str, Mapping[str | None, float]]

_ALIKE: Final = 1e-3


@attrs.frozen
class WeighedShare:
    """One value of one margin.

    Attributes:
        column: the margin's column.
        value: the value; None for answers without one.
        answers: how many answers have it.
        share: their share of the answers, as they came.
        wanted: the share asked for.
        reached: their weighted share.
        weight: the mean of their weights.
    """

    column: str
    value: str | None
    answers: int
    share: float
    wanted: float
    reached: float
    weight: float


@attrs.frozen(repr=False)
class Weighed(Shown):
    """Events with weights, and how they came about. To go through it gives the events, so that it can be scored.

    Attributes:
        events: all events, in their order; the answers that were weighed have new weights.
        rows: each margin's values.
        answers: how many answers were weighed.
        n_effective: how many unweighted answers would tell as much (Kish 1965).
        design_effect: answers ÷ n_effective: by how much weights widen the variance.
        lowest: the least weight.
        highest: the greatest weight.
        rounds: how many times all margins were gone through.
        gap: the greatest difference that is left between a share reached and the share wanted.
        notes: what a reader should know.
    """

    events: tuple[Event, ...]
    rows: tuple[WeighedShare, ...]
    answers: int
    n_effective: float
    design_effect: float
    lowest: float
    highest: float
    rounds: int
    gap: float
    notes: tuple[str, ...]

    def __iter__(self) -> Iterator[Event]:
        """Go through the events."""
        return iter(self.events)

    def __len__(self) -> int:
        """Return how many events there are."""
        return len(self.events)

    def __repr__(self) -> str:
        """Return what it holds, in a line."""
        return f"<Weighed: {self.answers} of {len(self.events)} events, design effect {self.design_effect:.3f}>"

    def facts(self) -> dict[str, Any]:
        """Return the figures of the whole."""
        names = ("answers", "n_effective", "design_effect", "lowest", "highest", "rounds", "gap")
        return {name: getattr(self, name) for name in names}

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return a dictionary a value of a margin."""
        return [attrs.asdict(row) for row in self.rows]

    def to_grids(self) -> list[Grid]:
        """Return a table for each margin."""
        heads = ("answers", "share (%)", "wanted (%)", "weighted (%)", "mean weight")
        tables: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
        for row in self.rows:
            shares = (f"{100 * share:.1f}" for share in (row.share, row.wanted, row.reached))
            line = (f"{row.answers:,}", *shares, f"{row.weight:.3f}")
            tables.setdefault(row.column, []).append((_name(row.value), line))
        return [Grid("", printable(column), heads, tuple(lines)) for column, lines in tables.items()]


def weigh(  # noqa: PLR0913 - what to weigh, to what, and how far
    data: Iterable[Event] | str | os.PathLike[str],
    margins: Margins,
    *,
    instrument: str | None = None,
    trim: float | tuple[float, float] | None = None,
    journey_map: JourneyMap | str | os.PathLike[str] | None = None,
    input_tz: str | None = None,
    rounds: int = ROUNDS,
) -> Weighed:
    """Return events whose answers have weights under which their margins are those that are known of the whole.

    Margins are met one after the other until all hold (raking: Deming & Stephan 1940); one margin alone is
    post-stratification. Answers are those with a score. Weights they have already are where raking begins. The new
    weights have a mean of 1, and are kept in millionths.

    Args:
        data: events, or a path to a file of events. Those that aren't answers pass through unchanged.
        margins: column → value → share, or how many there are of it. A column is one of an event's, a property, or
            with a journey map ``area``, ``stage`` or ``owner``; the value None stands for answers without one.
        instrument: whose answers are weighed. May be left out where there are answers to one alone.
        trim: the greatest weight, of a mean of 1, or the least and the greatest. Margins are met within them.
        journey_map: a map, its file, or a preset's name.
        input_tz: the zone of times in a file that have none.
        rounds: when to give up.

    Raises:
        InvalidValueError: margins that don't fit the answers, or one another, or can't be met within `trim`.
        UnknownNameError: no such column.

    >>> import cxkit
    >>> answers = [("web", 9), ("web", 10), ("web", 3), ("store", 6)]
    >>> events = [cxkit.event("survey.answered", instrument="nps", channel=c, score=s) for c, s in answers]
    >>> weighed = weigh(events, {"channel": {"web": 0.6, "store": 0.4}})
    >>> [float(event.weight) for event in weighed], round(weighed.design_effect, 3)
    ([0.8, 0.8, 0.8, 1.6], 1.12)
    >>> round(cxkit.score(weighed, "nps").get("nps").value, 6)
    -20.0
    """
    events = _events(data, input_tz)
    at = _answers(events, instrument)
    wanted = _shares(margins)
    low, high = _bounds(trim)
    values = _values([events[n] for n in at], wanted, journey_map)
    for number, (column, shares) in enumerate(wanted.items()):
        _check(column, shares, Counter(row[number] for row in values))
    cells: list[Cell] = [(row, float(events[n].weight_ppm)) for n, row in zip(at, values, strict=True)]
    raked = rake(Counter(cells), list(wanted.values()), low=low, high=high, rounds=rounds)
    if not raked.converged:
        raise InvalidValueError("margins", dict(margins), _why(raked, wanted, trim))
    ppm = [max(1, round(raked.weights[cell] * PPM)) for cell in cells]
    for n, weight in zip(at, ppm, strict=True):
        events[n] = attrs.evolve(events[n], weight_ppm=weight)
    return _report(events, values, wanted, ppm, raked, {cell[1] for cell in cells})


def _events(data: Iterable[Event] | str | os.PathLike[str], input_tz: str | None) -> list[Event]:
    if isinstance(data, str | os.PathLike):
        from cxkit import files
        from cxkit.plugins import registry

        read = files.read_events(data, input_tz=input_tz, strict=True, instruments=registry().instruments)
        return list(files.once(read))
    events = list(data)
    for event in events:
        if type(event) is not Event:
            raise InvalidValueError("data", event, "isn't an Event: make one with cxkit.event(…)")
    return events


def _answers(events: Sequence[Event], instrument: str | None) -> list[int]:
    """Return where the answers stand."""
    found = [n for n, event in enumerate(events) if event.kind == "survey.answered" and event.score is not None]
    instruments = sorted({events[n].instrument or "(none)" for n in found})
    if instrument is None and len(instruments) > 1:
        reason = f"must be said, for each is a sample of its own: there are answers to {', '.join(instruments)}"
        raise InvalidValueError("instrument", instrument, reason)
    kept = [n for n in found if instrument in (None, events[n].instrument)]
    if not kept:
        there = f"there are answers to {', '.join(instruments)}" if instruments else "there are no answers at all"
        raise InvalidValueError("instrument", instrument, f"has no answers with a score to weigh: {there}")
    weightless = sum(not events[n].weight_ppm for n in kept)
    if weightless:
        reason = f"is the weight of {weightless} answers, and no factor brings it up: give them one, or leave them out"
        raise InvalidValueError("weight", 0, reason)
    return kept


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _shares(margins: Margins) -> dict[str, dict[str | None, float]]:
    """Return the margins as shares of one."""
    if not margins:
        raise InvalidValueError("margins", margins, "are none: give a column and its shares")
    totals = {}
    for column, shares in margins.items():
        for value, share in shares.items():
            if not _is_number(share) or share <= 0:
                reason = f"isn't a share or a number above 0, as {column}={_name(segment_text(value))} needs"
                raise InvalidValueError("margins", share, reason)
        totals[column] = math.fsum(shares.values())
        if all(share <= 1 for share in shares.values()) and abs(totals[column] - 1) > _ALIKE:
            reason = f"gives shares that sum to {totals[column]:g}, not to 1: is a value missing?"
            raise InvalidValueError("margins", column, reason)
    (first, total), *others = totals.items()
    for column, other in others:
        if abs(other - total) > _ALIKE * total:
            reason = f"sums to {other:g} and {first} to {total:g}: give both as shares, or the counts of the same whole"
            raise InvalidValueError("margins", column, reason)
    return {
        column: {segment_text(value): share / totals[column] for value, share in shares.items()}
        for column, shares in margins.items()
    }


def _bounds(trim: float | tuple[float, float] | None) -> tuple[float, float]:
    low, high = (0.0, math.inf) if trim is None else trim if isinstance(trim, tuple) else (0.0, trim)
    if not 0 <= low < 1 < high:
        reason = "must lie about the mean weight of 1: a greatest weight such as 5, or the least and the greatest"
        raise InvalidValueError("trim", trim, reason)
    return low, high


def _values(
    answers: Sequence[Event], columns: Iterable[str], journey_map: JourneyMap | str | os.PathLike[str] | None
) -> list[tuple[str | None, ...]]:
    """Return each answer's values of the margins."""
    attributes = attributes_of(tuple(columns), journey_map)
    getters: list[Callable[[Event], Any]] = []
    for column in columns:
        getters.append(attribute_getter(attributes[column]) if column in attributes else getter(column))
        if column not in attributes and column not in COLUMNS and all(getters[-1](event) is None for event in answers):
            if column in ATTRIBUTES and journey_map is None:
                raise InvalidValueError("margins", column, "is what a journey map says of touchpoints: give one")
            properties = {name for event in answers for name in event.data}
            raise UnknownNameError("column", column, {*COLUMNS, *properties})
    return [tuple([segment_text(get(event)) for get in getters]) for event in answers]


def _check(column: str, shares: Mapping[str | None, float], answers: Mapping[str | None, int]) -> None:
    """Refuse a value on one side alone: no weight could mend it."""
    for value, n in answers.items():
        if value not in shares:
            reason = f"has no share for {_name(value)}, which {n} answered: give one, or leave those answers out"
            raise InvalidValueError("margins", column, reason)
    for value, share in shares.items():
        if value not in answers:
            reason = (
                f"gives {_name(value)} a share of {100 * share:.3g} %, but nobody there answered: "
                "put it together with another value"
            )
            raise InvalidValueError("margins", column, reason)


def _why(raked: Raked, wanted: Mapping[str, Mapping[str | None, float]], trim: object) -> str:
    number, value = raked.worst if raked.worst is not None else (0, None)
    column = list(wanted)[number]
    within = "" if trim is None else f" within weights of {trim}"
    mend = "allow greater weights, or put values together" if trim is not None else "put values together"
    return (
        f"can't be met together{within}: after {raked.rounds} rounds {column}={_name(value)} still lies "
        f"{100 * raked.gap:.2g} points from its {100 * wanted[column][value]:.3g} %; {mend}"
    )


def _report(  # noqa: PLR0913, PLR0917 - all that is known by then
    events: Sequence[Event],
    values: Sequence[tuple[str | None, ...]],
    wanted: Mapping[str, Mapping[str | None, float]],
    ppm: Sequence[int],
    raked: Raked,
    begun: set[float],
) -> Weighed:
    n, total = len(ppm), sum(ppm)
    rows = []
    for number, (column, shares) in enumerate(wanted.items()):
        for value, share in shares.items():
            here = [weight for row, weight in zip(values, ppm, strict=True) if row[number] == value]
            reached, mean = sum(here) / total, sum(here) / len(here) / PPM
            rows.append(WeighedShare(column, value, len(here), len(here) / n, share, reached, mean))
    effective = kish((weight / PPM, (weight / PPM) ** 2) for weight in ppm)
    lowest, highest = min(ppm) / PPM, max(ppm) / PPM
    rounds = f"{raked.rounds} round{'' if raked.rounds == 1 else 's'}"
    notes = [
        f"{n:,} answers weigh as much as {effective:,.1f} unweighted ones (design effect {n / effective:.3f}).",
        f"Weights lie within {lowest:.3f} and {highest:.3f}; their mean is 1. All margins hold after {rounds}.",
    ]
    if len(begun) > 1:
        notes.append("Raking began with the weights that the answers had.")
    return Weighed(
        tuple(events), tuple(rows), n, effective, n / effective, lowest, highest, raked.rounds, raked.gap, tuple(notes)
    )


def _name(value: str | None) -> str:
    return "(none)" if value is None else printable(value)
