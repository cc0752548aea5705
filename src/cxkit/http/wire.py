"""What surrounds an adapter on its way to a vendor: patience, limits, clock and transport."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import attrs

from cxkit.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Callable


def _positive(_instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise InvalidValueError(attribute.name, value, "isn't a number above 0")


@attrs.frozen(kw_only=True)
class Wire:
    """How an adapter reaches its vendor; the defaults suit a job that runs unattended.

    Attributes:
        timeout: seconds that connecting, sending and each piece of an answer may take.
        attempts: how often a call is made before it is given up.
        patience: how many seconds a call may wait in all for its next attempts; a vendor that asks for more is given
            up at once, with what it asks for in the error.
        most_bytes: the largest answer that is read.
        allow_private: also plain http, and addresses that aren't public, such as a shop in one's own network. A URL
            that comes from outside must not reach those.
        transport: what carries requests, an ``httpx.BaseTransport``; None for the network.
        sleep: waits that many seconds.
        clock: the time, in seconds since 1970.
    """

    timeout: float = attrs.field(default=30.0, validator=_positive)
    attempts: int = attrs.field(default=6, validator=_positive)
    patience: float = attrs.field(default=300.0, validator=_positive)
    most_bytes: int = attrs.field(default=64 * 1024 * 1024, validator=_positive)
    allow_private: bool = False
    transport: Any = attrs.field(default=None, repr=False)
    sleep: Callable[[float], None] = attrs.field(default=time.sleep, repr=False)
    clock: Callable[[], float] = attrs.field(default=time.time, repr=False)
