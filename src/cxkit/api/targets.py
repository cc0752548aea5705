"""Which target is whose: those that were asked for, laid to the metrics of a card."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from cxkit.errors import InvalidValueError
from cxkit.plugins import registry
from cxkit.report.target import Target

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cxkit.metrics import Metric
    from cxkit.report import Row, Scorecard


def targets_of(asked: Mapping[str, object], metrics: Sequence[Metric], *, on_card: frozenset[str]) -> dict[str, Target]:
    """Return label → target.

    A label names its own variant; a name stands for all variants where no label is spelled so.

    Args:
        asked: metric → what somebody wrote.
        metrics: those of the card.
        on_card: which of the asked must be there; the others are passed over if they aren't.

    Raises:
        InvalidValueError: a target can't be read, or its metric isn't on the card.
        UnknownNameError: no such metric.

    >>> from cxkit import metrics
    >>> targets_of({"nps": 40, "csat": 0.8}, [metrics.nps(answers="latest")], on_card=frozenset({"nps"}))
    {'nps[answers=latest]': Target(bound='>=', value=40.0, currency=None)}
    """
    found = {}
    # Names first, so that a label has the last word.
    for spelling in sorted(asked, key=lambda spelling: "[" in spelling):
        named = _named(spelling, metrics)
        if not named and spelling in on_card:
            raise InvalidValueError("targets", spelling, "isn't on this card: ask for the metric too")
        try:
            found.update({metric.label: Target.of(metric, asked[spelling]) for metric in named})
        except InvalidValueError as error:
            raise InvalidValueError(f"targets.{spelling}", error.value, error.reason) from None
    return found


def _named(spelling: str, metrics: Sequence[Metric]) -> list[Metric]:
    if not isinstance(spelling, str):
        raise InvalidValueError("targets", spelling, "isn't the name of a metric")
    labels = {metric.label: metric for metric in metrics}
    if spelling in labels:
        return [labels[spelling]]
    if named := [metric for metric in metrics if metric.name == spelling]:
        return named
    label = registry().catalogue.metric(spelling).label  # options in another order, spaces
    return [labels[label]] if label in labels else []


def aiming(card: Scorecard, targets: Mapping[str, Target]) -> Scorecard:
    """Return a card whose rows have their targets.

    >>> from cxkit.report import Scorecard
    >>> aiming(Scorecard(()), {}).rows
    ()
    """
    return attrs.evolve(card, rows=tuple(_aimed(row, targets.get(row.metric)) for row in card.rows))


def _aimed(row: Row, target: Target | None) -> Row:
    if target is None or target.currency not in (None, row.currency):
        return row
    return attrs.evolve(row, target=target)
