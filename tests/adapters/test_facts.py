"""Events, identities and times of vendors' records."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxkit.adapters import Facts, email_identity, iso, phone_identity, us_of, when, when_ms
from cxkit.adapters.contract import check_adapter
from cxkit.errors import InvalidValueError

TIME = datetime(2026, 3, 1, 10, tzinfo=UTC)


def test_the_same_fact_is_the_same_event() -> None:
    """Told twice, by whatever way, a fact has one id; kinds and records tell facts apart."""
    facts = Facts("till:one")
    one = facts.event("order.placed", 17, time=TIME, reference="o-17")

    assert one == Facts("till:one").event("order.placed", "17", time=TIME, reference="o-17")
    assert (one.source, one.id) == ("till:one", "order.placed:17")
    ids = {facts.event(kind, record, time=TIME).id for kind in ("order.placed", "order.refunded") for record in (1, 2)}
    assert len(ids) == 4


@given(st.datetimes(datetime(1700, 1, 1), datetime(2300, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - the zone follows
def test_a_time_in_microseconds_is_the_same_time(moment: datetime) -> None:
    """As a number it makes the same event, whichever columns there are; truth is no number."""
    facts, us = Facts("till:one"), us_of(moment.isoformat())
    columns = {"instrument": "csat", "score": 4, "properties": {"till": "one", "place": 2}}
    assert facts.event("survey.answered", 1, time=us, **columns) == facts.event(
        "survey.answered", 1, time=moment, **columns
    )
    assert facts.event("survey.answered", 1, time=us, item="q1") == facts.event(
        "survey.answered", 1, time=moment, item="q1"
    )
    with pytest.raises(InvalidValueError):
        facts.event("survey.answered", 1, time=True)


def test_times_need_a_zone() -> None:
    """A naive time is refused at the door."""
    with pytest.raises(InvalidValueError):
        Facts("till:one").event("order.placed", 17, time=TIME.replace(tzinfo=None))


def test_links_tie_a_customer_to_addresses() -> None:
    """Address and number are identities of their own; what is neither ties nobody."""
    links = Facts("till:one", "GB").links(5, time=TIME, email=" An@Example.org", phone="020 7946 0018")

    assert [(link.kind, link.customer, link.reference) for link in links] == [
        ("identity.linked", "till:one:5", "email:an@example.org"),
        ("identity.linked", "till:one:5", "phone:+442079460018"),
    ]
    assert len({link.id for link in links}) == 2
    assert Facts("till:one").links(5, time=TIME, email="n/a", phone="none") == ()


@pytest.mark.parametrize(
    ("record", "email", "phone", "somebody"),
    [
        (5, "an@example.org", None, "till:one:5"), (0, None, None, "till:one:0"),
        ("", "an@example.org", None, "email:an@example.org"),
        (None, None, "+442079460018", "phone:+442079460018"), (None, "n/a", "none", None), (None, None, None, None),
    ],
)  # fmt: skip
def test_a_record_is_somebodys(record: object, email: object, phone: object, somebody: str | None) -> None:
    """The vendor's id counts before an address, and that before a number; nobody is None."""
    assert Facts("till:one").somebody(record, email=email, phone=phone) == somebody


@pytest.mark.parametrize(
    ("text", "identity"),
    [
        ("An@Example.ORG", "email:an@example.org"), (" an@example.org\n", "email:an@example.org"),
        ("a.n+tag@mail.example.org", "email:a.n+tag@mail.example.org"),
        ("e\u0301@example.org", "email:\u00e9@example.org"),
        ("STRA\u00dfE@example.org", "email:stra\u00dfe@example.org"),
        ("an@example", None), ("an@example.org, bo@example.org", None),
        ("<an@example.org>", None), ("@example.org", None),
        ("an@@example.org", None), ("an@example.org.", None), ("", None), (None, None), (7, None), ("n/a", None),
    ],
)  # fmt: skip
def test_email_identities(text: object, identity: str | None) -> None:
    """An address is one however it is typed; what isn't one is nobody's."""
    assert email_identity(text) == identity


