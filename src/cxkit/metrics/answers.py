"""Answers on a scale: what perception metrics read, and how a share or a mean of them is estimated."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import attrs

from cxkit.errors import InvalidValueError
from cxkit.metrics.estimate import Estimate
from cxkit.model.event import PPM
from cxkit.model.instrument import INSTRUMENTS
from cxkit.stats import AtLeast, Clustered, ClusteredState, Less, Tally, TallyState, Where
from cxkit.stats.clustered import SCORE_SCALE
from cxkit.stats.distributions import student_quantile, two_sided
from cxkit.stats.intervals import kish, mean_t, wilson

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cxkit.metrics.metric import Given
    from cxkit.stats.tally import Keep

Weighed = tuple[int, float, float]
ANSWERED: Final = "survey.answered"
CLUSTERED: Final = "clustered"


def answers_to(instrument: str, kinds: tuple[str, ...] = (ANSWERED,), **conditions: object) -> Where:
    """Return the answers to an instrument.

    >>> answers_to("nps").kinds
    frozenset({'survey.answered'})
    """
    return Where(kind=kinds[0] if len(kinds) == 1 else kinds, instrument=instrument, **conditions)


def at_most(score: float) -> Less:
    """Return the condition that a score is this or less."""
    return Less(math.nextafter(score, math.inf))


def tallied(where: Where, answers: Keep, per: str, **options: Any) -> Tally:  # noqa: ANN401 - a tally's other options
    """Return the tally of answers, all of them or thinned."""
    return Tally(where, "score", keep=answers, per=per, **options)


def clusters(instrument: str, where: Where, answers: Keep, **value: Any) -> dict[str, Clustered]:  # noqa: ANN401 - of Clustered
    """Return what the honest interval of repeated answers needs: sums by customer of the answers on the scale.

    Raises:
        InvalidValueError: answers are thinned, which leaves nothing to cluster in the same way.
    """
    if answers != "all":
        reason = f"can't go with answers={answers}: clustering is for all answers of a customer"
        raise InvalidValueError("interval", CLUSTERED, reason)
    scale = INSTRUMENTS.get(instrument)
    within = where & Where(score=AtLeast(scale.low)) & Where(score=at_most(scale.high))
    return {"clusters": Clustered(within, **value)}


@attrs.frozen
class Answers:
    """Answers on the scale, by score.

    Attributes:
        values: score → n, Σw, Σw², weights as floats.
        excluded: why answers aren't among them, and how many.
    """

    values: Mapping[float, Weighed]
    excluded: Mapping[str, int]

    @classmethod
    def of(cls, state: TallyState, instrument: str, *, reverse: bool = False) -> Answers:
        """Return a tally's answers that lie on the instrument's scale; reversed they are counted from its other end."""
        scale = INSTRUMENTS.get(instrument)
        values = {}
        outside = 0
        for score, (n, w, w2) in state.values.items():
            if scale.low <= score <= scale.high:
                values[scale.low + scale.high - score if reverse else score] = (n, w / PPM, w2 / PPM**2)
            else:
                outside += n
        excluded = {"no score": state.nulls, "off the scale": outside, "no key to thin by": state.unkeyed}
        return cls(values, excluded)

    def plus(self, other: Answers) -> Answers:
        """Return both together."""
        values = dict(self.values)
        for score, weighed in other.values.items():
            known = values.get(score, (0, 0.0, 0.0))
            values[score] = (known[0] + weighed[0], known[1] + weighed[1], known[2] + weighed[2])
        reasons = self.excluded.keys() | other.excluded.keys()
        return Answers(
            values, {reason: self.excluded.get(reason, 0) + other.excluded.get(reason, 0) for reason in reasons}
        )

    @property
    def n(self) -> int:
        """How many answers."""
        return sum(n for n, _, _ in self.values.values())

    @property
    def effective(self) -> float:
        """Kish's effective number of answers; zero where no answer has a weight."""
        return kish((w, w2) for _, w, w2 in self.values.values())

    @property
    def weighted(self) -> bool:
        """Whether weights differ."""
        return not math.isclose(self.effective, self.n)

    def share(self, counts: Callable[[float], bool]) -> float:
        """Return the weighted share of the answers that count."""
        total = math.fsum(w for _, w, _ in self.values.values())
        return min(1.0, math.fsum(w for score, (_, w, _) in self.values.items() if counts(score)) / total)


