"""score: what is asked of events, and what comes back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

import cxkit
from cxkit import metrics
from cxkit.errors import InvalidValueError, UnknownNameError, UnsupportedError

START = datetime(2026, 1, 1, tzinfo=UTC)


def order(customer: str | None, *, days: float = 0, amount: str = "10.00", **columns: object) -> cxkit.Event:
    """Return an order some days after the year's start."""
    currency = str(columns.pop("currency", "USD"))
    time = START + timedelta(days=days)
    return cxkit.event("order.placed", customer=customer, time=time, amount=cxkit.Money(amount, currency), **columns)  # type: ignore[arg-type]


def values(card: cxkit.Scorecard, column: str) -> dict[str | None, float | None]:
    """Return the segments' values."""
    return {row.segment[column]: row.estimate.value for row in card if not row.overall}


def test_any_iterable_of_events_is_scored():
    """A list, a generator and a set give the same card."""
    events = [order("a"), order("b", days=1)]
    card = cxkit.score(events)
    assert cxkit.score(iter(events)) == card == cxkit.score(set(events))


def test_without_metrics_those_are_scored_that_there_are_events_for():
    """Orders alone give the metrics of orders, not empty rows of surveys."""
    assert cxkit.score([order("a")]).metrics == (
        "orders",
        "revenue",
        "active_customers",
        "average_transaction_value",
        "repeat_purchase_rate",
    )


def test_metrics_are_named_in_every_way():
    """A spelling, a metric, a factory and a list of them stand for the same."""
    answers = [cxkit.event("survey.answered", customer="a", instrument="nps", score=9)]
    spelled = cxkit.score(answers, "nps[answers=latest]")
    assert spelled == cxkit.score(answers, metrics.nps(answers="latest"))
    assert cxkit.score(answers, metrics.nps) == cxkit.score(answers, ["nps"])
    assert cxkit.score(answers, ["nps", "nps[answers=latest]"]).metrics == ("nps", "nps[answers=latest]")


def test_segments_of_a_column_a_property_and_two_columns():
    """Whatever an event holds can segment, and null is a segment too."""
    events = [
        order("a", channel="web", properties={"coupon": "TET"}),
        order("b", channel="web"),
        order("c", channel="app", properties={"coupon": "TET"}),
    ]
    assert values(cxkit.score(events, "orders", by="channel"), "channel") == {"web": 2, "app": 1}
    assert values(cxkit.score(events, "orders", by="coupon"), "coupon") == {"TET": 2, None: 1}
    card = cxkit.score(events, "orders", by=["channel", "coupon"])
    assert card.get("orders", channel="web", coupon=None).value == 1


def test_segments_of_a_journey_map():
    """A touchpoint's area, stage and owner come from the map; a touchpoint it lacks is null."""
    events = [order("a", touchpoint="storefront.checkout"), order("b", touchpoint="nowhere")]
    for column in ("area", "stage", "owner"):
        card = cxkit.score(events, "orders", by=column, journey_map="hourglass")
        expected = cxkit.JourneyMap.preset("hourglass").attribute(column)["storefront.checkout"]
        assert values(card, column) == {expected: 1, None: 1}


def test_a_journey_map_from_a_file(tmp_path):
    """A map's file gives the same segments as the map."""
    path = tmp_path / "map.toml"
    path.write_text(
        'name = "m"\n[[stage]]\nkey = "buy"\n[[touchpoint]]\nkey = "t"\nstage = "buy"\nowner = "An"\n', encoding="utf-8"
    )
    card = cxkit.score([order("a", touchpoint="t")], "orders", by="owner", journey_map=path)
    assert values(card, "owner") == {"An": 1}
    with pytest.raises(InvalidValueError, match=r"journey_map: .*missing\.toml.* can't be read"):
        cxkit.score([], "orders", by="owner", journey_map=tmp_path / "missing.toml")


