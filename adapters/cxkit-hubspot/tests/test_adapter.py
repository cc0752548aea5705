"""The adapter where it is HubSpot's alone; what all adapters must do is in the suite."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.servers.hubspot import CLOSED, OPEN, Portal, iso
from tests.servers.hubspot_api import HubSpotApi
from tests.servers.hubspot_source import adapter_of, read

from cxkit.adapters import Secret, State, Wire, configured
from cxkit.errors import FatalAdapterError, InvalidValueError, UnknownNameError
from cxkit.model.money import Money
from cxkit_hubspot import HubSpotConfig

if TYPE_CHECKING:
    from cxkit_hubspot import HubSpot

ALL = ("contacts", "deals", "tickets", "feedback", "deleted_deals", "deleted_tickets", "deleted_feedback")


@pytest.mark.parametrize("alike", [1, 3, 4, 6, 7, 20, 21, 50])
def test_more_results_than_a_query_gives_are_all_read(portal: Portal, alike: int) -> None:
    """Also where more than those share one time; 20 take the place of HubSpot's 10,000 here."""
    api = HubSpotApi(portal, most_results=20)
    before = [portal.make("contacts", email=f"a{n}@example.org") for n in range(25)]
    moment = portal.now()
    imported = [portal.make("contacts", at=moment, email=f"b{n}@example.org") for n in range(alike)]
    after = [portal.make("contacts", email=f"c{n}@example.org") for n in range(10)]
    found, state = read(adapter_of(api, page=3), "contacts")
    assert {event.customer for event in found.values()} == {f"hubspot:4711:{n}" for n in (*before, *imported, *after)}
    assert len(found) == 25 + alike + 10
    assert len(api.calls) <= len(found) / 3 * 1.6 + 6  # hardly more than there are pages
    again, _ = read(adapter_of(api, page=3), "contacts", state)
    assert not again


def test_the_played_hubspot_gives_no_more_than_its_limit(portal: Portal) -> None:
    """Or the test above would prove nothing."""
    api = HubSpotApi(portal, most_results=20)
    http = adapter_of(api)._http
    asked = {"filterGroups": [], "sorts": ["hs_object_id"], "properties": [], "limit": 3, "after": "18"}
    with pytest.raises(FatalAdapterError, match="beyond 20 results"):
        http.post("/crm/objects/2026-09/contacts/search", asked)


def test_what_a_search_shows_late_is_read(portal: Portal, api: HubSpotApi) -> None:
    """HubSpot's index is behind by some moments; a later change may show earlier."""
    slow = portal.ticket()
    portal.behind -= 240_000
    quick = portal.ticket()
    api.unseen.add(slow)
    first, state = read(adapter_of(api), "tickets")
    assert set(first) == {f"contact.opened:{quick}"}
    api.unseen.clear()
    second, _ = read(adapter_of(api), "tickets", state)
    assert set(second) == {f"contact.opened:{slow}"}


def test_searches_keep_to_their_five_a_second(portal: Portal) -> None:
    """And all calls to those that the headers say are left: HubSpot never has to refuse one."""
    now = [1_800_000_000.0]
    api = HubSpotApi(portal, clock=lambda: now[0])
    for n in range(40):
        portal.ticket(portal.make("contacts", email=f"a{n}@example.org"))

    def sleep(seconds: float) -> None:
        now[0] += seconds

    wire = Wire(transport=api.transport, clock=lambda: now[0], sleep=sleep)
    adapter = adapter_of(api, wire, page=2)
    assert len(read(adapter, "tickets")[0]) == 40
    searches = sum(call.endswith("/search") for call in api.calls)
    assert searches >= 20
    assert searches / 5 - 1 <= now[0] - 1_800_000_000 <= searches / 4
    for ticket in portal.rows["tickets"]:
        portal.delete("tickets", ticket)
    adapter = adapter_of(api, wire, page=1)
    for _ in range(10):
        assert len(read(adapter, "deleted_tickets")[0]) == 40
    assert len(api.calls) > 2 * 190
    assert api.throttled == 0


