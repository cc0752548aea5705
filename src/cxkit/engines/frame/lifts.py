"""Small tables joined to the big one: who is whom, what a journey map says of touchpoints, and properties.

Properties are JSON, which narwhals doesn't read and every library reads its own way. So each different text is read
once, in Python, and what is asked of it is joined back: a property then is what the row engine takes it for.
"""

from __future__ import annotations

import json
from itertools import repeat
from typing import TYPE_CHECKING, Any, Final
from unicodedata import normalize

import narwhals.stable.v2 as nw

from cxkit.engines.request import segment_text
from cxkit.errors import InvalidValueError, UnknownNameError
from cxkit.model.event import COLUMNS, events_of_columns
from cxkit.model.identity import LINKED, UNLINKED, Identities, resolve

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cxkit.engines.frame.backend import Backend, LazyFrame
    from cxkit.engines.frame.wants import Wants
    from cxkit.stats import Condition

_INT64: Final = 2**63
LINK_COLUMNS: Final = ("ts_us", "source", "id", "kind", "customer", "reference")


def identities_of(backend: Backend, frame: LazyFrame, max_people: int) -> Identities:
    """Return who is whom, from the events of a table, with `LINK_COLUMNS`, that link and unlink identities."""
    links = frame.filter(nw.col("kind").is_in([LINKED, UNLINKED])).select(*LINK_COLUMNS)
    (rows,) = backend.rows([backend.composed(links, ("source", "id", "customer", "reference"))])
    found = dict(zip(LINK_COLUMNS, zip(*rows, strict=True), strict=False))
    columns = [map(_or_null, found[name]) if name in found else repeat(None, len(rows)) for name in COLUMNS]
    events = events_of_columns(columns)
    return resolve(events, max_people=max_people)


def _or_null(value: Any) -> Any:  # noqa: ANN401 - a column's value
    return None if value == "" else value


def with_canonical(backend: Backend, frame: LazyFrame, identities: Identities) -> LazyFrame:
    """Replace customers by their one name."""
    return backend.replaced(frame, "customer", identities.mapping) if identities.mapping else frame


def with_attribute(backend: Backend, frame: LazyFrame, values: Mapping[str, str], name: str) -> LazyFrame:
    """Add what a journey map says of each event's touchpoint, as a key column."""
    columns: dict[str, list[str | None]] = {
        "touchpoint": [*values],
        name: [segment_text(value) for value in values.values()],
    }
    joined = frame.join(backend.beside(frame, columns, {}), on="touchpoint", how="left")
    return joined.with_columns(nw.col(name).fill_null(""))


class Lifts:
    """The properties that a request reads, to be joined by their text.

    Attributes:
        columns: their names.
        flags: a condition → the column that will hold 1 where it is true.
        values: a property → the column that will hold its value as JSON.
        wholes: a property → the column that will hold its integers.
    """

    def __init__(self, names: Sequence[str], wants: Wants, keys: Sequence[tuple[str, str]]) -> None:
        """Choose the columns to make.

        Args:
            names: the names that aren't columns of the table.
            wants: what the request reads.
            keys: pairs of a name and its key column.
        """
        lifted = set(names)
        asked = [pair for pair in wants.conditions if pair[0] in lifted]
        self.flags: dict[tuple[str, Condition], str] = {pair: f"cx_flag_{i}" for i, pair in enumerate(asked)}
        self.values = {name: f"cx_json_{i}" for i, name in enumerate(sorted(lifted & wants.values))}
        self.wholes = {name: f"cx_whole_{i}" for i, name in enumerate(sorted(lifted & wants.wholes))}
        self._keys = [(name, key) for name, key in keys if name in lifted]
        self.columns = lifted

    def join(self, backend: Backend, frame: LazyFrame, known: Sequence[str]) -> LazyFrame:
        """Add the columns.

        Raises:
            UnknownNameError: a name that is neither a column nor a property of any event.
            InvalidValueError: a property that should be summed isn't a whole number.
        """
        if not self.columns:
            return frame
        (rows,) = backend.rows([frame.select("properties").unique()])
        texts = [text for (text,) in rows if text]
        objects = [_object(text) for text in texts]
        there = set().union(*objects)
        for name in sorted(self.columns - there):
            raise UnknownNameError("column", name, {*known, *there})
        wholes: dict[str, list[int | None]] = {
            column: [int(condition.holds(_plain(found.get(name)))) for found in objects]
            for (name, condition), column in self.flags.items()
        }
        for name, column in self.wholes.items():
            wholes[column] = [_as_whole(name, found.get(name)) for found in objects]
        columns: dict[str, list[str | None]] = {"properties": texts}
        for name, column in self.values.items():
            columns[column] = [_as_json(_plain(found.get(name))) for found in objects]
        for name, column in self._keys:
            columns[column] = [segment_text(_plain(found.get(name))) for found in objects]
        joined = frame.join(backend.beside(frame, columns, wholes), on="properties", how="left")
        fills = [nw.col(key).fill_null("") for _, key in self._keys]
        # An event without properties holds null in each: a condition may be true of that.
        nothing = [
            nw.col(column).fill_null(int(condition.holds(None))) for (_, condition), column in self.flags.items()
        ]
        return joined.with_columns(*fills, *nothing) if fills or nothing else joined


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(normalize("NFC", text))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise InvalidValueError("properties", text, "isn't a JSON object")
    return found


def _plain(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a property as the row engine takes it: what is nested as its text."""
    return json.dumps(value) if isinstance(value, dict | list) else value


def _as_json(value: Any) -> str | None:  # noqa: ANN401 - JSON
    """Return a value's JSON, the same for values that Python holds equal: 1, 1.0 and true."""
    if value is None:
        return None
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return json.dumps(int(value) if whole else value)


def _as_whole(name: str, value: Any) -> int | None:  # noqa: ANN401 - JSON
    if value is None or (type(value) is int and -_INT64 <= value < _INT64):
        return value
    raise InvalidValueError(name, value, "is a property that isn't a whole number of 64 bits, so it can't be summed")
