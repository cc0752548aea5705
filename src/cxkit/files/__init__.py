"""Files of events: reading CSV, NDJSON, CloudEvents and Parquet, writing them, and keeping what can't be read."""

from __future__ import annotations

from cxkit.files.account import OnReject
from cxkit.files.once import OnceEach, once
from cxkit.files.paths import files_at
from cxkit.files.reading import FORMATS, Format, Reading, format_of, read_events
from cxkit.files.rejects import RejectWriter
from cxkit.files.write import WRITE_FORMATS, WriteFormat, write_events

__all__ = [
    "FORMATS",
    "WRITE_FORMATS",
    "Format",
    "OnReject",
    "OnceEach",
    "Reading",
    "RejectWriter",
    "WriteFormat",
    "files_at",
    "format_of",
    "once",
    "read_events",
    "write_events",
]
