"""Reading events from a file, whatever its format."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Final, Literal, get_args

from cxkit.errors import InvalidValueError, nearest
from cxkit.files.account import Account
from cxkit.files.from_csv import read_csv
from cxkit.files.from_excel import read_excel
from cxkit.files.from_ndjson import read_ndjson
from cxkit.files.from_parquet import read_parquet
from cxkit.files.row import Rules
from cxkit.files.source import Source
from cxkit.model.calendar import zone
from cxkit.model.instrument import INSTRUMENTS, Instruments

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from cxkit.files.account import OnReject
    from cxkit.files.source import Readable
    from cxkit.model.block import Part
    from cxkit.model.event import Event

Format = Literal["csv", "ndjson", "parquet", "excel"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)

_READERS: Final = {"ndjson": read_ndjson, "parquet": read_parquet, "excel": read_excel}
_ENDINGS: Final[dict[str, Format]] = {
    ".csv": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".xlsx": "excel",
    ".xlsm": "excel",
    ".xlsb": "excel",
    ".xls": "excel",
    ".ods": "excel",
}
# What files are that people hand over by mistake, by their first bytes.
_MISTAKEN: Final = {
    b"PK\x03\x04": "is a ZIP archive, perhaps an Excel workbook: its name must end in .xlsx then",
    b"\xff\xfe\x00\x00": "is UTF-32: pass encoding utf-32",
    b"\x00\x00\xfe\xff": "is UTF-32: pass encoding utf-32",
    b"\xff\xfe": "is UTF-16: pass encoding utf-16 (--encoding utf-16)",
    b"\xfe\xff": "is UTF-16: pass encoding utf-16 (--encoding utf-16)",
    b"BZh": "is packed with bzip2: unpack it, or pack it with gzip",
    b"\xfd7zXZ": "is packed with xz: unpack it, or pack it with gzip",
    b"\x28\xb5\x2f\xfd": "is packed with Zstandard: unpack it, or pack it with gzip",
}
_LEAST_WIDE: Final = 4  # bytes: of two a zero may well be chance
_WIDE: Final = {(False, True): "utf-16-le", (True, False): "utf-16-be"}


class Reading(Account):
    """The events of a file, one after the other; memory stays flat. A context manager that closes the file.

    A row that can't be taken is counted and handed to `on_reject`, and the rest goes on. So is, once, the end of a
    file that breaks off: then `damaged` is true.

    Attributes:
        name: the file's name, ``-`` for standard input.
        format: ``csv``, ``ndjson``, ``parquet`` or ``excel``.
        rules: how its rows are read.
    """

    def __init__(self, source: Source, fmt: Format, rules: Rules, on_reject: OnReject | None, *, strict: bool) -> None:
        """Begin; `read_events` is the way to make one."""
        super().__init__(on_reject, strict=strict)
        self.name = source.name
        self.format = fmt
        self.rules = rules
        self._source = source
        self._parts = self._read(rules)
        self._iterator = self._one_by_one()

    @property
    def rows(self) -> int:
        """How many rows were read up to now; blank lines and the header are none."""
        return self.events + self.rejected

    @property
    def bytes_read(self) -> int:
        """How many bytes of the file were read up to now, packed as it is."""
        return self._source.bytes_read

    @property
    def bytes_total(self) -> int | None:
        """How many bytes the file has, or None where nobody knows."""
        return self._source.bytes_total

    def parts(self) -> Iterator[Part]:
        """Give the events some at a time, those of CSV by column; they are gone then, as when they are iterated."""
        return self._parts

    def _one_by_one(self) -> Generator[Event]:
        for part in self._parts:
            yield from part if isinstance(part, list) else part.events()

    def _read(self, rules: Rules) -> Generator[Part]:
        with closing(self._source):
            if self.format == "csv":
                yield from read_csv(self._source, rules, self)
            else:
                yield from ([event] for event in _READERS[self.format](self._source, rules, self))
            if self._source.damage is not None:
                self.damaged = True
                error = InvalidValueError("file", self.name, self._source.damage)
                self.reject(max(1, self._source.line), error, json.dumps(self._source.tail))

    def reject(self, line: int, error: InvalidValueError, row: str) -> None:
        """Count a row that can't be taken and hand it on; `row` is the whole of it as JSON.

        Raises:
            BadRowError: this is the first, and the reading is strict.
        """
        self.refuse(self.name, line, error, row)

    def close(self) -> None:
        """Close the file, unless it was handed over open; nothing more is read."""
        self._iterator.close()
        self._parts.close()
        self._source.close()


def read_events(  # noqa: PLR0913 - what a file may need to be told
    file: Readable,
    *,
    format: Format | None = None,  # noqa: A002 - what it is called on the command line too
    dataset: str | None = None,
    input_tz: str | None = None,
    on_reject: OnReject | None = None,
    strict: bool = False,
    instruments: Instruments = INSTRUMENTS,
    encoding: str = "utf-8-sig",
) -> Reading:
    r"""Open a file of events: CSV, NDJSON (flat or CloudEvents), Parquet, or the first sheet of a workbook.

    CSV and NDJSON may be packed with gzip.

    The columns are those of an event, or the friendly forms `time` (ISO 8601), `amount`, `duration` (seconds) and
    `weight`. Any further column becomes a property. A row without `id` gets one that stays the same when the file is
    read again.

    Args:
        file: a path, ``-`` for standard input, or an open file.
        format: what it is; told from the name or the content unless given.
        dataset: the source of rows that name none; ``file`` unless given.
        input_tz: the zone of times that have no offset. Without one such a time is refused.
        on_reject: takes each row that can't be read, as a BadRowError and the row as JSON; `RejectWriter` is one.
        strict: whether the first row that can't be read is raised.
        instruments: the scales that scores must lie on.
        encoding: how CSV and NDJSON are encoded; a byte-order mark is no matter.

    Raises:
        InvalidValueError: the file can't be opened, or isn't what it should be.
        UnknownNameError: there is no such time zone.

    >>> import io
    >>> from cxkit.files import read_events
    >>> reading = read_events(io.StringIO("time,kind,customer\n2026-01-31T09:30:00Z,visit.started,c42\n"))
    >>> [event.customer for event in reading], reading.rejected
    (['c42'], 0)
    """
    check_format(format)
    if input_tz is not None:
        zone(input_tz)  # a wrong one is told before anything is opened
    source = Source(file, encoding)
    try:
        rules = Rules(
            dataset="file" if dataset is None else dataset,
            input_tz=input_tz,
            instruments=instruments,
            encoding=source.encoding.removesuffix("-sig"),
        )
        return Reading(source, format_in(source, format), rules, on_reject, strict=strict)
    except BaseException:
        source.close()
        raise


def check_format(format: str | None) -> None:  # noqa: A002 - as in `read_events`
    """Refuse a format that isn't one; None leaves it to the file."""
    if format is not None and format not in FORMATS:
        near = nearest(str(format), FORMATS)
        hint = f"; is {near!r} meant?" if near else ""
        raise InvalidValueError("format", format, f"isn't one of {', '.join(FORMATS)}{hint}")


