"""Reading tills. Its parts are methods, so that a wrong adapter can differ from it in one of them."""

from __future__ import annotations

import json
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from cxkit.adapters import (
    Batch,
    Check,
    Facts,
    Http,
    Pushed,
    Reading,
    Secret,
    Session,
    Stream,
    Wire,
    by_time,
    by_token,
    everything,
    iso,
    us_of,
    when,
)
from cxkit.errors import FatalAdapterError, InvalidValueError
from cxkit.model.money import Money
from cxkit.signatures import verify_stripe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from cxkit.adapters import Page, Profile, Reply, Request, State
    from cxkit.http import Auth
    from cxkit.model.event import Event

    Record = Mapping[str, Any]

_SECOND = timedelta(seconds=1)
_GONE = 404


@attrs.frozen(kw_only=True)
class TillConfig:
    """How tills are reached."""

    url: str
    password: Secret
    hook_secret: Secret | None = None


class TillAdapter:
    """Tills: sales, refunds, customers."""

    name: ClassVar[str] = "till"
    title: ClassVar[str] = "Till"
    Config: ClassVar[type[TillConfig]] = TillConfig

    def __init__(self, config: TillConfig, wire: Wire | None = None) -> None:
        """Prepare it."""
        self.config = config
        self.http = Http(config.url, auth=self.auth(), wire=wire, inspect=self.inspect)
        self.source = f"till:{self.http.host}"
        self.facts = Facts(self.source)

    def auth(self) -> Auth:
        """Sign in when need be."""

        def sign_in(http: Http) -> Mapping[str, Secret]:
            asked = {"user": "clerk", "password": self.config.password.reveal()}
            reply = http.post("login", asked, authorized=False, repeatable=True)
            return {"Authorization": Secret(f"Bearer {reply.json()['token']}")}

        return Session(sign_in, secrets=[self.config.password])

    def inspect(self, reply: Reply) -> None:
        """See errors that come with status 200."""
        body = reply.json()
        if isinstance(body, dict) and "error" in body:
            raise FatalAdapterError(f"{reply.call}: {body['error']}")

    def check(self) -> Check:
        """Ask who we are."""
        return Check(self.http.get("me").json()["shop"])

    def streams(self) -> Sequence[Stream]:
        """Return the streams."""
        return (
            Stream("sales", "Sales, by their last change", ("order.placed",), "changed"),
            Stream("refunds", "Refunds, by their time", ("order.refunded",), "at"),
            Stream("customers", "Customers, all of them", ("identity.linked",)),
        )

    def read(self, stream: str, state: State) -> Iterator[Page]:
        """Read a stream."""
        if stream == "sales":
            return by_time(state, self.reading("sales", self.sale, "changed"), self.sales, step=_SECOND)
        if stream == "refunds":
            reading = self.reading("refunds", self.refund, "at")
            return by_token(state, reading, self.refunds, now=self.http.wire.clock)
        return everything(state, Reading("customers", self.key, self.customer), self.customers)

    def reading(self, name: str, events: Callable[[Record], Iterable[Event]], clock: str) -> Reading[Record]:
        """Say how records are understood."""
        return Reading(name, self.key, events, lambda record: us_of(record[clock], UTC))

    def key(self, record: Record) -> object:
        """Return a record's id."""
        return record["id"]

    # ------------------------------------------------------------------------------------------------------- fetching

    def since(self, since: int | None) -> str | None:
        """Write a bound."""
        return None if since is None else iso(since, "seconds").removesuffix("Z")

    def sales(self, since: int | None, skip: int) -> Batch[Record]:
        """Fetch sales."""
        asked = {"since": self.since(since), "skip": skip, "archived": "true"}
        body = self.http.get("sales", asked).json()
        return Batch(body["sales"], body["more"])

    def refunds(self, since: int | None, token: str | int | None) -> Batch[Record]:
        """Fetch refunds."""
        body = self.http.get("refunds", {"since": self.since(since), "page": token}).json()
        return Batch.at(body["refunds"], body["next"])

    def customers(self, token: str | int | None) -> Batch[Record]:
        """Fetch customers."""
        body = self.http.get("customers", {"page": token}).json()
        return Batch.at(body["customers"], body["next"])

    # -------------------------------------------------------------------------------------------------------- mapping

    def time(self, text: str) -> datetime:
        """Read a time: UTC, by the vendor's documentation."""
        return when(text, UTC)

    def money(self, text: str, currency: str) -> Money:
        """Read money."""
        return Money(text, currency)

    def sale(self, record: Record) -> Iterable[Event]:
        """Map a sale."""
        yield self.facts.event(
            "order.placed",
            record["id"],
            time=self.time(record["created"]),
            customer=self.facts.customer(record["customer_id"]),
            reference=str(record["id"]),
            amount=self.money(record["total"], record["currency"]),
            channel="store",
        )

    def refund(self, record: Record) -> Iterable[Event]:
        """Map a refund."""
        yield self.facts.event(
            "order.refunded",
            record["id"],
            time=self.time(record["at"]),
            customer=self.facts.customer(record["customer_id"]),
            reference=str(record["sale_id"]),
            amount=self.money(record["amount"], record["currency"]),
        )

    def customer(self, record: Record) -> Iterable[Event]:
        """Map a customer."""
        made = self.time(record["created"])
        yield from self.facts.links(record["id"], time=made, email=record["email"], phone=record["phone"])
        if record["merged_into"] is not None:
            yield self.facts.event(
                "identity.linked",
                f"{record['id']}:merged",
                time=made,
                customer=self.facts.customer(record["merged_into"]),
                reference=self.facts.customer(record["id"]),
            )

    # --------------------------------------------------------------------------------------------- webhooks, write-back

    def receive(self, request: Request) -> Iterable[Event]:
        """Take a webhook."""
        self.verify(request)
        try:
            return list(self.sale(json.loads(request.body)["sale"]))
        except (ValueError, LookupError, TypeError):
            raise InvalidValueError("body", request.body, "isn't a sale") from None

    def verify(self, request: Request) -> None:
        """Check the signature."""
        if self.config.hook_secret is None:
            raise FatalAdapterError("till: hook_secret is missing: without it nobody can tell whose a webhook is")
        verify_stripe(request, [self.config.hook_secret])

    def push(self, profiles: Iterable[Profile]) -> Pushed:
        """Write scores back."""
        written = unchanged = 0
        unknown: list[str] = []
        for profile in profiles:
            path = f"customers/{profile.customer}/scores"
            scores = {name: str(score) for name, score in profile.scores.items() if score is not None}
            try:
                same = self.http.get(path).json() == scores
            except FatalAdapterError as error:
                if error.status != _GONE:
                    raise
                unknown.append(profile.customer)
                continue
            if same:
                unchanged += 1
            else:
                self.http.request("PUT", path, json=scores)
                written += 1
        return Pushed(written, unchanged, tuple(unknown))
