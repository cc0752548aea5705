"""Opportunities, complaints and the ways to reach people, as events."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - attrs reads it
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import attrs

from cxkit.adapters import email_identity, phone_identity
from cxkit.model.identity import LINKED
from cxkit.model.money import Money
from cxkit_tryton.shop import first, last, moment
from cxkit_tryton.tagged import day_of, text_of, time_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cxkit.model.event import Event
    from cxkit_tryton.shop import Record, Shop

OPPORTUNITY_FIELDS = (
    "party", "company", "currency.code", "amount", "start_date", "end_date", "state", "lost_reason", "sales",
    "create_date", "last_modified_at",
)  # fmt: skip
COMPLAINT_FIELDS = (
    "customer", "company", "date", "state", "type.name", "origin", "actions.action",
    "create_date", "last_modified_at",
)  # fmt: skip
CONTACT_FIELDS = ("type", "value", "value_compact", "party", "create_date", "last_modified_at")
MERGED_FIELDS = ("replaced_by", "create_date", "last_modified_at")
_DEALS = frozenset({"opportunity", "converted", "won"})
_CLOSED = frozenset({"won", "lost", "cancelled"})
_CLICKS = {"button:lost": "lost", "button:cancel": "cancelled"}
_OUTCOMES = {"done": "resolved", "rejected": "resolved"}
_PHONES = frozenset({"phone", "mobile"})
_id = attrgetter("id")


@attrs.frozen
class Turn:
    """A time at which an opportunity or a complaint was closed or taken up again.

    Attributes:
        verb: what became of it.
        time: when.
    """

    verb: str
    time: datetime


def opportunity_events(shop: Shop, record: Record) -> Iterator[Event]:
    """Yield the events of an opportunity: a lead, then a deal, each time it was closed or taken up again."""
    event, zone, own = shop.facts.event, shop.company(record).zone, f"opportunity:{record['id']}"
    who, at = shop.facts.customer(record["party"]), "opportunity"
    worth = None if record["amount"] is None else Money(text_of(record["amount"]), record["currency."]["code"])
    opened = moment(time_of(record["create_date"]), day_of(record["start_date"]), zone)
    yield event("lead.opened", own, time=opened, customer=who, reference=own, touchpoint=at, amount=worth)
    dealt = _dealt_at(record, opened)
    if dealt is not None:
        time = max(opened, dealt)
        yield event("opportunity.opened", own, time=time, customer=who, reference=own, touchpoint=at, amount=worth)
    turns = _turns(record)
    if record["state"] in _CLOSED:
        day = day_of(record["end_date"])
        if turns and turns[-1].verb == record["state"]:
            turns[-1] = Turn(turns[-1].verb, moment(turns[-1].time, day, zone))
        else:
            known = _closed_by_sales(record) or time_of(record["last_modified_at"])
            turns.append(Turn(record["state"], moment(known, day, zone)))
    for turn, one in _numbered(own, turns):
        of_deal = dealt is not None and dealt <= max(turn.time, opened)
        lost = turn.verb == "lost" and record["lost_reason"]
        yield event(
            f"{'opportunity' if of_deal else 'lead'}.{turn.verb}",
            one,
            time=max(opened, turn.time),  # a day alone begins before what was opened in the course of it
            customer=who,
            reference=own,
            touchpoint=at,
            amount=worth,
            properties={"reason": record["lost_reason"]} if lost else None,
        )


def complaint_events(shop: Shop, record: Record) -> Iterator[Event]:
    """Yield the events of a complaint: its opening, and each time it was settled, taken up again or withdrawn."""
    event, own = shop.facts.event, f"complaint:{record['id']}"
    who, at = shop.facts.customer(record["customer"]), "complaint"
    about = {"type": record["type."]["name"]}
    if record.get("order"):
        about["order"] = record["order"]
    opened = moment(time_of(record["create_date"]), day_of(record["date"]), shop.company(record).zone)
    yield event("contact.opened", own, time=opened, customer=who, reference=own, touchpoint=at, properties=about)
    for turn, one in _numbered(own, _settlements(record)):
        said = about | _outcome(turn.verb, record) if turn.verb in _OUTCOMES else about
        kind, time = f"contact.{_OUTCOMES.get(turn.verb, turn.verb)}", max(opened, turn.time)
        yield event(kind, one, time=time, customer=who, reference=own, touchpoint=at, properties=said)


def contact_events(shop: Shop, record: Record) -> Iterator[Event]:
    """Yield the link of a party and an e-mail address or phone number; one that isn't used any more stays theirs."""
    identity = None
    if record["type"] == "email":
        identity = email_identity(record["value"])
    elif record["type"] in _PHONES:
        number = record["value_compact"] or record["value"]
        identity = phone_identity(number, shop.facts.region)
    if identity is not None:
        yield _link(shop, f"contact:{record['id']}", record, record["party"], identity)


