"""An event checks everything at its door, and stays as it is from then on."""

from __future__ import annotations

import copy
import decimal
import gc
import json
import math
import os
import pickle
import threading
import time
import unicodedata
import uuid
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import FIRST_US, INT64, LAST_US, events, property_objects

from cxkit.errors import InvalidValueError
from cxkit.model import event as event_module
from cxkit.model.event import (
    COLUMNS,
    KINDS,
    ONCE,
    PPM,
    Event,
    check_kind,
    event,
    event_of_row,
    from_us,
    stable_id,
    to_us,
    uuid7,
    weight_to_ppm,
)
from cxkit.model.money import Money
from cxkit.model.properties import dump_properties
from cxkit.model.text import check_text

TEXTS = ("id", "source", "customer", "touchpoint", "channel", "reference", "instrument", "item")
NEEDED: dict[str, Any] = {"id": "1", "ts_us": 0, "kind": "visit.started", "source": "app"}
FULL = Event(
    id="1",
    ts_us=1_700_000_000_123_456,
    kind="order.placed",
    customer="c42",
    source="app",
    touchpoint="storefront.checkout",
    channel="web",
    reference="o-1001",
    instrument="nps",
    item="1",
    score=9,
    amount_minor=12990,
    currency="USD",
    duration_us=1_500_000,
    weight_ppm=500_000,
    properties='{"coupon":"TET"}',
)


def _refusal(**columns: object) -> InvalidValueError:
    with pytest.raises(InvalidValueError) as caught:
        Event(**(NEEDED | columns))
    return caught.value


def _refused(make: Any, *args: Any, **options: Any) -> InvalidValueError:
    with pytest.raises(InvalidValueError) as caught:
        make(*args, **options)
    return caught.value


# --- the record


def test_columns_are_the_fields_in_their_order():
    """The columns of an event table are the fields of an event."""
    assert COLUMNS == (
        "id", "ts_us", "kind", "customer", "source", "touchpoint", "channel", "reference", "instrument", "item",
        "score", "amount_minor", "currency", "duration_us", "weight_ppm", "properties",
    )  # fmt: skip
    assert attrs.astuple(FULL) == tuple(getattr(FULL, name) for name in COLUMNS)


def test_only_four_columns_are_needed():
    """What isn't given is None, and the weight is one."""
    bare = attrs.asdict(Event(**NEEDED))
    assert {name: bare.pop(name) for name in NEEDED} == NEEDED
    assert bare.pop("weight_ppm") == PPM
    assert set(bare.values()) == {None}


def test_python_types_come_back():
    """Time, amount, duration, weight and data give what Python calls them."""
    assert FULL.time == datetime(2023, 11, 14, 22, 13, 20, 123_456, tzinfo=UTC)
    assert FULL.amount == Money("129.90", "USD")
    assert FULL.duration == timedelta(seconds=1.5)
    assert FULL.weight == Decimal("0.5")
    assert FULL.data == {"coupon": "TET"}
    bare = Event(**NEEDED)
    assert (bare.amount, bare.duration, bare.weight, bare.data) == (None, None, 1, {})


@given(events())
def test_copies_are_equal(made: Event):
    """Pickle, copy, deepcopy, evolve and a row give an equal event of an equal hash."""
    copies = [pickle.loads(pickle.dumps(made, protocol)) for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1)]  # noqa: S301 - our own bytes
    copies += [copy.copy(made), copy.deepcopy(made), attrs.evolve(made), event_of_row(attrs.astuple(made))]
    copies += [event_of_row(list(attrs.astuple(made))), Event(**attrs.asdict(made))]
    for one in copies:
        assert type(one) is Event
        assert one == made
        assert hash(one) == hash(made)
        assert repr(one) == repr(made)
        assert [type(value) for value in attrs.astuple(one)] == [type(value) for value in attrs.astuple(made)]


def test_evolve_checks_again():
    """A changed copy is checked as a new event is, and the old one stays."""
    assert attrs.evolve(FULL, customer="e\u0301").customer == "é"
    assert _refused(attrs.evolve, FULL, currency="usd").field == "currency"
    assert FULL.customer == "c42"


@pytest.mark.parametrize("made", [FULL, event_of_row(attrs.astuple(FULL)), pickle.loads(pickle.dumps(FULL))])  # noqa: S301
def test_an_event_is_frozen(made: Event):
    """No field can be set, deleted or added, whichever way the event was made."""
    for name in (*COLUMNS, "other"):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(made, name, "x")
    for name in COLUMNS:
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            delattr(made, name)
    assert made == FULL
    assert not hasattr(made, "__dict__")


