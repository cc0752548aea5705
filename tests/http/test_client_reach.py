"""Where calls go, and how much of an answer is taken."""

from __future__ import annotations

import gzip
import socket
import ssl
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from tests.http.vendor import OK, Time, say, serving

from cxkit.errors import FatalAdapterError, InvalidValueError, RetriableAdapterError
from cxkit.http import Answer, Http, Relay, Wire
from cxkit.http.client import _Public

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path

URL = "https://shop.example/api"
HERE = Wire(allow_private=True, attempts=1)


def _answering(answer: Answer) -> tuple[Http, list[Any]]:
    wire, asked = Time().wire(answer, attempts=1)
    return Http(URL, wire=wire), asked


# ------------------------------------------------------------------------------------------------------------- whereto


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("", URL),
        ("orders", f"{URL}/orders"),
        ("/orders?page=2", f"{URL}/orders?page=2"),
        ("//evil.example/orders", f"{URL}/evil.example/orders"),
        ("https://shop.example/other?page=2", "https://shop.example/other?page=2"),
        ("https://SHOP.example:443/api", "https://SHOP.example:443/api"),
        ("orders?next=https://evil.example/", f"{URL}/orders?next=https://evil.example/"),
    ],
)
def test_paths_stay_at_the_base(path: str, url: str) -> None:
    """Paths are added to the base, and a whole address of the same host is taken as it is."""
    http, asked = _answering(OK)

    http.get(path)

    assert httpx.URL(asked[0].url) == httpx.URL(url)


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example/orders",
        "http://shop.example/orders",
        "https://shop.example:8443/orders",
        "https://shop.example.evil.example/",
        "https://shop.example@evil.example/",
        "https://an:s3cr3t@shop.example/",
        "https://shop.example:port/",
        "https://[::1/",
        "HTTPS://evil.example/",
        "file:///etc/passwd",
    ],
)
def test_an_answer_can_not_send_us_elsewhere(path: str) -> None:
    """The address of a next page must be at the same host: our key would go with it."""
    http, asked = _answering(OK)

    with pytest.raises(FatalAdapterError, match=r"^shop\.example: an answer sends us on to") as caught:
        http.get(path)

    assert asked == []
    assert "s3cr3t" not in str(caught.value)


def test_parameters_join_those_of_the_address() -> None:
    """The next page's address keeps its cursor when there are parameters beside it; None is left out."""
    http, asked = _answering(OK)

    http.get("orders?cursor=a%2Bb", {"limit": 5, "status": None})
    http.get("orders?cursor=a%2Bb", {"status": None})

    assert [dict(httpx.URL(sent.url).params) for sent in asked] == [{"cursor": "a+b", "limit": "5"}, {"cursor": "a+b"}]


@pytest.mark.parametrize(("location", "to"), [("https://evil.example/x", "evil.example"), ("/login", "shop.example")])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(status: int, location: str, to: str) -> None:
    """Who is sent on is told where to, and nothing goes there."""
    http, asked = _answering(Answer(status, {"Location": location}))

    with pytest.raises(FatalAdapterError, match=f"sends us on to {to} \\({status}\\)"):
        http.get("orders")

    assert len(asked) == 1


def test_headers_are_sent() -> None:
    """What is said with all calls and with one is said, and who calls."""
    wire, asked = Time().wire(OK)

    Http(URL, wire=wire, headers={"X-Version": "7"}).get("", headers={"X-Page": "2"})

    sent = asked[0].headers
    assert (sent["x-version"], sent["x-page"], sent["accept"]) == ("7", "2", "application/json")
    assert sent["user-agent"].startswith("cxkit")


# --------------------------------------------------------------------------------------------------- the address itself


class _Stub(httpx.BaseTransport):
    """Remembers what would be connected to."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer."""
        self.asked.append(request)
        return httpx.Response(200, content=b"{}", request=request)


