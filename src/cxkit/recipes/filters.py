"""Conditions of a recipe as functions of a line's cells, made once for all lines."""

from __future__ import annotations

import operator
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from cxkit.files.cells import Kept
from cxkit.recipes.model import Either, Every, Not, Null, Test

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cxkit.recipes.evaluate import Cells, Scope
    from cxkit.recipes.model import Condition, Op

_NUMBERS: Final[Mapping[Op, Callable[[Decimal, Decimal], bool]]] = {
    "equal": operator.eq,
    "less": operator.lt,
    "at_most": operator.le,
    "above": operator.gt,
    "at_least": operator.ge,
}


def test_of(condition: Condition, scope: Scope) -> Callable[[Cells], bool] | None:
    """Return the function that says whether a line counts; None where every line does.

    >>> from cxkit.recipes.evaluate import Scope
    >>> from cxkit.recipes.model import Input
    >>> test_of(Test("Quantity", "above", Decimal(0)), Scope({"Quantity": 0}, Input()))(["-3"])
    False
    """
    if condition == Every(()):
        return None
    return _test(condition, scope)


def _test(condition: Condition, scope: Scope) -> Callable[[Cells], bool]:
    match condition:
        case Every(of=parts):
            return _until(False, [_test(part, scope) for part in parts])  # noqa: FBT003 - what ends it
        case Either(of=parts):
            return _among(parts, scope) or _until(True, [_test(part, scope) for part in parts])  # noqa: FBT003
        case Not(of=inner):
            test = _test(inner, scope)
            return lambda cells: not test(cells)
        case Null(column=name):
            place = scope.places[name]
            return lambda cells: not cells[place]
        case Test(column=name, op=op, operand=operand):
            if isinstance(operand, Decimal):
                return _compared(name, _NUMBERS[op], operand, scope)
            return _said(scope.places[name], op, operand)


def _until(end: bool, tests: Sequence[Callable[[Cells], bool]]) -> Callable[[Cells], bool]:  # noqa: FBT001
    """Return what asks one test after the other until one says what ends it."""

    def asked(cells: Cells) -> bool:
        for test in tests:
            if test(cells) is end:
                return end
        return not end

    return asked


def _among(parts: Sequence[Condition], scope: Scope) -> Callable[[Cells], bool] | None:
    """Return the test whether one column is one of several texts, where that is what is asked."""
    columns, wanted = set(), set()
    for part in parts:
        if not isinstance(part, Test) or part.op != "equal" or not isinstance(part.operand, str):
            return None
        columns.add(part.column)
        wanted.add(part.operand)
    if len(columns) != 1:
        return None
    place = scope.places[columns.pop()]
    return lambda cells: cells[place] in wanted


def _compared(
    column: str, compare: Callable[[Decimal, Decimal], bool], operand: Decimal, scope: Scope
) -> Callable[[Cells], bool]:
    place, numbers = scope.places[column], scope.numbers
    # Cells repeat, and comparing Decimals costs more than looking up what came of it.
    kept: Kept[str, bool] = Kept(lambda cell: cell != "" and bool(compare(numbers(column, cell), operand)))
    return lambda cells: kept[cells[place]]


def _said(place: int, op: Op, operand: str) -> Callable[[Cells], bool]:
    if op == "equal":
        return lambda cells: cells[place] == operand
    if op == "starts_with":
        return lambda cells: cells[place].startswith(operand)
    if op == "ends_with":
        return lambda cells: cells[place].endswith(operand)
    return lambda cells: operand in cells[place]
