"""One file of events: keys, corrections, reading, and what it says when it can't go on."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import event_tables

from cxkit.errors import InvalidValueError, StoreBusyError, StoreError
from cxkit.model.event import COLUMNS, Event, uuid7
from cxkit.model.identity import LINKED
from cxkit.store import Replaced, Report, SQLiteStore, schema
from cxkit.store.failure import failure

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where a store may be made."""
    return tmp_path / "shop.db"


@pytest.fixture
def store(path: Path) -> Iterator[SQLiteStore]:
    """Return an empty store in a file."""
    with SQLiteStore.open(path) as store:
        yield store


def visit(id_: str, **columns: object) -> Event:
    """Return an event; it differs by its id unless columns say otherwise."""
    return Event(**{"id": id_, "ts_us": 0, "kind": "visit.started", "source": "app", "customer": "c42", **columns})


def in_order(events: list[Event]) -> list[Event]:
    """Return events in the order that the store promises."""
    return sorted(events, key=lambda event: (event.ts_us, event.source, event.id))


class TestKeys:
    def test_same_event_is_a_duplicate(self, store: SQLiteStore) -> None:
        """An event that comes again is ignored, alone or among others."""
        assert store.append(visit("1")) == "new"
        assert store.append(visit("1")) == "duplicate"
        assert store.add([visit("1"), visit("2"), visit("2")]) == Report(new=1, duplicates=2)
        assert list(store.events()) == [visit("1"), visit("2")]

    def test_ids_are_unique_within_their_source(self, store: SQLiteStore) -> None:
        """Two sources may use the same id."""
        assert store.add([visit("1"), visit("1", source="till 3")]) == Report(new=2)
        assert store.counts() == {"app": 1, "till 3": 1}

    @pytest.mark.parametrize(
        "columns",
        [
            {"ts_us": 1}, {"kind": "order.placed"}, {"customer": None}, {"touchpoint": "desk.phone"},
            {"channel": "web"}, {"reference": "0"}, {"instrument": "nps"}, {"item": "1"}, {"score": 0.0},
            {"amount_minor": 0, "currency": "USD"}, {"duration_us": 0}, {"weight_ppm": 0}, {"properties": "{}"},
        ],
        ids=lambda columns: next(iter(columns)),
    )  # fmt: skip
    def test_any_other_content_is_a_correction(self, store: SQLiteStore, columns: dict[str, object]) -> None:
        """Whichever column differs, also where there was nothing before, the new version replaces the old one."""
        store.append(visit("1"))

        assert store.append(visit("1", **columns)) == "corrected"
        assert list(store.events()) == [visit("1", **columns)]

    def test_replaced_versions_are_kept(self, store: SQLiteStore) -> None:
        """The audit holds what was replaced, in order, and when."""
        versions = [visit("1", score=float(number)) for number in range(3)]
        before = datetime.now(UTC) - timedelta(seconds=1)
        report = store.add(versions)
        audit = list(store.audit())

        assert report == Report(new=1, corrected=2)
        assert [replaced.event for replaced in audit] == versions[:2]
        assert all(before <= replaced.time <= datetime.now(UTC) + timedelta(seconds=1) for replaced in audit)
        assert isinstance(audit[0], Replaced)

    def test_replaced_version_does_not_come_back(self, store: SQLiteStore) -> None:
        """An old file that is imported after the correction changes nothing, however often."""
        old, new = visit("1", score=1.0), visit("1", score=2.0)
        store.add([old, new])

        assert store.append(old) == "duplicate"
        assert store.add([old, new, old]) == Report(duplicates=3)
        assert list(store.events()) == [new]
        assert [replaced.event for replaced in store.audit()] == [old]

    def test_a_failing_iterable_keeps_whole_batches(self, store: SQLiteStore) -> None:
        """The error goes on, what was committed stays, and everything can be added again."""
        events = [visit(f"{number:02d}") for number in range(10)]

        def broken() -> Iterator[Event]:
            yield from events[:7]
            raise OSError("the disk was pulled")

        with pytest.raises(OSError, match="pulled"):
            store.add(broken(), batch=3)
        assert list(store.events()) == events[:6]
        assert store.add(events) == Report(new=4, duplicates=6)

    @pytest.mark.parametrize("batch", [0, -1, 1.5, True])
    def test_batches_are_whole_numbers(self, store: SQLiteStore, batch: object) -> None:
        """A batch of none would never end."""
        with pytest.raises(InvalidValueError, match="batch"):
            store.add([], batch=batch)  # type: ignore[arg-type]

    def test_empty(self, store: SQLiteStore) -> None:
        """An empty store is there, and answers."""
        assert store.add([]) == Report()
        assert (len(store), store.counts(), list(store.events()), list(store.audit())) == (0, {}, [], [])
        assert bool(store) is True


