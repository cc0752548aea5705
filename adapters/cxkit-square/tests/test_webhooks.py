"""Webhooks: the same events as a pull, whatever they bring; and nothing that isn't Square's."""

from __future__ import annotations

import json

import attrs
import pytest
from tests.servers.square import HOOK, KEY
from tests.servers.square_shop import person

from cxkit.adapters import Request, Secret, Wire
from cxkit.api.pull import pull
from cxkit.errors import BadSignatureError, InvalidValueError
from cxkit.signatures import sign_square
from cxkit.store import open_store

UPDATES = {
    "order.created": ("OrderCreatedEvent", "orders", "order_created"),
    "order.updated": ("OrderUpdatedEvent", "orders", "order_updated"),
    "order.fulfillment.updated": ("OrderFulfillmentUpdatedEvent", "orders", "order_fulfillment_updated"),
    "refund.created": ("RefundCreatedEvent", "refunds", "refund"),
    "refund.updated": ("RefundUpdatedEvent", "refunds", "refund"),
    "payment.created": ("PaymentCreatedEvent", "payments", "payment"),
    "payment.updated": ("PaymentUpdatedEvent", "payments", "payment"),
    "customer.created": ("CustomerCreatedEvent", "customers", "customer"),
    "customer.updated": ("CustomerUpdatedEvent", "customers", "customer"),
    "loyalty.account.created": ("LoyaltyAccountCreatedEvent", "accounts", "loyalty_account"),
    "loyalty.account.updated": ("LoyaltyAccountUpdatedEvent", "accounts", "loyalty_account"),
    "loyalty.event.created": ("LoyaltyEventCreatedEvent", "ledger", "loyalty_event"),
}


@pytest.fixture
def adapter(square):
    """Return an adapter to the played Square."""
    return square.adapter(Wire(transport=square.inner, attempts=1))


def notice(square, kind, record, **more):
    """Return the notification of a record."""
    schema, _, name = UPDATES[kind]
    about = {"order_id": record["id"], "state": record["state"]} if name.startswith("order") else record
    return square.notice(kind, schema, record["id"], {name: about, **more})


@pytest.mark.parametrize("kind", UPDATES)
def test_same_as_a_pull(kind, square, adapter):
    """Every record of every kind gives by webhook just the events that a pull gives, under the same ids."""
    square.sell()
    with open_store(":memory:") as store:
        pull(adapter, store, identity="raw")
        pulled = set(store.events())
    told = [
        event
        for record in getattr(square.shop, UPDATES[kind][1]).values()
        for event in adapter.receive(notice(square, kind, record))
    ]
    assert told
    assert set(told) <= pulled


def test_merge(square, adapter):
    """The notification of a customer who was made of others says who they were."""
    one, two = square.shop.register("one@example.org"), square.shop.register(phone="+442079460018")
    made = square.shop.merge(one, two)
    context = {"merge": {"from_customer_ids": [one, two], "to_customer_id": made}}
    request = notice(square, "customer.created", square.shop.customers[made], event_context=context)
    links = {event.reference: event.customer for event in adapter.receive(request)}
    who = person(made)
    assert links == {"email:one@example.org": who, "phone:+442079460018": who, person(one): who, person(two): who}


def test_not_ours(square, adapter):
    """What concerns another seller, or what isn't read, brings nothing."""
    square.sell()
    (order, *_) = square.shop.orders.values()
    about = {"order_created": {"order_id": order["id"]}}
    assert adapter.receive(square.notice("order.created", "OrderCreatedEvent", order["id"], about))
    assert not adapter.receive(square.notice("order.created", "OrderCreatedEvent", order["id"], about, merchant="M2"))
    assert not adapter.receive(square.notice("order.created", "OrderCreatedEvent", "O99999", about))
    body = {"merchant_id": square.shop.merchant, "type": "inventory.count.updated", "data": {}}
    assert not adapter.receive(sign_square(Request("POST", HOOK, {}, json.dumps(body).encode()), Secret(KEY)))


def test_behind_a_proxy(square, adapter):
    """The address that is signed is the subscription's, whatever the application sees of it."""
    square.sell()
    request = attrs.evolve(square.deliver(), url="http://10.0.0.7:8000/hooks/square")
    assert adapter.receive(request)
    with pytest.raises(BadSignatureError):
        adapter.receive(sign_square(attrs.evolve(request, url=f"{HOOK}/"), Secret(KEY)))


@pytest.mark.parametrize("lacks", ["signature_key", "notification_url"])
def test_settings(lacks, square, made):
    """Without the key or the address nothing is taken, and the error says which."""
    square.sell()
    adapter = made(token=Secret("t"), wire=Wire(transport=square.inner), **{lacks: None})
    with pytest.raises(InvalidValueError, match=lacks):
        adapter.receive(square.deliver())


OURS = b'{"type": "refund.created", "merchant_id": "M1PLAYEDSHOP"'


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"null", b"{}", b"\xff", b"[" * 100_000, b'{"type": "refund.created"}', b'{"type": ["a"]}',
        OURS + b"}", OURS + b', "data": 3}', OURS + b', "data": {"id": "R", "object": {"refund": 3}}}',
        OURS + b', "data": {"id": "R", "object": {"refund": {"status": "COMPLETED"}}}}',
    ],
)  # fmt: skip
def test_unreadable(body, adapter):
    """A body that is Square's by its signature, and can't be read, is refused as such."""
    with pytest.raises(InvalidValueError):
        adapter.receive(sign_square(Request("POST", HOOK, {}, body), Secret(KEY)))
