"""Writing events that come as tables, whole columns at a time, into a Parquet file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cxkit.errors import MissingExtraError
from cxkit.files.sink import Sink
from cxkit.files.write import check_binary, parquet_schema

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cxkit.files.sink import Writable

_ROWS_A_GROUP = 262_144
# Nearly every row has one of its own: a dictionary of them would only be thrown away.
_UNLIKE = frozenset({"id", "reference", "ts_us"})


def write_tables(tables: Iterable[Any], file: Writable) -> int:
    """Write Arrow tables of events into one Parquet file, each as it comes, and return how many events there were.

    A path gets the new file when all of it is written. The file's columns are those that `write_events` writes; a
    column that is a dictionary in Arrow is text in the file.

    Args:
        tables: tables with all the columns of an event.
        file: a path, ``-`` for standard output, or a file open for bytes.

    Raises:
        InvalidValueError: the file can't be written.
        MissingExtraError: pyarrow isn't installed.
    """
    try:
        import pyarrow.parquet  # noqa: F401 - is it there?
    except ImportError:
        raise MissingExtraError("frame", "pyarrow") from None
    sink = Sink(file)
    try:
        written = _write(tables, sink)
    except BaseException:
        sink.abandon()
        raise
    sink.close()
    return written


def _write(tables: Iterable[Any], sink: Sink) -> int:
    import pyarrow.parquet as pq

    check_binary(sink)
    schema = parquet_schema()
    # Without Arrow's own schema, for readers would make dictionaries of it again.
    how = {"use_dictionary": [name for name in schema.names if name not in _UNLIKE], "store_schema": False}
    written, writer = 0, None
    try:
        for table in tables:
            writer = writer or pq.ParquetWriter(sink.binary, table.schema, **how)
            writer.write_table(table, row_group_size=_ROWS_A_GROUP)
            written += table.num_rows
        writer = writer or pq.ParquetWriter(sink.binary, schema, **how)
    finally:
        if writer is not None:
            writer.close()
    return written
