"""Sales, refunds and customers of a till as cxkit events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cxkit
from cxkit_till.adapter import TillAdapter, TillConfig

if TYPE_CHECKING:
    from collections.abc import Callable

    from cxkit.adapters import Adapter

__all__ = ["TillAdapter", "TillConfig"]


@cxkit.hookimpl
def cxkit_register_adapters(register: Callable[[type[Adapter]], None]) -> None:
    """Register the adapter."""
    register(TillAdapter)