@pytest.fixture
def book(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Return a directory in place of DNS, each of whose answers is given once, but for the last."""
    pages: dict[str, list[str]] = {}

    def find(host: str, port: int, **_: Any) -> list[Any]:
        addresses = pages[host]
        address = addresses.pop(0) if len(addresses) > 1 else addresses[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", find)
    return pages


@pytest.mark.parametrize(
    ("address", "host"), [("8.8.8.8", "8.8.8.8"), ("2606:4700:4700::1111", "[2606:4700:4700::1111]")]
)
def test_the_checked_address_is_the_one_that_is_called(book: dict[str, list[str]], address: str, host: str) -> None:
    """The connection goes to what was looked up, under the name: no second answer of DNS can lead it elsewhere."""
    book["shop.example"] = [address, "10.0.0.1"]
    stub = _Stub()

    Http(f"{URL}", wire=Wire(transport=_Public(stub))).get("orders", {"page": 2})

    (request,) = stub.asked
    assert str(request.url) == f"https://{host}/api/orders?page=2"
    assert request.headers["host"] == "shop.example"
    assert request.extensions["sni_hostname"] == "shop.example"


def test_each_attempt_is_checked(book: dict[str, list[str]]) -> None:
    """A name that leads to a private address by the second attempt isn't followed there."""
    book["shop.example"] = ["8.8.8.8", "10.0.0.1"]
    stub = _Stub()
    http = Http(URL, wire=Wire(transport=_Public(stub)))

    http.get("")
    with pytest.raises(FatalAdapterError, match=r"10\.0\.0\.1 isn't public"):
        http.get("")

    assert len(stub.asked) == 1


def test_private_addresses_are_refused_by_default() -> None:
    """Without a word about it, nothing in one's own network is called."""
    with pytest.raises(FatalAdapterError, match=r"127\.0\.0\.1 isn't public: allow_private admits it"):
        Http("https://127.0.0.1:1", wire=Wire(attempts=1)).get("")
    with pytest.raises(InvalidValueError, match="isn't https"):
        Http("http://127.0.0.1:1")


def test_private_addresses_can_be_allowed() -> None:
    """A shop in one's own network is called where that is allowed."""
    with serving(lambda handler, _: say(handler, OK)) as url:
        assert Http(url, wire=HERE).get("").json() == {"ok": True}


def test_nobody_there_may_pass() -> None:
    """A port that nobody listens at may be listened at later."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(RetriableAdapterError, match="there is no connection to be had"):
            Http(f"http://127.0.0.1:{port}", wire=HERE).post("orders", {})


def test_a_wrong_certificate_does_not_pass(tmp_path: Path) -> None:
    """A server that shows a certificate nobody vouches for isn't asked again, nor told anything."""
    context = _self_signed(tmp_path)
    told = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection, suppress(ssl.SSLError, OSError), context.wrap_socket(connection, server_side=True) as tls:
                told.append(tls.recv(99))

        thread = Thread(target=serve)
        thread.start()
        wire = Wire(allow_private=True, attempts=3, sleep=lambda _: pytest.fail("it was tried again"))
        with pytest.raises(FatalAdapterError, match="its certificate isn't one to trust for this name"):
            Http(f"https://localhost:{server.getsockname()[1]}", wire=wire).get("")
        thread.join()

    assert told == []


def _self_signed(folder: Path) -> ssl.SSLContext:
    """Return a server's context with a certificate for localhost that it signed itself."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


# ------------------------------------------------------------------------------------------------------------ how much


@pytest.mark.parametrize("packed", [False, True])
def test_an_answer_is_read_up_to_a_limit(*, packed: bool) -> None:
    """An answer above the limit is refused, also one that only grows when it is unpacked."""
    body = b'"' + b"a" * 1_000_000 + b'"'
    sent = gzip.compress(body) if packed else body
    answer = Answer(200, {"content-encoding": "gzip"} if packed else {}, sent)
    with serving(lambda handler, _: say(handler, answer)) as url:
        enough = Wire(allow_private=True, most_bytes=len(body))
        assert len(Http(url, wire=enough).get("").json()) == 1_000_000
        with pytest.raises(FatalAdapterError, match="the answer is larger than 1,000,001 bytes: ask for smaller pages"):
            Http(url, wire=Wire(allow_private=True, most_bytes=len(body) - 1)).get("")


def test_an_answer_without_end_is_left() -> None:
    """A vendor that sends for ever is left as soon as the limit is reached."""

    def flood(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        handler.send_response(200)
        handler.send_header("connection", "close")
        handler.end_headers()
        handler.close_connection = True
        with suppress(OSError):
            while True:
                handler.wfile.write(b"a" * 65_536)

    with serving(flood) as url, pytest.raises(FatalAdapterError, match="larger than 1,000,000 bytes"):
        Http(url, wire=Wire(allow_private=True, most_bytes=1_000_000)).get("")


@pytest.fixture
def dripping() -> Iterator[tuple[str, list[str]]]:
    """Return the address of a vendor that sends a byte now and then, and never ends; and what it was asked."""
    over, asked = Event(), list[str]()

    def drip(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        asked.append(handler.command)
        handler.send_response(200)
        handler.send_header("content-length", "1000")
        handler.end_headers()
        handler.close_connection = True
        with suppress(OSError):
            while not over.wait(0.02):
                handler.wfile.write(b" ")

    with serving(drip) as url:
        yield url, asked
        over.set()


def test_a_byte_now_and_then_is_too_slow(dripping: tuple[str, list[str]]) -> None:
    """An answer that keeps below the timeout with each byte ends with patience; what isn't repeatable ends at once."""
    url, asked = dripping
    http = Http(url, wire=Wire(allow_private=True, patience=0.2, attempts=2, timeout=5, sleep=lambda _: None))

    with pytest.raises(RetriableAdapterError, match=r"the answer takes longer than 0\.2 s"):
        http.get("")
    with pytest.raises(FatalAdapterError, match=r"takes longer than 0\.2 s: look whether it was done"):
        http.post("", {})

    assert asked.count("POST") == 1


def test_silence_times_out(dripping: tuple[str, list[str]]) -> None:
    """A vendor that takes the call and says nothing is left after the timeout."""
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        began = time.monotonic()
        with pytest.raises(RetriableAdapterError, match="the answer took too long"):
            Http(
                f"http://127.0.0.1:{deaf.getsockname()[1]}", wire=Wire(allow_private=True, timeout=0.1, attempts=1)
            ).get("")

        assert time.monotonic() - began < 5


def test_a_cut_answer_may_pass() -> None:
    """A real answer that ends before the length it promised isn't taken for a whole one."""

    def cut(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        handler.send_response(200)
        handler.send_header("content-length", "1000")
        handler.end_headers()
        handler.wfile.write(b"[]")
        handler.close_connection = True

    with serving(cut) as url:
        with pytest.raises(RetriableAdapterError, match="the answer was cut short: try again later"):
            Http(url, wire=HERE).get("")
        with pytest.raises(FatalAdapterError, match="the answer was cut short: look whether it was done"):
            Http(url, wire=HERE).post("", {})


def test_connections_are_kept() -> None:
    """A hundred pages take one connection."""
    ports = set()

    def handle(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        ports.add(handler.client_address)
        say(handler, OK)

    with serving(handle) as url:
        http = Http(url, wire=HERE)
        for page in range(100):
            http.get("orders", {"page": page})
        http.close()
        http.close()

    assert len(ports) == 1


# -------------------------------------------------------------------------------------------------- what stands between


def test_a_relay_sees_and_passes_on() -> None:
    """Whoever stands between sees what is sent, and may hand it on to the network."""
    seen = []

    def handle(sent: Any, pass_on: Any) -> Answer:
        seen.append((sent.method, sent.headers["content-type"], sent.body))
        return pass_on()

    packed = Answer(200, {"content-encoding": "gzip"}, gzip.compress(b'{"ok": true}'))
    with serving(lambda handler, _: say(handler, packed)) as url:
        relay = Relay(handle)
        http = Http(url, wire=Wire(transport=relay, allow_private=True))
        assert http.post("orders", {"a": 1}, repeatable=True).json() == {"ok": True}
        assert http.request("PUT", "orders", form={"a": "1 2"}).json() == {"ok": True}
        http.close()
        # It is its maker's to close: others may call through it.
        assert http.post("orders", {"a": 1}, repeatable=True).json() == {"ok": True}
        relay.close()

    posted = ("POST", "application/json", b'{"a":1}')
    assert seen == [posted, ("PUT", "application/x-www-form-urlencoded", b"a=1+2"), posted]


def test_a_relay_passes_failures_on() -> None:
    """What fails behind a relay fails before it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        wire = Wire(transport=Relay(lambda _sent, pass_on: pass_on()), allow_private=True, attempts=1)
        with pytest.raises(RetriableAdapterError, match="no connection"):
            Http(url, wire=wire).get("")


def test_a_relay_needs_a_transport_behind() -> None:
    """Something else in its place is refused at once."""
    with pytest.raises(InvalidValueError, match=r"isn't an httpx\.BaseTransport"):
        Relay(lambda _sent, pass_on: pass_on(), "network")
