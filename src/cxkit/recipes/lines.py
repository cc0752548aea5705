"""From a line to an event, where each line is its own."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING

from cxkit.recipes.assemble import DIGITS, TEXTS, assembler
from cxkit.recipes.evaluate import digits_of, number_of, text_of, time_of
from cxkit.recipes.filters import test_of
from cxkit.recipes.model import Column, Constant

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from cxkit.files.row import Rules
    from cxkit.model.event import Event
    from cxkit.recipes.evaluate import Cells, Scope, TextOf
    from cxkit.recipes.model import Rule, Value


def line_maker(rule: Rule, scope: Scope, rules: Rules) -> Callable[[Cells], Event | None]:
    r"""Return the function that makes the event of a line; None where the rule's filter leaves the line out.

    It raises InvalidValueError for a cell that can't be taken.

    >>> from cxkit.files.row import Rules
    >>> from cxkit.recipes.load import loads
    >>> rule = loads('name = "x"\n[[events]]\nkind = "visit.started"\ntime = "at"\ncustomer = "who"').events[0]
    >>> from cxkit.recipes.evaluate import Scope
    >>> from cxkit.recipes.model import Input
    >>> line_maker(rule, Scope({"at": 0, "who": 1}, Input(), "UTC"), Rules())(["2026-01-31", "c42"]).customer
    'c42'
    """
    test = test_of(rule.where, scope)
    given = rule.columns
    money = given.get("amount", given.get("amount_minor"))
    # An amount that is one cell is looked up by its text; a computed one is a number before it is anything.
    cell = money if isinstance(money, Column) else None
    values = [rule.kind, *(given.get(name) for name in TEXTS[1:-1]), cell, *rule.properties.values()]
    texts = texts_of(values, scope, {TEXTS.index(name) for name in DIGITS})
    time = time_of(rule.columns["time"], scope)
    amount = None if money is None or cell is not None else number_of(money, scope)
    span = given.get("duration", given.get("duration_us"))
    duration = None if span is None else number_of(span, scope)
    assemble = assembler(rule, rules, scope.numbers)

    def make(cells: Cells) -> Event | None:
        if test is not None and not test(cells):
            return None
        return assemble(
            texts(cells),
            time(cells),
            None if amount is None else amount(cells),
            None if duration is None else duration(cells),
        )

    return make


def texts_of(
    values: Sequence[Value | None], scope: Scope, digits: Collection[int] = ()
) -> Callable[[Cells], Sequence[str]]:
    """Return the function that gives several values as texts at once; None is the empty one.

    Constants and computed values stand as further cells behind the line's own, so that one look-up gets them all.

    Args:
        values: the values.
        scope: what they are made from.
        digits: which of them are numbers, to be written with a decimal point.
    """
    more: list[str] = [""]
    computed: list[TextOf] = []
    waiting: list[int] = []
    places: list[int] = []
    for at, value in enumerate(values):
        if isinstance(value, Column) and (at not in digits or scope.standard):
            places.append(scope.places[value.name])
        elif value is None:
            places.append(scope.width)
        elif isinstance(value, Constant):
            places.append(scope.width + len(more))
            more.append(value.text)
        else:
            waiting.append(at)
            places.append(-1)
            computed.append((digits_of if at in digits else text_of)(value, scope))
    for number, at in enumerate(waiting):
        places[at] = scope.width + len(more) + number
    if len(places) < 2:  # noqa: PLR2004 - of which itemgetter would make no tuple
        return lambda cells: [(*cells, *more, *[each(cells) for each in computed])[place] for place in places]
    pick = itemgetter(*places)
    if max(places) < scope.width:
        return pick
    if computed:
        return lambda cells: pick((*cells, *more, *[each(cells) for each in computed]))
    return lambda cells: pick((*cells, *more))
