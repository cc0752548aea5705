"""Every request that the adapter makes, sent to Prism, which serves Square's own contract and refuses all else."""

from __future__ import annotations

import json
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
from tests.servers.prism import HOW_TO_GET_IT, contract, installed, running
from tests.servers.square import TOKEN

from cxkit.adapters import Secret, State, Wire
from cxkit.errors import FatalAdapterError
from cxkit.http import Http, Relay
from cxkit_square import Square, SquareConfig

PATHS = (
    "/oauth2/token/status", "/v2/merchants/{merchant_id}", "/v2/locations", "/v2/orders/search",
    "/v2/orders/batch-retrieve", "/v2/customers/search", "/v2/customers/bulk-retrieve", "/v2/refunds", "/v2/payments",
    "/v2/loyalty/accounts/search", "/v2/loyalty/events/search",
)  # fmt: skip
LISTS = {
    "customers": ["v2/customers/search"],
    "orders": ["v2/orders/search"],  # the example holds no whole order that could name others
    "refunds": ["v2/refunds", "v2/orders/batch-retrieve"],
    "payments": ["v2/payments"],
    "members": ["v2/loyalty/accounts/search"],
    "rewards": ["v2/loyalty/events/search"],
}
SINCE = 1_767_225_600_000_000  # the first of January 2026


class Heard:
    """What went through to Prism, and what came back."""

    def __init__(self):
        """Listen."""
        self.calls = []
        self.relay = Relay(self._hear)

    def _hear(self, sent, pass_on):
        answer = pass_on()
        self.calls.append((sent, answer))
        return answer

    def asked(self, path):
        """Return the bodies that were sent to a path."""
        return [json.loads(sent.body) for sent, _ in self.calls if _path(sent) == path]

    def paths(self):
        """Return the paths that were called; all answers must have been good."""
        bad = [(sent.method, sent.url, answer.body[:400]) for sent, answer in self.calls if answer.status != 200]
        assert not bad
        return {_path(sent) for sent, _ in self.calls}


def _path(sent):
    return urlsplit(sent.url).path.lstrip("/")


@pytest.fixture(scope="module")
def prism():
    """Return the address of a Prism with Square's contract."""
    spec = contract("square.json")
    if installed() is None:
        pytest.skip(HOW_TO_GET_IT)
    with running(spec, PATHS) as url:
        yield url


@pytest.fixture
def heard():
    """Return what is heard."""
    made = Heard()
    yield made
    made.relay.close()


def adapter(url, heard, *, merchant="3MYCJG5GVYQ8Q", page=500):
    """Return an adapter of the seller that Square's examples are of."""
    config = SquareConfig(merchant=merchant, token=Secret(TOKEN), url=url, page=page)
    return Square(config, Wire(transport=heard.relay, allow_private=True, attempts=1))


@pytest.mark.parametrize("page", [1, 1000])
@pytest.mark.parametrize("state", [State(), State(cursor=SINCE)], ids=["all", "since"])
@pytest.mark.parametrize("stream", ["customers", "orders", "refunds", "payments", "members", "rewards"])
def test_streams(prism, heard, stream, state, page):
    """Each stream asks as the contract wants it, from the beginning and from a time on."""
    with suppress(FatalAdapterError):  # the examples' cursors never end, and the orders aren't those that refunds name
        list(adapter(prism, heard, page=page).read(stream, state))
    assert heard.paths() == {"v2/locations", *LISTS[stream]}


@pytest.mark.parametrize("stream", ["orders", "customers"])
def test_repeated_cursor(prism, heard, stream):
    """Prism gives the same cursor for ever: it is sent back once, as the contract wants it, and is an error then."""
    with pytest.raises(FatalAdapterError, match="again, so reading would never end"):
        list(adapter(prism, heard).read(stream, State()))
    first, second = heard.asked(LISTS[stream][0])
    assert second == {**first, "cursor": second["cursor"]}


def test_check(prism, heard):
    """The check asks as the contract wants it."""
    said = adapter(prism, heard, merchant="MERCHANT_ID").check()
    assert "MERCHANT_PROFILE_READ" in said.missing  # by the example
    assert heard.paths() == {"oauth2/token/status"}


def test_merged(prism, heard):
    """Customers that orders name are asked for as the contract wants it; an answer about others is refused."""
    with pytest.raises(FatalAdapterError, match="wasn't asked for"):
        adapter(prism, heard)._lists.successors(["A"])
    assert heard.paths() == {"v2/customers/bulk-retrieve"}


def test_prism_refuses(prism, heard):
    """It is a judge: what Square doesn't take, it doesn't either."""
    http = Http(prism, wire=Wire(transport=heard.relay, allow_private=True, attempts=1))
    for path, body in [
        ("v2/orders/search", {"location_ids": "L01"}),
        ("v2/orders/search", {"query": {"sort": {"sort_field": "NAME"}}}),
        ("v2/loyalty/events/search", {"limit": 31}),
        ("v2/customers/search", {"limit": 101}),
        ("v2/carts/search", {}),
    ]:
        with pytest.raises(FatalAdapterError):
            http.post(path, body, headers={"authorization": "Bearer t"})
