"""Instruments know their scales, and answers off the scale are refused."""

from __future__ import annotations

import math
import pickle
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxkit.errors import InvalidValueError, UnknownNameError
from cxkit.model.instrument import INSTRUMENTS, Instrument, Instruments, check_score

SMILEY = Instrument(name="smiley", title="Smileys", low=1, high=3)


@pytest.mark.parametrize(
    ("name", "low", "high", "better", "whole"),
    [
        ("nps", 0, 10, "higher", True),
        ("csat", 1, 5, "higher", True),
        ("ces", 1, 7, "higher", True),
        ("ces1", 1, 5, "lower", True),
        ("stars", 1, 5, "higher", True),
        ("sentiment", -1, 1, "higher", False),
        ("expectation", 1, 7, "higher", True),
        ("perception", 1, 7, "higher", True),
        ("brand_rank", 1, 100, "lower", False),
        ("sense", 1, 7, "higher", True),
        ("feel", 1, 7, "higher", True),
        ("think", 1, 7, "higher", True),
        ("act", 1, 7, "higher", True),
        ("relate", 1, 7, "higher", True),
    ],
)
def test_known_instruments_have_their_scales(name: str, low: float, high: float, better: str, whole: bool):  # noqa: FBT001
    """The built-in instruments have the scales of their definitions."""
    known = INSTRUMENTS[name]
    assert (known.name, known.low, known.high, known.better, known.whole) == (name, low, high, better, whole)
    assert known.midpoint == (low + high) / 2
    assert known.title


def test_these_are_the_known_instruments():
    """The table above is the whole list, in its order."""
    assert " ".join(INSTRUMENTS) == (
        "nps csat ces ces1 stars sentiment expectation perception brand_rank sense feel think act relate"
    )


@given(st.sampled_from(INSTRUMENTS.values()), st.integers(-20, 20))
def test_whole_answers_lie_on_the_scale(instrument: Instrument, score: int):
    """A whole answer is taken from one end of the scale to the other, and nowhere else."""
    if instrument.low <= score <= instrument.high:
        answer = check_score(instrument.name, score)
        assert (answer, type(answer)) == (score, float)
        assert check_score(instrument.name, answer) == answer
    else:
        with pytest.raises(InvalidValueError) as caught:
            check_score(instrument.name, score)
        reason = f"is outside the scale of {instrument.name!r}, {instrument.low:g}…{instrument.high:g}"
        assert (caught.value.field, caught.value.value, caught.value.reason) == ("score", score, reason)


def test_answers_between_two_are_refused():
    """An instrument of whole answers takes no half ones; a continuous one does."""
    with pytest.raises(InvalidValueError, match=r"score: 9.5 isn't a whole number, as answers to 'nps' are"):
        check_score("nps", 9.5)
    assert check_score("sentiment", -0.25) == -0.25


@pytest.mark.parametrize("instrument", ["nps", "smiley", None])
@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf, 10**400, True, "9", None, Decimal(9)])
def test_what_is_no_number_is_refused(instrument: str | None, score: object):
    """An answer is a finite number, also to an instrument that nobody knows."""
    with pytest.raises(InvalidValueError) as caught:
        check_score(instrument, score)
    assert (caught.value.field, caught.value.value) == ("score", score)
    assert caught.value.reason in ("isn't a number", "isn't finite")


def test_unknown_instruments_take_any_finite_answer():
    """Instruments are an open set, until a registry knows them."""
    assert check_score("smiley", 99.5) == 99.5
    assert check_score(None, -1) == -1
    assert math.copysign(1, check_score(None, -0.0)) == 1
    with pytest.raises(InvalidValueError, match="outside the scale of 'smiley', 1…3"):
        check_score("smiley", 99.5, INSTRUMENTS.add(SMILEY))


def test_a_registry_grows_into_another():
    """`add` gives a new registry, in which a name stands once, and leaves the old one."""
    wide = attrs.evolve(INSTRUMENTS["csat"], high=7)
    more = INSTRUMENTS.add(SMILEY, wide)
    assert list(more) == [*INSTRUMENTS, "smiley"]
    assert len(more) == len(more.values()) == len(INSTRUMENTS) + 1
    assert more["csat"].high == 7
    assert INSTRUMENTS["csat"].high == 5
    assert "smiley" in more
    assert "smiley" not in INSTRUMENTS
    assert more == Instruments(tuple(more.values()))
    assert hash(more) == hash(Instruments(more.values()))
    assert pickle.loads(pickle.dumps(more)) == more  # noqa: S301 - our own bytes
    assert pickle.loads(pickle.dumps(more))["smiley"] == SMILEY  # noqa: S301


def test_a_registry_lists_what_there_is():
    """An unknown name is an error with the nearest and with all."""
    for look in (INSTRUMENTS.get, INSTRUMENTS.__getitem__):
        with pytest.raises(UnknownNameError, match="unknown instrument 'npss'; did you mean 'nps'") as caught:
            look("npss")
        assert set(caught.value.names) == set(INSTRUMENTS)


def test_a_name_stands_once():
    """Two instruments of one name can't both be meant."""
    with pytest.raises(InvalidValueError, match="instruments: 'smiley' is there twice"):
        Instruments((SMILEY, SMILEY))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": 5}, "name"),
        ({"low": 3}, "low"),
        ({"low": 4}, "low"),
        ({"low": math.nan}, "low"),
        ({"high": math.inf}, "high"),
        ({"high": 10**400}, "high"),
        ({"low": "1"}, "low"),
        ({"high": True}, "high"),
        ({"better": "up"}, "better"),
    ],
)
def test_an_impossible_scale_is_refused(change: dict[str, Any], field: str):
    """A scale has two finite ends, the lower one first, a good end and a name."""
    with pytest.raises(InvalidValueError) as caught:
        attrs.evolve(SMILEY, **change)
    assert (caught.value.field, caught.value.value) == (field, change[field])
