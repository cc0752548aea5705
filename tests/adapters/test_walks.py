"""The walks over a vendor's lists lose nothing and end, whatever happens while they read."""

from __future__ import annotations

import random
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxkit.adapters import Batch, Reading, State, by_time, by_token, everything, walks, when_ms
from cxkit.errors import FatalAdapterError, InvalidValueError
from cxkit.model.event import event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cxkit.adapters import Page

SECOND = 1_000_000
Record = dict[str, Any]


class Vendor:
    """A list of records with a clock of whole seconds; things happen between its pages."""

    def __init__(self, size: int, *, more_than_there_is: bool = False) -> None:
        """Begin with no record."""
        self.size = size
        self.now = 1000
        self.rows: dict[int, Record] = {}
        self.calls = 0
        self.happening: Callable[[], None] = lambda: None
        self._hopeful = more_than_there_is

    def put(self, number: int) -> None:
        """Make a record, or change one."""
        version = self.rows.get(number, {"version": 0})["version"] + 1
        self.rows[number] = {"id": number, "version": version, "at": self.now}

    def _since(self, since: int | None) -> list[Record]:
        self.calls += 1
        assert self.calls < 2000, "it never ends"
        assert since is None or since % SECOND == 0, "not a whole number of the vendor's steps"
        found = [row for row in self.rows.values() if since is None or row["at"] * SECOND >= since]
        return sorted(found, key=lambda row: (row["at"], row["id"]))

    def by_skip(self, since: int | None, skip: int) -> Batch[Record]:
        """Answer by offset."""
        found = self._since(since)
        page = [dict(row) for row in found[skip : skip + self.size]]
        # Some vendors can't say more than that a page is full.
        more = bool(page) and len(page) == self.size and (self._hopeful or len(found) > skip + self.size)
        self.happening()
        return Batch(page, more)

    def by_key(self, since: int | None, token: str | int | None) -> Batch[Record]:
        """Answer by a token that says where the last page ended."""
        found = self._since(since)
        at, number = map(int, str(token).split("/")) if token else (-1, -1)
        rest = [dict(row) for row in found if (row["at"], row["id"]) > (at, number)]
        page = rest[: self.size]
        self.happening()
        return Batch.at(page, f"{page[-1]['at']}/{page[-1]['id']}" if len(rest) > self.size else None)

    def by_id(self, since: int | None, token: str | int | None) -> Batch[Record]:
        """Answer in the order of ids, which isn't that of changes."""
        found = sorted(self._since(since), key=lambda row: row["id"])
        rest = [dict(row) for row in found if row["id"] > (-1 if token is None else int(token))]
        page = rest[: self.size]
        self.happening()
        return Batch.at(page, page[-1]["id"] if len(rest) > self.size else None)


READING: Reading[Record] = Reading(
    "rows",
    lambda row: row["id"],
    lambda row: [
        event(
            "visit.started",
            id=str(row["id"]),
            source="s",
            time=when_ms(row["at"] * 1000),
            reference=str(row["version"]),
        )
    ],
    lambda row: row["at"] * SECOND,
)
LOOKBACK = timedelta(seconds=5)


def walk(kind: str, vendor: Vendor, state: State) -> Iterator[Page]:
    """Begin a walk."""
    if kind == "by_time":
        return by_time(state, READING, vendor.by_skip, lookback=LOOKBACK, step=timedelta(seconds=1))
    if kind == "by_token":
        return by_token(state, READING, vendor.by_key, now=lambda: float(vendor.now), lookback=LOOKBACK)
    if kind == "sweep":
        return by_token(state, READING, vendor.by_id, now=lambda: float(vendor.now), ordered=False, lookback=LOOKBACK)
    return everything(state, READING, lambda token: vendor.by_id(None, token))


KINDS = ("by_time", "by_token", "sweep", "everything")


def take(kept: dict[str, int], page: Page) -> str:
    """Keep a page as a store would, and return the state as it is written."""
    for each in page.events:
        kept[each.id] = max(kept.get(each.id, 0), int(each.reference or 0))
    return page.state.dumps()


