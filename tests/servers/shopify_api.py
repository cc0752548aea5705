"""How a Shopify shop that is played answers: by its own schema, its rights, its search, and its count of costs.

graphql-core checks every question against the schema that Shopify publishes, and gives the answer in its shape: what
isn't there can't be asked for, and what is there can't be told otherwise.
"""

from __future__ import annotations

import json
import re
import time
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

from graphql import DocumentNode, ExecutionResult, GraphQLError, execute_sync, parse, validate
from tests.servers.shopify import VERSION, filters, schema
from tests.servers.shopify_cost import cost_of, objects_in

from cxkit.http import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.servers.shopify_shop import Shop

    from cxkit.http import Sent

    Node = dict[str, Any]

MOST_A_QUERY: Final = 1000
_MOST_A_PAGE: Final = 250
_TERM: Final = re.compile(r"(\w+):(>=|<=)(?:'([^']+)'|(\d+))")
_FIELDS: Final = {"id": "id", "updated_at": "updated", "created_at": "created"}
_GID: Final = re.compile(r"gid://shopify/(\w+)/(\d+)")


class Api:
    """The Admin API of a shop.

    Attributes:
        asked: the questions that were put, as texts.
        available: how many points are left in the bucket.
    """

    def __init__(
        self,
        shop: Shop,
        *,
        bucket: float = 1e6,
        restored: float = 1e6,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare it.

        Args:
            shop: what it tells of.
            bucket: how many points can be spent at once.
            restored: how many come back each second.
            clock: tells the seconds.
        """
        self._shop = shop
        self._clock = clock
        self._bucket, self._restored = bucket, restored
        self.available, self._since = bucket, clock()
        self.asked: list[str] = []

    def answer(self, sent: Sent) -> Answer:
        """Answer a request."""
        path = urlsplit(sent.url).path
        if path == "/admin/oauth/access_token":
            return self._token(sent)
        if sent.headers.get("x-shopify-access-token") not in self._shop.tokens:
            return _json(
                {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}, 401
            )
        if sent.method != "POST" or path != f"/admin/api/{VERSION}/graphql.json":
            return _json({"errors": "Not Found"}, 404)
        said = json.loads(sent.body)
        return _json(self._ask(said["query"], said["variables"]))

    def _token(self, sent: Sent) -> Answer:
        from tests.servers.shopify_shop import CLIENT_ID, CLIENT_SECRET

        form = {name: values[0] for name, values in parse_qs(sent.body.decode()).items()}
        right = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        if form != right:
            return _json({"error": "invalid_client"}, 400)
        return _json({"access_token": self._shop.token(), "scope": ",".join(self._shop.scopes), "expires_in": 86399})

    def _ask(self, query: str, variables: Node) -> Node:
        """Return what the shop says to a question, with status 200 whatever it is."""
        self.asked.append(query)
        document, errors = _checked(query)
        if errors:
            return {"errors": [error.formatted for error in errors]}
        cost = cost_of(document, variables)
        if cost > MOST_A_QUERY:
            message = f"Query cost is {cost}, which exceeds the single query max cost limit ({MOST_A_QUERY})."
            return {"errors": [{"message": message, "extensions": {"code": "MAX_COST_EXCEEDED", "cost": cost}}]}
        self._restore()
        if cost > self.available:
            error = {"message": "Throttled", "extensions": {"code": "THROTTLED"}}
            return {"errors": [error], "extensions": self._costs(cost, None)}
        result = execute_sync(schema(), document, root_value=self._root(), variable_values=variables)
        assert isinstance(result, ExecutionResult)
        spent = objects_in(result.data)
        self.available -= spent
        return {**result.formatted, "extensions": self._costs(cost, spent)}

    def _restore(self) -> None:
        now = self._clock()
        self.available = min(self._bucket, self.available + (now - self._since) * self._restored)
        self._since = now

    def _costs(self, asked: int, spent: int | None) -> Node:
        bucket = {"maximumAvailable": self._bucket, "currentlyAvailable": self.available, "restoreRate": self._restored}
        return {"cost": {"requestedQueryCost": asked, "actualQueryCost": spent, "throttleStatus": bucket}}

    # ------------------------------------------------------------------------------------------------------ the answers

    def _root(self) -> Node:
        shop = self._shop
        return {
            "shop": {"name": "Tea Time", "myshopifyDomain": "teatime.myshopify.com", "currencyCode": "EUR"},
            "currentAppInstallation": {"accessScopes": [{"handle": scope} for scope in shop.scopes]},
            "orders": _list("orders", shop.orders, self._order),
            "order": _one("Order", shop.orders, self._order),
            "customers": _list("customers", shop.customers, self._customer),
            "customer": _one("Customer", shop.customers, self._customer),
            "abandonedCheckouts": _list("abandonedCheckouts", shop.checkouts, self._checkout),
        }

    def _order(self, order: Node) -> Node:
        bag = self._shop.bag
        return {
            **_record("Order", order),
            "processedAt": order["processed"],
            "cancelledAt": order["cancelled"],
            "test": order["test"],
            "sourceName": order["source"],
            "checkoutToken": order["checkout"],
            "email": order["email"],
            "phone": order["phone"],
            "displayFulfillmentStatus": order["status"],
            "customer": None if order["customer"] is None else _record("Customer", {"id": order["customer"]}),
            "totalPriceSet": bag(order, order["total"]),
            "totalReceivedSet": bag(order, order["received"]),
            "refunds": lambda _info, first=None: [self._refund(order, each) for each in order["refunds"][:first]],
            "fulfillments": lambda _info, first=None: [
                {"status": each["status"], "requiresShipping": each["ships"], "deliveredAt": each["delivered"]}
                for each in order["parcels"][:first]
            ],
        }

    def _refund(self, order: Node, refund: Node) -> Node:
        transactions = [
            {"kind": each["kind"], "status": each["status"], "amountSet": self._shop.bag(order, each["amount"])}
            for each in refund["transactions"]
        ]
        return {
            **_record("Refund", refund),
            "processedAt": refund["processed"],
            "transactions": lambda _info, first, **_rest: {
                "nodes": transactions[:first],
                "pageInfo": {"hasNextPage": len(transactions) > first, "hasPreviousPage": False},
            },
        }

    def _customer(self, customer: Node) -> Node:
        email, phone = customer["email"], customer["phone"]
        return {
            **_record("Customer", customer),
            "defaultEmailAddress": None if email is None else {"emailAddress": email},
            "defaultPhoneNumber": None if phone is None else {"phoneNumber": phone},
        }

    def _checkout(self, checkout: Node) -> Node:
        customer = checkout["customer"]
        return {
            **_record("AbandonedCheckout", checkout),
            "completedAt": checkout["completed"],
            "customer": None if customer is None else _record("Customer", {"id": customer}),
            "totalPriceSet": self._shop.bag(checkout, checkout["total"]),
        }


@cache
def _checked(query: str) -> tuple[DocumentNode, list[GraphQLError]]:
    """Return a question as it was understood, and what is wrong with it."""
    document = parse(query)
    return document, validate(schema(), document)


def _record(kind: str, record: Node) -> Node:
    """Return what all records have."""
    return {
        "id": f"gid://shopify/{kind}/{record['id']}",
        "legacyResourceId": str(record["id"]),
        "createdAt": record.get("created"),
        "updatedAt": record.get("updated"),
    }


def _one(kind: str, records: dict[int, Node], view: Callable[[Node], Node]) -> Callable[..., Node | None]:
    def resolve(_info: object, **given: str) -> Node | None:
        named = _GID.fullmatch(given["id"])
        if named is None or named[1] != kind:
            message = f"Invalid global id '{given['id']}'"
            raise GraphQLError(message)
        record = records.get(int(named[2]))
        return None if record is None else view(record)

    return resolve


def _list(name: str, records: dict[int, Node], view: Callable[[Node], Node]) -> Callable[..., Node]:
    def resolve(
        _info: object,
        first: int | None = None,
        after: str | None = None,
        query: str | None = None,
        sortKey: str = "ID",  # noqa: N803 - Shopify's name
        *,
        reverse: bool = False,
        **rest: object,
    ) -> Node:
        if first is None or not 0 < first <= _MOST_A_PAGE or rest or sortKey not in {"ID", "UPDATED_AT"}:
            message = f"{name}: ask for the first 1 to {_MOST_A_PAGE}, by id or by time"
            raise GraphQLError(message)
        by = "id" if sortKey == "ID" else "updated"
        found = _found(name, records.values(), query or "")
        rows = sorted(((record[by], record["id"], record) for record in found), key=lambda row: row[:2])
        rows = rows[::-1] if reverse else rows
        if after is not None:
            # What a cursor names is a place in the order, which is there also if the record isn't any more.
            place = tuple(json.loads(after))
            rows = [row for row in rows if (row[:2] < place if reverse else row[:2] > place)]
        page = rows[:first]
        return {
            "nodes": [view(record) for _, _, record in page],
            "pageInfo": {
                "hasNextPage": len(rows) > first,
                "hasPreviousPage": after is not None,
                "endCursor": json.dumps(page[-1][:2]) if page else None,
            },
        }

    return resolve


def _found(name: str, records: Iterable[Node], query: str) -> Iterable[Node]:
    """Return the records that a search finds; it must be one that the schema's description knows."""
    tests: list[Callable[[Node], bool]] = []
    for term in filter(None, query.split(" AND ")):
        read = _TERM.fullmatch(term)
        if read is None or read[1] not in filters(name) or read[1] not in _FIELDS:
            message = f"{name} can't be searched by {term}"
            raise GraphQLError(message)
        field, bound = _FIELDS[read[1]], read[3] or int(read[4])
        if read[2] == ">=":
            tests.append(lambda record, field=field, bound=bound: record[field] >= bound)  # type: ignore[misc]
        else:
            tests.append(lambda record, field=field, bound=bound: record[field] <= bound)  # type: ignore[misc]
    return [record for record in records if all(test(record) for test in tests)]


def _json(body: object, status: int = 200) -> Answer:
    return Answer(status, {"content-type": "application/json"}, json.dumps(body).encode())
