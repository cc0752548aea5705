"""Opportunities, complaints and identities: which events come of a record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from cxkit.adapters import Facts
from cxkit.errors import InvalidValueError
from cxkit.model.money import Money
from cxkit_tryton.relations import complaint_events, contact_events, merged_events, opportunity_events
from cxkit_tryton.shop import Company, Shop, Step
from cxkit_tryton.tagged import day_of, time_of

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
SHOP = Shop(Facts("tryton:erp/shop"), {1: Company(ZONE, "USD", Decimal("0.01"))})
OPENED = datetime(2026, 3, 1, 9, tzinfo=UTC)
DAY = {"__class__": "date", "year": 2026, "month": 3, "day": 1}


def at(hours: int) -> datetime:
    """Return a time so many hours after the opening."""
    return OPENED + timedelta(hours=hours)


def tagged(time: datetime) -> dict[str, object]:
    """Return a time as Tryton writes it."""
    parts = ("year", "month", "day", "hour", "minute", "second", "microsecond")
    return {"__class__": "datetime", **{part: getattr(time, part) for part in parts}}


def steps(*words: str) -> list[Step]:
    """Return a log, a line an hour."""
    return [Step(number, word, at(number)) for number, word in enumerate(words, 1)]


def opportunity(state: str, *words: str, sales: list[Step] | None = None, **more: object) -> dict[str, object]:
    """Return an opportunity with its log."""
    return {
        "id": 3, "number": "3", "party": 17, "company": 1, "currency.": {"code": "USD"},
        "amount": {"__class__": "Decimal", "decimal": "500"}, "start_date": DAY, "end_date": None, "state": state,
        "lost_reason": None, "sales": [], "create_date": tagged(OPENED), "last_modified_at": tagged(at(9)),
        "steps": steps(*words), "sales_steps": sales or [], **more,
    }  # fmt: skip


def complaint(state: str, *words: str, **more: object) -> dict[str, object]:
    """Return a complaint with its log."""
    return {
        "id": 8, "number": "8", "customer": 17, "company": 1, "date": DAY, "state": state, "type.": {"name": "Sale"},
        "origin": None, "actions.": [{"action": "sale_return"}], "create_date": tagged(OPENED),
        "last_modified_at": tagged(at(9)), "steps": steps(*words), "order": "sale:4", **more,
    }  # fmt: skip


def told(events):
    """Return each event's kind and how many hours after the opening it happened."""
    return [(event.kind, (event.time - OPENED) // timedelta(hours=1)) for event in events]


class TestOpportunities:
    def test_a_lead_is_opened(self):
        """By its party, with the amount that is hoped for."""
        (event,) = opportunity_events(SHOP, opportunity("lead"))
        assert (event.id, event.time, event.amount) == ("lead.opened:opportunity:3", OPENED, Money("500", "USD"))
        assert (event.customer, event.reference) == ("tryton:erp/shop:17", "opportunity:3")

    def test_a_deal_is_won_when_its_sale_is_confirmed(self):
        """Tryton logs that of the sale alone."""
        sales = [Step(9, "state:quotation", at(3)), Step(10, "state:confirmed", at(4))]
        won = opportunity("won", "state:opportunity", "state:converted", sales=sales, end_date=DAY)
        expected = [("lead.opened", 0), ("opportunity.opened", 1), ("opportunity.won", 4)]
        assert told(opportunity_events(SHOP, won)) == expected

    def test_a_lead_that_is_lost_was_no_deal(self):
        """Tryton logs the click alone."""
        lost = opportunity("lost", "button:lost", end_date=DAY, lost_reason="too dear")
        events = list(opportunity_events(SHOP, lost))
        assert told(events) == [("lead.opened", 0), ("lead.lost", 1)]
        assert events[-1].data["reason"] == "too dear"

    def test_all_turns_are_told_whenever_it_is_read(self):
        """Lost, taken up again, made a deal, lost: a pull at the end tells as much as many on the way."""
        words = ("button:lost", "state:lead", "state:opportunity", "button:lost")
        assert told(opportunity_events(SHOP, opportunity("lost", *words, end_date=DAY))) == [
            ("lead.opened", 0), ("opportunity.opened", 3), ("lead.lost", 1), ("lead.reopened", 2),
            ("opportunity.lost", 4),
        ]  # fmt: skip

    def test_each_turn_has_an_id_of_its_own(self):
        """Or the second loss would replace the first."""
        words = ("state:opportunity", "button:lost", "state:lead", "state:opportunity", "button:lost")
        ids = [event.id for event in opportunity_events(SHOP, opportunity("lost", *words))]
        assert len(set(ids)) == len(ids)

    def test_a_deal_whose_sales_were_taken_up_again_is_reopened(self):
        """It is converted a second time."""
        words = ("state:opportunity", "state:converted", "state:converted")
        assert told(opportunity_events(SHOP, opportunity("converted", *words)))[-1] == ("opportunity.reopened", 3)

    def test_a_click_that_moves_nothing_is_nothing(self):
        """Tryton logs it nevertheless."""
        words = ("button:lost", "button:lost")
        assert told(opportunity_events(SHOP, opportunity("lost", *words))) == [("lead.opened", 0), ("lead.lost", 1)]

    def test_without_a_log_the_day_stands(self):
        """It begins at midnight where the company is, and never before the opening."""
        day = {"__class__": "date", "year": 2026, "month": 3, "day": 5}
        lost = opportunity("lost", end_date=day)
        assert [event.time for event in opportunity_events(SHOP, lost)][-1] == datetime(2026, 3, 5, tzinfo=ZONE)
        early = opportunity("won", end_date=day | {"month": 1})
        expected = [("lead.opened", 0), ("opportunity.opened", 0), ("opportunity.won", 0)]
        assert told(opportunity_events(SHOP, early)) == expected

    def test_an_amount_may_lack(self):
        """Nobody knows yet."""
        (event,) = opportunity_events(SHOP, opportunity("lead", amount=None, party=None))
        assert (event.amount, event.customer) == (None, None)


class TestComplaints:
    def test_a_complaint_is_a_contact(self):
        """It names the order that it is about."""
        (event,) = complaint_events(SHOP, complaint("draft"))
        assert (event.id, event.reference, event.time) == ("contact.opened:complaint:8", "complaint:8", OPENED)
        assert event.data["order"] == "sale:4"

    def test_it_is_resolved_when_what_was_agreed_is_done(self):
        """Not when that was approved."""
        events = list(complaint_events(SHOP, complaint("done", "state:waiting", "state:approved", "state:done")))
        assert told(events) == [("contact.opened", 0), ("contact.resolved", 3)]
        assert (events[-1].data["outcome"], events[-1].data["actions"]) == ("done", ["sale_return"])

    def test_a_rejection_resolves_too(self):
        """The outcome says which it was."""
        *_, event = complaint_events(SHOP, complaint("rejected", "state:waiting", "state:rejected"))
        assert (event.kind, event.data["outcome"]) == ("contact.resolved", "rejected")

    def test_it_may_be_taken_up_again(self):
        """Each time is an event; a draft that was only put back from waiting isn't."""
        words = ("state:waiting", "state:draft", "state:waiting", "state:rejected", "state:draft", "state:cancelled")
        assert told(complaint_events(SHOP, complaint("cancelled", *words))) == [
            ("contact.opened", 0), ("contact.resolved", 4), ("contact.reopened", 5), ("contact.cancelled", 6),
        ]  # fmt: skip

    def test_without_a_log_its_last_change_resolved_it(self):
        """There is nothing else to go by."""
        assert told(complaint_events(SHOP, complaint("done"))) == [("contact.opened", 0), ("contact.resolved", 9)]


class TestIdentities:
    def contact(self, kind: str, value: str, compact: str | None = None) -> dict[str, object]:
        """Return a way to reach a party."""
        return {
            "id": 1,
            "type": kind,
            "value": value,
            "value_compact": compact,
            "party": 17,
            "create_date": tagged(OPENED),
        }

    def test_an_address_and_a_number_tie_a_party(self):
        """Each way to reach somebody is a link of its own."""
        (email,) = contact_events(SHOP, self.contact("email", "Lan@Example.org"))
        (phone,) = contact_events(SHOP, self.contact("mobile", "+84 912 345 678", "+84912345678"))
        assert (email.kind, email.customer, email.reference) == (
            "identity.linked", "tryton:erp/shop:17", "email:lan@example.org",
        )  # fmt: skip
        assert (phone.reference, phone.time) == ("phone:+84912345678", OPENED)

    def test_what_is_no_address_ties_nobody(self):
        """Nor does a number without its country."""
        assert not list(contact_events(SHOP, self.contact("email", "ask at the desk")))
        assert not list(contact_events(SHOP, self.contact("phone", "024 3825 1234")))

    def test_a_party_that_is_replaced_is_the_one_that_replaces_it(self):
        """So what was told of it before stays the person's."""
        (event,) = merged_events(SHOP, {"id": 5, "replaced_by": 6, "create_date": tagged(OPENED)})
        assert (event.customer, event.reference) == ("tryton:erp/shop:5", "tryton:erp/shop:6")


def test_what_isnt_as_tryton_writes_it_is_refused():
    """An untagged value would be taken for something else."""
    with pytest.raises(InvalidValueError, match="isn't a datetime"):
        time_of({"year": 2026})
    with pytest.raises(InvalidValueError, match="isn't a date"):
        day_of(tagged(OPENED))