class TestReading:
    @given(events=event_tables())
    def test_round_trip(self, events: list[Event]) -> None:
        """What goes in comes out, each field to the last bit and of the same type."""
        with SQLiteStore.open(":memory:") as store:
            assert store.add(events, batch=7) == Report(new=len(events))
            found = list(store.events())

            assert found == in_order(events)
            assert repr(found) == repr(in_order(events))
            assert sorted(map(repr, store.events(ordered=False))) == sorted(map(repr, events))

    @given(events=event_tables(), data=st.data())
    def test_filters(self, events: list[Event], data: st.DataObject) -> None:
        """Kinds and customers choose what their names say."""
        kinds = data.draw(st.sets(st.sampled_from([event.kind for event in events] or ["visit.started"])))
        names = [event.customer for event in events if event.customer is not None]
        customers = data.draw(st.sets(st.sampled_from(names or ["nobody"])))
        with SQLiteStore.open(":memory:") as store:
            store.add(events)

            assert list(store.events(kinds=kinds)) == in_order([e for e in events if e.kind in kinds])
            assert list(store.events(customers=customers)) == in_order([e for e in events if e.customer in customers])
            assert list(store.events(kinds=kinds, customers=customers)) == in_order(
                [e for e in events if e.kind in kinds and e.customer in customers]
            )

    def test_filters_by_one_name(self, store: SQLiteStore) -> None:
        """A single name needs no list, and a wrong one is refused."""
        store.add([visit("1"), visit("2", kind="order.placed", customer="e\u0301")])

        assert [event.id for event in store.events(kinds="order.placed")] == ["2"]
        assert [event.id for event in store.events(customers="e\u0301")] == ["2"]
        with pytest.raises(InvalidValueError, match=r"noun\.verb"):
            store.events(kinds=["Order placed"])

    @pytest.mark.parametrize("ordered", [True, False])
    def test_reading_is_of_one_moment(self, store: SQLiteStore, ordered: bool) -> None:  # noqa: FBT001 - a parameter
        """What is written while somebody reads doesn't show, from the call on and not from the first event on."""
        events = [visit(f"{number:04d}") for number in range(3000)]
        store.add(events)
        reading = store.events(ordered=ordered)
        store.append(visit(uuid7()))
        first = next(reading)
        store.add([attrs.evolve(event, score=1.0) for event in events])

        assert in_order([first, *reading]) == events
        assert len(store) == 3001

    def test_links(self, store: SQLiteStore) -> None:
        """Links and what they come to are read alone, and anew when they change in whatever way."""
        link = visit("l", kind=LINKED, reference="email:a")
        store.add([visit("1"), link])

        assert list(store.links()) == [link]
        first = store.identities()
        assert first.members("c42") == {"c42", "email:a"}
        assert store.identities() is first
        assert store.identities(max_people=3) == first
        store.append(visit("m", kind=LINKED, customer="c43", reference="email:a"))
        assert store.identities().members("c42") == {"c42", "c43", "email:a"}
        assert store.identities(max_people=1).mapping == {}

    def test_another_process_changes_links(self, store: SQLiteStore, path: Path) -> None:
        """Identities that were worked out before are worked out again when another connection wrote."""
        assert store.identities().mapping == {}
        with SQLiteStore.open(path) as other:
            other.append(visit("l", kind=LINKED, reference="email:a"))

        assert store.identities().mapping == {"email:a": "c42"}

    def test_other_tools_read_a_view(self, store: SQLiteStore, path: Path) -> None:
        """Whoever opens the file finds the columns of the event table, in its order, with their words."""
        events = [visit("1"), visit("2", channel="web", instrument="nps", item="1", score=9.0), visit("3", source="b")]
        store.add(events)
        with sqlite3.connect(path) as connection:
            found = connection.execute("SELECT * FROM events ORDER BY id")
            names = tuple(name for name, *_ in found.description)
            rows = found.fetchall()
        connection.close()

        assert names == COLUMNS
        assert rows == [attrs.astuple(event) for event in events]

    def test_nobody_needs_to_read_to_the_end(self, store: SQLiteStore) -> None:
        """Readers that are dropped, begun or not, let the file go: its log is emptied when the store is closed."""
        store.add(visit(f"{number}") for number in range(3000))
        unread, begun = store.events(), store.events()
        next(begun)
        del unread, begun
        store.close()

        assert sorted(os.listdir(os.path.dirname(store._connections.path))) == ["shop.db"]  # noqa: PTH208, PTH120


