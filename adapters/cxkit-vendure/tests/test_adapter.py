"""The adapter at a real shop: who may read, what the shop's clock hides, and what is found in spite of it."""

from __future__ import annotations

from collections import Counter

import attrs
import pytest
from tests.servers.vendure import PASSWORD, USER
from tests.servers.vendure_shop import CUP, POT, TEA

from cxkit.adapters import Secret, State, Wire
from cxkit.errors import FatalAdapterError, InvalidValueError, UnknownNameError
from cxkit_vendure import Vendure, VendureConfig

pytestmark = pytest.mark.xdist_group("vendors")  # one server for all of them
WIRE = Wire(allow_private=True, attempts=1)


def adapter(vendure, **settings):
    """Return the adapter for a shop, with its administrator's rights unless others are given."""
    who = {} if "key" in settings else {"user": USER, "password": Secret(PASSWORD)}
    return Vendure(VendureConfig(url=vendure.url, **(who | settings)), WIRE)


def pulled(reader, states=None, streams=None):
    """Read streams on; return the events by id, and where each stream then stands."""
    states, events = dict(states or {}), {}
    for stream in reader.streams():
        if streams is None or stream.name in streams:
            for page in reader.read(stream.name, states.get(stream.name, State())):
                assert not page.rejects
                events |= {event.id: event for event in page.events}
                states[stream.name] = State.loads(page.state.dumps())
    return events, states


def changed(before, after):
    """Return the events that weren't there, or were other ones."""
    return {name for name, event in after.items() if before.get(name) != event}


def test_check(vendure):
    """The shop names its channel and currency; nothing lacks to an administrator or to their key."""
    for who in ({}, {"key": Secret(vendure.new_key())}):
        check = adapter(vendure, **who).check()
        assert check.account.endswith("channel __default_channel__ (USD)")
        assert check.missing == ()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"password": Secret("wrong")}, "superadmin can't log in"),
        ({"key": Secret("wrong:key")}, "not admitted"),
        ({"channel_token": "nobody's"}, "[Nn]o [Cc]hannel.* the token .?nobody's"),
    ],
)
def test_refused(vendure, settings, words):
    """Whoever isn't admitted is told why, and no secret is in it: the shop answers all of them with status 200."""
    with pytest.raises(FatalAdapterError, match=words) as refused:
        adapter(vendure, **settings).check()
    assert "wrong" not in str(refused.value)


def test_right_that_lacks(vendure):
    """A key that may read orders alone is told which right is missing, and reads orders."""
    key = Secret(vendure.new_key(["ReadOrder"]))
    assert adapter(vendure, key=key).check().missing == ("ReadCustomer",)
    order = vendure.place_order(email="keyed@example.org")
    assert f"order.placed:{order}" in pulled(adapter(vendure, key=key), streams=["orders"])[0]


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({}, "key"),
        ({"user": "an"}, "password"),
        ({"key": Secret("k"), "user": "an", "password": Secret("p")}, "key"),
        ({"key": Secret("k"), "page": 1001}, "page"),
        ({"key": Secret("k"), "page": 0}, "page"),
        ({"key": Secret("k"), "idle_minutes": 0}, "idle_minutes"),
    ],
)
def test_settings(settings, field):
    """Settings that don't go together are named."""
    with pytest.raises(InvalidValueError) as wrong:
        VendureConfig(url="https://shop.example", **settings)
    assert wrong.value.field == field


@pytest.mark.parametrize(
    ("url", "source"),
    [
        ("https://shop.example", "vendure:shop.example"),
        ("https://shop.example/admin-api", "vendure:shop.example"),
        ("https://shop.example/tea/admin-api/", "vendure:shop.example/tea"),
    ],
)
def test_source(url, source):
    """Each shop is a source of its own, however its address is written."""
    assert Vendure(VendureConfig(url=url, key=Secret("k"))).source == source


def test_unknown_stream(vendure):
    """A stream that isn't there is an error that lists those that are."""
    with pytest.raises(UnknownNameError, match="carts, customers, orders, outcomes"):
        adapter(vendure).read("order", State())


def test_all_that_can_happen_to_an_order(vendure):
    """What the shop's clock doesn't move for is found all the same: placing, paying, delivery, refund."""
    reader = adapter(vendure, page=3)
    before, states = pulled(reader)
    order = vendure.place_order({TEA: 2, CUP: 1}, email="an@example.org", paid=False)
    (touched,) = vendure.rows('SELECT "updatedAt" FROM "order" WHERE id = ?', order)
    before, states = before | pulled(reader, states)[0], pulled(reader, states)[1]
    steps = [
        (lambda: vendure.settle(order), set()),
        (lambda: vendure.deliver(order), {f"order.delivered:{order}"}),
        (lambda: vendure.refund(order, 100, settled=False), set()),
    ]
    for step, expected in steps:
        step()
        after, states = pulled(reader, states)
        assert changed(before, after) == expected
        before |= after
    (again,) = vendure.rows('SELECT "updatedAt" FROM "order" WHERE id = ?', order)
    assert again[0][:19] == touched[0][:19]  # or orders could be read by their last change
    refund = vendure.refund(order, 250)
    after, _ = pulled(reader, states)
    assert changed(before, after) == {f"order.refunded:{refund}"}
    assert str(after[f"order.refunded:{refund}"].amount) == "2.50 USD"


