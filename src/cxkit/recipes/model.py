"""The recipe: how the lines of an export become events. Declarations alone; every engine reads them its own way.

A cell is text, and an empty one, or one of `Input.nulls`, is null. Numbers are exact decimals.

**Logic** is two-valued: a test of a null cell fails, so that its opposite holds. **Products** are null where a factor
is, **sums** and totals leave null out and are null where nothing is left, **templates** are null where a column is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from decimal import Decimal

How = Literal["first", "last", "total", "count", "earliest", "latest"]
Op = Literal["equal", "less", "at_most", "above", "at_least", "starts_with", "ends_with", "contains"]
Rounding = Literal["half-up", "half-even"]

ISO: Final = "iso"
"""The time format that stands for ISO 8601, with or without offset."""

EPOCHS: Final = {"unix": 1_000_000, "unix_ms": 1_000, "unix_us": 1}
"""The time formats that count from 1970 in UTC, and the microseconds of their unit."""

REDUCED: Final[Mapping[str, How]] = {
    "time": "earliest",
    "amount": "total",
    "amount_minor": "total",
    "duration": "total",
    "duration_us": "total",
}
"""What lines of a group become where a column doesn't say; all that isn't here is the first that isn't null."""


@attrs.frozen
class Column:
    """The cell of a column.

    Attributes:
        name: the column, as the file or a join (with its prefix) names it.
        formats: where it is a time, the formats to try in turn; those of the input where there are none.
        tz: where it is a time without offset, its zone; that of the input where there is none.
    """

    name: str
    formats: tuple[str, ...] = ()
    tz: str | None = None


@attrs.frozen
class Constant:
    """The same text for every line."""

    text: str


@attrs.frozen
class Product:
    """The numbers multiplied, exactly."""

    of: tuple[Value, ...]


@attrs.frozen
class Sum:
    """The numbers of one line added, exactly."""

    of: tuple[Value, ...]


@attrs.frozen
class Template:
    """Texts and columns in turn.

    Attributes:
        parts: a text as it is, or a column.
    """

    parts: tuple[str | Column, ...]


@attrs.frozen
class FirstOf:
    """The first that isn't null."""

    of: tuple[Value, ...]


@attrs.frozen
class Renamed:
    """A value by another name.

    Attributes:
        of: the value.
        values: the new name by the old one; what isn't there keeps its own, unless there is a default.
        default: what stands for null and for all that has no new name; None for neither.
    """

    of: Value
    values: Mapping[str, str]
    default: str | None = None


@attrs.frozen
class Whole:
    """A whole number, which may be written with zeros after its point, as tables with gaps write it: 13085.0."""

    of: Value


@attrs.frozen
class Later:
    """A time, and so many seconds after it; null where one of them is."""

    of: Value
    by: Value


@attrs.frozen
class Reduced:
    """What the lines of a group become together.

    Attributes:
        how: ``first`` and ``last`` in the order of the files, of what isn't null; ``total`` of numbers; ``count`` of
            lines; ``earliest`` and ``latest`` of times.
        of: the value of each line; None for ``count``.
    """

    how: How
    of: Value | None


Value = Column | Constant | Product | Sum | Template | FirstOf | Renamed | Whole | Later | Reduced


@attrs.frozen
class Test:
    """One test of a cell; a null cell fails it.

    A text compares as text, for ``equal`` alone and the tests of texts. A Decimal compares as a number: a cell that
    isn't one can't be taken, and its line is rejected.
    """

    column: str
    op: Op
    operand: str | Decimal


@attrs.frozen
class Null:
    """Whether a cell is null."""

    column: str


@attrs.frozen
class Not:
    """The opposite."""

    of: Condition


@attrs.frozen
class Every:
    """All hold; with none it holds."""

    of: tuple[Condition, ...]


@attrs.frozen
class Either:
    """One at least holds."""

    of: tuple[Condition, ...]


Condition = Test | Null | Not | Every | Either


@attrs.frozen(kw_only=True)
class Input:
    """How flat files are read.

    Attributes:
        tz: the zone of times without offset.
        formats: the time formats to try in turn: `ISO`, one of `EPOCHS`, or directives such as ``%d.%m.%Y %H:%M``; what
            is of none of them is read as ISO 8601, which is also how times stand in cells that a file holds as times.
        decimal: the sign before decimals.
        thousands: the sign that groups digits, empty for none.
        delimiter: what separates cells; ``whitespace`` is any number of blanks and tabs.
        columns: the names of the columns of files without header.
        optional: columns that a file may lack; they are null then.
        encoding: how text is encoded.
        sheet: the sheet of a workbook, the first where there is none.
        skip: lines before the header.
        after_header: lines after the header that are no rows.
        nulls: the texts that are null; the empty one always is.
    """

    tz: str | None = None
    formats: tuple[str, ...] = (ISO,)
    decimal: str = "."
    thousands: str = ""
    delimiter: str = ","
    columns: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    encoding: str | None = None
    sheet: str | None = None
    skip: int = 0
    after_header: int = 0
    nulls: frozenset[str] = frozenset({""})


