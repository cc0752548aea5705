"""The adapter before a shop that is played: rights, limits, costs, and answers that can't be."""

from __future__ import annotations

import json
import time

import pytest
from tests.servers.shopify_shop import ABROAD, CLIENT_ID, CLIENT_SECRET, HOST, Shop

from cxkit.adapters import Secret, State, UnauthorizedError, Wire
from cxkit.errors import FatalAdapterError, InvalidValueError, RetriableAdapterError, UnknownNameError
from cxkit.http import Answer, Relay
from cxkit.model.money import Money
from cxkit_shopify import Shopify, ShopifyConfig


@pytest.fixture
def shop(shopify_schema):
    """Return a shop that has sold nothing."""
    return Shop()


def adapter(shop, *, wire=None, **settings):
    """Return the adapter with a token, at the shop's own time."""
    if not settings.keys() & {"token", "client_id"}:
        settings["token"] = Secret(shop.token())
    return Shopify(
        ShopifyConfig(shop=HOST, **settings),
        wire or Wire(transport=shop.transport, clock=lambda: time.time() + shop.shift),
    )


def pages(made, stream, state=None):
    """Return all pages of a stream."""
    return list(made.read(stream, state or State()))


def events(made, stream):
    """Return all events of a stream."""
    return [event for page in pages(made, stream) for event in page.events]


def test_check_names_the_shop(shop):
    """A check says whose shop it is; a right to write is one to read."""
    check = adapter(shop).check()
    assert (check.account, check.missing) == ("Tea Time (teatime.myshopify.com, EUR)", ())


def test_check_names_rights_that_lack(shop):
    """A check says which rights lack, and what comes of that."""
    shop.scopes = ["read_orders"]
    customers, older = adapter(shop).check().missing
    assert customers == "read_customers"
    assert older.startswith("read_all_orders (without it no order older than 60 days")


def test_wrong_token(shop):
    """A token that isn't one is an error at once, and isn't shown."""
    with pytest.raises(UnauthorizedError) as caught:
        adapter(shop, token=Secret("shpat_wrong")).check()
    assert "shpat_wrong" not in str(caught.value)


def test_client_credentials(shop):
    """An app's id and secret get a token, and another one when that is over."""
    made = adapter(shop, client_id=CLIENT_ID, client_secret=Secret(CLIENT_SECRET))
    made.check()
    first = set(shop.tokens)
    made.check()
    assert shop.tokens == first
    shop.tokens.clear()
    made.check()
    assert len(shop.tokens) == 1
    assert not shop.tokens & first


def test_money_of_the_customer(shop):
    """Amounts are the shop's or the customer's, whichever is set; never both."""
    shop.refund(shop.buy("10.00", abroad=True), "4.00")
    ours = [event.amount for event in events(adapter(shop), "orders") if event.amount]
    theirs = [event.amount for event in events(adapter(shop, money="customer"), "orders") if event.amount]
    assert ours == [Money("10", "EUR"), Money("4", "EUR")]
    assert theirs == [Money("12.50", ABROAD), Money("5.00", ABROAD)]


def test_settings():
    """Settings that contradict one another or can't be are refused with their names."""
    for wrong, name in [
        ({}, "token"),
        ({"token": Secret("t"), "client_id": "i", "client_secret": Secret("s")}, "token"),
        ({"client_id": "i"}, "client_secret"),
        ({"token": Secret("t"), "money": "euro"}, "money"),
        ({"token": Secret("t"), "page": 251}, "page"),
        ({"token": Secret("t"), "window_days": 0}, "window_days"),
    ]:
        with pytest.raises(InvalidValueError, match=name):
            ShopifyConfig(shop=HOST, **wrong)


@pytest.mark.parametrize(
    "name", ["tea.example.org", "", "tea.myshopify.com.example.org", "http://tea.myshopify.com", "a b"]
)
def test_token_goes_to_shopify_alone(name):
    """A shop is named as Shopify names it: its token isn't sent anywhere else."""
    with pytest.raises(InvalidValueError, match="own name"):
        ShopifyConfig(shop=name, token=Secret("t"))


