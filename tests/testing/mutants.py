"""Adapters that are wrong, each in one way of the field's; `test_mutants` runs them and wants them to fail.

A class each, so that the report of one run tells which test found which.
"""

from __future__ import annotations

import json
import logging
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import attrs
import pytest
from till_source import PASSWORD, TillSource

from cxkit.adapters import Batch, Header, Page, Reading, Secret, State, Wire, by_time, by_token, iso, when
from cxkit.errors import AdapterError, FatalAdapterError, RetriableAdapterError
from cxkit.http import Http
from cxkit.model.money import Money
from cxkit.testing import AdapterSuite
from cxkit_till.adapter import TillAdapter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cxkit.adapters import Reply, Request
    from cxkit.model.event import Event

    Record = Mapping[str, Any]


class Right(TillAdapter):
    """The right one, to see that the run itself is sound."""


class NoPaging(TillAdapter):
    """Takes the first page for the list."""

    def sales(self, since: int | None, skip: int) -> Batch[Record]:
        return attrs.evolve(super().sales(since, skip), more=False)


class IgnoredCursor(TillAdapter):
    """Reads all from the beginning each time."""

    def read(self, stream: str, state: State) -> Iterator[Page]:
        return super().read(stream, State())


class Greater(TillAdapter):
    """Asks for what changed after a time, and not at it."""

    def since(self, since: int | None) -> str | None:
        return super().since(None if since is None else since + 1_000_000)


class WrongCursorField(TillAdapter):
    """Goes by when a sale was made, not by when it changed."""

    def sales(self, since: int | None, skip: int) -> Batch[Record]:
        asked = {"since": self.since(since), "skip": skip, "archived": "true", "by": "created"}
        body = self.http.get("sales", asked).json()
        return Batch(body["sales"], body["more"])

    def reading(self, name: str, events: Any, clock: str) -> Reading[Record]:
        return super().reading(name, events, "created" if name == "sales" else clock)


class DroppedLastPage(TillAdapter):
    """Stops when there is no more, without the page that says so."""

    def sales(self, since: int | None, skip: int) -> Batch[Record]:
        batch = super().sales(since, skip)
        return batch if batch.more else Batch([])


class DroppedFirstRecord(TillAdapter):
    """Takes the first record of a further page for the last one of the page before."""

    def refunds(self, since: int | None, token: str | int | None) -> Batch[Record]:
        batch = super().refunds(since, token)
        return batch if token is None else attrs.evolve(batch, records=batch.records[1:])


class DroppedRefunds(TillAdapter):
    """Knows of refunds, and reads none."""

    def refunds(self, since: int | None, token: str | int | None) -> Batch[Record]:
        return attrs.evolve(super().refunds(since, token), records=[])


class RefundsOfChangedSales(TillAdapter):
    """Looks for the refunds of sales that changed."""

    def read(self, stream: str, state: State) -> Iterator[Page]:
        if stream != "refunds":
            return super().read(stream, state)
        return by_time(state, self.reading("sales", self.refunds_of, "changed"), self.sales, step=timedelta(seconds=1))

    def refunds_of(self, record: Record) -> Iterable[Event]:
        for refund in self.http.get("refunds").json()["refunds"]:
            if refund["sale_id"] == record["id"]:
                yield from self.refund(refund)


class FloatMoney(TillAdapter):
    """Counts cents by floating point."""

    def money(self, text: str, currency: str) -> Money:
        return Money.of_minor(int(float(text) * 100), currency)


class NaiveTime(TillAdapter):
    """Takes the vendor's UTC for the time here."""

    def time(self, text: str) -> datetime:
        return datetime.fromisoformat(text).astimezone()


class TimeOfReading(TillAdapter):
    """Says that things happened when it read them."""

    def time(self, text: str) -> datetime:
        del text
        return when(iso(int(time.time() * 1e6)))


class UnstableIds(TillAdapter):
    """Gives a fact another id each time."""

    def sale(self, record: Record) -> Iterable[Event]:
        for event in super().sale(record):
            yield attrs.evolve(event, id=str(uuid4()))


class IdsByPlace(TillAdapter):
    """Numbers events by where they stand in the list."""

    count = 0

    def refund(self, record: Record) -> Iterable[Event]:
        for event in super().refund(record):
            self.count += 1
            yield attrs.evolve(event, id=f"order.refunded:{self.count}")


