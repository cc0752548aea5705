"""Repeats: where customers answer again and again, answers aren't independent, and a card says so."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Final

from cxkit.plugins import registry
from cxkit.stats import Distinct, Tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cxkit.engines.request import Cell
    from cxkit.metrics import Metric
    from cxkit.report import States
    from cxkit.stats import Statistic

MANY: Final = 1.1
"""Answers a customer beyond which a card warns."""
_ANSWERED: Final = frozenset({"survey.answered"})


def repeats_of(metrics: Iterable[Metric]) -> dict[str, dict[Statistic, Distinct]]:
    """Return for each metric that takes all answers as independent what counts them → what counts who gave them.

    >>> from cxkit import metrics
    >>> len(repeats_of([metrics.nps(), metrics.nps(answers="latest")]))
    1
    """
    found = {}
    for metric in metrics:
        tallies: dict[Statistic, Distinct] = {
            need: Distinct(need.where, of="customer")
            for need in metric.needs.values()
            if isinstance(need, Tally) and need.keep == "all" and need.where.kinds == _ANSWERED
        }
        if tallies and metric.options.get("interval") != "clustered":
            found[metric.label] = tallies
    return found


def found_repeats(asked: Mapping[str, Mapping[Statistic, Distinct]], collected: States) -> dict[str, float]:
    """Return the metrics whose customers answer repeatedly within a period, and how many answers each gives."""
    found = {}
    for label, counted in asked.items():
        most = 0.0
        for tally, people in counted.items():
            if people not in collected.states:
                continue  # lost in a merge of parts that may share customers
            who = _overall(collected.states[people])
            given = sum(state.n + state.nulls for state in _overall(collected.states[tally]))
            customers = sum(state.n for state in who)
            if customers:
                most = max(most, (given - sum(state.nulls for state in who)) / customers)
        if most > MANY:
            found[label] = most
    return found


def untold_repeats(asked: Mapping[str, Mapping[Statistic, Distinct]], collected: States) -> list[str]:
    """Return the metrics of which it isn't known, for in a merge of parts that may share customers it was lost."""
    return [
        label
        for label, counted in asked.items()
        if any(people not in collected.states and collected.states[tally] for tally, people in counted.items())
    ]


def _overall(states: Mapping[Cell, Any]) -> list[Any]:
    return [state for (segment, _), state in states.items() if segment is None]


def note_on(repeats: Mapping[str, float], *, compared: bool = False) -> list[str]:
    """Return what a card, or a comparison, says of metrics whose customers answer repeatedly."""
    if not repeats:
        return []
    listed = ", ".join(f"{label} {each:.1f}" for label, each in repeats.items())
    better = ", ".join(dict.fromkeys(filter(None, map(_better, repeats))))
    wrong = "intervals are too narrow and p-values too small" if compared else "intervals are too narrow"
    ask = f": ask for {better}" if better else ""
    return [f"Answers a customer: {listed}. They aren't independent, so that {wrong}{ask}."]


def _better(label: str) -> str | None:
    """Return the spelling of the variant that reckons with it, else that of one answer a customer."""
    name, bracket, options = label.partition("[")
    factory = registry().catalogue.factories.get(name)
    parameters = inspect.signature(factory).parameters if factory else {}
    kept = [option for option in options.rstrip("]").split(",") if bracket and not option.startswith("interval=")]
    if "interval" in parameters:
        return f"{name}[{','.join([*kept, 'interval=clustered'])}]"
    return f"{name}[{','.join([*kept, 'answers=latest'])}]" if "answers" in parameters else None