def test_unknown_stream(shop):
    """A stream that there isn't is an error with those that there are."""
    with pytest.raises(UnknownNameError, match="outcomes"):
        adapter(shop).read("returns", State())


# --------------------------------------------------------------------------------------------------------------- limits


def test_waits_for_its_points(shop):
    """Where little is left in the bucket, it waits until that holds what the next question may cost."""
    now, slept = [0.0], []

    def sleep(seconds):
        slept.append(seconds)
        now[0] += seconds

    tight = Shop(bucket=64.0, restored=8.0, clock=lambda: now[0])
    for _ in range(40):
        tight.buy("1.00")
    wire = Wire(transport=tight.transport, sleep=sleep, clock=lambda: now[0])
    found = events(adapter(tight, wire=wire, token=Secret(tight.token()), page=5), "orders")
    assert len(found) == 80
    # Eight pages of 5 orders, each charged with what it holds: it takes as long as the bucket takes to fill, no longer.
    assert 10 < now[0] < 40, now
    assert len(tight.api.asked) == 8  # none of them had to be put again


def test_throttled_waits_as_long_as_it_takes(shop):
    """A question that is refused for its cost, with status 200, is put again when the bucket holds it."""
    now, slept = [0.0], []

    def sleep(seconds):
        slept.append(seconds)
        now[0] += seconds

    tight = Shop(bucket=60.0, restored=10.0, clock=lambda: now[0])
    tight.buy("1.00")
    tight.api.available = 0.0  # another program of the same app's has just spent it
    wire = Wire(transport=tight.transport, sleep=sleep, clock=lambda: now[0])
    found = events(adapter(tight, wire=wire, token=Secret(tight.token()), page=5), "orders")
    assert len(found) == 2
    assert len(slept) == 1
    assert 5.0 <= slept[0] < 5.6  # 50 points at 10 a second, and a tenth at the most


def test_throttled_for_good(shop):
    """A bucket that never fills is an error that says to try later."""
    tight = Shop(bucket=60.0, restored=1e-3)
    tight.api.available = 0.0
    wire = Wire(transport=tight.transport, sleep=lambda _seconds: None)
    with pytest.raises(RetriableAdapterError, match="throttled"):
        pages(adapter(tight, wire=wire, token=Secret(tight.token()), page=5), "orders")


def test_page_that_costs_too_much(shop):
    """A page for which Shopify would charge more than it allows is an error that names the limit."""
    with pytest.raises(FatalAdapterError, match="MAX_COST_EXCEEDED"):
        pages(adapter(shop, page=250), "orders")


def test_more_than_one_list_holds(shop):
    """No list is read deeper than its first page: Shopify ends each at 25,000 records."""
    for _ in range(12):
        shop.buy("1.00")
    assert sum(page.records for page in pages(adapter(shop, page=5), "orders")) == 12
    assert not any("after" in asked for asked in shop.api.asked)


# -------------------------------------------------------------------------------------------------------- what is read


def test_outcomes_look_back(shop):
    """A parcel that arrives moves no order's time: it is seen as long as the order is within its window."""
    early, late = shop.buy("1.00"), shop.buy("2.00")
    for each in (early, late):
        shop.send(each)
    shop.orders[early]["created"] = "2026-01-01T00:00:00Z"
    made = adapter(shop, window_days=30)
    shop.shift += 3600
    shop.arrive(early)
    shop.arrive(late)
    found = [event for event in events(made, "outcomes") if event.kind == "order.delivered"]
    assert [event.reference for event in found] == [f"{made.source}:{late}"]


def test_window_is_counted_from_the_last_pull(shop):
    """Who hasn't pulled for long gets what happened to orders that were in their window then."""
    sent = shop.buy("1.00")
    shop.send(sent)
    made = adapter(shop, window_days=3)
    last = pages(made, "outcomes")[-1].state
    shop.shift += 9 * 86_400
    shop.arrive(sent)
    found = [event.kind for page in pages(made, "outcomes", last) for event in page.events]
    assert "order.delivered" in found


