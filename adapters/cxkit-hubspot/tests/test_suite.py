"""The conformance suite, against a played HubSpot that keeps to HubSpot's documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.servers.hubspot_contract import DOCUMENTS
from tests.servers.hubspot_source import PlayedSource
from tests.servers.prism import contract

from cxkit.testing import AdapterSuite

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> PlayedSource:
    """Return an account; skip where HubSpot's documents aren't there."""
    for name in DOCUMENTS.values():
        contract(name)
    folder: Path = tmp_path_factory.mktemp("tokens")
    return PlayedSource(folder)


class TestHubSpot(AdapterSuite):
    """Searches by time and by id, a recycle bin, tokens that are over after half an hour."""
