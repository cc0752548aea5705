"""Recipes from TOML: checked as far as they can be without data, and refused with the place and what to do."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cxkit.errors import InvalidValueError, UnknownNameError
from cxkit.files.source import check_encoding
from cxkit.model.currencies import MINOR_DIGITS
from cxkit.model.event import check_kind
from cxkit.model.money import check_currency
from cxkit.recipes.conditions import condition
from cxkit.recipes.model import Input, Join, Recipe, Rule
from cxkit.recipes.times import check_format
from cxkit.recipes.toml import (
    a_count,
    a_table,
    a_text,
    a_zone,
    check_keys,
    inside,
    one_of,
    one_or_more,
    parsed,
    scalar,
    tables,
    texts,
)
from cxkit.recipes.values import Reader, renaming

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

    from cxkit.recipes.model import Rounding
    from cxkit.recipes.values import Sort

COLUMNS: Final[Mapping[str, Sort]] = {
    "time": "time",
    "id": "text",
    "customer": "text",
    "source": "text",
    "touchpoint": "text",
    "channel": "text",
    "reference": "text",
    "instrument": "text",
    "item": "text",
    "score": "number",
    "amount": "number",
    "amount_minor": "number",
    "currency": "text",
    "duration": "number",
    "duration_us": "number",
    "weight": "number",
}
"""The columns of an event that a recipe may give, and what each is."""

_RECIPE: Final = ("name", "title", "about", "input", "joins", "values", "events")
_JOIN: Final = ("name", "file", "on", "columns", "prefix", "input")
_RULE: Final = ("kind", "where", "group", "properties", *COLUMNS)
_ROUNDINGS: Final[tuple[Rounding, ...]] = ("half-up", "half-even")
_WHITESPACE: Final = "whitespace"
_NO_SIGNS: Final = '"\r\n\0+-'


def names() -> tuple[str, ...]:
    """Return the names of the recipes that come with cxkit.

    >>> "cdnow" in names()
    True
    """
    from importlib.resources import files  # costs more than all of the recipe

    shipped = files("cxkit.recipes").joinpath("shipped")
    return tuple(sorted(each.name.removesuffix(".toml") for each in shipped.iterdir() if each.name.endswith(".toml")))


def shipped(name: str) -> str:
    """Return the text of a recipe that comes with cxkit, to read, to copy and to change.

    Raises:
        UnknownNameError: there is none of this name; the nearest is suggested.
    """
    from importlib.resources import files

    known = names()
    if name not in known:
        raise UnknownNameError("recipe", name, known)
    return files("cxkit.recipes").joinpath("shipped", f"{name}.toml").read_text(encoding="utf-8")


def load(recipe: str | os.PathLike[str]) -> Recipe:
    """Return a recipe: one that comes with cxkit, by its name, or that of a TOML file.

    Raises:
        InvalidValueError: the file can't be read, or isn't a recipe; file, place and value are named.
        UnknownNameError: it is neither a name nor a file.

    >>> load("cdnow").events[0].kind
    Constant(text='order.placed')
    """
    path = Path(recipe)
    name = str(recipe)
    if name in names():
        return _own(name)
    try:
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        if path.suffix.lower() != ".toml" and path.name == name:
            raise UnknownNameError("recipe", name, names()) from None
        reason = f"can't be read: {getattr(error, 'strerror', None) or error}; it is no recipe of cxkit's own either"
        raise InvalidValueError("recipe", name, reason) from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidValueError(
            name, content[error.start : error.end], "isn't UTF-8, as TOML must be: save it so"
        ) from None
    return loads(text, file=name, folder=str(path.parent))


@cache
def _own(name: str) -> Recipe:
    return loads(shipped(name), file=f"{name}.toml")


def loads(text: str, *, file: str = "recipe", folder: str = "") -> Recipe:
    r"""Return the recipe of a TOML text.

    Args:
        text: the TOML.
        file: what errors call it.
        folder: where the files of joins are looked for.

    Raises:
        InvalidValueError: it isn't TOML or no recipe; file, place and value are named.

    >>> loads('name = "till"\n[[events]]\nkind = "order.placed"\ntime = "At"\ncutsomer = "Card"', file="till.toml")
    Traceback (most recent call last):
    cxkit.errors.InvalidValueError: till.toml: events #1: 'cutsomer' isn't a key that is known here; did you mean ...
    """
    try:
        return _recipe(parsed(text), folder)
    except InvalidValueError as error:
        place = file if error.field == "text" else f"{file}: {error.field}"
        raise InvalidValueError(place, error.value, error.reason) from None


def _recipe(given: dict[str, Any], folder: str) -> Recipe:
    check_keys("recipe", given, _RECIPE, ("name", "events"))
    name = a_text("name", given["name"])
    reading = _input("input", a_table("input", given.get("input", {})))
    known = a_table("values", given.get("values", {}))
    values = {each: renaming(f"values.{each}", known[each]) for each in known}
    rules = tuple(_rule(f"events #{n}", each, values) for n, each in enumerate(tables("events", given["events"]), 1))
    if not rules:
        raise InvalidValueError("events", [], "are none: start each with [[events]]")
    joins = tuple(
        _join(f"joins #{n}", each, reading) for n, each in enumerate(tables("joins", given.get("joins", [])), 1)
    )
    for n, join in enumerate(joins, 1):
        if join.name in {other.name for other in joins[: n - 1]}:
            raise InvalidValueError(f"joins #{n}.name", join.name, "is there twice: names must differ")
    return Recipe(
        name=name,
        title=a_text("title", given.get("title", name)),
        about=a_text("about", given["about"]).strip() if "about" in given else "",
        input=reading,
        joins=joins,
        events=rules,
        folder=folder,
    )


def _input(place: str, given: dict[str, Any]) -> Input:
    check_keys(place, given, _READ)
    reading = Input(
        **{_FIELDS.get(key, key): _READ[key](inside(place, key), content) for key, content in given.items()}
    )
    if reading.decimal == reading.thousands:
        raise InvalidValueError(
            inside(place, "thousands"), reading.thousands, "is the decimal sign too: they must differ"
        )
    if reading.columns and reading.after_header:
        reason = "needs a header, and columns says that there is none"
        raise InvalidValueError(inside(place, "after_header"), reading.after_header, reason)
    return reading


def _sign(place: str, given: object) -> str:
    if not isinstance(given, str) or len(given) != 1 or given in _NO_SIGNS or given.isdigit():
        raise InvalidValueError(place, given, "isn't one sign, such as ',' or ';'")
    return given


def _formats(place: str, given: object) -> tuple[str, ...]:
    return tuple(check_format(place, fmt) for fmt in one_or_more(place, given))


def _nulls(place: str, given: object) -> frozenset[str]:
    return frozenset(("", *(scalar(place, each) for each in (given if isinstance(given, list) else [given]))))


_READ: Final[Mapping[str, Callable[[str, object], Any]]] = {
    "tz": a_zone,
    "time_format": _formats,
    "decimal": _sign,
    "thousands": lambda place, given: "" if given == "" else _sign(place, given),
    "delimiter": lambda place, given: _WHITESPACE if given == _WHITESPACE else _sign(place, given),
    "columns": texts,
    "optional": texts,
    "encoding": lambda place, given: check_encoding(a_text(place, given)),
    "sheet": a_text,
    "skip": a_count,
    "after_header": a_count,
    "nulls": _nulls,
}
_FIELDS: Final = {"time_format": "formats"}


def _join(place: str, given: dict[str, Any], main: Input) -> Join:
    check_keys(place, given, _JOIN, ("name", "on"))
    on_place = inside(place, "on")
    on = {
        a_text(on_place, here): a_text(inside(on_place, here), there)
        for here, there in a_table(on_place, given["on"]).items()
    }
    if not on:
        raise InvalidValueError(on_place, {}, 'names no key: write { "Column here" = "column there" }')
    if "input" in given:
        reading = _input(inside(place, "input"), a_table(inside(place, "input"), given["input"]))
    else:
        # A shop's second file is written as its first, but for what is about the one file alone.
        reading = Input(
            decimal=main.decimal,
            thousands=main.thousands,
            delimiter=main.delimiter,
            encoding=main.encoding,
            nulls=main.nulls,
        )
    prefix = given.get("prefix", "")
    return Join(
        name=a_text(inside(place, "name"), given["name"]),
        file=a_text(inside(place, "file"), given["file"]) if "file" in given else None,
        on=on,
        columns=texts(inside(place, "columns"), given["columns"]) if "columns" in given else (),
        prefix=prefix and a_text(inside(place, "prefix"), prefix),
        input=reading,
    )


def _rule(place: str, given: dict[str, Any], values: Mapping[str, Mapping[str, str]]) -> Rule:
    check_keys(place, given, _RULE, ("kind", "time"))
    if isinstance(given["kind"], str):
        try:
            kind_given: object = {"constant": check_kind(given["kind"])}
        except InvalidValueError as error:
            raise InvalidValueError(inside(place, "kind"), error.value, error.reason) from None
    else:
        kind_given = given["kind"]
    group = texts(inside(place, "group"), given["group"]) if "group" in given else ()
    reader = Reader(values, grouped=bool(group))
    for one, other in (("amount", "amount_minor"), ("duration", "duration_us")):
        if one in given and other in given:
            raise InvalidValueError(
                inside(place, other), given[other], f"says the same as {one!r}: leave one of them out"
            )
    if ("amount" in given or "amount_minor" in given) and "currency" not in given:
        raise InvalidValueError(inside(place, "currency"), None, "is missing: money needs one")
    rounding, given = _without_rounding(place, given)
    columns = {
        name: reader.column(inside(place, name), name, given[name], sort)
        for name, sort in COLUMNS.items()
        if name in given
    }
    _check_currency(inside(place, "currency"), given.get("currency"))
    properties = a_table(inside(place, "properties"), given.get("properties", {}))
    return Rule(
        kind=reader.column(inside(place, "kind"), "kind", kind_given, "text"),
        where=condition(inside(place, "where"), given.get("where", {})),
        group=group,
        columns=columns,
        properties={
            a_text(inside(place, "properties"), name): reader.column(
                inside(f"{place}.properties", name), "", value, "text"
            )
            for name, value in properties.items()
        },
        rounding=rounding,
    )


def _check_currency(place: str, given: object) -> None:
    """Refuse a currency that isn't one, where the recipe itself names it."""
    if isinstance(given, str) and given in MINOR_DIGITS:
        reason = f"is a column's name here: write {{ constant = {given!r} }} where every line is in it"
        raise InvalidValueError(place, given, reason)
    if isinstance(given, dict) and "constant" in given:
        try:
            check_currency(given["constant"])
        except InvalidValueError as error:
            raise InvalidValueError(place, error.value, error.reason) from None


def _without_rounding(place: str, given: dict[str, Any]) -> tuple[Rounding | None, dict[str, Any]]:
    """Return the rounding of the amount, which is done once an event, and the rest."""
    amount = given.get("amount")
    if not isinstance(amount, dict) or "rounding" not in amount:
        return None, given
    found = one_of(inside(place, "amount.rounding"), amount["rounding"], _ROUNDINGS)
    rest = {key: value for key, value in amount.items() if key != "rounding"}
    return next(each for each in _ROUNDINGS if each == found), given | {"amount": rest}
