"""Customers who answer again and again: the card says so, and which spelling reckons with it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

import cxkit

START = datetime(2026, 1, 10, tzinfo=UTC)


def answers(customers: int, each: int, *, months: bool = False, **columns: object) -> list[cxkit.Event]:
    """Return so many answers of each customer, on one day or a month apart."""
    return [
        cxkit.event(
            "survey.answered", instrument="nps", score=n % 11, customer=f"c{n}",
            time=START.replace(month=1 + k) if months else START, **columns,
        )
        for n in range(customers)
        for k in range(each)
    ]  # fmt: skip


NOTE = "Answers a customer: nps 3.0. They aren't independent, so that intervals are too narrow: "


@pytest.mark.parametrize("engine", ["rows", "polars", "duckdb"])
def test_the_card_says_so(engine: str) -> None:
    """Three answers each, on every engine; the clustered interval and the thinned answers need no note."""
    if engine != "rows":
        pytest.importorskip(engine)
    asked = ["nps", "nps[answers=latest]", "nps[interval=clustered]"]
    card = cxkit.score(answers(20, 3), asked, engine=engine)
    assert card.notes == (NOTE + "ask for nps[interval=clustered].",)
    assert card.repeats == {"nps": 3.0}


def test_few_repeats_are_nothing_to_say() -> None:
    """One in ten may answer twice; answers of nobody repeat nothing."""
    assert cxkit.score([*answers(20, 1), *answers(2, 1)], "nps").notes == ()
    assert cxkit.score(answers(20, 3) + [cxkit.event("survey.answered", instrument="nps", score=9)] * 99, "nps").notes
    nobody = [cxkit.event("survey.answered", instrument="nps", score=9, time=START)] * 9
    assert cxkit.score(nobody, "nps").notes == ()


def test_periods_are_looked_at_one_by_one() -> None:
    """Who answers once a month answers once in each row of the card."""
    assert cxkit.score(answers(20, 3, months=True), "nps", every="month").repeats == {}
    assert cxkit.score(answers(20, 3, months=True), "nps").repeats == {"nps": 3.0}


def test_options_are_kept_in_what_is_suggested() -> None:
    """The variant that is asked for keeps its options."""
    note = cxkit.score(answers(20, 3), "nps[interval=wald]").notes[0]
    assert note.endswith("ask for nps[interval=clustered].")
    stars = [cxkit.event("survey.answered", instrument="ces", score=5, customer="c", time=START)] * 3
    assert cxkit.score(stars, "ces[value=share]").notes[0].endswith("ask for ces[value=share,interval=clustered].")


def test_comparisons_say_so_too() -> None:
    """Of what is compared, the more repeated side counts."""
    after, before = cxkit.score(answers(20, 3), "nps"), cxkit.score(answers(20, 1), "nps")
    notes = cxkit.compare(after=after, before=before).notes
    assert (
        notes[1] == NOTE.replace("too narrow", "too narrow and p-values too small") + "ask for nps[interval=clustered]."
    )
    assert len(cxkit.compare(after=before, before=before).notes) == 1