@settings(max_examples=80)
@given(
    kind=st.sampled_from(KINDS),
    size=st.integers(1, 4),
    hopeful=st.booleans(),
    rows=st.lists(st.integers(0, 2), max_size=16),
    deeds=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 30)), max_size=16),
    kills=st.lists(st.integers(1, 4), max_size=6),
)
def test_nothing_is_lost_and_all_ends(  # noqa: PLR0913 - what chance decides
    kind: str, size: int, *, hopeful: bool, rows: list[int], deeds: list[tuple[int, int]], kills: list[int]
) -> None:
    """With records made and changed between pages, and kills after any page, the last walks have all as it stands."""
    vendor = Vendor(size, more_than_there_is=hopeful)
    for number, later in enumerate(rows):
        vendor.now += later
        vendor.put(number)
    waiting = iter(deeds)

    def happen() -> None:
        for later, number in islice(waiting, 1):
            vendor.now += later
            vendor.put(number)

    vendor.happening = happen
    kept: dict[str, int] = {}
    written: str | None = None
    for pages in (*kills, 10_000, 10_000):
        for page in islice(walk(kind, vendor, State.loads(written)), pages):
            written = take(kept, page)
    vendor.happening = lambda: None
    for page in walk(kind, vendor, State.loads(written)):
        written = take(kept, page)

    assert kept == {str(number): row["version"] for number, row in vendor.rows.items()}


@pytest.mark.parametrize(("kind", "again"), [("by_time", 0), ("by_token", 0), ("sweep", 9), ("everything", 20)])
def test_what_was_read_is_not_told_again(kind: str, again: int) -> None:
    """A second walk over a list at rest brings no event; without order those of the lookback, without times all."""
    vendor = Vendor(3)
    for number in range(20):
        vendor.now += number % 2
        vendor.put(number)
    kept: dict[str, int] = {}
    written = [take(kept, page) for page in walk(kind, vendor, State())][-1]

    told = [each for page in walk(kind, vendor, State.loads(written)) for each in page.events]

    assert len(kept) == 20
    assert len(told) == again


@pytest.mark.parametrize("kind", ["by_time", "by_token"])
def test_a_change_that_shows_late_is_read(kind: str) -> None:
    """What becomes visible within the lookback of a cursor that went on is read by the next walk."""
    vendor = Vendor(3)
    for number in range(9):
        vendor.now += 1
        vendor.put(number)
    kept: dict[str, int] = {}
    written = [take(kept, page) for page in walk(kind, vendor, State())][-1]
    vendor.rows[99] = {"id": 99, "version": 1, "at": vendor.now - 4}

    for page in walk(kind, vendor, State.loads(written)):
        take(kept, page)

    assert "99" in kept