def format_in(source: Source, format: Format | None = None) -> Format:  # noqa: A002 - as in `read_events`
    """Return the format of an open file: the one given, else what its name or its first bytes tell.

    Raises:
        InvalidValueError: it can't be a file of that format.
    """
    fmt = format or format_of(source.name) or _seen(source)
    if fmt in {"csv", "ndjson"}:
        _check_head(source)
    return fmt


def format_of(name: str) -> Format | None:
    """Return the format that a file's name tells, or None.

    >>> format_of("2026.csv.gz"), format_of("-")
    ('csv', None)
    """
    plain = name.lower().removesuffix(".gz")
    return next((fmt for ending, fmt in _ENDINGS.items() if plain.endswith(ending)), None)


def _seen(source: Source) -> Format:
    """Return the format that the first bytes show."""
    head = source.head
    if isinstance(head, bytes):
        if head.startswith(b"PAR1"):
            return "parquet"
        head = head[:1000].decode(source.encoding, "ignore")
    return "ndjson" if head.lstrip("\ufeff \t\r\n").startswith("{") else "csv"


def _check_head(source: Source) -> None:
    """Refuse what can't be rows of text at all, with what it is."""
    head = source.head
    if not isinstance(head, bytes) or source.encoding.startswith(("utf-16", "utf-32")):
        return
    if head.startswith(b"PAR1"):
        raise InvalidValueError("file", source.name, "is a Parquet file: pass format parquet, or rename it")
    for mark, reason in _MISTAKEN.items():
        if head.startswith(mark):
            raise InvalidValueError("file", source.name, reason)
    # Without a mark UTF-16 shows by its zeros: every second byte of what is mostly ASCII.
    zeros = (head[0:40:2].strip(b"\0") == b"", head[1:40:2].strip(b"\0") == b"")
    wide = _WIDE.get(zeros)
    if wide and len(head) >= _LEAST_WIDE:
        reason = f"is UTF-16 without a mark: pass encoding {wide} (--encoding {wide})"
        raise InvalidValueError("file", source.name, reason)
