"""Keeping the libraries below from logging what our calls carry: they write addresses and headers as they are."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

# A filter counts for the logger it is on and not for those below, so each that writes is named.
_LOGGERS: Final = (
    "httpx", "httpcore.connection", "httpcore.http11", "httpcore.http2", "httpcore.proxy", "httpcore.socks",
)  # fmt: skip
_calling: ContextVar[bool] = ContextVar("cxkit_calling", default=False)


class _NotOurs(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002 - the protocol of filters
        """Let through what isn't said of one of our calls."""
        return not _calling.get()


_FILTER: Final = _NotOurs()


@contextmanager
def quiet() -> Iterator[None]:
    """Let the libraries below log nothing of what is called in here; others' calls are logged as ever."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_FILTER)  # the same filter again changes nothing
    before = _calling.set(True)
    try:
        yield
    finally:
        _calling.reset(before)