def weighted_variance(values: Mapping[float, Weighed], of: Callable[[float], float]) -> tuple[float, float]:
    """Return a weighted mean of a function of the score, and its linearised variance (with replacement).

    Args:
        values: score → n, Σw, Σw².
        of: the score's value.

    >>> weighted_variance({9.0: (1, 1.0, 1.0), 0.0: (1, 1.0, 1.0)}, lambda score: 1.0 if score == 9 else -1.0)
    (0.0, 1.0)
    """
    n = sum(count for count, _, _ in values.values())
    total = math.fsum(w for _, w, _ in values.values())
    mean = math.fsum(w * of(score) for score, (_, w, _) in values.items()) / total
    spread = math.fsum(w2 * (of(score) - mean) ** 2 for score, (_, _, w2) in values.items())
    return mean, n / (n - 1) * spread / total**2 if n > 1 else math.inf


def clustered_variance(state: ClusteredState) -> float | None:
    """Return the variance of Σs / Σn, linearised over customers; None for fewer than two.

    Exact until the last division. Source: Cochran 1977, Sampling Techniques, 11.3 (ratio of cluster totals).

    >>> clustered_variance(ClusteredState(customers=2, n=2, s=1, nn=2, ns=1, ss=1))
    0.25
    """
    if state.customers < 2 or not state.n:  # noqa: PLR2004 - a variance needs two
        return None
    spread = state.ss * state.n**2 - 2 * state.s * state.ns * state.n + state.s**2 * state.nn
    return state.customers * spread / ((state.customers - 1) * state.n**4)


def effective_of(state: ClusteredState, independent: float, n: float, level: float) -> float:
    """Return how many independent answers tell as much as those of customers who answer repeatedly.

    It is shrunk for the few customers that the variance is estimated from (Korn & Graubard 1998, Survey Methodology
    24(2)), and never above the number of answers.

    Args:
        state: the sums by customer.
        independent: the variance of one answer, if answers were independent.
        n: how many answers, or their effective number by weight.
        level: the confidence level.
    """
    variance = clustered_variance(state)
    if variance is None:
        return 0.0
    found = min(n, independent / variance) if variance > 0 else min(n, state.customers)
    return found * (two_sided(level) / student_quantile(0.5 + level / 2, state.customers - 1)) ** 2


def share_estimate(  # noqa: PLR0913, PLR0917 - what an estimate says of itself
    share: float,
    n: int,
    given: Given,
    excluded: Mapping[str, int],
    effective: float | None = None,
    method: str = "wilson",
) -> Estimate:
    """Return the estimate of a share with Wilson's interval; comparisons use Agresti & Caffo's (2000) adjustment.

    >>> from cxkit.metrics import Given
    >>> round(share_estimate(0.81, 100, Given(), {}).low, 6)
    0.722212
    """
    size = n if effective is None else effective
    low, high = wilson(share, size, given.level) if size else (0.0, 1.0)
    centre = (share * size + 1) / (size + 2)
    return Estimate(
        value=share,
        low=low,
        high=high,
        level=given.level,
        n=n,
        unit="share",
        method=method,
        n_effective=effective,
        se=math.sqrt(centre * (1 - centre) / (size + 2)),
        centre=centre,
        excluded=excluded,
    )


def share_of_answers(
    answers: Answers, counts: Callable[[float], bool], given: Given, clustered: ClusteredState | None = None
) -> Estimate:
    """Return the share of the answers that count."""
    method = "wilson" if clustered is None else "wilson, clustered"
    effective = answers.effective
    if not effective:
        return Estimate(None, level=given.level, unit="share", method=method, excluded=answers.excluded)
    share = answers.share(counts)
    size = effective if answers.weighted else None
    if clustered is not None:
        size = effective_of(clustered, share * (1 - share), effective, given.level)
    return share_estimate(share, answers.n, given, answers.excluded, size, method)


def mean_of_answers(
    answers: Answers, instrument: str, given: Given, clustered: ClusteredState | None = None
) -> Estimate:
    """Return the mean answer, its interval kept on the scale."""
    method = "t" if clustered is None else "t, clustered"
    n, effective = answers.n, answers.effective
    if not effective:
        return Estimate(None, level=given.level, unit="score", method=method, excluded=answers.excluded)
    mean, variance = weighted_variance(answers.values, float)
    scale = INSTRUMENTS.get(instrument)
    mean = min(max(mean, scale.low), scale.high)  # weights may round it a hair off the scale
    known, seen = (variance if n > 1 else None), n
    if clustered is not None:
        own = clustered_variance(clustered)
        known, seen = (None if own is None else own / SCORE_SCALE**2), clustered.customers
    low, high = mean_t(mean, None if known is None else known * seen, seen, given.level)
    return Estimate(
        value=mean,
        low=max(low, scale.low),
        high=min(high, scale.high),
        level=given.level,
        n=n,
        unit="score",
        method=method,
        n_effective=effective if answers.weighted else None,
        se=None if known is None else math.sqrt(known),
        excluded=answers.excluded,
    )
