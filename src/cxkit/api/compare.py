"""compare: two scorecards in, the differences between them out, each with its interval and p-value."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import attrs

from cxkit.api.repeats import note_on
from cxkit.errors import AmbiguousError, InvalidValueError
from cxkit.metrics.estimate import Estimate, format_number
from cxkit.stats.distributions import beta_cdf, normal_tail, two_sided

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cxkit.report import Row, Scorecard


@attrs.frozen
class Difference:
    """One metric after against before.

    Attributes:
        metric: the metric's label.
        better: ``higher``, ``lower`` or None: which way is an improvement.
        segment: column → value; empty for an overall row.
        overall: whether it is about all segments together.
        currency: the currency of a money metric, or None.
        after: the estimate after.
        before: the estimate before.
        value: after less before, or None where either is missing.
        low: lower bound of the difference.
        high: upper bound of the difference.
        z: the test statistic, or None.
        p: the two-sided p-value, or None.
        level: the confidence level.
    """

    metric: str
    better: str | None
    segment: Mapping[str, str | None]
    overall: bool
    currency: str | None
    after: Estimate
    before: Estimate
    value: float | None
    low: float | None
    high: float | None
    z: float | None
    p: float | None
    level: float

    @property
    def verdict(self) -> str:
        """``better``, ``worse``, ``up``, ``down``, or ``undecided`` where the interval spans zero."""
        if self.low is None or self.high is None or self.low <= 0 <= self.high:
            return "undecided"
        up = self.low > 0
        if self.better is None:
            return "up" if up else "down"
        return "better" if up == (self.better == "higher") else "worse"


@attrs.frozen(repr=False, str=False)
class Comparison:
    """The differences, in the order of the card after.

    Attributes:
        rows: all of them.
        notes: what a reader should know.
    """

    rows: tuple[Difference, ...]
    notes: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Difference]:
        """Go through the differences."""
        return iter(self.rows)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.rows)

    def get(self, metric: str, *, currency: str | None = None, **segment: str | None) -> Difference:
        """Return exactly one difference; without a segment the overall one.

        Args:
            metric: the metric's label, or the name of a variant that is there alone.
            currency: the currency; may be left out where there is only one.
            segment: column → value, each of the cards' columns.

        Raises:
            AmbiguousError: none or several answer.
        """
        of_metric = [row for row in self.rows if row.metric == metric]
        found = [
            row
            for row in of_metric or [row for row in self.rows if row.metric.partition("[")[0] == metric]
            if (dict(row.segment) == segment if segment else row.overall) and currency in (None, row.currency)
        ]
        if len(found) == 1:
            return found[0]
        listed = "; ".join(f"{row.metric} {dict(row.segment) or 'overall'}" for row in (found or self.rows)[:20])
        message = f"{len(found)} differences answer to {metric!r} {segment or 'overall'}; there is: {listed}"
        raise AmbiguousError(message)

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return a flat dictionary a difference; a segment's column stands beside the numbers."""
        return [_flat(row) for row in self.rows]

    def to_json(self, *, indent: int | None = None) -> str:
        """Return the differences as JSON."""
        return json.dumps({"rows": self.to_dicts(), "notes": self.notes}, ensure_ascii=False, indent=indent)

    def __str__(self) -> str:
        """Return the differences as an aligned text table."""
        from cxkit.report.grid import Grid
        from cxkit.report.text import table

        lines = tuple((_name(row), _cells(row)) for row in self.rows)
        shown = table(Grid("", "metric", ("before", "after", "difference", "p", "verdict"), lines))
        return "\n\n".join([shown, "\n".join(self.notes)])

    def __repr__(self) -> str:
        """Return what it holds, in a line."""
        return f"<Comparison: {len(self.rows)} differences>"


def _flat(row: Difference) -> dict[str, Any]:
    flat = {
        "metric": row.metric,
        "overall": row.overall,
        "currency": row.currency,
        "after": row.after.value,
        "before": row.before.value,
        "unit": row.after.unit,
        "difference": row.value,
        "low": row.low,
        "high": row.high,
        "level": row.level,
        "z": row.z,
        "p": row.p,
        "verdict": row.verdict,
    }
    segment = {f"segment_{column}" if column in flat else column: value for column, value in row.segment.items()}
    return {"metric": row.metric, **segment, **flat}


def _name(row: Difference) -> str:
    from cxkit.report.grid import printable

    values = ("(none)" if value is None else printable(value) for value in row.segment.values())
    segment = "" if row.overall else " · " + " · ".join(values)
    return f"{row.metric}{f' ({row.currency})' if row.currency else ''}{segment}"


