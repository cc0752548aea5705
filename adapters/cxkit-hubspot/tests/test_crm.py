"""Answers that aren't what they should be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.servers.hubspot_source import adapter_of, read

from cxkit.adapters import Http, Reply, Wire
from cxkit.errors import FatalAdapterError
from cxkit.http import Answer, Relay
from cxkit_hubspot.crm import Crm, results
from cxkit_hubspot.deals import KIND

if TYPE_CHECKING:
    from tests.servers.hubspot import Portal
    from tests.servers.hubspot_api import HubSpotApi


def reply(body: Any, status: int = 207) -> Reply:
    """Return an answer."""
    return Reply(status, {}, json.dumps(body).encode(), "POST /read")


def test_that_there_is_nothing_is_no_fault() -> None:
    """A record without associations is among a batch's errors."""
    error = {"category": "OBJECT_NOT_FOUND", "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND"}
    assert results(reply({"results": [{"id": "5"}], "errors": [error]})) == [{"id": "5"}]


def test_another_error_of_a_batch_does_not_pass_for_an_absence() -> None:
    """Or customers would be lost whenever a part of HubSpot is down."""
    error = {"category": "INTERNAL_ERROR", "message": "timed out"}
    with pytest.raises(FatalAdapterError, match="a part couldn't be had: timed out"):
        results(reply({"results": [], "errors": [error]}))


@pytest.mark.parametrize("body", [{}, [], None, {"results": None}, {"status": "error", "message": "no"}])
def test_an_answer_without_results_is_an_error(body: Any) -> None:
    """Whatever its status says."""
    with pytest.raises(FatalAdapterError, match="has no results: is url that of HubSpot's API"):
        results(reply(body, 200))


@pytest.mark.parametrize("record", [{}, {"id": "5"}, {"id": "5", "properties": None, "updatedAt": "x"}, None, 5])
def test_a_record_that_cannot_be_read_is_an_error_that_names_the_call(record: Any) -> None:
    """And no traceback of ours."""
    relay = Relay(lambda _sent, _pass_on: Answer(200, {}, json.dumps({"results": [record]}).encode()))
    crm = Crm(Http("https://api.hubapi.com", wire=Wire(transport=relay)), 200)
    for ask in (crm.changes(KIND), lambda _since, _skip: crm.archived(KIND, None)):
        with pytest.raises(FatalAdapterError, match=r"/deals(/search)?: the answer isn't as expected"):
            ask(None, 0)
    with pytest.raises(FatalAdapterError, match="batch/read: the answer isn't as expected"):
        crm.associated("deals", ["5"])


def test_a_page_of_associations_that_comes_again_is_an_error() -> None:
    """Or a ticket would be asked for for ever."""
    page = {"from": {"id": "7"}, "to": [{"toObjectId": "3"}], "paging": {"next": {"after": "MTA="}}}
    relay = Relay(lambda _sent, _pass_on: Answer(200, {}, json.dumps({"results": [page]}).encode()))
    crm = Crm(Http("https://api.hubapi.com", wire=Wire(transport=relay)), 200)
    with pytest.raises(FatalAdapterError, match="tickets 7: page 'MTA=' of its contacts comes again"):
        crm.associated("tickets", ["7"])


def test_the_recycle_bin_is_read_by_the_hundred(portal: Portal, api: HubSpotApi) -> None:
    """A list gives no more at once, though a search does."""
    for _ in range(150):
        portal.delete("tickets", portal.ticket())
    found, _ = read(adapter_of(api, page=200), "deleted_tickets")
    assert len(found) == 150
    assert len(api.calls) == 2


def test_a_record_that_is_gone_before_its_history_is_read_is_as_the_search_has_it(
    portal: Portal, api: HubSpotApi
) -> None:
    """The recycle bin corrects it then."""
    ticket = portal.ticket()
    adapter = adapter_of(api)
    crm, kind = adapter._crm, adapter._kinds["tickets"]
    found, _ = crm.search(kind, [], kind.clock)
    portal.delete("tickets", ticket)
    (record,) = crm.complete(kind, found)
    assert (record.number, record.get("hs_pipeline_stage"), record.history) == (ticket, "1", ())
