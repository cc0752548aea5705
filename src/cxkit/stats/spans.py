"""Spans: the time from one event to another. Serves response, resolution, abandonment and time to second purchase."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import attrs

from cxkit.errors import InvalidValueError
from cxkit.stats.moments import MomentsState
from cxkit.stats.sketch import SketchState

if TYPE_CHECKING:
    from cxkit.stats.state import Split
    from cxkit.stats.where import Where

Pick = Literal["first", "last"]
_PICK = attrs.validators.in_(("first", "last"))


@attrs.frozen
class SpansState:
    """How the starts ended, and the gaps of those that did. Each start has one fate, an orphan and an end have none.

    Attributes:
        gaps: moments of the gaps in microseconds; ``gaps.n + gaps.out`` starts are matched.
        sketch: their histogram.
        unmatched: starts without an end, or with one only after the window.
        negative: starts whose ends all lie before them.
        immature: starts whose window wasn't over when the data ended, matched or not: the fast would stand for all.
        orphan: keys with ends and no start. They belong to the period and segment of their first end.
        unkeyed: starts and ends without a key.
        spoiled: starts, whatever their end, that an event of `unless` came after.
    """

    gaps: MomentsState = attrs.field(factory=MomentsState)
    sketch: SketchState = attrs.field(factory=SketchState)
    unmatched: int = 0
    negative: int = 0
    immature: int = 0
    orphan: int = 0
    unkeyed: int = 0
    spoiled: int = 0

    @property
    def matched(self) -> int:
        """Starts with an end in time."""
        return self.gaps.n + self.gaps.out

    def plus(self, other: SpansState) -> SpansState:
        """Add all parts."""
        return SpansState(
            self.gaps.plus(other.gaps),
            self.sketch.plus(other.sketch),
            self.unmatched + other.unmatched,
            self.negative + other.negative,
            self.immature + other.immature,
            self.orphan + other.orphan,
            self.unkeyed + other.unkeyed,
            self.spoiled + other.spoiled,
        )

    def to_json(self) -> Any:  # noqa: ANN401 - JSON
        """Return the fields."""
        return {**attrs.asdict(self, recurse=False), "gaps": self.gaps.to_json(), "sketch": self.sketch.to_json()}

    @classmethod
    def from_json(cls, data: Any) -> SpansState:  # noqa: ANN401 - JSON
        """Read the fields back."""
        gaps, sketch = MomentsState.from_json(data["gaps"]), SketchState.from_json(data["sketch"])
        return cls(**{**data, "gaps": gaps, "sketch": sketch})


def _window(value: timedelta | int | None) -> int | None:
    window = value // timedelta(microseconds=1) if isinstance(value, timedelta) else value
    if window is not None and window < 0:
        raise InvalidValueError("window", value, "is negative")
    return window


@attrs.frozen
class Unless:
    """What spoils a start: an event with the same key, at or after the start and within its window.

    Attributes:
        where: which events.
        key: the column that ties them to the start: ``reference`` or ``customer``.
    """

    where: Where
    key: str = attrs.field(default="reference", validator=attrs.validators.in_(("reference", "customer")))


@attrs.frozen
class Spans:
    """Pair each start with its end: the gap belongs to the period and segment of the start.

    A start is the first (or last) event of `start` for every (`key`, `unit`), by (ts_us, source, id). Its end is the
    first (or last) event of `end` with the same `key`, at or after the start and within the window, both inclusive,
    and never the start itself.

    Attributes:
        start: which events start.
        end: which events end.
        key: the column that ties them: ``reference`` or ``customer``.
        unit: what starts once: a column within the key, such as the cart among a customer's carts. The key itself by
            default; ``id`` makes every event a start of its own.
        starts: ``first`` or ``last`` event of each unit.
        ends: ``first`` or ``last`` event after the start.
        window_us: how long an end counts, in microseconds (or a timedelta); None is for ever.
        unless: what spoils a start, such as a further contact of the customer; never the start itself.

    >>> from cxkit.stats import Where
    >>> first_response = Spans(Where(kind="contact.opened"), Where(kind="contact.answered"))
    >>> sorted(first_response.reads)
    ['contact.answered', 'contact.opened']
    """

    name: ClassVar[str] = "spans"
    start: Where
    end: Where
    key: str = attrs.field(default="reference", validator=attrs.validators.in_(("reference", "customer")))
    unit: str | None = None
    starts: Pick = attrs.field(default="first", validator=_PICK)
    ends: Pick = attrs.field(default="first", validator=_PICK)
    window_us: int | None = attrs.field(default=None, converter=_window)
    unless: tuple[Unless, ...] = ()

    @property
    def wheres(self) -> tuple[Where, ...]:
        """All its filters."""
        return (self.start, self.end, *(each.where for each in self.unless))

    @property
    def mergeable_over(self) -> Split:
        """Splits that keep the key whole; ``customer and reference`` where both tie events together."""
        return " and ".join(sorted({self.key, *(each.key for each in self.unless)}))

    @property
    def reads(self) -> frozenset[str] | None:
        """The kinds it reads."""
        found: frozenset[str] = frozenset()
        for where in self.wheres:
            if where.kinds is None:
                return None
            found |= where.kinds
        return found

    @property
    def columns(self) -> frozenset[str]:
        """The columns it reads."""
        keys = {self.key, *(each.key for each in self.unless), *([self.unit] if self.unit else [])}
        return frozenset({"ts_us", "source", "id"}).union(keys, *(where.columns for where in self.wheres))

    def zero(self) -> SpansState:
        """Return the state of no events."""
        return SpansState()

    def load(self, data: Any) -> SpansState:  # noqa: ANN401 - JSON
        """Read a state."""
        return SpansState.from_json(data)
