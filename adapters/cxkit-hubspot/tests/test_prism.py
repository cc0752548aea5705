"""Every request for objects, held by the real Prism against HubSpot's documents; and what becomes of its one page."""

from __future__ import annotations

import json
from contextlib import ExitStack
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest
from tests.servers.hubspot import HUB, Portal
from tests.servers.hubspot_api import HubSpotApi
from tests.servers.hubspot_contract import DOCUMENTS
from tests.servers.prism import HOW_TO_GET_IT, contract, installed, running

from cxkit.adapters import Profile, Request, Secret, State, Wire
from cxkit.errors import FatalAdapterError
from cxkit.http import Answer, Relay
from cxkit.model.money import Money
from cxkit.signatures import sign_hubspot
from cxkit_hubspot import HubSpot, HubSpotConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cxkit.http import Sent

SECRET = Secret("cl1ent-s3cret")
STREAMS = ("contacts", "deals", "tickets", "feedback", "deleted_deals", "deleted_tickets", "deleted_feedback")
CURSOR = State(cursor=1_546_300_800_000_000)  # before the one moment that Prism knows


class Asked:
    """What was asked of Prism, and whether it was right."""

    def __init__(self, url: str, *, known: str = "string") -> None:
        """Prepare an adapter.

        Args:
            url: of Prism.
            known: the id of the one record; Prism's is ``string``.
        """
        self.calls: list[str] = []
        self.wrong: list[str] = []
        self._known = known
        self._others = HubSpotApi(Portal())
        self.relay = Relay(self._handle)
        config = HubSpotConfig(account=HUB, token=Secret(self._others.token()), client_secret=SECRET, url=url, page=2)
        self.adapter = HubSpot(config, Wire(transport=self.relay, allow_private=True, sleep=lambda _: None))

    def _handle(self, sent: Sent, pass_on: Callable[[], Answer]) -> Answer:
        call = f"{sent.method} {sent.url.partition('://')[2].partition('/')[2]}"
        if "/objects/" not in call:
            return self._others._handle(sent, pass_on)
        answer = pass_on()
        self.calls.append(call)
        if answer.status != 200:
            self.wrong.append(f"{call} {sent.body!r}: {answer.status} {answer.body!r}")
        # Of what may be in an answer Prism's holds all, errors too: an adapter would have to stop at the first batch.
        said = {name: value for name, value in json.loads(answer.body).items() if name != "errors"}
        for record in said.get("results", ()):
            record["id"] = self._known
        return Answer(answer.status, answer.headers, json.dumps(said).encode())


def document(folder: Path) -> Path:
    """Return one document of HubSpot's four, for one Prism.

    In each the type of the objects is a parameter of the address; here it is what the document is of. Examples are left
    out: one of an object is a text, for which Prism finds fault with its own answer.
    """
    whole: dict[str, Any] = {}
    for kind, name in DOCUMENTS.items():
        one = _without_examples(json.loads(contract(name).read_text("utf-8")))
        paths = {}
        for path, operations in one.pop("paths").items():
            for operation in operations.values():
                operation["parameters"] = [each for each in operation["parameters"] if each["name"] != "objectType"]
            paths[path.replace("{objectType}", kind)] = operations
        of_objects = {path: operations for path, operations in paths.items() if "fromObjectType" not in path}
        whole = whole or {**one, "paths": {}}
        whole["paths"] |= of_objects
        whole["components"]["schemas"] |= one["components"]["schemas"]
    place = folder / "hubspot.json"
    place.write_text(json.dumps(whole), "utf-8")
    return place


def _without_examples(part: Any) -> Any:
    if isinstance(part, list):
        return [_without_examples(each) for each in part]
    if not isinstance(part, dict):
        return part
    return {name: _without_examples(value) for name, value in part.items() if name != "example"}


@pytest.fixture(scope="module")
def prism(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the document."""
    place = document(tmp_path_factory.mktemp("prism"))
    if installed() is None:
        pytest.skip(HOW_TO_GET_IT)
    with running(place) as url:
        yield url


@pytest.fixture
def ask(prism: str) -> Iterator[Callable[..., Asked]]:
    """Return what makes an adapter of Prism's."""
    with ExitStack() as stack:

        def make(**known: str) -> Asked:
            made = Asked(prism, **known)
            stack.callback(made.relay.close)
            return made

        yield make


@pytest.mark.parametrize("state", [State(), CURSOR], ids=["from the beginning", "from a cursor"])
@pytest.mark.parametrize("stream", STREAMS)
def test_requests_are_right_and_a_page_that_comes_again_is_an_error(
    ask: Callable[..., Asked], stream: str, state: State
) -> None:
    """Prism gives one page for ever, and says each time that there is more."""
    asked = ask()
    with pytest.raises(FatalAdapterError, match="again, so reading would never end"):
        list(islice(asked.adapter.read(stream, state), 30))
    assert not asked.wrong
    assert asked.calls


def test_requests_for_a_webhook_are_right(ask: Callable[..., Asked]) -> None:
    """Batches of records, and of the recycle bin for those that aren't there."""
    asked = ask()
    notices = [
        {"portalId": int(HUB), "subscriptionType": f"{word}.propertyChange", "objectId": 5, **more}
        for word, more in (("contact", {}), ("deal", {}), ("ticket", {}), ("object", {"objectTypeId": "0-19"}))
    ]
    request = Request("POST", "https://shop.example/hook", {}, json.dumps(notices).encode())
    assert asked.adapter.receive(sign_hubspot(request, SECRET)) == []  # Prism's record has no times
    kinds = ("contacts", "deals", "deals", "tickets", "tickets", "feedback_submissions", "feedback_submissions")
    assert [call.split("/")[3] for call in asked.calls] == list(kinds)
    assert [call.partition("?")[2] for call in asked.calls] == ["", *["", "archived=true"] * 3]
    assert not asked.wrong


def test_requests_of_a_push_are_right(ask: Callable[..., Asked]) -> None:
    """A contact is read, and changed, with every kind of score."""
    asked = ask(known="5")
    scores = {"nps_score": 9.0, "nps_group": "promoter", "clv": Money("120.50", "USD"), "gone": None}
    done = asked.adapter.push([Profile("5", scores), Profile("6", scores)])
    assert (done.written, done.unknown, done.rejects) == (1, ("6",), ())
    assert [call.partition("contacts/")[2] for call in asked.calls] == ["batch/read", "batch/update"]
    assert not asked.wrong
