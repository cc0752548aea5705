"""Webhooks: what they name is read, and told as a pull tells it."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from tests.servers.hubspot import CLOSED, HUB
from tests.servers.hubspot_api import CLIENT_SECRET
from tests.servers.hubspot_source import adapter_of, read

from cxkit.adapters import Request, Secret
from cxkit.errors import BadSignatureError, InvalidValueError
from cxkit.signatures import sign_hubspot

if TYPE_CHECKING:
    from tests.servers.hubspot import Portal
    from tests.servers.hubspot_api import HubSpotApi

    from cxkit.model.event import Event
    from cxkit_hubspot import HubSpot

URL = "https://shop.example/hooks/hubspot"


def sent(*notices: dict[str, Any], body: bytes | None = None) -> Request:
    """Return a request with notices, as HubSpot signs it."""
    about = {"eventId": 1, "subscriptionId": 2, "appId": 3, "occurredAt": 4, "attemptNumber": 0, "portalId": int(HUB)}
    text = json.dumps([about | notice for notice in notices]).encode()
    return sign_hubspot(Request("POST", URL, {}, text if body is None else body), Secret(CLIENT_SECRET))


def notice(kind: str, number: str, **more: Any) -> dict[str, Any]:
    """Return a notice of a change."""
    return {"subscriptionType": kind, "objectId": int(number), **more}


def received(adapter: HubSpot, *notices: dict[str, Any]) -> dict[str, Event]:
    """Return the events of notices by their ids."""
    return {event.id: event for event in adapter.receive(sent(*notices))}


def test_they_tell_what_a_pull_tells(portal: Portal, api: HubSpotApi) -> None:
    """Of contacts, deals, tickets and answers: the same events, under the same ids."""
    ann = portal.make("contacts", email="ann@example.org")
    deal, ticket, answer = (
        portal.deal(ann, amount="5"),
        portal.ticket(ann),
        portal.answer(ann, hs_survey_type="NPS", hs_value="9"),
    )
    portal.end(deal, won=True)
    portal.reply(ticket)
    portal.move(ticket, CLOSED)
    adapter = adapter_of(api)
    told = received(
        adapter,
        notice("contact.creation", ann),
        notice("deal.propertyChange", deal, propertyName="dealstage", propertyValue="closedwon"),
        notice("ticket.creation", ticket),
        notice("ticket.propertyChange", ticket, propertyName="hs_pipeline_stage", propertyValue=CLOSED),
        notice("object.creation", answer, objectTypeId="0-19"),
    )
    pulled = {name: event for stream in adapter.streams() for name, event in read(adapter, stream.name)[0].items()}
    assert told == pulled
    assert len(told) == 7


def test_a_hundred_notices_are_a_few_calls(portal: Portal, api: HubSpotApi) -> None:
    """HubSpot waits five seconds for an answer."""
    tickets = [portal.ticket() for _ in range(50)]
    notices = [notice(kind, ticket) for ticket in tickets for kind in ("ticket.creation", "ticket.propertyChange")]
    assert len(received(adapter_of(api), *notices)) == 50
    assert len(api.calls) == 3


@pytest.mark.parametrize("kind", ["ticket.deletion", "object.deletion"])
def test_what_was_deleted_is_discarded(portal: Portal, api: HubSpotApi, kind: str) -> None:
    """As the recycle bin tells it."""
    ticket, deal = portal.ticket(), portal.deal()
    portal.delete("tickets", ticket)
    portal.delete("deals", deal)
    adapter = adapter_of(api)
    told = received(adapter, notice(kind, ticket, objectTypeId="0-5"), notice("deal.deletion", deal))
    assert told == read(adapter, "deleted_tickets")[0] | read(adapter, "deleted_deals")[0]
    assert len(told) == 3


def test_what_is_gone_for_good_or_a_contact_tells_nothing(portal: Portal, api: HubSpotApi) -> None:
    """There is nothing to read; and whom HubSpot was told to forget isn't asked for."""
    ann = portal.make("contacts", email="ann@example.org")
    portal.delete("contacts", ann)
    adapter = adapter_of(api)
    assert received(adapter, notice("ticket.deletion", "5"), notice("contact.deletion", ann)) == {}
    calls = len(api.calls)
    assert received(adapter, notice("contact.privacyDeletion", ann)) == {}
    assert len(api.calls) == calls


