"""Declarations as JSON: every statistic, every condition, there and back."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import attrs
import pytest

from cxkit import stats
from cxkit.errors import InvalidValueError
from cxkit.metrics import BUILT_IN
from cxkit.stats import AtLeast, By, In, IsNull, Less, Not, Statistic, Tally, Where, settle
from cxkit.stats.declared import STATISTICS, declaration, declared

from .test_laws import STATISTICS as EXAMPLES

CONDITIONS = {
    "equal": Where(kind="order.placed", score=9.0, gift=True),
    "in": Where(kind=("order.placed", "order.returned"), size=In((38, 38.5, "L"))),
    "bounds": Where(score=AtLeast(7)) & Where(score=Less(9.5)),
    "null": Where(customer=IsNull(), reference=Not(IsNull())),
    "not": Where(channel=Not(In(("web", "app"))), size=Not(Not(Less(3)))),
    "any": Where(),
    "odd columns": Where(**{"where": "a", "statistic": "b", "self": "c", "": "ü"}),
}


def back(statistic: Statistic) -> Statistic:
    """Return a statistic after it was written and read."""
    return declared(json.loads(json.dumps(declaration(statistic))))


@pytest.mark.parametrize("statistic", EXAMPLES.values(), ids=EXAMPLES)
def test_every_statistic(statistic: Statistic) -> None:
    """What is read back is equal and stands in the same place of a dictionary."""
    assert back(statistic) == statistic
    assert hash(back(statistic)) == hash(statistic)


@pytest.mark.parametrize("where", CONDITIONS.values(), ids=CONDITIONS)
def test_every_condition(where: Where) -> None:
    """So is every filter."""
    assert back(By(Tally(where), "channel")) == By(Tally(where), "channel")


@pytest.mark.parametrize("make", BUILT_IN, ids=lambda make: make.__name__)
def test_every_need_of_every_metric(make: Any) -> None:
    """So is what the metrics of the catalogue need."""
    for need in make().needs.values():
        assert back(settle(need, "month")) == settle(need, "month")


def test_all_statistics_can_be_saved() -> None:
    """No statistic is forgotten."""
    public = {each for each in vars(stats).values() if isinstance(each, type) and hasattr(each, "mergeable_over")}

    assert public - {Statistic} == set(STATISTICS.values())


def test_a_statistic_of_ones_own_is_refused() -> None:
    """What couldn't be read back isn't written."""

    @attrs.frozen
    class Own(Tally):
        name: ClassVar[str] = "own"

    with pytest.raises(InvalidValueError, match="none that can be saved"):
        declaration(Own(Where()))
