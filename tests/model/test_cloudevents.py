"""Events go over the wire as CloudEvents 1.0 and come back exactly; other producers are understood."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import event_tables, events

from cxkit.errors import InvalidValueError
from cxkit.model.cloudevents import (
    BATCH_MEDIA_TYPE,
    MEDIA_TYPE,
    dumps,
    dumps_batch,
    from_cloudevent,
    loads,
    loads_batch,
    to_cloudevent,
)
from cxkit.model.event import COLUMNS, Event, to_us

SENT: dict[str, Any] = {"specversion": "1.0", "id": "7", "source": "/shop", "type": "cx.visit.started.v1"}
AT = {"time": "2026-03-01T00:00:00Z"}
NEEDED: dict[str, Any] = {"id": "1", "ts_us": 0, "kind": "visit.started", "source": "app"}


def _refusal(attributes: dict[str, Any]) -> InvalidValueError:
    with pytest.raises(InvalidValueError) as caught:
        from_cloudevent(attributes)
    return caught.value


@given(events())
def test_every_event_comes_back(made: Event):
    """Any valid event survives the object, the text and its bytes, to the last microsecond and minor unit."""
    sent = to_cloudevent(made)
    assert from_cloudevent(sent) == made
    assert loads(dumps(made)) == made
    assert loads(dumps(made).encode()) == made
    assert json.loads(dumps(made)) == sent


@given(event_tables(max_size=4))
def test_every_batch_comes_back(made: list[Event]):
    """Events come back from a batch in their order."""
    assert loads_batch(dumps_batch(iter(made))) == made


@given(events())
def test_what_is_sent_conforms(made: Event):
    """Context attributes are those of the specification: text that isn't empty, a URI-reference, a time of RFC 3339."""
    sent = to_cloudevent(made)
    assert list(sent) == ["specversion", "id", "source", "type", "time", "datacontenttype", "data"]
    assert sent["specversion"] == "1.0"
    assert sent["datacontenttype"] == "application/json"
    assert sent["type"] == f"cx.{made.kind}.v1"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z", sent["time"])
    # RFC 3986, section 2 and appendix B: its characters, escapes whole, no colon in a relative path's first segment.
    source = sent["source"]
    assert re.fullmatch(r"(?:[A-Za-z0-9\-._~:/?#@!$&'()*+,;=]|%[0-9A-F]{2})+", source)
    assert source.count("#") <= 1
    scheme = re.match(r"([^:/?#]*):", source)
    assert scheme is None or re.fullmatch(r"[A-Za-z][A-Za-z0-9+.\-]*", scheme[1])


@given(events(customer=st.just("sëcret c42")))
def test_the_customer_stands_in_the_data_alone(made: Event):
    """Context attributes travel in the clear, so nothing of the customer is among them."""
    sent = to_cloudevent(made)
    assert sent.pop("data")["customer"] == made.customer
    assert made.customer not in sent.values()


def test_an_event_on_the_wire():
    """The whole form, as other languages will read it."""
    made = Event(
        id="7",
        ts_us=to_us(datetime(2026, 3, 1, 7, 0, 0, 5, tzinfo=UTC)),
        kind="order.placed",
        source="https://shop.example/api?x=1",
        customer="c42",
        touchpoint="storefront.checkout",
        channel="web",
        reference="o-1",
        amount_minor=12990,
        currency="USD",
        duration_us=1_500_000,
        weight_ppm=500_000,
        properties='{"coupon":"TẾT"}',
    )
    assert json.loads(dumps(made)) == {
        "specversion": "1.0",
        "id": "7",
        "source": "https://shop.example/api?x=1",
        "type": "cx.order.placed.v1",
        "time": "2026-03-01T07:00:00.000005Z",
        "datacontenttype": "application/json",
        "data": {
            "customer": "c42",
            "touchpoint": "storefront.checkout",
            "channel": "web",
            "reference": "o-1",
            "amount_minor": 12990,
            "currency": "USD",
            "duration_us": 1_500_000,
            "weight_ppm": 500_000,
            "properties": {"coupon": "TẾT"},
        },
    }
    assert "TẾT" in dumps(made)
    assert (MEDIA_TYPE, BATCH_MEDIA_TYPE) == ("application/cloudevents+json", "application/cloudevents-batch+json")


