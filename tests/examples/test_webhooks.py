"""The examples take webhooks as they say, each under its framework's own test client."""

from __future__ import annotations

import json
import time
import warnings
from typing import TYPE_CHECKING, TypeAlias

import attrs
import pytest
from examples.webhooks.till import Till, TillConfig

import cxkit
from cxkit.adapters import Receiver, Request, Secret, Wire
from cxkit.adapters.contract import check_adapter
from cxkit.errors import UnknownNameError
from cxkit.signatures import (
    is_woocommerce_ping,
    sign_hubspot,
    sign_standard_webhooks,
    sign_woocommerce,
    verify_hubspot,
    verify_woocommerce,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cxkit import Event, Workspace
    from cxkit.adapters import Adapter

PUBLIC = "https://hooks.shop.example"
SECRET = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
SALE = {"id": 17, "at": "2026-03-01T09:30:00+07:00", "member": 5, "total": "129000", "currency": "VND"}

# Delivers a request to an app, and returns status and text of the answer.
Deliver: TypeAlias = "Callable[[Request], tuple[int, str]]"


def _flask(adapter: Adapter, shop: Workspace) -> Deliver:
    from examples.webhooks.flask_app import create_app

    client = create_app(adapter, shop, PUBLIC).test_client()

    def deliver(request: Request) -> tuple[int, str]:
        target = request.url.removeprefix(PUBLIC)
        answer = client.open(target, method=request.method, headers=dict(request.headers), data=request.body)
        return answer.status_code, answer.text

    return deliver


def _fastapi(adapter: Adapter, shop: Workspace) -> Deliver:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Starlette would rather have another HTTP client, which cxkit has no use for
        from fastapi.testclient import TestClient

    from examples.webhooks.fastapi_app import create_app

    client = TestClient(create_app(adapter, shop, PUBLIC))

    def deliver(request: Request) -> tuple[int, str]:
        target = request.url.removeprefix(PUBLIC)
        headers = {name: value.encode("latin-1") for name, value in request.headers.items()}
        answer = client.request(request.method, target, headers=headers, content=request.body)
        return answer.status_code, answer.text

    return deliver


def _django(adapter: Adapter, shop: Workspace) -> Deliver:
    from django.conf import settings

    if not settings.configured:
        settings.configure(
            ALLOWED_HOSTS=["*"],
            DATA_UPLOAD_MAX_MEMORY_SIZE=8 * 1024 * 1024,
            MIDDLEWARE=["django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware"],
            SECRET_KEY="of tests",  # noqa: S106 - it signs no session
        )
    from django.test import Client, override_settings
    from examples.webhooks.django_app import webhook_path

    urls = (webhook_path(adapter, shop, PUBLIC),)
    client = Client(enforce_csrf_checks=True)

    def deliver(request: Request) -> tuple[int, str]:
        target = request.url.removeprefix(PUBLIC)
        headers = {name: value for name, value in request.headers.items() if name != "content-type"}
        with override_settings(ROOT_URLCONF=urls):
            answer = client.generic(request.method, target, request.body, "application/json", headers=headers)
        return answer.status_code, answer.content.decode()

    return deliver


FRAMEWORKS = {"flask": _flask, "fastapi": _fastapi, "django": _django}


@pytest.fixture(params=FRAMEWORKS)
def app(request: pytest.FixtureRequest) -> Callable[[Adapter, Workspace], Deliver]:
    """Return what makes an app of each framework."""
    pytest.importorskip(request.param)
    return FRAMEWORKS[request.param]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Workspace]:
    """Return a store to take events."""
    with cxkit.connect(tmp_path / "shop.db") as opened:
        yield opened


@pytest.fixture
def till() -> Till:
    """Return the adapter of the examples."""
    return Till(TillConfig("hanoi", SECRET))


def sale(**changes: object) -> Request:
    """Return a sale as a till sends it, not signed yet."""
    body = json.dumps({key: value for key, value in {**SALE, **changes}.items() if value is not None}).encode()
    return Request("POST", f"{PUBLIC}/webhooks/till", {"content-type": "application/json"}, body)


def signed(request: Request, secret: Secret = SECRET, **when: float) -> Request:
    """Return a request as a till signs it."""
    return sign_standard_webhooks(request, secret, **when)


