"""The native functions through Ibis, for tables that live in a server. Whatever is made is made on their connection.

Ibis lacks some of what is needed; where it does, the server's own words stand here.
"""

from __future__ import annotations

from contextlib import contextmanager
from itertools import count, islice
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4
from weakref import WeakKeyDictionary

import attrs
import narwhals.stable.v2 as nw

from cxkit.engines.frame.joined import replaced_by_join
from cxkit.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import ibis.expr.types as ir

    from cxkit.engines.frame.backend import Columns, LazyFrame, Row

WIDE: Final = False
_serial = count()
_beside: WeakKeyDictionary[Any, list[str]] = WeakKeyDictionary()  # a connection → the tables made beside the caller's
_AT_ONCE: Final = 1000


@attrs.frozen
class _Words:
    """How a server says what Ibis can't.

    Attributes:
        octets: the number of bytes of a text.
        composed: a text in NFC; None where it can't be made.
        instant: the microseconds since 1970 in UTC of an instant.
        text: the type of text.
        ordered: a text that is compared by its code points, where texts aren't anyway.
    """

    octets: str = "octet_length({0})"
    composed: str | None = None
    instant: str = "unix_micros({0})"
    text: str = "text"
    ordered: str | None = None


_WORDS: Final[Mapping[str, _Words]] = {
    "bigquery": _Words("byte_length({0})", "normalize({0})", text="string"),
    "databricks": _Words(text="string"),
    "duckdb": _Words("strlen({0})", "nfc_normalize({0})", "epoch_us({0})"),
    "postgres": _Words(
        composed="normalize({0}, NFC)",
        instant="(extract(epoch from {0}) * 1000000)::bigint",
        # Under a locale's collation _ and a come before A.
        ordered='{0} collate "C"',
    ),
    "snowflake": _Words(instant="date_part(epoch_microsecond, {0})"),
}


def scan(paths: Sequence[str], *, partitioned: bool) -> ir.Table:
    """Return a table over Parquet files, on a DuckDB of its own."""
    import ibis

    return ibis.duckdb.connect().read_parquet(list(paths), hive_partitioning=partitioned, union_by_name=True)


def of_arrow(table: Any) -> ir.Table:  # noqa: ANN401 - an Arrow table
    """Return an Arrow table as a table on a DuckDB of its own."""
    import ibis

    connection = ibis.duckdb.connect()
    connection.con.register("event", table)
    return connection.table("event")


def instant(frame: LazyFrame, column: str, name: str) -> LazyFrame:
    """Add the microseconds since 1970 in UTC of a column of aware datetimes."""
    made = _words(frame).instant.format(_quoted(frame, column))
    return _selected(frame, f"*, {made} as {_quoted(frame, name)}", {**_schema(frame), name: "int64"})


def odd(frame: LazyFrame, columns: Sequence[str]) -> tuple[str, ...]:
    """Return the text columns that hold an empty text, or more than ASCII."""
    octets = _words(frame).octets
    names = [_quoted(frame, column) for column in columns]
    looks = [
        f"max(case when {name} = '' or {octets.format(name)} > length({name}) then 1 else 0 end) as cx_odd_{i}"
        for i, name in enumerate(names)
    ]
    schema = {f"cx_odd_{i}": "int64" for i in range(len(columns))}
    ((found,),) = rows([_selected(frame, ", ".join(looks), schema)])
    return tuple(column for column, it_is in zip(columns, found, strict=True) if it_is)


def composed(frame: LazyFrame, columns: Sequence[str]) -> LazyFrame:
    """Put text columns into NFC.

    Raises:
        UnsupportedError: the server can't.
    """
    words = _words(frame)
    if words.composed is None:
        message = (
            f"{_connection(frame).name} can't put text into Unicode's NFC, which {', '.join(columns)} may need: "
            "put it there before, or score the table elsewhere"
        )
        raise UnsupportedError(message)
    return _replaced(frame, columns, words.composed)


