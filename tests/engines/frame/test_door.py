"""What the door takes, makes the same, and refuses."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest

from cxkit.engines import Request
from cxkit.errors import InvalidValueError, UnknownNameError, UnsupportedError
from cxkit.stats import By, Distinct, Frequency, IsNull, Moments, Spans, Tally, Where

pl = pytest.importorskip("polars", reason="pip install 'cxkit[frame]'")
duckdb = pytest.importorskip("duckdb", reason="pip install 'cxkit[frame]'")

from cxkit.engines import frame  # noqa: E402 - it needs what is asked for above

EVERY = Tally(Where(), of="kind")


@pytest.fixture(params=["eager", "lazy", "duckdb"])
def table(request):
    """What makes a native table of columns."""

    def make(schema=None, **columns):
        made = pl.DataFrame({"ts_us": [0], "kind": ["visit.started"]} | columns, schema_overrides=schema)
        if request.param == "duckdb":
            return duckdb.connect().from_arrow(made.to_arrow())
        return made if request.param == "eager" else made.lazy()

    return make


def counts(native, statistic=EVERY, **asked):
    """Return how many events stand in each cell."""
    states = frame.collect(native, Request((statistic,), **asked)).states[statistic]
    return {cell: state.n for cell, state in states.items()}


def without_ts_us(native):
    """Return a table with kind and time alone."""
    if isinstance(native, duckdb.DuckDBPyRelation):  # its zoned nanoseconds are a type that narwhals has no name for
        zoned = "time::timestamptz as time" if "TZ" in str(native.types[-1]) else "time"
        return native.project(f"kind, {zoned}")
    return native.drop("ts_us")


def test_two_columns_are_enough(table):
    """A table needs times and kinds; what else an event has may be missing."""
    assert counts(table()) == {(None, None): 1}
    assert counts(table(), Distinct(Where())) == {(None, None): 0}


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_datetimes_of_any_zone(table, unit):
    """A column of datetimes gives microseconds in UTC, before 1970 too."""
    ho_chi_minh = timezone(timedelta(hours=7))
    times = [datetime(1969, 12, 31, 23, 59, 59, 999000, tzinfo=UTC), datetime(2025, 3, 30, 7, tzinfo=ho_chi_minh)]
    column = pl.Series(times, dtype=pl.Datetime(unit, "Asia/Ho_Chi_Minh"))
    native = table(ts_us=[None, None], kind=["visit.started"] * 2, time=column)
    native = without_ts_us(native)
    found = frame.collect(native, Request((EVERY,)))

    assert (found.first_us, found.last_us) == (-1_000, 1_743_292_800_000_000)


def test_naive_datetimes_are_refused(table):
    """A time without a zone could be any of many instants."""
    native = table(time=[datetime(2025, 1, 1)])  # noqa: DTZ001 - it's what is refused
    native = without_ts_us(native)

    with pytest.raises(InvalidValueError, match=r"^time: .* has no time zone"):
        counts(native)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"ts_us": [0.5]}, r"^ts_us: 'Float64' isn't a column of whole numbers"),
        ({"ts_us": [None]}, r"^ts_us: None stands in 1 rows"),
        ({"ts_us": [2**62]}, r"^ts_us: 4611686018427387904 lies outside the years 1 to 9999"),
        ({"kind": [7]}, r"^kind: 'Int64' isn't text"),
        ({"kind": [None]}, r"^kind: None stands in 1 rows"),
        ({"weight_ppm": [-1]}, r"^weight_ppm: -1 is negative"),
        ({"score": [float("inf")]}, r"^score: inf isn't finite, in 1 rows"),
        ({"score": ["9"]}, r"^score: 'String' isn't a column of numbers"),
        ({"customer": [42]}, r"^customer: 'Int64' isn't text"),
        ({"basket": [[1]]}, r"^basket: 'List\(Int64\)' is a type that can't be read here"),
    ],
)
def test_columns_that_no_event_could_have(table, columns, message):
    """Each fault names the column, the type or value, and what to do."""
    schema = (
        {"ts_us": pl.Int64}
        if columns.get("ts_us") == [None]
        else {"kind": pl.String}
        if columns.get("kind") == [None]
        else None
    )
    asked = (
        EVERY,
        Tally(Where()),
        Distinct(Where()),
        *([Distinct(Where(), of="basket")] if "basket" in columns else []),
    )

    with pytest.raises(InvalidValueError, match=message):
        frame.collect(table(schema, **columns), Request(asked))


def test_names_that_nobody_has(table):
    """A column that is asked for and isn't there is named with the nearest that is."""
    native = table(channel=["web"], shop=["x"], properties=['{"coupon":"TET"}'])
    for asked in (
        {"by": ("chanel",)},
        {"statistic": Tally(Where(chanel="web"), of="kind")},
        {"statistic": By(Frequency(Where()), "chanel")},
        {"statistic": Tally(Where(), of="chanel")},
    ):
        with pytest.raises(UnknownNameError, match=re.escape("unknown column 'chanel'; did you mean 'channel'?")):
            counts(native, **asked)
    with pytest.raises(UnknownNameError, match="unknown column 'touchpoint'"):
        counts(native, by=("touchpoint",))


