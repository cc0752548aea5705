"""The shop that tests ask for."""

from __future__ import annotations

from tests.servers.vendure import vendure

__all__ = ["vendure"]
