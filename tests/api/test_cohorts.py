"""cohorts: held against a direct computation on CDNOW; what hasn't come yet is empty and never zero."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

import cxkit
from cxkit.errors import InvalidValueError, UnknownNameError
from cxkit.stats.intervals import wilson

CDNOW = Path(__file__).parents[2] / "examples" / "data" / "CDNOW_sample.txt"


def order(customer: str | None, month: int, day: int = 10, amount: str | None = "10", currency: str = "USD", **columns):
    """Return an order in 2026."""
    money = None if amount is None else cxkit.Money(amount, currency)
    time = datetime(2026, month, day, tzinfo=UTC)
    return cxkit.event("order.placed", customer=customer, time=time, amount=money, **columns)


@pytest.fixture(scope="module")
def purchases() -> list[tuple[str, datetime, Decimal]]:
    """Return CDNOW's purchases: customer, day, dollars."""
    rows = (line.split() for line in CDNOW.read_text("ascii").splitlines())
    return [(c, datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC), Decimal(usd)) for _, c, day, _, usd in rows]


@pytest.fixture(scope="module")
def cdnow(purchases) -> list[cxkit.Event]:
    """Return them as events."""
    return [
        cxkit.event("order.placed", customer=c, time=day, amount=cxkit.Money(usd, "USD"), source="cdnow", id=str(n))
        for n, (c, day, usd) in enumerate(purchases)
    ]


def test_cdnow_against_a_data_frame(cdnow, purchases):
    """Customers, who of them is active, and dollars, cell by cell as Polars has them; those not come yet are absent."""
    pl = pytest.importorskip("polars")
    table = pl.DataFrame(purchases, schema=["customer", "day", "usd"], orient="row")
    month = pl.col("day").dt.year() * 12 + pl.col("day").dt.month()
    table = table.with_columns(month=month, usd=pl.col("usd").cast(pl.Float64))
    table = table.with_columns(cohort=pl.col("month").min().over("customer"))
    direct = table.group_by("cohort", "month").agg(pl.col("customer").n_unique(), pl.col("usd").sum())
    expected = {(c, m - c): (n, usd) for c, m, n, usd in direct.iter_rows()}
    cells = {}
    for cell in cxkit.cohorts(cdnow):
        if cell.cohort is not None:
            year, number = map(int, cell.cohort.split("-"))
            cells[year * 12 + number, cell.offset] = cell

    assert {at for at in cells if cells[at].active} == expected.keys()
    for at, (customers, usd) in expected.items():
        assert (cells[at].active, cells[at].amount) == (customers, pytest.approx(usd, abs=1e-6))
        assert cells[at].customers == expected[at[0], 0][0]
    # 18 months of data: each cohort is followed to June 1998, and no cell beyond it is there.
    assert all(cohort + offset <= 1998 * 12 + 6 for cohort, offset in cells)
    assert len(cells) == 18 + 17 + 16
    assert sum(cell.customers for cell in cells.values() if cell.offset == 0) == 2357


def test_cdnow_by_hand(cdnow, purchases):
    """One cell, counted in a loop: those who began in February 1997 and bought in March."""
    first = {}
    for customer, day, _ in purchases:
        first[customer] = min(day, first.get(customer, day))
    february = {customer for customer, day in first.items() if (day.year, day.month) == (1997, 2)}
    back = {customer for customer, day, _ in purchases if (day.year, day.month) == (1997, 3)} & february
    cell = cxkit.cohorts(cdnow).get("1997-02", 1)

    assert (cell.customers, cell.active, cell.period) == (len(february), len(back), "1997-03")
    assert (cell.retention.low, cell.retention.high) == wilson(len(back) / len(february), len(february))


def test_the_line_of_all_cohorts_pools_those_that_were_followed(cdnow):
    """At each offset the cohorts that the data reaches are summed, and no other stands in the denominator."""
    table = cxkit.cohorts(cdnow)
    sums = defaultdict(lambda: [0, 0])
    for cell in table:
        if cell.cohort is not None:
            sums[cell.offset] = [sums[cell.offset][0] + cell.customers, sums[cell.offset][1] + cell.active]

    pooled = {cell.offset: [cell.customers, cell.active] for cell in table if cell.cohort is None}
    assert pooled == sums
    assert pooled[15][0] == 2357
    assert pooled[17][0] == table.get("1997-01", 0).customers


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_engines_agree(cdnow, engine):
    """Tables give the same cells as events."""
    pytest.importorskip(engine)

    assert cxkit.cohorts(cdnow, "quarter", engine=engine) == cxkit.cohorts(cdnow, "quarter")


def test_empty_is_not_zero():
    """A month in which nobody of the cohort came is zero, with its interval; one that hasn't come is not there."""
    events = [order("an", 1), order("binh", 1), order("chi", 2), order("an", 3, 31)]
    table = cxkit.cohorts(events)

    assert table.get("2026-01", 1).retention.value == 0.0
    assert table.get("2026-01", 1).retention.high == wilson(0, 2)[1]
    assert table.get("2026-01", 2).retention.value == 0.5
    assert table.get("2026-02", 1).active == 0
    assert table.get("2026-02", 2) is None
    assert str(table).splitlines()[4].split() == ["2026-02", "1", "0.0", "[0.0,", "79.3]"]


