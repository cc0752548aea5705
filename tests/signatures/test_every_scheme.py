"""What holds for every scheme: what was signed is taken, all else is refused, and nothing is told to who forges."""

from __future__ import annotations

import inspect
import math

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.signatures.schemes import NOW, PUBLIC, REQUEST, SCHEMES, Scheme, without

from cxkit import signatures
from cxkit.errors import BadSignatureError, InvalidValueError
from cxkit.model.request import Request
from cxkit.model.secret import Secret

few = settings(max_examples=40)
every_scheme = pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES)
timed_schemes = {name: scheme for name, scheme in SCHEMES.items() if scheme.timed}

# Headers are what a server hands over: any text, now and then one that no encoding holds.
wild = st.text(max_size=12) | st.text("\udcff٣1=,.% ", min_size=1, max_size=6)
urls = st.text("/?&=%2Ff3A40:, é", max_size=12).map("https://shop.example/".__add__) | wild
# What nearly is a signature, so that a case is found behind the first check.
nearly = st.sampled_from(
    [
        "t=1767225600,v1=", "t=1767225600,t=1767225600,v1=00", "t=٣,v1=00", "t=,v1=,v1", "v1=00", ",", "=",
        "v1,AAAA", "v1a,AAAA", "v1a,====", "v1a,\udcff", "v1", "v1a," + "A" * 86 + "==", " ", "v1,a,b v1",
        "1767225600", "1767225600000", "01767225600000", "1_767_225_600", "-1", "1e9", "inf", "nan", "9" * 5000,
        "2026-01-01T00:00:00Z", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00+99:99", "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59", "2026-01-01T24:00:00Z", "sha256=", "sha256=zz", "é" * 44, "A" * 44, "A" * 9000,
        "0" * 64, "msg_1", "msg.1", "msg 1", "\n",
    ]
)  # fmt: skip


def refusal(scheme: Scheme, request: Request, secrets: object = None) -> str:
    """Return how a request is refused; it must be."""
    with pytest.raises(BadSignatureError) as caught:
        scheme.verify(request, scheme.secret if secrets is None else secrets)
    assert caught.value.__cause__ is None
    return str(caught.value)


def test_every_verifier_has_a_signer_and_takes_the_same():
    """A verifier takes a request and secrets, and where a time is signed also now and a tolerance; so do signers."""
    verifiers = {name.removeprefix("verify_") for name in signatures.__all__ if name.startswith("verify_")}
    signers = {name.removeprefix("sign_") for name in signatures.__all__ if name.startswith("sign_")}

    assert verifiers == signers
    assert {name.removesuffix("_webhooks") for name in verifiers} == SCHEMES.keys()
    for name in verifiers:
        timed = SCHEMES[name.removesuffix("_webhooks")].timed is not None
        taken = list(inspect.signature(getattr(signatures, f"verify_{name}")).parameters)
        assert taken == ["request", "secrets", *(["now", "tolerance"] if timed else [])]
        taken = list(inspect.signature(getattr(signatures, f"sign_{name}")).parameters)
        assert taken == ["request", "secret", *(["now"] if timed else [])]


@every_scheme
@few
@given(method=st.sampled_from(["GET", "POST", "put"]), url=urls, body=st.binary(max_size=60))
def test_what_was_signed_is_taken(scheme: Scheme, method: str, url: str, body: bytes):
    """A signed request is taken, whatever its address and body are, and what it had before stays."""
    request = Request(method, url, {"X-Kept": "yes"}, body)

    signed = scheme.sign(request, scheme.secret)

    scheme.verify(signed, scheme.secret)
    assert signed.headers.items() >= request.headers.items()
    assert set(signed.headers) == {"x-kept", *scheme.headers}


@every_scheme
def test_a_secret_may_be_one_of_several(scheme: Scheme):
    """While a secret is replaced, what either signed is taken; what neither signed is not."""
    signed = scheme.sign(REQUEST, scheme.secret)

    scheme.verify(signed, [scheme.other, scheme.secret])
    scheme.verify(signed, iter((scheme.secret, scheme.other)))
    assert "doesn't fit" in refusal(scheme, signed, scheme.other)
    assert "doesn't fit" in refusal(scheme, signed, [scheme.other, scheme.other])


