"""The row engine: pure Python over events in memory or in a stream."""

from cxkit.engines.rows.collect import SUPPORTED, collect

__all__ = ["SUPPORTED", "collect"]
