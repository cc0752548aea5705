"""A tenant of BottleCRM, as its people use it: agents in the web application, customers in the portal.

All goes through the web API, but for what takes time: what happened a week ago is made to have happened then in the
database.
"""

from __future__ import annotations

import json
from collections import Counter
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import attrs
import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.bottlecrm import BottleCrm

_NOBODY = "https://192.0.0.9/bottlecrm"  # public, as BottleCRM demands, and nobody: nothing is ever sent there
_ASKED_FOR_A_LINK = 3
_names = count(1)


@attrs.frozen
class Desk:
    """An organisation in BottleCRM, and its administrator's session.

    Attributes:
        server: what it lives in.
        org: its id.
        api: a client signed in as its administrator.
    """

    server: BottleCrm
    org: str
    api: httpx.Client

    def call(self, method: str, path: str, **body: Any) -> Any:
        """Call the API; return the JSON that is answered, and fail on a bad status."""
        reply = self.api.request(method, path, json=body or None)
        assert reply.is_success, f"{method} {path}: {reply.status_code} {reply.text[:500]}"
        return reply.json() if reply.content else None

    def refresh_token(self) -> str:
        """Return a refresh token that nobody has used."""
        return str(self.call("POST", "/api/auth/switch-org/", org_id=self.org)["refresh_token"])

    def token_that_is_over(self) -> str:
        """Return an access token of a session, whose hour has passed."""
        return str(self.server.worker.do("token_that_is_over", self.org))

    def access_token(self, *scopes: str) -> str:
        """Return a personal access token with these scopes; with none it may do whatever its owner may."""
        return str(self.call("POST", "/api/profile/tokens/", name="cxkit", scopes=[*scopes])["token"])

    def contact(self, name: str = "Ann", **fields: object) -> str:
        """Add a contact; return its id."""
        return str(self.call("POST", "/api/contacts/", first_name=name, last_name="Example", **fields)["id"])

    def change_contact(self, contact: str, **fields: object) -> None:
        """Change fields of a contact."""
        self.call("PATCH", f"/api/contacts/{contact}/", **fields)

    def merge_contact(self, kept: str, dropped: str) -> None:
        """Merge one contact into another, which is deleted."""
        self.call("POST", f"/api/contacts/{kept}/merge/", merge_id=dropped)

    def delete_contact(self, contact: str) -> None:
        """Delete a contact."""
        self.call("DELETE", f"/api/contacts/{contact}/")

    def ticket(self, *contacts: str, **fields: object) -> str:
        """Open a ticket for contacts; return its id."""
        body = {"name": f"ticket {next(_names)}", "status": "New", "priority": "Normal", **fields}
        return str(self.call("POST", "/api/cases/", contacts=[*contacts], **body)["id"])

    def reply(self, ticket: str, text: str = "We look into it.", *, internal: bool = False) -> None:
        """Write to the customer as an agent, or a note to one another."""
        self.call("POST", f"/api/cases/{ticket}/", comment=text, is_internal=internal)

    def customer_reply(self, ticket: str, contact: str, text: str = "It still fails.") -> None:
        """Write as the customer, in the portal."""
        token = self.server.worker.do("portal_token", contact)
        with httpx.Client(base_url=self.server.url, headers={"Authorization": f"Bearer {token}"}) as portal:
            portal.post(f"/api/portal/cases/{ticket}/comment/", json={"comment": text}).raise_for_status()

    def change(self, ticket: str, **fields: object) -> None:
        """Change fields of a ticket."""
        self.call("PATCH", f"/api/cases/{ticket}/", **fields)

    def close(self, ticket: str) -> None:
        """Close a ticket as solved."""
        self.change(ticket, status="Closed")

    def reopen(self, ticket: str) -> None:
        """Open a closed ticket again, as an agent."""
        self.change(ticket, status="Assigned")

    def deactivate(self, *tickets: str) -> None:
        """Delete tickets as the list does, which only hides them."""
        self.call("POST", "/api/cases/bulk/delete/", ids=[*tickets])

    def delete(self, ticket: str) -> None:
        """Delete a ticket for good."""
        self.call("DELETE", f"/api/cases/{ticket}/")

    def merge(self, ticket: str, into: str) -> None:
        """Merge a ticket into another."""
        self.call("POST", f"/api/cases/{ticket}/merge/{into}/")

    def rate(self, ticket: str, rating: int) -> str:
        """Send the survey of a closed ticket and answer it; return its token, with which the answer can be changed."""
        token = self.server.worker.do("survey", ticket, self.org)
        assert token is not None, "BottleCRM sends no survey for this ticket"
        self.change_rating(token, rating)
        return str(token)

    def change_rating(self, token: str, rating: int) -> None:
        """Answer a survey, or give another answer."""
        with httpx.Client(base_url=self.server.url) as customer:
            customer.post(f"/api/public/csat/{token}/", json={"rating": rating}).raise_for_status()

    def lead(self, name: str = "Lee", **fields: object) -> str:
        """Add a lead; return its id."""
        body = {"title": f"lead {next(_names)}", "first_name": name, "last_name": "Example", "status": "assigned"}
        return str(self.call("POST", "/api/leads/", **{**body, **fields})["id"])

    def change_lead(self, lead: str, **fields: object) -> Any:
        """Change fields of a lead: status ``converted`` makes a contact and a deal of it, ``closed`` loses it."""
        return self.call("PATCH", f"/api/leads/{lead}/", **fields)

    def deal(self, name: str | None = None, **fields: object) -> str:
        """Add a deal; return its id."""
        body = {"name": name or f"deal {next(_names)}", "stage": "PROSPECTING", **fields}
        self.call("POST", "/api/opportunities/", **body)
        found = self.call("GET", f"/api/opportunities/?name={body['name']}")["opportunities"]
        return str(found[0]["id"])

    def change_deal(self, deal: str, **fields: object) -> None:
        """Change fields of a deal: stage ``CLOSED_WON`` wins it, ``CLOSED_LOST`` loses it."""
        self.call("PATCH", f"/api/opportunities/{deal}/", **fields)

    def webhook(self, *events: str) -> tuple[str, str]:
        """Subscribe to events; return the endpoint's id and the secret it signs with."""
        made = self.call("POST", "/api/webhooks/", url=_NOBODY, events=[*events])
        return str(made["id"]), str(made["secret"])

    def deliveries(self, endpoint: str) -> list[dict[str, Any]]:
        """Return the signed requests that wait for an endpoint: url, headers and body."""
        found: list[dict[str, Any]] = self.server.worker.do("deliveries", endpoint)
        return found

    def figures(self, name: str, since: datetime, until: datetime) -> Any:
        """Return figures BottleCRM computes itself: ``analytics/frt``, ``csat/aggregate`` and the like."""
        reply = self.api.get(f"/api/cases/{name}/", params={"from": since.isoformat(), "to": until.isoformat()})
        reply.raise_for_status()
        return reply.json()

    def counts(self) -> Counter[str]:
        """Return how many of what there are, asked of the database: nothing of it passes through an adapter."""
        asked = {
            "contacts": "SELECT count(*) FROM contacts WHERE org_id = %s",
            "tickets": "SELECT count(*) FROM \"case\" WHERE org_id = %s AND is_active AND status <> 'Duplicate'",
            "hidden": "SELECT count(*) FROM \"case\" WHERE org_id = %s AND (NOT is_active OR status = 'Duplicate')",
            "answered": 'SELECT count(first_response_at) FROM "case" WHERE org_id = %s',
            "resolved": 'SELECT count(resolved_at) FROM "case" WHERE org_id = %s',
            "ratings": "SELECT count(rating) FROM csat_survey WHERE org_id = %s",
            "leads": "SELECT count(*) FROM lead WHERE org_id = %s AND status <> 'converted'",
            "deals": "SELECT count(*) FROM opportunity WHERE org_id = %s",
        }
        with self.database() as run:
            return Counter({name: run(query, self.org)[0][0] for name, query in asked.items()})

    @contextmanager
    def database(self) -> Iterator[Any]:
        """Give a function that runs a query with arguments and returns its rows."""
        import psycopg

        with psycopg.connect(self.server.dsn, autocommit=True) as connection:

            def run(query: str, *arguments: object) -> list[tuple[Any, ...]]:
                done = connection.execute(query, arguments)
                return done.fetchall() if done.description else []

            yield run

    def age(self, *tickets: str, by: timedelta) -> None:
        """Let all that happened to tickets so far have happened earlier, the log of their changes included."""
        with self.database() as run:
            for ticket in tickets:
                run(
                    'UPDATE "case" SET created_at = created_at - %s, first_response_at = first_response_at - %s, '
                    "resolved_at = resolved_at - %s, closed_on = closed_on - %s WHERE id = %s",
                    by, by, by, timedelta(by.days), ticket,
                )  # fmt: skip
                run("UPDATE comment SET created_at = created_at - %s, commented_on = commented_on - %s "
                    "WHERE object_id = %s", by, by, ticket)  # fmt: skip
                run("UPDATE csat_survey SET sent_at = sent_at - %s, responded_at = responded_at - %s "
                    "WHERE case_id = %s", by, by, ticket)  # fmt: skip
                for row, metadata in run("SELECT id, metadata FROM activity WHERE entity_id = %s", ticket):
                    older = json.dumps(_older(metadata, by))
                    run("UPDATE activity SET created_at = created_at - %s, metadata = %s WHERE id = %s", by, older, row)


