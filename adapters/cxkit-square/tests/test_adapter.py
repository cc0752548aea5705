"""What the adapter asks of Square, and whom it takes for whom."""

from __future__ import annotations

import json

import attrs
import pytest
from tests.servers.square import TOKEN
from tests.servers.square_shop import MERCHANT, person, refer

from cxkit.adapters import Secret, State, Wire, configured
from cxkit.errors import FatalAdapterError, InvalidValueError, UnknownNameError
from cxkit.http import Relay
from cxkit_square import SquareConfig


@pytest.fixture
def heard(square):
    """Return the requests that reach Square."""
    calls = []

    def hear(sent, pass_on):
        calls.append(sent)
        return pass_on()

    relay = Relay(hear, square.inner)
    square.wire = Wire(transport=relay, attempts=1)
    yield calls
    relay.close()


def events(adapter, stream, state=None):
    """Return the events of a stream."""
    return [event for page in adapter.read(stream, state or State()) for event in page.events]


def locations(found):
    """Return where events were."""
    return {json.loads(event.properties)["location"] for event in found}


def bodies(heard, path):
    """Return what was sent to a path."""
    return [json.loads(sent.body) for sent in heard if sent.url.endswith(path)]


def test_check(square, heard):
    """The check says whose account it is, and which rights lack."""
    assert square.adapter(square.wire).check().account == f"Beans & Co ({MERCHANT})"
    square.api.scopes = ("ORDERS_READ", "MERCHANT_PROFILE_READ")
    missing = square.adapter(square.wire).check().missing
    assert missing == ("CUSTOMERS_READ", "PAYMENTS_READ", "LOYALTY_READ")


def test_another_seller(square, made, heard):
    """A token of another seller than the one that is named is an error, before anything is read."""
    other = made(token=Secret(TOKEN), wire=square.wire, merchant="M2")
    for call in (other.check, lambda: other.read("rewards", State())):
        with pytest.raises(FatalAdapterError, match=f"the token is of the seller {MERCHANT}, and merchant is M2"):
            call()


def test_more_than_ten_locations(square, heard):
    """Orders of all locations are read, ten of them at a time."""
    for location in square.shop.locations:
        square.shop.sell(100, location)
    square.shop.close_location("L12")
    found = events(square.adapter(square.wire), "orders")
    assert locations(found) == {f"L{number:02d}" for number in range(1, 13)}
    asked = [tuple(body["location_ids"]) for body in bodies(heard, "orders/search")]
    assert {len(each) for each in asked} == {10, 2}


def test_some_locations(square, made, heard):
    """Where locations are named, only those are read; one that isn't there is an error."""
    for location in ("L01", "L02", "L11"):
        square.shop.sell(100, location)
    some = made(token=Secret(TOKEN), wire=square.wire, locations=("L11", "L02"))
    for stream in ("orders", "payments"):
        assert locations(events(some, stream)) == {"L02", "L11"}
    with pytest.raises(UnknownNameError, match="L13"):
        made(token=Secret(TOKEN), wire=square.wire, locations=("L13",)).read("orders", State())


def test_no_more_than_a_list_gives(square, made, heard):
    """However large the pages, none is asked to be larger than its list allows."""
    large = made(token=Secret(TOKEN), wire=square.wire, page=1000)
    for stream in large.streams():
        list(large.read(stream.name, State()))
    limits = {sent.url.rpartition("v2/")[2]: json.loads(sent.body)["limit"] for sent in heard if sent.body}
    assert limits == {
        "orders/search": 1000, "customers/search": 100, "loyalty/accounts/search": 200, "loyalty/events/search": 30,
    }  # fmt: skip
    assert all("limit=100&" in sent.url for sent in heard if "updated_at" in sent.url)


@pytest.mark.parametrize("place", ["L99 abc", "L03 abc", "abc"])
def test_cursor_that_is_over(place, square, heard):
    """Where Square doesn't know a cursor any more, or a location is gone, the sweep begins anew."""
    sold = {refer(square.shop.sell(100, location)) for location in ("L01", "L03", "L11")}
    for stream in ("orders", "payments"):
        found = events(square.adapter(square.wire), stream, State(token=place, began=1))
        assert {event.reference for event in found} == sold


def test_goes_on_in_the_middle(square, heard):
    """A sweep that was cut off goes on at the location where it stood."""
    square.shop.sell(100, "L01")
    later = {refer(square.shop.sell(100, location)) for location in ("L03", "L11")}
    found = events(square.adapter(square.wire), "payments", State(token="L03", began=1))  # noqa: S106 - a place
    assert {event.reference for event in found} == later


def test_refund_of_years_ago(square, heard):
    """What was refunded more than a year ago is read too, which Square leaves out unless it is asked for it."""
    with square.shop.stopped(1_600_000_000_000):
        sale = square.shop.sell(1999)
        square.shop.refund(sale, 500)
    (back,) = events(square.adapter(square.wire), "refunds")
    assert (back.reference, back.amount.minor, back.time.year) == (refer(sale), 500, 2020)
    (paid,) = events(square.adapter(square.wire), "payments")
    assert paid.amount.minor == 1999


def test_merged_customers(square, heard):
    """A sale to a customer who was merged says whom they went into, at the end of a chain of merges."""
    shop = square.shop
    one, two, three = (shop.register(f"{name}@example.org") for name in ("one", "two", "three"))
    shop.sell(100, "L01", one)
    last = shop.merge(shop.merge(one, two), three)
    sale, link = events(square.adapter(square.wire), "orders")
    assert sale.customer == person(one)
    assert (link.customer, link.reference) == (person(last), person(one))


def test_deleted_customer(square, heard):
    """A customer who was deleted keeps what they bought."""
    customer = square.shop.register("an@example.org")
    square.shop.sell(100, "L01", customer)
    square.shop.delete_customer(customer)
    assert [event.customer for event in events(square.adapter(square.wire), "orders")] == [person(customer)]


def test_settings():
    """Settings come as text too; what can't be is refused by name."""
    given = {"merchant": "M", "token": "t", "locations": "L1,L2", "channels": "Square Online=web, DoorDash=marketplace"}
    config = configured("square", SquareConfig, given, environment={})
    assert config.locations == ("L1", "L2")
    assert config.channels == ("Square Online=web", "DoorDash=marketplace")
    with pytest.raises(InvalidValueError, match="page"):
        attrs.evolve(config, page=1001)
    with pytest.raises(InvalidValueError, match="channels"):
        attrs.evolve(config, channels=("DoorDash",))


def test_unknown_stream(square, heard):
    """A stream that isn't there is an error at once."""
    with pytest.raises(UnknownNameError, match="carts"):
        square.adapter(square.wire).read("carts", State())
