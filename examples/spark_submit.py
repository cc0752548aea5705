"""Score partitioned Parquet on a cluster: ``spark-submit examples/spark_submit.py FOLDER STATES.json``.

The folder is one that all machines see, on a shared disk or in a bucket; without it a simulated year is scored.
STATES.json gets what the card is made from, to be merged with what is scored later. Only the driver, where this runs,
needs cxkit: to the executors go Spark's own plans.
"""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pyspark.sql import SparkSession

import cxkit
from cxkit.files import write_events
from cxkit.simulate import simulate_shop

ASKED: dict[str, Any] = {
    "metrics": ["nps", "revenue", "repeat_purchase_rate"],
    "by": "channel",
    "every": "quarter",
}


def write_year(folder: str) -> str:
    """Write a simulated year as one file a month, each in a folder of its own; return their folder."""
    for month, events in groupby(simulate_shop(customers=200), key=lambda event: event.time.month):
        part = Path(folder) / f"month={month}"
        part.mkdir()
        write_events(events, part / "events.parquet")
    return folder


def main() -> None:
    """Score, show the card, and say what came back from the cluster."""
    with TemporaryDirectory() as made:
        folder = sys.argv[1] if len(sys.argv) > 1 else write_year(made)
        spark = SparkSession.builder.getOrCreate()
        events = spark.read.parquet(folder)  # any data frame will do: a table of Hive's, Delta's or Iceberg's
        card = cxkit.score(events, **ASKED)
        print(card, *card.work, sep="\n")
        if len(sys.argv) > 2 and card.states is not None:
            card.states.save(sys.argv[2])
        spark.stop()


if __name__ == "__main__":
    main()
