"""What a path stands for: a file, the files of a folder, or those that a pattern matches."""

from __future__ import annotations

from glob import glob, has_magic
from pathlib import Path

from cxkit.errors import InvalidValueError
from cxkit.files.reading import format_of


def files_at(path: str) -> list[str]:
    """Return the files that a path stands for, sorted.

    Of a folder these are the files of events in it and beneath; those whose name, or whose folder's name, begins with
    ``.`` or ``_`` are left out, for so the marks and the unfinished files of other tools are called.

    Args:
        path: a file, a folder, or a pattern such as ``events/**/*.parquet``. What isn't on a disk, such as a URL or
            ``-``, is given back as it is.

    Raises:
        InvalidValueError: a pattern or a folder without such a file.

    >>> files_at("-"), files_at("s3://shop/events/*.parquet")
    (['-'], ['s3://shop/events/*.parquet'])
    """
    if "://" in path:
        return [path]
    if Path(path).is_dir():
        found = [file for file in Path(path).rglob("*") if not _is_hidden(file.relative_to(path)) and file.is_file()]
        files = sorted(str(file) for file in found if format_of(file.name) is not None)
        if not files:
            reason = "is a folder in which no file's name ends in .csv, .ndjson, .jsonl, .parquet or .xlsx"
            raise InvalidValueError("file", path, reason)
        return files
    if has_magic(path) and not Path(path).exists():
        found_by_pattern = glob(path, recursive=True)  # noqa: PTH207 - Path's takes no absolute pattern
        files = sorted(name for name in found_by_pattern if Path(name).is_file())
        if not files:
            raise InvalidValueError("file", path, "matches no file: look for it with ls, and quote it in a shell")
        return files
    return [path]


def _is_hidden(path: Path) -> bool:
    return any(part.startswith((".", "_")) for part in path.parts)
