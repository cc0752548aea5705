"""No secret shows: not in errors, not in tracebacks that show variables, not in anybody's log."""

from __future__ import annotations

import logging
import traceback
from typing import TYPE_CHECKING, Any

import pytest
from rich.pretty import pretty_repr
from tests.http.vendor import KEY, OK, Time, say, serving

from cxkit.adapters import Secret
from cxkit.errors import AdapterError, FatalAdapterError
from cxkit.http import Answer, ClientCredentials, Header, Http, Session, Tokens, Wire, basic, bearer

if TYPE_CHECKING:
    from collections.abc import Callable
    from http.server import BaseHTTPRequestHandler

    from cxkit.http import Auth, Sent

URL = "https://shop.example/api"


def _shown(call: Callable[[], object]) -> str:
    """Return all that an error of a call shows: with what led to it, and with the variables of all frames."""
    with pytest.raises(AdapterError) as caught:
        call()
    # As rich shows the variables of frames; of ours, for a test knows its secret.
    variables = [
        pretty_repr(value)
        for error in _chain(caught.value)
        for frame, _ in traceback.walk_tb(error.__traceback__)
        if "/src/cxkit/" in frame.f_code.co_filename
        for value in frame.f_locals.values()
    ]
    assert variables
    chain = "".join(traceback.format_exception(caught.value))
    chained = "".join(f"{error!r} {error.args!r}" for error in _chain(caught.value))
    return f"{variables} {chain} {chained}"


def _chain(error: BaseException | None) -> list[BaseException]:
    """Return an error and all that led to it, shown or not."""
    found: list[BaseException] = []
    while error is not None:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def _echo(status: int, before: str = "") -> Callable[[Sent], Answer]:
    """Return a vendor that repeats what was sent."""
    return lambda sent: Answer(status, {}, f"{before} {sent.headers} ".encode() + sent.body)


def _signing_in(http: Http) -> dict[str, Secret]:
    http.post("login", {"user": "an", "password": Secret(KEY)}, authorized=False, repeatable=True)
    return {}


AUTHS: dict[str, Auth] = {
    "bearer": bearer(Secret(KEY)),
    "header": Header("X-Api-Key", Secret(KEY)),
    "basic": basic("an", Secret(KEY)),
    "session": Session(_signing_in, secrets=[Secret(KEY)]),
    "client": ClientCredentials("https://id.example/token", "an", Secret(KEY)),
}


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503])
@pytest.mark.parametrize("auth", AUTHS)
def test_what_the_vendor_repeats_is_not_shown(auth: str, status: int) -> None:
    """An error that repeats our headers and our body shows no secret, however the secret was written."""
    wire, asked = Time().wire(_echo(status), attempts=2)
    http = Http(URL, wire=wire, auth=AUTHS[auth])

    text = _shown(lambda: http.post("orders", {}))

    assert asked
    for form in (KEY, KEY.replace("/", "%2F").replace("+", "%2B").replace("=", "%3D"), KEY[:12], *_parts(AUTHS[auth])):
        assert form not in text


def _parts(auth: Auth) -> list[str]:
    return [secret.reveal() for secret in auth.secrets()]


@pytest.mark.parametrize("blanks", range(180, 200, 3))
def test_a_secret_at_the_cut_is_not_shown_by_half(blanks: int) -> None:
    """What the vendor says is cut after the secrets are taken out: half a secret is one too."""
    wire, _ = Time().wire(Answer(400, {}, f"{'x' * blanks} {KEY}".encode()))
    query = f'{{"errors": [{{"message": "{"x" * blanks} {KEY}"}}]}}'.encode()
    graph, _ = Time().wire(Answer(200, {}, query))
    auth = bearer(Secret(KEY))

    assert KEY[:3] not in _shown(lambda: Http(URL, wire=wire, auth=auth).get(""))
    with pytest.raises(FatalAdapterError) as caught:
        Http(URL, wire=graph, auth=auth).graphql("{ me }")
    assert KEY[:3] not in str(caught.value)


