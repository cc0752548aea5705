"""nonresponse: are those who answered like those who were asked?"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import attrs

from cxkit.api.asking import ask
from cxkit.errors import InvalidValueError
from cxkit.metrics import Estimate, Given, share_estimate
from cxkit.metrics.options import window
from cxkit.report.grid import Grid, printable
from cxkit.report.shown import Shown
from cxkit.stats import Spans, SpansState, Where
from cxkit.stats.distributions import chi_square_tail
from cxkit.stats.intervals import shares_difference

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_SENT, _ANSWERED = Where(kind="survey.sent"), Where(kind="survey.answered")
_FEW: Final = 5  # Cochran 1954: with fewer expected in a cell, the chi-square is rough


@attrs.frozen
class ResponseGroup:
    """Those with one value of a column.

    Attributes:
        column: the column.
        value: its value; None for those without one.
        asked: how many were asked.
        answered: how many of them answered.
        rate: answered ÷ asked.
        share_asked: their share of all who were asked.
        share_answered: their share of all who answered, or None where nobody did.
        difference: share_answered less share_asked, or None.
    """

    column: str
    value: str | None
    asked: int
    answered: int
    rate: Estimate
    share_asked: float
    share_answered: float | None
    difference: Estimate


@attrs.frozen
class ResponseTest:
    """Whether all groups of a column answer alike: Pearson's chi-square.

    Attributes:
        column: the column.
        chi_square: the statistic, or None where there is nothing to compare.
        df: its degrees of freedom.
        p: the p-value, or None.
        rough: whether some cell expects so few that p is rough.
        sentence: what it means.
    """

    column: str
    chi_square: float | None
    df: int
    p: float | None
    rough: bool
    sentence: str


@attrs.frozen(repr=False)
class Nonresponse(Shown):
    """Who answered against who was asked, column by column.

    Attributes:
        groups: each column's groups.
        tests: a test for each column.
        asked: how many were asked.
        answered: how many of them answered.
        rate: answered ÷ asked; what was left out stands in its `excluded`.
        notes: what a reader should know.
    """

    groups: tuple[ResponseGroup, ...]
    tests: tuple[ResponseTest, ...]
    asked: int
    answered: int
    rate: Estimate
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        """Return what it holds, in a line."""
        return f"<Nonresponse: {self.answered} of {self.asked} answered>"

    def facts(self) -> dict[str, Any]:
        """Return the figures of the whole, and the tests."""
        return {
            "asked": self.asked,
            "answered": self.answered,
            "rate": self.rate.value,
            "level": self.rate.level,
            "excluded": dict(self.rate.excluded),
            "tests": [attrs.asdict(test) for test in self.tests],
        }

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return a dictionary a group."""
        return [
            {
                "column": group.column,
                "value": group.value,
                "asked": group.asked,
                "answered": group.answered,
                **_flat("rate", group.rate),
                "share_asked": group.share_asked,
                "share_answered": group.share_answered,
                **_flat("difference", group.difference),
            }
            for group in self.groups
        ]

    def to_grids(self) -> list[Grid]:
        """Return a table for each column."""
        heads = ("asked", "answered", "response rate (%)", "of asked (%)", "of answered (%)", "difference (points)")
        whole = (f"{self.asked:,}", f"{self.answered:,}", _cell(self.rate), *(["100.0"] * 2), "")
        tables: dict[str, list[tuple[str, tuple[str, ...]]]] = {test.column: [] for test in self.tests}
        for group in self.groups:
            counts = (f"{group.asked:,}", f"{group.answered:,}")
            shares = (_percent(group.share_asked), _percent(group.share_answered))
            line = (*counts, _cell(group.rate), *shares, _cell(group.difference))
            tables[group.column].append((_name(group.value), line))
        return [
            Grid("", printable(column), heads, (*lines, ("overall", whole)))
            for column, lines in tables.items()
            if self.asked
        ]


