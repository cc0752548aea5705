"""Webhooks: whom they are believed, and that they tell what a pull tells."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.servers.shopify_shop import HOST, Shop

from cxkit.adapters import Request, Secret, State, Wire
from cxkit.errors import BadSignatureError, InvalidValueError
from cxkit.signatures import sign_shopify
from cxkit_shopify import Shopify, ShopifyConfig
from cxkit_shopify.webhooks import Merge, subject_of

NEW, OLD = Secret("the new one"), Secret("the one before")


@pytest.fixture
def shop(shopify_schema):
    """Return a shop in which something happened to an order."""
    made = Shop()
    who = made.register("an@example.org", "+436601234567")
    order = made.buy("19.99", who)
    made.refund(order, "4.35")
    made.send(order)
    made.arrive(order)
    made.cancel(order)
    return made


def adapter(shop, **settings):
    """Return the adapter with two secrets of webhooks."""
    settings = {"webhook_secret": NEW, "former_webhook_secret": OLD, **settings}
    config = ShopifyConfig(shop=HOST, token=Secret(shop.token()), **settings)
    return Shopify(config, Wire(transport=shop.transport))


def webhook(body, secret=NEW, **headers):
    """Return a webhook with a body."""
    given = {"X-Shopify-Shop-Domain": HOST, **headers}
    return sign_shopify(Request("POST", "https://ours.example/hook", given, json.dumps(body).encode()), secret)


def about(kind, number, /, **more):
    """Return the body of a webhook about a record."""
    return {"id": number, "admin_graphql_api_id": f"gid://shopify/{kind}/{number}", **more}


def pulled(made, stream):
    """Return what a pull gives."""
    return {event for page in made.read(stream, State()) for event in page.events}


def bodies(order):
    """Return what Shopify sends of an order, its refund, its fulfilment and a transaction."""
    return [
        about("Order", order["id"], total_price="1.00", email="else@example.org"),
        about("Refund", order["refunds"][0]["id"], order_id=order["id"]),
        about("Fulfillment", 17, order_id=order["id"], status="success"),
        about("FulfillmentEvent", 18, order_id=order["id"], status="delivered"),
        about("OrderTransaction", 19, order_id=order["id"], kind="refund"),
    ]


def test_same_events_as_a_pull(shop):
    """Whatever is sent about an order gives all its events as they are now, to the last column as a pull does."""
    made = adapter(shop)
    (order,) = shop.orders.values()
    expected = pulled(made, "orders")
    assert len(expected) == 5
    for body in bodies(order):
        assert set(made.receive(webhook(body))) == expected


def test_customer(shop):
    """What is sent about a customer gives the address and the number."""
    made = adapter(shop)
    (customer,) = shop.customers
    assert set(made.receive(webhook(about("Customer", customer)))) == pulled(made, "customers")


def test_former_secret(shop):
    """After the secret was changed both are good; without the former it isn't."""
    (order,) = shop.orders
    body = about("Order", order)
    assert list(adapter(shop).receive(webhook(body, OLD)))
    with pytest.raises(BadSignatureError):
        adapter(shop, former_webhook_secret=None).receive(webhook(body, OLD))


def test_client_secret_signs(shop):
    """An app's webhooks are signed with its secret, so that it needn't be given twice."""
    config = ShopifyConfig(shop=HOST, client_id="i", client_secret=NEW)
    assert config.signers == (NEW,)
    with pytest.raises(InvalidValueError, match="secrets"):
        adapter(shop, webhook_secret=None, former_webhook_secret=None).receive(webhook(about("Order", 1)))


def test_headers_are_not_believed(shop):
    """The headers that name shop and topic aren't signed, so that they change nothing."""
    made = adapter(shop)
    (order,) = shop.orders
    told = webhook(about("Order", order), **{"X-Shopify-Topic": "customers/redact"})
    lying = Request("POST", told.url, {**told.headers, "x-shopify-shop-domain": "evil.myshopify.com"}, told.body)
    assert set(made.receive(lying)) == pulled(made, "orders")


def test_another_shops_record(shop):
    """What one shop's app was sent and somebody sends on to another shop's says nothing there, though it is signed."""
    made = adapter(shop)
    for body in (
        about("Order", 1),
        about("Refund", 2, order_id=3),
        about("Customer", 4),
        _merge(5, 6),
    ):
        assert list(made.receive(webhook(body))) == []


def test_merge(shop):
    """Customers that were merged are one: the pull can't see that, the webhook tells."""
    made = adapter(shop)
    (kept,) = shop.customers
    gone = shop.register("other@example.org")
    assert list(made.receive(webhook(_merge(kept, gone)))) == []  # both are there: it wasn't done
    shop.merge(kept, gone)
    *_, link = made.receive(webhook(_merge(kept, gone)))
    assert (link.kind, link.customer, link.reference) == (
        "identity.linked", f"{made.source}:{kept}", f"{made.source}:{gone}",
    )  # fmt: skip
    assert list(made.receive(webhook(_merge(kept, gone, status="failed")))) == []


@pytest.mark.parametrize(
    ("body", "subject"),
    [
        (about("Order", 7), ("Order", 7)),
        (about("Product", 7), None),
        ({"id": 7}, None),
        ({"id": "abc", "token": "abc", "line_items": []}, None),
        ({"shop_id": 1, "customer": {"id": 2}, "orders_to_redact": [3]}, None),
        ({"order_id": "7"}, None),
        ({"order_id": True, "admin_graphql_api_id": "gid://shopify/Order/x"}, None),
    ],
)
def test_subject(body, subject):
    """Bodies say what they are about; those of other things bring nothing."""
    assert subject_of(json.dumps(body).encode()) == subject


def test_subject_of_a_merge():
    """A merge names two customers, and only counts when it is done."""
    assert subject_of(json.dumps(_merge(1, 2)).encode()) == Merge(1, 2)
    assert subject_of(json.dumps(_merge(1, 2, status="in_progress")).encode()) is None


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b"\xff", b"{", b"[" * 100_000])
def test_no_webhook(body):
    """What isn't a JSON object is refused by name, whoever signed it."""
    with pytest.raises(InvalidValueError, match="body"):
        subject_of(body)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "order_id",
                "admin_graphql_api_id",
                "status",
                "admin_graphql_api_customer_kept_id",
                "admin_graphql_api_customer_deleted_id",
            ]
        ),
        json_values | st.sampled_from(["gid://shopify/Customer/1", "gid://shopify/Order/2", "completed"]),
    )
)
def test_any_object_has_a_subject_or_none(body):
    """No object that is signed can make it stumble."""
    subject = subject_of(json.dumps(body).encode())
    assert subject is None or all(isinstance(part, int | str) for part in subject)


def _merge(kept, gone, status="completed"):
    return {
        "admin_graphql_api_customer_kept_id": f"gid://shopify/Customer/{kept}",
        "admin_graphql_api_customer_deleted_id": f"gid://shopify/Customer/{gone}",
        "admin_graphql_api_job_id": None,
        "status": status,
        "errors": [],
    }
