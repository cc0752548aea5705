"""Folding segments: those that don't stand for themselves become one, before anything is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals.stable.v2 as nw

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cxkit.engines.frame.backend import Backend, LazyFrame
    from cxkit.engines.request import Request


def folded(
    backend: Backend, frame: LazyFrame, request: Request, keys: Mapping[str, Callable[[str], str | None]]
) -> LazyFrame:
    """Return a table whose segments are those to keep and the rest, their keys as text.

    Args:
        backend: the native functions.
        frame: a table with the key columns.
        request: which segments to keep.
        keys: a key column → how to read its text, in the order of segments.
    """
    keep = request.keep or frozenset()
    (rows,) = backend.rows([frame.select(*keys).unique()])
    found = {row: tuple(read(text) for read, text in zip(keys.values(), row, strict=True)) for row in rows}
    kept = {row: segment for row, segment in found.items() if segment in keep}
    names = [f"cx_kept_{number}" for number in range(len(keys))]
    columns: dict[str, list[str | None]] = {key: [row[i] for row in kept] for i, key in enumerate(keys)}
    columns |= {name: [segment[i] or "" for segment in kept.values()] for i, name in enumerate(names)}
    joined = frame.join(backend.beside(frame, columns, {}), on=list(keys), how="left")
    texts = [
        nw.coalesce(nw.col(name), nw.lit(rest or "", nw.String)).alias(key)
        for key, name, rest in zip(keys, names, request.rest, strict=True)
    ]
    return joined.with_columns(*texts).drop(*names)
