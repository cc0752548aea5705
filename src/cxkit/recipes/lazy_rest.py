"""The few lines of a file that aren't plain: they go the way that all lines go on the row engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from cxkit.errors import InvalidValueError
from cxkit.files.ids import Ids
from cxkit.recipes.flat import row_json
from cxkit.recipes.groups import Groups
from cxkit.recipes.lazy_events import WAITING
from cxkit.recipes.lines import line_maker
from cxkit.recipes.numbers import number_reader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cxkit.files.row import Rules
    from cxkit.model.event import Event
    from cxkit.recipes.layout import Layout
    from cxkit.recipes.lazy_columns import Sheet
    from cxkit.recipes.model import Recipe, Rule


class Put(Ids):
    """Puts off the ids of events until all are there: the first of two that are alike need not be made first."""

    def of(self, content: str) -> str:
        """Return the content, marked."""
        return WAITING + content


@attrs.frozen
class Rest:
    """What became of some lines.

    Attributes:
        events: the events, and where each stands among all: a place, and one beside it.
        rejects: lines that can't be taken: number, reason, and the whole as JSON.
        refused: groups that give no event, likewise; they are told after all lines.
        left_out: how many of the lines no filter took.
    """

    events: list[tuple[int, int, Event]]
    rejects: list[tuple[int, InvalidValueError, str]]
    refused: list[tuple[int, InvalidValueError, str]]
    left_out: int


def by_rows(  # noqa: C901, PLR0912, PLR0913 - the loop of `RecipeReading`, over fewer lines
    sheet: Sheet, laid: Layout, recipe: Recipe, rules: Rules, *, odd: set[int], shared: Mapping[int, set[int]]
) -> Rest:
    """Return the events of lines that aren't plain.

    Args:
        sheet: the lines of the file.
        laid: how they are made whole.
        recipe: the recipe.
        rules: how events are made.
        odd: the lines, by their places, that go to every rule.
        shared: by the place of a rule with groups, further lines that go to it alone.
    """
    rules = attrs.evolve(rules, ids=Put())
    makers = [(place, line_maker(rule, laid.scope, rules)) for place, rule in _of(recipe, grouped=False)]
    groups = [(place, Groups(rule)) for place, rule in _of(recipe, grouped=True)]
    adders = [(place, each.adder(laid.scope)) for place, each in groups]
    rest = Rest([], [], [], 0)
    left_out = 0
    for at, given in sheet.given(sorted(odd.union(*shared.values()))):
        line = sheet.numbers[at]
        try:
            cells = laid.complete(given)
        except InvalidValueError as error:
            rest.rejects.append((line, error, row_json(sheet.names, given)))
            continue
        failed: InvalidValueError | None = None
        taken = False
        for place, make in makers if at in odd else ():
            try:
                event = make(cells)
            except InvalidValueError as error:
                failed = failed or error
            else:
                if event is not None:
                    taken = True
                    rest.events.append((at, place, event))
        for place, add in adders:
            if at in odd or at in shared.get(place, ()):
                try:
                    taken = add(cells, "", at) or taken
                except InvalidValueError as error:
                    failed = failed or error
        if failed is not None:
            rest.rejects.append((line, failed, row_json(sheet.names, given)))
        elif at in odd and not taken:
            left_out += 1
    n, numbers = len(sheet.numbers), number_reader(recipe.input)
    for place, each in groups:
        for group, key, found in each.events(rules, numbers):
            if isinstance(found, InvalidValueError):
                rest.refused.append((sheet.numbers[group.line], found, row_json(each.rule.group, key)))
            else:
                rest.events.append((n + place, group.line, found))
    return attrs.evolve(rest, left_out=left_out)


def _of(recipe: Recipe, *, grouped: bool) -> list[tuple[int, Rule]]:
    return [(place, rule) for place, rule in enumerate(recipe.events) if bool(rule.group) is grouped]
