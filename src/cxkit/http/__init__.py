"""Calls to vendors over HTTP: credentials, patience, limits; `client` is the one module that imports httpx."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cxkit.http.auth import (
    Auth,
    ClientCredentials,
    Header,
    Refreshing,
    Session,
    UnauthorizedError,
    basic,
    bearer,
    oauth,
)
from cxkit.http.pacing import by_cost, by_headers
from cxkit.http.reply import Reply
from cxkit.http.tokens import TokenFile, Tokens, token_file
from cxkit.http.wire import Wire

if TYPE_CHECKING:
    from cxkit.http.client import Answer, Http, Relay, Sent

__all__ = [
    "Answer",
    "Auth",
    "ClientCredentials",
    "Header",
    "Http",
    "Refreshing",
    "Relay",
    "Reply",
    "Sent",
    "Session",
    "TokenFile",
    "Tokens",
    "UnauthorizedError",
    "Wire",
    "basic",
    "bearer",
    "by_cost",
    "by_headers",
    "oauth",
    "token_file",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    """Load httpx when the client is first asked for."""
    if name in {"Answer", "Http", "Relay", "Sent"}:
        from cxkit.http import client

        return getattr(client, name)
    message = f"module 'cxkit.http' has no attribute {name!r}"
    raise AttributeError(message)
