"""The arithmetic traps, each with its figure, on every engine: what naive code gets wrong."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

import cxkit
from cxkit.model.event import to_us

DAY = 86_400_000_000


@pytest.fixture(params=["rows", "polars", "duckdb"])
def engine(request) -> str:
    """Each engine by its name; one whose library isn't there is skipped."""
    if request.param != "rows":
        pytest.importorskip(request.param, reason="pip install 'cxkit[frame]'")
    return str(request.param)


def order(
    number: int, amount_minor: int, *, currency: str = "USD", ts_us: int = 0, **columns: str | None
) -> cxkit.Event:
    """Return an order of some minor units."""
    return cxkit.Event(
        f"o{number}",
        ts_us,
        "order.placed",
        amount_minor=amount_minor,
        currency=currency,
        **columns,  # type: ignore[arg-type]
    )


def test_ties_in_time_go_by_source_and_id_in_code_point_order(engine):
    """Of answers at one instant with the ids _ a A B the first is A's and the latest a's, whatever a locale thinks."""
    events = [
        cxkit.Event(name, 0, "survey.answered", "c", instrument="nps", score=score)
        for name, score in (("_", 7.0), ("a", 9.0), ("A", 0.0), ("B", 7.0))
    ]
    assert cxkit.score(events, "nps[answers=latest]", engine=engine).get("nps").value == 100
    assert cxkit.score(events, "nps[answers=first]", engine=engine).get("nps").value == -100


def test_ten_thousand_orders_of_fifty_million_dong(engine):
    """Their squares sum to 2.5e19, past 64 bits: the spread is nought all the same."""
    events = [order(number, 50_000_000, currency="VND") for number in range(10_000)]
    card = cxkit.score(events, ["average_transaction_value", "revenue"], engine=engine)
    mean = card.get("average_transaction_value")
    assert (mean.value, mean.low, mean.high, mean.se) == (50_000_000, 50_000_000, 50_000_000, 0)
    assert card.get("revenue").value == 500_000_000_000


@pytest.mark.parametrize("mean_minor", [10**8, 10**14])
def test_a_small_spread_at_a_large_mean(engine, mean_minor):
    """A mean of a million (or a million million) with an SD of 1: floats lose the variance, whole numbers don't."""
    events = [order(number, mean_minor + (100 if number % 2 else -100)) for number in range(1_000)]
    found = cxkit.score(events, "average_transaction_value", engine=engine).get("average_transaction_value")
    assert found.value == mean_minor / 100
    assert found.se == pytest.approx((1_000 / 999 / 1_000) ** 0.5, rel=1e-12)


@pytest.mark.parametrize(
    ("zone", "instants"),
    [
        # Both sides of local midnight on the day that loses an hour and on the day that gains one.
        ("Europe/Berlin", [(2025, 3, 30), (2025, 10, 26)]),
        ("Australia/Lord_Howe", [(2025, 4, 6), (2025, 10, 5)]),  # half an hour
        ("America/St_Johns", [(2010, 3, 14), (2010, 11, 7)]),  # changed its clocks at one minute past midnight
    ],
)
def test_days_with_another_number_of_hours(engine, zone, instants):
    """Each instant is counted in the local day that a clock on the wall shows."""
    tz = ZoneInfo(zone)
    first = [int(datetime(*day, tzinfo=tz).timestamp()) for day in instants]
    moments = sorted({at + minutes * 60 for at in first for minutes in range(-90, 27 * 60, 29)})
    events = [order(number, 1, ts_us=at * 1_000_000) for number, at in enumerate(moments)]
    expected: dict[str, int] = {}
    for at in moments:
        day = datetime.fromtimestamp(at, tz).date().isoformat()
        expected[day] = expected.get(day, 0) + 1
    card = cxkit.score(events, "orders", every="day", tz=zone, engine=engine)
    assert {row.period: row.estimate.value for row in card if row.estimate.value} == expected


def test_times_before_1970(engine):
    """A microsecond before 1970 belongs to 1969, in days, weeks, months and years."""
    events = [order(1, 1, ts_us=-1), order(2, 1, ts_us=0)]
    for every, labels in (
        ("day", ("1969-12-31", "1970-01-01")),
        ("month", ("1969-12", "1970-01")),
        ("year", ("1969", "1970")),
    ):
        card = cxkit.score(events, "orders", every=every, engine=engine)
        assert [(row.period, row.estimate.value) for row in card] == [(label, 1) for label in labels]
    assert cxkit.score(events, "orders", every="week", engine=engine).periods == ("1970-W01",)


