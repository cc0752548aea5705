"""Experience: the five ways it is felt, and how it stands against what was expected."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, Literal

from cxkit.metrics.answers import CLUSTERED, Answers, answers_to, clusters, mean_of_answers, weighted_variance
from cxkit.metrics.estimate import Estimate
from cxkit.metrics.metric import Given, Metric, factory
from cxkit.metrics.options import chosen
from cxkit.model.instrument import INSTRUMENTS
from cxkit.stats import By, In, Not, Tally, Where
from cxkit.stats.distributions import student_quantile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cxkit.stats import ByState, Statistic

Interval = Literal["t", "clustered"]
_SCALE: Final = INSTRUMENTS.get("perception")
_WIDTH: Final = _SCALE.high - _SCALE.low


def _dimension(name: str, title: str, reverse: str, interval: str) -> Metric:
    """Return the metric of one of Schmitt's dimensions: the mean of all answers to its items, on 1-7."""
    chosen("interval", interval, ("t", CLUSTERED))
    where, scale = answers_to(name), INSTRUMENTS.get(name)
    turned = Where(item=In(item.strip() for item in reverse.split("+") if item.strip()))
    needs: dict[str, Statistic] = {"answers": Tally(where, "score")}
    value: dict[str, Any] = {"of": "score"}
    if reverse:
        straight = Where(item=Not(dict(turned.conditions)["item"]))
        needs = {"answers": Tally(where & straight, "score"), "turned": Tally(where & turned, "score")}
        value |= {"turned": turned, "turn": scale.low + scale.high}
    if interval == CLUSTERED:
        needs |= clusters(name, where, "all", **value)

    def formula(states: Mapping[str, Any], given: Given) -> Estimate:
        found = Answers.of(states["answers"], name)
        if reverse:
            found = found.plus(Answers.of(states["turned"], name, reverse=True))
        return mean_of_answers(found, name, given, states.get("clusters"))

    return Metric(name, title, "score", "higher", needs, formula, "Schmitt 1999")


@factory
def sense(*, reverse: str = "", interval: Interval = "t") -> Metric:
    """Sense: how strongly the experience speaks to the senses; the mean of its items on 1-7.

    Args:
        reverse: items whose answers are counted from the scale's other end, joined by ``+``: ``3+5``.
        interval: ``t``, or ``clustered``, since a customer answers several items.

    Source: Schmitt 1999, Journal of Marketing Management 15(1-3).
    """
    return _dimension("sense", "Sense", reverse, interval)


@factory
def feel(*, reverse: str = "", interval: Interval = "t") -> Metric:
    """Feel: how strongly the experience moves; the mean of its items on 1-7.

    Args:
        reverse: items whose answers are counted from the scale's other end, joined by ``+``: ``3+5``.
        interval: ``t``, or ``clustered``, since a customer answers several items.

    Source: Schmitt 1999, Journal of Marketing Management 15(1-3).
    """
    return _dimension("feel", "Feel", reverse, interval)


@factory
def think(*, reverse: str = "", interval: Interval = "t") -> Metric:
    """Think: how strongly the experience makes one think and wonder; the mean of its items on 1-7.

    Args:
        reverse: items whose answers are counted from the scale's other end, joined by ``+``: ``3+5``.
        interval: ``t``, or ``clustered``, since a customer answers several items.

    Source: Schmitt 1999, Journal of Marketing Management 15(1-3).
    """
    return _dimension("think", "Think", reverse, interval)


@factory
def act(*, reverse: str = "", interval: Interval = "t") -> Metric:
    """Act: how strongly the experience changes what one does; the mean of its items on 1-7.

    Args:
        reverse: items whose answers are counted from the scale's other end, joined by ``+``: ``3+5``.
        interval: ``t``, or ``clustered``, since a customer answers several items.

    Source: Schmitt 1999, Journal of Marketing Management 15(1-3).
    """
    return _dimension("act", "Act", reverse, interval)


@factory
def relate(*, reverse: str = "", interval: Interval = "t") -> Metric:
    """Relate: how strongly the experience ties one to others; the mean of its items on 1-7.

    Args:
        reverse: items whose answers are counted from the scale's other end, joined by ``+``: ``3+5``.
        interval: ``t``, or ``clustered``, since a customer answers several items.

    Source: Schmitt 1999, Journal of Marketing Management 15(1-3).
    """
    return _dimension("relate", "Relate", reverse, interval)