class LeakedInLog(TillAdapter):
    """Logs what it signs in with."""

    def auth(self) -> Any:
        logging.getLogger("till").debug("signing in with %s", self.config.password.reveal())
        return super().auth()


class LeakedInError(TillAdapter):
    """Repeats in an error what it signed in with."""

    def read(self, stream: str, state: State) -> Iterator[Page]:
        try:
            yield from super().read(stream, state)
        except FatalAdapterError as error:
            message = f"{error} (password {self.config.password.reveal()})"
            raise FatalAdapterError(message) from None


class LeakedAsText(TillAdapter):
    """Keeps a secret as plain text."""

    def __init__(self, config: Any, wire: Wire | None = None) -> None:
        super().__init__(config, wire)
        self.password = config.password.reveal()


class PlainAddress(TillAdapter):
    """Keeps an e-mail address where nobody hides it."""

    def customer(self, record: Record) -> Iterable[Event]:
        for event in super().customer(record):
            yield attrs.evolve(event, properties=json.dumps({"mail": record["email"]}))


class UncheckedSignature(TillAdapter):
    """Believes every webhook."""

    def verify(self, request: Request) -> None:
        """Look at nothing."""


class SignatureOfParsedBody(TillAdapter):
    """Checks the signature of what it has read and written again."""

    def verify(self, request: Request) -> None:
        super().verify(attrs.evolve(request, body=json.dumps(json.loads(request.body)).encode()))


class NoReplayWindow(TillAdapter):
    """Takes a webhook of last year."""

    def verify(self, request: Request) -> None:
        from cxkit.signatures import verify_stripe

        assert self.config.hook_secret is not None
        verify_stripe(request, [self.config.hook_secret], tolerance=1e9)


class OtherIdByWebhook(TillAdapter):
    """Calls a fact otherwise when a webhook tells it."""

    def receive(self, request: Request) -> Iterable[Event]:
        return [attrs.evolve(event, id=f"hook:{event.id}") for event in super().receive(request)]


class SwallowedError(TillAdapter):
    """Ends as if all were read when the vendor fails."""

    def read(self, stream: str, state: State) -> Iterator[Page]:
        try:
            yield from super().read(stream, state)
        except AdapterError:
            return


class ErrorIsEmpty(TillAdapter):
    """Takes an error with status 200 for an empty page."""

    def inspect(self, reply: Reply) -> None:
        """Look at nothing."""

    def sales(self, since: int | None, skip: int) -> Batch[Record]:
        body = self.http.get("sales", {"since": self.since(since), "skip": skip, "archived": "true"}).json()
        return Batch(body.get("sales", []), body.get("more", False))

    def refunds(self, since: int | None, token: str | int | None) -> Batch[Record]:
        body = self.http.get("refunds", {"since": self.since(since), "page": token}).json()
        return Batch.at(body.get("refunds", []), body.get("next"))

    def customers(self, token: str | int | None) -> Batch[Record]:
        body = self.http.get("customers", {"page": token}).json()
        return Batch.at(body.get("customers", []), body.get("next"))


class NoRetry(TillAdapter):
    """Gives up at once."""

    def __init__(self, config: Any, wire: Wire | None = None) -> None:
        super().__init__(config, attrs.evolve(wire or Wire(), attempts=1))


class ImpatientRetry(TillAdapter):
    """Tries again at once, whatever the vendor asks for."""

    def __init__(self, config: Any, wire: Wire | None = None) -> None:
        super().__init__(config, attrs.evolve(wire or Wire(), sleep=lambda _seconds: None))


class EndlessRetry(TillAdapter):
    """Tries for ever."""

    def sales(self, since: int | None, skip: int) -> Batch[Record]:
        while True:
            try:
                return super().sales(since, skip)
            except RetriableAdapterError:
                continue


class RetriedRefusal(TillAdapter):
    """Asks again though it lacks the right."""

    def sales(self, since: int | None, skip: int) -> Batch[Record]:
        for _ in range(30):
            try:
                return super().sales(since, skip)
            except FatalAdapterError:
                continue
        return super().sales(since, skip)


class StateBeforeEvents(TillAdapter):
    """Says that a page was read with the page before it."""

    def read(self, stream: str, state: State) -> Iterator[Page]:
        pages = super().read(stream, state)
        first = next(pages)
        for page in pages:
            yield attrs.evolve(first, state=page.state)
            first = page
        yield first


