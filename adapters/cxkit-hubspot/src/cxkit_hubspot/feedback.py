"""Survey answers, which HubSpot calls feedback submissions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cxkit.adapters import when
from cxkit.errors import InvalidValueError
from cxkit.model.event import event
from cxkit_hubspot.crm import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from cxkit.adapters import Facts
    from cxkit.model.event import Event
    from cxkit_hubspot.crm import Record

KINDS: Final = ("survey.answered", "survey.discarded")
KIND: Final = Kind(
    "feedback_submissions",
    "hs_lastmodifieddate",
    (
        "hs_createdate", "hs_submission_timestamp", "hs_survey_type", "hs_industry_standard_question_type", "hs_value",
        "hs_response_group", "hs_survey_id", "hs_survey_name", "hs_survey_channel", "hs_ticket_id",
        "hs_lastmodifieddate",
    ),
)  # fmt: skip

_INSTRUMENTS: Final = {"NPS": "nps", "CSAT": "csat", "CES": "ces"}
_CHANNELS: Final = {"EMAIL": "email", "WEB": "web", "CHAT": "chat"}
_FACES: Final = {0.0: ("DETRACTOR", 1.0), 1.0: ("PASSIVE", 3.0), 2.0: ("PROMOTER", 5.0)}


def events_of(answer: Record, facts: Facts) -> Iterator[Event]:
    """Return the event of an answer; none where no recommendation, satisfaction or effort was asked for, or rated.

    Args:
        answer: the answer.
        facts: makes the events.
    """
    instrument, rating = _instrument(answer), answer.get("hs_value")
    if instrument is None or rating is None:
        return
    ticket, number = answer.get("hs_ticket_id"), answer.number
    channel = answer.get("hs_survey_channel")
    said = {"survey": answer.get("hs_survey_name"), "survey_id": answer.get("hs_survey_id")}
    yield facts.event(
        "survey.answered",
        number,
        time=_time(answer),
        customer=facts.customer(next(iter(answer.contacts), None)),
        reference=_reference(number) if ticket is None else f"ticket:{ticket}",
        instrument=instrument,
        score=_score(instrument, rating, answer.get("hs_response_group")),
        channel=None if channel is None else _CHANNELS.get(channel.upper(), "other"),
        properties={name: value for name, value in said.items() if value},
    )


def discarded(number: str, answer: Record, facts: Facts) -> Iterator[Event]:
    """Return what corrects an answer that was deleted."""
    answered = f"survey.answered:{number}"
    yield event("survey.discarded", time=_time(answer), source=facts.source, id=answered, reference=_reference(number))


def _time(answer: Record) -> datetime:
    return when(answer.get("hs_submission_timestamp") or answer.get("hs_createdate"))


def _reference(number: str) -> str:
    return f"feedback:{number}"


def _instrument(answer: Record) -> str | None:
    """Return what was asked for: by the type of the survey, else, in one of somebody's own, of the question."""
    words = (answer.get("hs_survey_type"), answer.get("hs_industry_standard_question_type"))
    return next((_INSTRUMENTS[word.upper()] for word in words if word and word.upper() in _INSTRUMENTS), None)


def _score(instrument: str, rating: str, group: str | None) -> float:
    """Return a rating on the instrument's scale.

    HubSpot's surveys of satisfaction show three faces, numbered from 0 to 2. They become 1, 3 and 5, so that the share
    of the satisfied is that of the happy faces, as HubSpot has it too. Its newer questions are answered from 1 to 5;
    the group that it puts an answer into tells the two scales apart.

    >>> _score("csat", "2", "PROMOTER"), _score("csat", "2", "DETRACTOR"), _score("nps", "2", "DETRACTOR")
    (5.0, 2.0, 2.0)
    """
    try:
        number = float(rating)
    except ValueError:
        raise InvalidValueError("hs_value", rating, "isn't a number") from None
    if instrument == "csat" and number in _FACES:
        expected, score = _FACES[number]
        if not number or group is None or group.upper() == expected:
            return score
    return number
