"""The conformance suite, against a real BottleCRM."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from tests.servers.bottlecrm_account import facts
from tests.servers.bottlecrm_desk import desk

from cxkit.adapters import Request, Secret, TokenFile
from cxkit.model.money import Money
from cxkit.testing import AdapterSuite
from cxkit_bottlecrm import BottleCrm, BottleCrmConfig

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.servers.bottlecrm import BottleCrm as Server
    from tests.servers.bottlecrm_desk import Desk

    from cxkit.adapters import Wire
    from cxkit.testing import Deed, Fact

pytestmark = pytest.mark.xdist_group("vendors")  # one server for all of them

PAGE = 3


class Wilting(httpx.BaseTransport):
    """The network, on which access tokens can be over before their hour is: an old one is sent in their place.

    BottleCRM has no way to end them early. So whatever it says to a token that is over, it says itself.
    """

    def __init__(self, over: str) -> None:
        """Let none be over yet.

        Args:
            over: an access token that BottleCRM gave and whose time has passed.
        """
        self._inner = httpx.HTTPTransport()
        self._over = over
        self._seen: set[str] = set()
        self._ended: set[str] = set()

    def end(self) -> None:
        """Let all that were sent be over."""
        self._ended |= self._seen

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request on."""
        sent = request.headers.get("authorization", "")
        if sent in self._ended:
            request.headers["authorization"] = f"Bearer {self._over}"
        self._seen.add(sent)
        return self._inner.handle_request(request)

    def close(self) -> None:
        """Stay open: the next test needs it."""

    def close_for_good(self) -> None:
        """Close the connections."""
        self._inner.close()


