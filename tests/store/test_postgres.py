"""A schema of a PostgreSQL database: where it is, what it leaves alone, and what it says when it can't go on."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import traceback
from itertools import count
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from cxkit.errors import InvalidValueError, MissingExtraError, StoreBusyError, StoreError
from cxkit.model.event import COLUMNS, Event
from cxkit.model.identity import LINKED
from cxkit.store import Report, open_store
from cxkit.store.opening import shown_name
from cxkit.store.postgres import PostgresStore, schema
from cxkit.store.postgres.forget import load_tombstones
from cxkit.store.postgres.writing import turns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.servers.postgres_server import PostgresServer

psycopg = pytest.importorskip("psycopg", reason="needs psycopg: pip install 'cxkit[postgres]'")
_numbers = count()


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    """Return where a store may be made."""
    return postgres.url(f"own_{next(_numbers)}")


@pytest.fixture
def store(url: str) -> Iterator[PostgresStore]:
    """Return an empty store."""
    with PostgresStore.open(url, timeout=10) as store:
        yield store


@pytest.fixture
def inside(store: PostgresStore, other: Any) -> Any:
    """Return a connection of somebody else's that sees the store's tables."""
    other.execute("SELECT set_config('search_path', %s, false)", [store.address.schema])
    return other


@pytest.fixture
def other(postgres: PostgresServer) -> Iterator[Any]:
    """Return a connection of somebody else's."""
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        yield connection


def visit(id_: str, **columns: object) -> Event:
    """Return an event; it differs by its id unless columns say otherwise."""
    return Event(**{"id": id_, "ts_us": 0, "kind": "visit.started", "source": "app", "customer": "c42", **columns})


def meanwhile(work: Callable[[], object]) -> Callable[[], object]:
    """Do something in a thread, which has to wait for somebody; return how to get what comes of it."""
    results: list[object] = []
    thread = threading.Thread(target=lambda: results.append(work()))
    thread.start()
    thread.join(0.3)
    assert thread.is_alive(), f"it waited for nobody: {results}"

    def result() -> object:
        thread.join(20)
        (found,) = results
        return found

    return result


