"""score: anything that holds events in, a scorecard out; every mistake is named."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

import cxkit
from cxkit import JourneyMap, Money, Touchpoint, metrics
from cxkit.errors import InvalidValueError, UnknownNameError, UnsupportedError
from cxkit.metrics import Given, Metric

if TYPE_CHECKING:
    from pathlib import Path

    from cxkit.metrics import Estimate
    from cxkit.model.event import Event

HANOI = timezone(timedelta(hours=7))


def order(day: str, minor: int | None = 1000, currency: str = "USD", **columns: Any) -> Event:
    """Return an order of a day."""
    amount = None if minor is None else Money.of_minor(minor, currency)
    return cxkit.event("order.placed", time=datetime.fromisoformat(day).replace(tzinfo=UTC), amount=amount, **columns)


def answer(score: float, day: str = "2026-01-10", **columns: Any) -> Event:
    """Return an answer to the NPS question."""
    time = datetime.fromisoformat(day).replace(tzinfo=UTC)
    return cxkit.event("survey.answered", time=time, **{"instrument": "nps", "score": score, **columns})


YEAR = [
    order("2026-01-10", 1000, customer="an", channel="web", touchpoint="storefront.checkout"),
    order("2026-01-20", 3000, customer="binh", channel="app", touchpoint="storefront.checkout"),
    order("2026-02-10", 2000, customer="an", channel="web", touchpoint="storefront.checkout"),
    order("2026-04-10", 4000, customer="an", channel="web", properties={"coupon": "TET"}),
    answer(10, "2026-01-11", customer="an", channel="web", touchpoint="storefront.checkout"),
    answer(3, "2026-02-11", customer="binh", channel="app", touchpoint="desk.phone"),
    answer(9, "2026-02-12", customer="binh", channel="web", touchpoint="desk.phone"),
]


@pytest.mark.parametrize("data", [YEAR, tuple(YEAR), iter(YEAR), (event for event in YEAR), dict.fromkeys(YEAR)])
def test_anything_that_gives_events(data: Any):
    """Lists, tuples, iterators, generators: whatever events come from."""
    if isinstance(data, dict):
        data = data.keys()
    card = cxkit.score(data, ["orders", "nps"])
    assert (card.get("orders").value, card.get("nps").n) == (4, 3)


@pytest.mark.parametrize(
    ("asked", "labels"),
    [
        ("nps", ["nps"]),
        ("nps[answers=latest]", ["nps[answers=latest]"]),
        (metrics.nps, ["nps"]),
        (metrics.nps(answers="latest"), ["nps[answers=latest]"]),
        (["nps", metrics.nps(answers="first"), metrics.csat], ["nps", "nps[answers=first]", "csat"]),
        ((name for name in ("orders", "revenue")), ["orders", "revenue"]),
        ([], []),
    ],
)
def test_metrics_by_name_spelling_or_themselves(asked: Any, labels: list[str]):
    """A metric is asked for by name, with options, as itself or by its factory."""
    assert list(cxkit.score(YEAR, asked).metrics) == labels


def test_every_metric_that_has_events():
    """Unless asked otherwise, the card shows each metric that found something."""
    assert set(cxkit.score(YEAR).metrics) == {
        "orders", "revenue", "active_customers", "nps", "average_transaction_value", "purchase_frequency",
        "repeat_purchase_rate", "retention_rate", "churn_rate", "returning_customer_rate", "time_to_second_purchase",
    }  # fmt: skip
    assert cxkit.score([]).rows == ()


def test_own_metrics():
    """A metric of one's own is scored like the built-in ones."""

    def formula(states: Any, given: Given) -> Estimate:
        return metrics.Estimate(states["orders"].n / 2, level=given.level, n=states["orders"].n)

    half = Metric("half", "Half", "count", None, {"orders": metrics.orders().needs["amounts"].of}, formula, "a test")
    assert cxkit.score(YEAR, half).get("half").value == 2.0


def test_by_column():
    """Segments by a column of events, beside the overall rows."""
    card = cxkit.score(YEAR, "orders", by="channel")
    assert {row.segment.get("channel", "all"): row.estimate.value for row in card} == {"all": 4, "web": 3, "app": 1}
    assert card.by == ("channel",)


