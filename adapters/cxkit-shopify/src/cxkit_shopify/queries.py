"""The questions that are put to Shopify's Admin API, in GraphQL."""

from __future__ import annotations

from typing import Final

import attrs

from cxkit.adapters import iso

VERSION: Final = "2026-10"
"""The version of the interface; Shopify serves each for a year at least."""

SOME_FULFILLMENTS: Final = 3
"""How many fulfilments come with each order of a list: more are asked for apart, for what could come costs."""

MOST_REFUNDS, MOST_TRANSACTIONS, MOST_FULFILLMENTS = 40, 5, 100
"""How many come with an order that is asked for by itself: lists of Shopify's that have no second page."""

_ORDER: Final = """
fragment Main on Order {
  legacyResourceId createdAt processedAt updatedAt cancelledAt test sourceName checkoutToken email phone
  displayFulfillmentStatus
  customer { legacyResourceId }
  totalPriceSet { ...Amount }
  totalReceivedSet { ...Amount }
}
fragment Parcel on Fulfillment { status requiresShipping deliveredAt }
"""
_MONEY: Final = {
    "shop": "fragment Amount on MoneyBag { money: shopMoney { amount currencyCode } }",
    "customer": "fragment Amount on MoneyBag { money: presentmentMoney { amount currencyCode } }",
}
_PERSON: Final = """
fragment Person on Customer {
  legacyResourceId createdAt updatedAt
  defaultEmailAddress { emailAddress }
  defaultPhoneNumber { phoneNumber }
}
"""

SHOP: Final = """
query Shop {
  shop { name myshopifyDomain currencyCode }
  currentAppInstallation { accessScopes { handle } }
}
"""

CUSTOMERS: Final = f"""
query Customers($first: Int!, $query: String) {{
  customers(first: $first, query: $query, sortKey: ID) {{
    nodes {{ ...Person }}
    pageInfo {{ hasNextPage }}
  }}
}}
{_PERSON}
"""

CUSTOMER: Final = f"query Customer($id: ID!) {{ customer(id: $id) {{ ...Person }} }} {_PERSON}"

MERGED: Final = f"""
query Merged($kept: ID!, $gone: ID!) {{
  kept: customer(id: $kept) {{ ...Person }}
  gone: customer(id: $gone) {{ legacyResourceId }}
}}
{_PERSON}
"""


@attrs.frozen
class Queries:
    """The questions whose answers hold money.

    Attributes:
        orders: a page of orders, with what most of them need.
        order: one order, with all that hangs on it.
        checkouts: a page of checkouts.
    """

    orders: str
    order: str
    checkouts: str


def queries(money: str) -> Queries:
    """Return the questions about money as the shop has it, or as customers paid it.

    >>> "presentmentMoney" in queries("customer").order, "presentmentMoney" in queries("shop").order
    (True, False)
    """
    amount = _MONEY[money]
    return Queries(
        orders=f"""
query Orders($first: Int!, $query: String) {{
  orders(first: $first, query: $query, sortKey: ID) {{
    nodes {{
      ...Main
      refunds(first: 1) {{ legacyResourceId }}
      fulfillments(first: {SOME_FULFILLMENTS}) {{ ...Parcel }}
    }}
    pageInfo {{ hasNextPage }}
  }}
}}
{_ORDER}{amount}
""",
        order=f"""
query Order($id: ID!) {{
  order(id: $id) {{
    ...Main
    refunds(first: {MOST_REFUNDS}) {{
      legacyResourceId processedAt
      transactions(first: {MOST_TRANSACTIONS}) {{
        nodes {{ kind status amountSet {{ ...Amount }} }}
        pageInfo {{ hasNextPage }}
      }}
    }}
    fulfillments(first: {MOST_FULFILLMENTS}) {{ ...Parcel }}
  }}
}}
{_ORDER}{amount}
""",
        checkouts=f"""
query Checkouts($first: Int!, $query: String) {{
  abandonedCheckouts(first: $first, query: $query, sortKey: ID) {{
    nodes {{
      id createdAt updatedAt completedAt
      customer {{ legacyResourceId }}
      totalPriceSet {{ ...Amount }}
    }}
    pageInfo {{ hasNextPage }}
  }}
}}
{amount}
""",
    )


def search(after: int | None = None, *, until: int | None = None, **since: int | None) -> str:
    """Return a filter as Shopify's search has it: records with a higher id than one, and times from one on.

    Args:
        after: the id.
        until: the last time of change that is wanted.
        since: field → the first time that is wanted. All times are in microseconds and go by the second.

    >>> search(17, updated_at=1_500_000)
    "updated_at:>='1970-01-01T00:00:01Z' AND id:>=18"
    """
    terms = [f"{field}:>='{iso(time, 'seconds')}'" for field, time in since.items() if time is not None]
    if until is not None:
        terms.append(f"updated_at:<='{iso(until, 'seconds')}'")
    if after is not None:
        terms.append(f"id:>={after + 1}")
    return " AND ".join(terms)


def gid(kind: str, number: int) -> str:
    """Return a global id of Shopify's.

    >>> gid("Order", 7)
    'gid://shopify/Order/7'
    """
    return f"gid://shopify/{kind}/{number}"


def number_of(text: object, kind: str) -> int | None:
    """Return the number in a global id, which is the id that other interfaces have; None if it isn't one of that kind.

    >>> number_of("gid://shopify/Order/7", "Order"), number_of("gid://shopify/Refund/7", "Order")
    (7, None)
    """
    if not isinstance(text, str):
        return None
    digits = text.partition(f"gid://shopify/{kind}/")[2].partition("?")[0]
    return int(digits) if digits.isdecimal() and digits.isascii() and text.startswith("gid:") else None
