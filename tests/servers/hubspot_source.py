"""The played HubSpot, as the conformance suite drives it."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from tests.servers.hubspot import CLOSED, HUB, OPEN, SETTLED, STAGES, WAITING, Portal
from tests.servers.hubspot_api import CLIENT, CLIENT_SECRET, REFRESH, URL, HubSpotApi

from cxkit.adapters import Request, Secret, State, Wire
from cxkit.model.money import Money
from cxkit.signatures import sign_hubspot
from cxkit.testing import Fact
from cxkit_hubspot import HubSpot, HubSpotConfig

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from tests.servers.hubspot import Row

    from cxkit.model.event import Event
    from cxkit.testing import Deed

PAGE: Final = 3
HOOK: Final = "https://shop.example/hooks/hubspot?of=cxkit"


def adapter_of(api: HubSpotApi, wire: Wire | None = None, **settings: Any) -> HubSpot:
    """Return an adapter that a played account admits; it waits without waiting."""
    given = {"account": HUB, "client_secret": Secret(CLIENT_SECRET), "page": PAGE, **settings}
    wire = wire or Wire(transport=api.transport, sleep=lambda _: None)
    return HubSpot(HubSpotConfig(token=Secret(api.token()), url=URL, **given), wire)


def read(adapter: HubSpot, stream: str, state: State | None = None) -> tuple[dict[str, Event], State]:
    """Return the events of a stream by their ids, and where its reading then stands; all records must be taken."""
    events: dict[str, Event] = {}
    now = state or State()
    for page in adapter.read(stream, now):
        assert not page.rejects, page.rejects
        events |= {event.id: event for event in page.events}
        now = page.state
    return events, now


class PlayedSource:
    """An account."""

    deliveries_expire = True
    impossible = {  # noqa: RUF012 - as the protocol has it
        "refusal": "HubSpot says with its status that an answer is an error",
    }

    def __init__(self, folder: Path) -> None:
        """Open an account.

        Args:
            folder: for tokens.
        """
        self.portal = Portal()
        self.api = HubSpotApi(self.portal)
        self.inner = self.api.transport
        self._folder = folder
        self._round = count(1)

    @property
    def secrets(self) -> Sequence[str]:
        """Return the app's secret, the refresh token and all tokens that came of it."""
        return (CLIENT_SECRET, REFRESH, *self.api.given)

    def adapter(self, wire: Wire) -> HubSpot:
        """Return an adapter of an app that the account has installed."""
        config = HubSpotConfig(
            account=HUB,
            client_id=CLIENT,
            client_secret=Secret(CLIENT_SECRET),
            refresh_token=Secret(REFRESH),
            token_file=str(self._folder / "tokens"),
            url=URL,
            page=PAGE,
        )
        return HubSpot(config, wire)

    def stranger(self, wire: Wire) -> HubSpot:
        """Return one with a token that was never given."""
        return HubSpot(HubSpotConfig(account=HUB, token=Secret("pat-na1-gu3ssed"), url=URL, page=PAGE), wire)

    def wait(self, seconds: float) -> None:
        """Set the clock."""
        self.portal.behind -= seconds * 1000

    def do(self, deed: Deed) -> None:
        """Let something happen."""
        getattr(self, f"_{deed}")(next(self._round))

    def customer(self) -> str:
        """Return a contact."""
        return next(iter(self.portal.rows["contacts"]))

    def holds(self, customer: str, scores: Mapping[str, Any]) -> bool:
        """Say whether a contact has these scores in its properties, and no others."""
        values = self.portal.rows["contacts"][customer].values
        wanted: dict[str, Any] = {}
        for name, score in scores.items():
            if isinstance(score, Money):
                wanted |= {f"cx_{name}": score.amount, f"cx_{name}_currency": score.currency}
            elif score is not None:
                wanted[f"cx_{name}"] = score if isinstance(score, str) else Decimal(score)
        held = {name: value for name, value in values.items() if name.startswith("cx_")}
        numbers = {name for name, kind in self.portal.custom.items() if kind == "number"}
        return {name: Decimal(value) if name in numbers else value for name, value in held.items()} == wanted

    def deliver(self, *, age: float = 0.0, forged: bool = False) -> Request:
        """Return a webhook with what happened to a ticket, and what happened in another account."""
        ticket = next(row.number for row in self.portal.rows["tickets"].values() if not row.archived)
        about = {"eventId": 1, "subscriptionId": 12, "appId": 5001, "occurredAt": 1_767_225_600_000, "attemptNumber": 0}
        notices = [
            {**about, "portalId": int(HUB), "subscriptionType": "ticket.creation", "objectId": int(ticket)},
            {
                **about, "portalId": int(HUB), "subscriptionType": "ticket.propertyChange", "objectId": int(ticket),
                "propertyName": "hs_pipeline_stage", "propertyValue": CLOSED, "changeSource": "CRM_UI",
            },
            {**about, "portalId": 99, "subscriptionType": "ticket.creation", "objectId": 1},
        ]  # fmt: skip
        request = Request("POST", HOOK, {"Content-Type": "application/json"}, json.dumps(notices).encode())
        return sign_hubspot(request, Secret("f0rged" if forged else CLIENT_SECRET), now=time.time() - age)

    # ----------------------------------------------------------------------------------------------------- what is done

    def _sell(self, n: int) -> None:
        ours = self.portal
        ann = ours.make("contacts", email=f"Ann{n}@Example.com", firstname="Ann")
        bob = ours.make("contacts", phone=f"+84 912 345 {n:03}", mobilephone=f"+44 20 7946 0{n:03}")
        nobody = ours.make("contacts", firstname="Nil")
        ours.end(ours.deal(ann, bob, amount="19.99", deal_currency_code="USD", dealtype="newbusiness"), won=True)
        ours.end(ours.deal(bob, amount="1134.65"), won=False)
        ours.deal(amount="0.07")
        ours.deal(nobody)
        asked, solved = ours.ticket(nobody, hs_ticket_priority="HIGH"), ours.ticket(bob, ann, source_type="CHAT")
        ours.reply(solved)
        ours.move(solved, WAITING)
        ours.move(solved, CLOSED)
        ours.move(solved, OPEN)
        ours.move(solved, CLOSED)
        ours.move(solved, SETTLED)
        ours.move(asked, WAITING)
        ours.answer(ann, hs_survey_type="NPS", hs_value="9", hs_response_group="PROMOTER", hs_survey_name="Yearly")
        ours.answer(bob, hs_survey_type="CSAT", hs_value=str(n % 3), hs_ticket_id=solved)
        ours.answer(nobody, hs_survey_type="CES", hs_value="6", hs_response_group="PROMOTER")
        ours.answer(ann, hs_survey_type="KNOWLEDGE", hs_value="1")
        for kind, number in (
            ("deals", ours.deal(ann, amount="5.00")),
            ("tickets", ours.ticket(ann)),
            ("feedback_submissions", ours.answer(ann, hs_survey_type="NPS", hs_value="1")),
        ):
            ours.delete(kind, number)

    def _at_once(self, n: int) -> None:
        moment = self.portal.now()
        for each in range(2 * PAGE + 1):
            contact = self.portal.make("contacts", at=moment, email=f"twin{n}.{each}@example.com")
            self.portal.ticket(contact, at=moment)
            self.portal.deal(contact, at=moment, amount=f"8.{each:02}")

    def _refund(self, _n: int) -> None:
        closed = next(
            row for row in self.portal.rows["tickets"].values()
            if not row.archived and STAGES[row.values["hs_pipeline_stage"]] == "CLOSED"
        )  # fmt: skip
        self.portal.move(closed.number, OPEN)
        self.portal.move(closed.number, CLOSED)

    def _change(self, _n: int) -> None:
        deal = self.portal.oldest("deals")
        amount = Decimal(self.portal.rows["deals"][deal].values.get("amount", "0")) + Decimal("1.10")
        self.portal.set("deals", deal, amount=str(amount))

    def _hide(self, _n: int) -> None:
        self.portal.delete("tickets", self.portal.ticket(self.customer()))

    def _delete(self, _n: int) -> None:
        self.portal.purge("deals", self.portal.oldest("deals"))

    def _merge(self, n: int) -> None:
        one = self.portal.make("contacts", email=f"one{n}@example.org")
        other = self.portal.make("contacts", email=f"other{n}@example.org")
        self.portal.ticket(other)
        self.portal.merge("contacts", one, other)

    def _expire(self, _n: int) -> None:
        self.api.tokens.clear()

    # ---------------------------------------------------------------------------------------------------- what there is

    def facts(self) -> Iterator[Fact]:
        """Return what the account holds."""
        for row in self.portal.rows["contacts"].values():
            yield from self._links(row)
        for kind, facts in (
            ("deals", self._deal), ("tickets", self._ticket), ("feedback_submissions", self._answer),
        ):  # fmt: skip
            for row in self.portal.rows[kind].values():
                yield from facts(row)

    def _links(self, row: Row) -> Iterator[Fact]:
        made, values = _utc(row.created), row.values
        addresses = [values.get("email", ""), *values.get("hs_additional_emails", "").split(";")]
        references = [f"email:{address.lower()}" for address in addresses if address]
        references += [f"phone:{values[name].replace(' ', '')}" for name in ("phone", "mobilephone") if name in values]
        references += [
            f"hubspot:{HUB}:{former}" for former in values.get("hs_merged_object_ids", "").split(";") if former
        ]
        for reference in references:
            yield Fact("identity.linked", reference, None, f"hubspot:{HUB}:{row.number}", made)

    def _whose(self, kind: str, row: Row) -> str | None:
        contacts = self.portal.contacts.get((kind, row.number), [])
        return f"hubspot:{HUB}:{min(contacts, key=int)}" if contacts else None

    def _deal(self, row: Row) -> Iterator[Fact]:
        reference, values = f"deal:{row.number}", row.values
        if row.archived:
            yield Fact("opportunity.discarded", reference, None, None, _utc(row.created))
            yield Fact("opportunity.discarded", reference, None, None, _utc(row.created))
            return
        whose = self._whose("deals", row)
        money = Money(values["amount"], values.get("deal_currency_code", "EUR")) if "amount" in values else None
        yield Fact("opportunity.opened", reference, money, whose, _utc(row.created))
        if values["hs_is_closed"] == "true":
            kind = "opportunity.won" if values["dealstage"] == "closedwon" else "opportunity.lost"
            yield Fact(kind, reference, money, whose, datetime.fromisoformat(values["closedate"]))

    def _ticket(self, row: Row) -> Iterator[Fact]:
        reference, whose = f"ticket:{row.number}", self._whose("tickets", row)
        if row.archived:
            yield Fact("contact.discarded", reference, None, None, _utc(row.created))
            return
        yield Fact("contact.opened", reference, None, whose, _utc(row.created))
        for value, _ in row.history.get("first_agent_reply_date", []):
            yield Fact("contact.answered", reference, None, whose, datetime.fromisoformat(value))
        states = [(STAGES[value], at) for value, at in row.history["hs_pipeline_stage"]]
        for (before, _), (now, at) in zip([("OPEN", 0), *states], states, strict=False):
            if before != now:
                kind = "contact.resolved" if now == "CLOSED" else "contact.reopened"
                yield Fact(kind, reference, None, whose, _utc(at))

    def _answer(self, row: Row) -> Iterator[Fact]:
        values, reference = row.values, f"feedback:{row.number}"
        if row.archived:
            yield Fact("survey.discarded", reference, None, None, _utc(row.created))
        elif values["hs_survey_type"] in {"NPS", "CSAT", "CES"}:
            if "hs_ticket_id" in values:
                reference = f"ticket:{values['hs_ticket_id']}"
            yield Fact("survey.answered", reference, None, self._whose("feedback_submissions", row), _utc(row.created))


def _utc(ms: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
