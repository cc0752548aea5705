"""The values of a recipe, from what TOML gives for them."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal

import attrs

from cxkit.errors import InvalidValueError
from cxkit.recipes.model import (
    REDUCED,
    Column,
    Constant,
    FirstOf,
    Later,
    Product,
    Reduced,
    Renamed,
    Sum,
    Template,
    Value,
    Whole,
)
from cxkit.recipes.times import check_format
from cxkit.recipes.toml import Table, a_list, a_number, a_table, a_text, a_zone, check_keys, hint, inside, one_or_more
from cxkit.recipes.toml import scalar as scalar_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cxkit.recipes.model import How

Sort = Literal["text", "number", "time"]
"""What a value is to be: it decides which keys may stand in its table."""

_HEADS: Final = (
    "column", "constant", "product", "sum", "text", "first_of", "first", "last", "total", "count", "earliest", "latest",
)  # fmt: skip
_REDUCERS: Final[Mapping[Sort, tuple[How, ...]]] = {
    "text": ("first", "last", "total", "count"),
    "number": ("first", "last", "total", "count"),
    "time": ("earliest", "latest"),
}
_FIELD = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


@attrs.frozen
class Reader:
    """Reads the values of one event.

    Attributes:
        values: the renamings that the recipe names.
        grouped: whether lines are put together into one event.
    """

    values: Mapping[str, Mapping[str, str]]
    grouped: bool

    def column(self, place: str, name: str, given: object, sort: Sort) -> Value:
        """Return the value of a column of the event."""
        if not self.grouped:
            return self.value(place, given, sort)
        if isinstance(given, dict):
            heads = [how for how in _REDUCERS[sort] if how in given]
            if len(heads) == 1 and len(given) == 1:
                return self._reduced(place, heads[0], given[heads[0]], sort)
        value = self.value(place, given, sort)
        # What is the same in every line is so once in the event, and isn't added up.
        how = "first" if isinstance(value, Constant) and sort != "time" else REDUCED.get(name, "first")
        return Reduced(how, value)

    def _reduced(self, place: str, how: How, given: object, sort: Sort) -> Reduced:
        inner = inside(place, how)
        if how == "count":
            if given is not True:
                raise InvalidValueError(inner, given, "must be true: lines are counted, all there are")
            return Reduced("count", None)
        return Reduced(how, self.value(inner, given, "number" if how == "total" else sort))

    def value(self, place: str, given: object, sort: Sort) -> Value:
        """Return a value of one line.

        Raises:
            InvalidValueError: it isn't one; the place is named.
        """
        if isinstance(given, str):
            return Column(a_text(place, given))
        if not isinstance(given, dict):
            shown = scalar_of(place, given) if isinstance(given, bool | int | Decimal) else "…"
            reason = f"isn't the name of a column: for the same in every line write {{ constant = {shown} }}"
            raise InvalidValueError(place, given, reason)
        heads = [head for head in _HEADS if head in given]
        if len(heads) != 1:
            known = _HEADS[:6]
            if not heads and given:
                key = next(iter(given))
                raise InvalidValueError(place, key, f"isn't a key that says what the value is{hint(key, known)}")
            says = f"says {' and '.join(heads)} at once" if heads else "says nothing"
            raise InvalidValueError(place, given, f"{says}: it needs one of {', '.join(known)}")
        (head,) = heads
        if head not in _HEADS[:6]:
            where = "stands alone in its table, at the top of a column" if self.grouped else "needs lines: add group"
            raise InvalidValueError(place, head, f"{where}; of a {sort} it is one of {', '.join(_REDUCERS[sort])}")
        return self._of_table(place, given, head, sort)

    def _of_table(self, place: str, given: Table, head: str, sort: Sort) -> Value:
        more = ("format", "tz") if sort == "time" and head == "column" else ()
        check_keys(place, given, (head, "values", "default", *(("plus",) if sort == "time" else ("whole",)), *more))
        value = self._head(inside(place, head), given, head, sort)
        if "whole" in given:
            if given["whole"] is not True:
                raise InvalidValueError(inside(place, "whole"), given["whole"], "must be true, or be left out")
            value = Whole(value)
        if "values" in given or "default" in given:
            default = given.get("default")
            names = self._names(inside(place, "values"), given["values"]) if "values" in given else {}
            value = Renamed(value, names, None if default is None else scalar_of(inside(place, "default"), default))
        if "plus" in given:
            value = Later(value, self.value(inside(place, "plus"), given["plus"], "number"))
        return value

    def _head(self, place: str, given: Table, head: str, sort: Sort) -> Value:
        content = given[head]
        if head == "column":
            formats = one_or_more(place, given["format"]) if "format" in given else ()
            return Column(
                a_text(place, content),
                tuple(check_format(place, fmt) for fmt in formats),
                a_zone(place, given["tz"]) if "tz" in given else None,
            )
        if head == "constant":
            text = scalar_of(place, content)
            if not text:
                raise InvalidValueError(place, content, "is empty: leave the column out")
            return Constant(text)
        if head == "text":
            return _template(place, a_text(place, content))
        if head == "first_of":
            return FirstOf(tuple(self.value(f"{place}[{n}]", each, sort) for n, each in _numbered(place, content)))
        if sort == "time":
            raise InvalidValueError(place, content, "isn't a time: a time is a column, first_of several, or a constant")
        parts = tuple(self._factor(f"{place}[{n}]", each) for n, each in _numbered(place, content))
        return Product(parts) if head == "product" else Sum(parts)

    def _factor(self, place: str, given: object) -> Value:
        if isinstance(given, int | Decimal) and not isinstance(given, bool):
            return Constant(format(a_number(place, given), "f"))
        return self.value(place, given, "number")

    def _names(self, place: str, given: object) -> Mapping[str, str]:
        if isinstance(given, str):
            if given not in self.values:
                raise InvalidValueError(place, given, f"isn't a table of [values]{hint(given, self.values)}")
            return self.values[given]
        return renaming(place, given)


def _numbered(place: str, given: object) -> list[tuple[int, Any]]:
    return list(enumerate(a_list(place, given), 1))


def renaming(place: str, given: object) -> dict[str, str]:
    """Return new names by old ones.

    >>> renaming("values.stars", {"five": 5, "none": ""})
    {'five': '5', 'none': ''}
    """
    return {old: scalar_of(inside(place, old), new) for old, new in a_table(place, given).items()}


def _template(place: str, text: str) -> Template:
    """Return the parts of a template: columns in braces, and braces themselves doubled.

    >>> _template("reference", "{Order}-{{x}}").parts
    (Column(name='Order', formats=(), tz=None), '-{x}')
    """
    parts: list[str | Column] = []
    at = 0
    for found in _FIELD.finditer(text):
        parts.append(text[at : found.start()])
        at = found.end()
        if found[0] in {"{{", "}}"}:
            parts.append(found[0][0])
        elif found[1]:
            parts.append(Column(found[1]))
        else:
            reason = "has a brace that names no column: write {Column}, and double a brace that is text"
            raise InvalidValueError(place, text, reason)
    parts.append(text[at:])
    joined: list[str | Column] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        elif part:
            joined.append(part)
    if not any(isinstance(part, Column) for part in joined):
        raise InvalidValueError(place, text, "names no column: write { constant = … } for the same in every line")
    return Template(tuple(joined))
