"""BottleCRM as cxkit reads it and writes to it."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final

from cxkit.adapters import Batch, Check, Facts, Reading, Stream, Wire, by_token, everything, us_of
from cxkit.errors import FatalAdapterError, UnknownNameError
from cxkit_bottlecrm import people, ratings, scores, tickets, webhooks
from cxkit_bottlecrm.access import ask, connect
from cxkit_bottlecrm.config import BottleCrmConfig
from cxkit_bottlecrm.days import Listed, by_days

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from cxkit.adapters import Page, Profile, Pushed, Request, State
    from cxkit.model.event import Event

    Record = Mapping[str, Any]

_STREAMS: Final = (
    Stream("contacts", "Contacts: e-mail addresses and phone numbers", people.CONTACT_KINDS),
    Stream("tickets", "Tickets: opened, answered, resolved, reopened", tickets.KINDS),
    Stream("ratings", "Ratings of closed tickets, in sum", ratings.KINDS, "responded_at"),
    Stream("leads", "Leads: opened, answered, lost", people.LEAD_KINDS),
    Stream("deals", "Deals: opened, won, lost", people.DEAL_KINDS),
)
_NEEDS: Final = {
    "contacts": "contacts:read", "tickets": "cases:read", "ratings": "cases:read", "leads": "leads:read",
    "deals": "opportunities:read",
}  # fmt: skip
_PATHS: Final = {
    "contacts": "/api/contacts/", "tickets": "/api/cases/", "ratings": "/api/cases/csat/aggregate/",
    "leads": "/api/leads/", "deals": "/api/opportunities/",
}  # fmt: skip
_FORBIDDEN, _GONE = 403, 404
_LOG_PAGE: Final = 200
_CLOCKS: Final = timedelta(hours=1)  # what BottleCRM's clock and ours may differ by
_SECOND_THOUGHTS: Final = timedelta(hours=25)  # a rating may be changed for a day


class BottleCrm:
    """One organisation in BottleCRM."""

    name: ClassVar[str] = "bottlecrm"
    title: ClassVar[str] = "BottleCRM"
    Config: ClassVar = BottleCrmConfig

    def __init__(self, config: BottleCrmConfig, wire: Wire | None = None) -> None:
        """Prepare it; nothing is called yet.

        Args:
            config: the settings.
            wire: patience, limits and transport.
        """
        self._config = config
        self._wire = wire or Wire()
        self._http = connect(config, self._wire)
        self._facts = Facts(self.source)

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    @property
    def source(self) -> str:
        """Return the source of its events: the server, and the organisation where settings tell it apart."""
        return f"{self.name}:{self._http.host}" + (f"/{self._config.account}" if self._config.account else "")

    def check(self) -> Check:
        """Ask for the organisation and, once each, for the lists; say which rights lack."""
        lacks: list[str] = []
        for stream in _STREAMS:
            try:
                self._http.get(_PATHS[stream.name], {"limit": 1, "slim": "true"})
            except FatalAdapterError as error:
                if error.status != _FORBIDDEN:
                    raise
                lacks.append(f"{stream.name}: {_NEEDS[stream.name]}")
        who, role = self._organisation.get("name"), self._role()
        if role != "ADMIN":
            lacks.append("the role ADMIN: others see their own records alone")
        return Check(str(who or self._http.host), tuple(lacks))

    def streams(self) -> Sequence[Stream]:
        """Return what can be read."""
        return _STREAMS

    def read(self, stream: str, state: State) -> Iterator[Page]:
        """Read a stream; nearly all is read each time, for BottleCRM tells no time of change."""
        if stream == "tickets":
            reading = Reading(stream, _id, self._events[stream], tickets.changed)
            return by_token(state, reading, self._tickets, now=self._wire.clock, ordered=False, lookback=_CLOCKS)
        if stream == "ratings":
            spans = Reading(stream, _since, lambda span: ratings.events_of(span, self._facts), _since)
            return by_token(state, spans, self._ratings, now=self._wire.clock, ordered=False, lookback=_SECOND_THOUGHTS)
        if stream not in self._lists:
            raise UnknownNameError("stream", stream, _PATHS)
        return everything(state, Reading(stream, _id, self._events[stream]), lambda token: self._days(stream, token))

    def receive(self, request: Request) -> list[Event]:
        """Return the events of the record that a webhook names, as a pull would."""
        found = webhooks.named(request, self._config.webhook_secret, now=self._wire.clock())
        if found is None:
            return []
        stream, number = found
        try:
            record = ask(self._http, f"{_PATHS[stream]}{number}/", {"show_merged": "true"}).part(_DETAILS[stream])
            if stream == "tickets":
                record = self._with_log(record)
        except FatalAdapterError as error:
            if error.status != _GONE:
                raise
            return []  # deleted since
        return list(self._events[stream](record))

    def push(self, profiles: Iterable[Profile]) -> Pushed:
        """Write scores to contacts, into custom fields."""
        return scores.push(self._http, self._config.prefix, profiles)

    # ---------------------------------------------------------------------------------------------------------- mapping

    @cached_property
    def _events(self) -> Mapping[str, Callable[[Record], Iterable[Event]]]:
        facts = self._facts
        return {
            "contacts": lambda contact: people.contact_events(contact, facts),
            "tickets": lambda ticket: tickets.events_of(ticket, facts, self._config.channel_field),
            "leads": lambda lead: people.lead_events(lead, facts, self._currency),
            "deals": lambda deal: people.deal_events(deal, facts, self._currency),
        }

    @cached_property
    def _organisation(self) -> Record:
        try:
            found: Record = ask(self._http, "/api/org/settings/").part()
        except FatalAdapterError as error:
            if error.status != _FORBIDDEN:
                raise
            return {}
        return found

    @cached_property
    def _currency(self) -> str | None:
        return self._config.currency or self._organisation.get("default_currency")

    def _role(self) -> str | None:
        try:
            return str(ask(self._http, "/api/profile/").part("user_obj", "role"))
        except FatalAdapterError as error:
            if error.status != _FORBIDDEN:
                raise
            return None

    # ------------------------------------------------------------------------------------------------------------ lists

    @cached_property
    def _lists(self) -> Mapping[str, Callable[[Mapping[str, object]], Listed]]:
        return {
            "contacts": self._listing("contacts", "results", "contacts_count"),
            "tickets": self._listing("tickets", "cases", "cases_count", **_ALL_TICKETS),
            "leads": self._leads,
            "deals": self._listing("deals", "opportunities", "opportunities_count"),
        }

    def _days(self, stream: str, token: str | int | None) -> Batch[Record]:
        # An organisation's records are no older than it is, unless somebody brought them from elsewhere.
        start = str(self._organisation.get("created_at") or "")[:10]
        return by_days(self._lists[stream], token, page=self._config.page, now=self._wire.clock(), start=start)

    def _listing(
        self, stream: str, records: str, count: str, **always: str
    ) -> Callable[[Mapping[str, object]], Listed]:
        def listed(params: Mapping[str, object]) -> Listed:
            told = ask(self._http, _PATHS[stream], {**params, **always})
            return Listed(told.part(records), told.part(count), told.part(count))

        return listed

    def _leads(self, params: Mapping[str, object]) -> Listed:
        """Return leads, which come in two parts: the open ones and the closed ones."""
        told = ask(self._http, _PATHS["leads"], params)
        counts = [told.part(name, "leads_count") for name in _LEADS]
        return Listed([lead for name in _LEADS for lead in told.part(name, name)], sum(counts), max(counts))

    def _tickets(self, since: int | None, token: str | int | None) -> Batch[Record]:
        batch = self._days("tickets", token)
        if not self._config.reopenings:
            return batch
        read = [self._with_log(each) if tickets.may_have_reopened(each, since) else each for each in batch.records]
        return Batch(read, batch.more, batch.token)

    def _with_log(self, ticket: Record) -> Record:
        """Return a ticket with its log; one that was deleted meanwhile, as it was."""
        entries: dict[str, Record] = {}
        while True:
            params = {"limit": _LOG_PAGE, "offset": len(entries)}
            try:
                told = ask(self._http, f"{_PATHS['tickets']}{ticket['id']}/activities/", params)
            except FatalAdapterError as error:
                if error.status != _GONE:
                    raise
                return ticket
            before = len(entries)
            entries |= {entry["id"]: entry for entry in told.part("activities")}
            if len(entries) in {told.part("count"), before}:
                return {**ticket, tickets.LOG: [*entries.values()]}

    def _ratings(self, since: int | None, token: str | int | None) -> Batch[ratings.Rated]:
        start = int(token) if token is not None else since if since is not None else self._first_ticket()
        if start is None:
            return Batch(())
        return ratings.rated(self._rated, start, minutes=self._config.rating_minutes, now=self._wire.clock())

    def _rated(self, params: Mapping[str, str]) -> Mapping[str, int]:
        return ratings.distribution(ask(self._http, _PATHS["ratings"], params).part("distribution"))

    def _first_ticket(self) -> int | None:
        """Return when the first ticket was opened, before which there is nothing to rate."""
        params = {**_ALL_TICKETS, "ordering": "created_at", "limit": 1}
        found = ask(self._http, _PATHS["tickets"], params).part("cases")
        return us_of(found[0]["created_at"]) if found else None


_LEADS: Final = ("open_leads", "close_leads")
# Those that were merged or deleted too: what was told of them is to be corrected.
_ALL_TICKETS: Final = {"slim": "true", "ordering": "created_at", "show_merged": "true", "include_deleted": "true"}
_DETAILS: Final = {"contacts": "contact_obj", "tickets": "cases_obj", "leads": "lead_obj", "deals": "opportunity_obj"}


def _id(record: Record) -> object:
    return record["id"]


def _since(span: ratings.Rated) -> int:
    return span.since
