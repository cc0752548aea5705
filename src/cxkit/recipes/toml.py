"""What TOML gives, taken with care: each thing that isn't as it should be is named by its place."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from cxkit.errors import InvalidValueError, UnknownNameError, nearest
from cxkit.model.calendar import zone
from cxkit.model.text import check_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Table = dict[str, Any]


def parsed(text: str) -> Table:
    """Return the document of a TOML text; numbers with a point are exact.

    Raises:
        InvalidValueError: it isn't TOML.

    >>> parsed("rate = 0.10")
    {'rate': Decimal('0.10')}
    """
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise InvalidValueError("text", text, f"isn't TOML: {error}") from None


def check_keys(place: str, table: Mapping[str, object], known: Iterable[str], required: Iterable[str] = ()) -> None:
    """Refuse a key that nobody reads, and a table without one that it needs.

    >>> check_keys("input", {"delimeter": ";"}, ["delimiter", "decimal"])
    Traceback (most recent call last):
    cxkit.errors.InvalidValueError: input: 'delimeter' isn't a key that is known here; did you mean 'delimiter'? ...
    """
    names = tuple(known)
    for key in table:
        if key not in names:
            raise InvalidValueError(place, key, f"isn't a key that is known here{hint(key, names)}")
    for key in required:
        if key not in table:
            raise InvalidValueError(inside(place, key), None, "is missing: write it")


def hint(name: str, names: Iterable[str]) -> str:
    """Return the end of a sentence about a name that nobody knows."""
    listed = tuple(names)
    near = nearest(name, listed)
    return f"{f'; did you mean {near!r}?' if near else '.'} There is: {', '.join(listed) or 'nothing'}"


def inside(place: str, key: object) -> str:
    """Return the place of a key in a table.

    >>> inside("events #1", "amount"), inside("", "name")
    ('events #1.amount', 'name')
    """
    return f"{place}.{key}" if place else str(key)


def a_text(place: str, given: object) -> str:
    """Return a text that isn't empty, as the model holds text."""
    if not isinstance(given, str):
        raise InvalidValueError(place, given, "isn't text: put it in quotes")
    return check_text(place, given)


def a_list(place: str, given: object) -> list[Any]:
    """Return a list that isn't empty."""
    if not isinstance(given, list) or not given:
        raise InvalidValueError(place, given, "isn't a list with something in it: put it in square brackets")
    return given


def texts(place: str, given: object) -> tuple[str, ...]:
    """Return a list of different texts."""
    found = tuple(a_text(place, each) for each in a_list(place, given))
    for each in found:
        if found.count(each) > 1:
            raise InvalidValueError(place, each, "is there twice")
    return found


def one_or_more(place: str, given: object) -> tuple[str, ...]:
    """Return a text, or a list of them, as a list."""
    return texts(place, given if isinstance(given, list) else [given])


def a_table(place: str, given: object) -> Table:
    """Return a table."""
    if not isinstance(given, dict):
        raise InvalidValueError(place, given, f"isn't a table: write [{place}], or braces around it")
    return given


def tables(place: str, given: object) -> list[Table]:
    """Return a list of tables."""
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise InvalidValueError(place, given, f"isn't a list of tables: start each with [[{place}]]")
    return given


def a_count(place: str, given: object) -> int:
    """Return a whole number that isn't negative."""
    if type(given) is not int or given < 0:
        raise InvalidValueError(place, given, "isn't a whole number of 0 or more")
    return given


def a_number(place: str, given: object) -> Decimal:
    """Return a finite number, exact."""
    if isinstance(given, bool) or not isinstance(given, int | Decimal) or not Decimal(given).is_finite():
        raise InvalidValueError(place, given, "isn't a number, such as 0 or 9.90, without quotes")
    return Decimal(given)


def one_of(place: str, given: object, names: Iterable[str]) -> str:
    """Return one of some texts."""
    listed = tuple(names)
    if given not in listed:
        raise InvalidValueError(place, given, f"isn't one that is known here{hint(str(given), listed)}")
    return str(given)


def a_zone(place: str, given: object) -> str:
    """Return an IANA time zone.

    >>> a_zone("input.tz", "Europe/Lodnon")
    Traceback (most recent call last):
    cxkit.errors.InvalidValueError: input.tz: 'Europe/Lodnon' isn't an IANA time zone; did you mean 'Europe/London'?
    """
    name = a_text(place, given)
    try:
        zone(name)
    except UnknownNameError as error:
        near = nearest(name, error.names)
        raise InvalidValueError(
            place, name, f"isn't an IANA time zone{f'; did you mean {near!r}?' if near else ''}"
        ) from None
    return name


def scalar(place: str, given: object) -> str:
    """Return what a text, a number or a truth value is as a cell.

    >>> scalar("values.stars", 5), scalar("values.gift", True)
    ('5', 'true')
    """
    if isinstance(given, bool):
        return str(given).lower()
    if isinstance(given, int | Decimal):
        return format(a_number(place, given), "f")
    if given == "":
        return ""
    return a_text(place, given)
