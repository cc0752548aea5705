"""A right adapter passes the suite."""

from __future__ import annotations

import pytest
from till_source import TillSource

from cxkit.testing import AdapterSuite
from cxkit_till.adapter import TillAdapter


@pytest.fixture(scope="module")
def source() -> TillSource:
    """Return tills with the right adapter."""
    return TillSource(TillAdapter)


class TestTill(AdapterSuite): ...
