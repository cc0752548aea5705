"""What every store does with what it is given: events in batches, names as the model holds them."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from cxkit.errors import InvalidValueError, StoreBusyError
from cxkit.model.event import check_kind
from cxkit.model.text import check_text
from cxkit.store.results import Report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cxkit.model.event import Event


def add_in_batches(events: Iterable[Event], batch: int, add: Callable[[list[Event]], Report]) -> Report:
    """Add events a batch at a time; return what became of them all.

    Raises:
        InvalidValueError: `batch` isn't a whole number from 1.
    """
    if type(batch) is not int or batch < 1:
        raise InvalidValueError("batch", batch, "isn't a whole number from 1")
    new = duplicates = corrected = refused = 0
    source = iter(events)
    while chunk := list(islice(source, batch)):
        report = add(chunk)
        new += report.new
        duplicates += report.duplicates
        corrected += report.corrected
        refused += report.refused
    return Report(new, duplicates, corrected, refused)


def names_of(field: str, given: Iterable[str]) -> list[str]:
    """Return kinds or customers to look for; a single one needs no list.

    Raises:
        InvalidValueError: one that no event can have.

    >>> names_of("kinds", "order.placed")
    ['order.placed']
    """
    names = [given] if isinstance(given, str) else given
    return [check_kind(name) if field == "kinds" else check_text(field, name) for name in names]


def check_state(store: str, pull: str, stands: str | None, before: str | None) -> None:
    """Refuse to go on with a pull that stands elsewhere than somebody thinks.

    Raises:
        StoreBusyError: it does.
    """
    if stands != before:
        raise StoreBusyError(f"{store}: somebody else pulls {pull!r} just now: let them finish, and pull again")