def test_tickets_that_were_merged_are_one(portal: Portal, api: HubSpotApi) -> None:
    """The two are told as discarded, under the ids of their openings, and so corrected where they were told."""
    one, other = portal.ticket(), portal.ticket()
    _, state = read(adapter_of(api), "tickets")
    third = portal.merge("tickets", one, other)
    found, _ = read(adapter_of(api), "tickets", state)
    assert {name: event.kind for name, event in found.items()} == {
        f"contact.opened:{third}": "contact.opened",
        f"contact.opened:{one}": "contact.discarded",
        f"contact.opened:{other}": "contact.discarded",
    }


def test_a_deal_that_was_won_and_then_merged_or_deleted_is_won_no_more(portal: Portal, api: HubSpotApi) -> None:
    """Its end is corrected too; the deal that it was merged into has its own."""
    kept, gone, deleted = portal.deal(amount="10"), portal.deal(amount="10"), portal.deal(amount="7")
    for deal in (kept, gone, deleted):
        portal.end(deal, won=True)
    before, state = read(adapter_of(api), "deals")
    assert sum(event.kind == "opportunity.won" for event in before.values()) == 3
    portal.merge("deals", kept, gone)
    portal.delete("deals", deleted)
    after = before | read(adapter_of(api), "deals", state)[0] | read(adapter_of(api), "deleted_deals")[0]
    assert [event.amount for event in after.values() if event.kind == "opportunity.won"] == [Money("10", "EUR")]


def test_a_deal_that_ends_otherwise_in_the_end_has_one_end(portal: Portal, api: HubSpotApi) -> None:
    """Lost, and then won after all."""
    deal = portal.deal(amount="10")
    portal.end(deal, won=False)
    before, state = read(adapter_of(api), "deals")
    assert before[f"opportunity.closed:{deal}"].kind == "opportunity.lost"
    portal.end(deal, won=True)
    after, _ = read(adapter_of(api), "deals", state)
    assert after[f"opportunity.closed:{deal}"].kind == "opportunity.won"


def test_a_record_that_is_restored_counts_again(portal: Portal, api: HubSpotApi) -> None:
    """Once it changes: its opening takes the place of its discarding."""
    ticket = portal.ticket()
    portal.delete("tickets", ticket)
    gone, _ = read(adapter_of(api), "deleted_tickets")
    portal.rows["tickets"][ticket].archived = False
    back, _ = read(adapter_of(api), "tickets")
    assert [event.kind for event in gone.values()] == ["contact.discarded"]
    assert [event.kind for event in back.values()] == ["contact.opened"]
    assert gone.keys() == back.keys()


def test_contacts_of_a_record_come_in_pages(portal: Portal, api: HubSpotApi) -> None:
    """The oldest contact may be on the last."""
    api.associated_page = 2
    people = [portal.make("contacts") for _ in range(5)]
    ticket = portal.ticket(*reversed(people))
    found, _ = read(adapter_of(api), "tickets")
    assert found[f"contact.opened:{ticket}"].customer == f"hubspot:4711:{people[0]}"


def test_a_record_that_cannot_be_taken_takes_no_other_with_it(portal: Portal, api: HubSpotApi) -> None:
    """It is named, with the reason."""
    portal.deal(amount="a lot")
    good = portal.deal(amount="5")
    (page,) = adapter_of(api).read("deals", State())
    assert [event.id for event in page.events] == [f"opportunity.opened:{good}"]
    assert [reject.reason for reject in page.rejects] == ["amount: 'a lot' isn't an amount"]


def test_check_says_which_rights_lack(api: HubSpotApi) -> None:
    """And whose account it is."""
    assert adapter_of(api).check().account == "Tea & Co 4711"
    assert adapter_of(api).check().missing == ()
    api.forbidden = {"feedback_submissions", "tickets"}
    assert adapter_of(api).check().missing == ("tickets: tickets", "feedback: crm.objects.feedback_submissions.read")


def test_credentials_of_another_account_are_found_out(api: HubSpotApi) -> None:
    """Or customers of one would be taken for another's."""
    with pytest.raises(FatalAdapterError, match="are of 4711"):
        adapter_of(api, account="4712").check()


