"""Ready-made cards show what they say: all of their metrics, empty where nothing was observed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

import cxkit
from cxkit.api.cards import CARDS
from cxkit.errors import InvalidValueError, UnknownNameError
from cxkit.plugins import registry

DAY = datetime(2026, 3, 1, tzinfo=UTC)
DESK = [
    *(
        cxkit.event(kind, reference=f"t-{n}", time=DAY)
        for n in range(30)
        for kind in ("contact.opened", "contact.answered")
    ),
    cxkit.event("survey.answered", instrument="nps", score=9, time=DAY),
]


@pytest.mark.parametrize("card", CARDS)
def test_cards_hold_known_metrics(card: str) -> None:
    """Every metric of a card is in the catalogue, once."""
    spellings = CARDS[card]
    assert [registry().catalogue.metric(each).label for each in spellings] == list(dict.fromkeys(spellings))


@pytest.mark.parametrize("engine", ["rows", "polars", "duckdb"])
def test_a_card_shows_what_it_says(engine: str) -> None:
    """What was observed has its number, all else an empty row, and one note says what is missing."""
    if engine != "rows":
        pytest.importorskip(engine)
    found = cxkit.score(DESK, card="service", engine=engine)
    assert found.metrics == CARDS["service"]
    assert found.get("first_response_time").value == 0
    # A plain count would say zero; a desk that records no reopening hasn't a perfect record.
    assert [row.estimate.value for row in found if row.metric in {"reopen_rate", "contact_rate", "ces"}] == [None] * 3
    (note,) = [note for note in found.notes if note.startswith("Nothing was observed for ")]
    assert "resolution_time (no contact.resolved)" in note
    assert "reopen_rate (no contact.reopened, no contact.resolved)" in note
    assert "contact_rate (no order.placed)" in note
    assert "ces (no answers to 'ces')" in note
    assert "first_response_time" not in note


def test_metrics_beside_a_card_come_after_it() -> None:
    """Both together, each once."""
    found = cxkit.score(DESK, ["nps", "ces"], card="service")
    assert found.metrics == (*CARDS["service"], "nps")
    assert found.get("nps").value == 100


def test_cards_by_segment_and_period() -> None:
    """Empty metrics have a row in every segment and period, as the others have."""
    found = cxkit.score(DESK, card="service", by="channel", every="month")
    assert len(found) == len(CARDS["service"]) * 2


def test_unknown_cards() -> None:
    """The nearest is suggested."""
    with pytest.raises(UnknownNameError, match="unknown card 'servce'; did you mean 'service'"):
        cxkit.score(DESK, card="servce")


def test_targets_on_a_card() -> None:
    """Targets stand on the rows of their metric; an empty row has no verdict."""
    found = cxkit.score(DESK, card="service", targets={"first_response_time": "<= 4 h", "ces": 5.5})
    assert {row.metric: row.verdict for row in found if row.target} == {"first_response_time": "met", "ces": None}


def test_a_target_is_looked_for_by_label_before_name() -> None:
    """A label's target is that variant's alone, and a name's is that of its plain metric where that is there."""
    asked = ["nps", "nps[answers=latest]", "nps[answers=first]"]
    found = cxkit.score(DESK, asked, targets={"nps[answers=latest]": 10, "nps": 20})
    assert [row.target and row.target.value for row in found] == [20, 10, None]
    only = cxkit.score(DESK, "nps[answers=latest]", targets={"nps": 20})
    assert [row.target.value for row in only] == [20]


def test_a_target_that_nobody_can_miss_is_refused() -> None:
    """A target for a metric that isn't asked for, or that there isn't."""
    with pytest.raises(InvalidValueError, match="targets: 'csat' isn't on this card: ask for the metric too"):
        cxkit.score(DESK, "nps", targets={"csat": 0.8})
    with pytest.raises(UnknownNameError, match="unknown metric 'nsp'; did you mean 'nps'"):
        cxkit.score(DESK, "nps", targets={"nsp": 8})
    with pytest.raises(InvalidValueError, match=r"targets\.csat: 80 would be 8000 %"):
        cxkit.score(DESK, "csat", targets={"csat": 80})


def test_a_metric_with_a_target_is_shown_though_nothing_was_observed() -> None:
    """Without metrics those that there are events for are shown, and what is aimed at."""
    found = cxkit.score(DESK, targets={"csat": 0.8})
    assert found.get("csat").value is None
    assert "stars" not in found.metrics


def test_money_targets_are_for_their_currency() -> None:
    """A target in dollars says nothing of dong."""
    orders = [
        cxkit.event("order.placed", amount=cxkit.Money("10", code), time=DAY) for code in ("USD", "USD", "VND", "VND")
    ]
    found = cxkit.score(orders, "average_transaction_value", targets={"average_transaction_value": "5 USD"})
    assert {row.currency: row.verdict for row in found} == {"USD": "met", "VND": None}
