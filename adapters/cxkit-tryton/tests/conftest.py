"""The Tryton that tests ask for."""

from __future__ import annotations

from tests.servers.tryton import tryton

__all__ = ["tryton"]
