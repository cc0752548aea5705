"""The settings of the adapter."""

from __future__ import annotations

from typing import Any, Final

import attrs

from cxkit.adapters import Secret  # noqa: TC001 - `configured` reads the annotations when it runs
from cxkit.errors import InvalidValueError

_MOST_A_PAGE: Final = 1000  # what a shop allows, unless it is told otherwise


def _from_one(_instance: object, attribute: attrs.Attribute[Any], value: int) -> None:
    if value < 1:
        raise InvalidValueError(attribute.name, value, "isn't 1 or more")


@attrs.frozen(kw_only=True)
class VendureConfig:
    """How a shop is reached and read.

    Attributes:
        url: the address of the server, such as ``https://shop.example``; of the admin interface if that isn't at
            ``/admin-api`` there.
        key: an API key, which the shop must allow (``tokenMethod``); or
        user: an administrator's name, and
        password: the password.
        channel_token: the channel whose orders and customers are read; the default channel has them all.
        channel: what the events' channel is: ``web``, or ``app`` where Vendure serves an app.
        region: the country of phone numbers that are written without one, such as ``VN``.
        idle_minutes: how long nobody must have touched a cart for it to be abandoned.
        window_days: how long after its placing an order is looked at again for deliveries, refunds and cancellations.
        decimals: how many decimals the shop's whole numbers of money stand for; what its money strategy says if this
            isn't given.
        page: how many records are asked for at once.
    """

    url: str
    key: Secret | None = None
    user: str | None = None
    password: Secret | None = None
    channel_token: str | None = None
    channel: str = "web"
    region: str | None = None
    idle_minutes: int = attrs.field(default=60, validator=_from_one)
    window_days: int = attrs.field(default=180, validator=_from_one)
    decimals: int | None = None
    page: int = attrs.field(default=250, validator=_from_one)

    def __attrs_post_init__(self) -> None:
        """Check that there is one way to show who we are, and that pages aren't too large."""
        if (self.user is None) != (self.password is None):
            raise InvalidValueError("password", None, "and user go together: give both, or key alone")
        if (self.key is None) == (self.user is None):
            raise InvalidValueError(
                "key", self.key, "stands beside user and password, or all lack: give one or the other"
            )
        if self.page > _MOST_A_PAGE:
            raise InvalidValueError("page", self.page, f"is more than the {_MOST_A_PAGE} that Vendure allows")
