"""Zendesk writes its time in ISO 8601, right before the body."""

from __future__ import annotations

import attrs
import pytest

from cxkit.errors import BadSignatureError
from cxkit.model.request import Request
from cxkit.model.secret import Secret
from cxkit.signatures import sign_zendesk, verify_zendesk
from cxkit.signatures.proof import in_base64, mac

NOW = 1_767_225_600.0
SECRET = Secret("hush")
REQUEST = Request("POST", "https://desk.example/hook", {}, b"{}")


def dated(time: str, body: bytes = b"{}") -> Request:
    """Return a request that is rightly signed with a time, however that is written."""
    return attrs.evolve(
        REQUEST,
        body=body,
        headers={
            "x-zendesk-webhook-signature": in_base64(mac(SECRET.reveal(), time.encode("utf-8", "surrogatepass"), body)),
            "x-zendesk-webhook-signature-timestamp": time,
        },
    )


@pytest.mark.parametrize(
    "time",
    [
        "2026-01-01T00:00:00Z",
        "2026-01-01T00:00:00.5Z",
        "2025-12-31T23:59:59.999999999Z",
        "2026-01-01T00:00:00+00:00",
        "2026-01-01T07:00:00+07:00",
        "2025-12-31T16:00:00-08:00",
    ],
)
def test_times_of_iso_8601_are_read(time: str):
    """A time may have a fraction, and an offset for the Z."""
    verify_zendesk(dated(time), SECRET, now=NOW)


@pytest.mark.parametrize(
    "time",
    [
        "2026-01-01T00:00:00",  # of no zone
        "2026-01-01 00:00:00Z",
        "2026-01-01t00:00:00z",
        "2026-01-01",
        "20260101T000000Z",
        "2026-W01-4T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-01-01T00:61:00Z",
        "2026-01-01T00:00:00+99:99",
        "2026-01-01T00:00:00Z{",
        "٢٠٢٦-01-01T00:00:00Z",
        "1767225600",
        "Z",
    ],
)
def test_any_other_time_is_refused(time: str):
    """A time that isn't in the calendar, has no zone or is written otherwise is refused, though it was signed."""
    with pytest.raises(BadSignatureError, match="isn't a time such as"):
        verify_zendesk(dated(time), SECRET, now=NOW)


def test_nothing_can_move_between_time_and_body():
    """A sign that moves from the body to the time, or back, leaves no time."""
    signed = sign_zendesk(REQUEST, SECRET, now=NOW)
    for time, body in (("2026-01-01T00:00:00Z{", b"}"), ("2026-01-01T00:00:00", b"Z{}")):
        moved = {**signed.headers, "x-zendesk-webhook-signature-timestamp": time}
        with pytest.raises(BadSignatureError, match="isn't a time such as"):
            verify_zendesk(attrs.evolve(signed, headers=moved, body=body), SECRET, now=NOW)


def test_a_request_without_a_body_is_signed_too():
    """A webhook may call with GET, and then has no body."""
    verify_zendesk(dated("2026-01-01T00:00:00Z", b""), SECRET, now=NOW)
