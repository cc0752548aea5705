"""The conformance suite, on a played Square whose every request and answer is held to Square's contract."""

from __future__ import annotations

import pytest
from tests.servers.square import SquareSource

from cxkit.testing import AdapterSuite


@pytest.fixture(scope="module")
def source(made):
    """Return a seller of these tests' own."""
    return SquareSource(made)


class TestSquare(AdapterSuite): ...
