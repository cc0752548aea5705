"""The account of a reading: how many rows couldn't be taken, why, and who is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from cxkit.errors import BadRowError, InvalidValueError

OnReject = Callable[[BadRowError, str], object]
"""Takes what is wrong with a row, and the whole row as JSON."""

_REASONS_KEPT = 1000


class Account:
    """What became of the rows that were read.

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
