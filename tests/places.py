"""Places for stores, of every kind that there is: what one store does, the other does."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, TypeAlias

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

NewPlace: TypeAlias = "Callable[[], str]"


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def new_place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> NewPlace:
    """Return what gives places where no store is yet: files, and schemas of a database."""
    numbers = count()
    if request.param == "sqlite":
        folder = tmp_path_factory.mktemp("stores")
        return lambda: str(folder / f"shop-{next(numbers)}.db")
    server = request.getfixturevalue("postgres")
    return lambda: server.url(f"shop_{next(numbers)}")


@pytest.fixture(scope="session")
def fleeting(new_place: NewPlace) -> NewPlace:
    """Return what gives places as quickly as may be, for stores that are opened once."""
    return (lambda: ":memory:") if new_place().endswith(".db") else new_place


@pytest.fixture
def place(new_place: NewPlace) -> str:
    """Return where a store may be made."""
    return new_place()
