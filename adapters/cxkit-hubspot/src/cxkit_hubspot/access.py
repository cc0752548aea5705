"""Signing in: the token of a private app, or an app's refresh token that brings tokens for half an hour each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from cxkit.adapters import Http, Refreshing, TokenFile, bearer, oauth, token_file

if TYPE_CHECKING:
    from cxkit.adapters import Secret, Tokens, Wire
    from cxkit_hubspot.config import HubSpotConfig

_TOKENS: Final = "/oauth/v1/token"


def connect(config: HubSpotConfig, wire: Wire | None) -> Http:
    """Return calls to HubSpot that show who we are."""
    if config.token is not None:
        return Http(config.url, auth=bearer(config.token), wire=wire)

    def refresh(http: Http, token: Secret) -> Tokens:
        form: dict[str, Any] = {"grant_type": "refresh_token", "client_id": config.client_id}
        secret = "" if config.client_secret is None else config.client_secret.reveal()
        form |= {"client_secret": secret, "refresh_token": token.reveal()}
        found = oauth(config.url.rstrip("/") + _TOKENS, form, http)
        # HubSpot's refresh tokens stay; were one not repeated, it would still be the one to come back with.
        return found if found.refresh is not None else attrs.evolve(found, refresh=token)

    path = config.token_file or token_file("hubspot", config.url, config.account, config.client_id)
    return Http(config.url, auth=Refreshing(TokenFile(path, config.refresh_token), refresh), wire=wire)
