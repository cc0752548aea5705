"""From several lines to an event: the lines of an invoice to an order."""

from __future__ import annotations

from decimal import Decimal
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import attrs

from cxkit.errors import InvalidValueError
from cxkit.recipes.assemble import DIGITS, TEXTS, assembler
from cxkit.recipes.evaluate import digits_of, number_of, text_of, time_of
from cxkit.recipes.filters import test_of
from cxkit.recipes.lines import texts_of
from cxkit.recipes.model import Column, Constant, Reduced
from cxkit.recipes.numbers import EXACT, CellError, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cxkit.files.row import Rules
    from cxkit.model.event import Event
    from cxkit.recipes.evaluate import Cells, Scope
    from cxkit.recipes.model import Rule, Value

_NUMBERS = frozenset(("amount", "amount_minor", "duration", "duration_us"))
_CURRENCY = "currency"
_PROPERTY = "properties."
_ONE = Decimal(1)


@attrs.frozen
class Group:
    """What is kept of the lines that make one event.

    Attributes:
        file: the file of its first line.
        line: that line.
        texts: the cells of which the first counts that isn't empty.
        values: what each other value has come to.
    """

    file: str
    line: int
    texts: list[str]
    values: list[Any]


class Groups:
    """The groups of one rule, over all files: their values alone are held, not their lines.

    Attributes:
        rule: the rule.
        found: the groups by their key, in the order of their first lines.
    """

    def __init__(self, rule: Rule) -> None:
        """Begin without a line; sort the values by what they ask of each line."""
        self.rule = rule
        self.found: dict[tuple[str, ...], Group] = {}
        self._constants: dict[str, str] = {}
        self._firsts: dict[str, Value | None] = {}
        self._others: dict[str, Reduced] = {}
        values = {"kind": rule.kind, **rule.columns} | {
            _PROPERTY + name: value for name, value in rule.properties.items()
        }
        for name, value in values.items():
            first = isinstance(value, Reduced) and value.how == "first" and name not in _NUMBERS
            inner = value.of if isinstance(value, Reduced) else value
            if first and isinstance(inner, Constant):
                self._constants[name] = inner.text
            elif first and isinstance(inner, Column) and name not in {*DIGITS, _CURRENCY}:
                self._firsts[name] = inner
            elif isinstance(value, Reduced):
                self._others[name] = value

    def adder(self, scope: Scope) -> Callable[[Cells, str, int], bool]:
        """Return the function that adds a line of a file, and says whether the rule's filter takes it.

        It raises InvalidValueError for a line that can't be taken, and adds nothing of it then.
        """
        found, names = self.found, self.rule.group
        test = test_of(self.rule.where, scope)
        pick = itemgetter(*(scope.places[name] for name in names))
        single = len(names) == 1
        texts = texts_of(list(self._firsts.values()), scope)
        getters = [_getter(name, value, scope) for name, value in self._others.items()]
        merge = _merger(list(self._others.values()))
        money = list(self._others).index(_CURRENCY) if _CURRENCY in self._others else -1

        def add(cells: Cells, file: str, line: int) -> bool:
            if test is not None and not test(cells):
                return False
            key = (pick(cells),) if single else pick(cells)
            values = [get(cells) for get in getters]
            group = found.get(key)
            if group is None:
                if "" in key:
                    raise CellError(names[key.index("")], "", "is empty: lines are put together by it")
                found[key] = Group(file, line, list(texts(cells)), values)
                return True
            if money >= 0 and values[money] and group.values[money] not in {"", values[money]}:
                reason = f"isn't the currency of the other lines, {group.values[money]!r}: sums are of one currency"
                raise CellError(_CURRENCY, values[money], reason)
            if "" in group.texts:
                group.texts[:] = [one or other for one, other in zip(group.texts, texts(cells), strict=True)]
            merge(group.values, values)
            return True

        return add

    def events(
        self, rules: Rules, numbers: Callable[[str, str], Decimal]
    ) -> Iterator[tuple[Group, tuple[str, ...], Event | InvalidValueError]]:
        """Give each group with its key and its event, or with the reason why it gives none."""
        assemble = assembler(self.rule, rules, numbers)
        names = (*self._firsts, *self._others)
        labels = [_PROPERTY + name for name in self.rule.properties]
        for key, group in self.found.items():
            of: dict[str, Any] = self._constants | dict(zip(names, (*group.texts, *group.values), strict=True))
            amount, duration = of.pop("amount", of.get("amount_minor")), of.get("duration", of.get("duration_us"))
            texts = [_text(of.get(name)) for name in (*TEXTS, *labels)]
            try:
                event = assemble(texts, of["time"], amount, duration)
            except InvalidValueError as error:
                yield group, key, error
            else:
                yield group, key, event


def _getter(name: str, value: Reduced, scope: Scope) -> Callable[[Cells], Any]:
    """Return the function that gives what a line adds: a text, an exact number or a time."""
    if value.of is None:
        return lambda _: _ONE
    if name == "time":
        return time_of(value.of, scope)
    if name in _NUMBERS or value.how == "total":
        return number_of(value.of, scope)
    return (digits_of if name in DIGITS else text_of)(value.of, scope)


def _merger(steps: list[Reduced]) -> Callable[[list[Any], list[Any]], None]:
    """Return the function that puts the values of a line to those of its group."""
    hows = list(enumerate(step.how for step in steps))

    def merge(kept: list[Any], values: list[Any]) -> None:
        for at, how in hows:
            value = values[at]
            if value is None or (value.__class__ is str and not value):
                continue
            known = kept[at]
            if known is None or (known.__class__ is str and not known):
                kept[at] = value
            elif how == "first":
                pass
            elif how == "earliest":
                kept[at] = min(known, value)
            elif how in {"total", "count"}:
                kept[at] = EXACT.add(known, value)
            else:
                kept[at] = max(known, value) if how == "latest" else value

    return merge


def _text(value: Any) -> str:  # noqa: ANN401 - a text, a number or nothing
    return "" if value is None else value if isinstance(value, str) else plain(value)
