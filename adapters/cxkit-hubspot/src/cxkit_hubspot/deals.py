"""Deals into opportunities: opened, won, lost."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final

from cxkit.adapters import us_of, when
from cxkit.errors import InvalidValueError
from cxkit.model.event import event
from cxkit.model.money import Money
from cxkit_hubspot.crm import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cxkit.adapters import Facts
    from cxkit.model.event import Event
    from cxkit_hubspot.crm import Record

KINDS: Final = ("opportunity.opened", "opportunity.won", "opportunity.lost", "opportunity.discarded")
KIND: Final = Kind(
    "deals",
    "hs_lastmodifieddate",
    (
        "createdate", "closedate", "amount", "deal_currency_code", "pipeline", "dealtype", "hs_is_closed",
        "hs_is_closed_won", "hs_lastmodifieddate", "hs_merged_object_ids",
    ),
)  # fmt: skip
_CLOSED: Final = "opportunity.closed"  # the one id of both ends
_YES: Final = "true"


def events_of(deal: Record, facts: Facts, currency: Callable[[], str | None]) -> Iterator[Event]:
    """Return the events of a deal.

    Won and lost share an id: a deal that was lost, and was opened again and won, is corrected.

    Args:
        deal: the deal.
        facts: makes the events.
        currency: returns that of deals that name none.
    """
    said = {"pipeline": deal.get("pipeline"), "type": deal.get("dealtype")}
    customer, amount = facts.customer(next(iter(deal.contacts), None)), money(deal, currency)
    opened = facts.event(
        "opportunity.opened",
        deal.number,
        time=us_of(deal.get("createdate")),
        customer=customer,
        reference=f"deal:{deal.number}",
        amount=amount,
        properties={name: value for name, value in said.items() if value},
    )
    yield opened
    if deal.get("hs_is_closed") == _YES:
        yield event(
            "opportunity.won" if deal.get("hs_is_closed_won") == _YES else "opportunity.lost",
            time=when(deal.get("closedate")),
            source=facts.source,
            id=f"{_CLOSED}:{deal.number}",
            customer=customer,
            reference=opened.reference,
            amount=amount,
        )
    for former in deal.merged:
        yield from discarded(former, deal, facts)


def discarded(number: str, deal: Record, facts: Facts) -> Iterator[Event]:
    """Return what corrects the opening and the end of a deal that doesn't count: deleted, or merged into another.

    Args:
        number: of the one that doesn't count.
        deal: that one, or the one that it was merged into, whose time of creation it then has.
        facts: makes the events.
    """
    time = when(deal.get("createdate"))
    for told in ("opportunity.opened", _CLOSED):
        one = f"{told}:{number}"
        yield event("opportunity.discarded", time=time, source=facts.source, id=one, reference=f"deal:{number}")


def money(deal: Record, currency: Callable[[], str | None]) -> Money | None:
    """Return a deal's amount; None where it or its currency isn't known.

    Amounts may have any number of decimals, of products and discounts: they are rounded to what can be paid.
    """
    text = deal.get("amount")
    if text is None:
        return None
    code = deal.get("deal_currency_code") or currency()
    if not code:
        return None
    try:
        return Money(text, code)
    except InvalidValueError:  # more decimals than the currency has; or no amount at all, which is said again
        pass
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise InvalidValueError("amount", text, "isn't an amount") from None
    return Money(amount, code, rounding="ROUND_HALF_EVEN")
