"""Segments that don't stand for themselves are one before anything is counted, on every engine."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from tests.engines.test_parity import REQUESTS, STATISTICS, hostile_events

from cxkit.engines import Request, collect
from cxkit.model.calendar import Calendar
from cxkit.model.event import Event
from cxkit.stats import Distinct, Frequency, Tally, Where

pytest.importorskip("duckdb", reason="pip install 'cxkit[frame]'")
pytest.importorskip("polars", reason="pip install 'cxkit[frame]'")

from cxkit.engines import frame

ENGINES = ("rows", "polars", "duckdb")
VISITS = Where(kind="visit.started")


def of(engine: str, events: list[Event]) -> Any:
    """Return events as an engine takes them."""
    return events if engine == "rows" else frame.table_of_events(events, engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_customer_of_two_folded_segments_counts_once(engine: str) -> None:
    """An came on the app and by phone: once among the rest, as no sum of segments could say."""
    events = [
        Event(str(n), n, "visit.started", customer, channel=channel)
        for n, (customer, channel) in enumerate(
            [("an", "web"), ("binh", "web"), ("an", "app"), ("an", "phone"), ("chi", "phone"), ("an", None)]
        )
    ]
    counted, often = Distinct(VISITS), Frequency(VISITS)
    request = Request((counted, often), by=("channel",), keep=frozenset({("web",), (None,)}), rest=("other",))

    states = collect(engine, of(engine, events), request).states

    assert {segment: state.n for (segment, _), state in states[counted].items()} == {
        ("web",): 2, (None,): 1, ("other",): 2, None: 3,
    }  # fmt: skip
    assert states[often][("other",), None].customers == {1: 1, 2: 1}


@pytest.mark.parametrize("engine", ENGINES)
def test_the_rest_may_have_any_name(engine: str) -> None:
    """Numbers, truths and nulls are kept by the names that segments have, and folded whatever they are."""
    values = ('{"size":3.0}', '{"size":3}', '{"size":true}', '{"size":"other"}', None, '{"size":2.5}')
    events = [Event(str(n), n, "visit.started", properties=text) for n, text in enumerate(values)]
    tally = Tally(VISITS, of="kind")
    request = Request((tally,), by=("size",), keep=frozenset({("3",), ("other",)}), rest=("(other)",))

    states = collect(engine, of(engine, events), request).states[tally]

    assert {segment: state.n for (segment, _), state in states.items()} == {
        ("3",): 2, ("other",): 1, ("(other)",): 3, None: 6,
    }  # fmt: skip


def test_typed_columns_fold_on_tables() -> None:
    """A table's own columns of floats and truths fold by the same names."""
    import polars as pl

    table = pl.DataFrame(
        {"ts_us": [1, 2, 3, 4], "kind": ["visit.started"] * 4, "size": [3.0, 2.5, None, 3.0], "vip": [True, None] * 2}
    )
    tally = Tally(VISITS, of="kind")
    request = Request((tally,), by=("size", "vip"), keep=frozenset({("3", "true")}), rest=("other", "other"))

    states = frame.collect(table, request).states[tally]

    assert {segment: state.n for (segment, _), state in states.items()} == {
        ("3", "true"): 1, ("other", "other"): 3, None: 4,
    }  # fmt: skip


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
@pytest.mark.parametrize(
    ("by", "keep", "rest"),
    [
        (("channel",), {("web",)}, ("other",)),
        (("channel", "touchpoint"), {("web", None), (None, "d")}, (None, "other")),
        (("coupon", "area"), {("TET", "sales"), (None, None)}, ("other", "other")),
        (("customer",), {("a",), (None,)}, ("other",)),
        (("channel",), set(), ("other",)),
    ],
)
def test_engines_fold_alike(engine: str, by: tuple[str, ...], keep: Any, rest: Any) -> None:
    """Every statistic over hostile events, folded: the frame engine gives what the rows do."""
    events = hostile_events(5)
    request = attrs.evolve(
        REQUESTS["by a property, an attribute and quarter"],
        statistics=STATISTICS[::3] if engine == "polars" else STATISTICS[::15],
        by=by,
        keep=frozenset(keep),
        rest=rest,
        calendar=Calendar("month"),
    )

    assert collect(engine, of(engine, events), request) == collect("rows", events, request)
