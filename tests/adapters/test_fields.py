from __future__ import annotations

from decimal import Decimal

import pytest

from cxkit.adapters import Fields
from cxkit.errors import FatalAdapterError, InvalidValueError
from cxkit.model.money import Money

CLV = Money("120.50", "EUR")


class Shelf:
    """Fields somewhere, with a count of how often they were listed."""

    def __init__(self, **types: str) -> None:
        """Hold fields."""
        self.held = types
        self.labels: dict[str, str] = {}
        self.listed = 0

    def types(self) -> dict[str, str]:
        """Return them."""
        self.listed += 1
        return self.held

    def make(self, name: str, label: str, sort: str) -> None:
        """Make one, unless it is secret."""
        if "secret" in name:
            raise FatalAdapterError("you may not", status=403)
        self.labels[name] = f"{label}: {sort}"


def test_fields_are_made_once_and_by_their_type() -> None:
    """A number, a text and money make the fields they need, and the next customer's find them."""
    shelf = Shelf()
    fields = Fields(shelf, "cx_")
    scores: dict[str, float | str | Money | None] = {"nps_score": 9.0, "orders": 3, "nps_group": "promoter", "clv": CLV}

    first = fields.values(scores)
    made, shelf.labels = shelf.labels, {}

    assert first == fields.values(scores)
    assert first == {
        "cx_nps_score": Decimal(9), "cx_orders": Decimal(3), "cx_nps_group": "promoter", "cx_clv": Decimal("120.50"),
        "cx_clv_currency": "EUR",
    }  # fmt: skip
    assert made == {
        "cx_nps_score": "CX nps score: number", "cx_orders": "CX orders: number", "cx_nps_group": "CX nps group: text",
        "cx_clv": "CX clv: number", "cx_clv_currency": "CX clv currency: text",
    }  # fmt: skip
    assert (shelf.labels, shelf.listed) == ({}, 1)


def test_nothing_empties_what_there_is() -> None:
    """What nothing was observed for empties its fields, both of money, and makes none."""
    shelf = Shelf(cx_clv="number", cx_clv_currency="text")

    assert Fields(shelf, "cx_").values({"clv": None, "nps": None}) == {"cx_clv": None, "cx_clv_currency": None}
    assert shelf.labels == {}


@pytest.mark.parametrize(
    ("score", "value", "said"),
    [
        ("mood", "well", "is a text, and the field there is a date"),
        ("group", 1.0, "is a number, and the field there is a text"),
        ("NPS score", 9.0, "isn't small letters"),
    ],
)
def test_what_a_field_cannot_hold_is_refused(score: str, value: float | str, said: str) -> None:
    """A score of another type than the field there, or with a name that none can have, is named."""
    with pytest.raises(InvalidValueError, match=said):
        Fields(Shelf(cx_mood="date", cx_group="text"), "cx_").values({score: value})


def test_a_field_that_cannot_be_made_is_asked_for_again() -> None:
    """A refusal to make a field comes through, and isn't taken for a field."""
    fields = Fields(Shelf(), "cx_")

    for _ in range(2):
        with pytest.raises(FatalAdapterError, match="you may not"):
            fields.values({"secret": 1.0})
