"""What a store answers: outcomes, reports, what was replaced and what was forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import attrs

if TYPE_CHECKING:
    from datetime import datetime

    from cxkit.model.event import Event

Outcome: TypeAlias = Literal["new", "duplicate", "corrected", "refused"]
"""What became of one event; see `Report`."""


@attrs.frozen
class Report:
    """What became of the events that were added.

    Attributes:
        new: kept, under a key (`source`, `id`) not seen before.
        duplicates: ignored: the store holds the same, or held it before a correction.
        corrected: kept in place of an event of the same key and other content, which went to the audit.
        refused: ignored: they belong to somebody who was forgotten.

    >>> Report(new=3, duplicates=1).total
    4
    """

    new: int = 0
    duplicates: int = 0
    corrected: int = 0
    refused: int = 0

    @property
    def total(self) -> int:
        """How many events were given."""
        return self.new + self.duplicates + self.corrected + self.refused


@attrs.frozen
class Replaced:
    """A version of an event that a correction replaced.

    Attributes:
        event: the event as it was.
        time: when it was replaced, in UTC.
    """

    event: Event
    time: datetime


@attrs.frozen
class Forgotten:
    """What was erased.

    Attributes:
        events: how many events of the person, the links among their identities with them.
        audit_rows: how many replaced versions.
        identities: how many identities the person had, those given with them.
    """

    events: int
    audit_rows: int
    identities: int
