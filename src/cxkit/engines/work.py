"""What an engine did for a request: how often it read the data, and how much of it."""

from __future__ import annotations

import attrs


@attrs.frozen
class Work:
    """What was done.

    Attributes:
        statistics: how many there were to compute.
        passes: how often the data was gone through; all else was computed of what was kept then.
        columns: those that were read, sorted; None where events were gone through as they are.
        queries: how many group-bys were computed of what was kept.
        rows: how many rows they gave, that is all that came out of the engine.
    """

    statistics: int
    passes: int
    columns: tuple[str, ...] | None = None
    queries: int = 0
    rows: int = 0

    def told(self, engine: str) -> tuple[str, ...]:
        """Return it in sentences.

        >>> Work(7, 1).told("rows")
        ('rows: 7 statistics together in 1 pass over the events',)
        >>> read, computed = Work(7, 2, ("kind", "ts_us"), 9, 1200).told("polars")
        >>> read
        'polars: 2 passes over the data, of which 2 columns are read: kind, ts_us'
        >>> computed
        'polars: 7 statistics in 9 queries of what was kept; 1,200 rows came back'
        """
        passes = f"{self.passes} pass{'es' if self.passes > 1 else ''}"
        statistics = f"{self.statistics} statistic{'s' if self.statistics > 1 else ''}"
        if self.columns is None:
            return (f"{engine}: {statistics} together in {passes} over the events",)
        columns = f"{len(self.columns)} columns are read: {', '.join(self.columns)}"
        rows = f"{self.queries} queries of what was kept; {self.rows:,} rows came back"
        return (
            f"{engine}: {passes} over the data, of which {columns}",
            f"{engine}: {statistics} in {rows}",
        )
