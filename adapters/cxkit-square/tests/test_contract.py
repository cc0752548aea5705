"""The judges judge: what Square doesn't know is refused, asked or answered; and the played Square is as strict."""

from __future__ import annotations

import json

import pytest
from tests.servers.square import TOKEN, URL
from tests.servers.square_api import VERSION

from cxkit.http import Answer, Sent

HEADERS = {"authorization": f"Bearer {TOKEN}", "square-version": VERSION}


def sent(method, path, body=None):
    """Return a request to Square."""
    return Sent(method, f"{URL}{path}", HEADERS, b"" if body is None else json.dumps(body).encode())


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v2/carts", None),
        ("GET", "/v2/loyalty/events/search", None),
        ("GET", "/v2/refunds?updated_since=2026-01-01", None),
        ("GET", "/v2/refunds?limit=many", None),
        ("GET", "/v2/refunds?sort_field=NAME", None),
        ("POST", "/v2/orders/search", {"locations": ["L01"]}),
        ("POST", "/v2/orders/search", {"location_ids": "L01"}),
        ("POST", "/v2/orders/search", {"query": {"filter": {"state_filter": {"states": ["PAID"]}}}}),
        ("POST", "/v2/loyalty/events/search", {"limit": 31}),
        ("POST", "/oauth2/token/status", {}),
    ],
)
def test_request_refused(method, path, body, square):
    """A path, a parameter, a field or a value that the contract doesn't have is refused."""
    with pytest.raises(AssertionError, match=path.partition("?")[0]):
        square.contract.request(sent(method, path, body))


@pytest.mark.parametrize(
    "body",
    [
        {"orders": [{"id": "A"}]},
        {"orders": [{"id": "A", "location_id": "L", "paid": True}]},
        {"orders": [{"id": "A", "location_id": "L", "total_money": {"amount": 1.5, "currency": "USD"}}]},
        {"orders": [{"id": "A", "location_id": "L", "total_money": {"amount": 1, "currency": "Dollar"}}]},
        {"orders": [{"id": "A", "location_id": "L", "state": None}]},
        {"next": "abc"},
    ],
)
def test_answer_refused(body, square):
    """An answer that the contract doesn't describe is refused, also one with a field too many."""
    good = {"orders": [{"id": "A", "location_id": "L", "customer_id": None}]}
    request = sent("POST", "/v2/orders/search", {})
    square.contract.answer(request, Answer(200, {}, json.dumps(good).encode()))
    with pytest.raises(AssertionError, match="/v2/orders/search: the answer"):
        square.contract.answer(request, Answer(200, {}, json.dumps(body).encode()))


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"location_ids": [f"L{number:02d}" for number in range(1, 12)]},
        {"location_ids": ["L99"]},
        {"location_ids": ["L01"], "limit": 1001},
        {"location_ids": ["L01"], "cursor": "abc"},
        {
            "location_ids": ["L01"],
            "query": {
                "filter": {"date_time_filter": {"updated_at": {"start_at": "2026-01-01T00:00:00Z"}}},
                "sort": {"sort_field": "CREATED_AT"},
            },
        },
    ],
    ids=["no location", "eleven locations", "unknown location", "limit", "cursor", "sorted otherwise"],
)
def test_played_square_refuses(body, square):
    """What the contract can't say and the documentation does is refused too, with an error as Square writes it."""
    answer = square.api.answer(sent("POST", "/v2/orders/search", body))
    assert answer.status == 400
    assert json.loads(answer.body)["errors"][0]["category"] == "INVALID_REQUEST_ERROR"


def test_cursor_of_another_query(square):
    """A cursor is good for the query that it came from."""
    for _ in range(2):
        square.shop.sell(100)
    body = {"location_ids": ["L01"], "limit": 1, "query": {"sort": {"sort_field": "UPDATED_AT", "sort_order": "ASC"}}}
    first = json.loads(square.api.answer(sent("POST", "/v2/orders/search", body)).body)
    again = {**body, "cursor": first["cursor"]}
    second = json.loads(square.api.answer(sent("POST", "/v2/orders/search", again)).body)
    assert [order["id"] for page in (first, second) for order in page["orders"]] == [*square.shop.orders]
    assert "cursor" not in second
    assert square.api.answer(sent("POST", "/v2/orders/search", {**again, "limit": 2})).status == 400
