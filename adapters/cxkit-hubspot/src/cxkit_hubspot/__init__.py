"""HubSpot, a CRM with a service desk and surveys, as a source of events and a place to write scores to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cxkit
from cxkit_hubspot.adapter import HubSpot
from cxkit_hubspot.config import HubSpotConfig

if TYPE_CHECKING:
    from collections.abc import Callable

    from cxkit.adapters import Adapter

__all__ = ["HubSpot", "HubSpotConfig", "cxkit_register_adapters"]


@cxkit.hookimpl
def cxkit_register_adapters(register: Callable[[type[Adapter]], None]) -> None:
    """Register the adapter."""
    register(HubSpot)
