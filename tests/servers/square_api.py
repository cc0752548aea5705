"""Square, played: what its lists answer, by its documentation, with cursors, filters, limits and errors.

It is narrower than Square where that helps: a cursor is good for the very query that it came from.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import attrs

from cxkit.http import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.servers.openapi import Contract
    from tests.servers.square_shop import SquareShop

    from cxkit.http import Sent

    Record = dict[str, Any]

VERSION = "2026-08-19"
SCOPES = ("MERCHANT_PROFILE_READ", "CUSTOMERS_READ", "ORDERS_READ", "PAYMENTS_READ", "LOYALTY_READ")
_YEAR_MS = 365 * 86_400_000


@attrs.frozen
class _Refused(Exception):  # noqa: N818 - an answer, not a fault
    status: int
    category: str
    code: str
    detail: str

    def body(self) -> Record:
        return {"errors": [{"category": self.category, "code": self.code, "detail": self.detail}]}


class SquareApi:
    """What a shop's data look like from outside; every request and every answer is held to the contract."""

    def __init__(self, shop: SquareShop, contract: Contract, token: str) -> None:
        """Open it to one token."""
        self.shop, self.contract, self.token = shop, contract, token
        self.scopes: tuple[str, ...] = SCOPES
        self._routes: dict[str, Callable[[Record], Record]] = {
            "POST /oauth2/token/status": self._token,
            "GET /v2/locations": lambda _asked: {"locations": [*shop.locations.values()]},
            "POST /v2/orders/search": self._orders,
            "POST /v2/orders/batch-retrieve": self._some_orders,
            "POST /v2/customers/search": self._customers,
            "POST /v2/customers/bulk-retrieve": self._some_customers,
            "POST /v2/loyalty/accounts/search": self._accounts,
            "POST /v2/loyalty/events/search": self._ledger,
            "GET /v2/refunds": lambda asked: self._by_update(asked, shop.refunds, "refunds"),
            "GET /v2/payments": lambda asked: self._by_update(
                {"location_id": shop.main_location, **asked}, shop.payments, "payments"
            ),
        }

    def answer(self, sent: Sent, _pass_on: object = None) -> Answer:
        """Answer a request."""
        if sent.headers.get("authorization") != f"Bearer {self.token}":
            said = _Refused(401, "AUTHENTICATION_ERROR", "UNAUTHORIZED", "This request could not be authorized.")
            return _json(said.status, said.body())
        self.contract.request(sent)
        assert sent.headers.get("square-version") == VERSION
        path = urlsplit(sent.url)
        asked = json.loads(sent.body) if sent.body else dict(parse_qsl(path.query))
        try:
            if path.path.startswith("/v2/merchants/"):
                made = _json(200, {"merchant": self._merchant(path.path.rpartition("/")[2])})
            else:
                made = _json(200, self._routes[f"{sent.method} {path.path}"](asked))
        except _Refused as refused:
            made = _json(refused.status, refused.body())
        self.contract.answer(sent, made)
        return made

    # --------------------------------------------------------------------------------------------------- the lists

    def _merchant(self, number: str) -> Record:
        if number not in {"me", self.shop.merchant}:
            raise _Refused(403, "AUTHENTICATION_ERROR", "FORBIDDEN", "Not yours.")
        return {"id": self.shop.merchant, "business_name": "Beans & Co", "country": "US", "status": "ACTIVE"}

    def _token(self, _asked: Record) -> Record:
        return {"merchant_id": self.shop.merchant, "scopes": [*self.scopes], "client_id": "sq0idp-played"}

    def _orders(self, asked: Record) -> Record:
        locations = asked.get("location_ids") or []
        if not 1 <= len(locations) <= 10:
            raise _bad("INVALID_VALUE", "Must provide from 1 to 10 location_ids.")
        if not set(locations) <= self.shop.locations.keys():
            raise _bad("INVALID_VALUE", "Unknown location.")
        if not 1 <= asked.get("limit", 500) <= 1000:
            raise _bad("VALUE_TOO_HIGH", "limit must be from 1 to 1000.")
        query = asked.get("query") or {}
        wanted, sort = query.get("filter") or {}, query.get("sort") or {"sort_field": "CREATED_AT"}
        field = sort["sort_field"].lower()
        times = wanted.get("date_time_filter")
        if times and [*times] != [field]:
            raise _bad("BAD_REQUEST", "date_time_filter and sort_field must name the same field.")
        since = ((times or {}).get(field) or {}).get("start_at", "")
        states = (wanted.get("state_filter") or {}).get("states")
        found = [
            order
            for order in self.shop.orders.values()
            if order["location_id"] in locations
            and (not states or order["state"] in states)
            and self.shop.ms(order.get(field)) >= self.shop.ms(since)
        ]
        return self._page(
            asked, found, "orders", field, asked.get("limit", 500), last_first=sort.get("sort_order") != "ASC"
        )

    def _some_orders(self, asked: Record) -> Record:
        if len(asked["order_ids"]) > 100:
            raise _bad("ARRAY_LENGTH_TOO_LONG", "At most 100 order_ids.")
        return {"orders": [self.shop.orders[each] for each in asked["order_ids"] if each in self.shop.orders]}

    def _by_update(self, asked: Record, records: dict[str, Record], name: str) -> Record:
        shop = self.shop
        begin = shop.ms(asked["begin_time"]) if "begin_time" in asked else shop.now_ms() - _YEAR_MS
        since = shop.ms(asked.get("updated_at_begin_time"))
        field = asked.get("sort_field", "CREATED_AT").lower()
        found = [
            each
            for each in records.values()
            if shop.ms(each["created_at"]) >= begin
            and shop.ms(each["updated_at"]) >= since
            and asked.get("location_id") in {None, each["location_id"]}
        ]
        limit = min(int(asked.get("limit", 100)), 100)
        return self._page(asked, found, name, field, limit, last_first=asked.get("sort_order") != "ASC")

    def _customers(self, asked: Record) -> Record:
        query = asked.get("query") or {}
        since = ((query.get("filter") or {}).get("updated_at") or {}).get("start_at")
        sort = query.get("sort") or {}
        assert sort.get("field") == "CREATED_AT", "the other order is by name, which changes"
        public = ("given_name", "family_name", "company_name", "email_address", "phone_number")
        found = [
            each
            for each in self.shop.customers.values()
            if any(each.get(name) for name in public) and self.shop.ms(each["updated_at"]) >= self.shop.ms(since)
        ]
        last_first = sort.get("order", "ASC") != "ASC"
        return self._page(asked, found, "customers", "created_at", asked.get("limit", 100), last_first=last_first)

    def _some_customers(self, asked: Record) -> Record:
        if not 1 <= len(asked["customer_ids"]) <= 100:
            raise _bad("ARRAY_LENGTH_TOO_LONG", "From 1 to 100 customer_ids.")
        made: Record = {}
        for each in asked["customer_ids"]:
            number = each
            while number in self.shop.merged_into:
                number = self.shop.merged_into[number]
            if number in self.shop.customers:
                made[each] = {"customer": self.shop.customers[number]}
            else:
                made[each] = _Refused(404, "INVALID_REQUEST_ERROR", "NOT_FOUND", f"{each} not found.").body()
        return {"responses": made}

    def _accounts(self, asked: Record) -> Record:
        found = self.shop.accounts.values()
        return self._page(asked, found, "loyalty_accounts", "created_at", asked.get("limit", 30), last_first=False)

    def _ledger(self, asked: Record) -> Record:
        wanted = (asked.get("query") or {}).get("filter") or {}
        since = ((wanted.get("date_time_filter") or {}).get("created_at") or {}).get("start_at")
        types = (wanted.get("type_filter") or {}).get("types")
        found = [
            each
            for each in self.shop.ledger.values()
            if (not types or each["type"] in types) and self.shop.ms(each["created_at"]) >= self.shop.ms(since)
        ]
        return self._page(asked, found, "events", "created_at", asked.get("limit", 30), last_first=True)

    # ------------------------------------------------------------------------------------------------------ cursors

    def _page(  # noqa: PLR0913 - what a page is made of
        self, asked: Record, found: Iterable[Record], name: str, field: str, limit: int, *, last_first: bool
    ) -> Record:
        """Return what follows the cursor: by the place in the order, so that what comes meanwhile moves nothing."""
        query = _digest({key: value for key, value in asked.items() if key != "cursor"})
        after, until = None, self.shop.now_ms()
        if "cursor" in asked:
            try:
                of, time, number, until = json.loads(bytes.fromhex(asked["cursor"]))
            except ValueError:
                raise _bad("INVALID_CURSOR", "The cursor is not valid.") from None
            if of != query:
                raise _bad("INVALID_CURSOR", "The cursor is of another query.")
            after = (time, number)
        placed = sorted(((self.shop.ms(each.get(field)), each["id"]) for each in found), reverse=last_first)
        by_id = {each["id"]: each for each in found}
        # Without an end, a search ends at the time of its first request.
        placed = [place for place in placed if place[0] <= until]
        if after is not None:
            placed = [place for place in placed if (place < after if last_first else place > after)]
        page = placed[:limit]
        made: Record = {name: [by_id[number] for _, number in page]} if page else {}
        if len(placed) > limit:
            made["cursor"] = json.dumps([query, *page[-1], until]).encode().hex()
        return made


def _bad(code: str, detail: str) -> _Refused:
    return _Refused(400, "INVALID_REQUEST_ERROR", code, detail)


def _digest(query: object) -> str:
    return sha256(json.dumps(query, sort_keys=True).encode()).hexdigest()[:16]


def _json(status: int, body: object) -> Answer:
    return Answer(status, {"content-type": "application/json"}, json.dumps(body).encode())
