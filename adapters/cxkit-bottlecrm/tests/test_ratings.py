"""Finding out when ratings were given, from sums alone."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxkit.adapters import Facts, us_of
from cxkit.errors import RetriableAdapterError
from cxkit.model.event import from_us
from cxkit_bottlecrm.ratings import Rated, events_of, rated

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.xdist_group("vendors")  # one server for all of them

MINUTE = 60_000_000
QUARTER = 15 * MINUTE
START = us_of("2026-03-01T10:07:00Z")
DAYS = 90
NOW = (START + DAYS * 96 * QUARTER) / 1e6
_answers = st.lists(st.tuples(st.integers(0, DAYS * 96 * 15 - 1), st.integers(1, 5)), max_size=12)


class Survey:
    """Answers, told in sum as BottleCRM tells them."""

    def __init__(self, answers: list[tuple[int, int]]) -> None:
        """Keep answers: minutes after the start, and the rating."""
        self.answers = [(START + minutes * MINUTE, rating) for minutes, rating in answers]
        self.calls = 0

    def ask(self, params: Mapping[str, str]) -> dict[str, int]:
        """Return the counts between two moments, those that nobody gave included."""
        self.calls += 1
        since, until = us_of(params["from"]), us_of(params["to"])
        counted = Counter(rating for time, rating in self.answers if since <= time < until)
        return {str(rating): counted[rating] for rating in range(1, 6)}

    def spans(self) -> list[Rated]:
        """Walk it all."""
        found: list[Rated] = []
        start = START
        while True:
            batch = rated(self.ask, start, minutes=15, now=NOW)
            found += batch.records
            if not batch.more:
                return found
            assert isinstance(batch.token, int)
            start = batch.token


@given(_answers)
def test_each_rating_is_found_in_its_quarter_of_an_hour(answers: list[tuple[int, int]]) -> None:
    """None lost, none twice, each in the span that holds its moment."""
    survey = Survey(answers)
    expected: dict[int, Counter[int]] = {}
    for time, rating in survey.answers:
        expected.setdefault(time - time % QUARTER, Counter())[rating] += 1
    assert {span.since: span.given for span in survey.spans()} == expected


@given(_answers)
def test_calls_grow_with_answers_and_not_with_time(answers: list[tuple[int, int]]) -> None:
    """Twelve halvings a rating at most, and one call for six weeks without any."""
    survey = Survey(answers)
    survey.spans()
    assert survey.calls <= DAYS // 42 + 2 + 13 * 2 * len(answers)


def test_an_answer_that_comes_between_two_calls_does_no_harm() -> None:
    """What is left over can't be less than nothing: then it is asked for."""
    survey = Survey([(50_000, 5)])
    answer = survey.ask

    def ask(params: Mapping[str, str]) -> dict[str, int]:
        told = answer(params)
        if survey.calls == 1:
            survey.answers.append((START, 3))
        return told

    batch = rated(ask, START, minutes=15, now=NOW)
    found = sum((span.given for span in batch.records), Counter())
    assert found == Counter({5: 1, 3: 1})


def test_an_answer_that_is_given_to_every_question_is_none() -> None:
    """As a cache on the way would: what whole and halves have alike is no count."""
    with pytest.raises(RetriableAdapterError, match="told alike"):
        rated(lambda _: {"5": 2}, START, minutes=15, now=NOW)


def test_a_changed_mind_corrects_and_adds_nothing() -> None:
    """Events are numbered from the lowest: the same ids, other scores."""
    facts, since = Facts("desk"), us_of("2026-03-01T10:00:00Z")
    before = list(events_of(Rated(since, Counter({3: 1, 5: 2})), facts))
    after = list(events_of(Rated(since, Counter({5: 3})), facts))
    assert [event.score for event in before] == [3.0, 5.0, 5.0]
    assert [event.id for event in before] == [event.id for event in after]
    assert before[0].id == "survey.answered:csat:2026-03-01T10:00:00Z:0"
    assert {(event.instrument, event.customer, event.ts_us) for event in before} == {("csat", None, since)}
    assert from_us(since).isoformat() == "2026-03-01T10:00:00+00:00"
