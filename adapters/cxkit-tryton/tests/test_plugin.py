"""The adapter as cxkit finds it."""

from __future__ import annotations

from cxkit.adapters import Pusher, Receiver, Secret, configured
from cxkit_tryton import Tryton, TrytonConfig, cxkit_register_adapters


def test_it_is_registered():
    """Under its name, without what Tryton doesn't have."""
    found = []
    cxkit_register_adapters(found.append)
    assert found == [Tryton]
    adapter = Tryton(
        TrytonConfig(url="https://erp.example/tryton", database="shop", user="an", password=Secret("s3cr3t"))
    )
    assert adapter.source == "tryton:erp.example/tryton/shop"
    assert not isinstance(adapter, Receiver | Pusher)


def test_it_is_configured_by_the_environment():
    """The password comes from a variable, and shows nowhere."""
    variables = {"CXKIT_TRYTON_PASSWORD": "s3cr3t", "CXKIT_TRYTON_PAGE": "50"}
    given = {"url": "https://erp.example", "database": "shop", "user": "an"}
    settings = configured("tryton", TrytonConfig, given, None, variables)
    assert (settings.page, settings.password) == (50, Secret("s3cr3t"))
    assert "s3cr3t" not in repr(settings)