def test_by_property():
    """Segments by a property; those without it have a row of their own, last."""
    card = cxkit.score(YEAR, "orders", by=["coupon"])
    assert [(row.segment.get("coupon"), row.overall, row.estimate.value) for row in card] == [
        (None, True, 4),
        ("TET", False, 1),
        (None, False, 3),
    ]


def test_by_two_columns():
    """Segments by several columns are those that occur together."""
    card = cxkit.score(YEAR, "nps", by=["channel", "touchpoint"])
    assert card.get("nps", channel="web", touchpoint="desk.phone").value == 100
    with pytest.raises(cxkit.errors.AmbiguousError, match="no row answers"):
        card.get("nps", channel="app", touchpoint="storefront.checkout", period="2026-01")


@pytest.mark.parametrize(
    ("column", "of_checkout"), [("area", "commerce"), ("stage", "buy"), ("touchpoint", "storefront.checkout")]
)
def test_by_what_the_map_says(column: str, of_checkout: str):
    """Area, stage and owner come from the journey map, here one of the presets."""
    card = cxkit.score(YEAR, "orders", by=column, journey_map="hourglass")
    assert card.get("orders", **{column: of_checkout}).value == 3
    assert card.get("orders", **{column: None}).value == 1


def test_by_owner(tmp_path: Path):
    """A map of one's own, given as itself or as its file."""
    touchpoints = (Touchpoint(key="desk.phone", owner="service desk"),)
    journey = JourneyMap(name="mine", touchpoints=touchpoints)
    path = tmp_path / "map.toml"
    path.write_text('name = "mine"\n[[touchpoint]]\nkey = "desk.phone"\nowner = "service desk"\n', "utf-8")
    for given in (journey, path, str(path)):
        card = cxkit.score(YEAR, "nps", by="owner", journey_map=given)
        assert (card.get("nps", owner="service desk").n, card.get("nps", owner=None).n) == (2, 1)


def test_by_what_only_a_map_says():
    """Without a map an attribute of touchpoints is asked for, not guessed; a property of that name will do."""
    with pytest.raises(InvalidValueError, match=r"by: 'stage' is what a journey map says of touchpoints: give one"):
        cxkit.score(YEAR, "orders", by="stage")
    staged = order("2026-01-10", properties={"stage": "buy"})
    assert cxkit.score([staged], "orders", by="stage").get("orders", stage="buy").value == 1


def test_every_month():
    """Periods from the first event to the last, the empty one between them too: a true zero, but no average."""
    card = cxkit.score(YEAR, ["orders", "average_transaction_value"], every="month")
    assert card.periods == ("2026-01", "2026-02", "2026-03", "2026-04")
    assert [row.estimate.value for row in card.filter(metric="orders")] == [2, 1, 0, 1]
    assert [row.estimate.value for row in card.filter(metric="average_transaction_value")] == [20, 20, None, 40]


@pytest.mark.parametrize(
    ("every", "periods"),
    [
        ("day", 91),
        ("week", 14),
        ("month", 4),
        ("quarter", 2),
        ("year", 1),
    ],
)
def test_every(every: str, periods: int):
    """Any of the five lengths; labels sort as time goes."""
    card = cxkit.score(YEAR, "orders", every=every)
    assert len(card.periods) == periods
    assert [row.period for row in card] == list(card.periods)
    assert sum(row.estimate.value or 0 for row in card) == 4


# January: an and binh; February: an; March: nobody; April: an.
def test_retention_by_month():
    """Retention of a month: of those active in the month before, who came back; none where nobody was."""
    card = cxkit.score(YEAR, "retention_rate", every="month")
    found = {row.period: (row.estimate.value, row.estimate.n) for row in card}
    assert found == {"2026-01": (None, 0), "2026-02": (0.5, 2), "2026-03": (0.0, 1), "2026-04": (None, 0)}


def test_retention_looks_before_the_bounds():
    """The first period in bounds is held against the one before it."""
    card = cxkit.score(YEAR, ["retention_rate", "orders"], every="month", since="2026-02-01")
    assert card.get("retention_rate", period="2026-02").value == 0.5
    assert card.periods[0] == "2026-02"


def test_time_zone():
    """The same instant belongs to the month of the zone that is asked for."""
    late = cxkit.event("order.placed", time=datetime(2026, 1, 31, 23, 30, tzinfo=UTC))
    for tz, month in (("UTC", "2026-01"), ("Asia/Ho_Chi_Minh", "2026-02"), ("America/New_York", "2026-01")):
        card = cxkit.score([late], "orders", every="month", tz=tz)
        assert (card.periods, card.tz) == ((month,), tz)


