"""Values of a recipe as functions of a line's cells, made once for all lines."""

from __future__ import annotations

import re
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import attrs

from cxkit.errors import InvalidValueError
from cxkit.files.cells import Kept, instant_us, us_of_seconds
from cxkit.model.text import check_text
from cxkit.recipes.model import (
    Column,
    Constant,
    FirstOf,
    Input,
    Later,
    Product,
    Renamed,
    Sum,
    Template,
    Whole,
    named,
)
from cxkit.recipes.numbers import EXACT, CellError, number_reader, plain
from cxkit.recipes.times import time_reader

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from decimal import Decimal

    from cxkit.recipes.model import Value

    Cells = Sequence[str]
    TextOf = Callable[[Cells], str]
    NumberOf = Callable[[Cells], Decimal | None]
    TimeOf = Callable[[Cells], int | None]

_standard = number_reader(Input())
_WHOLE = re.compile(r"[+-]?[0-9]+(?:\.0*)?")


@attrs.frozen
class Scope:
    """What values are made from.

    Attributes:
        places: where each column stands in the cells of a line.
        reading: how the file is read.
        tz: the zone of times without offset, where a column names none itself.
        width: how many cells a line has.
        numbers: reads (column, cell) as a number.
    """

    places: Mapping[str, int]
    reading: Input
    tz: str | None = None
    width: int = attrs.field(default=attrs.Factory(lambda self: len(self.places), takes_self=True))
    numbers: Callable[[str, str], Decimal] = attrs.field(
        default=attrs.Factory(lambda self: number_reader(self.reading), takes_self=True)
    )

    @property
    def standard(self) -> bool:
        """Whether numbers are written as event files write them."""
        return self.reading.decimal == "." and not self.reading.thousands


def source_of(value: Value) -> str | None:
    """Return the one column that a value is taken from, for errors to name it; None where there are more or none.

    >>> source_of(Whole(Column("Customer ID"))), source_of(Constant("GBP"))
    ('Customer ID', None)
    """
    found = set(named(value))
    return found.pop() if len(found) == 1 and not isinstance(value, Product | Sum | Template) else None


def digits_of(value: Value, scope: Scope) -> TextOf:
    """Return the function that gives a number as text with a decimal point, as the cells of event files have it."""
    if scope.standard:
        return text_of(value, scope)  # whatever it is: the column that it is for says what it takes
    number = number_of(value, scope)
    return lambda cells: "" if (found := number(cells)) is None else plain(found)


def text_of(value: Value, scope: Scope) -> TextOf:  # noqa: PLR0911 - one for each form
    """Return the function that gives a value as text; the empty text is null.

    >>> scope = Scope({"Order": 0, "Line": 1}, Input())
    >>> text_of(Template((Column("Order"), "-", Column("Line"))), scope)(["7", "2"])
    '7-2'
    """
    match value:
        case Column(name=name):
            return itemgetter(scope.places[name])
        case Constant(text=text):
            return lambda _: text
        case Product() | Sum():
            number = number_of(value, scope)
            return lambda cells: "" if (found := number(cells)) is None else plain(found)
        case Template(parts=parts):
            return _template(parts, scope)
        case FirstOf(of=several):
            return _first([text_of(each, scope) for each in several])
        case Renamed():
            return _renamed(value, scope)
        case Whole(of=inner):
            return _whole(inner, scope)
        case _:
            message = f"{type(value).__name__} is no text of one line"
            raise TypeError(message)


def _first(several: Sequence[Callable[[Cells], Any]]) -> Callable[[Cells], Any]:
    def first(cells: Cells) -> Any:  # noqa: ANN401 - a text, or what the functions give
        found = None
        for each in several:
            found = each(cells)
            if found is not None and found != "":
                break
        return found

    return first


def _template(parts: Sequence[str | Column], scope: Scope) -> TextOf:
    pieces = [part if isinstance(part, str) else scope.places[part.name] for part in parts]

    def template(cells: Cells) -> str:
        texts = [piece if isinstance(piece, str) else cells[piece] for piece in pieces]
        if "" in texts:
            return ""
        # Letters and marks that were apart may meet here.
        return check_text("text", "".join(texts))

    return template


def _renamed(value: Renamed, scope: Scope) -> TextOf:
    inner, values, default = text_of(value.of, scope), value.values, value.default
    if default is None:
        return lambda cells: values.get(found := inner(cells), found)
    if not values:
        return lambda cells: inner(cells) or default
    return lambda cells: values.get(inner(cells), default)


