"""Ratings, which BottleCRM tells in sum alone: how many of each there were between two moments.

So the time of each is found out by asking for ever shorter spans, as one looks up a word in a dictionary. Whose it was,
and of which ticket, no call tells.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import attrs

from cxkit.adapters import Batch, iso
from cxkit.errors import RetriableAdapterError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cxkit.adapters import Facts
    from cxkit.model.event import Event

KINDS: Final = ("survey.answered",)
_MINUTE_US: Final = 60_000_000
_HALVINGS: Final = 12  # of the span that is asked for first: six weeks for a quarter of an hour

Given = Counter[int]


@attrs.frozen
class Rated:
    """The ratings of a shortest span.

    Attributes:
        since: when it begins, in microseconds since 1970.
        given: rating → how often.
    """

    since: int
    given: Given


def rated(
    ask: Callable[[Mapping[str, str]], Mapping[str, int]], start: int, *, minutes: int, now: float
) -> Batch[Rated]:
    """Return the ratings of the weeks from a time on.

    Args:
        ask: returns how many of each there were ``from`` a moment ``to`` another.
        start: when to begin, in microseconds since 1970.
        minutes: the shortest span.
        now: the time, in seconds since 1970.
    """
    shortest = minutes * _MINUTE_US
    begin = start - start % shortest
    # Nothing was answered after now: a span that ends there takes fewer halvings.
    end = min(begin + (shortest << _HALVINGS), max(begin, int(now * 1_000_000) // shortest * shortest) + shortest)

    def counted(since: int, until: int) -> Given:
        answer = ask({"from": iso(since), "to": iso(until)})
        return Counter({int(rating): count for rating, count in answer.items() if count})

    def halved(since: int, until: int, given: Given, *, both: bool = False) -> Iterator[Rated]:
        if not given:
            return
        if until - since <= shortest:
            yield Rated(since, given)
            return
        middle = since + (until - since) // 2 // shortest * shortest
        first = counted(since, middle)
        rest = Counter(given)
        rest.subtract(first)
        if both or min(rest.values()) < 0:  # somebody answered, or changed their mind, between two calls
            known, rest = +rest, counted(middle, until)
            if both and rest != known and rest == first == given:
                raise RetriableAdapterError(
                    "the ratings of six weeks and of each half of them are told alike: try again"
                )
        yield from halved(since, middle, first)
        yield from halved(middle, until, +rest)

    # What something on the way has kept would be told of every span alike: that is found out once for each of these.
    spans = halved(begin, end, counted(begin, end), both=True)
    return Batch(list(spans), end <= now * 1_000_000, end)


def events_of(span: Rated, facts: Facts) -> Iterator[Event]:
    """Return an event for each rating, at the beginning of its span.

    They are numbered from the lowest. So when somebody changes their mind within a day, as they may, the events of that
    span are corrected, and their number stays.
    """
    begin = iso(span.since, "seconds")
    for number, rating in enumerate(sorted(span.given.elements())):
        record = f"csat:{begin}:{number}"
        yield facts.event("survey.answered", record, time=span.since, instrument="csat", score=rating)


def distribution(answer: Mapping[str, Any]) -> Mapping[str, int]:
    """Return how many of each rating an answer counts."""
    return {str(rating): int(count) for rating, count in answer.items()}