class DeskSource:
    """A desk, as the suite drives it."""

    deliveries_expire = True
    impossible = {  # noqa: RUF012 - as the protocol has it
        "refusal": "BottleCRM says with its status that an answer is an error",
    }

    def __init__(self, our_desk: Desk, folder: Path) -> None:
        """Prepare a session and a webhook.

        Args:
            our_desk: an organisation with nothing in it.
            folder: for tokens.
        """
        self.desk = our_desk
        self.inner = Wilting(our_desk.token_that_is_over())
        self._seed = Secret(our_desk.refresh_token())
        self._tokens = TokenFile(folder / "tokens", self._seed)
        self._endpoint, self._webhook_secret = our_desk.webhook("ticket.created")
        self._delivery: dict[str, Any] | None = None
        self._round = 0
        self._old_contacts: list[str] = []
        self._old_tickets: list[str] = []
        self._without_link = our_desk.contact("Nix")

    @property
    def secrets(self) -> list[str]:
        """The tokens in force; those before are spent."""
        kept = self._tokens.load()
        assert kept is not None
        return [secret.reveal() for secret in kept.secrets()]

    def adapter(self, wire: Wire) -> BottleCrm:
        """Return an adapter that goes on with the tokens that the one before kept."""
        return BottleCrm(
            BottleCrmConfig(
                url=self.desk.server.url,
                refresh_token=self._seed,
                token_file=str(self._tokens.path),
                webhook_secret=Secret(self._webhook_secret),
                page=PAGE,
            ),
            wire,
        )

    def stranger(self, wire: Wire) -> BottleCrm:
        """Return an adapter with a token that BottleCRM never gave."""
        return BottleCrm(BottleCrmConfig(url=self.desk.server.url, token=Secret("bcrm_pat_of_a_stranger")), wire)

    def wait(self, seconds: float) -> None:
        """Let time go by."""
        time.sleep(seconds)

    def do(self, deed: Deed) -> None:
        """Let something happen."""
        getattr(self, f"_{deed}")()

    def facts(self) -> Iterator[Fact]:
        """Return what the database says."""
        return facts(self.desk, f"bottlecrm:{self.desk.server.url.removeprefix('http://')}")

    def deliver(self, *, age: float = 0.0, forged: bool = False) -> Request:
        """Return the webhook of a ticket, signed by BottleCRM's own code."""
        if self._delivery is None:
            self.desk.deliveries(self._endpoint)
            self.desk.ticket(self._old_contacts[0])
            (self._delivery,) = self.desk.deliveries(self._endpoint)
        sent, secret = self._delivery, "whsec_of_somebody_else" if forged else self._webhook_secret
        signature = self.desk.server.worker.do("signature", secret, sent["body"], age)
        headers = {**sent["headers"], "X-BottleCRM-Signature": signature}
        return Request("POST", sent["url"], headers, sent["body"].encode())

    def customer(self) -> str:
        """Return a contact."""
        return self._old_contacts[0]

    def holds(self, customer: str, scores: Mapping[str, Any]) -> bool:
        """Say whether a contact's custom fields hold scores: money in two of them."""
        with self.desk.database() as run:
            ((held,),) = run("SELECT custom_fields FROM contacts WHERE id = %s", customer)
        wanted: dict[str, Any] = {}
        for name, score in scores.items():
            if isinstance(score, Money):
                wanted |= {f"cx_{name}": float(score.amount), f"cx_{name}_currency": score.currency}
            elif score is not None:
                wanted[f"cx_{name}"] = score
        return bool(held == wanted)

    # What is done.

    def _sell(self) -> None:
        self._round += 1
        n, ours = self._round, self.desk
        ann = ours.contact("Ann", email=f"Ann{n}@Example.com")
        bob = ours.contact("Bob", phone=f"+84912345{n:03}")
        nobody = ours.contact("Nil")
        closed, again = ours.ticket(bob, ann), ours.ticket(nobody)
        ours.reply(closed)
        ours.close(closed)
        ours.rate(closed, 1 + n % 5)
        ours.close(again)
        ours.reopen(again)
        self._old_contacts += [ann, bob]
        self._old_tickets += [closed, again]
        called = ours.lead(email=f"lee{n}@example.com", opportunity_amount="19.99", currency="EUR", source="call")
        ours.call("POST", "/api/interactions/", kind="call", direction="outbound", lead=called)
        ours.change_lead(ours.lead(phone=f"+84987654{n:03}"), status="closed")
        won = ours.deal(amount="19.99", currency="EUR", contacts=[ann])
        ours.change_deal(won, stage="CLOSED_WON", closed_on="2026-03-01")
        lost = ours.deal(amount="0.10", contacts=[nobody])
        ours.change_deal(lost, stage="CLOSED_LOST", closed_on="2026-03-01")

    def _at_once(self) -> None:
        self._round += 1
        made = [self.desk.contact(f"Twin{n}", email=f"twin{self._round}.{n}@example.com") for n in range(2 * PAGE + 1)]
        with self.desk.database() as run:
            run(
                "UPDATE contacts SET created_at = (SELECT created_at FROM contacts WHERE id = %s) "
                "WHERE id = ANY(%s::uuid[])", made[-1], made,
            )  # fmt: skip

    def _refund(self) -> None:
        ticket = self._old_tickets[0]
        self.desk.reopen(ticket)
        self.desk.close(ticket)

    def _change(self) -> None:
        self._round += 1
        contact, ticket = self._old_contacts.pop(0), self._old_tickets[0]
        self.desk.change_contact(contact, email=f"new{self._round}@example.com")
        self.desk.change(ticket, contacts=[contact])
        self._old_contacts.append(contact)

    def _hide(self) -> None:
        self.desk.deactivate(self.desk.ticket(self._old_contacts[0]))

    def _delete(self) -> None:
        self.desk.delete(self._old_tickets.pop())

    def _merge(self) -> None:
        dropped = self._without_link
        self.desk.ticket(dropped)
        self.desk.merge_contact(self._old_contacts[0], dropped)
        self._without_link = self.desk.contact("Nix")

    def _expire(self) -> None:
        self.inner.end()


@pytest.fixture(scope="module")
def source(bottlecrm: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskSource]:
    """Return a desk."""
    with desk(bottlecrm) as made:
        source = DeskSource(made, tmp_path_factory.mktemp("tokens"))
        yield source
        source.inner.close_for_good()


class TestBottleCrm(AdapterSuite):
    """A sweep each pull, day by day; a session whose tokens rotate."""
