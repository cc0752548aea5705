"""Signing in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.servers.hubspot import HUB
from tests.servers.hubspot_api import CLIENT, CLIENT_SECRET, REFRESH, URL

from cxkit.adapters import Secret, Wire
from cxkit.errors import FatalAdapterError
from cxkit_hubspot import HubSpot, HubSpotConfig

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.hubspot_api import HubSpotApi


def app(api: HubSpotApi, folder: Path, *, refresh: str = REFRESH, clock: list[float] | None = None) -> HubSpot:
    """Return an adapter of an app that an account has installed."""
    config = HubSpotConfig(
        account=HUB,
        client_id=CLIENT,
        client_secret=Secret(CLIENT_SECRET),
        refresh_token=Secret(refresh),
        token_file=str(folder / "tokens"),
        url=URL,
    )
    now = clock or [1_800_000_000.0]
    return HubSpot(config, Wire(transport=api.transport, clock=lambda: now[0], sleep=lambda _: None))


def test_a_token_is_kept_for_the_next_time(api: HubSpotApi, tmp_path: Path) -> None:
    """And renewed before its half hour is over, as HubSpot wants it: not when it is refused."""
    now = [1_800_000_000.0]
    app(api, tmp_path, clock=now).check()
    app(api, tmp_path, clock=now).check()
    assert len(api.given) == 1
    now[0] += 1790
    app(api, tmp_path, clock=now).check()
    assert len(api.given) == 2
    assert api.calls.count("POST /oauth/v1/token") == 2


def test_a_token_that_is_refused_is_renewed(api: HubSpotApi, tmp_path: Path) -> None:
    """Somebody may have ended it."""
    adapter = app(api, tmp_path)
    adapter.check()
    api.tokens.clear()
    assert adapter.check().account
    assert len(api.given) == 2


def test_a_grant_that_was_taken_back_is_an_error_that_shows_no_secret(api: HubSpotApi, tmp_path: Path) -> None:
    """The app has to be installed again."""
    with pytest.raises(FatalAdapterError, match="no token was given") as caught:
        app(api, tmp_path, refresh="na1-0ld-one").check()
    assert "na1-0ld-one" not in str(caught.value)
    assert CLIENT_SECRET not in str(caught.value)
