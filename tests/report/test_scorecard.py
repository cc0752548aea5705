"""A scorecard is looked up, filtered and handed on; what isn't there is answered with what there is."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import attrs
import pytest

from cxkit.errors import AmbiguousError, MissingExtraError, UnknownNameError
from cxkit.metrics import Estimate
from cxkit.report import Row, Scorecard

COLUMNS = (
    "metric", "period", "partial", "overall", "channel", "currency", "value", "low", "high", "level", "n", "unit",
    "method", "n_effective", "se", "centre", "excluded", "target", "verdict", "hidden",
)  # fmt: skip


def row(metric: str = "nps", value: float | None = 30.0, **columns: Any) -> Row:
    """Return a row of an estimate."""
    segment = columns.pop("segment", {})
    known = {
        "title": metric.upper(), "better": "higher", "segment": segment, "overall": not segment, "period": None,
        "partial": False, "currency": None, "estimate": Estimate(value, 10.0, 40.0, n=5, unit="points"),
    }  # fmt: skip
    return Row(metric=metric, **known | columns)


WEB, APP, NONE = {"channel": "web"}, {"channel": "app"}, {"channel": None}
CARD = Scorecard(
    tuple(
        row(metric, value + 10 * month, segment=segment, period=f"2026-0{month}", partial=month == 3)
        for metric in ("nps", "nps[answers=latest]", "csat")
        for month in (1, 2, 3)
        for value, segment in ((0.0, {}), (1.0, WEB), (2.0, APP), (3.0, NONE))
    ),
    by=("channel",),
    every="month",
    tz="Europe/Berlin",
    notes=("A note.",),
)
MONEY = Scorecard((row("revenue", 5.0, currency="USD"), row("revenue", 7.0, currency="VND")))


def test_it_is_a_sequence_of_rows():
    """A card is gone through row by row, in order."""
    assert list(CARD) == list(CARD.rows)
    assert len(CARD) == 36
    assert CARD.metrics == ("nps", "nps[answers=latest]", "csat")
    assert CARD.periods == ("2026-01", "2026-02", "2026-03")
    assert next(iter(CARD)).name == "nps"


def test_get():
    """Metric, period and segment name one estimate; without a segment it is the overall one."""
    assert CARD.get("csat", channel="web", period="2026-03").value == 31
    assert CARD.get("csat", channel=None, period="2026-03").value == 33
    assert CARD.get("csat", period="2026-02").value == 20


def test_get_by_label_before_name():
    """A label names its own variant; a name does where one variant stands alone."""
    assert CARD.get("nps", period="2026-01") == CARD.rows[0].estimate
    assert CARD.get("nps[answers=latest]", period="2026-01") == CARD.rows[12].estimate
    alone = Scorecard((row("nps[answers=latest]"),))
    assert alone.get("nps") == alone.rows[0].estimate
    two = Scorecard((row("nps[answers=latest]"), row("nps[answers=first]")))
    with pytest.raises(AmbiguousError, match="2 rows answer to nps over all segments"):
        two.get("nps")


def test_get_by_currency():
    """Of a metric in several currencies the currency says which row is meant."""
    assert MONEY.get("revenue", currency="VND").value == 7
    with pytest.raises(AmbiguousError, match=r"2 rows answer to revenue over all segments; there is:\n  revenue, cur"):
        MONEY.get("revenue")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({}, r"3 rows answer to csat over all segments; there is:\n  csat, period='2026-01'\n  csat, period='2026-02'"),
        ({"period": "2026-09"}, r"no row answers to csat with period='2026-09'; there is:\n  csat, period='2026-01'\n"),
        ({"channel": "web"}, r"3 rows answer to csat with channel='web'; there is:\n  csat, channel='web', period="),
        ({"channel": "fax", "period": "2026-01"}, r"no row answers to csat with channel='fax', period='2026-01'"),
        ({"currency": "USD"}, r"no row answers to csat with currency='USD'"),
        ({"channel": None}, r"3 rows answer to csat with channel=None; there is:"),
    ],
)
def test_get_lists_what_there_is(asked: dict[str, Any], message: str):
    """None or several rows are an error that says which there are."""
    with pytest.raises(AmbiguousError, match=message):
        CARD.get("csat", **asked)


def test_long_lists_are_cut():
    """An error lists a screen's worth."""
    card = Scorecard(tuple(row("nps", period=f"2026-01-{day:02d}") for day in range(1, 29)), every="day")
    with pytest.raises(AmbiguousError, match=r"… and 8 more$"):
        card.get("nps")


def test_unknown_names():
    """A metric or column that the card lacks is named with the nearest."""
    with pytest.raises(UnknownNameError, match="metric on this scorecard 'ncs'; did you mean 'nps'"):
        CARD.get("ncs")
    for ask in (CARD.get, lambda _, **segment: CARD.filter(**segment)):
        with pytest.raises(UnknownNameError, match="column of this scorecard 'chanel'; did you mean 'channel'"):
            ask("nps", chanel="web")


def test_filter():
    """Rows are kept that match all that is asked; the frame of the card stays."""
    found = CARD.filter(metric="csat", channel="web")
    assert [(r.metric, r.period, r.segment) for r in found] == [("csat", f"2026-0{m}", WEB) for m in (1, 2, 3)]
    assert (found.by, found.every, found.tz, found.notes) == (CARD.by, CARD.every, CARD.tz, CARD.notes)
    assert {r.metric for r in CARD.filter(metric="nps")} == {"nps", "nps[answers=latest]"}
    assert len(CARD.filter(period="2026-02")) == 12
    assert [r.segment for r in CARD.filter(metric="csat", period="2026-01", channel=None)] == [NONE]
    assert len(CARD.filter(channel="fax")) == 0


