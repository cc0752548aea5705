"""The same recipe on the frame engines: the events of the row engine, and its rejected lines, from whole columns."""

from __future__ import annotations

import csv
import io
import math
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

import cxkit
from cxkit import recipes
from cxkit.errors import BadRowError
from cxkit.files import once
from cxkit.model.event import COLUMNS
from cxkit.recipes import lazy_recipe
from cxkit.recipes.lazy_recipe import lazy_table

from .test_reading import CONDITIONS, HEAD, VALUES
from .test_shipped import SHOPIFY, WOOCOMMERCE

if TYPE_CHECKING:
    from cxkit.recipes import Recipe

pl = pytest.importorskip("polars")
pytest.importorskip("pyarrow")

ROOT = Path(__file__).parents[2]
UCI = ROOT.parent / "shared" / "data" / "online_retail_2009_2010.parquet"
QUIET = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=100)

RICH = """
name = "rich"
[input]
tz = "Europe/Berlin"
time_format = {formats}
nulls = ["n/a"]
optional = ["Lacking"]
[[joins]]
name = "people"
file = "people.csv"
on = {{ Who = "id" }}
[values.channels]
Shop = "store"
Web = "web"
Void = ""
[[events]]
kind = "order.placed"
group = ["No"]
where = {{ Qty = {{ above = 0 }}, Kind = {{ not = {{ starts_with = ["X", "Y"] }} }} }}
time = "At"
reference = "No"
customer = {{ column = "Who", whole = true }}
channel = {{ column = "Kind", values = "channels", default = "other" }}
amount = {{ product = ["Qty", "Price"], rounding = "half-up" }}
currency = {{ first_of = ["Cur", {{ constant = "EUR" }}] }}
[events.properties]
items = {{ total = "Qty" }}
lines = {{ count = true }}
last = {{ last = "Text" }}
first = "Text"
group = "segment"
[[events]]
kind = {{ column = "Kind", values = {{ X = "visit.started", Y = "contact.opened" }} }}
where = {{ Kind = ["X", "Y", "bad kind"] }}
time = {{ first_of = [{{ column = "Sent", format = "%d.%m.%Y %H:%M" }}, {{ column = "At", plus = "Wait" }}] }}
id = {{ text = "{{No}}-{{Who}}" }}
duration = {{ sum = ["Wait", {{ product = [0.5, "Qty"] }}] }}
weight = "Price"
item = {{ text = "{{Text}}{{Text}}" }}
touchpoint = "Lacking"
[[events]]
kind = "survey.answered"
where = {{ any = [{{ Score = {{ at_most = 10 }} }}, {{ Score = {{ at_least = 12, less = 100 }} }}] }}
time = "At"
instrument = {{ column = "Kind", values = {{ X = "nps", Y = "csat" }}, default = "" }}
score = "Score"
customer = "Who"
amount = {{ sum = ["Price", "Wait"] }}
currency = "Cur"
[events.properties]
text = "Text"
"""
VALUE_OF: dict[str, tuple[str, ...]] = {
    "No": ("1", "2", "3", "", "n/a"),
    "At": (
        "2026-01-31 09:30:00", "2026-01-31T09:30:00.5Z", "31.01.2026 09:30", "2026-03-29 02:30:00", "1.1.2026 9:30",
        "2026-10-25 02:30:00", "25.10.2026 02:30", "2026-01-31", "2026-02-30 09:30:00", "31.02.2026 10:00", "soon", "",
        "0001-01-01 00:00:00", " 2026-01-31 09:30:00", "2026-01-31T09:30:00+07:00", "2026-01-31 24:00:00",
    ),
    "Sent": ("", "31.01.2026 09:30", "29.03.2026 02:30", "x"),
    "Who": ("7", "8.0", "9.", "x", "", "+7", "n/a", " 7"),
    "Kind": ("Shop", "Web", "Void", "X", "Y", "bad kind", ""),
    "Qty": ("1", "2", "-1", "0.5", "", "1e2", "x", "1234567890123", "0.0000001", " 3"),
    "Price": ("1.25", "0.005", "9.999", "", "1", "1e-7", "99999999999.99", "x", "-0.015", "1234567890123456789012"),
    "Cur": ("EUR", "USD", "VND", "", "XYZ"),
    "Wait": ("", "60", "0.25", "-1.5", "0.0000004", "x"),
    "Score": ("", "9", "11", "5.5", "50", "x", "NaN", "1e1"),
    "Text": ("", "a", "caf\u00e9", "cafe\u0301", "\u0301b", "a,b", 'say "so"', "\u1ec7"),
}  # fmt: skip
FORMATS = ('["iso"]', '["%d.%m.%Y %H:%M"]', '["iso", "%Y-%m-%d %H:%M:%S", "unix"]', '["%Y-%d-%m %H:%M:%S"]')


