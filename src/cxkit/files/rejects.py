"""Where rows go that can't be read: into a CSV file, each with its place and the reason, whole."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from cxkit.errors import shown
from cxkit.files.from_csv import REJECTS
from cxkit.files.sink import Sink

if TYPE_CHECKING:
    from typing import Self

    from cxkit.errors import BadRowError
    from cxkit.files.sink import Writable


class RejectWriter:
    r"""Writes rejected rows as CSV: file, line, column, value, reason, row; give it to `read_events` as `on_reject`.

    The value is cut to a line; the row is whole, as JSON. To try again mend the JSON in the column `row`, and read the
    file of rejects itself: it is read as the rows. The file appears when the writer is closed without an error, so that
    rejects may replace the very file they are read from.

    Attributes:
        count: how many rows were written.

    >>> import io
    >>> from cxkit.files import read_events
    >>> table = io.StringIO("time,kind\n2026-01-31T09:30:00,visit.started\n")
    >>> with RejectWriter(out := io.StringIO()) as rejects:
    ...     list(read_events(table, on_reject=rejects))
    []
    >>> mended = out.getvalue().replace('09:30:00""', '09:30:00Z""')
    >>> [event.kind for event in read_events(io.StringIO(mended))]
    ['visit.started']
    """

    def __init__(self, file: Writable) -> None:
        """Take a path, ``-`` for standard output, or an open file."""
        self.count = 0
        self._sink = Sink(file)
        self._writer = csv.writer(self._sink.text)
        self._writer.writerow(REJECTS)

    def __call__(self, error: BadRowError, row: str) -> None:
        """Write one."""
        self._writer.writerow((error.file, error.line, error.field, shown(error.value), error.reason, row))
        self.count += 1

    def __enter__(self) -> Self:
        """Write until the block ends."""
        return self

    def __exit__(self, *_: object) -> None:
        """Finish the file; after an error too, for what was rejected up to then is worth having."""
        self.close()

    def close(self) -> None:
        """Finish the file."""
        self._sink.close()