def test_a_refused_event_leaves_nothing_behind():
    """An event whose making failed is nowhere to be found half made."""
    for _ in range(3):
        _refusal(properties="[")
    gc.collect()
    assert not [one for one in gc.get_objects() if type(one) is event_module.Draft]


def test_fields_by_position_are_the_columns_in_order():
    """What a table's row holds makes the event, in the order of the columns."""
    made = Event("1", 0, "visit.started", "c42", "app", "storefront.home", "web")
    assert attrs.astuple(made)[:7] == ("1", 0, "visit.started", "c42", "app", "storefront.home", "web")


# --- text


@pytest.mark.parametrize("field", TEXTS)
@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("", "is empty: leave it out where there is none"),
        ("a\0b", "contains a NUL character, which databases can't hold"),
        ("é\0", "contains a NUL character, which databases can't hold"),
        ("\ud800", "contains half a character (a lone surrogate)"),
        (7, "isn't text"),
        (b"x", "isn't text"),
        (["x"], "isn't text"),
    ],
)
def test_bad_text_is_refused(field: str, value: object, reason: str):
    """Each text column refuses what isn't text, is empty, or that no database could hold."""
    error = _refusal(**{field: value})
    assert (error.field, error.value, error.reason) == (field, value, reason)
    assert str(error) == f"{field}: {value!r} {reason}"


@pytest.mark.parametrize("field", ["id", "source", "kind", "ts_us"])
def test_what_is_needed_cannot_be_none(field: str):
    """Identity, source, kind and time are never None; the other columns may be."""
    assert _refusal(**{field: None}).field == field


@pytest.mark.parametrize("field", TEXTS)
@given(text=st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1))
def test_text_is_composed(field: str, text: str):
    """Text is kept in NFC, so that one name typed two ways is one customer."""
    kept = getattr(Event(**(NEEDED | {field: text})), field)
    assert kept == unicodedata.normalize("NFC", text)
    assert check_text(field, text) == kept


# --- kind


@pytest.mark.parametrize("kind", [*KINDS, "table.reserved", "a.b", "a_1.b_2"])
def test_kinds_are_an_open_set(kind: str):
    """Any noun.verb is a kind, known or not."""
    assert Event(**(NEEDED | {"kind": kind})).kind == kind
    assert check_kind(kind) == kind


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "order",
        "Order.placed",
        "order.",
        ".placed",
        "order placed",
        "a.b.c",
        "order.placed\n",
        "1a.b",
        "é.b",
        ["a.b"],
    ],
)
def test_what_is_no_kind_is_refused(kind: object):
    """A kind that doesn't read as noun.verb is refused, also when it can't be hashed, and refused again."""
    for _ in range(2):
        error = _refusal(kind=kind)
        assert (error.field, error.value) == ("kind", kind)
        assert "noun.verb" in error.reason
        assert _refused(event, kind, reference="o-1").field == "kind"


def test_the_known_kinds_do_not_grow_without_end(monkeypatch: pytest.MonkeyPatch):
    """The kinds that are remembered have an end, and those beyond it are taken all the same."""
    monkeypatch.setattr(event_module, "_kinds_seen", dict.fromkeys(KINDS))
    monkeypatch.setattr(event_module, "_KINDS_KEPT", len(KINDS) + 2)
    made = [Event(**(NEEDED | {"kind": f"a.b{number}"})).kind for number in range(5)]
    assert made == [f"a.b{number}" for number in range(5)]
    assert len(event_module._kinds_seen) == len(KINDS) + 2


# --- numbers


@pytest.mark.parametrize(
    ("field", "low", "high"),
    [
        ("ts_us", FIRST_US, LAST_US),
        ("amount_minor", -INT64, INT64 - 1),
        ("duration_us", -INT64, INT64 - 1),
        ("weight_ppm", 0, INT64 - 1),
    ],
)
def test_whole_numbers_have_their_range(field: str, low: int, high: int):
    """Integers reach as far as a table's column, or a datetime, does, and no further."""
    money = {"currency": "USD"} if field == "amount_minor" else {}
    for value in (low, high, 0, PPM):
        assert getattr(Event(**(NEEDED | money | {field: value})), field) == value
    for value in (low - 1, high + 1, 10**400):
        error = _refusal(**(money | {field: value}))
        assert (error.field, error.value) == (field, value)
        assert error.reason == f"is out of range: it must lie within {low}…{high}"
    for value in (1.0, True, "1", Decimal(1)):
        error = _refusal(**(money | {field: value}))
        assert (error.field, error.value, error.reason) == (field, value, "isn't a whole number")


