"""The columns of an event table: what types they may have, and how they are made the same everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import attrs
import narwhals.stable.v2 as nw

from cxkit.engines.frame.files import Scanned
from cxkit.engines.request import segment_text
from cxkit.errors import InvalidValueError, UnknownNameError
from cxkit.model.event import COLUMNS, PPM

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Sort = Literal["text", "whole", "float", "bool", "date"]
"""What a column holds, as far as filters and segments care."""

INTEGERS: Final = frozenset({"ts_us", "amount_minor", "duration_us", "weight_ppm"})
FLOATS: Final = frozenset({"score"})
TEXTS: Final = frozenset(COLUMNS) - INTEGERS - FLOATS
# ASCII by their definition, or compared with nothing: never put into NFC.
PLAIN: Final = frozenset({"kind", "currency", "properties"})
_ABSENT: Final[dict[str, str | int]] = {"id": "", "source": "", "weight_ppm": PPM}


def whole(value: int) -> nw.Expr:
    """Return a literal of 64 bits: a shorter one would overflow when it is summed."""
    return nw.lit(value, nw.Int64)


def flag(condition: nw.Expr) -> nw.Expr:
    """Return 1 where a condition holds and 0 elsewhere, also where it is null."""
    return nw.when(condition).then(whole(1)).otherwise(whole(0))


def quotient(value: nw.Expr, power: int) -> nw.Expr:
    """Return the floor of an integer column divided by a power of two.

    Spark and PostgreSQL divide floats, which hold whole numbers up to 2⁵³; of larger ones those alone that end in
    enough zeros, as what the remainder is taken from does.
    """
    return (value - value % power) // power


def renamed(table: Any, columns: Mapping[str, str]) -> Any:  # noqa: ANN401 - native tables
    """Return a table whose columns are called as an event's.

    Args:
        table: a native table of a library that the engine works on, or what `open_paths` gives.
        columns: an event's column → what the table calls it. A column that the table calls so already is left out.

    Raises:
        InvalidValueError: no event has such a column, or two are to be made of one.
        UnknownNameError: the table has no such column.

    >>> import polars
    >>> renamed(polars.DataFrame({"user_id": ["c1"], "customer": [7]}), {"customer": "user_id"}).columns
    ['customer']
    """
    if isinstance(table, Scanned):
        return attrs.evolve(table, native=renamed(table.native, columns), names=columns)
    frame = nw.from_native(table)
    names = frame.collect_schema().names()
    for column, name in columns.items():
        if column not in {*COLUMNS, "time"}:
            raise InvalidValueError("columns", column, f"is none of an event's columns: {', '.join(COLUMNS)}, time")
        if name not in names:
            raise UnknownNameError("column", name, names)
    if len(set(columns.values())) < len(columns):
        raise InvalidValueError("columns", dict(columns), "names a column twice")
    taken = {name: column for column, name in columns.items()}
    kept = [name for name in names if name in taken or name not in columns]
    return frame.select(*[nw.col(name).alias(taken.get(name, name)) for name in kept]).to_native()


def sort_of(name: str, dtype: Any) -> Sort:  # noqa: ANN401 - narwhals' types are classes and instances
    """Say what a column holds.

    Raises:
        InvalidValueError: something that can neither be compared nor segmented by.
    """
    if any(dtype == text for text in (nw.String, nw.Unknown, nw.Categorical, nw.Enum)):
        return "text"
    if dtype == nw.Boolean:
        return "bool"
    if dtype.is_integer():
        return "whole"
    if dtype.is_float():
        return "float"
    if dtype == nw.Date:
        return "date"
    raise InvalidValueError(name, str(dtype), "is a type that can't be read here: cast the column, to text say")


def sort_of_known(name: str) -> Sort:
    """Say what one of the event's columns holds."""
    return "text" if name in TEXTS else "float" if name in FLOATS else "whole"


def known(name: str, dtype: Any) -> nw.Expr:  # noqa: ANN401 - narwhals' types are classes and instances
    """Return one of the event's columns in its type; ``dtype`` is None where the table lacks it.

    Raises:
        InvalidValueError: the table holds another type there.
    """
    absent = _ABSENT.get(name)
    wanted = nw.Int64 if name in INTEGERS else nw.Float64 if name in FLOATS else nw.String
    if dtype is None:
        return nw.lit(absent, wanted).alias(name)
    if dtype == nw.Unknown:  # nothing but nulls, or a type that narwhals has no name for, such as UUID
        column = nw.col(name).cast(wanted)
        return (column if absent is None else column.fill_null(absent)).alias(name)
    sort = sort_of(name, dtype)
    column = nw.col(name)
    if name in TEXTS:
        if sort != "text":
            raise InvalidValueError(name, str(dtype), "isn't text: cast the column")
        column = column if dtype == nw.String else column.cast(nw.String)
    elif name in INTEGERS:
        if sort != "whole":
            raise InvalidValueError(name, str(dtype), "isn't a column of whole numbers: cast it to a 64-bit integer")
        column = column if dtype == nw.Int64 else column.cast(nw.Int64)
    elif sort not in {"whole", "float"}:
        raise InvalidValueError(name, str(dtype), "isn't a column of numbers: cast it")
    else:
        column = clean(column if dtype == nw.Float64 else column.cast(nw.Float64))
    return (column if absent is None else column.fill_null(absent)).alias(name)


def clean(column: nw.Expr) -> nw.Expr:
    """Return floats with NaN as null, for NaN ≥ 9 is true on every engine, and with one zero."""
    return nw.when(column == 0.0).then(nw.lit(0.0, nw.Float64)).otherwise(nw.when(~column.is_nan()).then(column))


def further(column: nw.Expr, sort: Sort, dtype: Any) -> nw.Expr:  # noqa: ANN401 - narwhals' types are classes and instances
    """Return a column that isn't the event's, as filters and segments read it."""
    if sort == "float":
        return clean(column.cast(nw.Float64))
    if sort == "whole":
        return column.cast(nw.Int64)
    if sort == "bool" or dtype == nw.String:
        return column
    return column.cast(nw.String)


def as_key(column: nw.Expr, sort: Sort) -> nw.Expr:
    """Return a column as segments and joins need it: text without nulls, for a null equals no null in a join."""
    return (column if sort in {"text", "date"} else column.cast(nw.String)).fill_null("")


def key_reader(sort: Sort) -> Callable[[str], str | None]:
    """Return how to read a key's text as a segment's.

    >>> key_reader("float")("3.0"), key_reader("bool")("True"), key_reader("text")("") is None
    ('3', 'true', True)
    """
    if sort == "float":
        return lambda text: segment_text(float(text)) if text else None
    if sort == "bool":
        return lambda text: text.lower() or None
    return lambda text: text or None
