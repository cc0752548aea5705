from __future__ import annotations

import json

import pytest
from tests.http.vendor import Time

from cxkit.errors import FatalAdapterError, RetriableAdapterError
from cxkit.http import Answer, Http, Session, UnauthorizedError

URL = "https://shop.example/graphql"
GOOD = Answer(200, {}, b'{"data": {"orders": []}}')


def failing(code: str | None = None, message: str = "no", **more: object) -> Answer:
    """Return an answer with an error and status 200."""
    error = {"message": message, "extensions": {"code": code}} if code else {"message": message}
    return Answer(200, {}, json.dumps({"errors": [error], **more}).encode())


@pytest.mark.parametrize("code", ["THROTTLED", "TIMEOUT", "INTERNAL_SERVER_ERROR", "SERVICE_UNAVAILABLE"])
def test_a_query_is_asked_again(code: str) -> None:
    """A vendor that is busy says so with status 200; a query may be asked again."""
    wire, asked = Time().wire(failing(code), GOOD)

    assert Http(URL, wire=wire).graphql("{ orders { id } }", {"first": 5}) == {"orders": []}
    assert [json.loads(sent.body) for sent in asked] == [{"query": "{ orders { id } }", "variables": {"first": 5}}] * 2


@pytest.mark.parametrize("code", ["TIMEOUT", "INTERNAL_SERVER_ERROR", "SERVICE_UNAVAILABLE"])
def test_a_mutation_is_not(code: str) -> None:
    """What may have changed something is not sent again, as nobody knows whether it did."""
    wire, asked = Time().wire(failing(code), GOOD)

    with pytest.raises(FatalAdapterError, match="look whether it was done"):
        Http(URL, wire=wire).graphql("  mutation { pay }")

    assert len(asked) == 1


def test_a_mutation_that_was_throttled_is() -> None:
    """A vendor that throttles does so before it does anything."""
    wire, asked = Time().wire(failing("THROTTLED"), GOOD)

    assert Http(URL, wire=wire).graphql("mutation { pay }") == {"orders": []}
    assert len(asked) == 2


def test_a_vendor_that_stays_busy_is_left() -> None:
    """An error that lasts can be told from one that doesn't pass."""
    wire, _ = Time().wire(failing("THROTTLED", "slow down"), attempts=3)

    with pytest.raises(RetriableAdapterError, match="throttled: slow down: try again later"):
        Http(URL, wire=wire).graphql("{ orders }")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (failing(None, "Cannot query field 'x'"), "the query was refused: Cannot query field 'x'"),
        (failing("BAD_USER_INPUT", "a\n b"), r"the query was refused \(BAD_USER_INPUT\): a b"),
        (failing(None, "no", data={"orders": [1]}), "the query was refused: no"),
        (Answer(200, {}, b'{"errors": "all wrong"}'), "the query was refused: all wrong"),
        (Answer(200, {}, b'{"errors": [7]}'), r"the query was refused: \[7\]"),
        (Answer(200, {}, b'{"errors": [{"message": "no", "extensions": []}]}'), "the query was refused: no"),
        (Answer(200, {}, b'{"data": null}'), "the answer holds no data"),
        (Answer(200, {}, b"{}"), "the answer holds no data"),
        (Answer(200, {}, b"[]"), "isn't one of GraphQL"),
        (Answer(200, {}, b""), "isn't one of GraphQL"),
    ],
)
def test_errors_beside_a_good_status(answer: Answer, reason: str) -> None:
    """Errors count, also beside data, which would have holes; and an answer without data is none."""
    wire, asked = Time().wire(answer)

    with pytest.raises(FatalAdapterError, match=reason):
        Http(URL, wire=wire).graphql("{ orders }")

    assert len(asked) == 1


def test_no_error_is_none() -> None:
    """An empty list of errors is none."""
    wire, _ = Time().wire(Answer(200, {}, b'{"errors": [], "data": {"orders": [0.1]}}'))

    assert str(Http(URL, wire=wire).graphql("{ orders }")["orders"]) == "[Decimal('0.1')]"


@pytest.mark.parametrize("code", ["FORBIDDEN", "UNAUTHENTICATED", "UNAUTHORIZED"])
def test_a_session_that_is_over_is_renewed_once(code: str) -> None:
    """An error that means 401 signs in anew, once."""
    signed_in = []

    def sign_in(_http: Http) -> dict[str, object]:
        signed_in.append(1)
        return {}

    wire, _ = Time().wire(failing(code), GOOD, failing(code))
    http = Http(URL, wire=wire, auth=Session(sign_in))  # type: ignore[arg-type]

    assert http.graphql("mutation { pay }") == {"orders": []}
    assert len(signed_in) == 2
    with pytest.raises(UnauthorizedError, match="not admitted"):
        http.graphql("{ orders }")
    assert len(signed_in) == 3


def test_cost_sets_the_pace() -> None:
    """The query after a dear one waits until the bucket holds enough."""
    time = Time()
    cost = {
        "requestedQueryCost": 500,
        "throttleStatus": {"maximumAvailable": 1000, "currentlyAvailable": 250, "restoreRate": 50},
    }
    dear = Answer(200, {}, json.dumps({"data": {"orders": []}, "extensions": {"cost": cost}}).encode())
    wire, _ = time.wire(dear)
    http = Http(URL, wire=wire)

    http.graphql("{ orders }")
    assert time.slept == []
    http.graphql("{ orders }")

    assert time.slept == [5]
