from __future__ import annotations

import gzip
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from cxkit.errors import InvalidValueError
from cxkit.files import read_events, write_events
from cxkit.model.event import event

if TYPE_CHECKING:
    from pathlib import Path

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def table(path: Path, **columns: Any) -> Path:
    """Write a Parquet file with these columns."""
    pq.write_table(pa.table(columns), path)
    return path


def test_typed_columns(tmp_path: Path) -> None:
    """Columns are taken in the types that tables have for them."""
    path = table(
        tmp_path / "a.parquet",
        time=pa.array([NOON, NOON + timedelta(microseconds=1), NOON], pa.timestamp("us", "Asia/Ho_Chi_Minh")),
        kind=["order.placed", "contact.answered", "survey.answered"],
        amount=pa.array([Decimal("12.90"), None, None], pa.decimal128(20, 2)),
        currency=["USD", None, None],
        duration=pa.array([None, timedelta(seconds=1.5), None], pa.duration("us")),
        score=[float("nan"), None, 9.0],
        instrument=[None, None, "nps"],
        customer=[1, 2, 3],
        properties=[{"a": [1]}, None, None],
        day=[date(2026, 1, 31), None, None],
    )
    order, contact, answer = read_events(path, strict=True)

    assert (order.time, order.amount_minor, order.customer, order.score) == (NOON, 1290, "1", None)
    assert order.data == {"a": [1], "day": "2026-01-31"}
    assert (contact.ts_us - order.ts_us, contact.duration_us) == (1, 1_500_000)
    assert (answer.score, answer.properties) == (9.0, None)


def test_rows_are_named(tmp_path: Path) -> None:
    """A bad row is named by its number and the rest goes on; a zoneless time needs its zone."""
    path = table(tmp_path / "a.parquet", kind=["a.b", "A", "a.b"], time=[datetime(2026, 7, 1, 12)] * 3)  # noqa: DTZ001
    rows: list[str] = []
    reading = read_events(path, input_tz="Europe/Berlin", on_reject=lambda error, row: rows.append(f"{error} {row}"))

    assert [made.time.hour for made in reading] == [10, 10]
    (said,) = rows
    assert said.startswith(f"{path}:2: kind: 'A' doesn't read as noun.verb")
    assert said.endswith('{"kind": "A", "time": "2026-07-01 12:00:00"}')
    assert list(read_events(path)) == []


def test_bytes_are_no_json(tmp_path: Path) -> None:
    """Bytes have no place in properties, wherever they stand."""
    stamps = pa.array([0, 0], pa.timestamp("us", "UTC"))
    path = table(tmp_path / "a.parquet", kind=["a.b"] * 2, time=stamps, x=[b"x", None], properties=[None, {"y": b"y"}])
    reading = read_events(path)

    assert list(reading) == []
    ((reason, count),) = reading.reasons.items()
    assert reason.startswith("properties: can't be written as JSON")
    assert count == 2


def test_more_rows_than_a_batch(tmp_path: Path) -> None:
    """All rows of a long file are read, in their order, and the content tells the format."""
    made = [event("a.b", customer=str(number)) for number in range(10_000)]
    write_events(made, tmp_path / "long", format="parquet")
    with (tmp_path / "long").open("rb") as file:
        assert list(read_events(file)) == made
        assert not file.closed


def test_not_parquet(tmp_path: Path) -> None:
    """A file that isn't Parquet, or not all of it, or a stream, is one sentence."""
    path = tmp_path / "a.parquet"
    write_events([event("a.b")], path)
    whole = path.read_bytes()
    for data in (b"", b"time,kind\n", whole[: len(whole) // 2]):
        path.write_bytes(data)
        with pytest.raises(InvalidValueError, match="isn't a whole Parquet file"):
            list(read_events(path))
    path.write_bytes(gzip.compress(whole))
    with pytest.raises(InvalidValueError, match="can't be read as Parquet from a stream"):
        list(read_events(path))
    with pytest.raises(InvalidValueError, match="can't be read as Parquet from a stream"):
        list(read_events(io.StringIO("x"), format="parquet"))
    with pytest.raises(InvalidValueError, match="is a Parquet file: pass format parquet"):
        read_events(io.BytesIO(whole), format="csv")


def test_damaged_pages(tmp_path: Path) -> None:
    """A file damaged inside is told as one that breaks off."""
    path = tmp_path / "a.parquet"
    write_events([event("a.b", customer=str(number)) for number in range(1000)], path)
    data = bytearray(path.read_bytes())
    data[4:200] = bytes(196)
    path.write_bytes(bytes(data))
    reading = read_events(path)

    assert list(reading) == []
    assert reading.damaged
    assert reading.rejected == 1
