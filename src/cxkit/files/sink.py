"""Where text is written to: a path, standard output or an open file; a path changes at once or not at all."""

from __future__ import annotations

import gzip
import io
import os
import sys
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from typing import IO, Any

from cxkit.errors import InvalidValueError

Writable = str | os.PathLike[str] | IO[bytes] | IO[str]


class Sink:
    """An output that becomes the file only when it is closed; `abandon` leaves the file as it was.

    Attributes:
        name: the file's name for messages; ``-`` is standard output.
        text: takes text; packed with gzip where the name ends in ``.gz``.
        binary: takes bytes instead, where an open text file wasn't given.
    """

    text: Any
    binary: Any

    def __init__(self, file: Writable) -> None:
        """Open a new file beside the path, or take what is open.

        Raises:
            InvalidValueError: it can't be written to.
        """
        self._target: Path | None = None
        self._draft: Path | None = None
        self._owned = False
        self._layers: list[Any] = []
        if not isinstance(file, str | os.PathLike):
            if not hasattr(file, "write"):
                raise InvalidValueError("file", file, "isn't a path or a file open for writing")
            given = getattr(file, "name", None)
            self.name = given if isinstance(given, str) else f"<{type(file).__name__}>"
            self.binary = file
        elif file == "-":
            self.name = "-"
            self.binary = getattr(sys.stdout, "buffer", sys.stdout)
        else:
            self.name = os.fspath(file)
            self.binary = self._open()
            self._owned = True
        if isinstance(self.binary, io.TextIOBase):
            self.text = self.binary
            return
        packed = self.binary
        if self.name.endswith(".gz"):
            # Without name and time, so that the same events are the same bytes.
            packed = gzip.GzipFile("", "wb", 6, self.binary, mtime=0)
            self._layers.append(packed)
        self.text = io.TextIOWrapper(packed, encoding="utf-8", newline="")

    def _open(self) -> IO[bytes]:
        try:
            # Through a link, which would be replaced itself otherwise.
            target = Path(os.path.realpath(self.name))
            if target.exists() and not target.is_file() and not target.is_dir():
                return target.open("wb")  # a pipe or a device, which a new file couldn't replace
            if target.exists():
                target.open("ab").close()  # may it be written? A folder or a protected file answers here
            draft = target.with_name(f".{target.name[:100]}.{token_hex(8)}")
            opened = draft.open("xb")
        except FileNotFoundError:
            reason = "can't be written: its folder doesn't exist"
        except IsADirectoryError:
            reason = "is a folder: name a file in it"
        except PermissionError:
            reason = "may not be written: you lack the permission"
        except (OSError, ValueError) as error:
            reason = f"can't be written: {getattr(error, 'strerror', None) or error}"
        else:
            if target.exists():
                with suppress(OSError):
                    draft.chmod(target.stat().st_mode & 0o777)
            self._target, self._draft = target, draft
            return opened
        raise InvalidValueError("file", self.name, reason)

    def close(self) -> None:
        """Write what waits, and put the new file in the place of the old one."""
        if self.text is None:
            return
        try:
            self._finish()
        except BaseException:  # a full disk shows here at the latest
            self.abandon()
            raise
        if self._target is not None and self._draft is not None:
            self._draft.replace(self._target)

    def _finish(self) -> None:
        self.text.flush()
        if self.text is not self.binary:
            self.text.detach()
        for layer in self._layers:
            layer.close()
        if self._owned:
            self.binary.close()
        else:
            self.binary.flush()
        self.text = None

    def abandon(self) -> None:
        """Leave the file as it was."""
        if self.text is None:
            return
        text, self.text = self.text, None
        if not self._owned:
            if text is not self.binary:
                with suppress(OSError, ValueError):
                    text.detach()
            return
        with suppress(OSError, ValueError):
            text.close()
        with suppress(OSError, ValueError):
            self.binary.close()
        if self._draft is not None:
            self._draft.unlink(missing_ok=True)