def test_the_accounts_currency_is_asked_for_once_and_only_if_need_be(portal: Portal, api: HubSpotApi) -> None:
    """Deals that name one, and a setting, go before it."""
    portal.deal(amount="5", deal_currency_code="VND")
    read(adapter_of(api), "deals")
    portal.deal(amount="6")
    read(adapter_of(api, currency="USD"), "deals")
    assert "GET /account-info/2026-09/details" not in api.calls
    portal.deal(amount="7")
    found, _ = read(adapter_of(api), "deals")
    assert {event.amount for event in found.values()} == {Money("5", "VND"), Money("6", "EUR"), Money("7", "EUR")}
    assert api.calls.count("GET /account-info/2026-09/details") == 1


def test_a_pull_asks_for_records_by_the_hundred(portal: Portal, api: HubSpotApi) -> None:
    """Histories by fifty, associations by a thousand: 200 tickets take a search, five batches, and the pipelines."""
    contact = portal.make("contacts")
    for _ in range(200):
        portal.ticket(contact)
    read(adapter_of(api, page=200), "tickets")
    assert [call.partition("2026-09/")[2] for call in api.calls] == [
        "tickets/search", *["tickets/batch/read"] * 4, "tickets/contacts/batch/read", "tickets",
    ]  # fmt: skip


def test_a_ticket_is_told_as_it_is_when_its_history_is_read(portal: Portal, api: HubSpotApi) -> None:
    """Closed, opened again and closed between a search and the batch: nothing of it is lost, nothing is doubled."""
    ticket = portal.ticket()
    closed = portal.move(ticket, CLOSED)
    adapter = adapter_of(api)
    _, state = read(adapter, "tickets")
    reopened = portal.move(ticket, OPEN)
    again = portal.move(ticket, CLOSED)
    found, _ = read(adapter, "tickets", state)
    assert {
        name: iso(event.ts_us // 1000) for name, event in found.items() if not name.startswith("contact.opened")
    } == {
        f"contact.resolved:{ticket}:{closed}": iso(closed),
        f"contact.reopened:{ticket}:{reopened}": iso(reopened),
        f"contact.resolved:{ticket}:{again}": iso(again),
    }


def test_streams_that_there_are_not_are_refused(api: HubSpotApi) -> None:
    """Contacts in the recycle bin aren't read: whoever deletes people means it."""
    adapter: HubSpot = adapter_of(api)
    assert [stream.name for stream in adapter.streams()] == list(ALL)
    for name in ("companies", "deleted_contacts", "deleted_"):
        with pytest.raises(UnknownNameError, match="unknown stream"):
            adapter.read(name, State())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"account": "my hub", "token": Secret("t")}, "isn't a Hub ID"),
        ({"account": "1"}, "token"),
        ({"account": "1", "token": Secret("t"), "refresh_token": Secret("r")}, "one of the two"),
        ({"account": "1", "refresh_token": Secret("r"), "client_id": "c"}, "needs client_id and client_secret"),
        ({"account": "1", "token": Secret("t"), "page": 201}, "from 1 to 200"),
        ({"account": "1", "token": Secret("t"), "prefix": "CX "}, "small letters"),
        ({"account": "1", "token": Secret("t"), "late_minutes": 0}, "above 0"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings: dict[str, object], message: str) -> None:
    """Each with a sentence that names it."""
    with pytest.raises(InvalidValueError, match=message):
        HubSpotConfig(**settings)  # type: ignore[arg-type]


def test_settings_come_from_the_environment() -> None:
    """As texts."""
    written = {"ACCOUNT": "4711", "TOKEN": "t", "PHONES": "mobilephone, whatsapp", "PAGE": "50", "LATE_MINUTES": "15"}
    environment = {f"CXKIT_HUBSPOT_{name}": value for name, value in written.items()}
    config = configured("hubspot", HubSpotConfig, {}, environment=environment)
    assert (config.account, config.phones, config.page, config.late_minutes) == (
        "4711", ("mobilephone", "whatsapp"), 50, 15,
    )  # fmt: skip
    assert "'t'" not in repr(config)
