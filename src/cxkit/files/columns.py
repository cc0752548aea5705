"""What the columns of a file mean: the event's own, their friendly forms, and the rest, which become properties."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from cxkit.errors import InvalidValueError, nearest
from cxkit.model.event import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Sequence

FRIENDLY: Final = {"time": "ts_us", "amount": "amount_minor", "duration": "duration_us", "weight": "weight_ppm"}
"""The forms that people write, and the column that each stands for."""

KNOWN: Final = frozenset({*COLUMNS, *FRIENDLY})
"""All names that mean a column of the event."""

NUMBERS: Final = frozenset({"score", *FRIENDLY, *FRIENDLY.values()} - {"time"})
"""The columns that hold numbers."""

_FORMS: Final = {column: (column,) for column in COLUMNS} | {
    column: (column, friendly) for friendly, column in FRIENDLY.items()
}


@attrs.frozen
class Plan:
    """Where the cells of a row go.

    Attributes:
        names: the names of all columns of the file, in its order.
        places: of each column of the event its place in the row, or -1 where the file lacks it.
        friendly: the friendly forms that the file has.
        extras: name and place of each column that becomes a property.
        warnings: sentences about columns that look misspelt.

    >>> plan_of(["time", "kind", "shop"]).extras
    (('shop', 2),)
    """

    names: tuple[str, ...]
    places: tuple[int, ...]
    friendly: frozenset[str]
    extras: tuple[tuple[str, int], ...]
    warnings: tuple[str, ...]


def plan_of(names: Sequence[str]) -> Plan:
    """Return what the columns of these names mean.

    Raises:
        InvalidValueError: a name is there twice, a required column is missing, or two columns say the same thing.

    >>> plan_of(["Time", "kind"])
    Traceback (most recent call last):
    cxkit.errors.InvalidValueError: columns: 'Time, kind' lack 'time' or 'ts_us', one of which is required; ...
    """
    named: dict[str, int] = {}
    unnamed = []
    for place, given in enumerate(names):
        # A nameless column is the row number that pandas writes by itself, more often than not.
        name = given.strip() or f"column_{place + 1}"
        if not given.strip():
            unnamed.append(f"column {place + 1} has no name: it is kept as the property {name!r}")
        if name in named:
            raise InvalidValueError("columns", name, "names two columns: rename one of them")
        named[name] = place
    extras = tuple((name, place) for name, place in named.items() if name not in KNOWN)
    places = []
    for column in COLUMNS:
        forms = [form for form in _FORMS[column] if form in named]
        if len(forms) > 1:
            raise InvalidValueError("columns", forms[1], f"says the same as {forms[0]!r}: leave one of them out")
        places.append(named[forms[0]] if forms else -1)
        if not forms and column in {"kind", "ts_us"}:
            _raise_missing(column, list(named))
    misspelt = ((name, nearest(name.lower(), KNOWN - named.keys())) for name, _ in extras)
    return Plan(
        names=tuple(named),
        places=tuple(places),
        friendly=frozenset(FRIENDLY.keys() & named.keys()),
        extras=extras,
        warnings=(
            *(f"column {name!r} is kept as a property; is {near!r} meant?" for name, near in misspelt if near),
            *unnamed,
        ),
    )


def _raise_missing(column: str, names: list[str]) -> None:
    field = "time" if column == "ts_us" else column
    wanted = "'time' or 'ts_us', one of which" if field == "time" else f"{column!r}, which"
    by_lower = {name.lower(): name for name in names if name not in KNOWN}
    near = nearest(field, by_lower)
    if near:
        hint = f"; is {by_lower[near]!r} meant?"
    elif len(names) == 1 and any(sign in names[0] for sign in ";\t|"):
        hint = ": columns are separated by commas, and here is none"
    else:
        hint = ""
    raise InvalidValueError("columns", ", ".join(names), f"lack {wanted} is required{hint}")
