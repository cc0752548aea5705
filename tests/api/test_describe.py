"""describe: counts, gaps, duplicates, and what can be scored and why the rest can't."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import attrs
import pytest

import cxkit
from cxkit import Money, event
from cxkit.errors import InvalidValueError, UnknownNameError
from cxkit.metrics import BUILT_IN
from cxkit.simulate import simulate_shop

if TYPE_CHECKING:
    from pathlib import Path

START = datetime(2026, 3, 1, 23, tzinfo=UTC)


def at(day: float, kind: str, **columns: object) -> cxkit.Event:
    """Return an event so many days after the start."""
    return event(kind, time=START + timedelta(days=day), **columns)


ORDER = at(0, "order.placed", customer="a", reference="o-1", channel="web", amount=Money("10", "USD"))
EVENTS = [
    ORDER,
    at(1, "visit.started", customer="b", id="v-1"),
    at(5, "visit.started", id="v-2", channel="app"),
    at(7, "survey.answered", instrument="nps", score=9, customer="a", id="s-1"),
    at(7, "identity.linked", customer="a", reference="email:a", id="l-1"),
]


def test_counts_and_span() -> None:
    """What there is, of whom, from when to when."""
    found = cxkit.describe(EVENTS)
    assert (found.events, found.customers, found.anonymous) == (5, 2, 1)
    assert (found.first, found.last) == ("2026-03-01T23:00:00+00:00", "2026-03-08T23:00:00+00:00")
    assert found.counts["kind"]["visit.started"] == 2
    assert found.counts["channel"] == {None: 3, "web": 1, "app": 1}
    assert (found.counts["instrument"], found.counts["currency"]) == ({"nps": 1}, {"USD": 1})


def test_silence_is_told_by_local_days() -> None:
    """Days without an event, and the longest stretch of them; in another zone they are other days."""
    found = cxkit.describe(EVENTS)
    assert (found.silent_days, found.silence) == (4, cxkit.Silence("2026-03-03", "2026-03-05", 3))
    assert cxkit.describe(EVENTS, tz="Asia/Ho_Chi_Minh").silence.first == "2026-03-04"
    assert cxkit.describe(EVENTS[:2]).silence is None
    ancient = cxkit.describe([ORDER, event("visit.started", time=datetime(26, 3, 1, tzinfo=UTC))])
    assert ancient.silent_days == ancient.silence.days == 730_484


def test_what_stands_twice() -> None:
    """The same row again, another version of it, and its twin under another id."""
    twins = [attrs.evolve(ORDER, id="other"), attrs.evolve(ORDER, channel="app"), ORDER]
    found = cxkit.describe([ORDER, ORDER, *twins])
    assert (found.repeated, found.corrected, found.alike) == (3, 1, 1)
    assert "3 by source and id, 1 of them with other content; 1 equal in all but the id" in str(found)


def test_what_is_missing() -> None:
    """Each metric that can't be scored says what it lacks: kinds, an instrument, or a column that none has."""
    found = cxkit.describe(EVENTS)
    assert {"orders", "revenue", "nps", "visit_frequency"} <= set(found.scorable)
    assert found.missing["csat"] == ("answers to 'csat'",)
    assert found.missing["first_response_time"] == ("contact.answered", "contact.opened")
    assert found.missing["wait_time"] == ("contact.answered",)
    assert set(found.scorable) | set(found.missing) == {make().name for make in BUILT_IN}


def test_columns_that_are_missing() -> None:
    """Orders without an amount have no revenue, and without a customer nobody returns."""
    found = cxkit.describe([event("order.placed", reference="o-1"), event("contact.answered", reference="t-1")])
    assert found.missing["revenue"] == ("an amount on order.placed",)
    assert "orders" in found.scorable
    assert found.missing["retention_rate"] == ("a customer on order.placed",)
    assert found.missing["wait_time"] == ("a duration on contact.answered",)


def test_what_can_be_scored_is_scored() -> None:
    """What the description promises of a shop is on its card, with a number."""
    shop = list(simulate_shop(customers=60, days=60))
    card = cxkit.score(shop)
    shown = {row.name for row in card}
    numbers = {row.name for row in card if row.estimate.value is not None}
    scorable = set(cxkit.describe(shop).scorable)
    assert numbers <= scorable
    assert scorable - shown == {"net_revenue_retention"}  # which needs a year before


def test_nothing_and_what_is_none() -> None:
    """No events are described as none; what isn't events is refused."""
    empty = cxkit.describe([])
    assert (empty.events, empty.first, empty.scorable) == (0, None, ())
    assert "Nothing to show" in str(empty)
    for wrong in (3, [1], ORDER):
        with pytest.raises(InvalidValueError, match="data"):
            cxkit.describe(wrong)
    with pytest.raises(UnknownNameError, match="zone"):
        cxkit.describe([], tz="Berlin")


def test_files_and_stores(tmp_path: Path) -> None:
    """A path, a store or several; rows that can't be taken are counted."""
    path = tmp_path / "events.csv"
    path.write_text("time,kind\n2026-03-01T00:00:00Z,visit.started\nyesterday,visit.started\n")
    with cxkit.connect(tmp_path / "shop.db") as cx:
        cx.add(EVENTS)
    assert (cxkit.describe(path).events, cxkit.describe(path).rejected) == (1, 1)
    assert cxkit.describe([path, str(path)]).repeated == 1
    assert cxkit.describe([path, tmp_path / "shop.db"]).events == 6


def test_recipe(tmp_path: Path) -> None:
    """An export of another program is described by its recipe."""
    path = tmp_path / "cdnow.txt"
    path.write_text(" 00004 1 19970101 2 29.33\n 00004 1 19970118 2 29.73\n")
    found = cxkit.describe(path, recipe="cdnow")
    assert (found.events, found.customers, found.counts["kind"]) == (2, 1, {"order.placed": 2})


def test_renderings() -> None:
    """As text, Markdown and JSON it says the same."""
    found = cxkit.describe(EVENTS)
    told = json.loads(found.to_json())
    assert (told["customers"], told["missing"]["csat"]) == (2, ["answers to 'csat'"])
    assert told["silence"] == {"first": "2026-03-03", "last": "2026-03-05", "days": 3}
    assert {"column": "kind", "value": "order.placed", "events": 1} in told["rows"]
    assert "visit.started" in str(found)
    assert "visit.started" in found.to_markdown()


def test_many_values_are_cut() -> None:
    """Of very many channels the most frequent are shown, and how many more there are."""
    found = cxkit.describe([event("visit.started", channel=f"c{n % 30:02}") for n in range(60)])
    assert "… 18 more  36      60.0" in str(found)
