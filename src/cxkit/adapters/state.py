"""Where a pull stands, as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import attrs

from cxkit.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_SEEN: Final = 10_000
"""How many records are remembered. Of more at one time some come again, which a store counts as duplicates."""


@attrs.frozen
class State:
    """Where the reading of a stream stands.

    A record that changed at the very moment of the cursor may have come just after it was read: clocks go in steps, of
    a second at some vendors, and a change may be committed after a later one. So reading goes on at `cursor` less
    `lookback`, inclusive, and what `seen_at_cursor` holds of there is passed over.

    Attributes:
        cursor: the latest time of change that was read, in microseconds since 1970; None before the first page.
        seen_at_cursor: what was read within the lookback: the digest of a record's events → its time.
        lookback: how far before the cursor reading goes on, in microseconds.
        token: where a sweep that isn't over stands, as the vendor says it.
        began: when that sweep began, in microseconds since 1970.

    >>> State.loads(State(cursor=5, seen_at_cursor={"a": 5}).dumps())
    State(cursor=5, seen_at_cursor={'a': 5}, lookback=0, token=None, began=None)
    """

    cursor: int | None = None
    seen_at_cursor: Mapping[str, int] = attrs.field(factory=dict)
    lookback: int = 0
    token: str | int | None = None
    began: int | None = None

    def dumps(self) -> str:
        """Return it as JSON, always written alike."""
        return json.dumps(attrs.asdict(self), sort_keys=True, separators=(",", ":"))

    @classmethod
    def loads(cls, text: str | None) -> State:
        """Return the state of a JSON text; an empty one for None.

        Raises:
            InvalidValueError: it isn't one.
        """
        if text is None:
            return cls()
        reason = "isn't the state of a pull"
        try:
            fields: dict[str, Any] = json.loads(text)
            made = cls(**fields)
        except (ValueError, TypeError, RecursionError):
            raise InvalidValueError("state", text, reason) from None
        times = [value for value in (made.cursor, made.began) if value is not None]
        is_table = isinstance(made.seen_at_cursor, dict)
        whole = [made.lookback, *times, *(made.seen_at_cursor.values() if is_table else ())]
        is_place = made.token is None or type(made.token) in {int, str}
        if not is_table or not is_place or any(type(value) is not int for value in whole):
            raise InvalidValueError("state", text, reason)
        return made