def test_times_are_needed(table):
    """Without a time there is no event."""
    native = table().select("kind")

    with pytest.raises(UnknownNameError, match="unknown column 'ts_us'"):
        counts(native)


def test_further_columns_of_every_type(table):
    """Any further column can be segmented and filtered by; numbers read the same whatever they are stored as."""
    native = table(
        ts_us=[0, 1, 2, 3],
        kind=["visit.started"] * 4,
        Vip=[True, False, None, True],
        floor=[3, None, -1, 3],
        share=[0.5, float("nan"), -0.0, 3.0],
        day=[datetime(2025, 1, 1, tzinfo=UTC).date()] * 4,
        shop=["", "x", "x", None],
    )

    def segments(name):
        return {cell[0]: n for cell, n in counts(native, by=(name,)).items() if cell[0]}

    assert segments("Vip") == {("true",): 2, ("false",): 1, (None,): 1}
    assert segments("floor") == {("3",): 2, ("-1",): 1, (None,): 1}
    assert segments("share") == {("0.5",): 1, ("0",): 1, ("3",): 1, (None,): 1}
    assert segments("day") == {("2025-01-01",): 4}
    assert segments("shop") == {("x",): 2, (None,): 2}
    assert counts(native, Tally(Where(Vip=True, floor=3.0, day="2025-01-01"), of="kind")) == {(None, None): 2}
    assert counts(native, Tally(Where(shop=IsNull()), of="kind")) == {(None, None): 2}
    moments = Moments(Where(), of="floor")
    assert frame.collect(native, Request((moments,))).states[moments][None, None].total == 5


def test_what_cannot_be_summed(table):
    """Only whole numbers are summed."""
    with pytest.raises(InvalidValueError, match=r"^of: 'score' isn't a column of whole numbers"):
        counts(table(score=[9.0]), Moments(Where(), of="score"))
    with pytest.raises(InvalidValueError, match=r"^items: 0\.5 is a property that isn't a whole number"):
        counts(table(properties=['{"items":0.5}']), Moments(Where(), of="items"))
    with pytest.raises(InvalidValueError, match=r"^properties: '\[1\]' isn't a JSON object"):
        counts(table(properties=["[1]"]), by=("items",))


def test_types_without_a_name_are_cast():
    """DuckDB's UUID and JSON, of which narwhals knows nothing, are text."""
    native = duckdb.sql(
        "select 0::bigint as ts_us, 'order.placed' as kind, uuid() as customer, "
        """'{"coupon":"TET"}'::json as properties"""
    )

    assert counts(native, Distinct(Where()), by=("coupon",)) == {(("TET",), None): 1, (None, None): 1}