def beside(frame: LazyFrame, texts: Columns, wholes: Columns) -> LazyFrame:
    """Return a small table, of columns of text and of integers, that can be joined to the frame.

    A table of our own making rather than Ibis' in memory, for not all of its versions drop theirs on a server.
    """
    connection, name = _connection(frame), _new_name()
    columns = {**dict.fromkeys(texts, _words(frame).text), **dict.fromkeys(wholes, "bigint")}
    made = ", ".join(f"{_quoted(frame, column)} {dtype}" for column, dtype in columns.items())
    connection.raw_sql(f"create temporary table {name} ({made})")
    _beside.setdefault(connection, []).append(name)
    literals = [[_literal(connection, value) for value in each] for each in (*texts.values(), *wholes.values())]
    rows_of = zip(*literals, strict=True)
    while chunk := [f"({', '.join(row)})" for row in islice(rows_of, _AT_ONCE)]:
        connection.raw_sql(f"insert into {name} values {', '.join(chunk)}")  # noqa: S608 - literals
    schema = {**dict.fromkeys(texts, "string"), **dict.fromkeys(wholes, "int64")}
    return _again(connection.sql(f"select * from {name}", schema=schema))  # noqa: S608 - our own name


def replaced(frame: LazyFrame, column: str, mapping: Mapping[str, str]) -> LazyFrame:
    """Replace the texts of a column that a mapping knows; null stays null."""
    return replaced_by_join(beside, frame, column, mapping)


@contextmanager
def near(frame: LazyFrame, wanted: nw.Expr | None) -> Iterator[tuple[LazyFrame, bool]]:
    """Leave the frame where it is; what is made beside it is gone afterwards."""
    connection = _connection(frame)
    try:
        yield frame if wanted is None else frame.filter(wanted), False
    finally:
        for name in _beside.pop(connection, []):
            connection.raw_sql(f"drop table {name}")


@contextmanager
def held(frame: LazyFrame) -> Iterator[LazyFrame]:
    """Keep the frame in a temporary table of the connection while the context lasts: many queries read it."""
    connection, name = _connection(frame), _new_name()
    connection.raw_sql(f"create temporary table {name} as {connection.compile(_native(frame))}")
    try:
        kept = connection.sql(f"select * from {name}", schema=_schema(frame))  # noqa: S608 - our own name
        yield _ordered(_again(kept))
    finally:
        connection.raw_sql(f"drop table {name}")


def coded(frame: LazyFrame, columns: Sequence[str]) -> LazyFrame:  # noqa: ARG001 - Polars needs them
    """Leave the frame as it is: few servers have a type for it."""
    return frame


def rows(frames: Sequence[LazyFrame]) -> list[list[Row]]:
    """Compute frames one after the other and return their rows."""
    return [[tuple(row.values()) for row in _native(frame).to_pyarrow().to_pylist()] for frame in frames]


def _ordered(frame: LazyFrame) -> LazyFrame:
    """Have text compared by its code points, as Python compares it."""
    words = _words(frame).ordered
    texts = [name for name, dtype in _schema(frame).items() if dtype.is_string()]
    return frame if words is None else _replaced(frame, texts, words)


def _replaced(frame: LazyFrame, columns: Sequence[str], words: str) -> LazyFrame:
    """Replace text columns by what is made of them."""
    what = ", ".join(
        f"{words.format(quoted) if name in columns else quoted} as {quoted}"
        for name, quoted in ((name, _quoted(frame, name)) for name in _schema(frame))
    )
    return _selected(frame, what, _schema(frame))


def _selected(frame: LazyFrame, what: str, schema: Mapping[str, Any]) -> LazyFrame:
    """Select in the server's own words."""
    connection = _connection(frame)
    inner = connection.compile(_native(frame))
    query = f"select {what} from ({inner}) as cx_frame_{next(_serial)}"  # noqa: S608 - our words
    return _again(connection.sql(query, schema=schema))


def _schema(frame: LazyFrame) -> dict[str, Any]:
    return dict(_native(frame).schema())


def _new_name() -> str:
    return f"cx_{uuid4().hex[:12]}_{next(_serial)}"


def _literal(connection: Any, value: str | int | None) -> str:  # noqa: ANN401 - a class of each server's
    """Write a value as the server reads it."""
    from sqlglot import exp

    return str(exp.convert(value).sql(dialect=connection.dialect))


def _words(frame: LazyFrame) -> _Words:
    return _WORDS.get(_connection(frame).name, _Words())


def _quoted(frame: LazyFrame, name: str) -> str:
    mark = "`" if _connection(frame).name in {"bigquery", "databricks"} else '"'
    return mark + name.replace(mark, mark * 2) + mark


def _connection(frame: LazyFrame) -> Any:  # noqa: ANN401 - a class of each server's
    return _native(frame).get_backend()


def _native(frame: LazyFrame) -> ir.Table:
    native: ir.Table = frame.to_native()
    return native


def _again(native: Any) -> LazyFrame:  # noqa: ANN401 - a table of Ibis
    found: LazyFrame = nw.from_native(native)
    return found