@attrs.frozen(kw_only=True)
class Join:
    """A second file, whose columns stand beside those of the line that has its key.

    Attributes:
        name: what the command line calls it.
        file: its path, from the recipe's folder; None where only the caller knows.
        on: the key: the column here, and the column there.
        columns: those that are taken; all but the key where there are none.
        prefix: what goes before their names.
        input: how the file is read.
    """

    name: str
    file: str | None
    on: Mapping[str, str]
    columns: tuple[str, ...] = ()
    prefix: str = ""
    input: Input = Input()


@attrs.frozen(kw_only=True)
class Rule:
    """One event that a line, or a group of lines, gives.

    Attributes:
        kind: what happened.
        where: which lines count.
        group: the columns whose cells lines of one event share; none where each line is its own.
        columns: of each column of the event its value, by the friendly names (time, amount, duration, weight) or
            ``amount_minor`` and ``duration_us``; with `group` each is `Reduced`, a constant to its first.
        properties: the properties likewise.
        rounding: how an amount with more decimals than its currency is rounded, once an event; None to refuse it.
    """

    kind: Value
    where: Condition
    group: tuple[str, ...] = ()
    columns: Mapping[str, Value]
    properties: Mapping[str, Value]
    rounding: Rounding | None = None

    @property
    def fixed_kind(self) -> str | None:
        """The kind of all its events, or None where the file says it of each."""
        kind = self.kind.of if isinstance(self.kind, Reduced) else self.kind
        return kind.text if isinstance(kind, Constant) else None


@attrs.frozen(kw_only=True)
class Recipe:
    """How the lines of an export become events.

    Attributes:
        name: its short name, which is the source of events that name none.
        title: its name for people.
        about: what it reads, and what there is to know of it.
        input: how files are read.
        joins: second files, in the order that they are joined.
        events: the events that a line may give.
        folder: where the files of joins are looked for.
    """

    name: str
    title: str
    about: str = ""
    input: Input = Input()
    joins: tuple[Join, ...] = ()
    events: tuple[Rule, ...]
    folder: str = ""

    def gives(self) -> tuple[str, ...]:
        """Return the kinds of its events, each once; ``…`` stands for those that the file itself names."""
        return tuple(dict.fromkeys(rule.fixed_kind or "…" for rule in self.events))

    def reads(self) -> tuple[str, ...]:
        """Return the columns that the recipe looks at, joined ones too, each once, in the order that it names them."""
        found: dict[str, None] = {}
        for join in self.joins:
            found |= dict.fromkeys(join.on)
        for rule in self.events:
            found |= dict.fromkeys(columns_of(rule))
        return tuple(found)


def columns_of(rule: Rule) -> Iterator[str]:
    """Give the columns that a rule looks at, some more than once.

    >>> rule = Rule(kind=Constant("visit.started"), where=Null("bot"), columns={"time": Column("at")}, properties={})
    >>> list(columns_of(rule))
    ['bot', 'at']
    """
    yield from rule.group
    yield from tested(rule.where)
    for value in (rule.kind, *rule.columns.values(), *rule.properties.values()):
        yield from named(value)


def named(value: Value | None) -> Iterator[str]:
    """Give the columns that a value is made of.

    >>> list(named(Product((Column("Quantity"), Column("Price"), Constant("-1")))))
    ['Quantity', 'Price']
    """
    match value:
        case Column(name=name):
            yield name
        case Product(of=parts) | Sum(of=parts) | FirstOf(of=parts):
            for part in parts:
                yield from named(part)
        case Template(parts=pieces):
            yield from (piece.name for piece in pieces if isinstance(piece, Column))
        case Renamed(of=inner) | Whole(of=inner) | Reduced(of=inner):
            yield from named(inner)
        case Later(of=start, by=seconds):
            yield from named(start)
            yield from named(seconds)
        case _:
            return


def tested(condition: Condition) -> Iterator[str]:
    """Give the columns that a condition asks about.

    >>> list(tested(Not(Null("bot"))))
    ['bot']
    """
    match condition:
        case Test(column=name) | Null(column=name):
            yield name
        case Not(of=inner):
            yield from tested(inner)
        case Every(of=parts) | Either(of=parts):
            for part in parts:
                yield from tested(part)
