"""Walking lists that can be asked for by day of creation alone.

BottleCRM's lists are paged by place. Most are in the order of random ids, or of creation without a second key, so that
a record may stand on two pages, or on none. Whole days don't have that: they are asked for one after the other, as many
at once as fill a page.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import attrs

from cxkit.adapters import Batch
from cxkit.errors import FatalAdapterError, InvalidValueError, RetriableAdapterError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Ask = Callable[[Mapping[str, object]], "Listed"]

_FIRST: Final = date(2000, 1, 1)  # before the first commit of BottleCRM
_DAY: Final = timedelta(days=1)


@attrs.frozen
class Listed:
    """One answer of a list.

    Attributes:
        records: what it holds.
        total: how many there are.
        longest: of which the longest part is: leads come in two parts, each paged alike.
    """

    records: Sequence[Mapping[str, Any]]
    total: int
    longest: int


def by_days(
    ask: Ask, token: str | int | None, *, page: int, now: float, start: str | None = None
) -> Batch[Mapping[str, Any]]:
    """Return the records of the next days.

    Args:
        ask: calls the list.
        token: the first of these days and how many to try, such as ``2026-03-01/28``; None to begin.
        page: how many records to ask for at once.
        now: the time, in seconds since 1970.
        start: the day before which hardly anything can be, such as ``2026-03-01``: all before it is asked for at once.
    """
    # The organisation's today may be our tomorrow.
    today = datetime.fromtimestamp(now, UTC).date() + _DAY
    since = date.fromisoformat(start) if start else today
    first, width = (_FIRST, max((since - _FIRST).days, 1)) if token is None else _parsed(token)

    def asked(params: Mapping[str, object]) -> Listed:
        return _within(first, last, ask(params))

    while True:
        last = min(first + (width - 1) * _DAY, max(first, today))
        window = {"created_at__gte": first.isoformat(), "created_at__lte": last.isoformat(), "limit": page}
        listed = asked(window)
        if listed.longest <= page:
            break
        if last - first <= _DAY:  # today and the tomorrow of others are read at once
            listed = _whole(asked, window, listed, page)
            break
        width = max(1, min(((last - first).days + 1) // 2, width * page // listed.longest))
    wider = width * 2 if listed.longest * 2 <= page else width
    return Batch(listed.records, last < today, f"{(last + _DAY).isoformat()}/{wider}")


def _whole(ask: Ask, window: Mapping[str, object], listed: Listed, page: int) -> Listed:
    """Return the records of a day or two that have more than fit a page: page by page, or else all in one answer."""
    found = {record["id"]: record for record in listed.records}
    for offset in range(page, listed.longest, page):
        found |= {record["id"]: record for record in ask({**window, "offset": offset}).records}
    if len(found) == listed.total:
        return Listed(list(found.values()), listed.total, listed.longest)
    # One was added or deleted meanwhile, or several were made at one moment and change places.
    listed = ask({**window, "limit": listed.longest + page})
    if len(listed.records) < listed.total:
        days = f"{window['created_at__gte']} to {window['created_at__lte']}"
        told = f"{len(listed.records)} of {listed.total}"
        raise RetriableAdapterError(f"the list of {days} is told in part, {told}: try again, or with another page size")
    return listed


def _within(first: date, last: date, listed: Listed) -> Listed:
    """Return an answer, all of whose records are of the days that were asked for.

    Days are the organisation's, as its times are written.
    """
    for record in listed.records:
        day = str(record["created_at"])[:10]
        if not first.isoformat() <= day <= last.isoformat():
            raise FatalAdapterError(
                f"record {record['id']} of {day} was answered for {first} to {last}: is there a proxy?"
            )
    return listed


def _parsed(token: str | int) -> tuple[date, int]:
    day, _, width = str(token).partition("/")
    try:
        return date.fromisoformat(day), max(1, int(width))
    except ValueError:
        raise InvalidValueError("token", token, "isn't a day and a number of days") from None