def merged_events(shop: Shop, record: Record) -> Iterator[Event]:
    """Yield the link of a party and the one that replaces it."""
    kept = shop.facts.customer(record["replaced_by"])
    if kept is not None:
        yield _link(shop, f"party:{record['id']}", record, record["id"], kept)


def _link(shop: Shop, own: str, record: Record, party: int, identity: str) -> Event:
    time = time_of(record["create_date"])  # not the last change: who somebody is doesn't begin anew with each
    return shop.facts.event(LINKED, own, time=time, customer=shop.facts.customer(party), reference=identity)


def _outcome(state: str, record: Record) -> dict[str, Any]:
    """Return how a complaint ended, and what was done about it."""
    actions = sorted({action["action"] for action in record["actions."] if action["action"]})
    return {"outcome": state, "actions": actions} if actions and state == "done" else {"outcome": state}


def _dealt_at(record: Record, opened: datetime) -> datetime | None:
    """Return when a lead became a deal, or None; of one without a log its state tells, as far as it can."""
    logged = first(record["steps"], "state:opportunity", "state:converted")
    if logged is None and record["state"] != "lead" and (record["state"] in _DEALS or not record["steps"]):
        return opened
    return logged


def _closed_by_sales(record: Record) -> datetime | None:
    """Return when the sales of an opportunity closed it.

    Tryton logs no transition of the opportunity then, but those of its sales, in the same transaction.
    """
    return last(record["sales_steps"], "state:confirmed", "state:cancelled")


def _turns(record: Record) -> list[Turn]:
    """Return when an opportunity was lost or cancelled by hand, and when it was taken up again.

    Tryton logs no transition for the former, but the click.
    """
    turns: list[Turn] = []
    closed = converted = False
    for step in sorted(record["steps"], key=_id):
        if step.word in _CLICKS and not closed and not converted:
            closed = True
            turns.append(Turn(_CLICKS[step.word], step.time))
        elif step.word in {"state:lead", "state:converted"}:
            # It is converted once, and then closed through its sales: once more means that they were taken up again.
            again = closed or (converted and step.word == "state:converted")
            closed, converted = False, step.word == "state:converted"
            if again:
                turns.append(Turn("reopened", step.time))
    return turns


def _settlements(record: Record) -> Iterator[Turn]:
    """Yield when a complaint was settled or withdrawn, and when it was taken up again."""
    settled = told = False
    for step in sorted(record["steps"], key=_id):
        verb = step.word.removeprefix("state:")
        if verb in _OUTCOMES or verb == "cancelled":
            settled, told = True, told or verb in _OUTCOMES
            yield Turn(verb, step.time)
        elif verb == "draft" and settled:
            settled = False
            yield Turn("reopened", step.time)
    if not told and record["state"] in _OUTCOMES:
        yield Turn(record["state"], time_of(record["last_modified_at"]))


def _numbered(own: str, turns: Iterable[Turn]) -> Iterator[tuple[Turn, str]]:
    """Yield turns with the ids of their events: a thing that is done a second time is another event.

    They don't hang on the log, so that a record told without it and with it later is one event, corrected.
    """
    counts: dict[str, int] = {}
    for turn in turns:
        kind = _OUTCOMES.get(turn.verb, turn.verb)
        count = counts[kind] = counts.get(kind, 0) + 1
        yield turn, own if count == 1 else f"{own}:{count}"