def test_a_sale_is_kept_once(app, till: Till, shop: Workspace):
    """A signed sale is answered with 200 and stands in the store; sent again it changes nothing."""
    deliver = app(till, shop)
    request = signed(sale())

    answers = [deliver(request), deliver(signed(sale()))]

    assert [(status, json.loads(text)) for status, text in answers] == [(200, {"new": 1}), (200, {"new": 0})]
    (kept,) = shop.events()
    assert (kept.kind, kept.id, kept.source) == ("order.placed", "order.placed:17", "till:hanoi")
    assert (kept.customer, kept.reference, kept.channel) == ("till:hanoi:5", "till:hanoi:order:17", "store")
    assert (kept.amount_minor, kept.currency, kept.time.isoformat()) == (129_000, "VND", "2026-03-01T02:30:00+00:00")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda request: request,
        lambda request: signed(request, Secret("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")),
        lambda request: attrs.evolve(signed(request), body=request.body.replace(b"129000", b"129001")),
        lambda request: attrs.evolve(signed(request), body=request.body.replace(b": ", b":")),
        lambda request: signed(request, now=time.time() - 301),
        lambda request: signed(request, now=time.time() + 310),
        lambda request: attrs.evolve(signed(request), headers={**signed(request).headers, "webhook-timestamp": "é"}),
    ],
    ids=["unsigned", "another secret", "tampered", "written again", "replayed", "dated ahead", "malformed"],
)
def test_what_isnt_the_vendors_is_refused(app, till: Till, shop: Workspace, spoil):
    """A request that isn't shown to be a till's is answered with 401, and nothing is kept."""
    status, text = app(till, shop)(spoil(sale()))

    assert status == 401
    assert text.startswith(("webhook-signature: ", "webhook-timestamp: "))
    assert not list(shop.events())


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (attrs.evolve(sale(), body=b"not JSON"), "body: "),
        (attrs.evolve(sale(), body=b"\xff"), "body: "),
        (attrs.evolve(sale(), body=b"[]"), "isn't an object"),
        (sale(id=None), "without 'id'"),
        (sale(at="yesterday"), "time: 'yesterday' isn't a time"),
        (sale(at="2026-03-01T09:30:00"), "has no zone"),
        (sale(total=129.5), "amount: "),
        (sale(currency="dong"), "currency: 'dong'"),
    ],
)
def test_what_cant_be_read_is_said(app, till: Till, shop: Workspace, request_: Request, said: str):
    """A till that is itself but sends nonsense is answered with 400 and the reason, and nothing is kept."""
    status, text = app(till, shop)(signed(request_))

    assert (status, said in text) == (400, True), text
    assert not list(shop.events())


def test_a_store_that_cant_be_written_asks_to_try_again(app, till: Till, shop: Workspace):
    """While the store can't be written the answer is 503, so that the vendor sends it again."""
    shop.close()

    status, text = app(till, shop)(signed(sale()))

    assert (status, text) == (503, "try again later")


def test_too_much_is_refused_before_it_is_looked_at(app, till: Till, shop: Workspace):
    """A body larger than any sale is refused, whoever sent it."""
    status, _ = app(till, shop)(signed(attrs.evolve(sale(), body=b" " * (8 * 1024 * 1024 + 1))))

    assert status in {400, 413}


def test_only_posts_are_taken(app, till: Till, shop: Workspace):
    """Looking at the address does nothing."""
    assert app(till, shop)(attrs.evolve(signed(sale()), method="GET"))[0] == 405


class _Addressed(Till):
    """A till whose maker signs as HubSpot does: method and address too."""

    def receive(self, request: Request) -> list[Event]:
        verify_hubspot(request, self.config.secret, now=self.wire.clock())
        return [self._placed(json.loads(request.body))]


@pytest.mark.parametrize("query", ["", "?shop=hanoi", "?a=b%20c&to=a%2Fb", "?q=%C3%A9&p=%253A&+=,;"])
def test_the_address_is_the_one_that_was_called(app, shop: Workspace, query: str):
    """What a signature covers of the address reaches the adapter as it was called from outside."""
    till = _Addressed(TillConfig("hanoi", SECRET))
    request = attrs.evolve(sale(), url=f"{PUBLIC}/webhooks/till{query}")
    deliver = app(till, shop)

    assert deliver(sign_hubspot(request, SECRET))[0] == 200
    inner = attrs.evolve(request, url=request.url.replace(PUBLIC, "http://localhost"))
    assert deliver(attrs.evolve(sign_hubspot(inner, SECRET), url=request.url))[0] == 401


class _Pinged(Till):
    """A till whose maker does as WooCommerce does."""

    def receive(self, request: Request) -> list[Event]:
        if is_woocommerce_ping(request):
            return []
        verify_woocommerce(request, self.config.secret)
        return [self._placed(json.loads(request.body))]


def test_a_ping_is_answered(app, shop: Workspace):
    """WooCommerce's ping of a new webhook is answered with 200 and brings nothing."""
    deliver = app(_Pinged(TillConfig("hanoi", Secret("a&amp;b"))), shop)

    assert deliver(attrs.evolve(sale(), headers={}, body=b"webhook_id=3"))[0] == 200
    assert not list(shop.events())
    assert deliver(sale())[0] == 401
    assert deliver(sign_woocommerce(sale(), Secret("a&b")))[0] == 200


def test_the_till_is_an_adapter(till: Till):
    """The adapter of the examples keeps the contract: it can be registered, checked, and asked for what it hasn't."""
    check_adapter(Till)
    assert isinstance(till, Receiver)
    assert (till.check().account, till.streams()) == ("hanoi", ())
    with pytest.raises(UnknownNameError, match="stream"):
        till.read("sales", None)
    late = Till(TillConfig("hanoi", SECRET), Wire(clock=lambda: time.time() + 3600))
    with pytest.raises(cxkit.errors.BadSignatureError):
        late.receive(signed(sale()))
