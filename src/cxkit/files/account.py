"""The account of a reading: how many rows couldn't be taken, why, and who is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from cxkit.errors import BadRowError, InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import Self

    from cxkit.model.event import Event

OnReject = Callable[[BadRowError, str], object]
"""Takes what is wrong with a row, and the whole row as JSON."""

_REASONS_KEPT = 1000


class Account(Iterator["Event"]):
    """Events that are read one after the other, and what became of the rows; a context manager that closes the files.

    Attributes:
        events: how many events were given up to now.
        rejected: how many rows couldn't be taken up to now.
        reasons: how often each reason was given, by ``column: reason``.
        warnings: sentences about the columns, once the first event was asked for.
        damaged: whether a file broke off, so that rows are missing.
    """

    def __init__(self, on_reject: OnReject | None, *, strict: bool) -> None:
        """Begin with nothing read."""
        self.events = 0
        self.rejected = 0
        self.reasons: Counter[str] = Counter()
        self.warnings: list[str] = []
        self.damaged = False
        self._on_reject = on_reject
        self._strict = strict

    # Made when all else is known of the reading.
    _iterator: Generator[Event]

    def __iter__(self) -> Iterator[Event]:  # noqa: PYI034 - the generator itself is iterated quicker
        """Give the events; once over they are over."""
        return self._iterator

    def __next__(self) -> Event:
        """Give the next event."""
        return next(self._iterator)

    def __enter__(self) -> Self:
        """Leave the files open until the block ends."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the files."""
        self.close()

    def close(self) -> None:
        """Close the files, unless they were handed over open; nothing more is read."""
        raise NotImplementedError

    def refuse(self, file: str, line: int, error: InvalidValueError, row: str) -> None:
        """Count a row that can't be taken and hand it on; `row` is the whole of it as JSON.

        Raises:
            BadRowError: this is the first, and the reading is strict.
        """
        bad = BadRowError(file, line, error.field, error.value, error.reason)
        self.rejected += 1
        key = f"{error.field}: {error.reason}"
        if key not in self.reasons and len(self.reasons) >= _REASONS_KEPT:
            key = "further reasons"
        self.reasons[key] += 1
        if self._on_reject is not None:
            self._on_reject(bad, row)
        if self._strict:
            raise bad
