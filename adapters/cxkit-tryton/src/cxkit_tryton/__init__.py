"""Tryton for cxkit: sales and returns, orders, credit notes, opportunities and complaints, read through its RPC."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cxkit import hookimpl
from cxkit_tryton.adapter import Tryton, TrytonConfig

if TYPE_CHECKING:
    from collections.abc import Callable

    from cxkit.adapters import Adapter

__all__ = ["Tryton", "TrytonConfig"]


@hookimpl
def cxkit_register_adapters(register: Callable[[type[Adapter]], None]) -> None:
    """Register the adapter."""
    register(Tryton)
