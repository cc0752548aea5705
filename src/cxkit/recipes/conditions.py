"""The conditions of a recipe, from what TOML gives for them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from cxkit.errors import InvalidValueError
from cxkit.recipes.model import Condition, Either, Every, Not, Null, Test
from cxkit.recipes.toml import a_list, a_number, a_table, a_text, check_keys, inside, scalar

if TYPE_CHECKING:
    from cxkit.recipes.model import Op

_NUMBERS: Final[tuple[Op, ...]] = ("less", "at_most", "above", "at_least")
_TEXTS: Final[tuple[Op, ...]] = ("starts_with", "ends_with", "contains")
_TESTS: Final = ("equal", "in", *_NUMBERS, *_TEXTS, "null", "not")


def condition(place: str, given: object) -> Condition:
    """Return what a table of tests asks of a line: all of them.

    >>> condition("where", {"Quantity": {"at_least": 1}, "any": [{"Status": "paid"}, {"Status": {"null": True}}]})
    Every(of=(Test(column='Quantity', op='at_least', operand=Decimal('1')), Either(of=(...))))
    """
    parts: list[Condition] = []
    for name, asked in a_table(place, given).items():
        inner = inside(place, name)
        if name == "any":
            parts.append(
                Either(tuple(condition(f"{inner}[{n}]", each) for n, each in enumerate(a_list(inner, asked), 1)))
            )
        elif name == "not":
            parts.append(Not(condition(inner, asked)))
        else:
            parts.append(_test(inner, a_text(place, name), asked))
    return parts[0] if len(parts) == 1 else Every(tuple(parts))


def _test(place: str, column: str, asked: object) -> Condition:
    if isinstance(asked, list):
        return _in(place, column, asked)
    if not isinstance(asked, dict):
        return _equal(place, column, asked)
    check_keys(place, asked, _TESTS)
    if not asked:
        raise InvalidValueError(place, asked, f"asks for nothing: write one of {', '.join(_TESTS)}")
    tests = tuple(_one(inside(place, op), column, op, operand) for op, operand in asked.items())
    return tests[0] if len(tests) == 1 else Every(tests)


def _one(place: str, column: str, op: str, operand: object) -> Condition:
    if op == "equal":
        return _equal(place, column, operand)
    if op == "in":
        return _in(place, column, operand)
    if op == "not":
        return Not(_test(place, column, operand))
    if op == "null":
        if not isinstance(operand, bool):
            raise InvalidValueError(place, operand, "isn't true or false")
        return Null(column) if operand else Not(Null(column))
    for number_op in _NUMBERS:
        if op == number_op:
            return Test(column, number_op, a_number(place, operand))
    text_op = next(each for each in _TEXTS if each == op)
    several = operand if isinstance(operand, list) else [operand]
    tests = tuple(Test(column, text_op, a_text(place, each)) for each in a_list(place, several))
    return tests[0] if len(tests) == 1 else Either(tests)


def _in(place: str, column: str, given: object) -> Condition:
    return Either(tuple(_equal(place, column, each) for each in a_list(place, given)))


def _equal(place: str, column: str, given: object) -> Condition:
    if isinstance(given, int | Decimal) and not isinstance(given, bool):
        return Test(column, "equal", a_number(place, given))
    text = scalar(place, given)
    # An empty cell is null, so that nothing would ever be equal to an empty text.
    return Test(column, "equal", text) if text else Null(column)
