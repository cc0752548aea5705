"""sample_size: how many answers a number needs."""

from __future__ import annotations

import math
from typing import Final

import attrs

from cxkit.errors import InvalidValueError, UnknownNameError
from cxkit.metrics import Metric
from cxkit.stats import samplesize

_NET: Final = "net"
_OF_METHOD: Final = {"adjusted-wald": _NET, "wald": _NET, "goodman": _NET, "wilson": "share", "t": "mean"}
_SOURCES: Final = {
    (_NET, False): "adjusted Wald interval, Rocks 2016",
    (_NET, True): "adjusted Wald test, Rocks 2016",
    ("share", False): "Wilson's interval, solved for n (Piegorsch 2004)",
    ("share", True): "two-sample test of shares, Fleiss, Levin & Paik 2003",
    ("mean", False): "Student's interval",
    ("mean", True): "power of the two-sample t test",
}


@attrs.frozen
class SampleSize:
    """How many answers are needed.

    Attributes:
        n: how many, in each group.
        groups: one, or two where they are compared.
        sentence: what they are enough for.
        method: what it was solved for, and its source.
    """

    n: int
    groups: int
    sentence: str
    method: str

    def __int__(self) -> int:
        """Return how many answers are needed in all."""
        return self.n * self.groups

    def __str__(self) -> str:
        """Return the sentence."""
        return self.sentence


def sample_size(  # noqa: PLR0913 - what one may know beforehand
    metric: str | Metric,
    *,
    margin: float | None = None,
    difference: float | None = None,
    level: float = 0.95,
    power: float = 0.8,
    variance: float = 1.0,
    share: float = 0.5,
    sd: float | None = None,
) -> SampleSize:
    """Return how many answers a metric needs for an interval of so much either way, or for a difference to be seen.

    Answers are taken as independent, each of another customer. Who doesn't answer isn't counted: to have 268 answers at
    a response rate of 20 %, ask 1,340.

    Args:
        metric: ``nps``, ``share``, ``mean``, or another metric that is a net share, a share or a mean.
        margin: half the interval's width: in points for NPS, 0 to 1 for a share, in its own unit for a mean.
        difference: instead of a margin, the least difference between two groups that matters, in the same unit.
        level: the confidence level; of a comparison one less the two-sided α.
        power: with which probability a comparison shall see the difference.
        variance: of a net share: p + d − (p − d)² of promoters and detractors; 1 at most.
        share: the share expected, in the first group where two are compared; a half asks for the most.
        sd: the standard deviation of scores, as one guesses it from answers one has.

    Raises:
        InvalidValueError: an argument that can't be, or one that is missing.
        UnknownNameError: no such metric; the nearest is suggested.

    >>> print(sample_size("nps", margin=10, level=0.9))
    268 answers: a 90 % interval of ±10 points.
    >>> sample_size("csat", difference=0.05, share=0.8).n
    906
    """
    kind, scale = _kind(metric)
    _check(level=level, power=power, variance=variance, share=share)
    if (margin is None) == (difference is None):
        both = "isn't wanted beside a difference: give one of the two"
        raise InvalidValueError(
            "margin", margin, "isn't enough: give a margin or a difference" if margin is None else both
        )
    wanted = margin if difference is None else difference
    if not _is_number(wanted) or not wanted:
        raise InvalidValueError("margin" if difference is None else "difference", wanted, "isn't a number other than 0")
    if kind == "mean" and (sd is None or not 0 < sd < math.inf):
        raise InvalidValueError("sd", sd, "must be a guess above 0 of the scores' standard deviation")
    guess = _Guess(kind, scale, level, power, variance, share, sd or 1.0)
    if difference is None:
        n = _for_margin(float(wanted), guess)
        what = f"a {100 * level:g} % interval of ±{guess.shown(wanted)}."
        return SampleSize(n, 1, f"{n:,} answers: {what}", _SOURCES[kind, False])
    n = _for_difference(float(wanted), guess)
    seen = f"a difference of {guess.shown(abs(wanted))} is seen with {100 * power:g} % power at α = {1 - level:.4g}."
    return SampleSize(n, 2, f"{n:,} answers in each of two groups: {seen}", _SOURCES[kind, True])


def _kind(metric: str | Metric) -> tuple[str, float]:
    """Return whether a metric is a net share, a share or a mean, and how wide its unit is: 100 for points."""
    if metric in ("share", "mean"):
        return str(metric), 1
    if not isinstance(metric, Metric):
        from cxkit.plugins import registry

        catalogue = registry().catalogue
        try:
            metric = catalogue.metric(metric)
        except UnknownNameError as error:
            raise UnknownNameError(error.what, error.name, {*error.names, "share", "mean"}) from None
    method = metric.estimate({}).method
    if method not in _OF_METHOD:
        reason = (
            f"has an interval by {method}, for which no size is known: sizes are of net shares, shares and means "
            "of independent answers; say share or mean"
        )
        raise InvalidValueError("metric", metric.label, reason)
    return _OF_METHOD[method], 100 if metric.unit == "points" else 1


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _check(**shares: float) -> None:
    for name, value in shares.items():
        most = 1 if name == "variance" else math.nextafter(1, 0)
        if not _is_number(value) or not 0 < value <= most:
            raise InvalidValueError(name, value, "isn't between 0 and 1")


@attrs.frozen
class _Guess:
    """What is known beforehand."""

    kind: str
    scale: float
    level: float
    power: float
    variance: float
    share: float
    sd: float

    def shown(self, number: float) -> str:
        """Return a number in the metric's unit."""
        if self.scale > 1:
            return f"{number:g} points"
        return f"{100 * number:g} percentage points" if self.kind == "share" else f"{number:g}"


def _for_margin(margin: float, guess: _Guess) -> int:
    most = {_NET: guess.scale, "share": 0.5, "mean": math.inf}[guess.kind]
    if not 0 < margin < most:
        reason = "isn't above 0" if margin <= 0 else f"is no margin: all of the scale lies within {most:g} either way"
        raise InvalidValueError("margin", margin, reason)
    if guess.kind == _NET:
        return samplesize.for_net_share(margin / guess.scale, guess.level, guess.variance)
    if guess.kind == "share":
        return samplesize.for_share(margin, guess.level, guess.share)
    return samplesize.for_mean(margin, guess.sd, guess.level)


def _for_difference(difference: float, guess: _Guess) -> int:
    how = guess.level, guess.power
    if guess.kind == _NET:
        if abs(difference) >= 2 * guess.scale:
            raise InvalidValueError(
                "difference", difference, f"is no difference: the scale is {2 * guess.scale:g} wide"
            )
        return samplesize.for_net_share_difference(difference / guess.scale, *how, guess.variance)
    if guess.kind == "mean":
        return samplesize.for_means_difference(difference, guess.sd, *how)
    after = guess.share + difference
    if not 0 <= after <= 1:
        reason = f"leads from {guess.share:g} to {after:g}, which is no share: say with share where you begin"
        raise InvalidValueError("difference", difference, reason)
    return samplesize.for_shares_difference(guess.share, after, *how)
