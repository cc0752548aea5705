"""The adapter against a real BottleCRM, where it is BottleCRM's alone; what all adapters must do is in the suite."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from cxkit.adapters import Profile, Request, Secret, State, TokenFile, Tokens, Wire
from cxkit.errors import BadSignatureError, FatalAdapterError, InvalidValueError
from cxkit.model.money import Money
from cxkit_bottlecrm import BottleCrm, BottleCrmConfig

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.bottlecrm_desk import Desk

    from cxkit import Event


pytestmark = pytest.mark.xdist_group("vendors")  # one server for all of them


class Counted(httpx.BaseTransport):
    """The network, and which paths were called."""

    def __init__(self) -> None:
        """Begin with none."""
        self.inner = httpx.HTTPTransport()
        self.paths: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Note the path and send the request on."""
        self.paths.append(request.url.path)
        return self.inner.handle_request(request)

    def close(self) -> None:
        """Close the connections."""
        self.inner.close()


def adapter(desk: Desk, wire: Wire | None = None, **settings: Any) -> BottleCrm:
    """Return an adapter with an administrator's token, or with the settings given."""
    known = {"url": desk.server.url, "token": Secret(desk.access_token()), **settings}
    return BottleCrm(BottleCrmConfig(**known), wire or Wire(allow_private=True))


def read(source: BottleCrm, stream: str, state: State | None = None) -> tuple[dict[str, Event], State]:
    """Return what a stream tells by id, and its state after that."""
    found, last = {}, state or State()
    for page in source.read(stream, last):
        assert not page.rejects
        found |= {event.id: event for event in page.events}
        last = page.state
    return found, last


def test_check_names_the_organisation_and_what_lacks(our_desk: Desk) -> None:
    """An administrator lacks nothing; a token for tickets lacks all else, and can't show whose it is."""
    found = adapter(our_desk).check()
    assert found.account.startswith("The Shop")
    assert found.missing == ()
    narrow = adapter(our_desk, token=Secret(our_desk.access_token("cases:read"))).check()
    assert narrow.missing == (
        "contacts: contacts:read",
        "leads: leads:read",
        "deals: opportunities:read",
        "the role ADMIN: others see their own records alone",
    )


def test_a_wrong_token_is_said_to_be_one(our_desk: Desk) -> None:
    """BottleCRM answers 403 to it, as to a right that lacks."""
    with pytest.raises(FatalAdapterError, match=r"not admitted \(403\)") as caught:
        adapter(our_desk, token=Secret("bcrm_pat_of_nobody")).check()
    assert "of_nobody" not in str(caught.value)


def test_settings_say_once_who_we_are() -> None:
    """Neither without a token nor with two."""
    for tokens in ({}, {"token": Secret("a"), "refresh_token": Secret("b")}):
        with pytest.raises(InvalidValueError, match="one of the two"):
            BottleCrmConfig(url="https://desk.example", **tokens)
    with pytest.raises(InvalidValueError, match="divide a day"):
        BottleCrmConfig(url="https://desk.example", token=Secret("a"), rating_minutes=7)


def test_a_session_goes_on_while_its_tokens_rotate(our_desk: Desk, tmp_path: Path) -> None:
    """An access token that is over is answered with 403, and renewed; each refresh token is good for one use."""
    ann = our_desk.contact("Ann", email="ann@example.com")
    seed, over = (Secret(token) for token in (our_desk.refresh_token(), our_desk.token_that_is_over()))
    kept = TokenFile(tmp_path / "tokens", seed)
    with kept.held() as held:
        held.save(Tokens(over, seed))
    settings: dict[str, Any] = {"token": None, "refresh_token": seed, "token_file": str(kept.path)}
    found, _ = read(adapter(our_desk, **settings), "contacts")
    assert {event.customer for event in found.values()} == {f"bottlecrm:{our_desk.server.url[7:]}:{ann}"}
    renewed = kept.load()
    assert renewed is not None
    assert renewed.expires is not None
    assert time.time() + 3000 < renewed.expires < time.time() + 3700  # an hour, as the token says
    assert not {over, seed} & {renewed.access, renewed.refresh}
    # Whoever comes next goes on with the pair that was kept: the token in the settings is spent.
    assert adapter(our_desk, **settings).check().account.startswith("The Shop")
    with pytest.raises(FatalAdapterError, match="Invalid or expired"):
        adapter(our_desk, **{**settings, "token_file": str(tmp_path / "other")}).check()


