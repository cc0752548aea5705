"""The example of a cluster does what it says."""

from __future__ import annotations

import os
import re
from collections import Counter
from pathlib import Path

import pytest
from tests.servers.spark import EXECUTORS, need_spark, submit

import cxkit

pytest.importorskip("pyspark", reason="pip install 'cxkit[spark]'")
pytest.importorskip("polars", reason="pip install 'cxkit[frame]'")
pytest.importorskip("duckdb", reason="pip install 'cxkit[frame]'")

import polars as pl
from examples import spark_submit

pytestmark = [
    pytest.mark.xdist_group("spark"),
    pytest.mark.skipif(os.name == "nt", reason="a shell starts the executors' Python"),
]


def test_two_executors_make_the_identical_card(tmp_path):
    """They read the partitions and give aggregates alone, without cxkit, and the card is DuckDB's."""
    need_spark()
    folder, cluster, saved = tmp_path / "events", tmp_path / "cluster", tmp_path / "states.json"
    for path in (folder, cluster):
        path.mkdir()
    spark_submit.write_year(str(folder))
    # One customer, in two spellings: the executors' Python puts text into NFC.
    year = pl.read_parquet(f"{folder}/*/*.parquet", hive_partitioning=False)
    two = year.filter(pl.col("kind") == "order.placed").head(2)
    (folder / "month=13").mkdir()
    two.with_columns(customer=pl.Series(["Hu\u1ec7", "Hue\u0323\u0302"]), id=pl.Series(["a", "b"])).write_parquet(
        folder / "month=13" / "events.parquet"
    )

    printed, log = submit(Path(spark_submit.__file__), folder, saved, folder=cluster)

    expected = cxkit.score(folder, engine="duckdb", **spark_submit.ASKED)
    assert cxkit.States.load(saved).to_json() == expected.states.to_json()
    assert str(expected) in printed

    cells = year.select(pl.col("channel"), pl.from_epoch("ts_us", "us").dt.quarter()).n_unique() + 4
    orders = year.filter(pl.col("kind") == "order.placed").group_by("customer").len()
    values = max(year["score"].n_unique(), orders["len"].n_unique())
    statistics, rows = re.search(r"spark: (\d+) statistics in .*; ([\d,]+) rows came back", printed).groups()
    assert int(rows.replace(",", "")) <= int(statistics) * cells * values < year.height

    tasks = Counter(event["Task Info"]["Executor ID"] for event in log if event["Event"] == "SparkListenerTaskEnd")
    assert set(tasks) == {str(number) for number in range(EXECUTORS)}
