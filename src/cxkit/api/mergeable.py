"""What may be merged: parts that were asked alike, and statistics that survive the way the events were split.

Each check names what would lie, where, and what to do instead.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final, TypeAlias

import attrs

from cxkit.api.card import GROUPS
from cxkit.errors import NotMergeableError
from cxkit.model.event import from_us
from cxkit.stats import By, Clustered, Cohorts, Distinct, Frequency, Returns, Spans, Tally, kept_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cxkit.report import States
    from cxkit.stats import Statistic

Named: TypeAlias = "tuple[str, States]"
"""A part, and what errors call it."""
Needs: TypeAlias = "Mapping[str, Mapping[str, Statistic]]"
"""Label → what the metric calls its needs → the statistic that is computed."""

_BOUNDS: Final = ("since_us", "until_us", "as_of_us")
_WITHIN_CELLS: Final = (Clustered, Distinct, Frequency, Tally)
_SPELLED: Final = {"since_us": "since", "until_us": "until", "as_of_us": "as_of"}


def check_question(named: Sequence[Named], *, by_time: bool) -> None:
    """Refuse parts that weren't asked alike.

    Raises:
        NotMergeableError: it names what differs, and where.
    """
    name, first = named[0]
    fields = [field.name for field in attrs.fields(type(first.asked)) if not (by_time and field.name in _BOUNDS)]
    for other, states in named[1:]:
        for field in fields:
            one, two = getattr(first.asked, field), getattr(states.asked, field)
            if one != two:
                what = _SPELLED.get(field, field)
                message = (
                    f"{what} is {text_of(field, one)} in {name} and {text_of(field, two)} in {other}: score them alike"
                )
                raise NotMergeableError(message)
        _check_metrics(name, first, other, states)


def text_of(field: str, value: object) -> str:
    """Return how an error writes what was asked.

    >>> text_of("since_us", 0), text_of("by", ("channel", "area")), text_of("every", None)
    ('1970-01-01T00:00:00+00:00', "'channel, area'", 'none')
    """
    if field in _BOUNDS and isinstance(value, int):
        return from_us(value).isoformat()
    if field == "journey_map":
        return "one map" if value else "none"
    if isinstance(value, tuple):
        value = ", ".join(value)
    return repr(value) if value else "none"


def _check_metrics(name: str, first: States, other: str, states: States) -> None:
    if first.open != states.open or (GROUPS in first.states) != (GROUPS in states.states):
        message = f"metrics were asked by name in one of {name} and {other} and not in the other: score them alike"
        raise NotMergeableError(message)
    if not first.open:
        for label in (*first.metrics, *states.metrics):
            if label not in first.metrics or label not in states.metrics:
                where = name if label in first.metrics else other
                message = f"{label} is in {where} alone: score both of {name} and {other} with the same metrics"
                raise NotMergeableError(message)
    for label, needs in first.metrics.items():
        if states.metrics.get(label, needs) != needs:
            message = f"{label} is defined otherwise in {name} than in {other}: score both with one version of it"
            raise NotMergeableError(message)


def survivors(
    named: Sequence[Named], columns: frozenset[str]
) -> tuple[dict[str, Mapping[str, Statistic]], tuple[str, ...]]:
    """Return the metrics that the merge keeps, and the labels of those it leaves out because nobody asked for them.

    Raises:
        NotMergeableError: a metric that was asked for doesn't survive, or none does.
    """
    first, several = named[0][1], [states for _, states in named]
    labels = dict.fromkeys(label for states in several for label in (*states.metrics, *states.left_out))
    broken = {
        label: lost
        for label, needs in first.metrics.items()
        if (lost := [need for need in needs.values() if not _survives(need, several, columns)])
    }
    metrics = {
        label: needs
        for label, needs in first.metrics.items()
        if label not in broken and all(label in states.metrics for states in several)
    }
    if broken and (not first.open or not metrics):
        raise NotMergeableError(_sentence_on(broken, columns, metrics, first.asked.every))
    return metrics, tuple(label for label in labels if label not in metrics)


def _survives(statistic: Statistic, several: Sequence[States], columns: frozenset[str]) -> bool:
    """Say whether the states of a statistic can be put together.

    Parts that are times apart may share customers. Yet what is counted within a period is counted in one part alone
    where the parts share no period, unless a link in one says who is whom in another.
    """
    if kept_whole(statistic) <= columns:
        return True
    if columns or several[0].asked.every is None or not _within_cells(statistic):
        return False
    if "customer" in statistic.columns and any(states.linked for states in several):
        return False
    cells = [cell for states in several for cell in states.states.get(statistic, ())]
    return len(cells) == len(set(cells))


def _within_cells(statistic: Statistic) -> bool:
    """Say whether a cell's state is of the cell's own events alone."""
    return _within_cells(statistic.of) if isinstance(statistic, By) else isinstance(statistic, _WITHIN_CELLS)


def _sentence_on(
    broken: Mapping[str, Sequence[Statistic]], columns: frozenset[str], metrics: Iterable[str], every: str | None
) -> str:
    alike: dict[str, list[str]] = {}
    wanted = set(columns)
    for label, lost in broken.items():
        once = frozenset[str]().union(*map(kept_whole, lost)) - columns
        alike.setdefault(" and ".join(sorted(once)), []).append(label)
        wanted |= once
    each = "; ".join(
        f"{', '.join(labels)} count{'s' if len(labels) == 1 else ''} each {once} once" for once, labels in alike.items()
    )
    within = every is not None and all(_within_cells(need) for lost in broken.values() for need in lost)
    how = f"were split by {' and '.join(sorted(columns))}" if columns else "are only times apart"
    cut = f"by {' and '.join(sorted(wanted))}" + (f" or where a {every} ends" if within and not columns else "")
    others = ", ".join(metrics)
    instead = f", or score {others} alone" if others else ""
    return f"{each}, and parts that {how} may share one: cut the events {cut}{instead}"


def kept(several: Sequence[States], metrics: Needs, columns: frozenset[str]) -> list[Statistic]:
    """Return the statistics that survive, without what nobody needs any more.

    Among them are those that warn of repeated answers, unless somebody may go by one name here and by another there.
    """
    linked = any(states.linked for states in several)
    needed = {need for needs in metrics.values() for need in needs.values()}
    asked = {need for states in several for needs in states.metrics.values() for need in needs.values()}
    return [
        statistic
        for statistic in several[0].states
        if (statistic in needed or (statistic not in asked and not (linked and "customer" in statistic.columns)))
        and _survives(statistic, several, columns)
        and all(statistic in states.states for states in several)
    ]


def _readers(kept: Iterable[Statistic], metrics: Needs) -> list[str]:
    """Return the metrics that need any of some statistics."""
    some = set(kept)
    return [label for label, needs in metrics.items() if some.intersection(needs.values())]


def check_identities(named: Sequence[Named], kept: Sequence[Statistic], metrics: Needs) -> None:
    """Refuse what reads customers where a part links some: it can't know which of them another part has.

    Raises:
        NotMergeableError: it names the part and the metrics.
    """
    linking = [name for name, states in named if states.linked]
    if not linking:
        return
    reading = _readers([statistic for statistic in kept if "customer" in statistic.columns], metrics)
    if "customer" in named[0][1].asked.by:
        reading = list(metrics)
    if reading:
        message = (
            f"identities are linked in {linking[0]}, and whom of the other parts they link isn't known, so "
            f"{', '.join(reading)} can't be merged: cut the events with cxkit.shards, which resolves identities first"
        )
        raise NotMergeableError(message)


def check_once(named: Sequence[Named]) -> None:
    """Refuse the same part twice.

    Raises:
        NotMergeableError: it names both places.
    """
    seen: dict[str, str] = {}
    for name, states in named:
        for fingerprint in states.fingerprints:
            if fingerprint in seen:
                message = f"{seen[fingerprint]} and {name} hold the same events, which would count twice: leave one out"
                raise NotMergeableError(message)
            seen[fingerprint] = name


def check_apart(named: Sequence[Named]) -> None:
    """Refuse parts whose times overlap: they may hold the same events.

    Raises:
        NotMergeableError: it names both, and their times.
    """
    spans = sorted((*span, name) for name, states in named for span in states.spans)
    for (_, last, one), (first, _, other) in pairwise(spans):
        if first <= last:
            message = (
                f"{one} has events until {from_us(last).isoformat()} and {other} from {from_us(first).isoformat()}, so "
                "that some might count twice: cut them by time, or say what no two parts share, such as over customer"
            )
            raise NotMergeableError(message)


def check_end(named: Sequence[Named], kept: Iterable[Statistic], metrics: Needs) -> None:
    """Refuse what reads when the data ends where nobody said so: each part would take its own latest event.

    Raises:
        NotMergeableError: it names the metrics.
    """
    if named[0][1].asked.as_of_us is not None:
        return
    reading = _readers(filter(_reads_end, kept), metrics)
    if reading:
        message = (
            f"{', '.join(reading)} read until when the data is complete, which each part would take from its own "
            "latest event: score all parts with the same as_of"
        )
        raise NotMergeableError(message)


def check_segments(named: Sequence[Named], columns: frozenset[str]) -> None:
    """Refuse parts that are said to share no value of a column where their very segments show one.

    Raises:
        NotMergeableError: it names the value and both parts.
    """
    for at, column in enumerate(named[0][1].asked.by):
        if column not in columns:
            continue
        seen: dict[str, str] = {}
        for name, states in named:
            segments = {segment for cells in states.states.values() for segment, _ in cells if segment is not None}
            for value in {value for segment in segments if (value := segment[at]) is not None}:
                if value in seen:
                    message = f"{column} {value!r} is in {seen[value]} and in {name}: no two parts may share one"
                    raise NotMergeableError(message)
                seen[value] = name


def _reads_end(statistic: Statistic) -> bool:
    match statistic:
        case By():
            return _reads_end(statistic.of)
        case Spans():
            return statistic.window_us is not None
        case Returns() | Cohorts():
            return True
    return False
