"""The frame engine: Polars tables and DuckDB relations, in memory or over Parquet files."""

from cxkit.engines.frame.collect import SUPPORTED, collect, open_path
from cxkit.engines.frame.events import table_of_events

__all__ = ["SUPPORTED", "collect", "open_path", "table_of_events"]