def test_as_much_is_read_as_there_is(our_desk: Desk) -> None:
    """By pages of the usual size, and counted by the database."""
    contacts = [our_desk.contact(f"C{n}", email=f"c{n}@example.com") for n in range(3)]
    tickets = [our_desk.ticket(contact) for contact in contacts]
    our_desk.reply(tickets[0])
    our_desk.close(tickets[0])
    our_desk.rate(tickets[0], 5)
    our_desk.deactivate(tickets[2])
    our_desk.lead()
    our_desk.change_lead(our_desk.lead(), status="closed")
    our_desk.deal()
    source = adapter(our_desk)
    found = Counter(event.kind for stream in source.streams() for event in read(source, stream.name)[0].values())
    there = our_desk.counts()
    assert found == Counter(
        {
            "identity.linked": there["contacts"],
            "contact.opened": there["tickets"],
            "contact.discarded": there["hidden"],
            "contact.answered": there["answered"],
            "contact.resolved": there["resolved"],
            "survey.answered": there["ratings"],
            "lead.opened": there["leads"],
            "lead.lost": 1,
            "opportunity.opened": there["deals"],
        }
    )


def test_logs_are_read_where_they_may_say_something_new(our_desk: Desk) -> None:
    """Of every ticket once; then of those open, and those closed lately."""
    old, closed, still = our_desk.ticket(), our_desk.ticket(), our_desk.ticket()
    our_desk.close(old)
    our_desk.close(closed)
    transport = Counted()
    source = adapter(our_desk, Wire(allow_private=True, transport=transport))

    def logs() -> set[str]:
        found = {path.split("/")[3] for path in transport.paths if path.endswith("/activities/")}
        transport.paths.clear()
        return found

    _, state = read(source, "tickets")
    assert logs() == {old, closed, still}
    with our_desk.database() as run:
        run("UPDATE \"case\" SET resolved_at = resolved_at - interval '3 hours' WHERE id = %s", old)
    read(source, "tickets", state)
    assert logs() == {closed, still}
    read(adapter(our_desk, Wire(allow_private=True, transport=transport), reopenings=False), "tickets")
    assert logs() == set()
    transport.close()


def test_a_ticket_that_is_discarded_is_no_contact_any_more(our_desk: Desk) -> None:
    """Deleted from the list or merged: its opening is corrected, and corrected back when it is restored."""
    kept, hidden, doubled = our_desk.ticket(), our_desk.ticket(), our_desk.ticket()
    source = adapter(our_desk)
    before, state = read(source, "tickets")
    assert {event.kind for event in before.values()} == {"contact.opened"}
    our_desk.deactivate(hidden)
    our_desk.merge(doubled, kept)
    after, state = read(source, "tickets", state)
    assert {name: event.kind for name, event in after.items()} == {
        f"contact.opened:{hidden}": "contact.discarded",
        f"contact.opened:{doubled}": "contact.discarded",
    }
    our_desk.call("POST", f"/api/cases/{doubled}/unmerge/")
    again, _ = read(source, "tickets", state)
    assert again[f"contact.opened:{doubled}"] == before[f"contact.opened:{doubled}"]


