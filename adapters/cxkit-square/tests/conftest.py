"""A played Square for each test that asks for one."""

from __future__ import annotations

import pytest
from tests.servers.square import HOOK, KEY, SquareSource
from tests.servers.square_shop import MERCHANT

from cxkit.adapters import Secret
from cxkit_square import Square, SquareConfig


@pytest.fixture(scope="session")
def made():
    """Return what makes an adapter to the played seller, with pages of two unless told otherwise."""

    def make(*, token, wire, **settings):
        given = {"merchant": MERCHANT, "signature_key": Secret(KEY), "notification_url": HOOK, "page": 2}
        return Square(SquareConfig(token=token, **{**given, **settings}), wire)

    return make


@pytest.fixture
def square(made):
    """Return a played Square where nothing has happened."""
    return SquareSource(made)
