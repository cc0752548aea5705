"""The PostgreSQL server that tests ask for."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

import pytest
from tests.servers.postgres_server import programs, running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.postgres_server import PostgresServer

HOW_TO_GET_IT: Final = (
    "PostgreSQL 15 or newer and psycopg are needed: apt-get install postgresql, pip install 'cxkit[postgres]'"
)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """Return a server that is running; one for each worker of pytest-xdist."""
    found = programs()
    if found is None or find_spec("psycopg") is None:
        pytest.skip(HOW_TO_GET_IT)
    with running(found) as server:
        yield server
