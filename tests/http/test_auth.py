from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier, Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import attrs
import pytest
from tests.http.vendor import KEY, OK, Time, say, serving

from cxkit.adapters import Secret
from cxkit.errors import FatalAdapterError, RetriableAdapterError, StoreError
from cxkit.http import (
    Answer,
    ClientCredentials,
    Http,
    Refreshing,
    Session,
    TokenFile,
    Tokens,
    UnauthorizedError,
    Wire,
    basic,
    bearer,
    oauth,
    token_file,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path

    from cxkit.http import Sent

URL = "https://shop.example/api"


def token(access: str, refresh: str | None = None, expires: object = None) -> Answer:
    """Return what a token endpoint answers."""
    body = {"access_token": access, "refresh_token": refresh, "expires_in": expires}
    return Answer(200, {}, json.dumps({name: value for name, value in body.items() if value is not None}).encode())


def test_fixed_headers() -> None:
    """Keys and passwords are sent as the standards write them, and not where nobody shall be shown."""
    wire, asked = Time().wire(OK)

    Http(URL, wire=wire, auth=bearer(Secret("abc"))).get("")
    Http(URL, wire=wire, auth=basic("Aladdin", Secret("open sesame"))).get("")
    Http(URL, wire=wire, auth=bearer(Secret("abc"))).get("", authorized=False)

    shown = [sent.headers.get("authorization") for sent in asked]
    assert shown == ["Bearer abc", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", None]


# ------------------------------------------------------------------------------------------------------------- session


def test_a_session_is_begun_once_and_again_when_it_is_over() -> None:
    """Signing in happens with the first call, and once more when the session isn't admitted any more."""
    wire, asked = Time().wire(OK, OK, OK, Answer(401), OK, OK)
    numbers = iter("123")

    def sign_in(http: Http) -> dict[str, Secret]:
        http.post("login", authorized=False, repeatable=True)
        return {"X-Session": Secret(next(numbers))}

    http = Http(URL, wire=wire, auth=Session(sign_in))
    for _ in range(3):
        http.get("orders")

    said = [(sent.url.rpartition("/")[2], sent.headers.get("x-session")) for sent in asked]
    assert said == [
        ("login", None), ("orders", "1"), ("orders", "1"), ("orders", "1"), ("login", None), ("orders", "2"),
    ]  # fmt: skip


def test_who_is_not_admitted_after_signing_in_is_not() -> None:
    """A right that lacks isn't asked for for ever."""
    wire, asked = Time().wire(Answer(401))

    with pytest.raises(UnauthorizedError):
        Http(URL, wire=wire, auth=Session(lambda _: {"X-Session": Secret("1")})).get("")

    assert len(asked) == 2


def test_a_status_of_ones_own_may_mean_that_a_session_is_over() -> None:
    """Some vendors answer 403 to a token that is over; by its body it is told from a right that lacks."""
    over = Answer(403, {}, b"token expired")
    wire, asked = Time().wire(over, OK, Answer(403, {}, b"no right"))
    http = Http(
        URL,
        wire=wire,
        auth=Session(lambda _: {"X-Session": Secret("1")}),
        lapsed=lambda status, body: status == 403 and b"expired" in body,
    )

    assert http.get("").json() == {"ok": True}
    with pytest.raises(FatalAdapterError, match="the credentials lack a right") as caught:
        http.get("")

    assert caught.value.status == 403
    assert len(asked) == 3


def test_threads_renew_a_session_once() -> None:
    """Several threads whose session ends at once sign in once between them."""
    sessions, lock, together = ["0"], Lock(), Barrier(4)

    def handle(sent: Sent) -> Answer:
        if sent.headers["x-session"] == "0":
            together.wait(5)
            return Answer(401)
        return OK

    def sign_in(_http: Http) -> dict[str, Secret]:
        with lock:
            sessions.append(str(len(sessions)))
            return {"X-Session": Secret("0" if len(sessions) == 2 else sessions[-1])}

    wire, _ = Time().wire(handle)
    http = Http(URL, wire=wire, auth=Session(sign_in))
    with ThreadPoolExecutor(4) as pool:
        assert [reply.json() for reply in pool.map(http.get, ["a", "b", "c", "d"])] == [{"ok": True}] * 4

    assert len(sessions) == 3


# -------------------------------------------------------------------------------------------------- client credentials


def test_client_credentials() -> None:
    """A token is fetched with the first call, kept while it is good, and fetched anew just before it is over."""
    time = Time()
    wire, asked = time.wire(token("one", expires=3600), OK, OK, token("two", expires=3600), OK)
    auth = ClientCredentials("https://id.example/token?tenant=7", "an", Secret("s3"), scope="read")
    http = Http(URL, wire=wire, auth=auth)

    http.get("1")
    http.get("2")
    time.now += 3571
    http.get("3")

    assert [sent.url for sent in asked if "id.example" in sent.url] == ["https://id.example/token?tenant=7"] * 2
    assert dict(parse_qsl(asked[0].body.decode())) == {
        "grant_type": "client_credentials", "client_id": "an", "scope": "read", "client_secret": "s3",
    }  # fmt: skip
    assert [sent.headers.get("authorization") for sent in asked] == [
        None, "Bearer one", "Bearer one", None, "Bearer two",
    ]  # fmt: skip


def test_a_token_that_ends_early_is_fetched_anew() -> None:
    """A token that the vendor takes back before its time is replaced, once."""
    wire, asked = Time().wire(token("one"), Answer(401), token("two"), OK)

    assert Http(URL, wire=wire, auth=ClientCredentials("https://id.example/t", "an", Secret("s3"))).get("").json()
    assert [sent.headers.get("authorization") for sent in asked] == [None, "Bearer one", None, "Bearer two"]


@pytest.mark.parametrize("body", [b"{}", b"[]", b"", b'{"access_token": 7}', b'{"access_token": null}'])
def test_an_endpoint_that_gives_no_token_is_told(body: bytes) -> None:
    """What isn't a token is refused."""
    wire, _ = Time().wire(Answer(200, {}, body))

    with pytest.raises(FatalAdapterError, match="holds no access_token: is it a token endpoint"):
        oauth("https://id.example/t", {"grant_type": "client_credentials"}, Http(URL, wire=wire))


@pytest.mark.parametrize("expires", ["soon", None, [], "", float("1e3")])
def test_when_a_token_is_over_may_be_unknown(expires: object) -> None:
    """A vendor that doesn't say when, or not so that it can be read, is believed until it refuses."""
    wire, _ = Time(now=0.0).wire(token("one", expires=expires))
    tokens = oauth("https://id.example/t", {"grant_type": "client_credentials"}, Http(URL, wire=wire))

    assert tokens.is_over(1e12) is isinstance(expires, float)


def test_endpoints_that_fail_are_told_apart() -> None:
    """An endpoint that is down may be up later; one that refuses won't; neither error shows what it says."""
    form = {"grant_type": "refresh_token", "refresh_token": Secret(KEY)}
    wire, asked = Time().wire(Answer(503, {"Retry-After": "9"}, KEY.encode()), attempts=2)
    with pytest.raises(RetriableAdapterError, match=r"^id\.example: no token is given just now") as down:
        oauth("https://id.example/t", form, Http(URL, wire=wire))
    assert (down.value.retry_after, len(asked)) == (9, 2)

    wire, asked = Time().wire(Answer(400, {}, KEY.encode()))
    with pytest.raises(FatalAdapterError, match=r"^id\.example: no token was given \(answered 400\)$") as refused:
        oauth("https://id.example/t", form, Http(URL, wire=wire))
    assert (refused.value.status, len(asked)) == (400, 1)


def test_a_refresh_token_is_not_sent_twice() -> None:
    """Where the answer is lost, nobody knows whether the token is used up."""
    wire, asked = Time().wire(Answer(200, {}, b"{}", lost="cut"))

    with pytest.raises(FatalAdapterError, match="no answer that could be read"):
        oauth("https://id.example/t", {"grant_type": "refresh_token"}, Http(URL, wire=wire))

    assert len(asked) == 1


# ---------------------------------------------------------------------------------------------------------- refreshing


@attrs.define
class Grants:
    """A vendor whose refresh tokens are good for one use: the second use of one ends the whole grant."""

    refresh: str = "r0"
    access: str = "a0"
    used: list[str] = attrs.field(factory=list)
    rotates: bool = True
    lock: Any = attrs.field(factory=Lock)

    def handle(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        """Answer."""
        with self.lock:
            say(
                handler,
                self._token(dict(parse_qsl(body.decode()))) if handler.path == "/token" else self._call(handler),
            )

    def _call(self, handler: BaseHTTPRequestHandler) -> Answer:
        return OK if handler.headers["authorization"] == f"Bearer {self.access}" else Answer(401)

    def _token(self, form: dict[str, str]) -> Answer:
        self.used.append(form["refresh_token"])
        if form["refresh_token"] != self.refresh:
            self.refresh = self.access = "ended"
            return Answer(400, {}, b'{"error": "invalid_grant"}')
        number = len(self.used)
        self.access = f"a{number}"
        if not self.rotates:
            return token(self.access)
        self.refresh = f"r{number}"
        return token(self.access, self.refresh)


@contextmanager
def granted(**options: Any) -> Iterator[tuple[Grants, str]]:
    """Serve grants; give them and the address."""
    grants = Grants(**options)
    with serving(grants.handle) as url:
        yield grants, url


def refreshing(url: str, path: Path, seed: str | None = "r0", **options: Any) -> Http:
    """Return calls that are admitted by a file of tokens."""

    def refresh(http: Http, old: Secret) -> Tokens:
        return oauth(f"{url}/token", {"grant_type": "refresh_token", "refresh_token": old}, http)

    auth = Refreshing(TokenFile(path, seed and Secret(seed)), refresh, **options)
    return Http(url, wire=Wire(allow_private=True, attempts=1), auth=auth)


def test_each_refresh_token_is_used_once(tmp_path: Path) -> None:
    """The seed brings the first pair, each end of a token the next, and another process goes on with the last."""
    with granted() as (grants, url):
        first = refreshing(url, tmp_path / "t")
        first.get("orders")
        grants.access = "over"
        first.get("orders")
        refreshing(url, tmp_path / "t").get("orders")

        assert grants.used == ["r0", "r1"]


def test_a_refresh_token_that_stays_is_kept(tmp_path: Path) -> None:
    """An answer without a new refresh token leaves the old one good."""
    with granted(rotates=False) as (grants, url):
        http = refreshing(url, tmp_path / "t")
        for _ in range(3):
            http.get("orders")
            grants.access = "over"

        assert grants.used == ["r0"] * 3


def test_threads_rotate_once(tmp_path: Path) -> None:
    """Of many threads that meet a token that is over, one renews it."""
    with granted() as (grants, url):
        http = refreshing(url, tmp_path / "t")
        http.get("orders")
        for _ in range(5):
            grants.access = "over"
            with ThreadPoolExecutor(6) as pool:
                assert all(reply.json() for reply in pool.map(http.get, ["orders"] * 6))

        assert grants.used == [f"r{number}" for number in range(6)]


SCRIPT = """
import sys
from cxkit.adapters import Secret
from cxkit.http import Http, Refreshing, TokenFile, Wire, oauth
url, path = sys.argv[1:]
refresh = lambda http, old: oauth(f"{url}/token", {"grant_type": "refresh_token", "refresh_token": old}, http)
http = Http(url, wire=Wire(allow_private=True, attempts=1), auth=Refreshing(TokenFile(path, Secret("r0")), refresh))
print("ready", flush=True)
sys.stdin.readline()
http.get("orders")
"""


def test_processes_rotate_once(tmp_path: Path) -> None:
    """Of processes that start at one moment with one grant, one renews it, and the others take what it got."""
    with granted() as (grants, url):
        several = [
            subprocess.Popen(
                [sys.executable, "-c", SCRIPT, url, str(tmp_path / "t")],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ,
            )
            for _ in range(3)
        ]  # fmt: skip
        for each in several:
            assert each.stdout is not None
            assert each.stdout.readline() == "ready\n"
        for each in several:
            assert each.stdin is not None
            each.stdin.write("go\n")
            each.stdin.flush()
        for each in several:
            each.communicate(timeout=60)

        assert [each.returncode for each in several] == [0, 0, 0]
        assert grants.used == ["r0"]


def test_who_dies_between_answer_and_file_has_lost_the_grant(tmp_path: Path) -> None:
    """Of a token good for one use the answer is the only copy: lost, the next try is refused, and says what to do.

    No file could help: the vendor has used the token up before we know of it. A new seed starts anew.
    """
    with granted() as (grants, url):

        def die(http: Http, old: Secret) -> Tokens:
            oauth(f"{url}/token", {"grant_type": "refresh_token", "refresh_token": old}, http)
            raise KeyboardInterrupt

        file = TokenFile(tmp_path / "t", Secret("r0"))
        with pytest.raises(KeyboardInterrupt):
            Http(url, wire=Wire(allow_private=True), auth=Refreshing(file, die)).get("orders")
        with pytest.raises(FatalAdapterError, match=r"no token was given \(answered 400\)"):
            refreshing(url, tmp_path / "t").get("orders")

        grants.refresh = "again"
        assert refreshing(url, tmp_path / "t", "again").get("orders").json() == {"ok": True}


def test_a_new_seed_starts_anew(tmp_path: Path) -> None:
    """Another refresh token than last time takes the place of what is kept; the same one doesn't."""
    path = tmp_path / "t"
    with TokenFile(path, Secret("r0")).held() as held:
        held.save(Tokens(Secret("a5"), Secret("r5"), 9.0))

    assert TokenFile(path, Secret("r0")).load() == Tokens(Secret("a5"), Secret("r5"), 9.0)
    assert TokenFile(path).load() == Tokens(Secret("a5"), Secret("r5"), 9.0)
    assert TokenFile(path, Secret("new")).load() == Tokens(None, Secret("new"))
    assert TokenFile(tmp_path / "other").load() is None


def test_without_a_seed_somebody_signs_in(tmp_path: Path) -> None:
    """The first pair may come of signing in; also the next where the one kept isn't admitted any more."""
    with granted() as (grants, url):

        def sign_in(_http: Http) -> Tokens:
            grants.refresh, grants.access = "s", f"a-s{len(grants.used)}"
            return Tokens(Secret(grants.access), Secret("s"))

        http = refreshing(url, tmp_path / "t", None, sign_in=sign_in)
        http.get("orders")
        assert grants.used == []
        grants.refresh = grants.access = "ended"
        http.get("orders")
        assert grants.used == ["s"]

        with pytest.raises(FatalAdapterError, match="there is no refresh token: grant access once"):
            refreshing(url, tmp_path / "other", None).get("orders")


def test_tokens_are_their_owners(tmp_path: Path) -> None:
    """Nobody else may read the file, nor one that stood there before; secrets that were replaced are wiped."""
    path = tmp_path / "new" / "t"
    path.parent.mkdir(mode=0o755)
    path.touch(0o644)
    with TokenFile(path, Secret("seed-s3cr3t")).held() as held:
        held.save(Tokens(Secret("access-one"), Secret("refresh-one")))
    with TokenFile(path, Secret("seed-s3cr3t")).held() as held:
        held.save(Tokens(Secret("access-two"), Secret("refresh-two")))

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    content = path.read_bytes()
    assert b"refresh-two" in content
    assert not [word for word in (b"access-one", b"refresh-one", b"seed-s3cr3t") if word in content]
    assert [each.name for each in path.parent.iterdir()] == ["t"]


def test_a_file_that_is_none_of_tokens_is_refused(tmp_path: Path) -> None:
    """Something else in its place is named, and stays as it is."""
    path = tmp_path / "t"
    path.write_text("not a database" * 100, "utf-8")

    with pytest.raises(StoreError, match="the file of tokens can't be used: file is not a database"):
        TokenFile(path).load()

    assert path.read_text("utf-8") == "not a database" * 100


def test_what_fails_meanwhile_leaves_the_tokens(tmp_path: Path) -> None:
    """An error while the file is held lets go of it, and what was saved before stays."""
    file = TokenFile(tmp_path / "t", Secret("seed"))

    def fail_after_saving() -> None:
        with file.held() as held:
            held.save(Tokens(Secret("a"), Secret("r")))
            raise RetriableAdapterError("down")

    with pytest.raises(RetriableAdapterError, match="down"):
        fail_after_saving()

    assert file.load() == Tokens(Secret("a"), Secret("r"))


def test_each_grant_has_its_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Grants of other users or shops are kept apart, in the folder for such things."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    found = {token_file("desk", *parts) for parts in (("a", "b"), ("ab",), ("a", "c"), ())}
    assert len(found) == 4
    assert {path.parent for path in found} == {tmp_path / "cxkit"}
