"""Showing: the scorecard of states, whether an engine has just computed them, or they were saved or merged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from cxkit.api.arguments import calendar_of
from cxkit.api.card import GROUPS, kinds_in, scorecard, unobserved
from cxkit.api.hiding import hiding
from cxkit.api.missing import lacks
from cxkit.api.rates import notes_on, rates_of
from cxkit.api.repeats import found_repeats, note_on, repeats_of, untold_repeats
from cxkit.api.targets import aiming
from cxkit.engines import Request
from cxkit.errors import InvalidValueError, NotMergeableError, UnknownNameError
from cxkit.plugins import registry
from cxkit.stats import settle

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cxkit.metrics import Metric
    from cxkit.report import Asked, Scorecard, States
    from cxkit.stats import Statistic


def request_of(asked: Asked, statistics: Iterable[Statistic] = ()) -> Request:
    """Return what an engine is asked.

    Args:
        asked: what somebody asked.
        statistics: what is computed.
    """
    return Request(
        statistics=tuple(statistics),
        by=asked.by,
        calendar=calendar_of(asked.every, asked.tz),
        tz=asked.tz,
        since_us=asked.since_us,
        until_us=asked.until_us,
        as_of_us=asked.as_of_us,
        attributes=asked.journey_map,
        max_people=asked.max_people,
        currency=asked.currency,
        rates=rates_of(asked.currency, asked.rates),
    )


def settled(metrics: Iterable[Metric], every: str | None) -> dict[str, dict[str, Statistic]]:
    """Return label → what the metric calls its needs → the statistic that is computed."""
    return {metric.label: {name: settle(need, every) for name, need in metric.needs.items()} for metric in metrics}


def metrics_of(states: States, known: Iterable[Metric] = ()) -> list[Metric]:
    """Return the metrics of states: those that are known, else those of the catalogue.

    Raises:
        InvalidValueError: the catalogue has no such metric.
        NotMergeableError: a metric of that name is there, and needs something else.
    """
    by_label = {metric.label: metric for metric in known}
    found = []
    for label, needs in states.metrics.items():
        metric = by_label.get(label) or _of_catalogue(label)
        if settled([metric], states.asked.every).get(label) != needs:
            message = f"{label} is defined otherwise here than where its states were computed: score the events anew"
            raise NotMergeableError(message)
        found.append(metric)
    return found


def _of_catalogue(label: str) -> Metric:
    try:
        return registry().catalogue.metric(label)
    except (UnknownNameError, InvalidValueError):
        reason = "isn't in the catalogue here: install the plugin that brings it, or give the metric itself"
        raise InvalidValueError("metrics", label, reason) from None


def show(
    states: States, metrics: Sequence[Metric], *, request: Request | None = None, notes: Sequence[str] = ()
) -> Scorecard:
    """Return the scorecard of states.

    Args:
        states: the states.
        metrics: the metrics they are of, in order.
        request: what the engine was asked, where segments were folded.
        notes: what else is to be said of it.
    """
    asked, targets = states.asked, states.targets
    request = request_of(asked) if request is None else request
    needs = {need: settle(need, asked.every) for metric in metrics for need in metric.needs.values()}
    empty = unobserved(metrics, needs, states) if GROUPS in states.states else {}
    if states.open:
        metrics = [metric for metric in metrics if metric.label in targets or metric.label not in empty]
        empty = {label: lack for label, lack in empty.items() if label in targets}
    card = scorecard(metrics, needs, request, states, states.level, empty=empty)
    left = sorted({row.currency for row in card if row.currency is not None})
    repeats = repeats_of(metrics)
    often = found_repeats(repeats, states)
    told = [
        *card.notes,
        *notes,
        *notes_on(asked.currency, asked.rates, states.converted, left),
        *note_on(often),
        *_of_merging(states, untold_repeats(repeats, states)),
    ]
    card = attrs.evolve(aiming(card, targets), notes=tuple(told), repeats=often)
    return card if states.min_n is None else hiding(card, states.min_n)


def _of_merging(states: States, untold: Sequence[str]) -> list[str]:
    """Return what a reader should know of states that were put together from parts."""
    notes = []
    if untold:
        notes.append(
            f"Whether customers answer repeatedly isn't known of parts that may share them: {', '.join(untold)}."
        )
    left_out = _missed(states)
    if left_out:
        notes.append(f"Left out, for the parts may share what is counted once: {', '.join(left_out)}.")
    if states.rejected:
        rows = "row" if states.rejected == 1 else "rows"
        notes.append(f"Not in it: {states.rejected:,} {rows} that couldn't be taken.")
    return notes


def _missed(states: States) -> list[str]:
    """Return the metrics that were left out and that there are events for."""
    if not states.left_out:
        return []
    groups, factories = kinds_in(states), registry().catalogue.factories
    # One that no plugin brings any more is named, for whether there are events for it can't be told.
    return [label for label in states.left_out if label not in factories or not lacks(factories[label](), groups)]