class StateOfTheEnd(TillAdapter):
    """Says with the first page that all was read."""

    def read(self, stream: str, state: State) -> Iterator[Page]:
        pages = list(super().read(stream, state))
        return (attrs.evolve(page, state=pages[-1].state) for page in pages)


class CursorIsNow(TillAdapter):
    """Goes on from when it looked, by its own clock, not from what it saw."""

    def read(self, stream: str, state: State) -> Iterator[Page]:
        for page in super().read(stream, state):
            now = int(time.time() * 1_000_000)
            yield attrs.evolve(page, state=attrs.evolve(page.state, cursor=page.state.cursor and now))


class OffsetPaging(TillAdapter):
    """Counts through a list whose records move to its end when they change."""

    def read(self, stream: str, state: State) -> Iterator[Page]:
        if stream != "sales":
            return super().read(stream, state)
        reading = self.reading("sales", self.sale, "changed")
        return by_token(state, reading, self.by_place, now=self.http.wire.clock)

    def by_place(self, since: int | None, token: str | int | None) -> Batch[Record]:
        skip = int(token or 0)
        batch = TillAdapter.sales(self, since, skip)
        return Batch.at(batch.records, skip + len(batch.records) if batch.more else None)


class HiddenMissed(TillAdapter):
    """Doesn't ask for what lists leave out."""

    def sales(self, since: int | None, skip: int) -> Batch[Record]:
        body = self.http.get("sales", {"since": self.since(since), "skip": skip}).json()
        return Batch(body["sales"], body["more"])


class MergeMissed(TillAdapter):
    """Leaves two customers two that are one."""

    def customer(self, record: Record) -> Iterable[Event]:
        return super().customer({**record, "merged_into": None})


class CustomerMissed(TillAdapter):
    """Doesn't say whose a sale is."""

    def sale(self, record: Record) -> Iterable[Event]:
        return super().sale({**record, "customer_id": None})


class SessionNotRenewed(TillAdapter):
    """Signs in once, and never again."""

    def auth(self) -> Any:
        http = Http(self.config.url, wire=self._wire)
        asked = {"user": "clerk", "password": PASSWORD}
        token = http.post("login", asked, repeatable=True).json()["token"]
        return Header("Authorization", Secret(token), "Bearer ")

    def __init__(self, config: Any, wire: Wire | None = None) -> None:
        self._wire = wire
        super().__init__(config, wire)


class RoundAndRound(TillAdapter):
    """Follows a list's pages wherever they lead, also in a circle."""

    def read(self, stream: str, state: State) -> Iterator[Page]:
        if stream != "customers":
            yield from super().read(stream, state)
            return
        token: str | int | None = None
        while True:
            batch = self.customers(token)
            events = tuple(event for record in batch.records for event in self.customer(record))
            yield Page(events, State(), len(batch.records))
            if not batch.more:
                return
            token = batch.token


class UndeclaredKind(TillAdapter):
    """Brings what it doesn't declare."""

    def streams(self) -> Sequence[Any]:
        return tuple(attrs.evolve(stream, kinds=("order.placed",)) for stream in super().streams())


class RepeatedWriting(TillAdapter):
    """Writes scores back though they stand there."""

    def push(self, profiles: Any) -> Any:
        for profile in profiles:
            path = f"customers/{profile.customer}/scores"
            scores = {name: str(score) for name, score in profile.scores.items()}
            self.http.request("PUT", path, json=scores)
        return super().push([])


MUTANTS = {
    kind.__name__: kind
    for kind in list(globals().values())
    if isinstance(kind, type) and issubclass(kind, TillAdapter) and kind is not TillAdapter
}


def _suite_of(mutant: type[TillAdapter]) -> type[AdapterSuite]:
    @pytest.fixture(scope="class")
    @classmethod
    def source(cls: type[AdapterSuite]) -> TillSource:
        """Return tills with this adapter."""
        del cls
        return TillSource(mutant)

    return type(f"Test{mutant.__name__}", (AdapterSuite,), {"source": source})


for _name, _mutant in MUTANTS.items():
    globals()[f"Test{_name}"] = _suite_of(_mutant)
del _name, _mutant
