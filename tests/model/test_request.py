from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxkit.errors import InvalidValueError
from cxkit.model.request import Request

URL = "https://shop.example/hook"


def test_headers_have_one_case_and_one_place() -> None:
    """A header is found in lower case; one that comes twice is joined, so that nobody picks the one they like."""
    request = Request("post", URL, [("X-Sign", "a"), ("x-sign", "b"), ("Host", "shop.example")], b"")

    assert request.method == "POST"
    assert request.headers == {"x-sign": "a,b", "host": "shop.example"}


@pytest.mark.parametrize("headers", [{"x": b"a"}, [(b"x", "a")], {"x": None}])
def test_headers_are_texts(headers: object) -> None:
    """Other frameworks' pairs of bytes are refused rather than compared with texts, which they'd never equal."""
    with pytest.raises(InvalidValueError, match="isn't a pair of texts"):
        Request("POST", URL, headers, b"")  # type: ignore[arg-type]


@pytest.mark.parametrize("body", ["{}", None, bytearray(b"{}")])
def test_the_body_is_bytes(body: object) -> None:
    """Signatures cover bytes: a text that was decoded on the way is refused."""
    with pytest.raises(InvalidValueError, match="hand over the raw body, before decoding"):
        Request("POST", URL, {}, body)  # type: ignore[arg-type]


def test_a_repr_shows_neither_headers_nor_body() -> None:
    """They hold signatures and customers."""
    assert repr(Request("POST", URL, {"x": "s3cr3t"}, b"s3cr3t")) == f"Request(method='POST', url={URL!r})"


def test_a_message_is_read() -> None:
    """Line, headers and body of a message of HTTP/1.1 are what they were; the body stays as it is."""
    body = b'{"a": "\xc3\xa9"}\r\n\r\n{}\n\n'
    message = b"POST /hook?a=1 HTTP/1.1\r\nHost: shop.example\r\nX-Name:  M\xc3\x85ns \r\nX-Empty:\r\n\r\n" + body
    request = Request.parse(message)

    assert (request.method, request.url) == ("POST", "https://shop.example/hook?a=1")
    assert request.headers == {"host": "shop.example", "x-name": b"M\xc3\x85ns".decode("latin-1"), "x-empty": ""}
    assert request.body == body


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@given(body=st.binary())
def test_whatever_ends_lines_the_body_is_whole(end: bytes, body: bytes) -> None:
    """The first empty line ends the headers, also where the body holds another kind of it."""
    assert Request.parse(end.join([b"POST /hook HTTP/1.1", b"Host: a.example", b"", body])).body == body


def test_the_address_may_be_given() -> None:
    """Behind a proxy the message doesn't name the address that the vendor signed; a whole one in it counts."""
    assert Request.parse(b"POST /h HTTP/1.1\r\nHost: in\r\n\r\n", url=URL).url == URL
    assert Request.parse(b"POST https://a.example/h HTTP/1.1\r\n\r\n").url == "https://a.example/h"


@pytest.mark.parametrize(
    "message",
    [
        b"", b"{}", b"\r\n\r\n", b"POST /hook\r\n\r\n", b"POST /hook HTTP/1.1\r\nHost: a",
        b"POST / hook HTTP/1.1\r\n\r\n",
        b"POST /hook SMTP/1.1\r\n\r\n", b"POST /hook HTTP/1.1\r\nno header\r\n\r\n",
        b"POST /hook HTTP/1.1\r\nX : a\r\n\r\n", b"POST /hook HTTP/1.1\r\nX: a\r\n folded\r\n\r\n",
        b"POST /hook HTTP/1.1\r\n: a\r\n\r\n",
    ],
)  # fmt: skip
def test_what_is_no_request_is_refused(message: bytes) -> None:
    """Anything else is an error that says how a request begins; no header is guessed."""
    with pytest.raises(InvalidValueError, match=r"^request: "):
        Request.parse(message)


@given(st.binary(max_size=80))
def test_any_bytes_are_a_request_or_refused(message: bytes) -> None:
    """Whatever is piped in is read, or refused in one sentence."""
    with suppress(InvalidValueError):
        assert message.endswith(Request.parse(message).body)
