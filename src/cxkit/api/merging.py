"""merge: scorecards of parts of the events in, the scorecard of the whole out; refused where it would lie."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import attrs

from cxkit.api.mergeable import (
    check_apart,
    check_end,
    check_identities,
    check_once,
    check_question,
    check_segments,
    kept,
    survivors,
    text_of,
)
from cxkit.api.showing import metrics_of, show
from cxkit.errors import InvalidValueError, NotMergeableError, UnknownNameError
from cxkit.model.event import COLUMNS
from cxkit.report import Scorecard, States
from cxkit.stats import merge as merge_states

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cxkit.api.mergeable import Named
    from cxkit.engines.request import Cell
    from cxkit.metrics import Metric
    from cxkit.report import Asked
    from cxkit.report.states import Span
    from cxkit.stats import State, Statistic

EVENT: Final = "event"
"""How parts are split whose events lie at different times, and may share anything else."""


def merge(
    parts: Iterable[Scorecard | States] | Scorecard | States,
    *,
    over: str | Sequence[str] = EVENT,
    metrics: Iterable[Metric] = (),
) -> Scorecard:
    """Return the scorecard of several parts of the events together, the same as if they were scored at once.

    The first part says at which level and with which targets it is shown; of ``min_n`` the greatest counts.

    Args:
        parts: scorecards, or saved states; they must have been asked alike.
        over: how the events were split. By default parts are times apart and may share customers, which sums and
            counts of events survive. A column, or several, says that no two parts share a value of it:
            ``("customer", "reference")`` is what `shards` makes, and every metric survives it.
        metrics: the metrics of the parts that the catalogue doesn't know.

    Raises:
        NotMergeableError: the merged numbers would be wrong; it says which, and what to do instead.
        InvalidValueError: a part has no states, or a metric isn't known here.
        UnknownNameError: `over` names no column.

    >>> import cxkit
    >>> from datetime import UTC, datetime
    >>> def day(day, *scores):
    ...     time = datetime(2026, 3, day, tzinfo=UTC)
    ...     return [cxkit.event("survey.answered", instrument="nps", score=score, time=time) for score in scores]
    >>> monday, tuesday = day(2, 10, 9), day(3, 3, 8)
    >>> merged = merge([cxkit.score(monday, "nps"), cxkit.score(tuesday, "nps")])
    >>> merged.get("nps").value, merged.rows == cxkit.score(monday + tuesday, "nps").rows
    (25.0, True)
    """
    several = [parts] if isinstance(parts, Scorecard | States) else list(parts)
    named = [(f"part {at}", _states(f"part {at}", part)) for at, part in enumerate(several, 1)]
    return merge_named(named, over, metrics)


def merge_named(named: Sequence[Named], over: str | Sequence[str] = EVENT, metrics: Iterable[Metric] = ()) -> Scorecard:
    """Return the scorecard of parts that errors know by name; the rest as `merge`."""
    merged = merged_states(named, over)
    return show(merged, metrics_of(merged, metrics))


def _states(name: str, part: object) -> States:
    found = part.states if isinstance(part, Scorecard) else part
    if isinstance(found, States):
        return found
    reason = "isn't a scorecard, or the states of one"
    if isinstance(part, Scorecard):
        reason = "has no states: rows were picked from it, or its segments were folded by top"
    raise InvalidValueError(name, part, reason)


def merged_states(named: Sequence[Named], over: str | Sequence[str] = EVENT) -> States:
    """Return the states of all parts together; the arguments and errors are those of `merge`."""
    if not named:
        raise InvalidValueError("parts", [], "are none: give at least one scorecard")
    columns = _columns(over)
    first = named[0][1]
    if len(named) == 1:
        return first
    check_question(named, by_time=not columns)
    metrics, left_out = survivors(named, columns)
    several = [states for _, states in named]
    statistics = kept(several, metrics, columns)
    check_identities(named, statistics, metrics)
    check_once(named)
    asked = _in_time(named) if not columns else first.asked
    if columns:
        check_end(named, statistics, metrics)
        check_segments(named, columns)
    hidden = [states.min_n for states in several if states.min_n is not None]
    return States(
        asked=asked,
        metrics=metrics,
        states={statistic: _together(statistic, several, columns) for statistic in statistics},
        open=first.open,
        events=sum(states.events for states in several),
        spans=_joined(span for states in several for span in states.spans),
        linked=sum(states.linked for states in several),
        shared=_shared(several),
        converted=tuple(sorted({code for states in several for code in states.converted})),
        rejected=sum(states.rejected for states in several),
        left_out=left_out,
        parts=frozenset[str]().union(*(states.fingerprints for states in several)),
        level=first.level,
        min_n=max(hidden, default=None),
        targets=first.targets,
    )


def _columns(over: str | Sequence[str]) -> frozenset[str]:
    """Return the columns of which no value stands in two parts; none where parts are times apart."""
    columns = frozenset([over] if isinstance(over, str) else over)
    if columns == {EVENT}:
        return frozenset()
    known = {*COLUMNS, EVENT}
    for column in columns:
        if column not in COLUMNS:
            raise UnknownNameError("column that events are split by", str(column), known)
    if not columns:
        raise InvalidValueError("over", over, "is empty: leave it out, or say what no two parts share")
    return columns


def _in_time(named: Sequence[Named]) -> Asked:
    """Return what was asked of parts that are times apart: from the first of them to the last.

    Raises:
        NotMergeableError: they overlap, or there is time between the bounds of two.
    """
    if len({(states.asked.since_us, states.asked.until_us) for _, states in named}) == 1:
        check_apart(named)
        asked = named[0][1].asked
    else:
        ordered = sorted(named, key=lambda part: (part[1].asked.since_us is not None, part[1].asked.since_us or 0))
        for (one, before), (other, after) in pairwise(ordered):
            if before.asked.until_us is None or before.asked.until_us != after.asked.since_us:
                message = (
                    f"until is {text_of('until_us', before.asked.until_us)} in {one} and since is "
                    f"{text_of('since_us', after.asked.since_us)} in {other}: score each part from where another ends"
                )
                raise NotMergeableError(message)
        asked = attrs.evolve(ordered[0][1].asked, until_us=ordered[-1][1].asked.until_us)
    ends = [states.asked.as_of_us for _, states in named]
    if any(end is not None for end in ends):
        ends += [states.last_us for _, states in named if states.asked.as_of_us is None]
    return attrs.evolve(asked, as_of_us=max((end for end in ends if end is not None), default=None))


def _joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return spans sorted, those that overlap as one.

    >>> _joined([(5, 9), (1, 2), (8, 12)])
    ((1, 2), (5, 12))
    """
    found: list[Span] = []
    for first, last in sorted(spans):
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return tuple(found)


def _shared(several: Iterable[States]) -> dict[str, int]:
    """Return what too many share in a part, with the most of any part: who is in two parts isn't known."""
    found: dict[str, int] = {}
    for states in several:
        for identity, people in states.shared.items():
            found[identity] = max(people, found.get(identity, 0))
    return dict(sorted(found.items()))


def _together(statistic: Statistic, several: Iterable[States], columns: frozenset[str]) -> dict[Cell, State]:
    over = " and ".join(sorted(columns)) or EVENT
    found: dict[Cell, State] = {}
    for states in several:
        for cell, state in states.states[statistic].items():
            found[cell] = merge_states(statistic, found[cell], state, over=over) if cell in found else state
    return found
