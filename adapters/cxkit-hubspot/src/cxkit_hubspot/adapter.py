"""HubSpot as cxkit reads it and writes to it."""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final

from cxkit.adapters import Check, Facts, Reading, Stream, Wire, by_time, everything, us_of
from cxkit.errors import FatalAdapterError, InvalidValueError, UnknownNameError
from cxkit_hubspot import contacts, deals, feedback, scores, tickets, webhooks
from cxkit_hubspot.access import connect
from cxkit_hubspot.config import HubSpotConfig
from cxkit_hubspot.crm import VERSION, Crm, results

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from cxkit.adapters import Page, Profile, Pushed, Request, State
    from cxkit.model.event import Event
    from cxkit_hubspot.crm import Kind, Record

_LOG: Final = logging.getLogger(__name__)
_STREAMS: Final = (
    Stream("contacts", "Contacts: e-mail addresses, phone numbers, merges", contacts.KINDS, "lastmodifieddate"),
    Stream("deals", "Deals: opened, won, lost", deals.KINDS, deals.KIND.clock),
    Stream("tickets", "Tickets: opened, answered, resolved, reopened", tickets.KINDS, tickets.KIND.clock),
    Stream("feedback", "Answers to surveys", feedback.KINDS[:1], feedback.KIND.clock),
    Stream("deleted_deals", "Deals in the recycle bin", deals.KINDS[-1:]),
    Stream("deleted_tickets", "Tickets in the recycle bin", tickets.KINDS[-1:]),
    Stream("deleted_feedback", "Answers in the recycle bin", feedback.KINDS[-1:]),
)
_DELETED: Final = "deleted_"
_NEEDS: Final = {
    "contacts": "crm.objects.contacts.read", "deals": "crm.objects.deals.read", "tickets": "tickets",
    "feedback": "crm.objects.feedback_submissions.read",
}  # fmt: skip
_FORBIDDEN: Final = 403
_MILLISECOND: Final = timedelta(milliseconds=1)


class HubSpot:
    """One HubSpot account."""

    name: ClassVar[str] = "hubspot"
    title: ClassVar[str] = "HubSpot"
    Config: ClassVar = HubSpotConfig

    def __init__(self, config: HubSpotConfig, wire: Wire | None = None) -> None:
        """Prepare it; nothing is called yet.

        Args:
            config: the settings.
            wire: patience, limits and transport.
        """
        self._config = config
        self._wire = wire or Wire()
        self._http = connect(config, self._wire)
        self._crm = Crm(self._http, config.page)
        self._facts = Facts(self.source, config.region or None)
        self._kinds: Mapping[str, Kind] = {
            "contacts": contacts.kind(config.phones), "deals": deals.KIND, "tickets": tickets.KIND,
            "feedback": feedback.KIND,
        }  # fmt: skip

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    @property
    def source(self) -> str:
        """Return the source of its events: the account, for all are called at one address."""
        return f"{self.name}:{self._config.account}"

    def check(self) -> Check:
        """Ask whose account it is, and once for each type of records; say which rights lack.

        Raises:
            FatalAdapterError: the credentials are another account's.
        """
        portal = str(self._account.get("portalId"))
        if portal != self._config.account:
            raise FatalAdapterError(f"account: the credentials are of {portal}, and the setting says otherwise")
        lacks = []
        for stream, kind in self._kinds.items():
            try:
                self._crm.search(kind, [], kind.clock, limit=1)
            except FatalAdapterError as error:
                if error.status != _FORBIDDEN:
                    raise
                lacks.append(f"{stream}: {_NEEDS[stream]}")
        return Check(f"{self._account.get('portalName') or 'Hub ID'} {portal}", tuple(lacks))

    def streams(self) -> Sequence[Stream]:
        """Return what can be read."""
        return _STREAMS

    def read(self, stream: str, state: State) -> Iterator[Page]:
        """Read a stream: what changed, by the time of its change, or the recycle bin whole."""
        kind = self._kinds.get(stream.removeprefix(_DELETED))
        if kind is None or stream not in {each.name for each in _STREAMS}:
            raise UnknownNameError("stream", stream, [each.name for each in _STREAMS])
        if stream.startswith(_DELETED):
            bin_of = Reading(stream, _number, self._discarded(stream.removeprefix(_DELETED)))
            return everything(state, bin_of, lambda after: self._crm.archived(kind, after))
        reading = Reading(stream, _number, self._events[stream], lambda record: us_of(record.at))
        late = timedelta(minutes=self._config.late_minutes)
        return by_time(state, reading, self._crm.changes(kind), lookback=late, step=_MILLISECOND)

    def receive(self, request: Request) -> list[Event]:
        """Return the events of the records that a webhook names, as a pull would.

        A record that can't be taken doesn't keep the others out; a pull names it too.
        """
        account, now = self._config.account, self._wire.clock()
        events: list[Event] = []
        for stream, numbers in webhooks.named(request, self._config.client_secret, account=account, now=now).items():
            kind = self._kinds[stream]
            found = self._crm.with_contacts(kind, self._crm.read(kind, numbers))
            events += self._taken(stream, found, self._events[stream])
            if stream != "contacts":
                there = {number for record in found for number in (record.number, *record.merged)}
                gone = self._crm.read(kind, [each for each in numbers if each not in there], archived=True)
                events += self._taken(stream, gone, self._discarded(stream))
        return events

    def push(self, profiles: Iterable[Profile]) -> Pushed:
        """Write scores to contacts, into properties of their own."""
        return scores.push(self._crm, self._http, self._config.prefix, profiles)

    # ---------------------------------------------------------------------------------------------------------- mapping

    @cached_property
    def _events(self) -> Mapping[str, Callable[[Record], Iterable[Event]]]:
        facts = self._facts
        return {
            "contacts": lambda contact: contacts.events_of(contact, facts, self._config.phones),
            "deals": lambda deal: deals.events_of(deal, facts, lambda: self._currency),
            "tickets": lambda ticket: tickets.events_of(ticket, facts, self._closed),
            "feedback": lambda answer: feedback.events_of(answer, facts),
        }

    def _discarded(self, stream: str) -> Callable[[Record], Iterable[Event]]:
        made = {"deals": deals.discarded, "tickets": tickets.discarded, "feedback": feedback.discarded}[stream]
        return lambda record: made(record.number, record, self._facts)

    def _taken(
        self, stream: str, records: Iterable[Record], events_of: Callable[[Record], Iterable[Event]]
    ) -> Iterator[Event]:
        for record in records:
            try:
                yield from tuple(events_of(record))
            except InvalidValueError as error:
                _LOG.warning("%s %s: not taken: %s", stream, record.number, error)

    @cached_property
    def _account(self) -> Mapping[str, Any]:
        reply = self._http.get(f"/account-info/{VERSION}/details")
        found = reply.json()
        if not isinstance(found, dict) or "portalId" not in found:
            raise FatalAdapterError(f"{reply.call}: the answer has no portalId: is url that of HubSpot's API?")
        return found

    @cached_property
    def _currency(self) -> str | None:
        return self._config.currency or self._account.get("companyCurrency")

    @cached_property
    def _closed(self) -> Mapping[str, bool]:
        return tickets.closed_stages(results(self._http.get(f"/crm/pipelines/{VERSION}/tickets")))


def _number(record: Record) -> str:
    return record.number
