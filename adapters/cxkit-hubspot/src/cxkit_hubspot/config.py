"""The settings of the adapter."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import attrs

from cxkit.adapters import Secret  # noqa: TC001 - `configured` reads the annotations when it runs
from cxkit.errors import InvalidValueError

if TYPE_CHECKING:
    from attrs import Attribute

MOST_PAGE: Final = 200
"""How many records a search gives at once."""

_SLUG: Final = re.compile(r"[a-z][a-z0-9_]*")


def _digits(_instance: object, attribute: Attribute[Any], value: str) -> None:
    if not (value.isascii() and value.isdigit()):
        raise InvalidValueError(attribute.name, value, "isn't a Hub ID, which is digits alone")


def _page(_instance: object, attribute: Attribute[Any], value: int) -> None:
    if not 1 <= value <= MOST_PAGE:
        raise InvalidValueError(attribute.name, value, f"isn't from 1 to {MOST_PAGE}, which is what a search gives")


def _slug(_instance: object, attribute: Attribute[Any], value: str) -> None:
    if not _SLUG.fullmatch(value):
        raise InvalidValueError(attribute.name, value, "isn't small letters, digits and _ that begin with a letter")


def _positive(_instance: object, attribute: Attribute[Any], value: int) -> None:
    if value < 1:
        raise InvalidValueError(attribute.name, value, "isn't above 0")


@attrs.frozen(kw_only=True)
class HubSpotConfig:
    """How to reach one HubSpot account, and how its records are to be understood.

    A `token` is needed, or a `refresh_token` with `client_id` and `client_secret`.

    Attributes:
        account: its Hub ID; it is part of the source, and webhooks of other accounts are passed over.
        token: the access token of a private app.
        refresh_token: of an app that the account has installed.
        client_id: that app's.
        client_secret: that app's, or the private app's; webhooks are signed with it.
        token_file: where tokens are kept; by default a file of its own in the user's state folder.
        url: of the API.
        currency: of deals that name none; by default the account's.
        phones: the properties of contacts that hold the number of a person, and of nobody else.
        region: the country of numbers that are written without one, such as ``VN``.
        late_minutes: how late a change may show in a search.
        page: how many records are asked for at once, up to 200.
        prefix: what the properties of contacts that scores are written to begin with.
    """

    account: str = attrs.field(validator=_digits)
    token: Secret | None = None
    refresh_token: Secret | None = None
    client_id: str = ""
    client_secret: Secret | None = None
    token_file: str = ""
    url: str = "https://api.hubapi.com"
    currency: str = ""
    phones: tuple[str, ...] = ("phone", "mobilephone")
    region: str = ""
    late_minutes: int = attrs.field(default=5, validator=_positive)
    page: int = attrs.field(default=MOST_PAGE, validator=_page)
    prefix: str = attrs.field(default="cx_", validator=_slug)

    def __attrs_post_init__(self) -> None:
        """Refuse settings that don't say who we are, or say it twice."""
        if (self.token is None) == (self.refresh_token is None):
            raise InvalidValueError("token", ..., "or refresh_token is needed, and one of the two alone")
        if self.refresh_token is not None and not (self.client_id and self.client_secret):
            raise InvalidValueError("refresh_token", ..., "needs client_id and client_secret beside it")
