"""The settings of the adapter."""

from __future__ import annotations

import re
from typing import Any, Final

import attrs

from cxkit.adapters import Secret  # noqa: TC001 - `configured` reads the annotations when it runs
from cxkit.errors import InvalidValueError

_MOST_A_PAGE: Final = 250  # the most that Shopify gives of any list
_HOST: Final = re.compile(r"[a-z0-9][a-z0-9-]*\.myshopify\.com")


def _host_of(shop: str) -> str:
    """Return the host of a shop that is given by its name, its host or an address."""
    host = shop.strip().lower().removeprefix("https://").partition("/")[0]
    host = host if "." in host else f"{host}.myshopify.com"
    if not _HOST.fullmatch(host):
        # Tokens are sent there: only Shopify's own name of a shop will do.
        raise InvalidValueError("shop", shop, "isn't a shop's own name, such as example.myshopify.com: see its domains")
    return host


def _from_one(_instance: object, attribute: attrs.Attribute[Any], value: int) -> None:
    if value < 1:
        raise InvalidValueError(attribute.name, value, "isn't 1 or more")


@attrs.frozen(kw_only=True)
class ShopifyConfig:
    """How a shop is reached and read.

    Attributes:
        shop: its name at Shopify, such as ``example`` or ``example.myshopify.com``.
        token: an access token of the Admin API; or
        client_id: the id of an app of one's own that is installed there, and
        client_secret: its secret.
        webhook_secret: what webhooks are signed with, where that isn't the client secret.
        former_webhook_secret: what they were signed with before it was changed; Shopify goes on with it for a while.
        money: ``shop`` for amounts in the shop's own currency, ``customer`` for those in which customers paid.
        channel: what the channel of orders is that weren't placed at a till.
        region: the country of phone numbers that are written without one, such as ``VN``.
        idle_minutes: how long nobody must have touched a checkout for it to be abandoned.
        window_days: how long after it was made an order is looked at again.
        page: how many records are asked for at once.

    >>> ShopifyConfig(shop="https://Example.myshopify.com/", token=Secret("t")).shop
    'example.myshopify.com'
    """

    shop: str = attrs.field(converter=_host_of)
    token: Secret | None = None
    client_id: str | None = None
    client_secret: Secret | None = None
    webhook_secret: Secret | None = None
    former_webhook_secret: Secret | None = None
    money: str = "shop"
    channel: str = "web"
    region: str | None = None
    idle_minutes: int = attrs.field(default=60, validator=_from_one)
    window_days: int = attrs.field(default=60, validator=_from_one)
    page: int = attrs.field(default=50, validator=_from_one)

    def __attrs_post_init__(self) -> None:
        """Check that there is one way to show who we are, and that the rest is what Shopify knows."""
        if (self.client_id is None) != (self.client_secret is None):
            raise InvalidValueError("client_secret", None, "and client_id go together: give both, or token alone")
        if (self.token is None) == (self.client_id is None):
            reason = "stands beside client_id and client_secret, or all lack: give one or the other"
            raise InvalidValueError("token", self.token, reason)
        if self.money not in {"shop", "customer"}:
            raise InvalidValueError("money", self.money, "is neither 'shop' nor 'customer'")
        if self.page > _MOST_A_PAGE:
            raise InvalidValueError("page", self.page, f"is more than the {_MOST_A_PAGE} that Shopify gives")

    @property
    def signers(self) -> tuple[Secret, ...]:
        """What webhooks may be signed with: the newest secret first; none where none was given."""
        newest = self.webhook_secret or self.client_secret
        return tuple(secret for secret in (newest, self.former_webhook_secret) if secret is not None)
