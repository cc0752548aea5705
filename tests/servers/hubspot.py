"""A HubSpot that is played: an account whose records, associations and properties are kept and asked for over HTTP.

It behaves as HubSpot documents, with what is hard about it: searches give 10,000 results of a query and no more, say
nothing of associations and leave out what was deleted; records of one time come in another order each time; a batch
whose parts couldn't all be had is answered with 207; every value is a text.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import cache
from itertools import count
from operator import eq, ge, gt, le, lt
from typing import TYPE_CHECKING, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

HUB: Final = "4711"
CLOCKS: Final = {
    "contacts": "lastmodifieddate", "deals": "hs_lastmodifieddate", "tickets": "hs_lastmodifieddate",
    "feedback_submissions": "hs_lastmodifieddate",
}  # fmt: skip
_OF_ALL: Final = ("hs_object_id", "hs_merged_object_ids")
PROPERTIES: Final[dict[str, tuple[str, ...]]] = {
    "contacts": (
        *_OF_ALL, "createdate", "lastmodifieddate", "email", "hs_additional_emails", "phone", "mobilephone",
        "firstname",
    ),
    "deals": (
        *_OF_ALL, "createdate", "hs_lastmodifieddate", "closedate", "amount", "deal_currency_code", "pipeline",
        "dealstage", "dealtype", "hs_is_closed", "hs_is_closed_won",
    ),
    "tickets": (
        *_OF_ALL, "createdate", "hs_lastmodifieddate", "closed_date", "first_agent_reply_date", "source_type",
        "hs_pipeline", "hs_pipeline_stage", "hs_ticket_priority", "hs_ticket_category",
    ),
    "feedback_submissions": (
        *_OF_ALL, "hs_createdate", "hs_lastmodifieddate", "hs_submission_timestamp", "hs_survey_type", "hs_value",
        "hs_industry_standard_question_type", "hs_response_group", "hs_survey_id", "hs_survey_name",
        "hs_survey_channel", "hs_ticket_id",
    ),
}  # fmt: skip
OPEN, WAITING, CLOSED, SETTLED = "1", "2", "4", "900001"
STAGES: Final = {OPEN: "OPEN", WAITING: "OPEN", CLOSED: "CLOSED", SETTLED: "CLOSED"}
_DAY_MS: Final = 86_400_000


@attrs.define
class Row:
    """A record as HubSpot keeps it.

    Attributes:
        number: its id.
        values: property → text.
        history: property → what it has held, the oldest first: value and time in milliseconds.
        created: in milliseconds since 1970.
        changed: the same.
        archived: whether it is in the recycle bin.
    """

    number: str
    values: dict[str, str]
    history: dict[str, list[tuple[str, int]]]
    created: int
    changed: int
    archived: bool = False


class Portal:
    """An account: what it holds, and what can happen to it."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        """Open an account a day ago, in which nothing has happened.

        Args:
            now: the time, in seconds since 1970.
        """
        self.behind = float(_DAY_MS)
        self.rows: dict[str, dict[str, Row]] = {kind: {} for kind in PROPERTIES}
        self.merged: dict[tuple[str, str], str] = {}
        self.contacts: dict[tuple[str, str], list[str]] = {}
        self.custom: dict[str, dict[str, str]] = {}
        self.groups: list[str] = ["contactinformation"]
        self.refused: set[str] = set()  # contacts that can't be written to
        self._now = now
        self.latest = 0  # when something last happened
        self._numbers = count(998)  # and soon of four digits: ids are numbers, and not texts

    def now(self) -> int:
        """Return the time in milliseconds, which no two things share unless they are made to."""
        self.latest = max(int(self._now() * 1000 - self.behind), self.latest + 1)
        return self.latest

    # ------------------------------------------------------------------------------------------------- what can happen

    def make(self, kind: str, *contacts: str, at: int | None = None, **values: str | None) -> str:
        """Make a record, associated with contacts, and return its id."""
        moment = self.now() if at is None else at
        number = str(next(self._numbers))
        row = Row(number, {}, {}, moment, moment)
        self.rows[kind][number] = row
        created = "hs_createdate" if kind == "feedback_submissions" else "createdate"
        self.set(kind, number, at=moment, **{"hs_object_id": number, created: iso(moment), **values})
        if contacts:
            self.contacts[kind, number] = list(contacts)
        return number

    def set(self, kind: str, number: str, *, at: int | None = None, **values: str | None) -> int:
        """Set properties of a record, which is a change of it; None empties one. Return when it was."""
        row, moment = self.rows[kind][number], self.now() if at is None else at
        row.changed = moment
        for name, value in (*values.items(), (CLOCKS[kind], iso(moment))):
            known = name in PROPERTIES[kind] or (kind == "contacts" and name in self.custom)
            assert known, f"{kind} have no property {name}"
            if value:
                row.values[name] = value
            else:
                row.values.pop(name, None)
            row.history.setdefault(name, []).append((value or "", moment))
        return moment

    def ticket(self, *contacts: str, at: int | None = None, **values: str | None) -> str:
        """Open a ticket."""
        fresh = {"hs_pipeline": "0", "hs_pipeline_stage": OPEN, "source_type": "EMAIL"}
        return self.make("tickets", *contacts, at=at, **{**fresh, **values})

    def reply(self, ticket: str) -> None:
        """Answer a ticket for the first time."""
        moment = self.now()
        self.set("tickets", ticket, at=moment, first_agent_reply_date=iso(moment))

    def move(self, ticket: str, stage: str) -> int:
        """Move a ticket to a stage; where that closes it, its close date is set, and where it opens it, cleared."""
        moment = self.now()
        closes, closed = STAGES[stage] == "CLOSED", bool(self.rows["tickets"][ticket].values.get("closed_date"))
        date = {} if closes == closed else {"closed_date": iso(moment) if closes else None}
        return self.set("tickets", ticket, at=moment, hs_pipeline_stage=stage, **date)

    def deal(self, *contacts: str, at: int | None = None, **values: str | None) -> str:
        """Open a deal, which is expected to close some day."""
        soon = iso(self.now() + 30 * _DAY_MS)
        fresh = {"pipeline": "default", "dealstage": "qualifiedtobuy", "hs_is_closed": "false", "closedate": soon}
        return self.make("deals", *contacts, at=at, **{**fresh, "hs_is_closed_won": "false", **values})

    def end(self, deal: str, *, won: bool) -> int:
        """Win or lose a deal."""
        moment, stage = self.now(), "closedwon" if won else "closedlost"
        closed = {"hs_is_closed": "true", "hs_is_closed_won": str(won).lower(), "closedate": iso(moment)}
        return self.set("deals", deal, at=moment, dealstage=stage, **closed)

    def answer(self, *contacts: str, **values: str | None) -> str:
        """Answer a survey."""
        moment = self.now()
        said = {"hs_submission_timestamp": iso(moment), "hs_survey_channel": "EMAIL", "hs_survey_id": "5", **values}
        return self.make("feedback_submissions", *contacts, at=moment, **said)

    def merge(self, kind: str, one: str, other: str) -> str:
        """Merge two records into a third, which has their ids in a property and answers to them."""
        kept, gone = self.rows[kind].pop(one), self.rows[kind].pop(other)
        values = {name: value for name, value in (gone.values | kept.values).items() if name not in _OF_ALL}
        if kind == "contacts" and {"email"} <= kept.values.keys() & gone.values.keys():
            values["hs_additional_emails"] = gone.values["email"]
        former = [
            number
            for each in (kept, gone)
            for number in (*each.values.get("hs_merged_object_ids", "").split(";"), each.number)
        ]
        values.pop(CLOCKS[kind])
        began = min(kept.created, gone.created)  # the third is as old as the older of the two
        values["createdate"] = iso(began)
        made = self.make(kind, **values, hs_merged_object_ids=";".join(number for number in former if number))
        self.rows[kind][made].created = began
        contacts = [*self.contacts.pop((kind, one), []), *self.contacts.pop((kind, other), [])]
        if contacts:
            self.contacts[kind, made] = contacts
        for number in (one, other):
            self.merged[kind, number] = made
            for key, those in self.contacts.items():
                if kind == "contacts":
                    self.contacts[key] = [made if each == number else each for each in those]
        return made

    def delete(self, kind: str, number: str) -> None:
        """Put a record into the recycle bin."""
        self.rows[kind][number].archived = True

    def purge(self, kind: str, number: str) -> None:
        """Take a record out of the recycle bin, as HubSpot does after three months."""
        del self.rows[kind][number]

    def oldest(self, kind: str) -> str:
        """Return the record that changed longest ago."""
        return min((row for row in self.rows[kind].values() if not row.archived), key=lambda row: row.changed).number

    # ----------------------------------------------------------------------------------------------------- what is held

    def known(self, kind: str, number: str, *, archived: bool = False) -> Row | None:
        """Return a record by its id, or by one that was merged into it."""
        while (kind, number) in self.merged:
            number = self.merged[kind, number]
        row = self.rows[kind].get(number)
        return row if row is not None and row.archived == archived else None

    def names(self, kind: str, asked: Iterable[str]) -> list[str]:
        """Return those of the properties asked for that there are, and those that are always given."""
        there = (*PROPERTIES[kind], *(self.custom if kind == "contacts" else ()))
        created = "hs_createdate" if kind == "feedback_submissions" else "createdate"
        always = ("hs_object_id", created, CLOCKS[kind])
        return [name for name in dict.fromkeys((*always, *asked)) if name in there]


def iso(ms: int) -> str:
    """Return a time as HubSpot writes it."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def in_order(rows: Sequence[Row], name: str, turn: int) -> list[Row]:
    """Return rows by a property, those that are equal in an order that is another each time."""
    turned = sorted(rows, key=lambda row: (int(row.number) * 2_654_435_761 + turn * 40_503) % 2**32)
    return sorted(turned, key=lambda row: _comparable(name, row.values.get(name, "")))


def passes(row: Row, name: str, operator: str, value: str) -> bool:
    """Say whether a record passes a filter."""
    held = row.values.get(name)
    if held is None:
        return False
    compare = {"EQ": eq, "GT": gt, "GTE": ge, "LT": lt, "LTE": le}[operator]
    return bool(compare(_comparable(name, held), int(value)))


@cache
def _comparable(name: str, text: str) -> int:
    if not text:
        return -1
    return int(text) if name == "hs_object_id" else round(datetime.fromisoformat(text).timestamp() * 1000)
