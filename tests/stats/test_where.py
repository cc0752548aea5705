"""The filter language: two-valued, closed, equal where it says the same."""

from __future__ import annotations

import math
from copy import deepcopy
from itertools import permutations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxkit.errors import InvalidValueError
from cxkit.stats import AtLeast, Equal, In, IsNull, Less, Not, Where

COLUMNS = {"kind": "survey.answered", "channel": ("app", "web"), "score": AtLeast(9), "item": IsNull()}
plain = st.sampled_from(("web", "app", "")) | st.integers(-2, 2) | st.floats(-2, 2) | st.booleans()
conditions = st.recursive(
    st.builds(Equal, plain)
    | st.builds(In, st.lists(plain, max_size=3))
    | st.builds(Less, st.integers(-2, 2))
    | st.builds(AtLeast, st.integers(-2, 2))
    | st.just(IsNull()),
    lambda inner: st.builds(Not, inner),
    max_leaves=3,
)


@pytest.mark.parametrize("order", list(permutations(COLUMNS)))
def test_order_of_conditions_means_nothing(order: tuple[str, ...]):
    """Two filters that say the same are equal and hash alike, so that metrics share what they need."""
    made = Where(**{column: COLUMNS[column] for column in order})
    assert made == Where(**COLUMNS)
    assert hash(made) == hash(Where(**COLUMNS))


@given(st.permutations(["a", "b", 3, 1.5]))
def test_order_of_choices_means_nothing(values: list[str | float]):
    """A choice among values is the same in any order, as list, tuple, set or condition."""
    choices = [values, tuple(values), set(values), frozenset(values), In(tuple(values)), [*values, *values]]
    assert {Where(channel=choice) for choice in choices} == {Where(channel=In((1.5, 3, "a", "b")))}


@pytest.mark.parametrize(
    ("condition", "value"),
    [
        (Equal("web"), "web"), (Equal(9), 9.0), (In(("app", "web")), "web"), (In((1, 2)), 2.0), (Less(7), 6.999),
        (Less(0), -math.inf), (AtLeast(9), 9.0), (AtLeast(9), 2**63), (IsNull(), None), (Not(Equal("web")), "app"),
        (Not(Not(IsNull())), None),
    ],
)  # fmt: skip
def test_true(condition: attrs.AttrsInstance, value: object):
    """What holds, holds, and its negation doesn't."""
    assert condition.holds(value) is True
    assert Not(condition).holds(value) is False


@pytest.mark.parametrize("condition", [Equal("web"), Equal(0), In(("web", 0)), In(()), Less(7), AtLeast(-7)])
def test_null_meets_nothing(condition: attrs.AttrsInstance):
    """A null equals nothing, is in nothing, below nothing and at least nothing; so the negations are true of it."""
    assert condition.holds(None) is False
    assert Not(condition).holds(None) is True


@given(conditions, st.none() | plain)
def test_never_unknown(condition: attrs.AttrsInstance, value: object):
    """Whatever the condition and the value, text against numbers too, one of a condition and its negation holds."""
    assert condition.holds(value) is not Not(condition).holds(value)


@given(conditions, conditions, st.none() | plain)
def test_and_is_both(one: attrs.AttrsInstance, other: attrs.AttrsInstance, value: object):
    """Filters put together hold where both do, also on one column."""
    left, right = Where(channel=one), Where(channel=other)
    assert (left & right).holds(lambda _: value) is (one.holds(value) and other.holds(value))
    assert left & right == right & left
    assert left & left == left


def test_every_event_passes_no_condition():
    """Where() is every event."""
    assert Where().holds(lambda _: None)
    assert Where().kinds is None
    assert Where().columns == frozenset()


def test_kinds():
    """The kinds that can pass are known where the filter names them, and only there."""
    assert Where(kind="order.placed").kinds == {"order.placed"}
    assert Where(kind=("order.placed", "order.refunded")).kinds == {"order.placed", "order.refunded"}
    assert Where(kind=Not(Equal("order.placed"))).kinds is None
    assert (Where(kind=("a.b", "c.d")) & Where(kind=("c.d", "e.f"))).kinds == {"c.d"}
    assert (Where(kind="a.b") & Where(kind="c.d")).kinds == frozenset()


def test_what_is_left_beyond_kinds():
    """An engine that looks at kinds need not test them again, but must test all else."""
    where = Where(kind="a.b", channel="web") & Where(kind=Not(IsNull()))
    assert dict(where.beyond_kind) == {"channel": Equal("web"), "kind": Not(IsNull())}
    assert where.columns == {"channel", "kind"}


def test_any_property_can_be_asked_for():
    """A column may have any name, also one that Python uses."""
    where = Where(**{"self": 1, "a b": "c"})
    assert where.holds({"self": 1, "a b": "c"}.get)


@pytest.mark.parametrize("value", [None, b"web", object(), {"a": 1}, ("web", None), [["web"]], {("a",)}])
def test_what_no_column_holds_is_refused(value: object):
    """A filter that could never hold is a mistake, and is named."""
    with pytest.raises(InvalidValueError, match="IsNull"):
        Where(channel=value)


@pytest.mark.parametrize(
    "part", [Equal("web"), In(("web",)), Less(3), AtLeast(3), IsNull(), Not(IsNull()), Where(channel="web")]
)
def test_filters_are_values(part: attrs.AttrsInstance):
    """Conditions and filters can't be changed, and hash alike where they are equal."""
    assert hash(deepcopy(part)) == hash(part)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        part.conditions = ()
