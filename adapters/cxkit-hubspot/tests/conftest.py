"""A played account for each test that asks for one."""

from __future__ import annotations

import pytest
from tests.servers.hubspot import Portal
from tests.servers.hubspot_api import HubSpotApi
from tests.servers.hubspot_contract import DOCUMENTS
from tests.servers.prism import contract


@pytest.fixture
def portal() -> Portal:
    """Return an account with nothing in it; skip where HubSpot's documents aren't there to hold it against."""
    for name in DOCUMENTS.values():
        contract(name)
    return Portal()


@pytest.fixture
def api(portal: Portal) -> HubSpotApi:
    """Return what serves it."""
    return HubSpotApi(portal)