@pytest.mark.parametrize("kind", ["by_time", "by_token", "sweep"])
def test_memory_is_flat(kind: str) -> None:
    """The state doesn't grow with the list, but with what the lookback holds."""
    sizes = []
    for length in (100, 400):
        vendor = Vendor(10)
        for number in range(length):
            vendor.now += 1
            vendor.put(number)
        sizes.append(max(len(page.state.dumps()) for page in walk(kind, vendor, State())))

    assert sizes[1] < sizes[0] + 60


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A time at which more happened than is remembered ends all the same; what was forgotten comes again."""
    monkeypatch.setattr(walks, "MOST_SEEN", 100)
    count = 130
    vendor = Vendor(25)
    for number in range(count):
        vendor.put(number)

    kept: dict[str, int] = {}
    written = ""
    for page in walk("by_time", vendor, State()):
        written = take(kept, page)
        assert len(page.state.seen_at_cursor) <= 100

    assert len(kept) == count
    assert len(State.loads(written).seen_at_cursor) == 100
    assert vendor.calls < 60


def test_a_record_that_changes_back_has_changed() -> None:
    """Old, new, and old again within one second are three events."""
    versions = iter(["a", "b", "a"])
    told = []
    state = State()
    for version in versions:
        record = {"id": 1, "version": version, "at": 1000}
        for page in by_time(state, READING, lambda _since, _skip, record=record: Batch([record]), lookback=LOOKBACK):
            told += [each.reference for each in page.events]
            state = page.state

    assert told == ["a", "b", "a"]


# -------------------------------------------------------------------------------------------------- vendors that err


def row(number: int, at: int = 1) -> Record:
    """Return a record."""
    return {"id": number, "version": 1, "at": at}


@pytest.mark.parametrize(
    ("batches", "reason"),
    [
        ([Batch([row(1, 5), row(2, 4)])], "rows 2: comes after records that changed later"),
        ([Batch([], more=True)], "there is more, and gives an empty page"),
        ([Batch([row(1, 5), row(2, 6)], more=True), Batch([row(0, 1)], more=True)], "doesn't begin at the time"),
        ([Batch([row(1, 5), row(2, 5)], more=True)], "gives the same page again"),
        ([Batch([{"id": 7, "version": 1}])], "rows 7: has no time of change that can be read"),
        ([Batch([{"id": 7, "version": 1, "at": "x"}])], "rows 7: its time of change is"),
        ([Batch([{"version": 1, "at": 2.5}])], "rows: a record without a key: its time of change is"),
    ],
)
def test_a_walk_by_time_trusts_no_false_list(batches: list[Batch[Record]], reason: str) -> None:
    """A list whose order would make us lose records, or read for ever, is refused."""
    answers = iter(batches)
    last = batches[-1]

    with pytest.raises(FatalAdapterError, match=reason):
        list(islice(by_time(State(), READING, lambda _since, _skip: next(answers, last)), 50))


def test_a_record_that_moves_up_past_us_is_read() -> None:
    """One that was known, and leaves its second while that is counted, lets another move up: that isn't lost."""
    vendor = Vendor(1)
    vendor.put(0)
    kept: dict[str, int] = {}
    (page,) = walk("by_time", vendor, State())
    written = take(kept, page)
    vendor.put(1)
    vendor.rows[2] = {"id": 2, "version": 1, "at": vendor.now + 1}
    calls = iter(range(99))

    def leave() -> None:
        if next(calls) == 1:  # the first page of the second that both are at was read
            vendor.now += 100
            vendor.put(0)

    vendor.happening = leave
    for page in walk("by_time", vendor, State.loads(written)):
        take(kept, page)

    assert kept == {"0": 2, "1": 1, "2": 1}


def test_a_page_that_moves_up_is_read_again() -> None:
    """Where as many as fill a page come before it at the same second, it isn't taken for a list without end."""
    vendor = Vendor(1, more_than_there_is=True)
    vendor.put(0)
    waiting = iter([26, 23, 9])

    def happen() -> None:
        for number in islice(waiting, 1):
            vendor.put(number)

    vendor.happening = happen
    kept: dict[str, int] = {}
    for page in walk("by_time", vendor, State()):
        take(kept, page)

    assert sorted(kept, key=int) == ["0", "9", "23", "26"]


@pytest.mark.parametrize("ordered", [False, True])
def test_a_token_that_comes_again_is_refused(*, ordered: bool) -> None:
    """A list whose pages lead in a circle is left."""
    tokens = iter("abcabcabc")
    fetch = lambda _since, _token: Batch([row(1)], more=True, token=next(tokens))  # noqa: E731

    with pytest.raises(FatalAdapterError, match="names page 'a' again, so reading would never end"):
        list(islice(by_token(State(), READING, fetch, now=lambda: 5.0, ordered=ordered), 50))


def test_more_without_a_place_is_refused() -> None:
    """A vendor that says that there is more has to say where."""
    with pytest.raises(FatalAdapterError, match="says that there is more, and not where"):
        list(everything(State(), READING, lambda _: Batch([row(1)], more=True)))


