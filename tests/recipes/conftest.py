"""Recipes over files that are written for the test at hand."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from cxkit import recipes

if TYPE_CHECKING:
    from cxkit.model.event import Event


@pytest.fixture
def read():
    """Return the function that reads lines by a recipe: their events, and what couldn't be taken as sentences."""

    def read(lines: str, recipe: str, **more) -> tuple[list[Event], list[str]]:
        rejected: list[str] = []
        file = io.StringIO(lines)
        file.name = "lines.csv"
        asked = {"on_reject": lambda error, _: rejected.append(str(error))} | more
        return list(recipes.read(file, recipes.loads(recipe), **asked)), rejected

    return read
