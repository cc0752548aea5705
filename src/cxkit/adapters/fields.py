"""Fields of a vendor's customers that scores are written to: which there are, and made where they lack."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Literal, Protocol, TypeAlias

from cxkit.errors import InvalidValueError
from cxkit.model.money import Money

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Sort: TypeAlias = Literal["text", "number"]
Score: TypeAlias = "float | str | Money | None"

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")


class FieldSource(Protocol):
    """How a vendor's fields are read and made."""

    def types(self) -> Mapping[str, Sort | str]:
        """Return the name of each field there is → ``text`` or ``number``, or what else the vendor calls its type."""

    def make(self, name: str, label: str, sort: Sort) -> None:
        """Make a field; the label is for those who will see it."""


class Fields:
    """The fields that scores are written to, asked for once; those that lack are made when first written to.

    >>> class Shelf:
    ...     def types(self):
    ...         return {"cx_nps_score": "number", "cx_mood": "date"}
    ...     def make(self, name, label, sort):
    ...         print("made", name, label, sort)
    >>> fields = Fields(Shelf(), "cx_")
    >>> fields.values({"nps_score": 9.0, "revenue": Money("120.50", "EUR"), "gone": None})
    made cx_revenue CX revenue number
    made cx_revenue_currency CX revenue currency text
    {'cx_nps_score': Decimal('9.0'), 'cx_revenue': Decimal('120.50'), 'cx_revenue_currency': 'EUR'}
    >>> fields.values({"mood": "well"})
    Traceback (most recent call last):
    cxkit.errors.InvalidValueError: cx_mood: 'well' is a text, and the field there is a date: rename one
    """

    def __init__(self, source: FieldSource, prefix: str) -> None:
        """Prepare them; nothing is asked yet.

        Args:
            source: how they are read and made.
            prefix: what their names begin with, so that they stand together and are nobody else's.
        """
        self._source = source
        self._prefix = prefix
        self._types: dict[str, Sort | str] | None = None

    def values(self, scores: Mapping[str, Score]) -> dict[str, Decimal | str | None]:
        """Return the values of fields for scores; None empties a field, and one that isn't there needs no emptying.

        Money takes two fields: a number to sort by, and its currency.

        Raises:
            InvalidValueError: a score has a name that no field can have, or is of another type than the field there.
        """
        found: dict[str, Decimal | str | None] = {}
        for name, value in self._cells(scores):
            known = self._known().get(name)
            if value is None:
                if known is not None:
                    found[name] = None
                continue
            sort: Sort = "text" if isinstance(value, str) else "number"
            if known is None:
                self._source.make(name, f"CX {name.removeprefix(self._prefix).replace('_', ' ')}", sort)
                self._known()[name] = sort
            elif known != sort:
                raise InvalidValueError(name, str(value), f"is a {sort}, and the field there is a {known}: rename one")
            found[name] = value
        return found

    def _known(self) -> dict[str, Sort | str]:
        if self._types is None:
            self._types = dict(self._source.types())
        return self._types

    def _cells(self, scores: Mapping[str, Score]) -> Iterator[tuple[str, Decimal | str | None]]:
        for score, value in scores.items():
            name = f"{self._prefix}{score}"
            if not _NAME.fullmatch(name):
                raise InvalidValueError("score", score, "isn't small letters, digits and _, as names of fields are")
            if isinstance(value, Money):
                yield name, value.amount
                yield f"{name}_currency", value.currency
            elif value is None:
                yield name, None
                yield f"{name}_currency", None
            else:
                yield name, value if isinstance(value, str) else Decimal(repr(value))
