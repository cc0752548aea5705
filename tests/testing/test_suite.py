"""A right adapter passes the suite."""

from __future__ import annotations

import pytest
from tests.testing.till import TillSource
from tests.testing.till_adapter import TillAdapter

from cxkit.testing import AdapterSuite


@pytest.fixture(scope="module")
def source() -> TillSource:
    """Return tills with the right adapter."""
    return TillSource(TillAdapter.made)


class TestTill(AdapterSuite): ...