def test_a_ticket_that_crosses_periods_and_channels(engine):
    """Opened by e-mail in January, answered by phone in February: a day's wait of January's e-mail."""
    events = [
        cxkit.Event("1", 30 * DAY + DAY // 2, "contact.opened", reference="t", channel="email"),
        cxkit.Event("2", 31 * DAY + DAY // 2, "contact.answered", reference="t", channel="phone"),
    ]
    card = cxkit.score(events, "first_response_time[at=mean]", by="channel", every="month", engine=engine)
    seen = {
        (row.segment.get("channel"), row.period): row.estimate.value for row in card if row.estimate.value is not None
    }
    assert seen == {(None, "1970-01"): 86_400, ("email", "1970-01"): 86_400}


def test_an_answer_before_its_question(engine):
    """A reply that lies before the opening is no response time but is counted, and so is one without an opening."""
    events = [
        cxkit.Event("1", DAY, "contact.opened", reference="t"),
        cxkit.Event("2", 0, "contact.answered", reference="t"),
        cxkit.Event("3", 0, "contact.answered", reference="u"),
        cxkit.Event("4", 0, "contact.opened", reference="v"),
        cxkit.Event("5", 0, "contact.opened"),
    ]
    found = cxkit.score(events, "first_response_time", engine=engine).get("first_response_time")
    assert found.value is None
    assert found.excluded == {"no end yet": 1, "end before start": 1, "end without start": 1, "no key": 1}


def test_nan_is_no_answer():
    """NaN is a null on every engine, and never a promoter."""
    polars = pytest.importorskip("polars", reason="pip install 'cxkit[frame]'")
    duckdb = pytest.importorskip("duckdb", reason="pip install 'cxkit[frame]'")
    scores = [9.0, float("nan"), None, 0.0]
    columns = {"ts_us": [0] * 4, "kind": ["survey.answered"] * 4, "instrument": ["nps"] * 4, "score": scores}
    table = polars.DataFrame(columns)
    events = [
        cxkit.Event(str(n), 0, "survey.answered", instrument="nps", score=score) for n, score in enumerate(scores)
    ]
    for data in (events, table, table.lazy(), duckdb.connect().from_arrow(table.to_arrow())):
        found = cxkit.score(data, "nps").get("nps")
        assert (found.value, found.n, dict(found.excluded)) == (0, 2, {"no score": 2})


def test_two_spellings_of_one_letter_are_one_customer():
    """Ân, composed and decomposed, bought twice; a customer of null is nobody."""
    polars = pytest.importorskip("polars", reason="pip install 'cxkit[frame]'")
    duckdb = pytest.importorskip("duckdb", reason="pip install 'cxkit[frame]'")
    names = ["\u00c2n", "A\u0302n", None, "b"]
    table = polars.DataFrame({"ts_us": [0, 1, 2, 3], "kind": ["order.placed"] * 4, "customer": names, "channel": names})
    events = [cxkit.Event(str(n), n, "order.placed", name, channel=name) for n, name in enumerate(names)]
    cards = [
        cxkit.score(data, ["active_customers", "repeat_purchase_rate"], by="channel")
        for data in (events, table, duckdb.connect().from_arrow(table.to_arrow()))
    ]
    assert cards[0] == cards[1] == cards[2]
    assert cards[0].get("active_customers").value == 2
    assert cards[0].get("repeat_purchase_rate").value == 0.5
    assert cards[0].get("repeat_purchase_rate", channel="\u00c2n").value == 1


def test_a_segment_of_customers_is_of_people(engine):
    """Linked names are one segment: by customer, two names of one person are that person."""
    events = [
        order(1, 100, customer="b"),
        order(2, 100, customer="a"),
        cxkit.Event("l", 5, "identity.linked", "a", reference="b"),
    ]
    card = cxkit.score(events, "orders", by="customer", engine=engine)
    assert card.get("orders", customer="a").value == 2


def test_one_event(engine):
    """One event of each kind gives values, and no spread where one says nothing of it."""
    card = cxkit.score([order(1, 100, customer="c")], engine=engine)
    assert {row.metric: row.estimate.value for row in card} == {
        "orders": 1, "revenue": 1.0, "active_customers": 1, "average_transaction_value": 1.0, "purchase_frequency": 1,
        "repeat_purchase_rate": 0, "time_to_second_purchase": None,
    }  # fmt: skip
    assert card.get("average_transaction_value").high is None


def test_no_event(engine):
    """Nothing at all is nought orders, no average, and no error."""
    card = cxkit.score([], ["orders", "nps", "average_transaction_value", "first_response_time"], engine=engine)
    assert [row.estimate.value for row in card] == [0, None, None, None]


def test_shuffled_events_give_the_same_card(engine):
    """Order of arrival changes nothing, to the last digit of every estimate."""
    draw = random.Random(5)
    zero = to_us(datetime(2025, 3, 1, tzinfo=UTC))
    events = []
    for n in range(400):
        kind = draw.choice(["order.placed", "survey.answered", "contact.opened", "contact.answered", "identity.linked"])
        money = (
            {"amount_minor": draw.randrange(10**6), "currency": draw.choice(["USD", "VND"])} if "order" in kind else {}
        )
        reference = f"c{draw.randrange(30)}" if "identity" in kind else f"t{draw.randrange(60)}"
        events.append(
            cxkit.Event(
                str(n), zero + draw.randrange(60) * DAY, kind, draw.choice([None, f"c{draw.randrange(30)}"]),
                reference=reference, channel=draw.choice(["web", "app", None]),
                instrument=draw.choice(["nps", "csat", "ces"]) if "survey" in kind else None,
                score=float(draw.randint(1, 5)) if "survey" in kind else None, **money,
            )
        )  # fmt: skip
    asked = ["orders", "revenue", "active_customers", "nps[answers=latest]", "csat", "ces", "average_transaction_value",
             "repeat_purchase_rate", "retention_rate", "first_response_time"]  # fmt: skip
    card = cxkit.score(events, asked, by="channel", every="month", tz="Europe/Berlin")
    draw.shuffle(events)
    assert cxkit.score(events, asked, by="channel", every="month", tz="Europe/Berlin", engine=engine) == card