@pytest.mark.parametrize(
    ("bounds", "n"),
    [
        ({}, 4),
        ({"since": "2026-01-20"}, 3),
        ({"since": "2026-01-21"}, 2),
        ({"until": "2026-01-20"}, 1),
        ({"until": "2026-01-20T00:00:00.000001"}, 2),
        ({"since": "2026-01", "until": "2026-02"}, 2),
        ({"since": date(2026, 2, 1), "until": datetime(2026, 4, 11, tzinfo=UTC)}, 2),
        ({"since": datetime(2026, 1, 20, 7, tzinfo=HANOI)}, 3),
        ({"since": "2026-01-20", "tz": "America/New_York"}, 2),
        ({"since": "2026-01-20", "tz": "Asia/Ho_Chi_Minh"}, 3),
        ({"since": "2027"}, 0),
    ],
)
def test_bounds_are_half_open(bounds: dict[str, Any], n: int):
    """Since is in, until is out; dates are local to the zone."""
    assert cxkit.score(YEAR, "orders", **bounds).get("orders").value == n


@pytest.mark.parametrize(
    ("bounds", "partial"),
    [
        ({}, ["2026-01", "2026-04"]),
        ({"since": "2026-01-01"}, ["2026-04"]),
        ({"since": "2026-01-01", "as_of": "2026-04-30"}, []),
        ({"since": "2026-01-01", "until": "2026-05-01"}, []),
        ({"since": "2026-01-02", "until": "2026-04-30"}, ["2026-01", "2026-04"]),
    ],
)
def test_partial_periods_are_marked(bounds: dict[str, Any], partial: list[str]):
    """A period is partial unless its first and last day lie within what is covered."""
    card = cxkit.score(YEAR, "orders", every="month", **bounds)
    assert [row.period for row in card if row.partial] == partial
    assert ("only in part" in str(card)) is bool(partial)


def test_currencies_are_never_added():
    """Several currencies are a row each, and a note says so; orders are counted together."""
    mixed = [*YEAR, order("2026-01-15", 250_000, "VND", channel="store"), order("2026-01-16", None, channel="store")]
    card = cxkit.score(mixed, ["orders", "revenue", "average_transaction_value"], by="channel")
    assert card.get("orders").value == 6
    assert card.get("revenue", currency="USD").value == 100.0
    assert card.get("revenue", currency="VND").value == 250_000
    assert card.get("average_transaction_value", currency="VND", channel="store").unit == "VND"
    assert card.get("average_transaction_value", currency="USD", channel="store").value is None
    assert any("revenue is in 2 currencies (USD, VND), which are never added: one row each." in n for n in card.notes)
    assert card.get("revenue", currency="USD").excluded == {"no amount": 1}


def test_one_currency_needs_no_note():
    """One currency is the metric's unit, without further words."""
    card = cxkit.score(YEAR, "revenue")
    assert (card.get("revenue").unit, card.notes) == ("USD", ())


def test_links_merge_customers():
    """Identity links make one customer of several, wherever in the input they stand."""
    link = cxkit.event("identity.linked", customer="an", reference="binh", time=datetime(2026, 5, 1, tzinfo=UTC))
    assert cxkit.score(YEAR, "active_customers").get("active_customers").value == 2
    for events in ([*YEAR, link], [link, *YEAR]):
        card = cxkit.score(events, ["active_customers", "repeat_purchase_rate"])
        assert card.get("active_customers").value == 1
        assert card.get("repeat_purchase_rate").value == 1.0


def test_shared_identities_are_noted():
    """A phone of too many people merges nobody, and the card says so."""
    events = [order("2026-01-01", customer=f"c{n}") for n in range(3)]
    events += [cxkit.event("identity.linked", customer=f"c{n}", reference="phone:000") for n in range(3)]
    assert cxkit.score(events, "active_customers").get("active_customers").value == 1
    card = cxkit.score(events, "active_customers", max_people=2)
    assert card.get("active_customers").value == 3
    assert card.notes == ("1 identity is shared by more than 2 customers and merged nobody: phone:000 (3).",)


def test_level():
    """The level of the intervals is asked for, and said."""
    card = cxkit.score(YEAR, "nps", level=0.9)
    assert card.get("nps").level == 0.9
    assert "In brackets: 90 % intervals." in str(card)