def test_a_merge_is_told_by_what_came_of_it(portal: Portal, api: HubSpotApi) -> None:
    """Some merges make a third record."""
    one, other = portal.make("contacts", email="a@example.org"), portal.make("contacts", email="b@example.org")
    third = portal.merge("contacts", one, other)
    more = {"primaryObjectId": int(one), "mergedObjectIds": [int(other)], "newObjectId": int(third)}
    told = received(adapter_of(api), notice("contact.merge", one, **more))
    assert {event.customer for event in told.values()} == {f"hubspot:{HUB}:{third}"}
    assert {event.reference for event in told.values()} == {
        "email:a@example.org", "email:b@example.org", f"hubspot:{HUB}:{one}", f"hubspot:{HUB}:{other}",
    }  # fmt: skip


@pytest.mark.parametrize("generic", [False, True])
def test_an_association_tells_the_deal_or_ticket_anew(portal: Portal, api: HubSpotApi, *, generic: bool) -> None:
    """For it may have got its customer by that."""
    ann = portal.make("contacts", email="ann@example.org")
    ticket = portal.ticket(ann)
    change: dict[str, Any] = {
        "subscriptionType": "contact.associationChange", "associationType": "CONTACT_TO_TICKET",
        "fromObjectId": int(ann), "toObjectId": int(ticket), "associationRemoved": False,
    }  # fmt: skip
    if generic:
        kinds = {"fromObjectTypeId": "0-1", "toObjectTypeId": "0-5"}
        change = {**change, **kinds, "subscriptionType": "object.associationChange", "associationType": "X"}
    assert {event.customer for event in received(adapter_of(api), change).values()} == {f"hubspot:{HUB}:{ann}"}


def test_notices_of_other_accounts_and_other_things_are_passed_over(portal: Portal, api: HubSpotApi) -> None:
    """An app has one address for all accounts that have installed it."""
    ticket = portal.ticket()
    others = (
        notice("ticket.creation", ticket, portalId=int(HUB) + 1),
        notice("company.creation", "5"),
        notice("conversation.newMessage", "5"),
        notice("object.creation", "5", objectTypeId="2-12345"),
    )
    assert received(adapter_of(api), *others) == {}
    assert api.calls == []


def test_a_record_that_cannot_be_taken_keeps_no_other_out(
    portal: Portal, api: HubSpotApi, caplog: pytest.LogCaptureFixture
) -> None:
    """It is named in the log, and again by the next pull."""
    bad, good = portal.deal(amount="a lot"), portal.deal(amount="5")
    told = received(adapter_of(api), notice("deal.creation", bad), notice("deal.creation", good))
    assert list(told) == [f"opportunity.opened:{good}"]
    assert f"deals {bad}: not taken: amount: 'a lot' isn't an amount" in caplog.text


def test_what_is_not_shown_to_be_hubspots_is_refused(portal: Portal, api: HubSpotApi) -> None:
    """Another address, another body, five minutes ago, or no secret to tell by."""
    adapter = adapter_of(api)
    good = sent(notice("ticket.creation", portal.ticket()))
    assert len(adapter.receive(good)) == 1
    old = sign_hubspot(Request("POST", URL, {}, good.body), Secret(CLIENT_SECRET), now=time.time() - 301)
    for bad in (
        Request("POST", URL + "/other", good.headers, good.body),
        Request("POST", URL, good.headers, good.body + b" "),
        Request("POST", URL, {}, good.body),
        old,
    ):
        with pytest.raises(BadSignatureError):
            adapter.receive(bad)
    with pytest.raises(InvalidValueError, match="client_secret"):
        adapter_of(api, client_secret=None).receive(good)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"5", b"[5]", b"{}", b'[{"portalId": 4711}]',
        b'[{"portalId": 4711, "subscriptionType": "ticket.creation"}]',
        b'[{"portalId": 4711, "subscriptionType": "ticket.creation", "objectId": "../5"}]',
        b'[{"portalId": 4711, "subscriptionType": "ticket.merge", "objectId": null}]',
        b'[{"portalId": 4711, "subscriptionType": "ticket.associationChange", "associationType": "TICKET_TO_CONTACT"}]',
        b"[" * 100_000,
    ],
)  # fmt: skip
def test_a_body_that_means_nothing_is_an_error_of_its_own(portal: Portal, api: HubSpotApi, body: bytes) -> None:
    """Signed, so it is HubSpot's; and still not what was agreed."""
    with pytest.raises(InvalidValueError, match="isn't a webhook of HubSpot"):
        adapter_of(api).receive(sent(body=body))
    assert api.calls == []
