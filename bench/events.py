"""The same year of a shop's events for every benchmark, by seed."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from cxkit.model.event import Event

if TYPE_CHECKING:
    from collections.abc import Iterator

CHANNELS = ("web", "app", "store", "phone", "email")
START_US = 1_735_689_600_000_000  # 2025-01-01 in UTC
YEAR_US = 365 * 86_400_000_000
SCALES = (("nps", 0, 10), ("csat", 1, 5), ("ces", 1, 7))


def shop_events(n: int, *, seed: int = 1) -> Iterator[Event]:
    """Return n events in no order: a third orders, a third visits, the rest answers and contacts with their replies."""
    draw = random.Random(seed)
    customers = [f"c{number:06d}" for number in range(max(1, n // 25))]
    made = 0
    while made < n:
        time = START_US + draw.randrange(YEAR_US)
        customer = customers[int(len(customers) * draw.random() ** 2)]
        channel = CHANNELS[draw.randrange(5)]
        what = draw.random()
        common = {"id": f"e{made:08d}", "ts_us": time, "source": "bench", "channel": channel, "customer": customer}
        made += 1
        if what < 0.35:
            amount = draw.randrange(100, 50_000)
            yield Event(**common, kind="order.placed", reference=f"o{made}", amount_minor=amount, currency="USD")
        elif what < 0.65:
            yield Event(**common, kind="visit.started")
        elif what < 0.85:
            instrument, low, high = SCALES[draw.randrange(3)]
            score = float(draw.randint(low, high))
            yield Event(**common, kind="survey.answered", instrument=instrument, score=score)
        else:
            yield Event(**common, kind="contact.opened", reference=f"t{made}")
            if made < n and draw.random() < 0.9:
                common |= {"id": f"e{made:08d}", "ts_us": time + draw.randrange(86_400_000_000)}
                made += 1
                yield Event(**common, kind="contact.answered", reference=f"t{made - 1}")
