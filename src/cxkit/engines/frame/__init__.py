"""The frame engine: Polars tables and DuckDB relations, in memory or over Parquet files."""

from cxkit.engines.frame.collect import SUPPORTED, collect, open_paths
from cxkit.engines.frame.columns import renamed
from cxkit.engines.frame.events import table_of_events

__all__ = ["SUPPORTED", "collect", "open_paths", "renamed", "table_of_events"]
