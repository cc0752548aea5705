"""Where: the filter language, a small closed set of conditions on columns.

A condition is true or false, never unknown: a null equals nothing, is in nothing, is less than nothing and at least
nothing, so its negations are true of a null. Every engine keeps to that, whatever its SQL would do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Protocol

import attrs

from cxkit.errors import InvalidValueError

_NOT_COMPARABLE: Final = "can't stand in a filter: compare with text, a number, True or False, or use IsNull()"
_NUMBERS: Final = (int, float)
Get = Callable[[str], Any]

if TYPE_CHECKING:
    from collections.abc import Iterable


class Condition(Protocol):
    """One test of one column's value."""

    def holds(self, value: Any) -> bool:  # noqa: ANN401 - a column holds anything
        """Say whether the condition is true of a value."""
        ...


def _in_order(values: Iterable[Any]) -> tuple[str | float, ...]:
    """Return the values once each, sorted: two lists that hold the same are equal."""
    listed = list(values)
    for value in listed:
        if not isinstance(value, str | int | float):
            raise InvalidValueError("values", value, _NOT_COMPARABLE)
    return tuple(sorted(set(listed), key=lambda value: (isinstance(value, str), value)))


@attrs.frozen
class Equal:
    """The value is this one."""

    value: str | float

    def holds(self, value: object) -> bool:
        """Compare; a null equals nothing."""
        return value is not None and value == self.value


@attrs.frozen
class In:
    """The value is one of these."""

    values: tuple[str | float, ...] = attrs.field(converter=_in_order)

    def holds(self, value: object) -> bool:
        """Look it up; a null is in nothing."""
        return value is not None and value in self.values


@attrs.frozen
class Less:
    """The value is below a bound."""

    bound: float

    def holds(self, value: object) -> bool:
        """Compare; a null, or text, is less than nothing."""
        return isinstance(value, _NUMBERS) and value < self.bound


@attrs.frozen
class AtLeast:
    """The value is a bound or above it."""

    bound: float

    def holds(self, value: object) -> bool:
        """Compare; a null, or text, is at least nothing."""
        return isinstance(value, _NUMBERS) and value >= self.bound


@attrs.frozen
class IsNull:
    """There is no value."""

    def holds(self, value: object) -> bool:
        """Say whether it is missing."""
        return value is None


@attrs.frozen
class Not:
    """A condition isn't true; it is then true of a null, unless the condition asks for one."""

    condition: Condition

    def holds(self, value: object) -> bool:
        """Turn it round."""
        return not self.condition.holds(value)


CONDITIONS = (Equal, In, Less, AtLeast, IsNull, Not)


def _condition(column: str, value: object) -> Condition:
    if isinstance(value, CONDITIONS):
        return value
    if isinstance(value, str | int | float):
        return Equal(value)
    if isinstance(value, tuple | list | set | frozenset):
        return In(value)
    raise InvalidValueError(column, value, _NOT_COMPARABLE)


@attrs.frozen(init=False)
class Where:
    """The events whose columns all meet their conditions.

    A plain value means `Equal`, a tuple or list of values means `In`. ``Where()`` is every event. Columns are those of
    an event, or any property or further column of a table.

    Attributes:
        conditions: (column, condition) pairs, sorted, so that two filters that say the same are equal.

    Raises:
        InvalidValueError: a value that no column can be compared with.

    >>> promoters = Where(kind="survey.answered", instrument="nps", score=AtLeast(9))
    >>> promoters.kinds
    frozenset({'survey.answered'})
    >>> promoters.holds({"kind": "survey.answered", "instrument": "nps", "score": 9.0}.get)
    True
    """

    conditions: tuple[tuple[str, Condition], ...]

    def __init__(self, /, **columns: object) -> None:
        """Put the conditions in order."""
        pairs = [(column, _condition(column, value)) for column, value in columns.items()]
        self.__attrs_init__(tuple(sorted(pairs, key=lambda pair: (pair[0], repr(pair[1])))))

    def __and__(self, other: Where) -> Where:
        """Return the events that meet both.

        >>> len((Where(kind="visit.started") & Where(channel="web")).conditions)
        2
        """
        both = dict.fromkeys((*self.conditions, *other.conditions))
        made = Where.__new__(Where)
        made.__attrs_init__(tuple(sorted(both, key=lambda pair: (pair[0], repr(pair[1])))))
        return made

    def holds(self, get: Get) -> bool:
        """Say whether the filter is true of an event, given a function from column to value."""
        return all(condition.holds(get(column)) for column, condition in self.conditions)

    @property
    def kinds(self) -> frozenset[str] | None:
        """The only kinds that can pass, or None where any can."""
        found: frozenset[str] | None = None
        for column, condition in self.conditions:
            if column == "kind" and isinstance(condition, Equal | In):
                values = (condition.value,) if isinstance(condition, Equal) else condition.values
                kinds = frozenset(str(value) for value in values)
                found = kinds if found is None else found & kinds
        return found

    @property
    def columns(self) -> frozenset[str]:
        """The columns it reads."""
        return frozenset(column for column, _ in self.conditions)

    @property
    def beyond_kind(self) -> tuple[tuple[str, Condition], ...]:
        """The conditions that a look at `kinds` doesn't settle already."""
        return tuple(
            (column, condition)
            for column, condition in self.conditions
            if not (column == "kind" and isinstance(condition, Equal | In))
        )