def _whole(inner: Value, scope: Scope) -> TextOf:
    text, column, point = text_of(inner, scope), source_of(inner) or "value", scope.reading.decimal

    def whole(cell: str) -> str:
        plainly = cell.strip().replace(point, ".")
        if not _WHOLE.fullmatch(plainly):
            raise CellError(column, cell, "isn't a whole number, which the recipe says it is (whole)")
        return plainly.partition(".")[0]

    kept: Kept[str, str] = Kept(whole)
    return lambda cells: kept[found] if (found := text(cells)) else ""


def number_of(value: Value, scope: Scope) -> NumberOf:  # noqa: PLR0911 - one for each form
    """Return the function that gives a value as an exact number; None is null.

    >>> scope = Scope({"Quantity": 0, "Price": 1}, Input())
    >>> number_of(Product((Column("Quantity"), Column("Price"))), scope)(["12", "6.95"])
    Decimal('83.40')
    """
    match value:
        case Product(of=parts):
            return _folded([number_of(part, scope) for part in parts], product=True)
        case Sum(of=parts):
            return _folded([number_of(part, scope) for part in parts], product=False)
        case FirstOf(of=several):
            return _first([number_of(each, scope) for each in several])
        case Constant(text=text):
            constant = _standard("constant", text)
            return lambda _: constant
        case Column(name=name):
            place, numbers = scope.places[name], scope.numbers
            return lambda cells: numbers(name, cell) if (cell := cells[place]) else None
        case Renamed():
            return _renumbered(value, scope)
        case _:
            given, column, read = text_of(value, scope), source_of(value) or "value", scope.numbers
            return lambda cells: read(column, found) if (found := given(cells)) else None


def _renumbered(value: Renamed, scope: Scope) -> NumberOf:
    """Return the number of a renamed text; what the recipe itself writes has a decimal point."""
    text, column, numbers = text_of(value.of, scope), source_of(value) or "value", scope.numbers
    values, default = value.values, value.default

    def number(cells: Cells) -> Decimal | None:
        cell = text(cells)
        if cell in values:
            name = values[cell]
        elif default is not None and (values or not cell):
            name = default
        else:
            return numbers(column, cell) if cell else None
        return _standard(column, name) if name else None

    return number


def _folded(parts: Sequence[NumberOf], *, product: bool) -> NumberOf:
    together = EXACT.multiply if product else EXACT.add

    def folded(cells: Cells) -> Decimal | None:
        total = None
        try:
            for part in parts:
                number = part(cells)
                if number is None:
                    if product:
                        return None
                else:
                    total = number if total is None else together(total, number)
        except ArithmeticError:
            numbers = [plain(number) for part in parts if (number := part(cells)) is not None]
            raise CellError("product" if product else "sum", numbers, "has more digits than 80") from None
        return total

    return folded


def time_of(value: Value, scope: Scope) -> TimeOf:
    """Return the function that gives a value as microseconds since 1970; None is null."""
    match value:
        case Column(name=name, formats=formats, tz=tz):
            place = scope.places[name]
            return _read(itemgetter(place), name, time_reader(formats or scope.reading.formats, tz or scope.tz))
        case FirstOf(of=several):
            return _first([time_of(each, scope) for each in several])
        case Later(of=start, by=seconds):
            return _later(time_of(start, scope), number_of(seconds, scope), source_of(seconds))
        case _:
            read = time_reader(scope.reading.formats, scope.tz)
            return _read(text_of(value, scope), source_of(value) or "time", read)


def _read(text: TextOf, column: str, read: Callable[[str], int]) -> TimeOf:
    before, found = "", None  # the lines of an invoice have one time, one after the other

    def moment(cells: Cells) -> int | None:
        nonlocal before, found
        cell = text(cells)
        if cell == before:
            return found
        try:
            found = read(cell) if cell else None
        except InvalidValueError as error:
            raise CellError(column, error.value, error.reason) from None
        before = cell
        return found

    return moment


def _later(start: TimeOf, seconds: NumberOf, column: str | None) -> TimeOf:
    def later(cells: Cells) -> int | None:
        begun, passed = start(cells), seconds(cells)
        if begun is None or passed is None:
            return None
        try:
            return instant_us(str(begun + us_of_seconds(plain(passed))))
        except InvalidValueError as error:
            raise CellError(column or "plus", plain(passed), error.reason) from None

    return later
