"""What an adapter is made of: the contract, the walks over vendors' lists, and the making of events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cxkit.adapters.config import configured, variable_of
from cxkit.adapters.contact import email_identity, phone_identity
from cxkit.adapters.contract import Adapter, Check, Page, Profile, Pushed, Pusher, Receiver, Reject, Stream
from cxkit.adapters.facts import Facts
from cxkit.adapters.fields import Fields, FieldSource
from cxkit.adapters.state import State
from cxkit.adapters.times import iso, us_of, when, when_ms
from cxkit.adapters.walks import Batch, Reading, by_time, by_token, everything
from cxkit.http import (
    ClientCredentials,
    Header,
    Refreshing,
    Reply,
    Session,
    TokenFile,
    Tokens,
    UnauthorizedError,
    Wire,
    basic,
    bearer,
    by_cost,
    by_headers,
    oauth,
    token_file,
)
from cxkit.model.request import Request
from cxkit.model.secret import Secret

if TYPE_CHECKING:
    from cxkit.http import Http

__all__ = [
    "Adapter",
    "Batch",
    "Check",
    "ClientCredentials",
    "Facts",
    "FieldSource",
    "Fields",
    "Header",
    "Http",
    "Page",
    "Profile",
    "Pushed",
    "Pusher",
    "Reading",
    "Receiver",
    "Refreshing",
    "Reject",
    "Reply",
    "Request",
    "Secret",
    "Session",
    "State",
    "Stream",
    "TokenFile",
    "Tokens",
    "UnauthorizedError",
    "Wire",
    "basic",
    "bearer",
    "by_cost",
    "by_headers",
    "by_time",
    "by_token",
    "configured",
    "email_identity",
    "everything",
    "iso",
    "oauth",
    "phone_identity",
    "token_file",
    "us_of",
    "variable_of",
    "when",
    "when_ms",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - the one name
    """Load httpx when the client is first asked for."""
    if name == "Http":
        from cxkit.http import Http

        return Http
    message = f"module 'cxkit.adapters' has no attribute {name!r}"
    raise AttributeError(message)
