"""From a JSON object, or any other mapping of names to typed values, to an event."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self

from cxkit.errors import InvalidValueError
from cxkit.files.columns import KNOWN, NUMBERS, plan_of
from cxkit.files.row import event_maker
from cxkit.model.cloudevents import from_cloudevent
from cxkit.model.instrument import check_score

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cxkit.files.row import Rules
    from cxkit.model.event import Event

_PLANS_KEPT = 1000


class Written(float):
    """A number of JSON with the digits it was written with, for sums of money that a float can't hold."""

    __slots__ = ("text",)

    text: str

    def __new__(cls, text: str) -> Self:
        """Keep the text beside the float."""
        made = super().__new__(cls, text)
        made.text = text
        return made


_decode = json.JSONDecoder(parse_float=Written).decode


def decoded(text: str) -> dict[str, Any]:
    """Return the JSON object of a text.

    Raises:
        InvalidValueError: it isn't one.

    >>> decoded('{"amount": 129.90}')["amount"].text
    '129.90'
    """
    try:
        value = _decode(text)
    except (ValueError, RecursionError) as error:
        raise InvalidValueError("row", text, f"isn't JSON: {error}") from None
    if not isinstance(value, dict):
        raise InvalidValueError("row", text, 'isn\'t a JSON object: one event a line is read, as {"kind": …}')
    return value


def text_of(column: str, value: object) -> str:
    """Return a value as the cell of a column would hold it.

    >>> text_of("amount", Decimal("129.90")), text_of("customer", 42), text_of("duration", timedelta(seconds=1.5))
    ('129.90', '42', '1.500000')
    """
    if isinstance(value, str):
        return value
    number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    # A customer 42.0 is a 42 that has passed through a float: it would silently be somebody else.
    if number and (column in NUMBERS or isinstance(value, int)):
        if isinstance(value, Decimal):
            return format(value, "f") if value.is_finite() and abs(value.adjusted()) < 100 else str(value)  # noqa: PLR2004
        return value.text if isinstance(value, Written) else repr(value)
    if column == "time" and isinstance(value, date):
        return value.isoformat()
    if column == "duration" and isinstance(value, timedelta):
        return format(Decimal(value // timedelta(microseconds=1)).scaleb(-6), "f")
    if column == "properties" and isinstance(value, dict):
        return _dumped(value)
    wanted = "a number" if column in NUMBERS else "a JSON object" if column == "properties" else "text"
    raise InvalidValueError(column, value, f"isn't {wanted}")


def _dumped(value: dict[str, Any]) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidValueError("properties", value, f"can't be written as JSON: {error}") from None


def _kept(value: object) -> object:
    """Return a value as a property keeps it: what JSON has no form for becomes text."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal | timedelta) else value


def object_reader(rules: Rules) -> Callable[[dict[str, Any]], Event]:
    """Return the function that makes an event of an object: a CloudEvent, or flat with the names of columns.

    >>> from cxkit.files.row import Rules
    >>> read = object_reader(Rules())
    >>> read({"kind": "order.placed", "time": "2026-01-31T09:30:00Z", "reference": "o-1", "gift": True}).data
    {'gift': True}
    """
    makers: dict[tuple[str, ...], Callable[[Sequence[str], dict[str, Any] | None], Event]] = {}

    def read(given: dict[str, Any]) -> Event:
        if "specversion" in given:
            return _of_cloudevent(given, rules)
        # As with the empty cells of a table, what says nothing is left out.
        filled = {name: value for name, value in given.items() if value is not None and value != ""}
        known = {name: value for name, value in filled.items() if name in KNOWN}
        more = {name: _kept(value) for name, value in filled.items() if name not in KNOWN}
        names = tuple(known)
        make = makers.get(names)
        if make is None:
            if len(makers) >= _PLANS_KEPT:
                makers.clear()
            make = makers[names] = event_maker(plan_of(names), rules)
        return make([text_of(name, value) for name, value in known.items()], more)

    return read


def _of_cloudevent(given: dict[str, Any], rules: Rules) -> Event:
    if given.get("time") is None:
        # On the wire it is the time of arrival; a file would be another one each time that it is read.
        raise InvalidValueError("time", None, "is missing: an event in a file needs one")
    made = from_cloudevent(given)
    if made.score is not None:
        check_score(made.instrument, made.score, rules.instruments)
    return made