def test_every_time_that_is_taken_can_be_shown():
    """The first and the last time are datetimes in every zone, whose offsets are under a day."""
    for ts_us in (FIRST_US, LAST_US):
        made = Event(**(NEEDED | {"ts_us": ts_us}))
        for hours in (-23, 23):
            assert to_us(made.time.astimezone(timezone(timedelta(hours=hours)))) == ts_us


@pytest.mark.parametrize(
    ("given_score", "kept"), [(9, 9.0), (-0.0, 0.0), (0.5, 0.5), (1e308, 1e308), (5e-324, 5e-324), (math.nan, None)]
)
def test_scores_are_floats(given_score: float, kept: float | None):
    """An answer is a float; NaN is none at all, and there is one zero."""
    score = Event(**(NEEDED | {"score": given_score})).score
    assert score == kept
    assert score is None or (type(score) is float and math.copysign(1, score) == math.copysign(1, kept or 0.0))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (math.inf, "isn't finite"),
        (-math.inf, "isn't finite"),
        (10**400, "isn't finite"),
        (True, "isn't a number"),
        ("9", "isn't a number"),
        (Decimal(9), "isn't a number"),
    ],
)
def test_what_is_no_score_is_refused(value: object, reason: str):
    """Endless, true and textual answers are refused."""
    error = _refusal(score=value)
    assert (error.field, error.value, error.reason) == ("score", value, reason)


def test_money_is_both_or_neither():
    """An amount has a currency and a currency an amount."""
    assert _refusal(amount_minor=5).reason == "has no currency: money needs one"
    assert _refusal(currency="USD").reason == "stands without an amount"
    assert _refusal(amount_minor=5, currency="usd").reason == "must be written 'USD': codes are three capital letters"
    assert _refusal(amount_minor=5, currency=["USD"]).field == "currency"


# --- properties


def test_properties_are_canonical():
    """Equal contents are equal texts: keys sorted, no blanks, composed."""
    one = Event(**(NEEDED | {"properties": '{ "b": 1,\n "a": "e\u0301" }'}))
    assert one.properties == '{"a":"é","b":1}'
    assert one == event("visit.started", id="1", time=from_us(0), properties={"a": "é", "b": 1})


@given(property_objects())
def test_properties_come_back(properties: dict[str, Any]):
    """A JSON object goes in and comes out, but for the composition of its text; writing it twice changes nothing."""
    text = dump_properties(properties)
    assert Event(**(NEEDED | {"properties": text})).properties == text
    assert dump_properties(json.loads(text)) == text
    assert unicodedata.is_normalized("NFC", text)
    assert list(json.loads(text)) == sorted(json.loads(text))


LATIN = st.text(st.characters(max_codepoint=0x17F))
FLAT = st.integers() | LATIN | st.lists(LATIN, max_size=3)


@given(st.dictionaries(LATIN, FLAT, max_size=5))
def test_flat_properties_are_written_as_json_writes_them(properties: dict[str, Any]):
    """Texts, whole numbers and lists of texts go a short way, to the same text."""
    text = json.dumps(properties, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert dump_properties(properties) == text


def test_keys_are_sorted_as_they_are_kept():
    """The order is that of the composed keys, which isn't always that of the given ones."""
    given_keys = {"e\u0301": 1, "f": 2, "\u212b": 3, "z": 4}
    text = dump_properties(given_keys)
    assert list(json.loads(text)) == sorted(unicodedata.normalize("NFC", key) for key in given_keys)


def test_keys_that_are_composed_alike_are_refused():
    """Two spellings of one key can't both be kept, so neither is dropped in silence."""
    error = _refused(event, "visit.started", properties={"e\u0301": 1, "é": 2})
    assert error.field == "properties"
    assert "NFC" in error.reason
    assert _refusal(properties='{"a":{"e\u0301":1,"é":2}}').field == "properties"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ({"a": 1}, "isn't JSON text; `event` takes a mapping"),
        ("", "isn't JSON: Expecting value"),
        ("{", "isn't JSON: Expecting property name"),
        ("[1]", "isn't a JSON object"),
        ("null", "isn't a JSON object"),
        ('{"a":NaN}', "can't be written as JSON"),
        ('{"a":1e999}', "can't be written as JSON"),
        ('{"a":"\\ud800"}', "contains half a character"),
        ('{"a":' * 100_000, "isn't JSON"),
        ('{"a":' + "9" * 5000 + "}", "isn't JSON"),
    ],
)
def test_what_is_no_json_object_is_refused(text: object, reason: str):
    """Properties are the text of a JSON object, with finite numbers and whole characters; none too deep to read."""
    error = _refusal(properties=text)
    assert (error.field, error.reason[: len(reason)]) == ("properties", reason)


