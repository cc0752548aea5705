from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxkit.errors import InvalidValueError
from cxkit.files.batch import block_maker
from cxkit.files.cells import instants
from cxkit.files.columns import plan_of
from cxkit.files.moments import moments
from cxkit.files.row import Rules, event_maker

if TYPE_CHECKING:
    from cxkit.model.event import Event

NAMES = ("time", "kind", "reference", "customer", "instrument", "score", "amount", "currency", "weight", "shop")
CELLS = (
    ("2026-01-31T09:30:00Z", "2026-01-31 09:30:00.123456+07:00", "2026-01-31T09:30:00", "2026-03-29T02:30:00", ""),
    ("order.placed", "visit.started", "table.reserved", "Order"),
    ("", "o-1", "o-2"),
    ("", "c1", "caf\u00e9", "cafe\u0301", "a\0"),
    ("", "nps", "own"),
    ("", "9", "9.0", "11", "NaN", "x"),
    ("", "129.90", "12.345", "-1"),
    ("", "USD", "VND", "usd"),
    ("", "0.25", "-1"),
    ("", "Hue", "e\u0301"),
)
rows = st.lists(st.tuples(*map(st.sampled_from, CELLS)), min_size=1, max_size=5)
plain_rows = st.lists(st.tuples(*(st.sampled_from(cells[:2]) for cells in CELLS)), min_size=1, max_size=30)


@given(st.one_of(rows, plain_rows), st.sampled_from([None, "Europe/Berlin"]))
def test_batch_is_its_rows(table: list[tuple[str, ...]], zone: str | None) -> None:
    """Rows together give the events that they give one by one, with the same ids; a wrong one is never let through."""
    plan = plan_of(NAMES)
    make = event_maker(plan, Rules(input_tz=zone))
    expected: list[Event] | None = []
    try:
        expected = [make(row, None) for row in table]
    except InvalidValueError:
        expected = None
    try:
        found = block_maker(plan, Rules(input_tz=zone))(list(zip(*table, strict=True))).events()
    except ValueError:
        found = None

    assert found == expected


def test_block_of_another_width() -> None:
    """Cells of more columns than there are make no block."""
    with pytest.raises(ValueError, match="3 cells where there are 2 columns"):
        block_maker(plan_of(["time", "kind"]), Rules())([["a"], ["b"], ["c"]])


whole_texts = st.one_of(
    st.integers(-(10**16), 10**16).map(str),
    st.integers(10**15, 10**16).map(str),
    st.sampled_from(["", "1.0", " 5", "\u0663", "1735689600000_00", "0001735689600000", "\u0661735689600000000"]),
)


@given(st.lists(whole_texts, max_size=4))
def test_instants_are_instants(table: list[str]) -> None:
    """Microseconds read together are those read one by one."""
    plan = plan_of(["ts_us", "kind"])
    rows_of = [[text, "visit.started"] for text in table]
    make = event_maker(plan, Rules())
    try:
        expected = [make(row, None) for row in rows_of]
    except InvalidValueError:
        with pytest.raises(InvalidValueError):
            block_maker(plan, Rules())(list(zip(*rows_of, strict=True)))
    else:
        assert not rows_of or block_maker(plan, Rules())(list(zip(*rows_of, strict=True))).events() == expected


early = datetime(1850, 1, 1)  # noqa: DTZ001 - before there were zones
local = st.datetimes(min_value=early).map(datetime.isoformat)
texts = st.one_of(
    local,
    local.map(lambda text: text + "+02:00"),
    local.map(lambda text: text[:10]),
    st.text("0123456789-:T Z.+"),
)


@given(st.lists(texts, max_size=4), st.sampled_from([None, "Europe/Berlin", "Australia/Lord_Howe", "Africa/Monrovia"]))
def test_moments_are_instants(table: list[str], zone: str | None) -> None:
    """Times read together are the times read one by one, where the clock is changed too; a wrong one is refused."""
    one = instants(zone)
    try:
        expected = [one(text) for text in table]
    except InvalidValueError:
        with pytest.raises(InvalidValueError):
            moments(zone)(table)
    else:
        assert moments(zone)(table) == expected