class TestAddress:
    def test_the_password_is_nowhere(self) -> None:
        """Neither a name nor a repr shows it, wherever in the URL it stands."""
        for url in (
            "postgresql://shop:s3cret@db.example:5433/shop?schema=cx&sslmode=disable",
            "postgresql://shop:s3cret?x@db.example:5433/shop?sslmode=disable&schema=cx",
            "postgresql://shop@db.example:5433/shop?password=s3cret&schema=cx",
        ):
            assert shown_name(url) == "postgresql://shop@db.example:5433/shop?schema=cx"
        assert shown_name("postgres://") == "postgresql:///"
        assert shown_name("s3cret.db") == "s3cret.db"

    @pytest.mark.parametrize(
        "url",
        [
            "postgresql://shop:s3cret@x@db.example/shop",
            "postgresql://shop:s3/cret@db.example/shop",
            "postgresql://shop:s3cret@db.example:port/shop",
            "postgresql://shop:s3cret@db.example/shop?nonsense=s3cret",
            "postgresql://shop:%zz@db.example/shop",
        ],
    )
    def test_what_is_no_url_is_not_shown(self, url: str) -> None:
        """A password with signs that have to be written otherwise may be anywhere in it, so nothing of it is told."""
        with pytest.raises(
            StoreError, match="isn't one that PostgreSQL understands: write postgresql://user@host"
        ) as at:
            open_store(url)
        told = "".join(traceback.format_exception(at.value, chain=True))
        assert "s3" not in told.replace(f"{url!r}", "")
        assert at.value.__context__ is None

    @pytest.mark.parametrize("where", ["host=/nowhere", "host=localhost&port=1"])
    def test_no_server(self, where: str) -> None:
        """A server that isn't there is named, without the password, though it was given."""
        with pytest.raises(StoreError, match=r"postgresql://shop@.*: the server can't be connected to: ") as at:
            open_store(f"postgresql://shop:s3cret@/shop?{where}", timeout=2)
        assert "s3cret" not in str(at.value)
        assert at.value.__context__ is None

    def test_a_password_that_the_server_quotes(self, postgres: PostgresServer) -> None:
        """Not even where it happens to be the name of something that the server speaks of."""
        with pytest.raises(StoreError, match="look at host, port, database, user and password") as at:
            open_store(f"postgresql://shop:s3cret@/s3cret?host={postgres.folder}&user=cxkit")
        assert str(at.value).count("s3cret") == 1  # the database's

    def test_no_database(self, postgres: PostgresServer) -> None:
        """A database that isn't there isn't made."""
        with pytest.raises(StoreError, match='database "shop" does not exist'):
            open_store(postgres.url(database="shop"))

    @pytest.mark.parametrize("schema", ["", "pg_shop", "a b", 'a"b', "x" * 64, "é"])
    def test_schemas(self, postgres: PostgresServer, schema: str) -> None:
        """What would have to be quoted everywhere isn't taken for a schema."""
        with pytest.raises(InvalidValueError, match=r"schema: .* isn't a name of at most 63 letters"):
            PostgresStore.open(postgres.url(), schema=schema)

    def test_other_databases(self) -> None:
        """Of no other is a file made that bears its URL as a name."""
        with pytest.raises(StoreError, match=r"mysql://… isn't a store that cxkit knows: .* postgresql://"):
            open_store("mysql://shop:s3cret@localhost/shop")

    def test_without_psycopg(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Who lacks the library is told how to get it."""
        monkeypatch.setitem(sys.modules, "psycopg", None)
        with pytest.raises(MissingExtraError, match=r"pip install 'cxkit\[postgres\]'"):
            open_store("postgresql://localhost/shop")


def test_a_store_in_a_file_loads_no_psycopg() -> None:
    """Who keeps events in a file pays for no database."""
    code = "import sys, cxkit.store as it; it.open_store(':memory:').close(); assert 'psycopg' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class TestOpening:
    def test_what_was_kept_is_there_again(self, url: str) -> None:
        """A store lasts; closing twice does no harm, and a closed one says so."""
        with open_store(url) as store:
            store.append(visit("1"))
        store.close()

        with pytest.raises(StoreError, match="the store is closed: open it again"):
            store.append(visit("2"))
        with pytest.raises(StoreError, match="is closed"):
            store.events()
        with open_store(url, durability="full") as again:
            assert list(again.events()) == [visit("1")]
            assert repr(again) == f"PostgresStore({shown_name(url)!r})"

    def test_schema_by_argument(self, postgres: PostgresServer, store: PostgresStore) -> None:
        """The argument says more than the URL."""
        with PostgresStore.open(postgres.url("elsewhere"), schema=store.address.schema) as same:
            same.append(visit("1"))
            assert same.name == store.name
        assert len(store) == 1

    def test_durability(self, url: str, other: Any) -> None:
        """``full`` waits for the disk also where the server is set not to; ``normal`` leaves it to the server."""
        found = {}
        for durability in ("normal", "full"):
            with open_store(url, durability=durability) as store, store._connections as connection:
                found[durability] = connection.execute("SHOW synchronous_commit").fetchone()

        assert found == {"normal": other.execute("SHOW synchronous_commit").fetchone(), "full": ("on",)}
        assert found["normal"] == ("off",)
        with pytest.raises(InvalidValueError, match="durability: 'none' isn't"):
            open_store(url, durability="none")  # type: ignore[arg-type]

    def test_another_applications_schema_is_left_alone(self, url: str, other: Any) -> None:
        """Tables are put beside nobody else's."""
        schema = url.rpartition("=")[2]
        other.execute(f"CREATE SCHEMA {schema} CREATE TABLE record (x integer)")

        with pytest.raises(StoreError, match=f"the schema '{schema}' holds other tables: choose another"):
            open_store(url)
        assert other.execute("SELECT count(*) FROM pg_tables WHERE schemaname = %s", [schema]).fetchone() == (1,)

    def test_newer_schema(self, inside: Any, url: str) -> None:
        """A store that a later version made is refused, with what to do about it."""
        inside.execute("UPDATE store SET schema_version = 2")

        with pytest.raises(StoreError, match=r"written by a newer cxkit \(schema 2.*upgrade cxkit"):
            open_store(url)

    def test_other_encodings(self, postgres: PostgresServer, other: Any) -> None:
        """A database that couldn't hold every name is refused."""
        other.execute("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C'")

        with pytest.raises(StoreError, match="holds text as LATIN1: choose one made with ENCODING 'UTF8'"):
            open_store(postgres.url(database="latin"))

    def test_isolation_that_the_user_has_set(self, url: str) -> None:
        """Whatever a role or a URL sets by default, writers see what they have waited for."""
        with open_store(f"{url}&options=-c%20default_transaction_isolation%3Dserializable") as store:
            assert store.add([visit("1")]) == Report(new=1)
            with store._connections as connection:
                assert connection.execute("SHOW transaction_isolation").fetchone() == ("read committed",)


class TestTables:
    def test_the_server_sorts_otherwise(self, store: PostgresStore, inside: Any) -> None:
        """The tests' server goes by English, the store by code point."""
        ids = ["B", "_", "a", "A", "é", "10", "9"]
        store.add(map(visit, ids))

        by_english = "SELECT array_agg(x ORDER BY x) FROM unnest(%s::text[]) AS x"
        assert inside.execute(by_english, [ids]).fetchone() != (sorted(ids),)
        assert [event.id for event in store.events()] == sorted(ids)
        in_view = inside.execute("SELECT id FROM event ORDER BY id").fetchall()
        assert [id_ for (id_,) in in_view] == sorted(ids)

    def test_other_tools_read_a_view(self, store: PostgresStore, inside: Any) -> None:
        """Whoever asks in SQL finds the columns of the event table, in its order."""
        events = [visit("1"), visit("2", channel="web", instrument="nps", item="1", score=9.0), visit("3", source="b")]
        store.add(events)
        found = inside.execute("SELECT * FROM event ORDER BY id")

        assert tuple(column.name for column in found.description) == COLUMNS
        assert found.fetchall() == [attrs.astuple(event) for event in events]

    def test_keys_that_no_event_has(self, store: PostgresStore) -> None:
        """PostgreSQL's text holds no NUL, nor does an event."""
        assert store.get("app", "1\0") is None

    def test_a_key_that_is_too_long(self, store: PostgresStore) -> None:
        """What can't be indexed is said to be too long, one by one and in batches, and the batch undone."""
        noise = random.Random(1)
        long = visit("".join(chr(noise.randrange(33, 127)) for _ in range(9000)))
        for write in (lambda: store.append(long), lambda: store.add([visit("1"), long])):
            with pytest.raises(StoreError, match=r"source and id .* longer together than PostgreSQL can index"):
                write()
        assert len(store) == 0
        assert store.append(visit("1")) == "new"

    def test_only_reading(self, store: PostgresStore, url: str) -> None:
        """Who may only read reads; to write is refused with the reason."""
        store.append(visit("1"))
        with open_store(f"{url}&options=-c%20default_transaction_read_only%3Don") as reader:
            assert list(reader.events()) == [visit("1")]
            assert reader.identities().mapping == {}
            with pytest.raises(StoreError, match="may only read: choose one that may write"):
                reader.append(visit("2"))

    def test_rights_that_lack(self, postgres: PostgresServer, store: PostgresStore, inside: Any) -> None:
        """Who may only look at the view can't write, nor make tables elsewhere, and is told what is missing."""
        inside.execute("CREATE ROLE visitor LOGIN")
        visitor = postgres.url(store.address.schema).replace("cxkit@", "visitor@")
        inside.execute(f"GRANT USAGE ON SCHEMA {store.address.schema} TO visitor")
        with pytest.raises(StoreError, match="permission denied for table store: ask for the right to"):
            open_store(visitor)
        with pytest.raises(StoreError, match="permission denied for database postgres: ask for the right to"):
            open_store(postgres.url("of_a_visitor").replace("cxkit@", "visitor@"))

    def test_an_old_server(self, store: PostgresStore, monkeypatch: pytest.MonkeyPatch) -> None:
        """A server that lacks what is needed is said to be too old."""
        monkeypatch.setattr(schema, "_OLDEST_SERVER", 99)
        with pytest.raises(StoreError, match="older than PostgreSQL 99: upgrade it"):
            list(store.events())

    def test_tables_gone(self, store: PostgresStore, other: Any) -> None:
        """A store whose schema was dropped says so."""
        other.execute(f"DROP SCHEMA {store.address.schema} CASCADE")
        with pytest.raises(StoreError, match="its tables are gone: open it again"):
            store.append(visit("1"))


class TestConnections:
    def test_the_server_starts_again(self, postgres: PostgresServer, store: PostgresStore) -> None:
        """What was idle connects anew by itself; a reading that was cut off says so."""
        events = [visit(f"{number:05d}") for number in range(5000)]
        store.add(events)
        reading = store.events()
        next(reading)
        list(store.links())  # leaves an idle connection behind
        postgres.stop()
        with pytest.raises(StoreError, match="the server can't be connected to"):
            store.append(visit("while it is away"))
        postgres.start()

        assert store.append(events[0]) == "duplicate"
        assert list(store.links()) == []
        with pytest.raises(StoreBusyError, match="the connection to the server was lost: try again"):
            list(reading)
        assert list(store.events()) == events

    def test_readings_share_connections(self, store: PostgresStore, other: Any) -> None:
        """Readings one after the other open no more than a few, dropped ones let go of theirs, and none outlives it."""

        def connected() -> int:
            found = other.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'cxkit'").fetchone()
            return int(found[0])

        store.add(visit(f"{number}") for number in range(5000))
        before = connected()
        for _ in range(5):
            assert sum(1 for _ in store.events()) == 5000
        assert connected() == before + 1
        readings = [store.events() for _ in range(4)]
        for reading in readings:
            next(reading)
        assert connected() == before + 4
        for reading in readings[:3]:
            assert sum(1 for _ in reading) == 4999
        del readings, reading
        store.close()
        for _ in range(100):
            if connected() == before - 1:
                break
            threading.Event().wait(0.02)
        assert connected() == before - 1

    def test_held_by_another(self, url: str, other: Any) -> None:
        """A store that stays locked is a StoreBusyError: trying again may help, and does; readers don't wait."""
        with open_store(url, timeout=0.1) as store:
            with other.transaction():
                other.execute(f"LOCK TABLE {store.address.schema}.record IN EXCLUSIVE MODE")
                for write in (
                    lambda: store.append(visit("1")), lambda: store.add([visit("1")]), lambda: store.forget("x"),
                ):  # fmt: skip
                    with pytest.raises(StoreBusyError, match=r"another process held the store.*try again"):
                        write()
                assert list(store.events()) == []
            assert store.append(visit("1")) == "new"

    def test_a_reading_does_not_cross_a_fork(self, url: str) -> None:
        """The child is told that the connection is its parent's; the parent reads on, and both write."""
        code = """
import os, sys
from cxkit.errors import StoreError
from cxkit.model.event import Event
from cxkit.store import open_store
store = open_store(sys.argv[1])
store.add(Event(id=f"{number:05d}", ts_us=0, kind="visit.started") for number in range(5000))
list(store.links())
reading = store.events()
next(reading)
pid = os.fork()
if not pid:
    try:
        list(reading)
    except StoreError as error:
        assert str(error).endswith("was in use by the process that forked: read again"), error
        assert store.append(Event(id="child", ts_us=0, kind="visit.started")) == "new"
        assert len(list(store.events())) == 5001
        store.close()
        os._exit(7)
    os._exit(1)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
assert len(list(reading)) == 4999
assert store.append(Event(id="child", ts_us=0, kind="visit.started")) == "duplicate"
assert list(store.links()) == []
store.close()
"""
        done = subprocess.run([sys.executable, "-c", code, url], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


class TestAtOnce:
    def test_same_keys_in_opposite_orders(self, url: str) -> None:
        """Writers of the same events wait for one another, but not in a circle, and keep each once."""
        events = [visit(f"{number:04d}", score=float(number % 10)) for number in range(1500)]
        reports = []

        def work(seed: int) -> None:
            mine = events.copy()
            random.Random(seed).shuffle(mine)
            with open_store(url) as store:
                reports.append(store.add(mine, batch=400))

        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert [report.total for report in reports] == [1500] * 6
        assert sum(report.new for report in reports) == 1500
        with open_store(url) as store:
            assert list(store.events()) == sorted(events, key=lambda event: event.id)
            assert list(store.audit()) == []

    @pytest.mark.parametrize("write", ["append", "untimed", "add"])
    def test_an_old_version_that_waits_for_a_correction(self, store: PostgresStore, inside: Any, write: str) -> None:
        """What is replaced while an import of the old version waits for the row isn't brought back by it."""
        old = visit("1", score=1.0)
        store.append(old)
        with inside.transaction():
            inside.execute("UPDATE record SET score = 2")
            again = {
                "append": lambda: store.append(old),
                "untimed": lambda: store.append(attrs.evolve(old, ts_us=9), untimed=True),
                "add": lambda: store.add([old, visit("2")]),
            }[write]
            # In the state that the batch begins with nothing has changed, so it need not even wait for the row.
            result = again if write == "add" else meanwhile(again)

        assert result() == (Report(new=1, duplicates=1) if write == "add" else "duplicate")
        assert store.get("app", "1") == attrs.evolve(old, score=2.0)
        assert [replaced.event for replaced in store.audit()] == [old]

    def test_two_corrections_at_once(self, store: PostgresStore, inside: Any) -> None:
        """Both are kept, the later one stands, and the audit has both versions that were replaced."""
        first = visit("1", score=1.0)
        store.append(first)
        with inside.transaction():
            inside.execute("UPDATE record SET score = 2")
            result = meanwhile(lambda: store.add([attrs.evolve(first, score=3.0), visit("2")]))

        assert result() == Report(new=1, corrected=1)
        assert [event.score for event in store.events()] == [3.0, None]
        assert [replaced.event.score for replaced in store.audit()] == [1.0, 2.0]

    @pytest.mark.parametrize("write", ["append", "add"])
    def test_forgetting_comes_before_who_waits_for_it(self, store: PostgresStore, other: Any, write: str) -> None:
        """Who is forgotten while a writer waits is refused by it, though it had looked before."""
        store.append(visit("1"))
        tombstones = load_tombstones(other, store._statements)
        with other.transaction():
            other.execute(store._statements.hold)
            other.execute(store._statements.erase, {"person": ["c42"]})
            other.execute(store._statements.bury, [[tombstones.digest("c42")]])
            result = meanwhile(
                (lambda: store.append(visit("2"))) if write == "append" else (lambda: store.add([visit("2")]))
            )

        assert result() == ("refused" if write == "append" else Report(refused=1))
        assert len(store) == 0

    def test_a_key_that_another_just_wrote(self, store: PostgresStore, inside: Any) -> None:
        """A batch that is copied as new, and meets a key that wasn't there when it looked, is written all the same."""
        events = [visit(f"{number:04d}") for number in range(300)]
        with inside.transaction():
            inside.execute(
                "INSERT INTO record (ts_us, weight_ppm, source, id, kind, customer) "
                "VALUES (0, 1000000, 'app', '0150', 'visit.started', 'c42')"
            )
            result = meanwhile(lambda: store.add(events))

        assert result() == Report(new=299, duplicates=1)
        assert list(store.events()) == events


class TestTurns:
    def test_versions_of_one_key(self) -> None:
        """No key is twice in a turn, each turn is in order, and all versions of a key come in theirs."""
        events = [
            visit(id_, score=score) for score, id_ in [(1.0, "b"), (2.0, "b"), (1.0, "a"), (1.0, "b"), (3.0, "b")]
        ]

        assert [[(event.id, event.score) for event in turn] for turn in turns(events)] == [
            [("a", 1.0), ("b", 1.0)], [("b", 2.0)], [("b", 3.0)],
        ]  # fmt: skip
        assert turns([]) == []


def test_links_are_found_by_their_index(store: PostgresStore) -> None:
    """Links are few among many events, and aren't looked for among all of them."""
    store.add(visit(f"{number}") for number in range(3000))
    store.append(visit("l", kind=LINKED, reference="email:a"))
    with store._connections as connection:
        connection.execute(f"ANALYZE {store.address.schema}.record")
        plan = connection.execute(f"EXPLAIN {store._statements.links}").fetchall()
    assert any("link" in line and "Index" in line for (line,) in plan)


def test_what_is_forgotten_takes_no_space(store: PostgresStore, inside: Any) -> None:
    """The space of the erased is given back when `forget` returns: here all of it."""
    store.add(visit(f"{number}", score=score) for number in range(500) for score in (1.0, 2.0))
    sizes = "SELECT pg_relation_size('record'), pg_relation_size('superseded')"
    before = inside.execute(sizes).fetchone()
    store.forget("c42")

    assert min(before) > 0
    assert inside.execute(sizes).fetchone() == (0, 0)