def nonresponse(
    data: Any,  # noqa: ANN401 - events, a path or a table
    by: Sequence[str] | str,
    *,
    window_days: float = 30,
    level: float = 0.95,
    **options: Any,  # noqa: ANN401 - those of `score`
) -> Nonresponse:
    """Compare those who answered a survey with those who were asked.

    An answer belongs to what was sent by its reference, ``survey.answered`` to ``survey.sent``, and has the sender's
    values: the channel is that by which somebody was asked. Several answers to one reference are one. Shares are
    compared as what they are, of a whole and of a part of it: the interval is that of the answered against the silent
    (Newcombe 1998), times the share of the silent.

    Args:
        data: what `cxkit.score` takes.
        by: columns, properties or attributes of a journey map, each compared by itself.
        window_days: how long an answer counts, as `metrics.response_rate` has it; ``inf`` is for ever. What was sent
            less long ago is left out, answered or not.
        level: the confidence level.
        options: ``tz``, ``since``, ``until``, ``as_of``, ``journey_map``, ``engine``, ``input_tz``, ``max_people``,
            ``recipe`` and ``joins``, as `cxkit.score` has them.

    Raises:
        InvalidValueError: an argument, or a row of a file, can't be what was given.
        UnknownNameError: no such column, zone or engine; the nearest is suggested.
        UnsupportedError: the engine can't read the data.

    >>> import cxkit
    >>> def asked(channel, n, answered):
    ...     for reference in (f"{channel}-{k}" for k in range(n)):
    ...         yield cxkit.event("survey.sent", reference=reference, channel=channel)
    ...     for reference in (f"{channel}-{k}" for k in range(answered)):
    ...         yield cxkit.event("survey.answered", reference=reference, instrument="nps", score=9)
    >>> events = [*asked("web", 100, 50), *asked("store", 100, 10)]
    >>> found = nonresponse(events, "channel", window_days=float("inf"))
    >>> [(group.value, group.rate.value, round(group.difference.value, 3)) for group in found.groups]
    [('store', 0.1, -0.333), ('web', 0.5, 0.333)]
    >>> round(found.tests[0].chi_square, 4), found.tests[0].p < 0.001
    (38.0952, True)
    """
    columns = (by,) if isinstance(by, str) else tuple(by)
    if not columns:
        raise InvalidValueError("by", columns, "is empty: name a column by which to compare, such as channel")
    statistic = Spans(_SENT, _ANSWERED, window_us=window("window_days", window_days))
    _, collected = ask(data, [statistic], by=columns, level=level, **options)
    states: dict[Any, Any] = {cell[0]: state for cell, state in collected.states[statistic].items()}
    whole: SpansState = states.pop(None, SpansState())
    asked, answered = _counts(whole)
    groups: list[ResponseGroup] = []
    tests = []
    for at, column in enumerate(columns):
        counts = _by_value((segment[at], *_counts(state)) for segment, state in states.items())
        groups += [_group(column, value, counts[value], (asked, answered), level) for value in counts]
        tests.append(_test(column, list(counts.values()), groups, level))
    excluded = {
        "answers to what wasn't sent": whole.orphan,
        "answers before it was sent": whole.negative,
        "no reference": whole.unkeyed,
        "window not over": whole.immature,
    }
    rate = _rate(answered, asked, level, excluded)
    return Nonresponse(tuple(groups), tuple(tests), asked, answered, rate, _notes(tests, rate))


def _counts(state: SpansState) -> tuple[int, int]:
    return state.matched + state.unmatched, state.matched


def _by_value(rows: Iterable[tuple[str | None, int, int]]) -> dict[str | None, tuple[int, int]]:
    asked: Counter[str | None] = Counter()
    answered: Counter[str | None] = Counter()
    for value, n, k in rows:
        asked[value] += n
        answered[value] += k
    values = sorted((value for value in asked if asked[value]), key=lambda value: (value is None, value or ""))
    return {value: (asked[value], answered[value]) for value in values}