class TestOpening:
    def test_what_was_kept_is_there_again(self, path: Path) -> None:
        """A store is a file; closing twice does no harm, and a closed store says so."""
        with SQLiteStore.open(path) as store:
            store.append(visit("1"))
        store.close()

        with pytest.raises(StoreError, match=r"shop\.db: the store is closed"):
            store.append(visit("2"))
        with pytest.raises(StoreError, match="is closed"):
            store.events()
        with SQLiteStore.open(os.fspath(path), durability="full") as again:
            assert list(again.events()) == [visit("1")]
            assert repr(again) == f"SQLiteStore({os.fspath(path)!r})"

    def test_odd_names(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A name that a URI would take for something else names a file; a relative one stays where it was."""
        monkeypatch.chdir(tmp_path)
        (tmp_path / "elsewhere").mkdir()
        with SQLiteStore.open("läden #1?mode=memory&x=%41.db") as store:
            monkeypatch.chdir("elsewhere")
            store.append(visit("1"))
            assert len(store) == 1
        assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ["läden #1?mode=memory&x=%41.db"]

    def test_durability(self, path: Path) -> None:
        """``normal`` leaves the disk to the system, ``full`` waits for it, and there is no third."""
        found = {}
        for durability in ("normal", "full"):
            with SQLiteStore.open(path, durability=durability) as store, store._connections as connection:
                found[durability] = connection.execute("PRAGMA synchronous").fetchone()[0]
                assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)

        assert found == {"normal": 1, "full": 2}
        with pytest.raises(InvalidValueError, match="durability: 'none' isn't"):
            SQLiteStore.open(path, durability="none")  # type: ignore[arg-type]

    def test_another_database_is_left_alone(self, path: Path) -> None:
        """A file of another application isn't touched."""
        connection = sqlite3.connect(path)
        connection.execute("CREATE TABLE mine (x)")
        connection.close()
        before = path.read_bytes()

        with pytest.raises(StoreError, match=r"shop\.db: not a cxkit store but another SQLite database"):
            SQLiteStore.open(path)
        assert path.read_bytes() == before

    def test_no_database(self, path: Path) -> None:
        """A file that is no database at all isn't touched either."""
        path.write_text("id,kind\n1,order.placed\n" * 99)

        with pytest.raises(StoreError, match=r"shop\.db: not a cxkit store"):
            SQLiteStore.open(path)
        assert path.read_text().startswith("id,kind")

    def test_newer_schema(self, path: Path) -> None:
        """A store that a later version made is refused, with what to do about it."""
        SQLiteStore.open(path).close()
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA user_version = 2")
        connection.close()

        with pytest.raises(StoreError, match=r"shop\.db: written by a newer cxkit \(schema 2.*upgrade cxkit"):
            SQLiteStore.open(path)

    def test_missing_folder(self, tmp_path: Path) -> None:
        """Folders aren't made: a mistyped path would hide the events."""
        with pytest.raises(StoreError, match=r"nowhere/shop\.db: it can't be opened: its folder must exist"):
            SQLiteStore.open(tmp_path / "nowhere" / "shop.db")

    def test_a_folder(self, tmp_path: Path) -> None:
        """A folder is no store."""
        with pytest.raises(StoreError, match="can't be opened"):
            SQLiteStore.open(tmp_path)

    def test_many_open_a_new_store_at_once(self, path: Path) -> None:
        """One of them makes it, the others wait."""
        outcomes = []

        def work(name: str) -> None:
            with SQLiteStore.open(path) as store:
                outcomes.append(store.append(visit(name)))

        threads = [threading.Thread(target=work, args=(str(number),)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert outcomes == ["new"] * 8

    def test_one_looks_while_another_makes_it(self, path: Path) -> None:
        """What marks a store and what it holds are looked at as of one moment: half of each isn't a store."""
        makers: list[threading.Thread] = []

        class Slow(sqlite3.Connection):
            def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
                cursor = super().execute(sql, *parameters)
                if sql == "PRAGMA application_id" and not makers:
                    makers.append(threading.Thread(target=lambda: SQLiteStore.open(path).close()))
                    makers[0].start()
                    makers[0].join(0.3)  # done by then, or waiting for us
                return cursor

        slow = sqlite3.connect(path, isolation_level=None, factory=Slow)
        schema.prepare(slow, str(path))
        slow.close()
        makers[0].join()

        with SQLiteStore.open(path) as store:
            assert store.append(visit("1")) == "new"


class TestTrouble:
    def test_held_by_another_process(self, path: Path) -> None:
        """A store that stays locked is a StoreBusyError: trying again may help, and does."""
        with SQLiteStore.open(path, timeout=0.05) as store:
            other = sqlite3.connect(path, isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            for write in (lambda: store.append(visit("1")), lambda: store.add([visit("1")]), lambda: store.forget("x")):
                with pytest.raises(StoreBusyError, match=r"shop\.db: another process held the store.*try again"):
                    write()
            assert list(store.events()) == []  # readers don't wait for writers
            other.close()

            assert store.append(visit("1")) == "new"

    def test_held_by_another_thread(self, path: Path) -> None:
        """So is one that another thread holds."""
        with SQLiteStore.open(path, timeout=0.05) as store:
            with store._connections, pytest.raises(StoreBusyError, match="another thread"):
                store.append(visit("1"))
            assert store.append(visit("1")) == "new"

    def test_pause_for_a_fork(self, path: Path) -> None:
        """Between pause and resume nobody has the file open; then all goes on, readers from memory."""
        with SQLiteStore.open(path, timeout=0.05) as store:
            store.append(visit("1"))
            reading = store.events()
            assert store._connections.pause()
            assert not store._connections.pause()
            assert [file.name for file in path.parent.iterdir()] == ["shop.db"]
            with pytest.raises(StoreBusyError):
                store.append(visit("2"))
            store._connections.resume()

            assert store.append(visit("2")) == "new"
            assert list(reading) == [visit("1")]

    def test_full_disk(self, store: SQLiteStore) -> None:
        """What doesn't fit is said, what was committed stays, and the store goes on when there is room."""
        with store._connections as connection:
            ((pages,),) = connection.execute("PRAGMA page_count")
            connection.execute(f"PRAGMA max_page_count = {pages + 8}")
        events = [visit(f"{number:04d}", properties='{"x":"' + "y" * 500 + '"}') for number in range(100)]

        with pytest.raises(StoreError, match=r"shop\.db: the disk is full: make room"):
            store.add(events, batch=10)
        kept = len(store)
        assert 0 < kept < 100
        assert kept % 10 == 0
        with store._connections as connection:
            connection.execute("PRAGMA max_page_count = 1000000")
        assert store.add(events) == Report(new=100 - kept, duplicates=kept)

    def test_read_only(self, path: Path) -> None:
        """A file that can't be written is said to be so; permissions alone wouldn't bind a superuser who runs this."""
        SQLiteStore.open(path).close()
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            with pytest.raises(sqlite3.OperationalError) as caught:
                connection.execute("DELETE FROM record")
            assert str(failure("shop.db", caught.value)) == (
                "shop.db: it or its folder can't be written: look at their permissions"
            )

    def test_damaged(self, path: Path) -> None:
        """A damaged file is said to be so, whatever is asked of it."""
        with SQLiteStore.open(path) as store:
            store.add(visit(f"{number:05d}") for number in range(5000))
        content = bytearray(path.read_bytes())
        content[4096 * 4 :] = b"\xff" * (len(content) - 4096 * 4)
        path.write_bytes(content)

        with SQLiteStore.open(path) as store, pytest.raises(StoreError, match="is damaged: restore a backup"):
            list(store.events())
        with SQLiteStore.open(path) as store:
            reading = store.events()
            store._connections.detach_snapshots()
            with pytest.raises(StoreError, match="is damaged"):
                next(reading)

    def test_removed_while_open(self, path: Path) -> None:
        """A store whose file is gone isn't made anew behind the reader's back."""
        with SQLiteStore.open(path) as store:
            store.append(visit("1"))
            for file in path.parent.iterdir():
                file.unlink()

            with pytest.raises(StoreError, match="can't be opened"):
                store.events()
            assert list(path.parent.iterdir()) == []

    def test_errors_undo_the_batch(self, store: SQLiteStore) -> None:
        """A batch is kept whole or not at all."""
        with pytest.raises(AttributeError):
            store.add([visit("1"), object()])  # type: ignore[list-item]
        assert len(store) == 0
        assert store.append(visit("1")) == "new"


def test_importing_the_model_loads_no_sqlite() -> None:
    """Whoever scores a file pays for no store."""
    code = "import sys, cxkit.model; assert 'sqlite3' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
