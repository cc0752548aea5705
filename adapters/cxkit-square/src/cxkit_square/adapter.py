"""Reading a seller's account at Square."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final

from cxkit.adapters import Batch, Check, Facts, Http, Reading, Stream, Wire, bearer, by_token, everything, us_of
from cxkit.errors import FatalAdapterError, InvalidValueError, RetriableAdapterError, UnknownNameError
from cxkit_square import orders, payments, people, webhooks
from cxkit_square.config import SquareConfig
from cxkit_square.lists import Lists
from cxkit_square.orders import Told
from cxkit_square.payments import Repaid
from cxkit_square.terms import Terms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from cxkit.adapters import Page, Reply, Request, State
    from cxkit.model.event import Event

    Record = Mapping[str, Any]

VERSION: Final = "2026-08-19"  # of Square's interface, which the mapping was made for
_CLOCKS_DIFFER_BY: Final = timedelta(minutes=10)
_PASSING: Final = frozenset({"API_ERROR", "RATE_LIMIT_ERROR"})
_STREAMS: Final = (
    Stream("customers", "Customers, by their last change", people.CUSTOMER_KINDS, "updated_at"),
    Stream("orders", "Sales, returns and exchanges, by their last change", orders.KINDS, "updated_at"),
    Stream("refunds", "Money given back, by its last change", payments.REFUND_KINDS, "updated_at"),
    Stream("payments", "How was paid, by the last change", payments.PAYMENT_KINDS, "updated_at"),
    Stream("members", "Accounts of the loyalty program, all of them", people.MEMBER_KINDS),
    Stream("rewards", "Points earned and rewards redeemed", people.REWARD_KINDS, "created_at"),
)
_NEEDS: Final = ("MERCHANT_PROFILE_READ", "CUSTOMERS_READ", "ORDERS_READ", "PAYMENTS_READ", "LOYALTY_READ")


class Square:
    """A seller's account at Square: sales, returns, refunds, payments, customers and loyalty.

    Every list but that of loyalty accounts can be asked for what changed since a time. One sweep goes through a list by
    Square's own cursors, a part of the locations after the other; the next begins where this one began.

    >>> from cxkit.adapters import Secret
    >>> square = Square(SquareConfig(merchant="5S9MXCS9Y99KK", token=Secret("t0ken")))
    >>> square.source, [stream.name for stream in square.streams()]
    ('square:5S9MXCS9Y99KK', ['customers', 'orders', 'refunds', 'payments', 'members', 'rewards'])
    """

    name: ClassVar[str] = "square"
    title: ClassVar[str] = "Square"
    Config: ClassVar[type[SquareConfig]] = SquareConfig

    def __init__(self, config: SquareConfig, wire: Wire | None = None) -> None:
        """Prepare it; nothing is sent yet.

        Args:
            config: the settings.
            wire: patience, limits and transport.
        """
        self._config = config
        self._wire = wire or Wire()
        self._http = Http(
            config.url,
            auth=bearer(config.token),
            wire=self._wire,
            headers={"Square-Version": VERSION},
            inspect=_no_errors,
        )
        self._lists = Lists(self._http, config.page)
        self.source = f"square:{config.merchant}"
        channels = dict(pair.split("=", 1) for pair in config.channels)
        self._terms = Terms(Facts(self.source, config.region), config.channel, channels)

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def check(self) -> Check:
        """Say whose account it is, and which rights lack."""
        token = self._http.post("oauth2/token/status", repeatable=True).json()
        self._must_be_ours(token.get("merchant_id"))
        scopes = token.get("scopes")
        missing = () if scopes is None else tuple(scope for scope in _NEEDS if scope not in scopes)
        if "MERCHANT_PROFILE_READ" in missing:
            return Check(self._config.merchant, missing)
        merchant = self._http.get(f"v2/merchants/{self._config.merchant}").json()["merchant"]
        return Check(f"{merchant.get('business_name') or 'Square'} ({self._config.merchant})", missing)

    def streams(self) -> Sequence[Stream]:
        """Return what can be read."""
        return _STREAMS

    def read(self, stream: str, state: State) -> Iterator[Page]:
        """Read a stream on from where it stands."""
        if stream not in {each.name for each in _STREAMS}:
            raise UnknownNameError("stream of square", stream, [each.name for each in _STREAMS])
        locations, lists, terms = self._locations, self._lists, self._terms
        if stream == "orders":
            told = _reading(stream, orders.order_events, terms, lambda each: each.order)
            return self._sweep(state, told, lambda since, token: self._told(lists.orders(locations, since, token)))
        if stream == "refunds":
            repaid = _reading(stream, payments.refund_events, terms, lambda each: each.refund)
            return self._sweep(state, repaid, lambda since, token: self._repaid(lists.refunds(since, token)))
        if stream == "payments":
            paid = _reading(stream, payments.payment_events, terms)
            return self._sweep(state, paid, lambda since, token: lists.payments(locations, since, token))
        if stream == "members":
            return everything(state, _reading(stream, people.member_events, terms), lists.members)
        if stream == "customers":
            return self._sweep(state, _reading(stream, people.customer_events, terms), lists.customers)
        return self._sweep(state, _reading(stream, people.reward_events, terms), lists.rewards)

    def receive(self, request: Request) -> list[Event]:
        """Return the events of the record that a webhook brings or names, as a pull would."""
        said = webhooks.read(request, self._config)
        if said is None:
            return []
        try:
            return list(self._events_of(said))
        except (LookupError, TypeError, AttributeError) as error:
            reason = f"isn't as expected: {type(error).__name__}: {error}"
            raise InvalidValueError(said.name, said.number, reason) from None

    # --------------------------------------------------------------------------------------------------------- webhooks

    def _events_of(self, said: webhooks.Notice) -> Iterable[Event]:
        terms, record = self._terms, said.record
        if said.name == "order":
            # Only the id is sent.
            found = [*self._lists.orders_by_id([said.number]).values()]
            return [event for told in self._with_named(found) for event in orders.order_events(told, terms)]
        if said.name == "refund":
            (repaid,) = self._with_orders([record])
            return payments.refund_events(repaid, terms)
        if said.name == "customer":
            links = [orders.merged(old, record, terms) for old in said.merged if old != record["id"]]
            return [*people.customer_events(record, terms), *links]
        events: Mapping[str, Callable[[Record, Terms], Iterable[Event]]] = {
            "payment": payments.payment_events,
            "loyalty_account": people.member_events,
            "loyalty_event": people.reward_events,
        }
        return events[said.name](record, terms)

    # ----------------------------------------------------------------------------------------------------- what's named

    def _told(self, batch: Batch[Record]) -> Batch[Told]:
        return Batch(self._with_named(batch.records), batch.more, batch.token)

    def _repaid(self, batch: Batch[Record]) -> Batch[Repaid]:
        return Batch(self._with_orders(batch.records), batch.more, batch.token)

    def _with_named(self, found: Sequence[Record]) -> list[Told]:
        """Return orders, with those that they take goods back from, and with what became of customers."""
        sources = self._lists.orders_by_id(source for order in found for source in orders.sources_of(order))
        successors = self._lists.successors(who for order in found for who in orders.customers_of(order))
        return [
            Told(
                order,
                {source: sources[source] for source in orders.sources_of(order) if source in sources},
                {who: successors[who] for who in sorted(orders.customers_of(order)) if who in successors},
            )
            for order in found
        ]

    def _with_orders(self, refunds: Sequence[Record]) -> list[Repaid]:
        """Return refunds, with the orders that they made, and those that they give back from."""
        made = self._lists.orders_by_id(refund["order_id"] for refund in refunds if refund.get("order_id"))
        sources = {source for order in made.values() for source in orders.sources_of(order)}
        sold = self._lists.orders_by_id(sources - made.keys())
        return [Repaid(refund, made | sold) for refund in refunds]

    # ------------------------------------------------------------------------------------------------------ the account

    @cached_property
    def _locations(self) -> Sequence[str]:
        """The ids of the locations that are read, in an order that doesn't change when one is renamed."""
        found = self._lists.locations()
        for location in found:
            self._must_be_ours(location.get("merchant_id"))
        ids = sorted(location["id"] for location in found)
        for asked in self._config.locations:
            if asked not in ids:
                raise UnknownNameError("location", asked, ids)
        return [each for each in ids if not self._config.locations or each in self._config.locations]

    def _must_be_ours(self, merchant: str | None) -> None:
        if merchant is not None and merchant != self._config.merchant:
            raise FatalAdapterError(
                f"{self._http.host}: the token is of the seller {merchant}, and merchant is {self._config.merchant}: "
                "set the one that is meant"
            )

    def _sweep(
        self,
        state: State,
        reading: Reading[Any],
        fetch: Callable[[int | None, str | int | None], Batch[Any]],
    ) -> Iterator[Page]:
        return by_token(state, reading, fetch, now=self._wire.clock, ordered=False, lookback=_CLOCKS_DIFFER_BY)


def _itself(record: Any) -> Any:  # noqa: ANN401 - a record
    return record


def _reading(
    stream: str,
    events: Callable[[Any, Terms], Iterable[Event]],
    terms: Terms,
    record_of: Callable[[Any], Record] = _itself,
) -> Reading[Any]:
    """Return how a stream's records are understood.

    Args:
        stream: its name.
        events: makes events of what is read.
        terms: what is the same for all records.
        record_of: returns the record of what is read.
    """
    return Reading(
        stream,
        lambda each: record_of(each)["id"],
        lambda each: events(each, terms),
        lambda each: _changed(record_of(each)),
    )


def _changed(record: Record) -> int:
    return us_of(record.get("updated_at") or record["created_at"])


def _no_errors(reply: Reply) -> None:
    """See the errors that an answer with a good status may carry."""
    body = reply.json()
    errors = body.get("errors") if isinstance(body, dict) else None
    if errors:
        said = "; ".join(str(each.get("detail") or each.get("code")) for each in errors)
        kind = RetriableAdapterError if any(each.get("category") in _PASSING for each in errors) else FatalAdapterError
        raise kind(f"{reply.call}: {said}")
