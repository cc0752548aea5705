"""Events from Parquet, by pyarrow, which every extra for tables brings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cxkit.errors import InvalidValueError, MissingExtraError
from cxkit.files.objects import object_reader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cxkit.files.reading import Reading
    from cxkit.files.row import Rules
    from cxkit.files.source import Source
    from cxkit.model.event import Event

_BATCH = 4096


def read_parquet(source: Source, rules: Rules, reading: Reading) -> Iterator[Event]:
    """Give the events of a Parquet file, a few thousand rows in memory at a time; a line is a row, from 1.

    Raises:
        MissingExtraError: pyarrow isn't installed.
        InvalidValueError: it isn't a Parquet file, or one that can't be read from its end.
    """
    read = object_reader(rules)
    number = 0
    for batch in batches(source, opened(source), None):
        for row in batch.to_pylist():
            number += 1
            # Tables know two kinds of nothing, and pandas writes the one for the other.
            given = {name: value for name, value in row.items() if value is not None and value == value}  # noqa: PLR0124
            try:
                made = read(given)
            except InvalidValueError as error:
                reading.reject(number, error, _as_json(given))
            else:
                reading.events += 1
                yield made


def opened(source: Source) -> Any:  # noqa: ANN401 - pyarrow has no types
    """Return a Parquet file, open.

    Raises:
        MissingExtraError: pyarrow isn't installed.
        InvalidValueError: it isn't a Parquet file, or one that can't be read from its end.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingExtraError("frame", "pyarrow") from None
    file = source.rewound()
    if file is None:
        reason = "can't be read as Parquet from a stream: save it as a file"
        raise InvalidValueError("file", source.name, reason)
    try:
        return pq.ParquetFile(file)
    except (pa.ArrowException, OSError) as error:
        what = " ".join(str(error).split())
        raise InvalidValueError("file", source.name, f"isn't a whole Parquet file: {what}") from None


def batches(source: Source, table: Any, columns: list[str] | None) -> Iterator[Any]:  # noqa: ANN401 - as above
    """Give the rows of a Parquet file, a few thousand at a time, up to where it may be damaged."""
    import pyarrow as pa

    number = 0
    found = table.iter_batches(_BATCH, columns=columns)
    while True:
        try:
            batch = next(found, None)
        except (pa.ArrowException, OSError, ValueError) as error:
            source.damage = f"can't be read after row {number}: {error}"
            return
        if batch is None:
            return
        number += batch.num_rows
        yield batch


def _as_json(given: dict[str, Any]) -> str:
    return json.dumps(given, default=str)
