from __future__ import annotations

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxkit.errors import RetriableAdapterError
from cxkit.http import Reply


def linked(text: str) -> Reply:
    """Return an answer with a ``Link`` header."""
    return Reply(200, {"link": text}, b"", "GET /orders")


def test_money_is_exact() -> None:
    """A number with a point is a Decimal, and one without stays whole."""
    assert Reply(200, {}, b"[19.99, 7, 1e2]", "GET /").json() == [Decimal("19.99"), 7, Decimal("1e2")]


def test_an_empty_body_is_none() -> None:
    """204 brings nothing."""
    assert Reply(204, {}, b"", "DELETE /").json() is None


def test_the_body_is_read_once() -> None:
    """Looking at an answer and using it parse it once between them."""
    reply = Reply(200, {}, b'{"a": 1}', "GET /")

    assert reply.json() is reply.json()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"  <!doctype html><h1>Bad gateway</h1>", "a page of HTML"),
        (b'{"orders": [{"id": 1}, {"i', "no JSON, or JSON cut short"),
        (b"OK", "no JSON, or JSON cut short"),
        (b'{"total": NaN}', "no JSON"),
        (b'{"total": -Infinity}', "no JSON"),
        (b"\xff\xfe\x00\x01", "no JSON"),
        (b"1e" + b"9" * 30, "no JSON"),
        (b"9" * 5000, "no JSON"),
        (b"[" * 100_000, "no JSON"),
    ],
)
def test_what_is_no_json_may_pass(content: bytes, kind: str) -> None:
    """A gateway's page and an answer cut short are errors that may pass, and don't show what they hold."""
    with pytest.raises(RetriableAdapterError, match=f"^shop: GET /: the answer is {kind}") as caught:
        Reply(200, {}, content, "shop: GET /").json()

    assert len(str(caught.value)) < 100


@given(st.binary(max_size=40))
def test_any_body_is_read_or_refused(content: bytes) -> None:
    """Whatever comes is JSON or an error that says that it isn't."""
    with suppress(RetriableAdapterError):
        Reply(200, {}, content, "GET /").json()


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ('<https://a.example/o?page=2>; rel="next"', "https://a.example/o?page=2"),
        ("</o?a=1,2;3>; rel=next", "/o?a=1,2;3"),
        ('</p>; rel="prev", </n>; title="a, b; c"; rel="next"', "/n"),
        ('</n>; rel="last NEXT"', "/n"),
        ('</n> ;  REL = "next"', "/n"),
        ('</p>; rel="prev"', None),
        ('</p>; rel="nextish"', None),
        ('</p>; title="rel=next"', None),
        ("garbage; rel=next", None),
        ("", None),
    ],
)
def test_link_headers(text: str, address: str | None) -> None:
    """The next page's address is found among commas, semicolons and other relations."""
    assert linked(text).link("next") == address


def test_a_long_link_header_takes_no_time() -> None:
    """Nonsense as long as a header may be is read in one go, not by trying all ways to read it."""
    assert linked("<a>" + " " * 90_000 + "x").link("next") is None
    assert linked("<a>;" + "a=b;" * 20_000).link("next") is None


def test_an_answer_does_not_show_itself() -> None:
    """What customers wrote stands in no log by a repr."""
    assert repr(Reply(200, {"set-cookie": "s3cr3t"}, b"s3cr3t", "GET /")) == "Reply(status=200, call='GET /')"
