"""`Where` as an expression that is true where its Python form is, whatever the column's type."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import narwhals.stable.v2 as nw

from cxkit.engines.frame.columns import whole
from cxkit.errors import InvalidValueError
from cxkit.stats import AtLeast, Condition, Equal, In, IsNull, Less, Not

if TYPE_CHECKING:
    from cxkit.engines.frame.columns import Sort

_INT64: Final = 2**63


def expression(  # noqa: PLR0911 - one for each condition
    name: str, column: nw.Expr, sort: Sort, condition: Condition
) -> nw.Expr:
    """Return a condition on a column; where it doesn't hold it is false or null.

    Args:
        name: the column as the caller calls it, for errors.
        column: the column.
        sort: what it holds.
        condition: the condition.

    Raises:
        InvalidValueError: the bound isn't a number.
    """
    match condition:
        case Not(condition=Not(condition=inner)):
            return expression(name, column, sort, inner)
        case Not(condition=IsNull()):
            return ~column.is_null()
        case Not(condition=inner):
            return column.is_null() | ~expression(name, column, sort, inner)
        case IsNull():
            return column.is_null()
        case Equal(value=value):
            return _among(column, sort, (value,))
        case In(values=values):
            return _among(column, sort, values)
        case Less() | AtLeast() if sort in {"text", "date"}:
            return _never(column)
        case Less(bound=bound):
            return _below(name, column, sort, bound)
        case AtLeast(bound=bound):
            return ~_below(name, column, sort, bound)
        case _:
            raise InvalidValueError(name, condition, "isn't a condition that tables know")


def _among(column: nw.Expr, sort: Sort, values: tuple[Any, ...]) -> nw.Expr:
    """Compare with values of the column's own type alone: text equals no number, while 1 equals 1.0 and True."""
    if sort in {"text", "date"}:
        texts = [value for value in values if isinstance(value, str)]
        return _is_in(column, texts)
    numbers = [value for value in values if not isinstance(value, str)]
    if sort == "float":
        return _is_in(column, [float(number) for number in numbers if _is_float(number)])
    integers = [int(number) for number in numbers if -_INT64 <= number < _INT64 and number == int(number)]
    return _is_in(_number(column, sort), integers)


def _is_float(number: float) -> bool:
    try:
        return float(number) == number
    except OverflowError:
        return False


def _is_in(column: nw.Expr, values: list[Any]) -> nw.Expr:
    if not values:
        return _never(column)
    if len(values) == 1:
        return column == (whole(values[0]) if isinstance(values[0], int) else values[0])
    return column.is_in(values)


def _below(name: str, column: nw.Expr, sort: Sort, bound: Any) -> nw.Expr:  # noqa: ANN401 - whatever the caller wrote
    if isinstance(bound, str) or bound != bound:  # noqa: PLR0124 - NaN
        raise InvalidValueError(name, bound, "is no bound: compare with a number")
    if sort == "float":
        return column < _least_float_from(bound)
    if bound <= -_INT64:
        return _never(column)
    if bound >= _INT64:
        return ~_never(column)
    return _number(column, sort) < whole(math.ceil(bound))


def _least_float_from(bound: float) -> float:
    """Return the least float that isn't below a bound, which may be an integer that no float is equal to."""
    try:
        found = float(bound)
    except OverflowError:
        return math.inf if bound > 0 else -math.inf
    return found if found >= bound else math.nextafter(found, math.inf)


def _number(column: nw.Expr, sort: Sort) -> nw.Expr:
    return column.cast(nw.Int64) if sort == "bool" else column


def _never(column: nw.Expr) -> nw.Expr:
    """Return false, and null for a null."""
    return column != column  # noqa: PLR0124 - floats hold no NaN here
