"""Reading a Vendure shop through its admin interface."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar, Final
from urllib.parse import urlsplit

import attrs

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
    UnauthorizedError,
    Wire,
    by_time,
    by_token,
    iso,
    us_of,
)
from cxkit.errors import FatalAdapterError, InvalidValueError, UnknownNameError
from cxkit.http.graphql import data_of
from cxkit_vendure import mapping, queries
from cxkit_vendure.config import VendureConfig
from cxkit_vendure.mapping import Terms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from cxkit.adapters import Page, State
    from cxkit.model.event import Event

    Record = dict[str, Any]
    Options = Mapping[str, Any]

_MS_US: Final = 1000
_DAY_US: Final = 86_400_000_000
_CLOCK: Final = timedelta(milliseconds=1)
_CLOCKS_DIFFER_BY: Final = timedelta(minutes=10)
_STREAMS: Final = (
    Stream(
        "customers",
        "Customers, by their last change",
        ("account.created", "identity.linked"),
        "updatedAt",
    ),
    Stream("carts", "Carts that nobody touches any more", ("cart.updated", "cart.abandoned"), "updatedAt"),
    Stream("orders", "Orders, by when they were placed", ("cart.updated", "order.placed"), "orderPlacedAt"),
    Stream(
        "outcomes",
        "What became of the orders of late, and of those that changed",
        ("cart.updated", "order.placed", "order.delivered", "order.refunded", "order.cancelled"),
    ),
)


class Vendure:
    """A Vendure 3 shop: orders, abandoned carts, deliveries, refunds and customers.

    Placing, paying and fulfilling an order don't move its ``updatedAt``, nor does a refund. So orders are read by
    ``orderPlacedAt``, and what becomes of them by looking again at those of the last `VendureConfig.window_days`.

    >>> shop = Vendure(VendureConfig(url="https://shop.example", key=Secret("k")))
    >>> shop.source, [stream.name for stream in shop.streams()]
    ('vendure:shop.example', ['customers', 'carts', 'orders', 'outcomes'])
    """

    name: ClassVar[str] = "vendure"
    title: ClassVar[str] = "Vendure"
    Config: ClassVar[type[VendureConfig]] = VendureConfig

    def __init__(self, config: VendureConfig, wire: Wire | None = None) -> None:
        """Prepare it; nothing is sent yet."""
        self._config = config
        self._wire = wire or Wire()
        path = urlsplit(config.url).path.strip("/")
        headers = {"vendure-token": config.channel_token} if config.channel_token else {}
        self._http = Http(
            config.url if path else f"{config.url.rstrip('/')}/admin-api",
            auth=_auth(config),
            wire=self._wire,
            # Where a shop guards against forged requests of browsers, this one says that it is none.
            headers={**headers, "apollo-require-preflight": "true"},
        )
        parts = (self._http.host, path.removesuffix("admin-api").strip("/"), config.channel_token)
        self.source = f"vendure:{'/'.join(filter(None, parts))}"

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def check(self) -> Check:
        """Say which channel is read, and which rights lack."""
        shop = self._shop()
        missing, refusals = [], []
        for right, question in queries.MAY_READ.items():
            try:
                self._http.graphql(question)
            except UnauthorizedError as error:
                missing.append(right)
                refusals.append(error)
        if len(missing) == len(queries.MAY_READ):
            raise refusals[0]
        channel = shop["activeChannel"]
        return Check(f"{self._http.host}, channel {channel['code']} ({channel['defaultCurrencyCode']})", tuple(missing))

    def streams(self) -> Sequence[Stream]:
        """Return what can be read."""
        return _STREAMS

    def read(self, stream: str, state: State) -> Iterator[Page]:
        """Read a stream on from where it stands."""
        if stream not in {each.name for each in _STREAMS}:
            raise UnknownNameError("stream of vendure", stream, [each.name for each in _STREAMS])
        terms = self._terms
        if stream == "customers":
            reading = _reading(stream, mapping.customer_known, terms, "updatedAt")
            return by_time(state, reading, self._customers, step=_CLOCK)
        if stream == "carts":
            reading = _reading(stream, mapping.cart_abandoned, terms, "updatedAt")
            return by_time(state, reading, partial(self._carts, self._idle_since()), step=_CLOCK)
        if stream == "orders":
            reading = _reading(stream, mapping.order_placed, terms, "orderPlacedAt")
            return by_time(state, reading, self._orders, step=_CLOCK)
        reading = _reading(stream, mapping.order_outcomes, terms, "orderPlacedAt")
        return by_token(state, reading, self._outcomes, now=self._wire.clock, ordered=False, lookback=_CLOCKS_DIFFER_BY)

    # ------------------------------------------------------------------------------------------------------- fetching

    def _customers(self, since: int | None, skip: int) -> Batch[Record]:
        return self._list(queries.CUSTOMERS, {"updatedAt": _after(since)}, "updatedAt", since, skip)

    def _carts(self, until: str, since: int | None, skip: int) -> Batch[Record]:
        given = {"active": {"eq": True}, "updatedAt": {"before": until, **_after(since)}}
        return self._list(queries.CARTS, given, "updatedAt", since, skip)

    def _orders(self, since: int | None, skip: int) -> Batch[Record]:
        given = {**self._sold, "orderPlacedAt": {"isNull": False, **_after(since)}}
        return self._list(queries.ORDERS, given, "orderPlacedAt", since, skip)

    def _outcomes(self, since: int | None, token: str | int | None) -> Batch[Record]:
        """Return a page of a sweep through the orders that may have an outcome to tell.

        The first sweep goes through all there are. A later one goes through those that were within their window when
        the one before began, however long ago that was. The token says when the last order was placed, how many
        placed at that time were read, and which was the last.
        """
        place = _Place.of(token)
        given: dict[str, Any] = {**self._sold, "orderPlacedAt": {"isNull": False, **_after(place.time)}}
        if since is not None:
            begin = since - self._config.window_days * _DAY_US
            given["_or"] = [{"orderPlacedAt": _after(begin)}, {"updatedAt": _after(since)}]
        found = self._list(queries.OUTCOMES, given, "orderPlacedAt", place.time, place.count, place.last)
        self._add_history([record for record in found.records if record["state"] == "Cancelled"])
        return Batch.at(found.records, place.after(found.records).token if found.more else None)

    def _list(  # noqa: PLR0913, PLR0917 - the parts of a question
        self, query: str, given: Options, clock: str, since: int | None, skip: int, last: str = ""
    ) -> Batch[Record]:
        """Return a page of records in the order of their times, from one time on.

        What is asked for begins a millisecond early, see `_after`, and databases with finer clocks have records there
        too: pages that hold nothing else are passed over.
        """
        what = "customers" if query is queries.CUSTOMERS else "orders"
        # Ties by id would be ids by ties: GraphQL sorts by the fields in the schema's order, where ids go before times.
        tie = "emailAddress" if query is queries.CUSTOMERS else "code"
        options = {"filter": given, "sort": {clock: "ASC", tie: "ASC"}, "take": self._config.page}
        while True:
            answer = self._http.graphql(query, {"options": {**options, "skip": skip}})
            records: list[Record] = answer[what]["items"]
            full = len(records) == self._config.page
            if full and records[-1]["id"] == last:
                raise FatalAdapterError(f"{self._http.host}: the shop gives the same {what} again and again")
            kept = [record for record in records if since is None or us_of(record[clock]) >= since]
            if kept or not full:
                return Batch(kept, full)
            skip, last = skip + len(records), records[-1]["id"]

    @property
    def _sold(self) -> Options:
        """What tells orders from carts, and counts once what several sellers' orders were split from."""
        placed = {"orderPlacedAt": {"isNull": False}}
        return placed if self._config.channel_token else {**placed, "type": {"notEq": "Seller"}}

    def _add_history(self, orders: Sequence[Record]) -> None:
        """Add the history to orders: of all it would take longer than the rest, and few are cancelled."""
        if orders:
            ids = [order["id"] for order in orders]
            options = {"filter": {"id": {"in": ids}}, "take": len(ids)}
            found = self._http.graphql(queries.HISTORY, {"options": options})["orders"]["items"]
            histories = {order["id"]: order["history"] for order in found}
            for order in orders:
                order["history"] = histories.get(order["id"], {"items": []})

    # -------------------------------------------------------------------------------------------------------- the shop

    def _shop(self) -> Any:  # noqa: ANN401 - what the query asks for
        shop = self._http.graphql(queries.SHOP)
        asked, found = self._config.channel_token, shop["activeChannel"]
        if asked is not None and found["token"] != asked:
            # Of a shop with one channel any token is taken to mean that one.
            raise FatalAdapterError(f"{self._http.host}: there is no channel of the token {asked}")
        return shop

    @cached_property
    def _terms(self) -> Terms:
        """What the mapping has to know, asked once."""
        decimals = self._config.decimals
        shop = self._shop()
        if decimals is None:
            decimals = int(shop["globalSettings"]["serverConfig"]["moneyStrategyPrecision"])
        return Terms(Facts(self.source, self._config.region), decimals, self._config.channel)

    def _idle_since(self) -> str:
        return iso(int((self._wire.clock() - self._config.idle_minutes * 60) * 1_000_000), "milliseconds")


