"""Typed values as the cells of a flat file: what Parquet, workbooks and JSON hold."""

from __future__ import annotations

import json
from datetime import date, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from cxkit.files.objects import Written

_KEPT = 2**16


def cell_of(value: Any, decimal: str = ".") -> str:  # noqa: ANN401 - whatever a typed file holds
    """Return a typed value as the cell of a flat file would hold it, with the recipe's decimal sign.

    >>> cell_of(12.5, ","), cell_of(True), cell_of(None), cell_of(float("nan")), cell_of(date(2026, 1, 31))
    ('12,5', 'true', '', '', '2026-01-31')
    """
    if isinstance(value, str):
        return value
    if value is None or value != value:  # noqa: PLR0124 - NaN is how tables write that nothing is there
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, timedelta):
        value = Decimal(value // timedelta(microseconds=1)).scaleb(-6)
    if isinstance(value, int | float | Decimal):
        return _digits(value).replace(".", decimal)
    return value.isoformat() if isinstance(value, date | time) else json.dumps(value, ensure_ascii=False, default=str)


def _digits(number: float | Decimal) -> str:
    if isinstance(number, Written):
        return number.text
    return format(number, "f") if isinstance(number, Decimal) else repr(number)


def cells_of(column: Any, decimal: str) -> list[str]:  # noqa: ANN401 - pyarrow has no types
    """Return the values of an Arrow column as cells."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_integer(kind):
        column, kind = column.cast(pa.string()), pa.string()
    values = column.to_pylist()
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return ["" if value is None else value for value in values]
    if not pa.types.is_float64(kind):
        return [cell_of(value, decimal) for value in values]
    # Prices repeat: a look-up is quicker than writing a number.
    written = lru_cache(_KEPT)(lambda value: cell_of(value, decimal))
    return list(map(written, values))
