"""Hiding: rows that rest on too few aren't shown, nor can they be computed from those that are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from cxkit.metrics import Estimate

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from cxkit.report import Row, Scorecard


def hiding(card: Scorecard, min_n: int) -> Scorecard:
    """Return a card on which no segment's estimate rests on fewer than `min_n` observations.

    An overall row and all segments but one would give that one away. So of each metric, currency and period the
    smallest of the other segments are hidden too, until two are, and those hidden rest on `min_n` together. Rows that
    rest on nothing have nothing to hide. The overall rows stay.

    >>> from cxkit.report import Scorecard
    >>> hiding(Scorecard(()), 10).notes
    ()
    """
    groups: dict[Hashable, list[int]] = {}
    for at, row in enumerate(card.rows):
        if not row.overall and row.estimate.n > 0:
            groups.setdefault((row.metric, row.currency, row.period), []).append(at)
    few, more = set(), set()
    for group in groups.values():
        small = [at for at in group if card.rows[at].estimate.n < min_n]
        few.update(small)
        more.update(_cover(card.rows, group, small, min_n))
    if not few:
        return card
    rows = tuple(_hidden(row) if at in few or at in more else row for at, row in enumerate(card.rows))
    what = "row rests" if len(few) == 1 else "rows rest"
    besides = f", and {len(more)} more, from which they could be computed" if more else ""
    note = f"Hidden: {len(few):,} {what} on fewer than {min_n}{besides}."
    return attrs.evolve(card, rows=rows, notes=(*card.notes, note))


def _cover(rows: Sequence[Row], group: Sequence[int], small: Sequence[int], min_n: int) -> list[int]:
    """Return the rows that are to be hidden beside the small ones of a group."""
    if not small:
        return []
    hidden, total = len(small), sum(rows[at].estimate.n for at in small)
    cover = []
    for at in sorted((at for at in group if at not in small), key=lambda at: rows[at].estimate.n):
        if hidden > 1 and total >= min_n:
            break
        cover.append(at)
        hidden += 1
        total += rows[at].estimate.n
    return cover


def _hidden(row: Row) -> Row:
    empty = Estimate(None, level=row.estimate.level, unit=row.estimate.unit, method="hidden")
    return attrs.evolve(row, estimate=empty, hidden=True)
