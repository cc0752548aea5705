"""The questions of the adapter, held against the schema that Shopify publishes."""

from __future__ import annotations

import pytest
from graphql import parse, validate
from tests.servers.shopify import VERSION, filters, schema
from tests.servers.shopify_api import MOST_A_QUERY
from tests.servers.shopify_cost import cost_of
from tests.servers.shopify_shop import HOST, Shop

from cxkit.adapters import Secret, State, Wire
from cxkit_shopify import Shopify, ShopifyConfig, queries

SHOP, CUSTOMER = queries.queries("shop"), queries.queries("customer")
QUESTIONS = {
    "shop": queries.SHOP,
    "customers": queries.CUSTOMERS,
    "customer": queries.CUSTOMER,
    "merged": queries.MERGED,
    "orders in the shop's money": SHOP.orders,
    "orders in the customer's money": CUSTOMER.orders,
    "an order in the shop's money": SHOP.order,
    "an order in the customer's money": CUSTOMER.order,
    "checkouts in the shop's money": SHOP.checkouts,
    "checkouts in the customer's money": CUSTOMER.checkouts,
}


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_question_is_valid(question, shopify_schema):
    """Shopify's schema knows everything that is asked for, and deprecates none of it."""
    document = parse(question)
    assert validate(shopify_schema, document) == []
    assert _deprecated(shopify_schema, document) == []


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_question_is_affordable(question, shopify_schema):
    """With pages as large as they are by default no question passes what one may cost, however lists are counted."""
    page = ShopifyConfig(shop=HOST, token=Secret("t")).page
    assert 0 < cost_of(parse(question), {"first": page}) <= MOST_A_QUERY


def test_version(shopify_schema):
    """What is asked is of the version that the tests know."""
    assert queries.VERSION == VERSION


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        ("orders", {"id", "updated_at", "created_at"}),
        ("customers", {"id", "updated_at"}),
        ("abandonedCheckouts", {"id", "updated_at"}),
    ],
)
def test_filters_are_documented(field, wanted, shopify_schema):
    """The lists can be searched by what the adapter searches them by: what is unknown there is passed over silently."""
    assert wanted <= filters(field)


@pytest.mark.parametrize(
    ("scalar", "wrong"),
    [("DateTime", "2026-03-01 10:00:00"), ("DateTime", None), ("Decimal", 19.99), ("UnsignedInt64", 7)],
)
def test_played_shop_cannot_answer_otherwise(scalar, wrong, shopify_schema):
    """A scalar that isn't written as Shopify writes it is no answer."""
    with pytest.raises(TypeError, match="as Shopify writes it"):
        shopify_schema.type_map[scalar].coerce_output_value(wrong)


def test_played_shop_refuses_what_it_does_not_know(shopify_schema):
    """A field that isn't there, a filter that isn't documented and a page too large are errors with status 200."""
    shop = Shop()
    adapter = Shopify(ShopifyConfig(shop=HOST, token=Secret(shop.token())), Wire(transport=shop.transport))
    for page in adapter.read("orders", State()):
        assert page.records == 0
    answers = [
        shop.api._ask("{ orders(first: 1) { nodes { totalIncome } } }", {}),
        shop.api._ask('{ orders(first: 1, query: "colour:red") { nodes { id } } }', {}),
        shop.api._ask("{ orders(first: 251) { nodes { id } } }", {}),
    ]
    assert ["errors" in answer for answer in answers] == [True, True, True]
    assert schema() is shopify_schema


def _deprecated(known, document):
    from graphql import GraphQLError, NoDeprecatedCustomRule, validate

    return [error for error in validate(known, document, [NoDeprecatedCustomRule]) if isinstance(error, GraphQLError)]