def test_a_refusal_before_signing_in_anew_shows_nothing() -> None:
    """What the first refusal said hangs on no later error, where nobody would look for it."""
    calls = iter(range(9))

    def sign_in(http: Http) -> dict[str, Secret]:
        if next(calls):
            http.get("login", authorized=False)
        return {"Authorization": Secret(KEY)}

    wire, _ = Time().wire(_echo(401), Answer(500), attempts=1)

    assert KEY not in _shown(lambda: Http(URL, wire=wire, auth=Session(sign_in)).get("orders"))


@pytest.mark.parametrize("key", [KEY + "\u2026", KEY + "\u00a0", KEY + "\x0bmore", "gehe1m-schl\u00fcssel"])
def test_a_key_that_no_header_carries_is_said_to_be_one(key: str) -> None:
    """A key that was copied with a blank or a foreign sign is told at once, and not shown."""
    with serving(lambda handler, _: say(handler, OK)) as url:
        wire = Wire(allow_private=True, sleep=lambda _: pytest.fail("it was tried again"))
        http = Http(url, wire=wire, auth=Header("X-Api-Key", Secret(key)))
        text = _shown(lambda: http.get(""))

    assert "is the key whole, without blanks or foreign letters?" in text
    assert key[:10] not in text


def test_no_log_shows_a_secret(caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is logged of a secret by us or by what is below us, with everything logged; ours says what was called."""
    caplog.set_level(logging.DEBUG)

    def handle(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        say(handler, Answer(200, {"set-cookie": KEY}, b"{}"))

    with serving(handle) as url:
        for auth in (bearer(Secret(KEY)), basic("an", Secret(KEY))):
            http = Http(url, wire=Wire(allow_private=True), auth=auth)
            http.get("orders", {"page": 7, "api_key": KEY, "Signature": "abc", "q": KEY})
            http.post("login", {"password": KEY}, authorized=False, headers={"X-Key": KEY})
            http.close()

    assert KEY not in caplog.text
    assert [record.name for record in caplog.records if "orders" in record.getMessage()] == ["cxkit.http"] * 2
    assert "GET /orders?page=7&api_key=…&Signature=…&q=…: 200 in " in caplog.text
    assert not [record for record in caplog.records if record.name == "httpx" or "http11" in record.name]


def test_others_calls_are_logged_as_ever(caplog: pytest.LogCaptureFixture) -> None:
    """The libraries below log for everybody else."""
    import httpx

    caplog.set_level(logging.DEBUG)
    with serving(lambda handler, _: say(handler, OK)) as url:
        http = Http(url, wire=Wire(allow_private=True))
        http.get("ours")
        with httpx.Client() as theirs:
            theirs.get(f"{url}/theirs")
        http.close()

    assert [record.name for record in caplog.records if "/theirs" in record.getMessage()] == ["httpx"]


def test_reprs_show_nothing() -> None:
    """An adapter's parts may stand in any log."""
    wire, _ = Time().wire(OK)
    tokens = Tokens(Secret(KEY), Secret(KEY), 1.0)

    things: list[Any] = [*AUTHS.values(), wire, tokens, Http(URL, wire=wire, auth=AUTHS["basic"])]
    assert KEY not in repr(things)


def test_secrets_are_revealed_when_they_are_sent() -> None:
    """What stands as a secret in a body or a query is sent as it is."""
    wire, asked = Time().wire(OK)
    http = Http(URL, wire=wire)

    http.post("login", {"user": "an", "keys": [Secret("a"), {"b": Secret("c")}]})
    http.request("POST", "token", form={"secret": Secret("a b"), "n": 1})
    http.get("orders", {"key": Secret("a/b")})

    assert [sent.body for sent in asked] == [b'{"user":"an","keys":["a",{"b":"c"}]}', b"secret=a+b&n=1", b""]
    assert asked[2].url == f"{URL}/orders?key=a%2Fb"


def test_a_page_of_html_is_not_repeated() -> None:
    """Of a gateway's page nothing is shown; of a short text the words are."""
    wire, _ = Time().wire(Answer(404, {}, b"<html>gone</html>"), Answer(404, {}, b"no\n such\t order"))
    http = Http(URL, wire=wire)

    with pytest.raises(FatalAdapterError, match=r"^shop\.example: GET /api/1: answered 404$"):
        http.get("1")
    with pytest.raises(FatalAdapterError, match=r"answered 404 – it says: no such order$"):
        http.get("2")
