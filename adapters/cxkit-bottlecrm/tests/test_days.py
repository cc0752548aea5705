"""Walking lists by days."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxkit.errors import FatalAdapterError, InvalidValueError, RetriableAdapterError
from cxkit_bottlecrm.days import Listed, by_days

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.xdist_group("vendors")  # one server for all of them

TODAY = date(2026, 3, 1)
NOW = datetime(2026, 3, 1, 20, tzinfo=UTC).timestamp()
_days = st.lists(st.integers(0, 400).map(lambda back: TODAY + timedelta(days=1 - back)), max_size=60)


class Lists:
    """A vendor's list in no order, and how often it was asked."""

    def __init__(self, days: list[date], parts: int = 1) -> None:
        """Keep a record for each day; every so manieth goes to the next part."""
        self.records = [
            {"id": f"r{n}", "created_at": f"{day}T23:59:59+07:00", "part": n % parts} for n, day in enumerate(days)
        ]
        self.parts = parts
        self.calls = 0

    def ask(self, params: Mapping[str, Any]) -> Listed:
        """Answer as BottleCRM does: each part is paged by the same limit and offset."""
        self.calls += 1
        since, until = params["created_at__gte"], params["created_at__lte"]
        within = [each for each in self.records if since <= each["created_at"][:10] <= until]
        parts = [[each for each in within if each["part"] == part] for part in range(self.parts)]
        offset = params.get("offset", 0)
        page = [each for part in parts for each in part[offset : offset + params["limit"]]]
        return Listed(page, len(within), max(map(len, parts)))


@given(_days, st.integers(1, 10), st.integers(1, 2), st.sampled_from(["", "2025-11-01", "2026-03-02"]))
def test_every_record_is_read_once(days: list[date], page: int, parts: int, start: str) -> None:
    """Whatever their days, also many on one day, also the organisation's tomorrow, and also before it was founded."""
    lists, token, read = Lists(days, parts), None, Counter[str]()
    while True:
        batch = by_days(lists.ask, token, page=page, now=NOW, start=start)
        read.update(str(record["id"]) for record in batch.records)
        if not batch.more:
            break
        token = batch.token
    assert read == Counter(record["id"] for record in lists.records)


def test_a_short_list_is_one_call() -> None:
    """All days at once; two if it is said when the organisation was founded."""
    lists = Lists([TODAY] * 3)
    assert len(by_days(lists.ask, None, page=3, now=NOW).records) == 3
    assert lists.calls == 1
    before = by_days(lists.ask, None, page=3, now=NOW, start="2026-02-01")
    assert (before.records, before.token) == ([], f"2026-02-01/{2 * 9528}")
    last = by_days(lists.ask, before.token, page=3, now=NOW)
    assert (len(last.records), last.more) == (3, False)


def test_pages_are_well_filled() -> None:
    """Ten thousand records over two years, by 500: hardly more calls than there are pages."""
    lists = Lists([TODAY - timedelta(days=n % 730) for n in range(10_000)])
    token, pages = None, 0
    while True:
        batch = by_days(lists.ask, token, page=500, now=NOW)
        pages += bool(batch.records)
        if not batch.more:
            break
        token = batch.token
    assert lists.calls < 3 * 10_000 / 500


def test_a_day_that_changes_while_it_is_paged_is_read_at_once() -> None:
    """A record that is deleted meanwhile lets another slip past: then all of the day is asked for in one answer."""
    lists = Lists([TODAY] * 5)
    answer = lists.ask

    def ask(params: Mapping[str, Any]) -> Listed:
        listed = answer(params)
        if params.get("offset") == 2:
            del lists.records[0]
        return listed

    batch = by_days(ask, f"{TODAY}/1", page=2, now=NOW)
    assert [record["id"] for record in batch.records] == ["r1", "r2", "r3", "r4"]


def test_a_day_that_is_told_in_part_is_no_page() -> None:
    """Where something on the way keeps answers short: to go on would lose records."""
    lists = Lists([TODAY] * 5)

    def ask(params: Mapping[str, Any]) -> Listed:
        return lists.ask({**params, "limit": 1})

    with pytest.raises(RetriableAdapterError, match="told in part, 1 of 5"):
        by_days(ask, f"{TODAY}/1", page=2, now=NOW)


def test_records_of_other_days_are_an_error() -> None:
    """Whoever answers one page to every question would be asked for ever."""
    lists = Lists([TODAY])
    with pytest.raises(FatalAdapterError, match="r0 of 2026-03-01 was answered for 2025"):
        by_days(lambda _: Listed(lists.records, 1, 1), "2025-01-01/7", page=2, now=NOW)


@pytest.mark.parametrize("token", ["soon/3", "2026-03-01", 7])
def test_a_token_of_something_else_is_refused(token: str | int) -> None:
    """It names a day and a number of days."""
    with pytest.raises(InvalidValueError, match="a day and a number"):
        by_days(Lists([]).ask, token, page=1, now=NOW)