def test_orders_beyond_the_window(vendure):
    """Of an order long ago a refund isn't looked for, unless a long time passed since the last pull; a change is."""
    reader = adapter(vendure, window_days=30)
    order = vendure.place_order({TEA: 2}, email="late@example.org")
    times = {"createdAt": "2026-01-01 00:00:00", "updatedAt": "2026-01-01 00:00:00"}
    vendure.backdate("order", [order], **times, orderPlacedAt="2026-01-01 00:00:00.000")
    before, states = pulled(reader)
    refund = vendure.refund(order, 100)
    after, now = pulled(reader, states)
    assert changed(before, after) == set()
    long_ago = attrs.evolve(states["outcomes"], cursor=before[f"order.placed:{order}"].ts_us + 29 * 86_400_000_000)
    after, _ = pulled(reader, states | {"outcomes": long_ago})
    assert f"order.refunded:{refund}" in changed(before, after)
    vendure.cancel(order)
    after, _ = pulled(reader, now)
    assert changed(before, after) == {f"order.refunded:{refund}", f"order.cancelled:{order}"}


def test_carts(vendure):
    """A cart is abandoned once it was left alone for long enough; one that is filled again, again."""
    reader = adapter(vendure)
    cart = vendure.fill_cart({POT: 1}, "cart@example.org")
    assert f"cart.abandoned:{cart}" not in pulled(reader)[0]
    vendure.backdate("order", [cart], updatedAt="2026-02-01 10:00:00")
    before, states = pulled(reader)
    assert before[f"cart.abandoned:{cart}"].time.isoformat() == "2026-02-01T10:00:00+00:00"
    vendure.backdate("order", [cart], updatedAt="2026-02-02 10:00:00")
    after, _ = pulled(reader, states, ["carts"])
    assert changed(before, after) == {f"cart.abandoned:{cart}"}


def test_channels(vendure):
    """The default channel has the orders of all; another has its own, in its own money, and is a source of its own."""
    saigon = "saigon"
    vendure.open_channel(saigon, "VND", 1000)
    with vendure.at(saigon):
        order = vendure.place_order({TEA: 2}, email="saigon@example.org")
    whole, _ = pulled(adapter(vendure), streams=["orders"])
    part, _ = pulled(adapter(vendure, channel_token=saigon), streams=["orders"])
    assert part.keys() == {f"cart.updated:{order}", f"order.placed:{order}"}
    (one, other) = (events[f"order.placed:{order}"] for events in (whole, part))
    assert str(one.amount) == str(other.amount) == "30005 VND"  # 3000500 of the shop's, which has two decimals for all
    assert other.source == f"{one.source}/saigon"


def test_many_at_one_time(vendure):
    """More orders at one time than a page holds are all read, and none twice at the next pull."""
    orders = [vendure.place_order(email="crowd@example.org") for _ in range(7)]
    vendure.backdate("order", orders, orderPlacedAt="2026-03-01 12:00:00.123")
    reader = adapter(vendure, page=2)
    events, states = pulled(reader, streams=["orders"])
    assert {f"order.placed:{order}" for order in orders} <= events.keys()
    again = [page for page in reader.read("orders", states["orders"]) if page.events]
    assert again == []


def test_finer_clocks(vendure):
    """Databases may keep microseconds that the shop doesn't tell: many changes within one of its milliseconds."""
    people = [vendure.register(f"fine{number}@example.org") for number in range(5)]
    vendure.backdate("customer", people, updatedAt="2026-03-01 12:00:00.123456")
    events, states = pulled(adapter(vendure, page=2), streams=["customers"])
    assert {f"account.created:{person}" for person in people} <= events.keys()
    vendure.change_customer(people[0], phoneNumber="+4366012399")
    after, _ = pulled(adapter(vendure, page=2), states, streams=["customers"])
    assert changed(events, after) == {f"identity.linked:{people[0]}:phone"}


def test_counts(vendure):
    """There are as many events of each kind as the shop's own tables tell of."""
    events, _ = pulled(adapter(vendure, page=4))
    counts = Counter(event.kind for event in events.values())
    del counts["identity.linked"]
    told = {kind: count for kind, count in vendure.counts("2026-06-01").items() if count}
    assert dict(counts) == told


def test_a_session_that_ends(vendure):
    """A login that is over in the middle of a pull is made anew."""
    reader = adapter(vendure, page=1)
    for _ in range(2):
        vendure.place_order(email="session@example.org")
    pages = reader.read("orders", State())
    first = next(pages)
    vendure.end_sessions()
    assert len({event.id for page in [first, *pages] for event in page.events}) >= 4
