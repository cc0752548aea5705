"""The ten metrics by channel and month, and over all channels, as one would write them by hand in a Python loop.

No intervals, no options, no exclusions but what the numbers need: the yardstick for the row engine.
"""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cxkit.model.event import Event

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY_US = 86_400_000_000


class Cell:
    """What one channel and month needs."""

    __slots__ = ("amount", "ces", "ces_n", "csat", "csat_n", "customers", "gaps", "nps", "nps_n", "orders", "squares")

    def __init__(self) -> None:
        """Start at nothing."""
        self.orders = self.amount = self.squares = 0
        self.nps = self.nps_n = self.csat = self.csat_n = self.ces_n = 0
        self.ces = 0.0
        self.customers: dict[str, int] = {}
        self.gaps: list[int] = []


def ten_metrics(events: Iterable[Event]) -> dict[tuple[str | None, int], dict[str, Any]]:  # noqa: C901, PLR0912
    """Return the values of each (channel, month); None is all channels."""
    cells: dict[tuple[str | None, int], Cell] = defaultdict(Cell)
    months: dict[int, int] = {}
    opened: dict[str, tuple[int, str | None, int]] = {}
    answered: dict[str, list[int]] = defaultdict(list)
    for event in events:
        ts_us = event.ts_us
        day = ts_us // DAY_US
        month = months.get(day)
        if month is None:
            date = EPOCH + timedelta(days=day)
            month = months[day] = date.year * 12 + date.month - 1
        channel = event.channel
        kind = event.kind
        if kind == "order.placed":
            amount = event.amount_minor
            customer = event.customer
            for cell in (cells[channel, month], cells[None, month]):
                cell.orders += 1
                if amount is not None:
                    cell.amount += amount
                    cell.squares += amount * amount
                if customer is not None:
                    cell.customers[customer] = cell.customers.get(customer, 0) + 1
        elif kind == "survey.answered":
            score = event.score
            if score is None:
                continue
            for cell in (cells[channel, month], cells[None, month]):
                if event.instrument == "nps":
                    cell.nps_n += 1
                    if score >= 9:
                        cell.nps += 1
                    elif score <= 6:
                        cell.nps -= 1
                elif event.instrument == "csat":
                    cell.csat_n += 1
                    cell.csat += score >= 4
                elif event.instrument == "ces":
                    cell.ces_n += 1
                    cell.ces += score
        elif kind == "contact.opened":
            if event.reference is not None:
                known = opened.get(event.reference)
                if known is None or ts_us < known[0]:
                    opened[event.reference] = (ts_us, channel, month)
        elif kind == "contact.answered" and event.reference is not None:
            answered[event.reference].append(ts_us)
    for reference, (start, channel, month) in opened.items():
        ends = [end for end in answered.get(reference, ()) if end >= start]
        if ends:
            gap = min(ends) - start
            cells[channel, month].gaps.append(gap)
            cells[None, month].gaps.append(gap)
    return {key: _values(cell, cells.get((key[0], key[1] - 1))) for key, cell in cells.items()}


def _values(cell: Cell, before: Cell | None) -> dict[str, Any]:
    gaps = sorted(cell.gaps)
    buyers = len(cell.customers)
    variance = (cell.squares - cell.amount**2 / cell.orders) / (cell.orders - 1) if cell.orders > 1 else None
    return {
        "orders": cell.orders,
        "revenue": cell.amount / 100,
        "active_customers": buyers,
        "nps": 100 * cell.nps / cell.nps_n if cell.nps_n else None,
        "csat": cell.csat / cell.csat_n if cell.csat_n else None,
        "ces": cell.ces / cell.ces_n if cell.ces_n else None,
        "average_transaction_value": cell.amount / cell.orders / 100 if cell.orders else None,
        "atv_sd": None if variance is None else math.sqrt(variance) / 100,
        "repeat_purchase_rate": sum(n > 1 for n in cell.customers.values()) / buyers if buyers else None,
        "retention_rate": (
            sum(c in cell.customers for c in before.customers) / len(before.customers)
            if before and before.customers
            else None
        ),
        "first_response_time": gaps[math.ceil(len(gaps) / 2) - 1] / 1e6 if gaps else None,
    }