@pytest.mark.parametrize(
    ("source", "sent"),
    [
        ("app", "app"),
        ("urn:shop:1", "urn:shop:1"),
        ("https://shop.example:8080/a/b;c?x=1&y=2#top", "https://shop.example:8080/a/b;c?x=1&y=2#top"),
        ("mailto:a@example.org", "mailto:a@example.org"),
        ("/shop", "/shop"),
        ("?q", "?q"),
        ("till 3", "till%203"),
        ("Café", "Caf%C3%A9"),
        ("https://shop.example/Café", "https://shop.example/Caf%C3%A9"),
        ("50%25", "50%2525"),
        ("a\nb", "a%0Ab"),
        ("1:b", "1%3Ab"),
        (":", "%3A"),
        ("a b:c", "a%20b%3Ac"),
        ("a/b:c", "a/b:c"),
        ("a#b#c", "a%23b%23c"),
        ("//[x", "%2F%2F%5Bx"),
        ("//user@host", "%2F%2Fuser%40host"),
        ("http://[::1]/", "http%3A%2F%2F%5B%3A%3A1%5D%2F"),
    ],
)
def test_sources_become_uri_references(source: str, sent: str):
    """A source that is a URI-reference goes as it is; what else it holds is percent-encoded, and decoded again."""
    made = Event(**(NEEDED | {"source": source}))
    assert to_cloudevent(made)["source"] == sent
    assert from_cloudevent(to_cloudevent(made)) == made


def test_sources_of_other_producers_are_kept():
    """Escapes are decoded where they are text; bytes that are none stay as they are."""
    assert from_cloudevent(SENT | AT | {"source": "https://x.example/a%20b"}).source == "https://x.example/a b"
    assert from_cloudevent(SENT | AT | {"source": "a%FF"}).source == "a%FF"
    assert from_cloudevent(SENT | AT | {"source": "a%FF"}) == loads(
        dumps(from_cloudevent(SENT | AT | {"source": "a%FF"}))
    )


# --- other producers


def test_the_least_that_conforms_is_taken():
    """Only the four required attributes, nulls for the rest: the event is of the time it was received."""
    received = datetime(2026, 3, 1, tzinfo=UTC)
    expected = Event(id="7", ts_us=to_us(received), kind="visit.started", source="/shop")
    assert from_cloudevent(SENT, received=received) == expected
    nulls = {"time": None, "data": None, "datacontenttype": None, "subject": None, "dataschema": None}
    assert from_cloudevent(SENT | nulls, received=received) == expected
    empty = dict.fromkeys(set(COLUMNS) - {"id", "ts_us", "kind", "source"})
    assert from_cloudevent(SENT | {"data": empty}, received=received) == expected
    before = datetime.now(UTC)
    assert before <= from_cloudevent(SENT).time <= datetime.now(UTC)


def test_a_naive_time_of_receipt_is_refused():
    """The caller's time needs a zone like every other."""
    with pytest.raises(InvalidValueError, match="no time zone"):
        from_cloudevent(SENT, received=datetime(2026, 3, 1))  # noqa: DTZ001


def test_extensions_are_passed_over():
    """Tracing and partition keys, and content types of JSON, don't matter."""
    more = {"traceparent": "00-1", "partitionkey": "c42", "sequence": 5, "datacontenttype": "application/vnd.x+json"}
    assert from_cloudevent(SENT | AT | more) == from_cloudevent(SENT | AT)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01T07:00:00Z", datetime(2026, 3, 1, 7, tzinfo=UTC)),
        ("2026-03-01t07:00:00z", datetime(2026, 3, 1, 7, tzinfo=UTC)),
        ("2026-03-01T07:00:00+07:00", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T00:00:00-00:00", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-02-28T20:30:00-03:30", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T00:00:00.5Z", datetime(2026, 3, 1, 0, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-03-01T00:00:00.000001999Z", datetime(2026, 3, 1, 0, 0, 0, 1, tzinfo=UTC)),
        ("2016-12-31T23:59:60.25Z", datetime(2017, 1, 1, 0, 0, 0, 250_000, tzinfo=UTC)),
        ("1969-12-31T23:59:59.999999Z", datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)),
    ],
)
def test_times_of_rfc_3339_are_read(text: str, expected: datetime):
    """Offsets, fractions of any length and a leap second become microseconds in UTC."""
    assert from_cloudevent(SENT | {"time": text}).time == expected


@pytest.mark.parametrize(
    "time",
    [
        "2026-03-01T07:00:00",
        "2026-03-01",
        "2026-03-01 07:00:00Z",
        "20260301T070000Z",
        "2026-W09-7T07:00:00Z",
        "2026-13-01T07:00:00Z",
        "2026-02-29T07:00:00Z",
        "2026-03-01T24:00:01Z",
        "2026-03-01T07:00:61Z",
        "2026-03-01T07:00:00+24:00",
        "2026-03-01T07:00:00.Z",
        "٢٠٢٦-03-01T07:00:00Z",
        "0000-03-01T07:00:00Z",
        "2026-03-01T07:00:00Z\n",
        "",
        1_772_323_200,
        {},
    ],
)
def test_what_is_no_time_is_refused(time: object):
    """A time that isn't one of RFC 3339, above all one without an offset, is refused."""
    error = _refusal(SENT | {"time": time})
    assert (error.field, error.value) == ("time", time)