@contextmanager
def desk(server: BottleCrm, name: str = "The Shop") -> Iterator[Desk]:
    """Give a new organisation on a server, with nothing in it yet.

    Args:
        server: a running server.
        name: what it is called; a number is added, for no two may be called the same.
    """
    with httpx.Client(base_url=server.url, timeout=30) as client:
        client.headers["Authorization"] = f"Bearer {_signed_in(server, client)}"
        reply = client.post("/api/org/", json={"name": f"{name} {next(_names)}", "timezone": "Asia/Ho_Chi_Minh"})
        assert reply.is_success, reply.text
        org = str(reply.json()["org"]["id"])
        made = client.post("/api/auth/switch-org/", json={"org_id": org}).raise_for_status().json()
        client.headers["Authorization"] = f"Bearer {made['access_token']}"
        yield Desk(server, org, client)


def _signed_in(server: BottleCrm, client: httpx.Client) -> str:
    """Return an access token without an organisation, got as anybody does who types in an address.

    BottleCRM answers 200 whether it mails a link or not, and once, under load, it didn't: who gets none asks again.
    """
    answers = []
    for _ in range(_ASKED_FOR_A_LINK):
        email = f"admin{next(_names)}@desk.example"  # an address is mailed five links an hour
        reply = client.post("/api/auth/magic-link/request/", json={"email": email}).raise_for_status()
        token = server.worker.do("sign_in_link", email)
        if token is not None:
            made = client.post("/api/auth/magic-link/verify/", json={"token": token}).raise_for_status()
            return str(made.json()["access_token"])
        answers.append(f"{email}: {reply.text}")
    raise AssertionError("\n".join(["BottleCRM mails no link to sign in", *answers, *server.said()]))


def _older(metadata: dict[str, Any], by: timedelta) -> dict[str, Any]:
    """Return what an entry of the log says with its moments moved."""
    changes = metadata.get("changes", {})
    moved = {
        field: {side: _moved(value, by) if field.endswith("_at") else value for side, value in change.items()}
        for field, change in changes.items()
    }
    return {**metadata, "changes": moved} if changes else metadata


def _moved(moment: str | None, by: timedelta) -> str | None:
    return None if moment is None else str(datetime.fromisoformat(moment) - by)