@pytest.mark.parametrize("kind", ["sweep", "everything"])
def test_a_token_of_last_time_may_be_over(kind: str) -> None:
    """A sweep that was cut off begins anew where its token isn't known any more; another refusal is one."""
    asked: list[Any] = []

    def fetch(token: Any) -> Batch[Record]:
        asked.append(token)
        if token == "old":  # noqa: S105
            raise FatalAdapterError("no such cursor")
        return Batch([row(len(asked))])

    state = State(token="old", began=3)  # noqa: S106
    pages = (
        everything(state, READING, fetch)
        if kind == "everything"
        else by_token(state, READING, lambda _since, token: fetch(token), now=lambda: 5.0, ordered=False)
    )

    assert [page.records for page in pages] == [1]
    assert asked == ["old", None]


def test_a_record_that_cannot_be_taken_is_rejected_alone() -> None:
    """Whatever its mapping stumbles over, the others of the page are taken; it is told once."""

    def events(record: Record) -> Iterator[Any]:
        if record["id"] % 2:
            yield event("visit.started", id=str(record["id"]), source="s", time=when_ms(record["at"] * 1000))
            return
        faults = [KeyError("x"), TypeError("x"), ArithmeticError("x"), AttributeError("x"), ValueError("x")]
        raise ([InvalidValueError("total", "?", "isn't money"), *faults])[record["id"] // 2]

    reading: Reading[Record] = Reading("rows", READING.key, events, READING.at)
    batch = Batch([row(number, number + 1) for number in range(12)])
    (page,) = by_time(State(), reading, lambda _since, _skip: batch, lookback=timedelta(hours=1))
    (again,) = by_time(page.state, reading, lambda _since, _skip: batch, lookback=timedelta(hours=1))

    assert [each.id for each in page.events] == ["1", "3", "5", "7", "9", "11"]
    assert [(each.record, each.at) for each in page.rejects] == [
        (f"rows {number}", (number + 1) * SECOND) for number in range(0, 12, 2)
    ]
    assert page.rejects[0].reason == "total: '?' isn't money"
    assert (again.events, again.rejects) == ((), ())


def test_a_fault_of_the_mapping_itself_is_not_hidden() -> None:
    """What isn't said of a record stops the walk."""

    def events(_record: Record) -> list[Any]:
        raise FatalAdapterError("no right to see prices")

    with pytest.raises(FatalAdapterError, match="no right"):
        list(everything(State(), Reading("rows", READING.key, events), lambda _: Batch([row(1)])))


def test_a_longer_lookback_reads_more_a_shorter_no_less() -> None:
    """After a change of the lookback nothing that the former one promised is skipped."""
    asked: list[int | None] = []
    state = State(cursor=100 * SECOND, lookback=20 * SECOND)

    for seconds in (5, 50):
        list(
            by_time(
                state,
                READING,
                lambda since, _skip: asked.append(since) or Batch([]),
                lookback=timedelta(seconds=seconds),
            )
        )

    assert asked == [80 * SECOND, 50 * SECOND]


def test_states_are_written_and_read() -> None:
    """What is written is read again, whatever stands in it, and always written alike."""
    numbers = random.Random(5)
    for _ in range(50):
        seen = {f"k{numbers.random()}": numbers.randrange(10**16) for _ in range(numbers.randrange(5))}
        state = State(numbers.choice([None, 7]), seen, 3, numbers.choice([None, "a", 9]), numbers.choice([None, 1]))
        shuffled = State(state.cursor, dict(reversed(seen.items())), 3, state.token, state.began)
        assert State.loads(state.dumps()) == state
        assert shuffled.dumps() == state.dumps()
    assert State.loads(None) == State()


@pytest.mark.parametrize(
    "text",
    [
        "", "null", "[]", "7", "{", '{"cursor": 1.5}', '{"cursor": "1"}', '{"cursor": true}', '{"lookback": null}',
        '{"seen_at_cursor": []}', '{"seen_at_cursor": {"a": "b"}}', '{"token": []}', '{"other": 1}', "[" * 100_000,
    ],
)  # fmt: skip
def test_what_is_no_state_is_refused(text: str) -> None:
    """Something else in a state's place is named, and not taken for a beginning."""
    with pytest.raises(InvalidValueError, match="isn't the state of a pull"):
        State.loads(text)
