"""Survey answers."""

from __future__ import annotations

import pytest

from cxkit.adapters import Facts, us_of
from cxkit.errors import InvalidValueError
from cxkit_hubspot.crm import Record
from cxkit_hubspot.feedback import events_of

FACTS = Facts("hubspot:4711")
MADE, SENT = "2026-03-01T10:00:05Z", "2026-03-01T10:00:00Z"


def answer(type_: str | None, value: str | None, **fields: str | None) -> Record:
    """Return an answer."""
    said = {"hs_createdate": MADE, "hs_submission_timestamp": SENT, "hs_survey_type": type_, "hs_value": value}
    return Record("8", {**said, **fields}, contacts=("3",))


def test_an_answer_is_its_contacts() -> None:
    """Of its moment, its channel and its survey."""
    record = answer("NPS", "9", hs_survey_channel="EMAIL", hs_survey_id="5", hs_survey_name="Yearly")
    (event,) = events_of(record, FACTS)
    assert (event.kind, event.ts_us, event.customer) == ("survey.answered", us_of(SENT), "hubspot:4711:3")
    assert (event.instrument, event.score, event.channel) == ("nps", 9.0, "email")
    assert (event.reference, event.properties) == ("feedback:8", '{"survey":"Yearly","survey_id":"5"}')


def test_an_answer_about_a_ticket_belongs_to_it() -> None:
    """So that satisfaction and resolution of one contact can be held together."""
    (event,) = events_of(answer("CES", "6", hs_ticket_id="7", hs_submission_timestamp=None), FACTS)
    assert (event.reference, event.ts_us) == ("ticket:7", us_of(MADE))


@pytest.mark.parametrize(
    ("type_", "value", "group", "instrument", "score"),
    [
        ("NPS", "0", "DETRACTOR", "nps", 0),
        ("NPS", "10", "PROMOTER", "nps", 10),
        ("CES", "1", "DETRACTOR", "ces", 1),
        ("CES", "7", "PROMOTER", "ces", 7),
        # Three faces, 0 to 2.
        ("CSAT", "0", "DETRACTOR", "csat", 1),
        ("CSAT", "1", "PASSIVE", "csat", 3),
        ("CSAT", "2", "PROMOTER", "csat", 5),
        ("CSAT", "2", None, "csat", 5),
        ("CSAT", "2.0", "Promoter", "csat", 5),
        # Five, where the group tells.
        ("CSAT", "1", "DETRACTOR", "csat", 1),
        ("CSAT", "2", "DETRACTOR", "csat", 2),
        ("CSAT", "2", "PASSIVE", "csat", 2),
        ("CSAT", "3", "PASSIVE", "csat", 3),
        ("CSAT", "5", "PROMOTER", "csat", 5),
    ],
)
def test_ratings_become_scores(type_: str, value: str, group: str | None, instrument: str, score: float) -> None:
    """Each on the scale of its instrument; the happy face is the top of its."""
    (event,) = events_of(answer(type_, value, hs_response_group=group), FACTS)
    assert (event.instrument, event.score) == (instrument, score)


@pytest.mark.parametrize(
    ("type_", "question", "instrument"),
    [("CUSTOM", "NPS", "nps"), ("CUSTOM", "CSAT", "csat"), ("CUSTOM", None, None), ("KNOWLEDGE", None, None)],
)
def test_a_survey_of_ones_own_says_what_its_question_is(
    type_: str, question: str | None, instrument: str | None
) -> None:
    """Or else nobody knows what its rating means, and nothing is told."""
    events = list(events_of(answer(type_, "5", hs_industry_standard_question_type=question), FACTS))
    assert [event.instrument for event in events] == ([instrument] if instrument else [])


def test_an_answer_without_a_rating_is_none() -> None:
    """A remark alone is no score."""
    assert list(events_of(answer("NPS", None, hs_content="Nice"), FACTS)) == []


def test_what_is_no_number_is_refused() -> None:
    """By name."""
    with pytest.raises(InvalidValueError, match="hs_value: 'ten' isn't a number"):
        list(events_of(answer("NPS", "ten"), FACTS))