@every_scheme
@few
@given(data=st.data())
def test_any_other_body_is_refused(scheme: Scheme, data: st.DataObject):
    """One byte more, less or other, and the request is refused."""
    body = data.draw(st.binary(min_size=1, max_size=30))
    place = data.draw(st.integers(0, len(body) - 1))
    other = data.draw(
        st.sampled_from(
            [body + b"\n", body[1:], b" " + body, body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]]
        )
    )

    signed = scheme.sign(attrs.evolve(REQUEST, body=body), scheme.secret)

    assert "doesn't fit" in refusal(scheme, attrs.evolve(signed, body=other))


@every_scheme
@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("method", "PUT"),
        ("url", "https://shop.example/hook?to=2"),
        ("url", "https://shop.example/hook/?to=1"),
        ("url", "http://shop.example/hook?to=1"),
        ("url", "https://shop2.example/hook?to=1"),
    ],
)
def test_what_is_covered_counts_and_nothing_else(scheme: Scheme, part: str, value: str):
    """Another method or address is refused where the signature is said to cover it, and only there."""
    changed = attrs.evolve(scheme.sign(REQUEST, scheme.secret), **{part: value})

    if part in scheme.covers:
        assert "doesn't fit" in refusal(scheme, changed)
    else:
        scheme.verify(changed, scheme.secret)


@every_scheme
def test_headers_beside_are_not_covered(scheme: Scheme):
    """Other headers, such as the shop's domain, change nothing: nobody may believe them."""
    signed = scheme.sign(REQUEST, scheme.secret)

    scheme.verify(
        attrs.evolve(signed, headers={**signed.headers, "x-shopify-shop-domain": "another.example"}), scheme.secret
    )


@every_scheme
def test_each_header_must_be_there_once(scheme: Scheme):
    """A header that is missing, empty, or there twice is refused, also if both are right."""
    signed = scheme.sign(REQUEST, scheme.secret)

    for name in scheme.headers:
        assert f"{name}: the request has no such header" in refusal(scheme, without(signed, name))
        assert f"{name}: " in refusal(scheme, attrs.evolve(signed, headers={**signed.headers, name: ""}))
        pairs = [*signed.headers.items(), (name.upper(), signed.headers[name])]
        refusal(scheme, Request(signed.method, signed.url, pairs, signed.body))


@every_scheme
@few
@given(data=st.data())
def test_whatever_comes_is_refused_as_a_signature(scheme: Scheme, data: st.DataObject):
    """Whatever headers, address and body hold, the refusal is a BadSignatureError, never another error."""
    headers = data.draw(st.fixed_dictionaries({}, optional=dict.fromkeys(scheme.headers, nearly | wild)))
    body = data.draw(st.binary(max_size=30))
    request = Request(data.draw(wild), data.draw(urls), headers, body)

    secrets = [scheme.secret, PUBLIC] if "webhook-id" in scheme.headers else [scheme.secret]

    refusal(scheme, request, secrets)


@every_scheme
@few
@given(data=st.data())
def test_a_right_signature_with_anything_else_wrong_is_refused_in_order(scheme: Scheme, data: st.DataObject):
    """One header of a signed request replaced by anything else is refused, and in no other way."""
    signed = scheme.sign(REQUEST, scheme.secret)
    name = data.draw(st.sampled_from(scheme.headers))
    value = data.draw((nearly | wild).filter(lambda text: text != signed.headers[name]))

    refusal(scheme, attrs.evolve(signed, headers={**signed.headers, name: value}))


