"""The conformance suite at a real Tryton."""

from __future__ import annotations

import pytest
from tests.servers.tryton_source import TrytonSource

from cxkit.testing import AdapterSuite

pytestmark = pytest.mark.xdist_group("vendors")  # one server for all of them


class TestTryton(AdapterSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def source(cls, tryton):
        """Return a Tryton with a company that has sold nothing yet."""
        return TrytonSource(tryton)
