"""The settings of the adapter."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import attrs

from cxkit.adapters import Secret  # noqa: TC001 - `configured` reads the annotations when it runs
from cxkit.errors import InvalidValueError

if TYPE_CHECKING:
    from attrs import Attribute

_MOST_MINUTES = 24 * 60
_SLUG = re.compile(r"[a-z][a-z0-9_]*")


def _positive(_instance: object, attribute: Attribute[Any], value: int) -> None:
    if value < 1:
        raise InvalidValueError(attribute.name, value, "isn't above 0")


def _minutes(_instance: object, attribute: Attribute[Any], value: int) -> None:
    if not 1 <= value <= _MOST_MINUTES or _MOST_MINUTES % value:
        raise InvalidValueError(attribute.name, value, "doesn't divide a day: give 15, 30, 60 or 1440, say")


def _slug(_instance: object, attribute: Attribute[Any], value: str) -> None:
    if not _SLUG.fullmatch(value):
        raise InvalidValueError(attribute.name, value, "isn't small letters, digits and _ that begin with a letter")


@attrs.frozen(kw_only=True)
class BottleCrmConfig:
    """How to reach one organisation in BottleCRM, and how its records are to be understood.

    One of `token` and `refresh_token` is needed.

    Attributes:
        url: of its API, without ``/api``, such as ``https://api.desk.example``.
        token: a personal access token, which begins with ``bcrm_pat_``.
        refresh_token: a refresh token of somebody's session, good for one use: the next ones are kept in `token_file`.
        token_file: where; by default a file of its own in the user's state folder.
        webhook_secret: what its webhooks are signed with, which begins with ``whsec_``.
        account: tells organisations on one server apart: it becomes part of the source and of customers' names.
        channel_field: the custom field of tickets that holds the channel, such as ``channel``; tickets have none
            of their own.
        currency: of amounts that name none; by default the organisation's.
        reopenings: whether to read the log of each ticket that may have been reopened, a call each.
        rating_minutes: how closely the time of a rating is found out; see the README.
        page: how many records are asked for at once.
        prefix: what the custom fields of contacts that scores are written to begin with.
    """

    url: str
    token: Secret | None = None
    refresh_token: Secret | None = None
    token_file: str = ""
    webhook_secret: Secret | None = None
    account: str = ""
    channel_field: str = ""
    currency: str = ""
    reopenings: bool = True
    rating_minutes: int = attrs.field(default=15, validator=_minutes)
    page: int = attrs.field(default=500, validator=_positive)
    prefix: str = attrs.field(default="cx_", validator=_slug)

    def __attrs_post_init__(self) -> None:
        """Refuse settings that don't say who we are, or say it twice."""
        if (self.token is None) == (self.refresh_token is None):
            raise InvalidValueError("token", ..., "or refresh_token is needed, and one of the two alone")
