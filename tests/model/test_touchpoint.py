"""A touchpoint checks its texts and its area."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from cxkit.errors import InvalidValueError
from cxkit.model.touchpoint import AREAS, ATTRIBUTES, Touchpoint


def test_a_key_is_enough():
    """All but the key may be left out; the title is the key then."""
    made = Touchpoint(key="desk.phone")
    assert attrs.asdict(made) == dict.fromkeys(attrs.asdict(made)) | {"key": "desk.phone", "title": "desk.phone"}
    assert set(ATTRIBUTES) < set(attrs.asdict(made))


@pytest.mark.parametrize("area", AREAS)
def test_areas_are_four(area: str):
    """Marketing, sales, commerce and service are areas."""
    assert Touchpoint(key="k", area=area).area == area


def test_texts_are_composed():
    """Keys are kept in NFC, as events keep theirs, or they would never meet."""
    made = Touchpoint(key="cafe\u0301", owner="e\u0301")
    assert (made.key, made.title, made.owner) == ("café", "café", "é")


@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        ({"area": "sale"}, "area", "isn't one of marketing, sales, commerce, service; did you mean 'sales'?"),
        ({"area": "xyz"}, "area", "isn't one of marketing, sales, commerce, service"),
        ({"area": 5}, "area", "isn't text"),
        ({"key": ""}, "key", "is empty: leave it out where there is none"),
        ({"key": None}, "key", "isn't text"),
        ({"title": None}, "title", "isn't text"),
        ({"stage": ["buy"]}, "stage", "isn't text"),
        ({"owner": ""}, "owner", "is empty: leave it out where there is none"),
        ({"channel": "a\0"}, "channel", "contains a NUL character, which databases can't hold"),
    ],
)
def test_what_no_field_can_hold_is_refused(fields: dict[str, Any], field: str, reason: str):
    """Errors name the field, the value and what would be right."""
    with pytest.raises(InvalidValueError) as caught:
        Touchpoint(**({"key": "k"} | fields))
    assert (caught.value.field, caught.value.value, caught.value.reason) == (field, fields[field], reason)


def test_a_touchpoint_is_frozen():
    """A changed touchpoint is another one, checked again."""
    made = Touchpoint(key="k", area="sales")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        made.area = "service"  # type: ignore[misc]
    assert attrs.evolve(made, area="service").area == "service"
    with pytest.raises(InvalidValueError):
        attrs.evolve(made, area="kitchen")