@attrs.frozen
class _Place:
    """Where a sweep by `orderPlacedAt` stands: a time in microseconds, how many of it were read, and the last's id."""

    time: int | None = None
    count: int = 0
    last: str = ""

    @classmethod
    def of(cls, token: str | int | None) -> _Place:
        """Return the place that a token tells; the beginning for None."""
        if not isinstance(token, str):
            return cls()
        time, count, last = token.split(" ", 2)
        return cls(int(time), int(count), last)

    def after(self, records: Sequence[Record]) -> _Place:
        """Return the place behind records."""
        times = [us_of(record["orderPlacedAt"]) for record in records]
        before = self.count if times[-1] == self.time else 0
        return _Place(times[-1], before + times.count(times[-1]), str(records[-1]["id"]))

    @property
    def token(self) -> str:
        """The place as text."""
        return f"{self.time} {self.count} {self.last}"


def _reading(
    stream: str, events: Callable[[Record, Terms], Iterable[Event]], terms: Terms, clock: str
) -> Reading[Record]:
    return Reading(
        stream, lambda record: record["id"], lambda record: events(record, terms), lambda record: us_of(record[clock])
    )


def _after(since: int | None) -> Mapping[str, str]:
    """Return the filter of times from one on.

    ``after`` doesn't take the time itself, and ``between`` misses it on SQLite, where a text without milliseconds is
    less than the same with them. Vendure's times have milliseconds, so one less will do.
    """
    return {} if since is None else {"after": iso(since - _MS_US, "milliseconds")}


def _auth(config: VendureConfig) -> Header | Session:
    user, password = config.user, config.password
    if user is None or password is None:
        if config.key is None:
            raise InvalidValueError("key", None, "lacks: give it, or user and password")
        return Header("vendure-api-key", config.key)

    def sign_in(http: Http) -> Mapping[str, Secret]:
        asked = {"query": queries.LOGIN, "variables": {"user": user, "password": password.reveal()}}
        reply = http.post("", asked, authorized=False, repeatable=True)
        login = data_of(reply)["login"]
        if "errorCode" in login:
            reason = f"{user} can't log in ({login['errorCode'].lower()}): see user and password"
            raise FatalAdapterError(f"{reply.call}: {reason}")
        token = reply.headers.get("vendure-auth-token")
        if not token:
            reason = "the login brings no token: 'bearer' must be among the shop's tokenMethod"
            raise FatalAdapterError(f"{reply.call}: {reason}")
        return {"authorization": Secret(f"Bearer {token}")}

    return Session(sign_in, secrets=[password])
