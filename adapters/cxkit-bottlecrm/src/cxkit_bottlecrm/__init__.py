"""BottleCRM, a CRM and service desk, as a source of events and a place to write scores to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cxkit
from cxkit_bottlecrm.adapter import BottleCrm
from cxkit_bottlecrm.config import BottleCrmConfig

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["BottleCrm", "BottleCrmConfig"]


@cxkit.hookimpl
def cxkit_register_adapters(register: Callable[[type[BottleCrm]], None]) -> None:
    """Register the adapter."""
    register(BottleCrm)