def test_overall():
    """Only the rows over all segments."""
    assert len(CARD.overall()) == 9
    assert all(r.overall and not r.segment for r in CARD.overall())


def test_latest():
    """The latest period, and those before it, by number."""
    assert CARD.latest().periods == ("2026-03",)
    assert CARD.latest(2).periods == ("2026-02",)
    assert CARD.latest(3).get("csat", channel="app").value == 12


@pytest.mark.parametrize("back", [0, 4, -1])
def test_latest_of_too_few(back: int):
    """A period that isn't there is an error that lists those that are."""
    with pytest.raises(AmbiguousError, match="its periods are 2026-01, 2026-02, 2026-03"):
        CARD.latest(back)
    with pytest.raises(AmbiguousError, match="it has no periods: score with every='month'"):
        MONEY.latest()


def test_to_dicts():
    """A row is a flat dictionary, with its segment's column beside the numbers."""
    found = CARD.filter(metric="csat", period="2026-03", channel=None).to_dicts()
    assert found == [
        {
            "metric": "csat", "period": "2026-03", "partial": True, "overall": False, "channel": None,
            "currency": None, "value": 33.0, "low": 10.0, "high": 40.0, "level": 0.95, "n": 5, "unit": "points",
            "method": "none", "n_effective": None, "se": None, "centre": None, "excluded": {},
            "target": None, "verdict": None, "hidden": False,
        }
    ]  # fmt: skip
    assert {tuple(each) for each in CARD.to_dicts()} == {COLUMNS}


@pytest.mark.parametrize("column", ["n", "value", "metric", "period", "currency", "excluded"])
def test_columns_that_clash(column: str):
    """A segment's column named as one of the card's own is set apart."""
    card = Scorecard((row(segment={column: "x"}),), by=(column,))
    (found,) = card.to_dicts()
    assert found[f"segment_{column}"] == "x"
    assert found[column] != "x"


def test_to_json():
    """JSON holds the frame and the rows, and nothing that isn't JSON."""
    found = json.loads(CARD.to_json())
    rows = found.pop("rows")
    assert found == {"by": ["channel"], "every": "month", "tz": "Europe/Berlin", "notes": ["A note."]}
    assert rows == CARD.to_dicts()
    assert CARD.to_json(indent=2).startswith('{\n  "by"')
    assert "né" in Scorecard((row(segment={"channel": "né"}),), by=("channel",)).to_json()


HOSTILE = 'a "quoted", one\nwith\r\nlines; and |=1+1'


def test_to_csv():
    """CSV is read back as it was, whatever the segments are called."""
    card = attrs.evolve(CARD, rows=(*CARD.rows, row("csat", None, segment={"channel": HOSTILE}, period="2026-03")))
    found = list(csv.DictReader(io.StringIO(card.to_csv(), newline="")))
    assert tuple(found[0]) == COLUMNS
    assert len(found) == len(card)
    assert (found[-1]["channel"], found[-1]["value"], found[-1]["excluded"]) == (HOSTILE, "", "{}")
    assert float(found[1]["value"]) == 11.0


def test_excluded_in_tables_is_json():
    """What was left out is JSON in a cell."""
    card = Scorecard((row(estimate=Estimate(1.0, excluded={"no score": 2})),))
    (found,) = csv.DictReader(io.StringIO(card.to_csv()))
    assert json.loads(found["excluded"]) == {"no score": 2}


def test_to_pandas():
    """A pandas frame has a row for each estimate."""
    pytest.importorskip("pandas")
    found = CARD.to_pandas()
    assert tuple(found.columns) == COLUMNS
    assert list(found["value"]) == [each["value"] for each in CARD.to_dicts()]
    assert tuple(Scorecard(()).to_pandas().columns) == tuple(c for c in COLUMNS if c != "channel")


def test_to_polars():
    """A Polars frame has a row for each estimate, of the same types whatever the card holds."""
    pl = pytest.importorskip("polars")
    found = CARD.to_polars()
    assert tuple(found.columns) == COLUMNS
    assert found["value"].to_list() == [each["value"] for each in CARD.to_dicts()]
    nothing = Scorecard((row(value=None, segment=NONE, estimate=Estimate(None)),), by=("channel",)).to_polars()
    assert nothing.schema == found.schema
    assert found.schema["value"] == found.schema["se"] == pl.Float64
    assert found.schema["channel"] == found.schema["currency"] == pl.String
    assert found.schema["n"] == pl.Int64
    assert Scorecard((), by=("channel",)).to_polars().columns == found.columns


@pytest.mark.parametrize(("library", "extra"), [("pandas", "pandas"), ("polars", "frame")])
def test_missing_libraries(library: str, extra: str, monkeypatch: pytest.MonkeyPatch):
    """Without the library the error names the extra that brings it."""
    monkeypatch.setitem(__import__("sys").modules, library, None)
    with pytest.raises(MissingExtraError, match=rf"pip install 'cxkit\[{extra}\]'"):
        getattr(CARD, f"to_{library}")()


def test_repr():
    """In a list or a debugger a card is one line."""
    assert repr(CARD) == "<Scorecard of nps, nps[answers=latest], csat: 36 rows>"
    assert repr(Scorecard(())) == "<Scorecard of nothing: 0 rows>"