def test_columns_of_nothing_but_nulls(table):
    """A column that has no type as it has no value is taken for what it should be."""
    native = table(
        {"score": pl.Null, "customer": pl.Null, "amount_minor": pl.Null},
        score=[None],
        customer=[None],
        amount_minor=[None],
    )

    assert counts(native, Moments(Where(), of="amount_minor")) == {(None, None): 0}
    assert counts(native, Tally(Where(customer=IsNull()))) == {(None, None): 0}


def test_arrow_and_pandas_tables_go_through_polars():
    """An eager table of another library is handed to Polars."""
    pandas = pytest.importorskip("pandas")
    columns = {"ts_us": [0, 1], "kind": ["visit.started"] * 2, "channel": ["web", None]}

    for native in (pandas.DataFrame(columns), pl.DataFrame(columns).to_arrow()):
        assert counts(native, by=("channel",)) == {(("web",), None): 1, ((None,), None): 1, (None, None): 2}


def test_what_is_no_table():
    """Anything else is refused with what would be right."""
    with pytest.raises(
        UnsupportedError, match=r"can't read a builtins\.list: it reads Polars, pandas and Arrow tables"
    ):
        counts([{"kind": "visit.started"}])


def test_what_is_no_statistic_of_this_engine(table):
    """Spans can't be split, and an unknown statistic is named."""
    with pytest.raises(UnsupportedError, match="can't split Spans by currency"):
        counts(table(), By(Spans(Where(), Where()), "currency"))
    with pytest.raises(UnsupportedError, match="can't compute str: it computes By, Clustered"):
        counts(table(), "nps")


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_several_parquet_files(tmp_path, engine):
    """They are one table; a column that one lacks is null there, and what folders' names say is a column."""
    paths = [tmp_path / "channel=web" / "0.parquet", tmp_path / "channel=app" / "1.parquet"]
    for n, path in enumerate(paths):
        path.parent.mkdir()
        pl.DataFrame({"ts_us": [n], "kind": ["visit.started"], **({} if n else {"score": [9.0]})}).write_parquet(path)
    tables = frame.open_paths([*map(str, paths)], engine)

    tally = Tally(Where(), of="score")
    states = frame.collect(tables, Request((tally,), by=("channel",))).states[tally]
    assert {segment: (state.n, state.nulls) for (segment, _), state in states.items()} == {
        None: (1, 1), ("web",): (1, 0), ("app",): (0, 1),
    }  # fmt: skip


def test_engines_that_are_none():
    """A path is opened with a library that the engine works on."""
    with pytest.raises(UnsupportedError, match="doesn't work on 'abacus': choose one of polars, duckdb, ibis, spark"):
        frame.open_paths(["x.parquet"], "abacus")


@pytest.mark.parametrize(
    ("columns", "error", "what"),
    [
        ({"customer": "user"}, UnknownNameError, "unknown column 'user'; did you mean 'user_id'"),
        ({"client": "user_id"}, InvalidValueError, "columns: 'client' is none of an event's columns"),
        ({"customer": "user_id", "source": "user_id"}, InvalidValueError, "names a column twice"),
    ],
)
def test_names_of_columns_that_can_not_be(columns, error, what):
    """One sentence names the column."""
    with pytest.raises(error, match=what):
        frame.renamed(pl.DataFrame({"user_id": ["c"]}), columns)


def test_a_connection_is_left_as_it_was():
    """What DuckDB kept meanwhile is gone, and the caller's own tables stay."""
    connection = duckdb.connect()
    connection.execute("create table events as select 0::bigint as ts_us, 'contact.opened' as kind, 't' as reference")
    spans = Spans(Where(kind="contact.opened"), Where(kind="contact.answered"))
    native = connection.table("events")

    assert frame.collect(native, Request((spans,))).states[spans][None, None].unmatched == 1
    assert connection.execute("select table_name from duckdb_tables()").fetchall() == [("events",)]
    assert [
        name for (name,) in connection.execute("select view_name from duckdb_views()").fetchall() if "cx_" in name
    ] == []