@pytest.mark.parametrize(
    ("text", "region", "identity"),
    [
        ("+44 20 7946-0018", None, "phone:+442079460018"), ("tel:+44.20.7946.0018", None, "phone:+442079460018"),
        ("0044 (20) 7946/0018", None, "phone:+442079460018"), ("020 7946 0018", None, None),
        ("020 7946 0018", "GB", "phone:+442079460018"), ("0912 345 678", "VN", "phone:+84912345678"),
        ("+84 912 345 678", "GB", "phone:+84912345678"), ("12", "GB", None), ("none", "GB", None),
        ("+0 20", None, None), ("+44 (0)20 7946 0018", None, "phone:+442079460018"),
        ("0044(0) 20 7946 0018", None, "phone:+442079460018"), ("+39 (0)6 6982 0000", None, "phone:+390669820000"),
        ("+1234567890123456", None, None), ("+44 20 7946 0018 ext 5", None, None),
        (442079460018, None, None), (None, "GB", None),
    ],
)  # fmt: skip
def test_phone_identities(text: object, region: str | None, identity: str | None) -> None:
    """A number is one however it is written; one without a country is somebody's only where that is known."""
    assert phone_identity(text, region) == identity


@given(st.datetimes(timezones=st.just(UTC)))
def test_times_are_written_and_read(moment: datetime) -> None:
    """A bound that is sent is the time that it says, and by fewer digits one just before."""
    us = us_of(moment.isoformat())

    assert us_of(iso(us)) == us
    assert us_of(iso(us, "milliseconds")) == us - us % 1000
    assert us_of(iso(us, "seconds")) == us - us % 1_000_000


def test_a_zone_is_that_of_the_documentation() -> None:
    """A time without a zone needs one, and one with a zone keeps it."""
    zone = ZoneInfo("Asia/Ho_Chi_Minh")

    assert when("2026-03-01 10:00:00", zone).astimezone(UTC).hour == 3
    assert when("2026-03-01T10:00:00+00:00", zone).astimezone(UTC).hour == 10
    with pytest.raises(InvalidValueError, match="has no zone"):
        when("2026-03-01T10:00:00")


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01T00:00:00Z", None, 7, "24:00"])
def test_what_is_no_time_is_refused(text: object) -> None:
    """Anything else is named."""
    with pytest.raises(InvalidValueError, match=r"^time: "):
        when(text, UTC)


@pytest.mark.parametrize(
    "number", ["", "x", "1.5", 1.5, True, None, "1e3", "\u0661", 10**15, "9" * 400, "--5", 999_999_999_999_999]
)
def test_what_is_no_count_of_milliseconds_is_refused(number: object) -> None:
    """Neither are numbers that no calendar has."""
    with pytest.raises(InvalidValueError, match=r"^time: .* in milliseconds"):
        when_ms(number)


def test_milliseconds_are_exact() -> None:
    """A count is the time to the millisecond, before 1970 too."""
    assert when_ms(1_772_359_200_123).isoformat() == "2026-03-01T10:00:00.123000+00:00"
    assert when_ms("-1").isoformat() == "1969-12-31T23:59:59.999000+00:00"


class Good:
    """A class of an adapter."""

    name, title = "till", "Till"
    Config = attrs.make_class("Config", [])

    def read(self) -> None:
        """Do nothing."""

    check = streams = read


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"name": "Till 2"}, "isn't a word in lower case"), ({"name": 7}, "isn't a word in lower case"),
        ({"Config": dict}, "isn't an attrs class"), ({"Config": Good.Config()}, "isn't an attrs class"),
    ],
)  # fmt: skip
def test_adapters_are_checked_when_they_register(change: dict[str, object], reason: str) -> None:
    """What can't work as an adapter is refused by what is wrong with it."""
    check_adapter(Good)
    with pytest.raises(InvalidValueError, match=reason):
        check_adapter(type("Bad", (Good,), change))


def test_what_lacks_of_an_adapter_is_named() -> None:
    """A class without a method, and what isn't a class, are refused."""
    with pytest.raises(InvalidValueError, match="isn't a class: register the class"):
        check_adapter(Good())
    with pytest.raises(InvalidValueError, match="lacks 'read': see"):
        check_adapter(
            type("Bad", (), {name: getattr(Good, name) for name in ("name", "title", "Config", "check", "streams")})
        )