def _rate(answered: int, asked: int, level: float, excluded: Mapping[str, int]) -> Estimate:
    if not asked:
        return Estimate(None, level=level, unit="share", method="wilson", excluded=excluded)
    return share_estimate(answered / asked, asked, Given(level), excluded)


def _group(
    column: str, value: str | None, counts: tuple[int, int], whole: tuple[int, int], level: float
) -> ResponseGroup:
    (n, k), (asked, answered) = counts, whole
    share, part = n / asked, k / answered if answered else None
    silent = asked - answered
    difference = Estimate(None, level=level, unit="share", method="newcombe")
    if part is not None and not silent:
        difference = Estimate(0.0, 0.0, 0.0, level, answered, "share", "newcombe")
    elif part is not None:
        low, high = shares_difference(part, answered, (n - k) / silent, silent, level)
        scale = silent / asked
        difference = Estimate(part - share, scale * low, scale * high, level, asked, "share", "newcombe")
    return ResponseGroup(column, value, n, k, _rate(k, n, level, {}), share, part, difference)


def _test(
    column: str, counts: Sequence[tuple[int, int]], groups: Sequence[ResponseGroup], level: float
) -> ResponseTest:
    asked, answered = (sum(each) for each in zip(*counts, strict=True)) if counts else (0, 0)
    df = max(0, len(counts) - 1)
    if not df or answered in (0, asked):
        why = "there is one group alone" if not df else "nobody answered" if not answered else "everybody answered"
        return ResponseTest(
            column, None, df, None, rough=False, sentence=f"By {column} nothing can be compared: {why}."
        )
    chi_square, least = 0.0, float(asked)
    for n, k in counts:
        for observed, of in ((k, answered), (n - k, asked - answered)):
            expected = n * of / asked
            chi_square += (observed - expected) ** 2 / expected
            least = min(least, expected)
    p, rough = chi_square_tail(chi_square, df), least < _FEW
    shown = "p < 0.001" if p < 0.001 else f"p = {p:.3f}"  # noqa: PLR2004 - as papers print it
    figures = f"(χ² = {chi_square:.2f}, {df} df, {shown})"
    sentence = _sentence(column, figures, groups, differ=p < 1 - level)
    if rough:
        sentence += f" Some groups are so small (fewer than {_FEW} expected) that p is rough."
    return ResponseTest(column, chi_square, df, p, rough, sentence)


def _sentence(column: str, test: str, groups: Sequence[ResponseGroup], *, differ: bool) -> str:
    if not differ:
        return (
            f"By {column} those who answered don't visibly differ from those who were asked {test}; "
            "the intervals say how far they may."
        )
    apart = [(group, group.difference) for group in groups if group.column == column]
    more = [_name(group.value) for group, each in apart if each.low is not None and each.low > 0]
    less = [_name(group.value) for group, each in apart if each.high is not None and each.high < 0]
    who = "; ".join(f"too {much}: {', '.join(names)}" for much, names in (("many", more), ("few", less)) if names)
    return (
        f"By {column} those who answered differ from those who were asked {test}{f', {who}' if who else ''}. "
        "Weigh the answers to the shares of those who were asked."
    )


def _notes(tests: Iterable[ResponseTest], rate: Estimate) -> tuple[str, ...]:
    notes = [f"In brackets: {100 * rate.level:g} % intervals.", *(test.sentence for test in tests)]
    if rate.excluded:
        notes.append("Counted apart: " + ", ".join(f"{n:,} {reason}" for reason, n in rate.excluded.items()) + ".")
    return tuple(notes)


def _flat(name: str, estimate: Estimate) -> dict[str, float | None]:
    return {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}


def _cell(estimate: Estimate) -> str:
    if estimate.value is None:
        return "–"
    sign = "+" if estimate.method == "newcombe" else ""
    value, low, high = (f"{100 * (bound or 0):{sign}.1f}" for bound in (estimate.value, estimate.low, estimate.high))
    return f"{value} [{low}, {high}]"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f}"


def _name(value: str | None) -> str:
    return "(none)" if value is None else printable(value)
