"""What is tried again, how long is waited, and what is given up."""

from __future__ import annotations

from email.utils import formatdate

import pytest
from tests.http.vendor import KEY, OK, Time

from cxkit.adapters import Secret
from cxkit.errors import FatalAdapterError, InvalidValueError, RetriableAdapterError
from cxkit.http import Answer, Http, Wire, bearer

URL = "https://shop.example/api"
HTML = Answer(200, {"content-type": "text/html"}, b"<html>Bad gateway</html>")
CUT = Answer(200, {}, b'{"orders": [1, 2, 3]}', lost="cut")
PASSES = {
    **{str(status): Answer(status) for status in (408, 425, 429, 500, 502, 503, 504)},
    "no connection": Answer(lost="connect"),
    "timeout": Answer(lost="timeout"),
    "cut": CUT,
    "HTML": HTML,
    "half a JSON": Answer(200, {}, b'{"orders": [1, 2'),
}
SURELY_NOT_DONE = {"425", "429", "503", "no connection"}


@pytest.fixture
def time() -> Time:
    """Return a clock that nobody has to wait for."""
    return Time()


@pytest.mark.parametrize("fault", PASSES)
def test_what_passes_is_tried_again(fault: str, time: Time) -> None:
    """A call that fails in a way that may pass is made again, and its answer is taken."""
    wire, asked = time.wire(PASSES[fault], PASSES[fault], OK)

    assert Http(URL, wire=wire).get("orders").json() == {"ok": True}
    assert [sent.url for sent in asked] == [f"{URL}/orders"] * 3


@pytest.mark.parametrize("fault", PASSES)
def test_what_does_not_pass_is_given_up(fault: str, time: Time) -> None:
    """After as many calls as were allowed the error says that it may pass."""
    wire, asked = time.wire(PASSES[fault], attempts=4)

    with pytest.raises(RetriableAdapterError, match=r"^shop\.example: GET /api/orders: "):
        Http(URL, wire=wire).get("orders")

    assert len(asked) == 4
    assert len(time.slept) == 3


@pytest.mark.parametrize("fault", PASSES)
def test_what_changes_something_is_not_done_twice(fault: str, time: Time) -> None:
    """A POST is made again only where it surely wasn't done; else whoever called is told to look."""
    wire, asked = time.wire(PASSES[fault], OK)
    http = Http(URL, wire=wire)

    if fault in SURELY_NOT_DONE:
        assert http.post("orders", {"sku": 1}).json() == {"ok": True}
        assert len(asked) == 2
    else:
        with pytest.raises(FatalAdapterError, match="look whether it was done before trying again"):
            http.post("orders", {"sku": 1})
        assert len(asked) == 1


@pytest.mark.parametrize("fault", PASSES)
def test_a_post_that_only_searches_is_repeated(fault: str, time: Time) -> None:
    """Whoever says that a call changes nothing has it repeated as a GET."""
    wire, asked = time.wire(PASSES[fault], OK)

    assert Http(URL, wire=wire).post("search", {}, repeatable=True).json() == {"ok": True}
    assert [sent.body for sent in asked] == [b"{}", b"{}"]


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422, 501])
def test_a_refusal_is_final(status: int, time: Time) -> None:
    """What the vendor refuses it will refuse again."""
    wire, asked = time.wire(Answer(status, {}, b'{"message": "no such field"}'), OK)

    with pytest.raises(FatalAdapterError, match=f"answered {status}.*no such field") as caught:
        Http(URL, wire=wire).get("orders")

    assert caught.value.status == status
    assert len(asked) == 1


def test_waits_are_of_any_length_up_to_a_limit_that_doubles() -> None:
    """Full jitter: waits spread evenly from nothing to 1, 2, 4 … seconds, so that many don't come back at once."""
    waits = []
    for _ in range(200):
        time = Time()
        wire, _asked = time.wire(Answer(500), attempts=5)
        with pytest.raises(RetriableAdapterError):
            Http(URL, wire=wire).get("")
        waits.append(time.slept)

    for limit, spread in zip((1, 2, 4, 8), zip(*waits, strict=True), strict=True):
        assert 0 <= min(spread) < 0.1 * limit
        assert 0.9 * limit < max(spread) <= limit
        assert sum(spread) / len(spread) == pytest.approx(limit / 2, rel=0.2)


def test_no_wait_is_longer_than_a_minute(time: Time) -> None:
    """The limit stops doubling, however often a call may be made."""
    wire, _ = time.wire(Answer(500), attempts=40, patience=1e6)

    with pytest.raises(RetriableAdapterError):
        Http(URL, wire=wire).get("")

    assert max(time.slept) <= 60


@pytest.mark.parametrize("status", [429, 503, 500])
@pytest.mark.parametrize("as_date", [False, True])
def test_the_vendors_wish_counts(status: int, time: Time, *, as_date: bool) -> None:
    """Where the vendor says how long to wait, the wait is that and a little more."""
    wish = formatdate(time.now + 40, usegmt=True) if as_date else "40"
    wire, _ = time.wire(Answer(status, {"Retry-After": wish}), OK)

    Http(URL, wire=wire).get("")

    (slept,) = time.slept
    assert 40 <= slept <= 44