@st.composite
def exports(draw: st.DrawFn) -> str:
    """Draw the lines of an export: most cells are plain."""
    plain = [st.sampled_from(values[:3]) for values in VALUE_OF.values()]
    odd = [st.sampled_from(values) for values in VALUE_OF.values()]
    cells = [st.one_of(one, one, one, other) for one, other in zip(plain, odd, strict=True)]
    rows = [list(row) for row in draw(st.lists(st.tuples(*cells), min_size=1, max_size=9))]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(VALUE_OF)
    for row in rows:
        writer.writerow(row[:-1] if draw(st.integers(0, 30)) == 0 else row)
    return out.getvalue()


def told(reading: recipes.RecipeReading) -> dict[str, Any]:
    """Return what a reading says of its lines."""
    return {
        "rows": reading.rows, "events": reading.events, "rejected": reading.rejected, "left out": reading.left_out,
        "notes": reading.notes(), "warnings": reading.warnings, "reasons": reading.reasons,
    }  # fmt: skip


def check_same(path: Path, recipe: Recipe | str, *, compiled: bool = True, **how: Any) -> pl.DataFrame | None:
    """Stop unless the table holds the events of the rows, and all else that is told is the same."""
    rejects: list[tuple[str, str]] = []
    with recipes.read(path, recipe, on_reject=lambda error, row: rejects.append((str(error), row)), **how) as reading:
        table = lazy_table(reading, "polars")
    if table is None:
        assert not compiled
        assert (rejects, reading.rows, reading.rejected) == ([], 0, 0)
        return None
    wanted: list[tuple[str, str]] = []
    rows = recipes.read(path, recipe, on_reject=lambda error, row: wanted.append((str(error), row)), **how)
    events = {(each.source, each.id): attrs.astuple(each) for each in once(rows)}

    assert rejects == wanted
    assert told(reading) == told(rows)
    made = table.select(COLUMNS).rows()
    # An id that nothing depends on isn't made: its event is the one that is left.
    identified = {(row[COLUMNS.index("source")], row[0]): row for row in made if row[0] is not None}
    assert {key: events.get(key) for key in identified} == identified
    others = sorted((row[1:] for key, row in events.items() if key not in identified), key=repr)
    assert sorted((row[1:] for row in made if row[0] is None), key=repr) == others
    return table


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with the second file of the rich recipe, a line of which is none."""
    (tmp_path / "people.csv").write_text("id,segment\n7,gold\n8.0,tin\nx,caf\u00e9\n9,too,long\n", encoding="utf-8")
    return tmp_path


@QUIET
@given(text=exports(), formats=st.sampled_from(FORMATS))
def test_same_as_rows(folder: Path, text: str, formats: str) -> None:
    """Whatever the lines, the events and the rejected lines are those of the row engine, to the word."""
    path = folder / "export.csv"
    path.write_text(text, encoding="utf-8")
    recipe = attrs.evolve(recipes.loads(RICH.format(formats=formats)), folder=str(folder))
    table = check_same(path, recipe, compiled=False)
    event("by columns" if table is not None else "by rows")


TYPED: dict[str, tuple[Any, ...]] = {
    "At": (
        datetime.fromisoformat("2026-01-31 09:30:00"), datetime.fromisoformat("2026-10-25 02:30:00.123456"), None,
        datetime.fromisoformat("2026-03-29 02:30:00"), datetime.fromisoformat("1700-01-01"),
    ),
    "Who": (7.0, 8.0, None, math.nan, 7.5, 1e16, -0.0, 0.0),
    "Qty": (1, 2, 3, -1, None, 2**62),
    "Price": (1.25, 0.005, 19.99, None, 0.1 + 0.2, 1e-7, 1e22, math.nan, -0.015),
    "Score": (9.0, None, 5.5, 11.0, math.inf, 50.0),
    "Wait": (60, None, 0, -5),
}  # fmt: skip
"""The cells of columns that a Parquet file holds as times and numbers."""


@QUIET
@given(data=st.data(), zone=st.sampled_from([None, "Asia/Ho_Chi_Minh"]), unit=st.sampled_from(["us", "ms"]))
def test_same_as_rows_in_parquet(folder: Path, data: st.DataObject, zone: str | None, unit: str) -> None:
    """Typed columns are taken as the row engine reads them: floats by their shortest digits, times by their zone."""
    n = data.draw(st.integers(1, 8))
    dtypes = {"At": pl.Datetime(unit), "Qty": pl.Int64, "Wait": pl.Int32}
    columns = []
    for name, values in (VALUE_OF | TYPED).items():
        cells = st.one_of(st.sampled_from(values[:3]), st.sampled_from(values))
        dtype = dtypes.get(name, pl.Float64) if name in TYPED else pl.String
        columns.append(pl.Series(name, data.draw(st.lists(cells, min_size=n, max_size=n)), dtype=dtype))
    path = folder / "export.parquet"
    pl.DataFrame(columns).with_columns(pl.col("At").dt.replace_time_zone(zone)).write_parquet(path)
    recipe = attrs.evolve(recipes.loads(RICH.format(formats=FORMATS[0])), folder=str(folder))
    table = check_same(path, recipe, compiled=False)
    event("by columns" if table is not None else "by rows")


@pytest.mark.parametrize("value", [value for value, _ in VALUES])
def test_values(tmp_path: Path, value: str) -> None:
    """Each form of a value is compiled."""
    path = tmp_path / "lines.csv"
    path.write_text("At,A,B,C,D,E\n2026-01-31,x,2,13085.0,2.50,\n2026-02-01,,,x,1e3,\n")

    check_same(path, recipes.loads(HEAD.format(input="", more="") + f"customer = {value}"))


@pytest.mark.parametrize("condition", [condition for condition, _ in CONDITIONS])
def test_conditions(tmp_path: Path, condition: str) -> None:
    """Each form of a condition is compiled; a number that is none leaves its line to rows."""
    path = tmp_path / "lines.csv"
    path.write_text(
        "At,A,B,C,Mark\n2026-01-31,x,2.0,1,x\n2026-01-31,y,1,C1,y\n2026-01-31,z,3,A2,z\n2026-01-31,,,2,-\n,,x,,\n"
    )

    check_same(path, recipes.loads(HEAD.format(input="", more="") + f'customer = "Mark"\nwhere = {condition}'))


@pytest.mark.parametrize(("name", "text"), [("shopify-orders", SHOPIFY), ("woocommerce-orders", WOOCOMMERCE)])
def test_shipped(tmp_path: Path, name: str, text: str) -> None:
    """The recipes that come with cxkit are compiled."""
    path = tmp_path / "orders.csv"
    path.write_text(text)

    assert len(check_same(path, name)) > 0


def test_cdnow() -> None:
    """A file without header and with blanks between its columns, whose purchases have no id but their content."""
    table = check_same(ROOT / "examples" / "data" / "CDNOW_sample.txt", "cdnow")

    assert len(table) == 6_919
    assert table["id"].drop_nulls().is_unique().all()


# UCI Online Retail II, 2009-2010: the figures of test_real_data, by columns.
@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_online_retail(engine: str) -> None:
    """A gift shop's year through its recipe without a row of it in Python."""
    pytest.importorskip(engine)
    if not UCI.exists():
        pytest.skip(f"{UCI.name} isn't here")
    with recipes.read(UCI, "online-retail", strict=True) as reading:
        table = lazy_table(reading, engine)
    known = ["orders[customers=known]", "average_transaction_value[customers=known]"]
    asked = [*known, "active_customers", "purchase_frequency", "repeat_purchase_rate"]
    card = cxkit.score(table, asked)
    months = cxkit.score(table, "retention_rate", every="month", tz="Europe/London")

    assert (reading.rows, reading.events, reading.left_out) == (525_461, 25_542, 3_691)
    assert card.get(known[0]).value == 19_213
    assert card.get(known[1]).value == pytest.approx(459.6889, abs=5e-5)
    assert card.get("active_customers").value == 4_312
    assert card.get("purchase_frequency").value == pytest.approx(4.455705, abs=5e-7)
    assert card.get("repeat_purchase_rate").value == pytest.approx(0.670918, abs=5e-7)
    assert months.get("retention_rate", period="2010-11").value == pytest.approx(0.438878, abs=5e-7)