@factory
def expectation_gap(*, value: Literal["gap", "servperf"] = "gap") -> Metric:
    """Expectation gap: what customers perceived less what they had expected, per touchpoint and item, on 1-7.

    Items weigh the same within a touchpoint, and touchpoints among themselves; segment by touchpoint to see each.
    Answers that lack their counterpart at the same touchpoint and item are left out.

    Args:
        value: ``gap``, or ``servperf``, perception alone.

    Source: Parasuraman, Zeithaml & Berry 1988, Journal of Retailing 64(1) (SERVQUAL); Cronin & Taylor 1992, Journal of
        Marketing 56(3) (SERVPERF); t interval with Welch's degrees of freedom, the two taken as independent.
    """
    chosen("value", value, ("gap", "servperf"))
    names = ("perception", "expectation") if value == "gap" else ("perception",)

    def formula(states: Mapping[str, ByState], given: Given) -> Estimate:
        found = {name: _by_place(states[name], name) for name in names}
        places = [place for place in found["perception"] if all(place in found[name] for name in names)]
        used = sum(found[name][place].n for name in names for place in places)
        every = sum(answers.n for by_place in found.values() for answers in by_place.values())
        excluded = {"no counterpart": every - used} | _left_out(states, names)
        if not places:
            return Estimate(None, level=given.level, unit="score", method="welch", excluded=excluded)
        items = Counter(touchpoint for touchpoint, _ in places)
        terms = []
        for place in places:
            share = 1 / len(items) / items[place[0]]
            terms += [(share * sign, found[name][place]) for name, sign in zip(names, (1, -1), strict=False)]
        low, high = (-_WIDTH, _WIDTH) if value == "gap" else (_SCALE.low, _SCALE.high)
        return _sum_of_means(terms, (low, high), given, excluded)

    return Metric(
        name="expectation_gap",
        title="Expectation gap" if value == "gap" else "Perceived performance",
        unit="score",
        better="higher",
        needs={name: By(By(Tally(answers_to(name), "score"), "item"), "touchpoint") for name in names},
        formula=formula,
        source="Parasuraman, Zeithaml & Berry 1988",
    )


_Place = tuple["str | None", "str | None"]


def _by_place(state: ByState, instrument: str) -> dict[_Place, Answers]:
    """Return the answers of each touchpoint and item; places where none has a weight are left out."""
    found = {
        (touchpoint, item): Answers.of(tally, instrument)
        for touchpoint, items in state.parts.items()
        for item, tally in items.parts.items()
    }
    return {place: answers for place, answers in found.items() if answers.effective}


def _left_out(states: Mapping[str, ByState], names: tuple[str, ...]) -> dict[str, int]:
    """Return how many answers weren't on the scale, of all places."""
    left: Counter[str] = Counter()
    for name in names:
        for items in states[name].parts.values():
            for tally in items.parts.values():
                left.update(Answers.of(tally, name).excluded)
    return dict(left)


def _sum_of_means(
    terms: Iterable[tuple[float, Answers]], scale: tuple[float, float], given: Given, excluded: Mapping[str, int]
) -> Estimate:
    """Return a weighted sum of independent means, with Welch's degrees of freedom."""
    value = variance = spread = 0.0
    n = 0
    for share, answers in terms:
        mean, of_mean = weighted_variance(answers.values, float)
        value += share * mean
        n += answers.n
        own = share**2 * of_mean
        variance += own
        spread += own**2 / (answers.n - 1) if answers.n > 1 else math.inf
    known = math.isfinite(variance)
    half = math.inf if not known else 0.0
    if known and variance > 0:
        half = student_quantile(0.5 + given.level / 2, variance**2 / spread) * math.sqrt(variance)
    return Estimate(
        value=value,
        low=max(scale[0], value - half),
        high=min(scale[1], value + half),
        level=given.level,
        n=n,
        unit="score",
        method="welch",
        se=math.sqrt(variance) if known else None,
        excluded=excluded,
    )