def test_checkout_in_use_is_left_alone(shop):
    """A checkout that somebody has just touched isn't abandoned; it is later, also if the pull before passed it."""
    shop.leave("5.00")
    made = adapter(shop, idle_minutes=30)
    (before,) = pages(made, "checkouts")
    assert before.events == ()
    shop.shift += 31 * 60
    (after,) = pages(made, "checkouts", before.state)
    assert [event.kind for event in after.events] == ["checkout.started", "cart.abandoned"]


def test_recovered_checkout_is_an_order(shop):
    """Of a checkout that became an order the order alone tells."""
    left = shop.leave("5.00")
    shop.shift += 7200
    shop.recover(left)
    made = adapter(shop)
    assert events(made, "checkouts") == []
    assert [event.kind for event in events(made, "orders")] == ["cart.updated", "order.placed"]


def test_refund_that_succeeds_later(shop):
    """Money that is on its way back isn't given back yet; when it is, that is seen without the order's time moving."""
    order = shop.buy("9.00")
    shop.refund(order, "9.00", status="PENDING")
    made = adapter(shop)
    assert [event.kind for event in events(made, "outcomes")] == ["cart.updated", "order.placed"]
    shop.orders[order]["refunds"][0]["transactions"][0]["status"] = "SUCCESS"
    assert events(made, "outcomes")[-1].amount == Money("9", "EUR")


def test_refunds_beyond_reach_reject_one_order(shop):
    """An order with more refunds than can be read is rejected by name, and the others are read."""
    odd, good = shop.buy("100.00"), shop.buy("5.00")
    for _ in range(40):
        shop.refund(odd, "0.01")
    (page,) = pages(adapter(shop), "orders")
    assert [reject.record for reject in page.rejects] == [f"orders {odd}"]
    assert {event.reference for event in page.events} == {f"shopify:{HOST}:{good}"}


def test_order_deleted_while_it_is_read(shop):
    """An order that is gone when it is looked at closely is gone."""
    lost, kept = shop.buy("1.00"), shop.buy("2.00")
    shop.refund(lost, "1.00")

    def answer(sent, pass_on):
        said = pass_on()
        shop.orders.pop(lost, None)
        return said

    wire = Wire(transport=Relay(answer, shop.transport))
    found = events(adapter(shop, wire=wire, token=Secret(shop.token())), "orders")
    assert {event.reference for event in found} == {f"shopify:{HOST}:{kept}"}


@pytest.mark.parametrize("spoil", ["turned", "twice", "another"])
def test_answers_that_cannot_be(shop, spoil):
    """A list out of order, a record told twice and an order in place of another are errors, and no silent loss."""
    one, other = shop.buy("1.00"), shop.buy("2.00")
    shop.refund(other, "1.00")

    def answer(sent, pass_on):
        said = pass_on()
        body = json.loads(said.body)
        if "orders" in body["data"] and spoil != "another":
            nodes = body["data"]["orders"]["nodes"]
            body["data"]["orders"]["nodes"] = nodes[::-1] if spoil == "turned" else nodes[:1] * 2
        elif "order" in body["data"] and spoil == "another":
            body["data"]["order"]["legacyResourceId"] = str(one)
        return Answer(said.status, said.headers, json.dumps(body).encode())

    made = adapter(shop, wire=Wire(transport=Relay(answer, shop.transport)), token=Secret(shop.token()))
    with pytest.raises(FatalAdapterError):
        pages(made, "orders")


def test_no_token_in_the_answer(shop):
    """An answer without a token is an error that says where to look."""
    wire = Wire(transport=Relay(lambda _sent, _pass_on: Answer(200, {}, b'{"scope": ""}')))
    with pytest.raises(FatalAdapterError, match="is the app installed"):
        adapter(shop, wire=wire, client_id=CLIENT_ID, client_secret=Secret(CLIENT_SECRET)).check()
