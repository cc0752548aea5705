"""Stores of every kind: most tests here run on all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cxkit.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cxkit.store import Store


@pytest.fixture
def store(place: str) -> Iterator[Store]:
    """Return an empty store."""
    with open_store(place, timeout=0.3) as store:
        yield store
