"""Touchpoints: where customer and business meet, and what the business promises there."""

from __future__ import annotations

from typing import Final

import attrs

from cxkit.errors import InvalidValueError, nearest
from cxkit.model.text import check_text

AREAS: Final = ("marketing", "sales", "commerce", "service")

ATTRIBUTES: Final = ("stage", "area", "channel", "programme", "owner")
"""What of a touchpoint its events can be segmented by."""


def keep_texts(part: attrs.AttrsInstance, *required: str) -> None:
    """Check every given field of a frozen part of the map as text and keep its NFC; None stands for no text."""
    for field in attrs.fields(type(part)):
        value = getattr(part, field.name)
        if value is not None or field.name in required:
            object.__setattr__(part, field.name, check_text(field.name, value))


@attrs.frozen(kw_only=True)
class Touchpoint:
    """A place where customer and business meet.

    Attributes:
        key: what events carry in `touchpoint`, such as ``storefront.checkout``.
        title: its name for people; the key, unless given.
        stage: the key of the stage of the journey it belongs to.
        area: who is in charge: one of `AREAS`.
        channel: where it is: one of `CHANNELS` or a word of your own.
        expectation: what a customer expects there.
        programme: what the business does there to earn the feeling it wants.
        owner: who answers for it.

    Raises:
        InvalidValueError: a field can't hold what was given.

    >>> Touchpoint(key="desk.phone", area="service", channel="phone").title
    'desk.phone'
    """

    key: str
    title: str = attrs.field()
    stage: str | None = None
    area: str | None = None
    channel: str | None = None
    expectation: str | None = None
    programme: str | None = None
    owner: str | None = None

    @title.default
    def _title_is_key(self) -> str:
        return self.key

    def __attrs_post_init__(self) -> None:
        """Check the texts and the area."""
        keep_texts(self, "key", "title")
        if self.area is not None and self.area not in AREAS:
            near = nearest(self.area, AREAS)
            hint = f"; did you mean {near!r}?" if near else ""
            raise InvalidValueError("area", self.area, f"isn't one of {', '.join(AREAS)}{hint}")