def test_unknown_data_becomes_properties():
    """What a column can't take is kept, beside the properties that came as such."""
    made = from_cloudevent(SENT | AT | {"data": {"customer": "c42", "page": "home", "properties": {"coupon": "TET"}}})
    assert made.customer == "c42"
    assert made.data == {"coupon": "TET", "page": "home"}
    assert from_cloudevent(SENT | AT | {"data": {"page": None}}).data == {"page": None}


@pytest.mark.parametrize(
    ("name", "hint"), [("amount", "amount_minor"), ("duration", "duration_us"), ("weight", "weight_ppm")]
)
def test_columns_by_a_wrong_name_are_refused(name: str, hint: str):
    """Money under another name would be lost to every metric: it is refused, with the right name."""
    error = _refusal(SENT | AT | {"data": {name: "129.90"}})
    assert (error.field, error.value) == (f"data.{name}", "129.90")
    assert hint in error.reason
    assert from_cloudevent(SENT | AT | {"data": {"properties": {name: 1}}}).data == {name: 1}


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"specversion": None}, "specversion", "is missing"),
        ({"specversion": "0.3"}, "specversion", "isn't '1.0'"),
        ({"specversion": 1.0}, "specversion", "isn't text"),
        ({"id": None}, "id", "is missing"),
        ({"id": ""}, "id", "isn't text"),
        ({"id": 7}, "id", "isn't text"),
        ({"source": None}, "source", "is missing"),
        ({"source": "%00"}, "source", "contains a NUL"),
        ({"type": None}, "type", "is missing"),
        ({"type": "com.example.visit"}, "type", "doesn't read as cx.<kind>.v1"),
        ({"type": "cx.visit.started"}, "type", "doesn't read as cx.<kind>.v1"),
        ({"type": "cx.visit.started.v2"}, "type", "has a version that isn't known here"),
        ({"type": "cx.visit.started.v01"}, "type", "has a version that isn't known here"),
        ({"type": "cx.visit.v1"}, "kind", "doesn't read as noun.verb"),
        ({"data": "eA=="}, "data", "isn't a JSON object"),
        ({"data": [1]}, "data", "isn't a JSON object"),
        ({"data_base64": "e30="}, "data_base64", "isn't JSON"),
        ({"data": {"properties": "x"}}, "data.properties", "isn't a JSON object"),
        ({"data": {"a": 1, "properties": {"a": 2}}}, "data.a", "stands in the properties too"),
        ({"data": {"customer": 42}}, "customer", "isn't text"),
        ({"data": {"score": "9"}}, "score", "isn't a number"),
        ({"data": {"amount_minor": 1.5, "currency": "USD"}}, "amount_minor", "isn't a whole number"),
        ({"data": {"amount_minor": 2**63, "currency": "USD"}}, "amount_minor", "is out of range"),
        ({"data": {"amount_minor": 5}}, "amount_minor", "has no currency"),
        ({"data": {"amount_minor": 5, "currency": "usd"}}, "currency", "must be written 'USD'"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, Any], field: str, reason: str):
    """Each thing that doesn't conform, or can't be held, is refused by its field and reason."""
    error = _refusal(SENT | AT | change)
    assert error.field == field
    assert reason in error.reason


@pytest.mark.parametrize("text", ["", "{", "\ufeff{}", b"\xff", "[" * 100_000, '{"a":NaN}', '{"a":-Infinity}'])
def test_what_is_no_json_is_refused(text: str | bytes):
    """Text that isn't JSON, is too deep for it or isn't UTF-8 is one clear error."""
    for read in (loads, loads_batch):
        with pytest.raises(InvalidValueError, match="isn't JSON"):
            read(text)


def test_one_is_no_batch_and_a_batch_is_no_one():
    """An array where an object belongs, and the other way round, is refused."""
    with pytest.raises(InvalidValueError, match="isn't a JSON object"):
        loads("[]")
    with pytest.raises(InvalidValueError, match="isn't a JSON array"):
        loads_batch("{}")


def test_a_batch_names_the_event_that_is_wrong():
    """An error in a batch says which of its events it is in."""
    batch = [SENT | AT, SENT | AT | {"type": "x"}]
    with pytest.raises(InvalidValueError) as caught:
        loads_batch(json.dumps(batch))
    assert (caught.value.field, caught.value.value) == ("[1].type", "x")
    with pytest.raises(InvalidValueError, match=r"\[0\].event: 5 isn't a JSON object"):
        loads_batch("[5]")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from((*SENT, *AT, "data")), json_values), json_values)
def test_nothing_but_a_refusal_comes_of_nonsense(change: dict[str, Any], data: object):
    """Whatever JSON arrives becomes an event or an InvalidValueError that can be shown."""
    for attributes in (SENT | AT | change, SENT | AT | {"data": data}, change):
        try:
            assert isinstance(from_cloudevent(attributes), Event)
        except InvalidValueError as error:
            assert str(error)  # noqa: PT017 - that it is raised isn't the point