def test_a_merged_contact_takes_its_tickets_along(our_desk: Desk) -> None:
    """The other id is gone, without a trace that a list would show."""
    kept, dropped = our_desk.contact("Ann", email="ann@example.com"), our_desk.contact("Anne", phone="+84912345678")
    ticket = our_desk.ticket(dropped)
    source = adapter(our_desk)
    before, state = read(source, "tickets")
    assert before[f"contact.opened:{ticket}"].customer == f"{source.source}:{dropped}"
    our_desk.merge_contact(kept, dropped)
    after, _ = read(source, "tickets", state)
    assert after[f"contact.opened:{ticket}"].customer == f"{source.source}:{kept}"
    assert {event.customer for event in read(source, "contacts")[0].values()} == {f"{source.source}:{kept}"}


def test_the_channel_is_a_custom_field(our_desk: Desk) -> None:
    """For tickets have none of their own."""
    our_desk.call("POST", "/api/custom-fields/", target_model="Case", key="came_by", label="By", field_type="text")
    ticket = our_desk.ticket(custom_fields={"came_by": "Phone"})
    found, _ = read(adapter(our_desk, channel_field="came_by"), "tickets")
    assert found[f"contact.opened:{ticket}"].channel == "phone"


def test_a_rating_that_is_changed_is_one_rating(our_desk: Desk) -> None:
    """The customer may think again for a day, and the number of ratings stays."""
    ann = our_desk.contact("Ann", email="ann@example.com")
    ticket = our_desk.ticket(ann)
    our_desk.close(ticket)
    token = our_desk.rate(ticket, 2)
    source = adapter(our_desk)
    before, state = read(source, "ratings")
    our_desk.change_rating(token, 5)
    after, _ = read(source, "ratings", state)
    assert [event.score for event in before.values()] == [2.0]
    assert [event.score for event in after.values()] == [5.0]
    assert before.keys() == after.keys()


def test_webhooks_tell_what_a_pull_tells(our_desk: Desk) -> None:
    """Signed by BottleCRM itself: of tickets, contacts, leads and deals, the same events with the same ids."""
    endpoint, secret = our_desk.webhook(
        "ticket.created", "ticket.updated", "ticket.comment_added", "contact.created", "contact.deleted",
        "lead.created", "lead.updated", "deal.created", "deal.won",
    )  # fmt: skip
    source = adapter(our_desk, webhook_secret=Secret(secret))
    ann, gone = our_desk.contact("Ann", email="ann@example.com"), our_desk.contact("Bob", email="bob@example.com")
    ticket = our_desk.ticket(ann)
    our_desk.reply(ticket)
    our_desk.close(ticket)
    our_desk.customer_reply(ticket, ann)
    our_desk.close(ticket)
    lead = our_desk.lead(email="lee@example.com", opportunity_amount="1200.00")
    our_desk.change_lead(lead, status="converted")
    deal = our_desk.deal(amount="99.99", currency="EUR", contacts=[ann])
    our_desk.change_deal(deal, stage="CLOSED_WON", closed_on="2026-03-01")
    our_desk.delete_contact(gone)
    told: dict[str, Event] = {}
    for sent in our_desk.deliveries(endpoint):
        request = Request("POST", sent["url"], sent["headers"], sent["body"].encode())
        told |= {event.id: event for event in source.receive(request)}
    pulled = {name: event for stream in source.streams() for name, event in read(source, stream.name)[0].items()}
    # A lead that was converted is in no list any more.
    of_lead = {name: event for name, event in told.items() if event.reference == f"lead:{lead}"}
    assert {event.kind for event in of_lead.values()} == {"lead.opened", "lead.converted"}
    made = {name for name, event in pulled.items() if name not in told and event.kind != "survey.answered"}
    assert {pulled[name].reference for name in made} <= {"email:lee@example.com"}  # what conversion made besides
    assert {name: pulled[name] for name in told if name not in of_lead} == {
        name: event for name, event in told.items() if name not in of_lead
    }
    assert {f"contact.opened:{ticket}", f"opportunity.won:{deal}", f"identity.linked:{ann}:email"} <= told.keys()
    assert sum(event.kind == "contact.reopened" for event in told.values()) == 1


