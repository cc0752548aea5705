"""Tables behind Ibis: a DuckDB, and a real PostgreSQL server that sorts by the rules of English."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import attrs
import pytest
from tests.engines.cases import REQUESTS, STATISTICS, assert_equal, hostile_events, stacked_tables

import cxkit
from cxkit.engines import Request
from cxkit.errors import InvalidValueError, UnknownNameError

pytest.importorskip("ibis", reason="pip install 'cxkit[ibis]'")
pytest.importorskip("polars", reason="pip install 'cxkit[frame]'")

import ibis

from cxkit.engines import frame

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.servers.postgres import PostgresServer

    from cxkit.model.event import Event


# Ibis calls a function of DuckDB's by its old name.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")


@pytest.fixture(scope="module")
def on_postgres(postgres: PostgresServer) -> Iterator[Any]:
    """Return Ibis' connection to a server."""
    connection = ibis.postgres.connect(host=str(postgres.folder), user="cxkit", database="postgres")
    yield connection
    connection.disconnect()


def table(connection: Any, events: Sequence[Event]) -> Any:
    """Return events as a table of a server."""
    name = f"event_{uuid4().hex}"
    return connection.create_table(name, frame.table_of_events(events, "polars").to_arrow())


def test_the_server_sorts_otherwise_than_python(on_postgres: Any) -> None:
    """What the tests below are worth rests on it."""
    (row,) = on_postgres.raw_sql(
        "select array_agg(x order by x) from unnest(array['_', 'a', 'A', 'B']) as x"
    ).fetchall()

    assert row == (["_", "a", "A", "B"],)
    assert sorted(row[0]) == ["A", "B", "_", "a"]


@pytest.mark.parametrize("name", REQUESTS)
def test_hostile_tables_on_postgres(name: str, on_postgres: Any) -> None:
    """Every statistic in two kinds of cell, over ties, links, extremes and gaps."""
    events, number = hostile_events(1), list(REQUESTS).index(name)
    request = attrs.evolve(REQUESTS[name], statistics=STATISTICS[number % 3 :: 3])

    assert_equal(table(on_postgres, events), events, request)


def test_drawn_tables_on_postgres(on_postgres: Any) -> None:
    """Whatever valid events are drawn, a hundred tables at once."""
    events = stacked_tables(100)

    assert_equal(table(on_postgres, events), events, REQUESTS["by two columns and month"])


def test_hostile_tables_on_duckdb() -> None:
    """Every statistic through Ibis."""
    events = hostile_events(5)
    request = attrs.evolve(REQUESTS["by two columns and month"], statistics=STATISTICS[::2])

    assert_equal(frame.table_of_events(events, "ibis"), events, request)


def test_none(on_postgres: Any) -> None:
    """A table without rows."""
    assert_equal(table(on_postgres, []), [], Request(STATISTICS[:16], by=("channel",)))


def test_nothing_is_left_behind(on_postgres: Any) -> None:
    """What was kept meanwhile is gone, and the table stays."""
    events = hostile_events(2)
    native = table(on_postgres, events)
    before = set(on_postgres.list_tables())
    cxkit.score(native, ["nps", "first_response_time"], by="channel")

    assert set(on_postgres.list_tables()) == before
    temporary = on_postgres.raw_sql("select relname from pg_class where relname like 'cx\\_%'").fetchall()
    assert temporary == []


def test_times_with_a_zone(on_postgres: Any) -> None:
    """Instants are those that they are in UTC, to the microsecond, before 1970 and after 2038 too."""
    times = [
        datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC),
        datetime(2026, 3, 29, 1, 30, 0, 1, timezone(timedelta(hours=7))),
        datetime(2400, 1, 1, tzinfo=UTC),
    ]
    on_postgres.raw_sql("create temporary table visits (time timestamptz, kind text, user_id text)")
    values = ", ".join(f"('{time.isoformat()}', 'visit.started', 'c1')" for time in times)
    on_postgres.raw_sql(f"insert into visits values {values}")  # noqa: S608 - times of ours
    native = on_postgres.table("visits")
    events = [cxkit.event("visit.started", id=str(n), time=time, customer="c1") for n, time in enumerate(times)]

    card = cxkit.score(native, "visit_frequency", every="year", columns={"customer": "user_id"})
    assert card.rows == cxkit.score(events, "visit_frequency", every="year").rows


def test_what_a_table_lacks(on_postgres: Any) -> None:
    """One sentence names the column."""
    native = table(on_postgres, hostile_events(2))
    with pytest.raises(UnknownNameError, match="column"):
        cxkit.score(native, "nps", by="chanel")
    with pytest.raises(InvalidValueError, match=r"score.*isn't a column of numbers"):
        cxkit.score(native.mutate(score=native.kind), "nps")
    with pytest.raises(InvalidValueError, match=r"'the ibis table' can't be read by ibis: .*division by zero"):
        cxkit.score(native.mutate(score=1 / (native.weight_ppm - native.weight_ppm)), "nps")
