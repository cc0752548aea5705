"""The questions that are put to Vendure's admin interface, in GraphQL."""

from __future__ import annotations

from typing import Final

_ORDER: Final = """
    id code state createdAt updatedAt orderPlacedAt currencyCode totalWithTax
    customer { id }
"""

LOGIN: Final = """
mutation Login($user: String!, $password: String!) {
  login(username: $user, password: $password) { __typename ... on ErrorResult { errorCode } }
}
"""

SHOP: Final = """
query Shop {
  activeChannel { code token defaultCurrencyCode }
  globalSettings { serverConfig { moneyStrategyPrecision } }
}
"""

MAY_READ: Final = {
    "ReadOrder": "query Orders { orders(options: {take: 1}) { totalItems } }",
    "ReadCustomer": "query Customers { customers(options: {take: 1}) { totalItems } }",
}
"""Right → the cheapest question that needs it."""

CUSTOMERS: Final = """
query Customers($options: CustomerListOptions!) {
  customers(options: $options) {
    items { id createdAt updatedAt emailAddress phoneNumber user { id createdAt } }
  }
}
"""

# To count what is in a cart costs the shop ten times what the rest does: it isn't asked of orders.
CARTS: Final = f"""
query Carts($options: OrderListOptions!) {{
  orders(options: $options) {{ items {{ {_ORDER} totalQuantity }} }}
}}
"""

ORDERS: Final = f"""
query Orders($options: OrderListOptions!) {{
  orders(options: $options) {{ items {{ {_ORDER} payments {{ id state amount }} }} }}
}}
"""

OUTCOMES: Final = f"""
query Outcomes($options: OrderListOptions!) {{
  orders(options: $options) {{
    items {{
      {_ORDER}
      payments {{ id state amount refunds {{ id state total updatedAt }} }}
      fulfillments {{ id state updatedAt }}
    }}
  }}
}}
"""

HISTORY: Final = """
query History($options: OrderListOptions!) {
  orders(options: $options) {
    items {
      id
      history(options: {filter: {type: {eq: "ORDER_STATE_TRANSITION"}}, sort: {id: DESC}, take: 100}) {
        items { createdAt data }
      }
    }
  }
}
"""
