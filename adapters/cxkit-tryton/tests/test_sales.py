"""Till sales, orders and credit notes: which events come of a record."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from cxkit.adapters import Facts
from cxkit.model.money import Money
from cxkit_tryton.sales import credit_events, order_events, till_events
from cxkit_tryton.shop import Company, Shop, Step

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
SHOP = Shop(
    Facts("tryton:erp/shop"),
    {1: Company(ZONE, "USD", Decimal("0.01")), 2: Company(ZoneInfo("UTC"), "CHF", Decimal("0.05"))},
)
OPENED, DONE, LATER = (datetime(2026, 3, 1, hour, 59, 30, 5, tzinfo=UTC) for hour in (10, 11, 12))


def at(time: datetime) -> dict[str, object]:
    """Return a time as Tryton writes it."""
    parts = ("year", "month", "day", "hour", "minute", "second", "microsecond")
    return {"__class__": "datetime", **{part: getattr(time, part) for part in parts}}


def day(text: str) -> dict[str, object]:
    """Return a day as Tryton writes it."""
    year, month, number = map(int, text.split("-"))
    return {"__class__": "date", "year": year, "month": month, "day": number}


def exact(text: object) -> dict[str, str]:
    """Return a number as Tryton writes it."""
    return {"__class__": "Decimal", "decimal": str(text)}


def line(quantity: object, price: object) -> dict[str, object]:
    """Return a line of a till's sale."""
    return {"quantity": Decimal(str(quantity)), "unit_gross_price": exact(price)}


def till(*lines: dict[str, object], state: str = "done", date: str = "2026-03-01", **more: object) -> dict[str, object]:
    """Return a till's sale."""
    return {
        "id": 7, "number": "T7", "date": day(date), "state": state, "company": 1, "point": 3,
        "point.": {"id": 3, "name": "Front till"}, "lines.": list(lines), "create_date": at(OPENED),
        "last_modified_at": at(LATER), "steps": [Step(1, "state:done", DONE)], **more,
    }  # fmt: skip


def order(*quantities: int, state: str = "processing", total: object = "199", **more: object) -> dict[str, object]:
    """Return an order."""
    return {
        "id": 4, "number": "4", "party": 17, "sale_date": day("2026-03-01"), "state": state, "company": 1,
        "currency.": {"code": "USD"}, "total_amount": exact(total), "create_date": at(OPENED),
        "lines.": [{"quantity": Decimal(each), "type": "line"} for each in quantities],
        "last_modified_at": at(LATER), "steps": [Step(1, "state:confirmed", DONE)], "order": None, **more,
    }  # fmt: skip


def credit(state: str = "posted", **more: object) -> dict[str, object]:
    """Return a credit note."""
    return {
        "id": 5, "number": "2026-5", "party": 17, "invoice_date": day("2026-03-01"), "state": state, "company": 1,
        "currency.": {"code": "USD"}, "total_amount": exact("-50.25"), "create_date": at(OPENED),
        "last_modified_at": at(LATER), "steps": [Step(1, "button:post", DONE)], "order": "sale:4", **more,
    }  # fmt: skip


