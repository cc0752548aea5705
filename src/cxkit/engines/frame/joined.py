"""What can be done by a join on every library, for those without a quicker way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals.stable.v2 as nw

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cxkit.engines.frame.backend import Columns, LazyFrame


def replaced_by_join(
    beside: Callable[[LazyFrame, Columns, Columns], LazyFrame],
    frame: LazyFrame,
    column: str,
    mapping: Mapping[str, str],
) -> LazyFrame:
    """Replace the texts of a column that a mapping knows.

    Args:
        beside: the library's function that makes a small table.
        frame: the table.
        column: its column.
        mapping: a text → what replaces it.
    """
    small = beside(frame, {column: [*mapping], "cx_replaced": [*mapping.values()]}, {})
    joined = frame.join(small, on=column, how="left")
    return joined.with_columns(nw.coalesce(nw.col("cx_replaced"), nw.col(column)).alias(column)).drop("cx_replaced")
