"""Converting the amounts of events, before anything reads them."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Final

from cxkit.engines.request import converted
from cxkit.errors import InvalidValueError
from cxkit.model.event import COLUMNS, event_of_row
from cxkit.model.money import Money

if TYPE_CHECKING:
    from cxkit.engines.request import Request
    from cxkit.model.event import Event

_ALL: Final = attrgetter(*COLUMNS)
_AMOUNT: Final = COLUMNS.index("amount_minor")
_CURRENCY: Final = COLUMNS.index("currency")
_INT64: Final = 2**63


class Exchange:
    """Converts events at a request's rates.

    Attributes:
        found: the currencies that were converted from.
    """

    def __init__(self, request: Request) -> None:
        """Take the rates."""
        self._rates = request.rates
        self._currency = request.currency
        self.found: set[str] = set()

    def convert(self, events: list[Event]) -> list[Event]:
        """Return the events, those in a currency of the rates converted.

        Raises:
            InvalidValueError: an amount is more than 64 bits hold afterwards.
        """
        rates = self._rates
        return [event if event.currency not in rates else self._converted(event) for event in events]

    def _converted(self, event: Event) -> Event:
        row = list(_ALL(event))
        minor = converted(row[_AMOUNT], self._rates[row[_CURRENCY]])
        if not -_INT64 <= minor < _INT64:
            raise too_large(row[_AMOUNT], row[_CURRENCY], self._currency)
        self.found.add(row[_CURRENCY])
        row[_AMOUNT], row[_CURRENCY] = minor, self._currency
        return event_of_row(row)


def too_large(minor: int, currency: str, target: str | None) -> InvalidValueError:
    """Return the error of an amount that can't be converted."""
    return InvalidValueError("amount", str(Money.of_minor(minor, currency)), f"is more in {target} than 64 bits hold")
