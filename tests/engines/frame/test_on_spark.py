"""Data frames of Spark, on a session of this machine's."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from tests.engines.cases import ANSWERS, ORDERS, REQUESTS, STATISTICS, assert_equal, hostile_events, stacked_tables

import cxkit
from cxkit.errors import InvalidValueError, UnknownNameError
from cxkit.model.event import COLUMNS
from cxkit.stats import Clustered, Distinct, Tally, Where

pytest.importorskip("pyspark", reason="pip install 'cxkit[spark]'")
pytest.importorskip("polars", reason="pip install 'cxkit[frame]'")

from cxkit.engines.frame import on_spark

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cxkit.model.event import Event

pytestmark = [
    pytest.mark.xdist_group("spark"),  # on one worker, for each would start a Java of its own
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),  # Connect imports it
]
TYPES = {"score": "double", **dict.fromkeys(("ts_us", "amount_minor", "duration_us", "weight_ppm"), "bigint")}
SCHEMA = ", ".join(f"{name} {TYPES.get(name, 'string')}" for name in COLUMNS)


def table(spark: Any, events: Sequence[Event]) -> Any:
    """Return events as a data frame."""
    return spark.createDataFrame([tuple(getattr(event, name) for name in COLUMNS) for event in events], SCHEMA)


@pytest.mark.parametrize("third", range(3))
def test_drawn_and_hostile_tables(third: int, spark: Any) -> None:
    """Every statistic over a hundred tables at once, and ties, links, extremes and gaps; Spark plans for long."""
    events = [*stacked_tables(100), *hostile_events(1)]
    request = attrs.evolve(REQUESTS["by two columns and month"], statistics=STATISTICS[third::3])

    assert_equal(table(spark, events), events, request)


def test_connect(spark_connect: Any) -> None:
    """A data frame of Connect's, with text to put into NFC and identities to join; a classic session stands beside."""
    events = hostile_events(1, 100)
    chosen = (Tally(ANSWERS & Where(instrument="nps")), Clustered(ORDERS, of="amount_minor"), Distinct(Where()))
    request = attrs.evolve(REQUESTS["by two columns and month"], by=("channel",), statistics=chosen)

    assert_equal(table(spark_connect, events), events, request)


def test_connect_reads_where_it_is(spark_connect: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that speaks Connect alone, as on Databricks, reads paths in the session it has."""
    monkeypatch.setenv("SPARK_CONNECT_MODE_ENABLED", "1")  # so Spark marks such a process
    native = spark_connect.sql(
        "select 'visit.started' as kind, timestamp '2026-03-01 00:00:00 Asia/Ho_Chi_Minh' as time"
    )
    native.write.parquet(str(tmp_path / "events"))

    card = cxkit.score(tmp_path / "events", "visit_frequency", every="day", engine="spark")
    assert [str(row.period) for row in card.rows] == ["2026-02-28"]
    with pytest.raises(InvalidValueError, match=r"'the pyspark table' can't be read by spark: .*CAST_INVALID_INPUT"):
        cxkit.score(native.selectExpr("*", "cast(kind as double) as score"), "nps")


def test_only_aggregates_reach_the_driver(spark: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of ten thousand events no more rows are collected than there are groups and different values in them."""
    time, channels = datetime(2026, 3, 1, tzinfo=UTC), ("web", "app")
    events = [
        cxkit.event(
            "survey.answered", id=str(n), time=time, customer=f"c{n % 997}", channel=channels[n % 2], instrument="nps",
            score=n % 11,
        )
        for n in range(10_000)
    ]  # fmt: skip
    native, collected = table(spark, events), []
    compute = on_spark.rows

    def counting(frames: Sequence[Any]) -> list[list[Any]]:
        found = compute(frames)
        collected.extend(map(len, found))
        return found

    monkeypatch.setattr(on_spark, "rows", counting)
    card = cxkit.score(native, ["nps", "nps[interval=clustered]"], by="channel")

    assert card.rows == cxkit.score(events, ["nps", "nps[interval=clustered]"], by="channel").rows
    assert max(collected) <= 3 * 11 * 12  # channels and all, scores, and how many answers a customer has


def test_parquet_in_folders(spark: Any, tmp_path: Path) -> None:
    """A folder of partitions, by its path: Spark reads it where it computes."""
    events = [event for event in hostile_events(3) if event.kind == "order.placed"]
    table(spark, events).write.partitionBy("currency").parquet(str(tmp_path / "events"))

    on = {"by": "currency", "every": "week", "tz": "Asia/Ho_Chi_Minh"}
    card = cxkit.score(tmp_path / "events", ["revenue", "purchase_frequency"], engine="spark", **on)
    assert card.rows == cxkit.score(events, ["revenue", "purchase_frequency"], **on).rows


def test_timestamps(spark: Any) -> None:
    """Instants are read in UTC whatever the session's zone; without a zone they are refused."""
    native = spark.sql(
        "select 'visit.started' as kind, 'c' as customer, "
        "timestamp '2026-03-29 01:30:00.000001 Asia/Ho_Chi_Minh' as time"
    )
    card = cxkit.score(native, "visit_frequency", every="day")
    assert [str(row.period) for row in card.rows] == ["2026-03-28"]

    naive = spark.sql("select 'visit.started' as kind, timestamp_ntz '2026-03-29 01:30:00' as time")
    with pytest.raises(InvalidValueError, match=r"time: .*has no time zone"):
        cxkit.score(naive, "visit_frequency")


def test_what_can_not_be_read(spark: Any) -> None:
    """One sentence names the column, or says what Spark said."""
    native = table(spark, hostile_events(3)[:30])
    with pytest.raises(UnknownNameError, match=r"'chanel'.*did you mean 'channel'"):
        cxkit.score(native, "nps", by="chanel")
    nested = native.selectExpr("* except (properties)", "struct(id, kind) as basket")
    with pytest.raises(InvalidValueError, match=r"basket: .*can't be read here: cast the column"):
        cxkit.score(nested, "nps", by="basket")
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)  # the whole of Java's stack, in JSON
    failing = native.selectExpr("* except (score)", "cast(kind as double) as score")
    with pytest.raises(InvalidValueError, match=r"'the pyspark table' can't be read by spark: .*CAST_INVALID_INPUT"):
        cxkit.score(failing, "nps")
