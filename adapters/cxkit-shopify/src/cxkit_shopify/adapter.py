"""Reading a Shopify shop through its Admin API, and taking its webhooks."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

from cxkit.adapters import (
    Batch,
    Check,
    Facts,
    Header,
    Http,
    Reading,
    Secret,
    Session,
    Stream,
    Wire,
    by_token,
    us_of,
)
from cxkit.errors import FatalAdapterError, InvalidValueError, UnknownNameError
from cxkit.signatures import verify_shopify
from cxkit_shopify import mapping, queries
from cxkit_shopify.config import ShopifyConfig
from cxkit_shopify.queries import gid, number_of, search
from cxkit_shopify.webhooks import Merge, subject_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from cxkit.adapters import Page, Request, State
    from cxkit.model.event import Event

    Record = Mapping[str, Any]
    Fetch = Callable[[int | None, str | int | None], Batch[Record]]

_MINUTE_US, _DAY_US = 60_000_000, 86_400_000_000
_LATE: Final = timedelta(minutes=10)  # how far two clocks may be apart, and how long a search may not know a change
_ORDERED: Final = ("cart.updated", "order.placed", "order.delivered", "order.refunded", "order.cancelled")
_STREAMS: Final = (
    Stream("customers", "Customers, by their last change", ("identity.linked",), "updatedAt"),
    Stream("checkouts", "Checkouts that nobody touches any more", ("checkout.started", "cart.abandoned"), "updatedAt"),
    Stream("orders", "Orders, by their last change", _ORDERED, "updatedAt"),
    Stream("outcomes", "What became of the orders of late", _ORDERED),
)
_RIGHTS: Final = {
    "orders": "read_orders",
    "customers": "read_customers",
    "all_orders": "read_all_orders (without it no order older than 60 days is given)",
}


class Shopify:
    """A Shopify shop, online and at its tills: orders, refunds, deliveries, abandoned checkouts and customers.

    Every list is walked by id, and what changed since the last pull is asked for by a filter. So nothing that changes
    meanwhile can push a record past us, a walk goes on wherever it was cut off, and none ends at the 25,000 records
    that Shopify gives of one list.

    >>> shop = Shopify(ShopifyConfig(shop="example", token=Secret("t")))
    >>> shop.source, [stream.name for stream in shop.streams()]
    ('shopify:example.myshopify.com', ['customers', 'checkouts', 'orders', 'outcomes'])
    """

    name: ClassVar[str] = "shopify"
    title: ClassVar[str] = "Shopify"
    Config: ClassVar[type[ShopifyConfig]] = ShopifyConfig

    def __init__(self, config: ShopifyConfig, wire: Wire | None = None) -> None:
        """Prepare it; nothing is sent yet."""
        self._config = config
        self._wire = wire or Wire()
        self._http = Http(f"https://{config.shop}/admin", auth=_auth(config), wire=self._wire)
        self._queries = queries.queries(config.money)
        self.source = f"shopify:{config.shop}"
        self._terms = mapping.Terms(Facts(self.source, config.region), config.channel)

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def check(self) -> Check:
        """Say which shop is read, and which rights lack."""
        found = self._ask(queries.SHOP)
        held = {scope["handle"] for scope in found["currentAppInstallation"]["accessScopes"]}
        missing = tuple(words for right, words in _RIGHTS.items() if not held & {f"read_{right}", f"write_{right}"})
        shop = found["shop"]
        return Check(f"{shop['name']} ({shop['myshopifyDomain']}, {shop['currencyCode']})", missing)

    def streams(self) -> Sequence[Stream]:
        """Return what can be read."""
        return _STREAMS

    def read(self, stream: str, state: State) -> Iterator[Page]:
        """Read a stream on from where it stands."""
        if stream == "customers":
            return self._walk(state, stream, mapping.customer_events, self._customers)
        if stream == "checkouts":
            # The cursor stays that far behind, for what is touched now becomes a page's record only then.
            idle = self._config.idle_minutes * 60
            return self._walk(state, stream, mapping.checkout_events, self._checkouts, idle)
        if stream == "orders":
            return self._walk(state, stream, mapping.order_events, partial(self._orders, "updated_at"))
        if stream == "outcomes":
            return self._walk(state, stream, mapping.order_events, self._outcomes)
        raise UnknownNameError("stream of shopify", stream, [each.name for each in _STREAMS])

    def receive(self, request: Request) -> Iterable[Event]:
        """Return the events of a webhook, as the shop tells them now.

        What was sent is only trusted to say what to look at. The header that names the shop isn't signed, and one
        secret signs for all shops that an app is installed in: a record that this shop doesn't know brings nothing.
        Webhooks also come late and out of order, and a refund's names no customer.

        Raises:
            BadSignatureError: it isn't shown to be Shopify's.
            InvalidValueError: it is, and isn't a webhook; or no secret is set.
            RetriableAdapterError: the shop can't be asked just now: answer 503, and Shopify sends it again.
        """
        verify_shopify(request, self._config.signers)
        subject = subject_of(request.body)
        if isinstance(subject, Merge):
            found = self._ask(queries.MERGED, kept=gid("Customer", subject.kept), gone=gid("Customer", subject.gone))
            merged = found["kept"] is not None and found["gone"] is None
            return list(mapping.merge_events(found["kept"], subject.gone, self._terms)) if merged else []
        if subject is None:
            return []
        kind, number = subject
        if kind == "Order":
            order = self._order(number)
            return [] if order is None else list(mapping.order_events(order, self._terms))
        customer = self._ask(queries.CUSTOMER, id=gid(kind, number))["customer"]
        return [] if customer is None else list(mapping.customer_events(customer, self._terms))

    # ------------------------------------------------------------------------------------------------------- fetching

    def _walk(
        self,
        state: State,
        stream: str,
        events: Callable[[Record, mapping.Terms], Iterable[Event]],
        fetch: Fetch,
        behind: float = 0,
    ) -> Iterator[Page]:
        reading: Reading[Record] = Reading(
            stream, _number, lambda record: events(record, self._terms), lambda record: us_of(record["updatedAt"])
        )
        now = self._wire.clock
        return by_token(state, reading, fetch, now=lambda: now() - behind, ordered=False, lookback=_LATE)

    def _customers(self, since: int | None, after: str | int | None) -> Batch[Record]:
        return self._page(queries.CUSTOMERS, "customers", after, updated_at=since)

    def _checkouts(self, since: int | None, after: str | int | None) -> Batch[Record]:
        until = self._now() - self._config.idle_minutes * _MINUTE_US
        return self._page(self._queries.checkouts, "abandonedCheckouts", after, until=until, updated_at=since)

    def _outcomes(self, since: int | None, after: str | int | None) -> Batch[Record]:
        """Return a page of the orders that were within their window at the last pull, however long ago that was."""
        last = self._now() if since is None else since
        return self._orders("created_at", last - self._config.window_days * _DAY_US, after)

    def _orders(self, field: str, since: int | None, after: str | int | None) -> Batch[Record]:
        page = self._page(self._queries.orders, "orders", after, **{field: since})
        orders = [self._whole(order) for order in page.records]
        return Batch([order for order in orders if order is not None], page.more, page.token)

    def _page(self, query: str, what: str, after: str | int | None, **times: int | None) -> Batch[Record]:
        """Return a page of a list: the records with the lowest ids above one, and these in order."""
        last = -1 if after is None else int(after)
        filters = search(None if after is None else last, **times)
        found = self._ask(query, first=self._config.page, query=filters or None)[what]
        records, more = found["nodes"], found["pageInfo"]["hasNextPage"]
        ids = [last, *(_number(record) for record in records)]
        if ids != sorted(set(ids)):
            raise FatalAdapterError(f"{self._http.host}: {what} don't come in the order of their ids, as they should")
        return Batch(records, more, ids[-1] if more and records else None)

    def _whole(self, order: Record) -> Record | None:
        """Return an order as it is, if a list holds all of it, or asked for by itself; None if it is gone."""
        if order["refunds"] or len(order["fulfillments"]) >= queries.SOME_FULFILLMENTS:
            return self._order(_number(order))
        return order

    def _order(self, number: int) -> Record | None:
        """Return an order with all that hangs on it, or None if the shop doesn't know it."""
        found: Record | None = self._ask(self._queries.order, id=gid("Order", number))["order"]
        if found is not None and _number(found) != number:
            raise FatalAdapterError(f"{self._http.host}: gives order {_number(found)} in place of {number}")
        return found

    def _ask(self, query: str, /, **variables: Any) -> Any:  # noqa: ANN401 - what the query asks for
        return self._http.graphql(query, variables, path=f"api/{queries.VERSION}/graphql.json")

    def _now(self) -> int:
        return int(self._wire.clock() * 1_000_000)


def _number(record: Record) -> int:
    """Return the id of a record: as a number, since lists are in the order of numbers and not of texts."""
    if "legacyResourceId" in record:
        return int(record["legacyResourceId"])
    number = number_of(record["id"], "AbandonedCheckout")
    if number is None:
        raise FatalAdapterError(f"{record['id']}: isn't the id of a checkout")
    return number


def _auth(config: ShopifyConfig) -> Header | Session:
    if config.token is not None:
        return Header("X-Shopify-Access-Token", config.token)
    secret = config.client_secret
    if secret is None:
        raise InvalidValueError("token", None, "lacks: give it, or client_id and client_secret")

    def sign_in(http: Http) -> Mapping[str, Secret]:
        form = {
            "grant_type": "client_credentials",
            "client_id": config.client_id,
            "client_secret": secret.reveal(),
        }
        reply = http.request("POST", "oauth/access_token", form=form, authorized=False, repeatable=True)
        given = reply.json()
        token = given.get("access_token") if isinstance(given, dict) else None
        if not isinstance(token, str) or not token:
            raise FatalAdapterError(f"{reply.call}: no access token was given: is the app installed in this shop?")
        return {"X-Shopify-Access-Token": Secret(token)}

    return Session(sign_in, secrets=[secret])
