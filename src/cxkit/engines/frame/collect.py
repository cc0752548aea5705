"""Collect a request's statistics on tables: open, plan everything, compute it together, put states together."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from cxkit.engines.frame import clustered, cohorts, distinct, frequency, moments, returns, sketch, spans, tally
from cxkit.engines.frame.backend import backend_named
from cxkit.engines.frame.cells import Keys, Queries
from cxkit.engines.frame.door import opened
from cxkit.engines.frame.files import Scanned, are_partitioned
from cxkit.engines.frame.wants import unwrapped
from cxkit.engines.request import Collected
from cxkit.engines.work import Work
from cxkit.errors import UnsupportedError
from cxkit.stats import By, ByState, Clustered, Cohorts, Distinct, Frequency, Moments, Returns, Sketch, Spans, Tally
from cxkit.stats.by import in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cxkit.engines.frame.cells import Place
    from cxkit.engines.frame.table import Table
    from cxkit.engines.request import Cell, Request
    from cxkit.stats import State, Statistic

_PLANS: Final[Mapping[type, Callable[..., Callable[[], Mapping[Place, Any]]]]] = {
    Clustered: clustered.plan,
    Cohorts: cohorts.plan,
    Distinct: distinct.plan,
    Frequency: frequency.plan,
    Moments: moments.plan,
    Returns: returns.plan,
    Sketch: sketch.plan,
    Spans: spans.plan,
    Tally: tally.plan,
}
SUPPORTED: Final[frozenset[type]] = frozenset({By, *_PLANS})
"""The statistics that the engine computes."""


def open_paths(paths: Sequence[str], engine: str) -> Scanned:
    """Return a lazy table over Parquet files.

    Args:
        paths: the files; what their folders' names give as ``key=value`` are columns.
        engine: ``polars``, ``duckdb``, ``spark`` or ``ibis``.

    Raises:
        MissingExtraError: the library isn't installed.
        UnsupportedError: no such engine.
    """
    return Scanned(backend_named(engine).scan(paths, partitioned=are_partitioned(paths)), tuple(paths))


def collect(table: object, request: Request) -> Collected:
    """Compute a request's statistics on a table.

    Args:
        table: a Polars, pandas or Arrow table, a DuckDB relation, a data frame of Spark, a table of Ibis, or what
            `open_paths` gives, with the columns of an event: ``kind`` and either ``ts_us`` or ``time`` (datetimes with
            a zone), the others where there are some. Empty text is no text.
        request: what to compute.

    Raises:
        InvalidValueError: a column of a wrong type, or a value that no event can have.
        UnknownNameError: a column that is asked for and isn't there.
        UnsupportedError: a statistic or a table that this engine doesn't know.

    >>> import polars
    >>> from cxkit.engines.request import Request
    >>> from cxkit.stats import Tally, Where
    >>> answers = Tally(Where(kind="survey.answered"))
    >>> table = polars.DataFrame({"ts_us": [1, 2], "kind": ["survey.answered"] * 2, "score": [9.0, 9.0]})
    >>> collect(table, Request((answers,))).states[answers][None, None].n
    2
    """
    for statistic in request.statistics:
        _check(statistic)
    with opened(table, request) as (events, identities):
        if events is None:
            return Collected({statistic: {} for statistic in request.statistics}, 0, None, None, identities)
        queries = Queries(events)
        plans = {statistic: _planned(statistic, events, queries) for statistic in request.statistics}
        queries.run()
        states = {statistic: finish() for statistic, finish in plans.items()}
        facts, did = events.facts, events.backend
        work = Work(len(request.statistics), did.passes, events.read, did.queries, did.collected)
        return Collected(states, facts.events, facts.first_us, facts.last_us, identities, facts.converted, work)


def _check(statistic: Statistic) -> None:
    inner, _ = unwrapped(statistic)
    if type(inner) not in _PLANS:
        names = ", ".join(sorted(known.__name__ for known in SUPPORTED))
        message = f"the frame engine can't compute {type(inner).__name__}: it computes {names}"
        raise UnsupportedError(message)


def _planned(statistic: Statistic, table: Table, queries: Queries) -> Callable[[], Mapping[Cell, State]]:
    """Plan a statistic for segment cells and for overall ones."""
    inner, columns = unwrapped(statistic)
    splits = tuple(table.keys[name] for name in columns)
    plan = _PLANS[type(inner)]
    parts = [plan(inner, table, Keys(table, table.segments, splits), queries)]
    # Each span and each single event stands in one segment, so that the overall cell is their sum.
    sums = bool(table.segments) and (inner.mergeable_over == "event" or isinstance(inner, Spans))
    if table.segments and not sums:
        parts.append(plan(inner, table, Keys(table, (), splits), queries))

    def finish() -> Mapping[Cell, State]:
        places = {place: state for part in parts for place, state in part().items()}
        if sums:
            places |= _overall(places)
        zero = inner.zero()
        found = {place: state for place, state in places.items() if state != zero}
        cells: dict[Cell, dict[tuple[str | None, ...], State]] = defaultdict(dict)
        for (segment, period, split), state in found.items():
            cells[segment, period][split] = state
        return {cell: _gathered(parts, len(columns)) for cell, parts in cells.items()}

    return finish


def _overall(places: Mapping[Place, Any]) -> dict[Place, Any]:
    overall: dict[Place, Any] = {}
    for (_, period, split), state in places.items():
        place = (None, period, split)
        overall[place] = overall[place].plus(state) if place in overall else state
    return overall


def _gathered(parts: Mapping[tuple[str | None, ...], Any], depth: int) -> Any:  # noqa: ANN401 - a state
    """Return the only state of a cell, or the states of a `By` gathered by its values."""
    if not depth:
        return parts[()]
    inner: dict[str | None, dict[tuple[str | None, ...], Any]] = defaultdict(dict)
    for (value, *rest), state in parts.items():
        inner[value][tuple(rest)] = state
    return ByState(in_order({value: _gathered(states, depth - 1) for value, states in inner.items()}))
