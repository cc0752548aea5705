"""The shop's book: what happens, today or later, handed out in order of time as the days go by."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from operator import itemgetter
from typing import TYPE_CHECKING, Final, TypeAlias

import attrs

from cxkit.model.calendar import Calendar
from cxkit.model.event import PPM, event_of_row
from cxkit.simulate.truths import CURRENCY, SOURCE, TZ, WORSE_FROM_MONTH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cxkit.model.event import Event
    from cxkit.simulate.chance import Chance

SECOND_US = 1_000_000
HOUR_US = 3_600 * SECOND_US
DAY_US = 24 * HOUR_US

Entry: TypeAlias = tuple[
    int, str, str | None, str, str, str | None, str | None, float | None, int | None, int | None
]  # fmt: skip
_time = itemgetter(0)
_MONTHS: Final = Calendar("month", TZ)


@attrs.frozen
class Parcel:
    """An order on its way."""

    customer: str
    channel: str
    order: str
    amount: int


@attrs.frozen
class Concern:
    """Something that a customer is going to ask the desk."""

    customer: str
    channel: str


@attrs.define
class Book:
    """What happens at the shop.

    Attributes:
        chance: where chance comes from.
        entries: what isn't over yet.
        parcels: day number → what is delivered on it.
        concerns: day number → what is asked on it.
        numbers: how many orders, visits, tickets and surveys there have been.
        handed_out: how many events there have been.
    """

    chance: Chance
    entries: list[Entry] = attrs.field(factory=list)
    parcels: defaultdict[int, list[Parcel]] = attrs.field(factory=lambda: defaultdict(list))
    concerns: defaultdict[int, list[Concern]] = attrs.field(factory=lambda: defaultdict(list))
    numbers: Counter[str] = attrs.field(factory=Counter)
    handed_out: int = 0

    def number(self, letter: str) -> str:
        """Return the next reference of a kind: o for carts and their orders, v visits, t tickets, s surveys."""
        self.numbers[letter] += 1
        return f"{letter}-{self.numbers[letter]:07d}"

    def is_worse(self, ts_us: int) -> bool:
        """Return whether the desk can't keep up with its telephones then."""
        return _MONTHS.index(ts_us) % 12 + 1 >= WORSE_FROM_MONTH

    def write(  # noqa: PLR0913, PLR0917 - the columns of an event
        self,
        ts_us: int,
        kind: str,
        customer: str | None,
        touchpoint: str,
        channel: str,
        reference: str | None,
        *,
        instrument: str | None = None,
        score: float | None = None,
        amount: int | None = None,
        duration: int | None = None,
    ) -> None:
        """Write down something that happens today or later."""
        self.entries.append((
            ts_us, kind, customer, touchpoint, channel, reference, instrument, score, amount, duration,
        ))  # fmt: skip

    def until(self, end_us: int, seed: int) -> Iterator[Event]:
        """Return what happens before an instant, in order of time, and keep the rest.

        Ids count up, so that a store appends; the seed in them keeps two simulations apart.
        """
        self.entries.sort(key=_time)
        cut = bisect_left(self.entries, end_us, key=_time)
        over = self.entries[:cut]
        del self.entries[:cut]
        first = self.handed_out
        self.handed_out += cut
        for number, entry in enumerate(over, first):
            ts_us, kind, customer, touchpoint, channel, reference, instrument, score, amount, duration = entry
            # Nothing here comes from outside, so the checks are spared; a test makes each event again with them.
            yield event_of_row((
                f"{seed}-{number:09d}", ts_us, kind, customer, SOURCE, touchpoint, channel, reference, instrument, None,
                score, amount, None if amount is None else CURRENCY, duration, PPM, None,
            ))  # fmt: skip
