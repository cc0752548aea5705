"""Small groups: hidden wherever the card goes, not to be had from what is shown; or folded, each customer once."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cxkit
from cxkit.errors import InvalidValueError
from cxkit.simulate import simulate_shop

if TYPE_CHECKING:
    from pathlib import Path

    from cxkit.model.event import Event
    from cxkit.report import Scorecard

DAY = datetime(2026, 3, 1, tzinfo=UTC)


def answers(**channels: int) -> list[Event]:
    """Return so many answers by channel."""
    return [
        cxkit.event("survey.answered", instrument="nps", score=9, channel=channel, customer=f"c{n}", time=DAY)
        for channel, count in channels.items()
        for n in range(count)
    ]


def hidden(card: Scorecard) -> set[str]:
    """Return the channels whose rows are hidden."""
    return {str(row.segment["channel"]) for row in card if row.hidden}


@pytest.mark.parametrize(
    ("channels", "expected"),
    [
        ({"web": 50, "app": 20, "fax": 2, "mail": 9}, {"fax", "mail"}),
        ({"web": 50, "app": 20, "fax": 2}, {"fax", "app"}),
        ({"web": 50, "app": 20, "fax": 2, "mail": 3}, {"fax", "mail", "app"}),
        ({"web": 50, "app": 10}, set()),
        ({"web": 50, "app": 9}, {"app", "web"}),
        ({"app": 9}, {"app"}),
    ],
)
def test_the_small_and_their_cover(channels: dict[str, int], expected: set[str]) -> None:
    """Those below ten; and the next smallest, until two are hidden that hold ten together."""
    card = cxkit.score(answers(**channels), "nps", by="channel", min_n=10)
    assert hidden(card) == expected
    assert card.get("nps").n == sum(channels.values())


def test_what_is_hidden_is_nowhere() -> None:
    """No value, interval, number or exclusion of a hidden row is in any form of the card; the note says how many."""
    events = [*answers(web=50, app=7, fax=3), cxkit.event("survey.answered", instrument="nps", channel="fax", time=DAY)]
    card = cxkit.score(events, "nps", by="channel", min_n=10, targets={"nps": 40})
    assert card.notes[-1] == "Hidden: 2 rows rest on fewer than 10."
    for row in json.loads(card.to_json())["rows"]:
        if row["hidden"]:
            bare = [row[name] for name in ("value", "low", "high", "n", "n_effective", "se", "centre", "verdict")]
            assert bare == [None] * 8
            assert row["excluded"] == {}
    assert card.get("nps", channel="fax") == cxkit.Estimate(None, unit="points", method="hidden")
    assert [cell for cell in str(card).splitlines()[2].split("  ") if "+" not in cell] == ["hidden", "hidden"]


def test_the_note_counts_the_cover() -> None:
    """How many rest on too few, and how many more went with them."""
    card = cxkit.score(answers(web=50, app=20, fax=2), "nps", by="channel", min_n=10)
    note = "Hidden: 1 row rests on fewer than 10, and 1 more, from which they could be computed."
    assert card.notes[-1] == note


def test_rows_that_rest_on_nothing_stay() -> None:
    """There is nobody in them; each metric and period is looked at by itself."""
    events = [*answers(web=50, app=20), cxkit.event("order.placed", channel="fax", time=DAY)]
    card = cxkit.score(events, ["nps", "orders"], by="channel", min_n=10)
    assert [(row.metric, row.segment["channel"]) for row in card if row.hidden] == [("orders", "fax")]
    assert card.get("nps", channel="fax").value is None


def test_without_segments_nothing_is_hidden() -> None:
    """The overall rows stay."""
    card = cxkit.score(answers(web=3), "nps", min_n=10)
    assert (card.get("nps").value, card.notes) == (100.0, ())


@given(counts=st.dictionaries(st.sampled_from("abcdefg"), st.integers(1, 30), min_size=1), min_n=st.integers(1, 25))
def test_nothing_small_can_be_computed(counts: dict[str, int], min_n: int) -> None:
    """Whatever the groups: all shown are large enough, and so are the hidden together, unless none is shown."""
    card = cxkit.score(answers(**counts), "nps", by="channel", min_n=min_n)
    gone = hidden(card)
    assert all(n >= min_n for channel, n in counts.items() if channel not in gone)
    if gone and gone != counts.keys():
        assert len(gone) > 1
        assert sum(counts[channel] for channel in gone) >= min_n


def test_comparisons_have_nothing_hidden() -> None:
    """A hidden row has nothing to compare."""
    card = cxkit.score(answers(web=50, app=7, fax=3), "nps", by="channel", min_n=10)
    assert [row.segment for row in cxkit.compare(after=card, before=card)] == [{}, {"channel": "web"}]


@pytest.mark.parametrize("engine", ["rows", "polars", "duckdb"])
def test_folding_is_exact(engine: str) -> None:
    """The rest counts as if its events had one channel from the start: customers once, latest answers once."""
    if engine != "rows":
        pytest.importorskip(engine)
    shop = list(simulate_shop(customers=40, days=40))
    asked: dict[str, Any] = {
        "metrics": ["active_customers[kind=any]", "nps[answers=latest]", "repeat_purchase_rate", "revenue"],
        "by": "channel",
        "every": "month",
    }
    folded = cxkit.score(shop, top=2, engine=engine, **asked)
    names = {row.segment["channel"] for row in folded if not row.overall}
    assert len(names) == 3
    by_hand = [e if e.channel in names else attrs.evolve(e, channel="other") for e in shop]
    whole = cxkit.score(by_hand, **asked)
    assert {row.describe(): row.estimate for row in folded} == {row.describe(): row.estimate for row in whole}


def test_the_rest_comes_last_and_is_named() -> None:
    """The most frequent stand for themselves, the rest stands last, under a name that no segment has."""
    events = answers(web=5, app=4, zoo=3, other=2, fax=1)
    card = cxkit.score(events, "nps", by="channel", top=2)
    assert [row.segment.get("channel") for row in card] == [None, "app", "web", "(other)"]
    assert card.get("nps", channel="(other)").n == 6
    assert "Beyond the 2 with most events 3 segments are counted together as (other)." in card.notes
    fits = cxkit.score(events, "nps", by="channel", top=5)
    assert (len(fits), any("Beyond" in note for note in fits.notes)) == (6, False)


def test_null_is_a_segment_like_any() -> None:
    """Events without a channel stay by themselves unless they are among the few."""
    events = answers(web=5, app=2) + [
        cxkit.event("survey.answered", instrument="nps", score=0, customer=f"n{n}", time=DAY) for n in range(3)
    ]
    assert cxkit.score(events, "nps", by="channel", top=2).get("nps", channel=None).n == 3
    assert cxkit.score(events, "nps", by="channel", top=1).get("nps", channel="other").n == 5


def test_events_that_metrics_read_decide() -> None:
    """A channel with many visits and no answer is no large channel of an NPS."""
    events = [*answers(web=2, app=1), *(cxkit.event("visit.started", channel="kiosk", time=DAY) for _ in range(9))]
    assert {row.segment.get("channel") for row in cxkit.score(events, "nps", by="channel", top=1)} == {
        None, "web", "other",
    }  # fmt: skip


def test_fold_then_hide(tmp_path: Path) -> None:
    """What is folded may be large enough to be shown; generators, files and stores are gone through twice."""
    events = answers(web=50, app=40, fax=6, mail=5)
    with cxkit.connect(tmp_path / "shop.db") as cx:
        cx.add(events)
        of_store = cx.score("nps", by="channel", top=2, min_n=10)
    for data in (events, iter(events), tmp_path / "shop.db"):
        card = cxkit.score(data, "nps", by="channel", top=2, min_n=10)
        assert (hidden(card), card.get("nps", channel="other").n) == (set(), 11)
        assert card == of_store


@pytest.mark.parametrize("asked", [{"min_n": 0}, {"top": 0}, {"min_n": 2.5}, {"top": True}])
def test_wrong_numbers(asked: dict[str, Any]) -> None:
    """Whole numbers from 1."""
    with pytest.raises(InvalidValueError, match="isn't a whole number from 1"):
        cxkit.score([], "nps", by="channel", **asked)
