"""One file of events: keys, corrections, reading, and what it says when it can't go on."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from cxkit.errors import InvalidValueError, StoreBusyError, StoreError
from cxkit.model.event import COLUMNS, Event
from cxkit.store import Report, SQLiteStore
from cxkit.store.sqlite import schema
from cxkit.store.sqlite.failure import failure

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


class TestReading:
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


def test_importing_the_model_loads_no_sqlite() -> None:
    """Whoever scores a file pays for no store."""
    code = "import sys, cxkit.model; assert 'sqlite3' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