@pytest.mark.parametrize("properties", [{"a": object()}, {"a": math.nan}, {("a",): 1}, {"a": {1}}, 7, {"a": "\ud800"}])
def test_what_is_no_json_is_refused(properties: Any):
    """`event` refuses properties that JSON can't hold."""
    assert _refused(event, "visit.started", properties=properties).field == "properties"


def test_circular_properties_are_refused():
    """What contains itself is refused, as is a list."""
    circle: dict[str, Any] = {}
    circle["self"] = circle
    assert _refused(event, "visit.started", properties=circle).field == "properties"
    assert _refused(event, "visit.started", properties=[1]).field == "properties"  # type: ignore[arg-type]


def test_any_mapping_is_taken():
    """Properties may be any mapping; data gives a new dictionary each time."""
    made = event("visit.started", properties=MappingProxyType({"a": [1]}))
    made.data["a"].append(2)
    assert made.data == {"a": [1]}
    assert event("visit.started", properties={}).properties is None


# --- made from Python's types


def test_event_converts_python_types():
    """Time, money, duration, weight and properties become columns."""
    made = event(
        "order.placed",
        customer="c42",
        time=datetime(2026, 3, 1, 7, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh")),
        source="till",
        touchpoint="store.till",
        channel="store",
        reference="o-1",
        instrument="nps",
        item="1",
        score=9,
        amount=Money("129.90", "USD"),
        duration=timedelta(days=-1, microseconds=5),
        weight=0.1,
        properties={"b": 1, "a": 2},
        id="mine",
    )
    assert attrs.astuple(made) == (
        "mine", to_us(datetime(2026, 3, 1, tzinfo=UTC)), "order.placed", "c42", "till", "store.till", "store", "o-1",
        "nps", "1", 9.0, 12990, "USD", -86_400_000_000 + 5, 100_000, '{"a":2,"b":1}',
    )  # fmt: skip


def test_an_event_is_now_unless_told():
    """Without a time it is now, to the microsecond, whatever the machine's zone."""
    before = time.time_ns() // 1000
    made = event("visit.started")
    assert before <= made.ts_us <= time.time_ns() // 1000
    assert made.source == "app"


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("amount", "129.90", "isn't Money: write Money('129.90', 'USD')"),
        ("amount", 12990, "isn't Money: write Money('129.90', 'USD')"),
        ("time", datetime(2026, 3, 1), "has no time zone: attach one, such as datetime.UTC"),  # noqa: DTZ001
        ("time", "2026-03-01", "isn't a datetime"),
        ("time", date(2026, 3, 1), "isn't a datetime"),
        ("duration", 3.5, "isn't a timedelta"),
        ("weight", "heavy", "isn't a number that a weight can be"),
        ("weight", math.nan, "isn't a number that a weight can be"),
        ("weight", math.inf, "isn't a number that a weight can be"),
        ("weight", 1e300, "isn't a number that a weight can be"),
    ],
)
def test_event_refuses_other_types(field: str, value: Any, reason: str):
    """What `event` converts is checked under the name that the caller wrote."""
    error = _refused(event, "visit.started", **{field: value})
    assert (error.field, error.reason) == (field, reason)


def test_a_time_in_the_hour_that_comes_twice_is_two_times():
    """The fold of a zone's clock change is kept apart, exactly one hour, or half of one, later."""
    for name, when, gap in (
        ("Europe/Berlin", datetime(2026, 10, 25, 2, 30), 3600),  # noqa: DTZ001
        ("Australia/Lord_Howe", datetime(2026, 4, 5, 1, 45), 1800),  # noqa: DTZ001
    ):
        local = when.replace(tzinfo=ZoneInfo(name))
        assert to_us(local.replace(fold=1)) - to_us(local) == gap * 1_000_000