def test_a_webhook_that_is_not_shown_to_be_bottlecrms_is_refused(our_desk: Desk) -> None:
    """Tampered, unsigned, or sent again after five minutes; and a body that is signed but means nothing."""
    endpoint, secret = our_desk.webhook("ticket.created")
    our_desk.ticket()
    (sent,) = our_desk.deliveries(endpoint)
    source = adapter(our_desk, webhook_secret=Secret(secret))
    good = Request("POST", sent["url"], sent["headers"], sent["body"].encode())
    assert len(source.receive(good)) == 1
    bare = {name: value for name, value in sent["headers"].items() if name != "X-BottleCRM-Signature"}
    for headers, body in ((sent["headers"], b"{}"), (bare, good.body)):
        with pytest.raises(BadSignatureError, match="x-bottlecrm-signature"):
            source.receive(Request("POST", sent["url"], headers, body))
    later = Wire(allow_private=True, clock=lambda: time.time() + 301)
    with pytest.raises(BadSignatureError, match="more than 300 seconds"):
        adapter(our_desk, later, webhook_secret=Secret(secret)).receive(good)
    with pytest.raises(InvalidValueError, match="webhook_secret"):
        adapter(our_desk).receive(good)


def test_scores_are_written_to_contacts(our_desk: Desk) -> None:
    """Fields are made where they lack; the same again writes nothing; what isn't known any more is emptied."""
    ann = our_desk.contact("Ann", email="ann@example.com", description="likes tea")
    nobody = "00000000-0000-4000-8000-000000000000"
    source = adapter(our_desk)
    scores = {"nps": 9.0, "loyalty": "true", "clv": Money("120.50", "USD")}
    first = source.push([Profile(ann, scores), Profile(nobody, scores)])
    assert (first.written, first.unchanged, first.unknown, first.rejects) == (1, 0, (nobody,), ())
    written = {"cx_nps": 9.0, "cx_loyalty": "true", "cx_clv": 120.5, "cx_clv_currency": "USD"}
    assert our_desk.call("GET", f"/api/contacts/{ann}/")["contact_obj"]["custom_fields"] == written
    again = adapter(our_desk).push([Profile(ann, scores)])
    assert (again.written, again.unchanged) == (0, 1)
    emptied = source.push([Profile(ann, {**scores, "nps": None, "clv": None})])
    assert (emptied.written, emptied.unchanged) == (1, 0)
    contact = our_desk.call("GET", f"/api/contacts/{ann}/")["contact_obj"]
    assert contact["custom_fields"] == {"cx_loyalty": "true"}
    assert (contact["description"], contact["email"]) == ("likes tea", "ann@example.com")


def test_a_score_that_no_field_can_hold_takes_no_other_with_it(our_desk: Desk) -> None:
    """A name that is no key, and a field of another type: rejected by name, and the others are written."""
    ann, bob, cat = (our_desk.contact(name) for name in ("Ann", "Bob", "Cat"))
    our_desk.call("POST", "/api/custom-fields/", target_model="Contact", key="cx_tier", label="T", field_type="text")
    found = adapter(our_desk).push(
        [
            Profile(ann, {"net promoter": 9.0}),
            Profile(bob, {"tier": 2.0}),
            Profile(cat, {"tier": "gold"}),
        ]
    )
    assert found.written == 1
    assert [reject.record for reject in found.rejects] == [f"contacts {ann}", f"contacts {bob}"]
    assert "is a number, and the field there is a text" in found.rejects[1].reason


def test_who_may_not_make_fields_is_told_which(our_desk: Desk) -> None:
    """A token without the right to: nothing was written, and the error names the field."""
    ann = our_desk.contact("Ann")
    token = our_desk.access_token("contacts:read", "contacts:write", "custom-fields:read")
    with pytest.raises(FatalAdapterError, match="custom field cx_nps"):
        adapter(our_desk, token=Secret(token)).push([Profile(ann, {"nps": 9.0})])