class TestTill:
    def test_a_sale_is_an_order_placed_in_the_store_when_it_was_done(self):
        """It is placed when the till closed it, not when it was opened, and by nobody in particular."""
        (event,) = till_events(SHOP, till(line(2, "12.5")))
        assert (event.id, event.time, event.amount) == ("order.placed:till:7", DONE, Money("25", "USD"))
        assert (event.channel, event.touchpoint, event.customer) == ("store", "till.3", None)

    def test_a_return_gives_back_a_positive_sum(self):
        """A negative sale is an order returned and refunded, and none placed."""
        events = list(till_events(SHOP, till(line(-2, "12.5"))))
        assert [event.kind for event in events] == ["order.returned", "order.refunded"]
        assert {event.amount for event in events} == {Money("25", "USD")}

    def test_an_exchange_is_both(self):
        """What was sold and what came back aren't netted."""
        events = {event.kind: event.amount for event in till_events(SHOP, till(line(2, "12.5"), line(-1, "199")))}
        assert events["order.placed"] == Money("25", "USD")
        assert events["order.refunded"] == Money("199", "USD")

    def test_a_discount_isnt_a_return(self):
        """A negative price lowers what was sold."""
        (event,) = till_events(SHOP, till(line(2, "12.5"), line(1, "-5")))
        assert event.amount == Money("20", "USD")

    def test_what_was_never_done_is_nothing(self):
        """A sale that is open, or was cancelled while it was, isn't one."""
        assert not list(till_events(SHOP, till(line(1, 1), state="open", steps=[])))
        steps = [Step(1, "state:cancelled", LATER)]
        assert not list(till_events(SHOP, till(line(1, 1), state="cancelled", steps=steps)))

    def test_a_sale_that_was_undone_is_cancelled(self):
        """It was placed, and stays so; that it was cancelled is told too."""
        steps = [Step(1, "state:done", DONE), Step(2, "state:open", LATER), Step(3, "state:cancelled", LATER)]
        events = list(till_events(SHOP, till(line(1, 1), state="cancelled", steps=steps)))
        assert [(event.kind, event.time) for event in events] == [("order.placed", DONE), ("order.cancelled", LATER)]

    def test_a_later_edit_doesnt_move_a_sale(self):
        """Done again after a correction, a sale was made when it was done first."""
        steps = [Step(1, "state:done", DONE), Step(2, "state:open", LATER), Step(3, "state:done", LATER)]
        (event,) = till_events(SHOP, till(line(1, 1), steps=steps))
        assert event.time == DONE

    def test_a_sale_without_a_log_is_of_when_it_was_made(self):
        """Sales that were brought in from elsewhere have none."""
        (event,) = till_events(SHOP, till(line(1, 1), state="posted", steps=[]))
        assert event.time == OPENED

    def test_a_sale_dated_another_day_is_of_that_day(self):
        """It begins at midnight where the company is."""
        (event,) = till_events(SHOP, till(line(1, 1), date="2026-02-10"))
        assert event.time == datetime(2026, 2, 10, tzinfo=ZONE)

    def test_a_company_without_small_coins_rounds_as_it_does(self):
        """Each line by the currency's rounding."""
        (event,) = till_events(SHOP, till(line(1, "1.02"), line(1, "1.03"), company=2))
        assert event.amount == Money("2.05", "CHF")

    @given(
        st.lists(
            st.tuples(st.decimals(-50, 50, places=3, allow_nan=False), st.decimals(0, 999, places=4, allow_nan=False)),
            min_size=1,
        )
    )
    def test_what_was_sold_less_what_came_back_is_the_total(self, basket):
        """The total is Tryton's: lines rounded to the even cent, one by one."""
        events = {event.kind: event.amount for event in till_events(SHOP, till(*(line(*each) for each in basket)))}
        none = Money("0", "USD")
        net = events.get("order.placed", none) - events.get("order.refunded", none)
        cent = Decimal("0.01")
        assert net.amount == sum((n * price).quantize(cent, ROUND_HALF_EVEN) for n, price in basket)


class TestOrders:
    def test_an_order_is_placed_when_it_was_confirmed(self):
        """By its party, for its total with tax."""
        (event,) = order_events(SHOP, order(1, 2))
        assert (event.kind, event.time, event.customer) == ("order.placed", DONE, "tryton:erp/shop:17")
        assert (event.reference, event.amount, event.channel) == ("sale:4", Money("199", "USD"), None)

    def test_an_order_of_the_web_shop_is_of_the_web(self):
        """Its touchpoint is the shop."""
        (event,) = order_events(SHOP, order(1, web_shop=2))
        assert (event.channel, event.touchpoint) == ("web", "shop.2")

    def test_a_quotation_isnt_an_order(self):
        """Nor is one that was cancelled before it was confirmed."""
        assert not list(order_events(SHOP, order(1, state="quotation", steps=[])))
        assert not list(order_events(SHOP, order(1, state="cancelled", steps=[Step(1, "state:cancelled", DONE)])))

    def test_a_return_names_the_order_that_it_is_of(self):
        """What is given back for it is the credit note's to say."""
        (event,) = order_events(SHOP, order(-1, total="-199", order="sale:2"))
        assert (event.kind, event.reference, event.amount) == ("order.returned", "sale:2", Money("199", "USD"))

    def test_an_order_that_was_taken_back_to_a_draft_and_cancelled(self):
        """It was placed, and cancelled."""
        steps = [Step(1, "state:confirmed", DONE), Step(2, "state:draft", LATER), Step(3, "state:cancelled", LATER)]
        events = list(order_events(SHOP, order(1, state="cancelled", steps=steps)))
        assert [(event.kind, event.time) for event in events] == [("order.placed", DONE), ("order.cancelled", LATER)]


class TestCredits:
    def test_a_posted_credit_note_is_a_refund_of_its_order(self):
        """Of the positive sum, when it was posted."""
        (event,) = credit_events(SHOP, credit())
        assert (event.id, event.time, event.reference) == ("order.refunded:credit:5", DONE, "sale:4")
        assert event.amount == Money("50.25", "USD")

    def test_a_draft_gives_back_nothing(self):
        """It may be changed, or never be posted."""
        assert not list(credit_events(SHOP, credit("draft", steps=[])))
        assert not list(credit_events(SHOP, credit("cancelled", steps=[])))

    def test_one_that_was_cancelled_after_it_was_posted_is_corrected_to_nothing(self):
        """The same event says so, for it was told before."""
        (event,) = credit_events(SHOP, credit("cancelled"))
        assert (event.id, event.amount) == ("order.refunded:credit:5", Money("0", "USD"))

    def test_one_without_an_order_stands_for_itself(self):
        """Such as one that was written by hand."""
        (event,) = credit_events(SHOP, credit(order=None))
        assert event.reference == "credit:5"
