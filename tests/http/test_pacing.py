from __future__ import annotations

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxkit.errors import RetriableAdapterError
from cxkit.http import Reply, by_cost, by_headers
from cxkit.http.graphql import data_of
from cxkit.http.pacing import retry_after

NOW = 1_700_000_000.0


def reply(body: bytes = b"", **headers: str) -> Reply:
    """Return an answer; underscores in names of headers are hyphens."""
    return Reply(200, {name.replace("_", "-"): value for name, value in headers.items()}, body, "GET /")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        (" 0.5 ", 0.5),
        ("0", 0.0),
        ("-3", 0.0),
        (formatdate(NOW + 90, usegmt=True), 90.0),
        (formatdate(NOW - 90, usegmt=True), 0.0),
        ("Tue, 14 Nov 2023 22:13:30 -0000", 10.0),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 0.0),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("1e999", None),
        ("Tue, 99 Nov 2023 22:13:30 GMT", None),
    ],
)
def test_retry_after(text: str, seconds: float | None) -> None:
    """Seconds and dates are read, what is over is no wait, and nonsense is none."""
    assert retry_after({"retry-after": text}, NOW) == seconds


@given(st.text(max_size=60))
def test_any_retry_after_is_a_wait_or_nothing(text: str) -> None:
    """Whatever a vendor writes there is never an error, and never a wait below nothing."""
    found = retry_after({"retry-after": text}, NOW)

    assert found is None or found >= 0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"ratelimit_remaining": "0", "ratelimit_reset": "9"}, 9.0),
        ({"x_ratelimit_remaining": "0", "x_ratelimit_reset": "9"}, 9.0),
        ({"x_ratelimit_remaining": "0", "x_ratelimit_reset": str(int(NOW) + 12)}, 12.0),
        ({"x_ratelimit_remaining": "0", "x_ratelimit_reset": str(int(NOW) * 1000 + 2500)}, 2.5),
        ({"x_ratelimit_remaining": "0", "x_ratelimit_reset": str(int(NOW) - 12)}, 0.0),
        ({"x_ratelimit_remaining": "1", "x_ratelimit_reset": "9"}, 0.0),
        ({"x_ratelimit_remaining": "0"}, 0.0),
        ({"x_ratelimit_remaining": "none", "x_ratelimit_reset": "9"}, 0.0),
        ({"x_hubspot_ratelimit_remaining": "0", "x_hubspot_ratelimit_interval_milliseconds": "10000"}, 10.0),
        ({"x_hubspot_ratelimit_remaining": "3", "x_hubspot_ratelimit_interval_milliseconds": "10000"}, 0.0),
        ({}, 0.0),
    ],
)
def test_by_headers(headers: dict[str, str], seconds: float) -> None:
    """Where no call is left, the next one waits until the limit is reset, however that is written."""
    assert by_headers(reply(**headers), NOW) == seconds


@pytest.mark.parametrize(("available", "seconds"), [("20", 0.8), ("100", 0.0), ("60", 0.0), ("0", 1.2)])
def test_by_cost(available: str, seconds: float) -> None:
    """The next query waits until the bucket holds what this one was asked for."""
    body = (
        '{"extensions": {"cost": {"requestedQueryCost": 60, "actualQueryCost": 12, "throttleStatus":'
        f' {{"maximumAvailable": 1000.0, "currentlyAvailable": {available}, "restoreRate": 50.0}}}}}}}}'
    )

    assert by_cost(reply(body.encode()), NOW) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "body",
    [
        b"{}", b"[]", b"null", b"7", b"", b'{"extensions": null}', b'{"extensions": {"cost": {"throttleStatus": []}}}',
        b'{"extensions": {"cost": {"requestedQueryCost": 9, "throttleStatus": {"currentlyAvailable": 0, "restoreRate": 0}}}}',  # noqa: E501
    ],
)  # fmt: skip
def test_without_a_cost_headers_count(body: bytes) -> None:
    """An answer that tells no cost, or one that can't be reckoned with, is paced as any other."""
    assert by_cost(reply(body, ratelimit_remaining="0", ratelimit_reset="4"), NOW) == 4.0


@pytest.mark.parametrize(
    ("available", "seconds"),
    [("20", 1.0), ("0", 1.2), ("60", 1.0)],
)
def test_throttled_says_when_to_come_back(available: str, seconds: float) -> None:
    """A query that was refused for its cost waits until the bucket holds it, and a second at least."""
    body = (
        '{"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}], "extensions": {"cost":'
        ' {"requestedQueryCost": 60, "actualQueryCost": null, "throttleStatus":'
        f' {{"maximumAvailable": 1000.0, "currentlyAvailable": {available}, "restoreRate": 50.0}}}}}}}}'
    )
    with pytest.raises(RetriableAdapterError, match="throttled") as caught:
        data_of(reply(body.encode()))
    assert caught.value.retry_after == pytest.approx(seconds)