@given(st.integers(FIRST_US, LAST_US))
def test_times_come_back(ts_us: int):
    """Microseconds survive the way to a datetime and back, negative ones too."""
    assert to_us(from_us(ts_us)) == ts_us
    assert from_us(ts_us).tzinfo is UTC


@pytest.mark.parametrize("naive", [datetime.min, datetime.max, datetime(2026, 1, 1)])  # noqa: DTZ001, DTZ901
def test_naive_times_are_refused(naive: datetime):
    """A time without a zone could be anybody's."""
    error = _refused(to_us, naive)
    assert (error.field, error.value) == ("time", naive.isoformat())


@pytest.mark.parametrize(
    ("weight", "ppm"),
    [(0.1, 100_000), ("1.5", 1_500_000), (Decimal("0.0000005"), 0), (Decimal("0.0000015"), 2), (0, 0), (2, 2_000_000)],
)
def test_weights_are_millionths(weight: float | Decimal | str, ppm: int):
    """Weights are rounded to millionths, half to even, whatever the thread's decimal context says."""
    with decimal.localcontext(decimal.Context(prec=3, rounding=decimal.ROUND_UP)):
        assert weight_to_ppm(weight) == ppm
        assert Event(**(NEEDED | {"weight_ppm": 1_234_567})).weight == Decimal("1.234567")


def test_a_negative_weight_is_refused():
    """No answer counts less than nothing."""
    assert _refused(event, "survey.answered", weight=-1).field == "weight_ppm"


# --- ids


def test_an_order_is_placed_once():
    """Where kind and reference name the fact the id stays the same, and elsewhere it is new; an own id wins."""
    for kind in KINDS:
        one, other = (event(kind, reference="o-1") for _ in range(2))
        assert (one.id == other.id) == (kind in ONCE)
        if kind in ONCE:
            assert one.id == stable_id(kind, "o-1") == f"{kind}:o-1"
        assert event(kind).id != event(kind).id
        assert event(kind, reference="o-1", id="mine").id == "mine"
    assert event("order.placed", reference="e\u0301").id == event("order.placed", reference="é").id


def test_an_empty_id_is_refused_and_not_replaced():
    """An id that was given and is empty is a mistake."""
    assert _refused(event, "visit.started", id="").field == "id"


def test_uuids_are_version_7_in_order_of_time():
    """Each is a UUIDv7 of RFC 9562 that carries the time, and is greater than the one before."""
    before = time.time_ns() // 1_000_000
    made = [uuid7() for _ in range(10_000)]
    after = time.time_ns() // 1_000_000
    assert made == sorted(set(made))
    for text in made[:: len(made) // 50]:
        parsed = uuid.UUID(text)
        assert str(parsed) == text
        assert parsed.version == 7
        assert parsed.variant == uuid.RFC_4122
        assert before <= parsed.int >> 80 <= after + 1


def test_uuids_grow_when_the_clock_is_set_back(monkeypatch: pytest.MonkeyPatch):
    """A clock that stands or goes back doesn't bring an id before one that was made earlier."""
    clock = [time.time_ns()]
    monkeypatch.setattr(event_module, "_time_ns", lambda: clock[0])
    first = uuid7()
    clock[0] -= 3_600 * 10**9
    later = [uuid7() for _ in range(5000)]
    assert [first, *later] == sorted({first, *later})


def test_uuids_of_threads_are_apart():
    """Threads that make ids at once make no id twice."""
    made: list[list[str]] = [[] for _ in range(4)]
    threads = [threading.Thread(target=lambda out=out: out.extend(uuid7() for _ in range(2000))) for out in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({text for out in made for text in out}) == 8000


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_uuids_of_forks_are_apart():
    """A forked process makes other ids than its parent, though it starts from the same state."""
    uuid7()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - measured in the parent alone
        os.write(writer, " ".join(uuid7() for _ in range(100)).encode())
        os._exit(0)
    own = {uuid7() for _ in range(100)}
    os.close(writer)
    with os.fdopen(reader) as pipe:
        theirs = set(pipe.read().split())
    assert os.waitpid(child, 0)[1] == 0
    assert len(theirs) == 100
    assert own.isdisjoint(theirs)