def test_a_wish_beyond_patience_ends_it_at_once(time: Time) -> None:
    """Who is asked to wait for longer than they can gives up without waiting, and is told for how long."""
    wire, asked = time.wire(Answer(429, {"Retry-After": "3600"}), patience=300)

    with pytest.raises(RetriableAdapterError, match="asks to wait 3600 s") as caught:
        Http(URL, wire=wire).get("")

    assert caught.value.retry_after == 3600
    assert (len(asked), time.slept) == (1, [])


def test_patience_counts_all_waits(time: Time) -> None:
    """Several waits that are each within patience end when they aren't any more together."""
    wire, asked = time.wire(Answer(429, {"Retry-After": "100"}), patience=250, attempts=9)

    with pytest.raises(RetriableAdapterError):
        Http(URL, wire=wire).get("")

    assert len(asked) == 3
    assert sum(time.slept) <= 250


def test_one_attempt_is_one(time: Time) -> None:
    """Whoever allows one call gets one."""
    wire, asked = time.wire(Answer(500), attempts=1)

    with pytest.raises(RetriableAdapterError):
        Http(URL, wire=wire).get("")

    assert (len(asked), time.slept) == (1, [])


@pytest.mark.parametrize("field", ["timeout", "attempts", "patience", "most_bytes"])
@pytest.mark.parametrize("value", [0, -1, float("nan"), True, "9"])
def test_limits_are_checked(field: str, value: object) -> None:
    """A limit that isn't a number above nothing is refused by name."""
    with pytest.raises(InvalidValueError, match=f"^{field}: .* isn't a number above 0"):
        Wire(**{field: value})  # type: ignore[arg-type]


def test_the_next_call_keeps_the_vendors_pace(time: Time) -> None:
    """After an answer that leaves no calls the next one waits; after another it doesn't."""
    spent = Answer(200, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "11"}, b"{}")
    wire, asked = time.wire(OK, spent, OK)
    http = Http(URL, wire=wire)

    http.get("1")
    http.get("2")
    assert time.slept == []
    time.now += 3
    http.get("3")

    assert time.slept == [8]
    assert len(asked) == 3


def test_a_pace_beyond_patience_is_cut(time: Time) -> None:
    """A vendor whose clock is wrong can't stop us for a year."""
    spent = Answer(200, {"RateLimit-Remaining": "0", "RateLimit-Reset": "31536000"}, b"{}")
    wire, _ = time.wire(spent, OK, patience=300)
    http = Http(URL, wire=wire)

    http.get("1")
    http.get("2")

    assert time.slept == [300]


def test_a_pace_of_ones_own(time: Time) -> None:
    """An adapter may say itself how long to wait, for all calls or for one."""
    wire, _ = time.wire(OK)
    http = Http(URL, wire=wire, pace=lambda reply, _now: 2.0 if reply.json()["ok"] else 0.0)

    http.get("1")
    http.get("2", pace=lambda _reply, _now: 5.0)
    http.get("3")

    assert time.slept == [2, 5]


def test_errors_with_a_good_status_are_errors(time: Time) -> None:
    """What an adapter finds in a body can be tried again like a status; a call may be looked at its own way."""

    def inspect(reply: object) -> None:
        if reply.json() == {"busy": True}:  # type: ignore[attr-defined]
            raise RetriableAdapterError("shop: busy: try again later")

    wire, asked = time.wire(Answer(200, {}, b'{"busy": true}'), OK, Answer(200, {}, b'{"busy": true}'))
    http = Http(URL, wire=wire, inspect=inspect)

    assert http.get("").json() == {"ok": True}
    assert http.get("", inspect=lambda _reply: None).json() == {"busy": True}
    with pytest.raises(FatalAdapterError, match=r"^shop: busy: look whether it was done"):
        http.post("orders", {})
    assert len(asked) == 4


def test_getting_credentials_is_not_multiplied(time: Time) -> None:
    """Signing in is tried as often as a call is, not as often for each of the call's attempts."""
    from cxkit.http import Session

    wire, asked = time.wire(Answer(500), attempts=3)

    def sign_in(http: Http) -> dict[str, Secret]:
        http.post("login", authorized=False, repeatable=True)
        return {}

    with pytest.raises(RetriableAdapterError, match="POST /api/login"):
        Http(URL, wire=wire, auth=Session(sign_in)).get("orders")

    assert len(asked) == 3


def test_a_key_that_is_refused_is_not_tried_again(time: Time) -> None:
    """A key can't renew itself: 401 ends it at the first call."""
    wire, asked = time.wire(Answer(401))

    with pytest.raises(FatalAdapterError, match=r"not admitted \(401\)") as caught:
        Http(URL, wire=wire, auth=bearer(Secret(KEY))).get("")

    assert caught.value.status == 401
    assert len(asked) == 1