def test_a_period_that_is_not_over_is_marked_and_not_pooled():
    """Half of March can't stand for March."""
    events = [order("an", 1), order("binh", 1), order("an", 2), order("an", 3), order("chi", 3)]
    table = cxkit.cohorts(events)

    assert table.get("2026-01", 2).partial
    assert table.get("2026-03", 0).partial
    assert table.get(None, 2) is None
    assert table.get(None, 0).customers == 2
    assert "50.0 [9.5, 90.5] *" in str(table)
    assert any(note.startswith("* ") for note in table.notes)
    whole = cxkit.cohorts(events, as_of="2026-03-31")
    assert not whole.get("2026-01", 2).partial
    assert whole.get(None, 0).customers == 3


def test_bounds():
    """`since` leaves cohorts out and keeps what is known of their customers; `until` ends the data."""
    events = [order("an", 1), order("an", 2), order("binh", 2), order("binh", 3, 31)]

    since = cxkit.cohorts(events, since="2026-02-01")
    assert since.get("2026-02", 0).customers == 1
    with pytest.raises(UnknownNameError, match="2026-01"):
        since.get("2026-01", 0)
    until = cxkit.cohorts(events, until="2026-03-01")
    assert until.get("2026-01", 1).active == 1
    assert until.get("2026-02", 1) is None


def test_segments():
    """In a segment a customer begins with their first event there."""
    events = [order("an", 1, channel="store"), order("an", 2, 28, channel="web"), order("binh", 2, 28, channel="web")]
    table = cxkit.cohorts(events, by="channel")

    assert table.get("2026-02", 0).customers == 1
    assert table.get("2026-02", 0, channel="web").customers == 2
    assert table.get("2026-01", 1, channel="store").active == 0
    assert [grid.title for grid in table.to_grids()][:2] == ["overall · retention (%)", "overall · amount (USD)"]
    with pytest.raises(UnknownNameError, match="did you mean 'channel'"):
        table.get("2026-02", 0, chanel="web")


def test_amounts_of_several_currencies_are_never_added():
    """They aren't shown, and why is said; segmented by currency they are."""
    events = [order("an", 1), order("binh", 1, amount="9", currency="EUR"), order("an", 2, 28)]
    table, by_currency = cxkit.cohorts(events), cxkit.cohorts(events, by="currency")

    assert table.get("2026-01", 0).amount is None
    assert any("EUR, USD" in note and "never added" in note for note in table.notes)
    assert by_currency.get("2026-01", 1, currency="USD").amount == 10.0
    assert by_currency.get("2026-01", 0, currency="EUR").amount == 9.0


def test_minor_units():
    """Dong have none, dinars three."""
    for currency, amount in (("VND", "50000"), ("KWD", "1.250")):
        cell = cxkit.cohorts([order("an", 1, amount=amount, currency=currency)]).get("2026-01", 0)
        assert (cell.amount, cell.currency) == (float(amount), currency)


def test_other_activity():
    """Any kind may count; without amounts there is none to show."""
    events = [order("an", 1), cxkit.event("visit.started", customer="an", time=datetime(2026, 2, 28, tzinfo=UTC))]

    assert cxkit.cohorts(events, kind="any").get("2026-01", 1).active == 1
    visits = cxkit.cohorts(events, kind="visit.started")
    assert visits.get("2026-02", 0).amount is None
    assert "amount" not in str(visits)


def test_anonymous_orders_are_told():
    """They have no cohort."""
    table = cxkit.cohorts([order("an", 1), order(None, 1)])

    assert table.get("2026-01", 0).customers == 1
    assert "Left out: 1 no customer." in table.notes


def test_follow():
    """Cohorts are followed as far as one wants; a table of thousands of columns is refused."""
    events = [order("an", 1), order("an", 2), order("an", 3)]
    assert {cell.offset for cell in cxkit.cohorts(events, follow=1)} == {0, 1}

    long_ago = cxkit.event("order.placed", customer="old", time=datetime(1990, 1, 1, tzinfo=UTC))
    with pytest.raises(
        InvalidValueError, match=r"table of 13,\d\d\d columns: choose longer periods, or say with follow"
    ):
        cxkit.cohorts([long_ago, *events], "day")
    assert cxkit.cohorts([long_ago, *events], "day", follow=2).get("1990-01-01", 2).active == 0
    with pytest.raises(InvalidValueError, match="follow: -1"):
        cxkit.cohorts(events, follow=-1)


def test_nothing():
    """Without events there is no cohort; a wrong period is told."""
    assert len(cxkit.cohorts([])) == 0
    assert "Nothing to show" in str(cxkit.cohorts([]))
    assert "Nothing to show" in str(cxkit.cohorts([order(None, 1)]))
    with pytest.raises(UnknownNameError, match="did you mean 'month'"):
        cxkit.cohorts([], "moth")


def test_how_it_is_shown():
    """Text, Markdown, HTML, CSV and JSON have the same cells."""
    table = cxkit.cohorts([order("an", 1), order("binh", 1), order("an", 2, 28)], by="channel")

    assert repr(table) == "<CohortTable of 1 cohorts by month: 8 cells>"
    assert "| 2026-01 | 2 | 50.0 \\[" in table.to_markdown() or "| 2026-01 | 2 | 50.0 [" in table.to_markdown()
    assert '<th scope="row">2026-01</th><td>2</td><td>50.0 [9.5, 90.5]</td>' in table._repr_html_()
    header, first, *_ = table.to_csv().splitlines()
    assert header.startswith("channel,overall,cohort,offset,period,partial,customers,active,amount,currency,retention")
    assert first.startswith(",True,2026-01,0,2026-01,False,2,2,20.0,USD,1.0")
    told = json.loads(table.to_json())
    assert (told["every"], told["by"], len(told["rows"])) == ("month", ["channel"], 8)