def _cells(row: Difference) -> tuple[str, ...]:
    unit = row.after.unit if row.after.value is not None else row.before.unit

    def text(number: float | None) -> str:
        return format_number(number, unit)

    bounds = "" if row.low is None and row.high is None else f" [{text(row.low)}, {text(row.high)}]"
    p = "–" if row.p is None else "<0.001" if row.p < 0.001 else f"{row.p:.3f}"  # noqa: PLR2004 - as papers print it
    return text(row.before.value), text(row.after.value), f"{text(row.value)}{bounds}", p, row.verdict


def compare(*, after: Scorecard, before: Scorecard) -> Comparison:
    """Return what changed between two scorecards, metric by metric and segment by segment.

    Rows are matched by metric, segment and currency, and by period where a card has several. The two cards are taken
    as independent samples: where the same customers stand in both, intervals are wider than they need be. Intervals of
    net shares are Wald's on adjusted counts (Rocks 2016), all others MOVER's from the two estimates' own intervals
    (Zou & Donner 2008), which for two shares is Newcombe's (1998, method 10).

    Raises:
        InvalidValueError: the cards' levels differ.
        AmbiguousError: they have no row in common.

    >>> import cxkit
    >>> def card(scores):
    ...     return cxkit.score([cxkit.event("survey.answered", instrument="nps", score=s) for s in scores], "nps")
    >>> compare(after=card([9, 9, 3]), before=card([9, 3, 3])).get("nps").verdict
    'undecided'
    """
    with_period = len(after.periods) > 1 or len(before.periods) > 1
    known = {_key(row, with_period): row for row in before}
    pairs = [(row, known[key]) for row in after if (key := _key(row, with_period)) in known]
    # Where neither side observed anything, there is nothing to say: a channel without contacts has no response time.
    rows = [_difference(*pair) for pair in pairs if any(row.estimate.value is not None for row in pair)]
    if not rows:
        message = f"nothing to compare: {after!r} and {before!r} have no row in common"
        raise AmbiguousError(message)
    level = f"{100 * rows[0].level:g} %"
    shown = {row.metric for row in rows}
    often = {
        label: max(card.repeats.get(label, 0.0) for card in (before, after))
        for label in dict.fromkeys((*before.repeats, *after.repeats))
        if label in shown
    }
    notes = [f"In brackets: {level} intervals, the two sides taken as independent samples."]
    return Comparison(tuple(rows), (*notes, *note_on(often, compared=True)))


def _key(row: Row, with_period: bool) -> tuple[Any, ...]:  # noqa: FBT001 - one caller
    return (row.metric, tuple(row.segment.items()), row.overall, row.currency, row.period if with_period else None)


def _difference(after: Row, before: Row) -> Difference:
    x, y = after.estimate, before.estimate
    if x.level != y.level:
        raise InvalidValueError("level", y.level, f"differs from the other card's {x.level}: score both at one level")
    value = low = high = z = p = None
    if x.value is not None and y.value is not None:
        value = x.value - y.value
        low, high = _interval(x, y, value)
        z, p = _test(x, y)
    return Difference(
        metric=after.metric,
        better=after.better,
        segment=after.segment,
        overall=after.overall,
        currency=after.currency,
        after=x,
        before=y,
        value=value,
        low=low,
        high=high,
        z=z,
        p=p,
        level=x.level,
    )


def _se(estimate: Estimate) -> float | None:
    """Return the standard error; of a quantile, the one its interval implies."""
    if estimate.se is not None:
        return estimate.se
    if estimate.low is None or estimate.high is None or estimate.method != "order-statistics":
        return None
    return (estimate.high - estimate.low) / (2 * two_sided(estimate.level))


def _interval(x: Estimate, y: Estimate, value: float) -> tuple[float | None, float | None]:
    if x.unit == "points" and x.se is not None and y.se is not None:
        half = two_sided(x.level) * math.hypot(x.se, y.se)
        centre = _centre(x) - _centre(y)
        return min(value, centre - half), max(value, centre + half)
    if x.value is None or y.value is None:
        return None, None
    low = None if x.low is None or y.high is None else value - math.hypot(x.value - x.low, y.high - y.value)
    high = None if x.high is None or y.low is None else value + math.hypot(x.high - x.value, y.value - y.low)
    return low, high


def _centre(estimate: Estimate) -> float:
    centre = estimate.value if estimate.centre is None else estimate.centre
    return 0.0 if centre is None else centre


def _test(x: Estimate, y: Estimate) -> tuple[float | None, float | None]:
    a, b = _se(x), _se(y)
    if a is None or b is None or (a == 0 and b == 0):
        return None, None
    z = (_centre(x) - _centre(y)) / math.hypot(a, b)
    if x.method == y.method == "t":
        # Welch's test with Satterthwaite's degrees of freedom.
        df = (a * a + b * b) ** 2 / (a**4 / (x.n - 1) + b**4 / (y.n - 1))
        return z, beta_cdf(df / 2, 0.5, df / (df + z * z))
    return z, 2 * normal_tail(abs(z))