def test_files(tmp_path: Path):
    """A path is a file of events; each source and id counts once."""
    path = tmp_path / "orders.csv"
    path.write_text(
        "kind,time,customer,amount,currency,source,id\n"
        + 2
        * (
            "order.placed,2026-01-01T00:00:00Z,an,10.00,USD,shop,1\norder.placed,2026-01-02T00:00:00Z,an,20.00,USD,shop,2\n"
        ),
        "utf-8",
    )
    for given in (path, str(path)):
        assert cxkit.score(given, "revenue").get("revenue").value == 30.0


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_engines_agree(engine: str):
    """Events go to another engine by its name; the card is the same."""
    pytest.importorskip(engine)
    asked = {"metrics": ["orders", "nps", "retention_rate"], "by": "channel", "every": "month"}
    assert cxkit.score(YEAR, engine=engine, **asked) == cxkit.score(YEAR, **asked)


def test_polars_tables():
    """A Polars frame is scored where it is, and only there."""
    pl = pytest.importorskip("polars")
    table = pl.DataFrame([{name: getattr(event, name) for name in cxkit.model.COLUMNS} for event in YEAR])
    assert cxkit.score(table, "orders").get("orders").value == 4
    with pytest.raises(UnsupportedError, match="a polars table is scored by engine 'polars', not 'rows'"):
        cxkit.score(table, "orders", engine="rows")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"metrics": "npss"}, "unknown metric 'npss'; did you mean 'nps'"),
        ({"metrics": ["nps[answer=latest]"]}, "unknown option of nps 'answer'; did you mean 'answers'"),
        ({"by": "channle"}, "unknown column 'channle'; did you mean 'channel'"),
        ({"by": ["channel", "cupon"]}, "unknown column 'cupon'; did you mean 'coupon'"),
        ({"tz": "Asia/Ho_Chi_Min"}, "unknown time zone 'Asia/Ho_Chi_Min'; did you mean 'Asia/Ho_Chi_Minh'"),
        ({"every": "months"}, "unknown period 'months'; did you mean 'month'"),
        ({"engine": "polar"}, "unknown engine 'polar'; did you mean 'polars'"),
    ],
)
def test_unknown_names(asked: dict[str, Any], message: str):
    """A name that nobody knows is answered with the nearest."""
    with pytest.raises(UnknownNameError, match=message):
        cxkit.score(YEAR, **{"metrics": "orders", **asked})


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"metrics": ["nps", "nps"]}, "metrics: 'nps' is asked for twice"),
        ({"metrics": 3}, "metrics: 3 isn't a metric"),
        ({"by": ["channel", "channel"]}, "by: 'channel' is there twice"),
        ({"level": 95}, "level: 95 isn't between 0 and 1"),
        ({"max_people": 0}, "max_people: 0 must be at least 1"),
        ({"since": "tomorrow"}, "since: 'tomorrow' isn't a date or time"),
        ({"since": "2026-02", "until": "2026-02"}, "until: '2026-02' isn't after since"),
        ({"metrics": "retention_rate[every=month]", "every": "week"}, "every: 'week' is shorter than the month"),
        ({"by": "stage", "journey_map": "hourglas"}, "journey_map: 'hourglas' can't be read"),
    ],
)
def test_mistakes_are_named(asked: dict[str, Any], message: str):
    """What can't be asked is refused with its argument and value."""
    with pytest.raises(InvalidValueError, match=message):
        cxkit.score(YEAR, **{"metrics": "orders", **asked})


@pytest.mark.parametrize(
    "data", [3, None, YEAR[0], [YEAR[0], {"kind": "order.placed"}], [None], {"kind": "order.placed"}]
)
def test_what_is_no_data_is_refused(data: Any):
    """Something that holds no events is named."""
    with pytest.raises(InvalidValueError, match=r"^data: .* isn't"):
        cxkit.score(data, "orders")


def test_empty_data_ask_for_nothing():
    """No events give a card of zeros and dashes, whatever it is segmented by."""
    card = cxkit.score([], ["orders", "nps"], by=["channel", "whatever"], every="month")
    assert card.rows == ()
    card = cxkit.score([], ["orders", "nps"], by="whatever")
    assert [row.estimate.value for row in card] == [0, None]
