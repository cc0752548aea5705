"""Events from NDJSON: one JSON object a line, flat or a CloudEvent."""

from __future__ import annotations

import json
from itertools import count
from typing import TYPE_CHECKING

from cxkit.errors import InvalidValueError
from cxkit.files.objects import decoded, object_reader
from cxkit.files.source import undecoded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cxkit.files.reading import Reading
    from cxkit.files.row import Rules
    from cxkit.files.source import Source
    from cxkit.model.event import Event


def read_ndjson(source: Source, rules: Rules, reading: Reading) -> Iterator[Event]:
    """Give the events of a file with one JSON object a line; lines that are none go to `reading.reject`."""
    read = object_reader(rules)
    numbers = count(1)
    for lines in source.blocks():
        for line, number in zip(lines, numbers, strict=False):
            if line.isspace():
                continue
            try:
                check_bytes(line, rules.encoding)
                made = read(decoded(line))
            except InvalidValueError as error:
                reading.reject(number, error, _as_json(line))
            else:
                reading.events += 1
                yield made


def check_bytes(line: str, encoding: str) -> None:
    """Refuse a line with a byte that isn't of the encoding."""
    byte = undecoded(line)
    if byte is not None:
        reason = f"has the byte 0x{byte:02X}, which isn't {encoding} here: mend it, or name the file's own encoding"
        raise InvalidValueError("row", line, f"{reason} (--encoding cp1252, for example)")


def _as_json(line: str) -> str:
    """Return the line itself where it is JSON, and otherwise its text as JSON."""
    plain = line.strip()
    try:
        plain.encode()
        json.loads(plain)
    except (ValueError, RecursionError):
        return json.dumps(plain)
    return plain
