"""What a metric asks for that events don't have: kinds, answers to an instrument, something in a column."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from cxkit.stats import By, Clustered, Distinct, Equal, Frequency, IsNull, Moments, Not, Returns, Sketch, Spans, Tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cxkit.metrics import Metric
    from cxkit.stats import Statistic, Where

Group = tuple[str, str | None]
"""A kind of events and, of answers, the instrument."""

HELD: Final = ("customer", "reference", "score", "amount_minor", "duration_us")
"""The columns whose absence keeps a metric from being scored."""
_SAID: Final = {"amount_minor": "an amount", "duration_us": "a duration"}


def lacks(
    metric: Metric, groups: Mapping[Group, int], filled: Mapping[tuple[Group, str], int] | None = None
) -> tuple[str, ...]:
    """Return what a metric lacks, in words; empty where it can be scored.

    Args:
        metric: which.
        groups: how many events of each kind and instrument there are.
        filled: how many of them have a value in a column; None where that isn't known.

    >>> from cxkit import metrics
    >>> lacks(metrics.csat(), {("survey.answered", "nps"): 3})
    ("answers to 'csat'",)
    >>> lacks(metrics.first_response_time(), {("contact.opened", None): 3})
    ('contact.answered',)
    """
    kinds: Counter[str] = Counter()
    for (kind, _), n in groups.items():
        kinds[kind] += n
    lacking = [" or ".join(sorted(wanted)) for wanted in metric.asks if not any(kinds[kind] for kind in wanted)]
    found = dict.fromkeys(lacking)
    for where, columns in _asked(metric):
        if where.kinds is not None and not any(kinds[kind] for kind in where.kinds):
            continue  # told already, or one of several kinds of which another is there
        passing = [group for group in groups if _passes(where, group)]
        if not passing:
            found.setdefault(f"answers to {_instrument(where)!r}")
        if filled is None or not passing:
            continue
        for column in columns:
            if not any(filled.get((group, column)) for group in passing):
                of = " and ".join(dict.fromkeys(kind for kind, _ in passing)) if where.kinds else "any event"
                found.setdefault(f"{_SAID.get(column, f'a {column}')} on {of}")
    return tuple(found)


def _asked(metric: Metric) -> Iterator[tuple[Where, tuple[str, ...]]]:
    """Give each filter of a metric with the columns that its events must have."""
    for statistic in metric.needs.values():
        yield from _filters(statistic, money=metric.per is not None)


def _filters(statistic: Statistic, *, money: bool) -> Iterator[tuple[Where, tuple[str, ...]]]:
    of: Iterable[str | None]
    match statistic:
        case By():
            yield from _filters(statistic.of, money=money)
            return
        case Spans():
            keys = [statistic.key, statistic.unit]
            yield statistic.start, _known(statistic.start, keys)
            yield statistic.end, _known(statistic.end, [statistic.key])
            return
        case Tally():
            of = [statistic.of, None if statistic.keep == "all" else statistic.per]
        case Moments() | Sketch():
            of = [statistic.of if money or statistic.of != "amount_minor" else None]
        case Distinct():
            of = ["customer" if statistic.of == "customer" else None]
        case Frequency() | Returns():
            of = ["customer"]
        case Clustered():
            of = [statistic.of]
        case _:
            of = []
    where = statistic.where  # type: ignore[attr-defined]
    yield where, _known(where, of)


def _known(where: Where, columns: Iterable[str | None]) -> tuple[str, ...]:
    """Return the columns that matter, those that a filter demands among them."""
    demanded = [column for column, condition in where.conditions if condition == Not(IsNull())]
    return tuple(column for column in HELD if column in (*columns, *demanded))


def _passes(where: Where, group: Group) -> bool:
    kind, instrument = group
    if where.kinds is not None and kind not in where.kinds:
        return False
    wanted = [condition for column, condition in where.conditions if column == "instrument"]
    return all(condition.holds(instrument) for condition in wanted)


def _instrument(where: Where) -> str:
    conditions = (condition for column, condition in where.conditions if column == "instrument")
    names = [
        str(value)
        for condition in conditions
        for value in ((condition.value,) if isinstance(condition, Equal) else getattr(condition, "values", ()))
    ]
    return " or ".join(names)
