"""The settings of the adapter."""

from __future__ import annotations

from typing import Any, Final

import attrs

from cxkit.adapters import Secret  # noqa: TC001 - `configured` reads the annotations when it runs
from cxkit.errors import InvalidValueError

URL: Final = "https://connect.squareup.com"
_MOST_A_PAGE: Final = 1000


def _page(_instance: object, attribute: attrs.Attribute[Any], value: int) -> None:
    if not 1 <= value <= _MOST_A_PAGE:
        raise InvalidValueError(attribute.name, value, f"isn't from 1 to {_MOST_A_PAGE}, the most that Square gives")


def _pairs(_instance: object, attribute: attrs.Attribute[Any], value: tuple[str, ...]) -> None:
    for pair in value:
        name, sign, channel = pair.partition("=")
        if not (name and sign and channel):
            raise InvalidValueError(attribute.name, pair, "isn't a name and a channel, such as 'Square Online=web'")


@attrs.frozen(kw_only=True)
class SquareConfig:
    """How a seller's account at Square is reached and read.

    Attributes:
        merchant: the seller's id, which came with the token, such as ``5S9MXCS9Y99KK``.
        token: an access token, of OAuth or an application's own.
        url: Square's address; ``https://connect.squareupsandbox.com`` is the sandbox.
        signature_key: of the webhook subscription.
        notification_url: the subscription's, letter by letter: the signature covers it.
        locations: the ids of the locations that are read; all by default, also those that were closed.
        channel: of sales whose source isn't among `channels`.
        channels: which source of sales is which channel, such as ``Square Online=web``.
        region: the country of phone numbers that are written without one, such as ``US``.
        page: how many records are asked for at once; where a list of Square's gives fewer at most, so many.
    """

    merchant: str
    token: Secret
    url: str = URL
    signature_key: Secret | None = None
    notification_url: str | None = None
    locations: tuple[str, ...] = ()
    channel: str = "store"
    channels: tuple[str, ...] = attrs.field(default=("Square Online=web",), validator=_pairs)
    region: str | None = None
    page: int = attrs.field(default=500, validator=_page)