ORDERS = "\n".join(
    ["At,Who,No,Total", *(f"2026-01-{day:02d} 09:30,c{day % 5},{day},{day}.50" for day in range(1, 29)), ""]
)
MONEY = 'customer = "Who"\nreference = "No"\namount = "Total"\ncurrency = { constant = "EUR" }\n'


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_score(tmp_path: Path, engine: str) -> None:
    """`score` reads by the recipe on any engine, to the same card, and names the first bad line."""
    pytest.importorskip(engine)
    recipe = recipes.loads(HEAD.format(input="", more="") + MONEY)
    path = tmp_path / "orders.csv"
    path.write_text(ORDERS)
    asked = ["orders", "revenue", "repeat_purchase_rate"]

    assert (
        cxkit.score(path, asked, recipe=recipe, engine=engine).to_json()
        == cxkit.score(path, asked, recipe=recipe).to_json()
    )
    path.write_text(ORDERS + "2026-01-31,c1,77,1.234\n")
    with pytest.raises(BadRowError, match=r"orders\.csv:30: Total: '1\.234' has more decimals than EUR has"):
        cxkit.score(path, asked, recipe=recipe, engine=engine)


def test_plain_lines_need_no_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What exports hold is read without a line in Python, else nothing would be gained; mostly odd lines aren't."""
    monkeypatch.setattr(lazy_recipe, "_FEW", 0)
    monkeypatch.setattr(lazy_recipe, "_MOST", 0)
    recipe = recipes.loads(HEAD.format(input="", more="") + MONEY)
    path = tmp_path / "orders.csv"
    path.write_text(ORDERS)

    assert check_same(path, recipe) is not None
    path.write_text(ORDERS + "soon,c1,77,1.25\n")
    assert check_same(path, recipe, compiled=False) is None


def test_a_correction_replaces(tmp_path: Path) -> None:
    """Of two lines of one id the later counts, unless it was replaced before."""
    path = tmp_path / "orders.csv"
    path.write_text(ORDERS + "2026-01-05 09:30,c0,5,9.99\n2026-01-05 09:30,c0,5,5.50\n")
    table = check_same(path, recipes.loads(HEAD.format(input="", more="") + MONEY))

    assert (len(table), table.filter(pl.col("reference") == "5")["amount_minor"].to_list()) == (28, [999])


def test_numbers_beyond_64_bits_are_left_to_rows(tmp_path: Path) -> None:
    """Sums that might not fit go row by row, where they are exact or refused."""
    path = tmp_path / "orders.csv"
    path.write_text("At,A,B\n2026-01-31,999999999999,0.000001\n2026-01-31,1,1\n")
    value = 'amount = { sum = ["A", "B"], rounding = "half-even" }\ncurrency = { constant = "EUR" }\n'

    check_same(path, recipes.loads(HEAD.format(input="", more="") + value), compiled=False)
