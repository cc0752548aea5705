"""From the cells of a row to an event."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

import attrs

from cxkit.errors import InvalidValueError
from cxkit.files.cells import (
    Kept,
    answers,
    canonical,
    clean,
    instant_us,
    instants,
    merged,
    minor_of_amount,
    minor_of_minor,
    ppm_of_ppm,
    ppm_of_weight,
    us_of_seconds,
    whole,
)
from cxkit.files.ids import Ids
from cxkit.model.event import PPM, Event, check_kind, event_of_row, stable_id
from cxkit.model.instrument import INSTRUMENTS, Instruments
from cxkit.model.text import check_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cxkit.files.columns import Plan


def _dataset(text: str) -> str:
    return check_text("dataset", text)


def _us(text: str) -> int:
    return whole("duration_us", text)


@attrs.frozen
class Rules:
    """How the rows of a file are read.

    Attributes:
        dataset: the source of rows that name none. Not the file's name: a renamed file is the same data.
        input_tz: the zone of times without offset.
        instruments: the scales that scores must lie on.
        encoding: the encoding, for messages.
        ids: gives ids to rows that bring none.
    """

    dataset: str = attrs.field(default="file", converter=_dataset)
    input_tz: str | None = None
    instruments: Instruments = INSTRUMENTS
    encoding: str = "utf-8"
    ids: Ids = attrs.field(factory=Ids)


def event_maker(plan: Plan, rules: Rules) -> Callable[[Sequence[str], dict[str, Any] | None], Event]:
    """Return the function that makes an event of a row of text.

    It takes the cells in the order of the plan, and further properties that aren't cells, and raises InvalidValueError
    for a cell that can't be taken. What can be decided about the columns is decided here, once.

    >>> from cxkit.files.columns import plan_of
    >>> make = event_maker(plan_of(["time", "kind", "amount", "currency"]), Rules())
    >>> make(["2026-01-31T09:30:00Z", "order.placed", "129.90", "USD"], None).amount
    Money('129.90', 'USD')
    """
    width = len(plan.names)
    pick = itemgetter(*plan.places)  # a place of -1 is the empty cell that is added to each row
    extras = plan.extras
    friendly = plan.friendly
    dataset = rules.dataset
    next_id = rules.ids.of
    instant = instants(rules.input_tz) if "time" in friendly else instant_us
    kinds: Kept[str, str] = Kept(check_kind)
    scores = Kept(answers(rules.instruments))
    amounts = Kept(minor_of_amount if "amount" in friendly else minor_of_minor)
    durations: Kept[str, int] = Kept(us_of_seconds if "duration" in friendly else _us)
    weights: Kept[str, int] = Kept(ppm_of_weight if "weight" in friendly else ppm_of_ppm)
    contents: Kept[str, str] = Kept(canonical)

    def make(cells: Sequence[str], more: dict[str, Any] | None = None) -> Event:
        if len(cells) != width:
            raise InvalidValueError("row", list(cells), f"has {len(cells)} cells where there are {width} columns")
        # One look at the whole row instead of one at each cell: nearly all are ASCII, and need no other.
        text = "".join(cells)
        if not text.isascii() or "\0" in text:
            cells = [clean(name, cell, rules.encoding) for name, cell in zip(plan.names, cells, strict=True)]
        (
            identity, when, kind, customer, source, touchpoint, channel, reference, instrument, item, answer, amount,
            currency, wait, share, content,
        ) = pick((*cells, ""))  # fmt: skip
        kind = kinds[kind]
        ts_us = instant(when)
        score = scores[instrument, answer] if answer else None
        if amount:
            amount_minor = amounts[amount, currency]
        else:
            amount_minor, currency = None, ""  # many exports name their currency in every row
        duration_us = durations[wait] if wait else None
        weight_ppm = weights[share] if share else PPM
        properties = contents[content] if content else None
        if extras:
            beside = {name: cells[place] for name, place in extras if cells[place]}
            more = {**beside, **more} if more else beside
        if more:
            properties = merged(properties, more)
        if not identity:
            identity = reference and stable_id(kind, reference)
        if not identity:
            # No text holds a NUL or is empty, so that no two rows have one content by moving text from cell to cell.
            identity = next_id("\0".join((
                str(ts_us), kind, customer, touchpoint, channel, reference, instrument, item,
                "" if score is None else repr(score), "" if amount_minor is None else str(amount_minor), currency,
                "" if duration_us is None else str(duration_us), str(weight_ppm), properties or "",
            )))  # fmt: skip
        return event_of_row((
            identity, ts_us, kind, customer or None, source or dataset, touchpoint or None, channel or None,
            reference or None, instrument or None, item or None, score, amount_minor, currency or None, duration_us,
            weight_ppm, properties,
        ))  # fmt: skip

    return make
