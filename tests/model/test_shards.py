"""Shards: the same everywhere, nobody in two."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import event_tables

import cxkit
from cxkit.errors import InvalidValueError
from cxkit.model import Event, resolve

CUSTOMERS = [f"c{n}" for n in range(100)] + ["", "Ngân", "\U0001f600"]
SHARDS = [cxkit.shard_of(customer, 7) for customer in CUSTOMERS]
NAMES = st.none() | st.sampled_from("abcdefgh")
tables = event_tables(
    customer=NAMES, reference=NAMES, kind=st.sampled_from(("order.placed", "identity.linked", "identity.unlinked"))
)


def test_shards_do_not_move() -> None:
    """Parts that were cut years ago, or elsewhere, are cut the same way: the first eight digits of MD5, modulo."""
    assert [cxkit.shard_of(name, 1000) for name in ("c1", "Ngân", "", None)] == [665, 939, 0xD41D8CD9 % 1000, 0]


def test_duckdb_cuts_the_same_way() -> None:
    """The expression that the docs show gives the same shards."""
    duckdb = pytest.importorskip("duckdb")
    query = "select ('0x' || md5(customer)[:8])::bigint % 7 from (select unnest(?) as customer)"
    found = duckdb.execute(query, [CUSTOMERS]).fetchall()

    assert [each for (each,) in found] == SHARDS


def test_postgres_cuts_the_same_way(postgres: Any) -> None:
    """So does PostgreSQL."""
    import psycopg

    query = """
        select ('x' || substr(md5(customer), 1, 8))::bit(32)::bigint %% 7 from unnest(%s::text[]) as customer
    """
    with psycopg.connect(postgres.url()) as connection:
        found = connection.execute(query, [CUSTOMERS]).fetchall()

    assert [each for (each,) in found] == SHARDS


@pytest.mark.xdist_group("spark")
def test_spark_cuts_the_same_way(spark: Any) -> None:
    """So does Spark."""
    shard = "cast(conv(substr(md5(customer), 1, 8), 16, 10) as bigint) % 7"
    table = spark.createDataFrame([(name,) for name in CUSTOMERS], "customer string").selectExpr("customer", shard)

    assert dict(table.collect()) == dict(zip(CUSTOMERS, SHARDS, strict=True))


@pytest.mark.parametrize("number", [0, -1, 1.0, True, "4"])
def test_there_is_a_whole_number_of_shards(number: Any) -> None:
    """Anything else is refused."""
    with pytest.raises(InvalidValueError, match="shards"):
        cxkit.shard_of("a", number)
    with pytest.raises(InvalidValueError, match="shards"):
        cxkit.shards([], number)


@given(tables, st.integers(1, 5))
def test_nobody_stands_in_two(events: list[Event], number: int) -> None:
    """All events but links are there once, in order, by canonical names; no customer or reference is in two parts."""
    parts = cxkit.shards(iter(events), number)
    people = resolve(events)

    assert len(parts) == number
    kept = [event for event in events if not event.kind.startswith("identity.")]
    assert sorted((event.source, event.id) for part in parts for event in part) == sorted(
        (event.source, event.id) for event in kept
    )
    places = {(event.source, event.id): at for at, event in enumerate(kept)}
    for column in ("customer", "reference"):
        values = [{getattr(event, column) for event in part} - {None} for part in parts]
        assert sum(map(len, values)) == len(set().union(*values))
    for part in parts:
        assert [places[event.source, event.id] for event in part] == sorted(
            places[event.source, event.id] for event in part
        )
        for event in part:
            was = kept[places[event.source, event.id]]
            assert event.customer == (None if was.customer is None else people.canonical(was.customer))


@given(tables, st.integers(1, 5))
def test_who_is_tied_to_nobody_is_where_the_name_says(events: list[Event], number: int) -> None:
    """So that other programs can cut the same way."""
    alone = [event for event in events if event.kind == "order.placed" and event.reference is None]

    for at, part in enumerate(cxkit.shards(alone, number)):
        assert all(cxkit.shard_of(event.customer, number) == at for event in part)


def test_shared_identities_tie_nobody() -> None:
    """An identity of more customers than `max_people` doesn't pull them into one part."""
    links = [cxkit.event("identity.linked", customer=f"c{n}", reference="guest") for n in range(3)]
    orders = [cxkit.event("order.placed", customer=f"c{n}") for n in range(3)]

    assert {event.customer for part in cxkit.shards(links + orders, 4) for event in part} == {"c0"}
    apart = cxkit.shards(links + orders, 4, max_people=2)
    assert {event.customer for part in apart for event in part} == {"c0", "c1", "c2"}
