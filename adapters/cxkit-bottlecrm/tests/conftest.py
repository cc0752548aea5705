"""A desk in a real BottleCRM for each module of tests that asks for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.servers.bottlecrm import bottlecrm  # noqa: F401 - a fixture
from tests.servers.bottlecrm_desk import desk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.bottlecrm import BottleCrm
    from tests.servers.bottlecrm_desk import Desk


@pytest.fixture
def our_desk(bottlecrm: BottleCrm) -> Iterator[Desk]:  # noqa: F811 - the fixture
    """Return an organisation with nothing in it."""
    with desk(bottlecrm) as made:
        yield made