def test_bounds_are_half_open_and_local():
    """`since` is in, `until` is out, and a date begins at midnight in the scorecard's zone."""
    events = [order("a", days=day) for day in (0, 1, 2)]
    assert cxkit.score(events, "orders", since="2026-01-02", until="2026-01-03").get("orders").value == 1
    assert cxkit.score(events, "orders", since=date(2026, 1, 2)).get("orders").value == 2
    assert cxkit.score(events, "orders", until="2026-01-01", tz="Asia/Ho_Chi_Minh").get("orders").value == 0
    assert cxkit.score(events, "orders", until=datetime(2026, 1, 2, tzinfo=UTC)).get("orders").value == 1


def test_periods_are_local():
    """An order at 23:00 UTC on the last of January is February's in Berlin."""
    events = [order("a", days=30 + 23 / 24)]
    assert cxkit.score(events, "orders", every="month").periods == ("2026-01",)
    assert cxkit.score(events, "orders", every="month", tz="Europe/Berlin").periods == ("2026-02",)


def test_periods_between_have_their_rows():
    """A month without orders between two with some is nought."""
    card = cxkit.score([order("a"), order("a", days=70)], "orders", every="month")
    assert [(row.period, row.estimate.value) for row in card] == [("2026-01", 1), ("2026-02", 0), ("2026-03", 1)]


@pytest.mark.parametrize(
    ("days", "bounds", "partial"),
    [
        ((0, 58), {}, [False, False]),  # 28 February is a whole last day
        ((0, 57), {}, [False, True]),
        ((1, 58), {}, [True, False]),
        ((0, 40), {"as_of": "2026-03-01"}, [False, False]),
        ((0, 58), {"since": "2026-01-01T12:00"}, [False]),
        ((0, 58), {"until": "2026-02-28"}, [False]),
        ((0, 40, 58), {"until": "2026-02-28"}, [False, True]),
    ],
)
def test_a_period_that_is_covered_in_part_is_marked(days, bounds, partial):
    """The first and last periods are partial unless the data, by whole days, or the bounds cover them."""
    card = cxkit.score([order("a", days=day) for day in days], "orders", every="month", **bounds)
    assert [row.partial for row in card] == partial


def test_retention_over_a_whole_span_leaves_out_a_period_that_is_not_over():
    """Half of March doesn't count as lost: only the months that are over are pooled."""
    events = [order("a", days=day) for day in (0, 31, 58)] + [order("b", days=63)]
    assert cxkit.score(events, "retention_rate").get("retention_rate").value == 1.0
    assert cxkit.score(events, "retention_rate", every="month").get("retention_rate", period="2026-03").value == 0.0


def test_several_currencies_are_never_added():
    """Each currency has its row and a note says why; one asks for the one meant."""
    events = [order("a"), order("b", currency="VND", amount="250000")]
    card = cxkit.score(events, ["revenue", "orders"])
    assert card.get("revenue", currency="USD").value == 10.0
    assert card.get("revenue", currency="VND").value == 250_000
    assert card.get("orders").value == 2
    assert "revenue is in 2 currencies (USD, VND), which are never added: one row each." in str(card)


def test_links_among_the_events_make_one_customer():
    """Two orders under two names of one person are a repeat purchase."""
    events = [order("a"), order("b", days=1)]
    link = cxkit.event("identity.linked", customer="a", reference="b", time=START)
    assert cxkit.score(events, "repeat_purchase_rate").get("repeat_purchase_rate").value == 0
    card = cxkit.score([*events, link], ["repeat_purchase_rate", "active_customers"])
    assert card.get("repeat_purchase_rate").value == 1
    assert card.get("active_customers").value == 1


def test_a_shared_identity_is_noted_and_merges_nobody():
    """A telephone of eleven customers says nothing of who they are, and the card says so."""
    events = [order(f"c{number}") for number in range(11)]
    events += [cxkit.event("identity.linked", customer=f"c{number}", reference="phone:0") for number in range(11)]
    card = cxkit.score(events, "active_customers")
    assert card.get("active_customers").value == 11
    assert card.notes == ("1 identity is shared by more than 10 customers and merged nobody: phone:0 (11).",)
    assert cxkit.score(events, "active_customers", max_people=11).get("active_customers").value == 1


