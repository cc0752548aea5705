"""Square for cxkit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cxkit
from cxkit_square.adapter import Square
from cxkit_square.config import SquareConfig

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Square", "SquareConfig"]


@cxkit.hookimpl
def cxkit_register_adapters(register: Callable[[type[Square]], None]) -> None:
    """Register the adapter."""
    register(Square)