@every_scheme
def test_refusals_tell_nothing(scheme: Scheme):
    """No refusal shows a secret, what would have been right, or what was sent."""
    right = scheme.sign(REQUEST, scheme.secret)
    forged = attrs.evolve(right, body=b"forged")
    sent = {**right.headers, scheme.headers[0]: "v1=forged-signature"}

    said = [
        refusal(scheme, forged),
        refusal(scheme, attrs.evolve(right, headers=sent)),
        refusal(scheme, right, scheme.other),
        refusal(scheme, without(right, scheme.headers[0])),
    ]

    would_be = scheme.sign(forged, scheme.secret).headers[scheme.headers[0]]
    for sentence in said:
        for hidden in (
            scheme.secret.reveal(),
            scheme.other.reveal(),
            would_be,
            would_be[-40:],
            right.headers[scheme.headers[0]],
            "forged-signature",
        ):
            assert hidden not in sentence
        assert len(sentence) < 220


@every_scheme
@pytest.mark.parametrize("secrets", [[], (), iter(())])
def test_no_secret_is_no_leave(scheme: Scheme, secrets: object):
    """Without a secret nothing is taken, and it is the settings' fault rather than the request's."""
    with pytest.raises(InvalidValueError, match=r"secrets: .* is empty"):
        scheme.verify(scheme.sign(REQUEST, scheme.secret), secrets)


@every_scheme
def test_secrets_are_secrets(scheme: Scheme):
    """Plain text for a secret is refused, and isn't shown: its letters would be taken for secrets."""
    for plain in ("plain text", ["plain text"]):
        with pytest.raises(InvalidValueError, match="isn't a Secret") as caught:
            scheme.verify(scheme.sign(REQUEST, scheme.secret), plain)
        assert "plain" not in str(caught.value)


@pytest.mark.parametrize("name", timed_schemes)
def test_the_window_is_open_to_both_sides(name: str):
    """A request may be up to the tolerance old or dated ahead, and no second more."""
    scheme = timed_schemes[name]
    verify, sign = scheme.timed
    signed = sign(REQUEST, scheme.secret, now=NOW)

    for now in (NOW - 300, NOW - 1, NOW, NOW + 0.5, NOW + 300):
        verify(signed, scheme.secret, now=now)
    for now in (NOW - 301, NOW + 301, NOW + 300.001, 0, math.inf, -math.inf, math.nan):
        with pytest.raises(BadSignatureError, match="more than 300 seconds from now"):
            verify(signed, scheme.secret, now=now)
    verify(signed, scheme.secret, now=NOW + 3600, tolerance=3600)
    for tolerance in (10, 0, -1, math.nan):
        with pytest.raises(BadSignatureError, match=f"more than {tolerance:g} seconds"):
            verify(signed, scheme.secret, now=NOW + 11, tolerance=tolerance)


@pytest.mark.parametrize("name", timed_schemes)
def test_the_clock_counts_where_no_time_is_given(name: str):
    """Without a time the clock's is taken, by verifier and signer alike."""
    verify, sign = timed_schemes[name].timed
    secret = timed_schemes[name].secret

    verify(sign(REQUEST, secret), secret)
    with pytest.raises(BadSignatureError, match="more than 300 seconds"):
        verify(sign(REQUEST, secret, now=NOW), secret)


@pytest.mark.parametrize("name", timed_schemes)
def test_the_time_is_covered(name: str):
    """An old request can't be dated anew."""
    scheme = timed_schemes[name]
    verify, sign = scheme.timed
    old = sign(REQUEST, scheme.secret, now=NOW - 3600)
    anew = sign(REQUEST, scheme.secret, now=NOW)

    if len(scheme.headers) > 1:
        dated = {**old.headers, scheme.headers[1]: anew.headers[scheme.headers[1]]}
    else:
        (header,) = scheme.headers
        dated = {
            **old.headers,
            header: anew.headers[header].partition(",")[0] + "," + old.headers[header].partition(",")[2],
        }
    with pytest.raises(BadSignatureError, match="doesn't fit"):
        verify(attrs.evolve(old, headers=dated), scheme.secret, now=NOW)


def test_a_secret_that_no_encoding_holds_signs_too():
    """A secret from an environment that isn't UTF-8 raises nothing that would show it."""
    scheme, secret = SCHEMES["shopify"], Secret("a\udcffb")

    scheme.verify(scheme.sign(REQUEST, secret), secret)
