"""Where rows come from: a path, standard input or an open file, unpacked, decoded and cut into lines."""

from __future__ import annotations

import codecs
import gzip
import io
import os
import re
import stat
import sys
import zlib
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from cxkit.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Readable = str | os.PathLike[str] | IO[bytes] | IO[str]

LONGEST: Final = 2**25
"""The characters that a line, or a row over several lines, may have: 33,554,432."""

_TELLING = 40  # bytes that tell what a file is
_CHUNK = 2**17  # what is made of so much text stays in the processor's cache until it is counted
_GZIP = b"\x1f\x8b"
_ESCAPED = re.compile("[\udc00-\udcff]")


def _keep_bytes(error: UnicodeError) -> tuple[str, int]:
    """Decode what can't be decoded to half characters that no text holds: the row that has one is found by them.

    Python's own ``surrogateescape`` does so for bytes above 127 alone, which isn't enough for UTF-16.
    """
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(0xDC00 + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error("cxkit.keep_bytes", _keep_bytes)


def undecoded(text: str) -> int | None:
    r"""Return the first byte that couldn't be decoded, or None.

    >>> undecoded(b"caf\xe9".decode("utf-8", "surrogateescape")), undecoded("café")
    (233, None)
    """
    found = None if text.isascii() else _ESCAPED.search(text)
    return found and ord(found.group()) - 0xDC00


def check_encoding(encoding: str) -> str:
    """Return the name of a text encoding that Python knows.

    >>> check_encoding("Latin-1")
    'iso8859-1'
    """
    try:
        b"".decode(encoding)  # names that aren't of text, such as base64, fail here
        return codecs.lookup(encoding).name
    except (LookupError, ValueError, TypeError):
        reason = "isn't an encoding that Python knows: write one such as utf-8, cp1252 or utf-16"
        raise InvalidValueError("encoding", encoding, reason) from None


class _Refilled(io.RawIOBase):
    """A stream whose first bytes were read already, put back in front."""

    def __init__(self, head: bytes, stream: IO[bytes]) -> None:
        self._head = head
        self._stream = stream
        self.taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - the standard library's own signature
        size = len(buffer)
        if self._head:
            data, self._head = self._head[:size], self._head[size:]
        else:
            data = self._stream.read(size)
        buffer[: len(data)] = data
        self.taken += len(data)
        return len(data)


class Source:
    """The text of a file, as blocks of whole lines.

    Attributes:
        name: the file's name for messages; ``-`` is standard input.
        encoding: how its bytes are decoded; a byte-order mark is left out.
        head: its first bytes, unpacked, or its first text where an open text file was given: what it is shows there.
        bytes_total: the size of the file, packed as it is, or None where that isn't known.
        damage: what went wrong, once it has, where the rest of the file can't be read.
        tail: the text after the last whole line where there is damage.
        line: how many lines were given up to now.
    """

    def __init__(self, file: Readable, encoding: str = "utf-8-sig") -> None:
        """Open the file and look at its first bytes.

        Raises:
            InvalidValueError: it can't be opened or can't be read as text, or the encoding is unknown.
        """
        self.encoding = check_encoding(encoding)
        self.damage: str | None = None
        self.tail = ""
        self.line = 0
        self._counts: Callable[[], int] = lambda: self._taken
        self._taken = 0
        self.name, self._file = _open(file)
        self._owned = self._file is not file and self.name != "-"
        self.bytes_total = _size(self._file)
        try:
            self._start()
        except BaseException:
            self.close()
            raise

    def _start(self) -> None:
        first = self._first(self._file)
        if isinstance(first, bytes) and first.startswith(_GZIP):
            refilled = _Refilled(first, self._file)
            self._counts = lambda: refilled.taken
            self._stream: Any = gzip.GzipFile(fileobj=io.BufferedReader(refilled, _CHUNK))
            first = self._first(self._stream)
        elif isinstance(first, bytes) and self.name.lower().endswith(".gz") and first:
            reason = "isn't packed with gzip, although its name ends in .gz: rename it"
            raise InvalidValueError("file", self.name, reason)
        else:
            self._stream = self._file
        self.head = first

    def _first(self, stream: Any) -> Any:  # noqa: ANN401 - bytes or text, as the stream has them
        """Read until it shows what the stream is: a pipe may give a byte at a time."""
        first = self._take(stream)
        while 0 < len(first) < _TELLING and (more := self._take(stream)):
            first += more
        return first

    def _take(self, stream: Any) -> Any:  # noqa: ANN401 - bytes or text, as the stream has them
        """Read on; where that fails keep the reason and end."""
        try:
            # What is read in part is given in part: `read` would drop it when the stream breaks off on the way.
            data = stream.read1(_CHUNK) if hasattr(stream, "read1") else stream.read(_CHUNK)
        except EOFError:
            self.damage = "ends in the middle: its gzip data is cut off, so that what follows is missing; get it again"
        except (zlib.error, gzip.BadGzipFile) as error:
            self.damage = f"has damaged gzip data ({error}), so that what follows can't be read; get it again"
        except UnicodeDecodeError as error:
            self.damage = f"was opened as text that it isn't ({error.reason}): open it with its own encoding"
        except OSError as error:
            self.damage = f"can't be read further: {error.strerror or error}"
        else:
            self._taken += len(data)
            return data
        return b""

    @property
    def bytes_read(self) -> int:
        """How many bytes of the file, packed as it is, were read up to now."""
        return self._counts()

    def rewound(self) -> IO[bytes] | None:
        """Return the open file itself at its first byte, for a reader that seeks in it; None where it can't."""
        packed = self._stream is not self._file
        if packed or isinstance(self.head, str) or not self._file.seekable():
            return None
        file: IO[bytes] = self._file
        self._counts = file.tell
        file.seek(0)
        return file

    def close(self) -> None:
        """Close the file if it was opened here."""
        if self._owned:
            self._file.close()

    def _texts(self) -> Iterator[str]:
        chunk = self.head
        if isinstance(chunk, str):
            while chunk:
                yield chunk
                chunk = self._take(self._stream)
            return
        encoding = "utf-8" if self.encoding == "utf-8-sig" else self.encoding  # in C; the mark is dropped below
        decoder = codecs.getincrementaldecoder(encoding)("cxkit.keep_bytes")
        while True:
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeError as error:  # what isn't one byte's fault, such as a byte-order mark that is missing
                self.damage = f"can't be decoded as {self.encoding}: {error}"
                return
            yield text
            if not chunk:
                return
            chunk = self._take(self._stream)

    def texts(self) -> Iterator[str]:
        r"""Give the text in pieces of whole lines, with their ends; a line ends with ``\n``, ``\r\n`` or ``\r``.

        Whoever takes a piece counts its lines in `line`: they know how many there are without another look.
        """
        waiting: list[str] = []
        begun = False
        for text in self._texts():
            if not begun and text:
                text, begun = text.removeprefix("\ufeff"), True  # noqa: PLW2901 - the same, without its mark
            # The last line may go on in what comes next, as may the "\r" of a "\r\n".
            end = max(text.rfind("\n"), text.rfind("\r", 0, -1)) + 1
            if not end:
                waiting.append(text)
                if sum(map(len, waiting)) > LONGEST:
                    self.damage = f"has a line of more than {LONGEST:,} characters: it isn't a file of rows"
                    break
                continue
            piece = "".join([*waiting, text[:end]])
            waiting = [text[end:]]
            yield piece
        rest = "".join(waiting)
        if self.damage:
            self.tail = rest
            self.line += len(_lines(rest))
        elif rest:
            yield rest

    def lines(self, text: str) -> list[str]:
        """Return the lines of a piece, with their ends, and count them."""
        found = _lines(text)
        self.line += len(found)
        return found

    def blocks(self) -> Iterator[list[str]]:
        """Give the lines, with their ends, in blocks."""
        return map(self.lines, self.texts())


def _lines(text: str) -> list[str]:
    # StringIO, for str.splitlines also splits at a dozen signs that are text.
    return io.StringIO(text, newline="").readlines()


def _open(file: Readable) -> tuple[str, Any]:
    if not isinstance(file, str | os.PathLike):
        if not hasattr(file, "read"):
            raise InvalidValueError("file", file, "isn't a path or an open file")
        name = getattr(file, "name", None)
        return (name if isinstance(name, str) else f"<{type(file).__name__}>"), file
    if file == "-":
        return "-", getattr(sys.stdin, "buffer", sys.stdin)
    name = os.fspath(file)
    try:
        return name, Path(name).open("rb")
    except FileNotFoundError:
        reason = "doesn't exist"
    except IsADirectoryError:
        reason = "is a folder: name a file in it"
    except PermissionError:
        # Windows says so of folders too.
        reason = "is a folder: name a file in it" if Path(name).is_dir() else "may not be read: you lack the permission"
    except (OSError, ValueError) as error:
        reason = f"can't be opened: {getattr(error, 'strerror', None) or error}"
    raise InvalidValueError("file", name, reason)


def _size(file: Any) -> int | None:  # noqa: ANN401 - whatever reads
    try:
        status = os.fstat(file.fileno())
    except (OSError, ValueError, AttributeError):
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None
