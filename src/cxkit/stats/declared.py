"""Declarations of statistics as JSON: what a saved state is a state of must be said as exactly as the state itself."""

from __future__ import annotations

from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, Any, Final

import attrs

from cxkit.errors import InvalidValueError
from cxkit.stats.by import By
from cxkit.stats.clustered import Clustered
from cxkit.stats.cohorts import Cohorts
from cxkit.stats.distinct import Distinct
from cxkit.stats.frequency import Frequency
from cxkit.stats.moments import Moments
from cxkit.stats.returns import Returns
from cxkit.stats.sketch import Sketch
from cxkit.stats.spans import Spans, Unless
from cxkit.stats.state import Statistic
from cxkit.stats.tally import Tally
from cxkit.stats.where import AtLeast, Condition, Equal, In, IsNull, Less, Not, Where

if TYPE_CHECKING:
    from collections.abc import Mapping

STATISTICS: Final[Mapping[str, type[Statistic]]] = {
    each.name: each for each in (By, Clustered, Cohorts, Distinct, Frequency, Moments, Returns, Sketch, Spans, Tally)
}
"""The statistics by their names."""
_CONDITIONS: Final[Mapping[str, type[Condition]]] = {
    "equal": Equal, "in": In, "less": Less, "at_least": AtLeast, "is_null": IsNull, "not": Not,
}  # fmt: skip
_NAMES: Final = {condition: name for name, condition in _CONDITIONS.items()}


def declaration(statistic: Statistic) -> dict[str, Any]:
    """Return what json.dumps can write of a statistic's declaration; `declared` reads it back.

    Raises:
        InvalidValueError: the statistic is none of cxkit's.

    >>> declaration(Distinct(Where(kind="order.placed")))
    {'statistic': 'distinct', 'where': {'where': [['kind', ['equal', 'order.placed']]]}, 'of': 'customer'}
    """
    if STATISTICS.get(statistic.name) is not type(statistic):
        raise InvalidValueError("statistic", statistic, "is none that can be saved")
    return {"statistic": statistic.name, **_fields(statistic)}


def _fields(declared: Any) -> dict[str, Any]:  # noqa: ANN401 - an attrs object
    return {field.name: _written(getattr(declared, field.name)) for field in attrs.fields(type(declared))}


def _written(value: Any) -> Any:  # noqa: ANN401 - a field's value
    if isinstance(value, Where):
        return {"where": [[column, _condition(condition)] for column, condition in value.conditions]}
    if isinstance(value, Unless):
        return {"unless": _fields(value)}
    if isinstance(value, tuple):
        return [_written(each) for each in value]
    return declaration(value) if isinstance(value, Statistic) else value


def _condition(condition: Condition) -> list[Any]:
    name = _NAMES[type(condition)]
    match condition:
        case Not():
            return [name, _condition(condition.condition)]
        case In():
            return [name, list(condition.values)]
        case IsNull():
            return [name]
    return [name, *attrs.astuple(condition)]  # type: ignore[arg-type]  # the others are attrs classes of one field


def declared(data: Any) -> Statistic:  # noqa: ANN401 - JSON
    """Return the statistic of what `declaration` wrote.

    Raises:
        KeyError, TypeError, ValueError: it isn't a declaration.

    >>> orders = Distinct(Where(kind="order.placed"))
    >>> declared(declaration(orders)) == orders
    True
    """
    fields = {name: _read(value) for name, value in data.items() if name != "statistic"}
    return STATISTICS[data["statistic"]](**fields)


def _read(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, list):
        return tuple(map(_read, value))
    if not isinstance(value, dict):
        return value
    if "where" in value and "statistic" not in value:
        # One by one: a column may have several conditions.
        return reduce(and_, (Where(**{column: _tested(test)}) for column, test in value["where"]), Where())
    if "unless" in value:
        return Unless(**{name: _read(each) for name, each in value["unless"].items()})
    return declared(value)


def _tested(test: list[Any]) -> Condition:
    name, *values = test
    if name == "not":
        return Not(_tested(values[0]))
    return _CONDITIONS[name](*values)
