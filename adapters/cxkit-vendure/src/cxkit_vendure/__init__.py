"""Vendure for cxkit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cxkit
from cxkit_vendure.adapter import Vendure
from cxkit_vendure.config import VendureConfig

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Vendure", "VendureConfig"]


@cxkit.hookimpl
def cxkit_register_adapters(register: Callable[[type[Vendure]], None]) -> None:
    """Register the adapter."""
    register(Vendure)