@pytest.mark.parametrize(
    ("options", "near"),
    [
        ({"metrics": "npss"}, "unknown metric 'npss'; did you mean 'nps'"),
        ({"metrics": "nps[answer=latest]"}, "unknown option of nps 'answer'; did you mean 'answers'"),
        ({"metrics": "orders", "by": "chanel"}, "unknown column 'chanel'; did you mean 'channel'"),
        ({"metrics": "orders", "by": "cupon"}, "unknown column 'cupon'; did you mean 'coupon'"),
        ({"metrics": "orders", "tz": "Europe/Berln"}, "unknown time zone 'Europe/Berln'; did you mean 'Europe/Berlin'"),
        ({"metrics": "orders", "every": "months"}, "unknown period 'months'; did you mean 'month'"),
        ({"metrics": "orders", "engine": "polar"}, "unknown engine 'polar'; did you mean 'polars'"),
    ],
)
def test_an_unknown_name_suggests_the_nearest(options, near):
    """Whatever is mistyped is named with what was probably meant."""
    with pytest.raises(UnknownNameError, match=near):
        cxkit.score([order("a", properties={"coupon": "TET"})], **options)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"level": 95}, "level: 95 isn't between 0 and 1"),
        ({"since": "2026-02-01", "until": "2026-01-01"}, "until: '2026-01-01' isn't after since, '2026-02-01'"),
        ({"since": "last week"}, "since: 'last week' isn't a date or time"),
        ({"by": ["channel", "channel"]}, "by: 'channel' is there twice"),
        ({"metrics": ["nps", "nps"]}, "metrics: 'nps' is asked for twice"),
        ({"metrics": "retention_rate[every=month]", "every": "day"}, "every: 'day' is shorter than the month"),
        ({"max_people": 0}, "max_people: 0 must be at least 1"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(options, said):
    """An argument that can't be what was given is named with its value and what is wrong."""
    with pytest.raises(InvalidValueError, match=said):
        cxkit.score([order("a")], **options)


@pytest.mark.parametrize("data", [42, order("a"), [order("a"), "order"], [{"kind": "order.placed"}]])
def test_what_is_no_event_is_refused(data):
    """Numbers, a lone event, and lists with something else among the events are named."""
    with pytest.raises(InvalidValueError, match="data: "):
        cxkit.score(data, "orders")


def test_a_table_belongs_to_its_engine():
    """A Polars frame isn't scored by DuckDB, and the message says by what."""
    polars = pytest.importorskip("polars", reason="pip install 'cxkit[frame]'")
    table = polars.DataFrame({"ts_us": [0], "kind": ["order.placed"]})
    assert cxkit.score(table, "orders").get("orders").value == 1
    with pytest.raises(UnsupportedError, match="a polars table is scored by engine 'polars', not 'duckdb'"):
        cxkit.score(table, "orders", engine="duckdb")


def test_a_file_is_scored_by_its_path(tmp_path):
    """CSV, NDJSON and Parquet of the same events give the same card on every engine."""
    from cxkit.files import write_events

    events = [order(f"c{number % 5}", days=number, channel="web") for number in range(40)]
    card = cxkit.score(events, by="channel", every="month")
    for name in ("events.csv", "events.ndjson.gz", "events.parquet"):
        if name.endswith("parquet"):
            pytest.importorskip("pyarrow", reason="pip install 'cxkit[frame]'")
        path = tmp_path / name
        write_events(events, path)
        for engine in (None, "rows", "polars", "duckdb"):
            if engine in ("polars", "duckdb"):
                pytest.importorskip(engine, reason="pip install 'cxkit[frame]'")
            assert cxkit.score(path, by="channel", every="month", engine=engine) == card


def test_a_row_that_cannot_be_read_stops_the_score_of_a_path(tmp_path):
    """The error says file, line, column, value and reason."""
    path = tmp_path / "bad.csv"
    path.write_text("time,kind\n2026-01-01T00:00Z,order.placed\nyesterday,order.placed\n", encoding="utf-8")
    with pytest.raises(InvalidValueError, match=r"bad\.csv:3: time: 'yesterday' isn't a time"):
        cxkit.score(path, "orders")
