"""Options of metrics: one of several words, or a window in days."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING

from cxkit.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST = 36_525  # a century of days


def chosen(name: str, value: object, words: Iterable[str]) -> None:
    """Refuse an option that is none of its words.

    >>> chosen("at", "p51", ("p50", "p90"))
    Traceback (most recent call last):
    cxkit.errors.InvalidValueError: at: 'p51' isn't one of p50, p90
    """
    words = tuple(words)
    if value not in words:
        raise InvalidValueError(name, value, f"isn't one of {', '.join(words)}")


def window(name: str, days: float) -> timedelta | None:
    """Return a window of so many days; None, which is for ever, for infinity.

    >>> window("window_days", 0.5), window("window_days", float("inf"))
    (datetime.timedelta(seconds=43200), None)
    """
    if days == math.inf:
        return None
    if not 0 < days <= _LONGEST:
        reason = f"must be above 0 and at most {_LONGEST:,}, in days; inf is for ever"
        raise InvalidValueError(name, days, reason)
    return timedelta(days=days)
