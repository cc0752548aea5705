"""The last step from a recipe's values to an event: what texts and numbers mean in each column, and the id."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from cxkit.errors import InvalidValueError
from cxkit.files.cells import Kept, answers, ppm_of_weight, us_of_seconds
from cxkit.model.event import PPM, Event, check_kind, event_of_row, stable_id
from cxkit.model.money import check_currency
from cxkit.model.properties import dump_properties
from cxkit.recipes.evaluate import source_of
from cxkit.recipes.model import Reduced
from cxkit.recipes.numbers import CellError, minor_of, plain, whole_of

if TYPE_CHECKING:
    from cxkit.files.row import Rules
    from cxkit.recipes.model import Rule

TEXTS: Final = (
    "kind", "id", "customer", "source", "touchpoint", "channel", "reference", "instrument", "item", "currency",
    "score", "weight", "amount",
)  # fmt: skip
"""The columns that an event is assembled from as texts, in their order; the empty text is null."""

DIGITS: Final = frozenset(("score", "weight"))
"""Those of the texts that hold numbers."""

Assemble = Callable[[Sequence[str], int | None, Decimal | None, Decimal | None], Event]
"""Makes an event of its texts (those of `TEXTS`, then its properties in the rule's order), its time, and its amount and
its duration as the rule has them."""

_SEPARATOR = "\0"  # no text holds one


def assembler(rule: Rule, rules: Rules, numbers: Callable[[str, str], Decimal]) -> Assemble:
    """Return the function that makes an event of values; `numbers` reads (column, cell) as a number.

    An amount is a text, if it is one cell's, or a number; that of one cell is looked up rather than computed.

    It raises CellError for what can't be taken, named by the column of the file where it is taken from one alone.
    """
    dataset = rules.dataset
    next_id = rules.ids.of
    named = _sources(rule)
    kinds: Kept[str, str] = Kept(check_kind)
    scores: Kept[tuple[str, str], float | None] = Kept(answers(rules.instruments))
    weights: Kept[str, int] = Kept(ppm_of_weight)
    labels = tuple(rule.properties)
    contents: Kept[str, str | None] = Kept(lambda joined: _content(labels, joined.split(_SEPARATOR)))
    money = _money(rule)
    column = named.get("amount") or named.get("amount_minor") or "amount"
    sums: Kept[tuple[str, str], int] = Kept(lambda key: money(numbers(column, key[0]), key[1]))
    span: Callable[[Decimal], int] = (
        (lambda number: whole_of("duration_us", number))
        if "duration_us" in rule.columns
        else (lambda number: us_of_seconds(plain(number)))
    )

    def assemble(
        texts: Sequence[str],
        time: int | None,
        amount: Decimal | None,
        duration: Decimal | None,
    ) -> Event:
        (
            kind, identity, customer, source, touchpoint, channel, reference, instrument, item, currency, answer, share,
            cell, *properties,
        ) = texts  # fmt: skip
        try:
            kind = kinds[kind]
            if time is None:
                raise InvalidValueError("time", "", "is empty: each event needs one")  # noqa: TRY301 - named as all are
            score = scores[instrument, answer] if answer else None
            if cell:
                amount_minor: int | None = sums[cell, currency]
            elif amount is None:
                amount_minor, currency = None, ""  # many exports name their currency in every row
            else:
                amount_minor = money(amount, currency)
            duration_us = None if duration is None else span(duration)
            weight_ppm = weights[share] if share else PPM
        except CellError:
            raise
        except InvalidValueError as error:
            raise CellError(named.get(error.field, error.field), error.value, error.reason) from None
        content = contents[_SEPARATOR.join(properties)] if properties else None
        if not identity:
            identity = (reference and stable_id(kind, reference)) or ""
        if not identity:
            # As in files.row, so that a recipe and the file of events that it could have been agree about ids.
            identity = next_id("\0".join((
                str(time), kind, customer, touchpoint, channel, reference, instrument, item,
                "" if score is None else repr(score), "" if amount_minor is None else str(amount_minor), currency,
                "" if duration_us is None else str(duration_us), str(weight_ppm), content or "",
            )))  # fmt: skip
        return event_of_row((
            identity, time, kind, customer or None, source or dataset, touchpoint or None, channel or None,
            reference or None, instrument or None, item or None, score, amount_minor, currency or None, duration_us,
            weight_ppm, content,
        ))  # fmt: skip

    return assemble


def _sources(rule: Rule) -> dict[str, str]:
    """Return the column of the file that each column of the event is taken from, where it is one alone."""
    found = {}
    for name, value in (("kind", rule.kind), *rule.columns.items()):
        inner = value.of if isinstance(value, Reduced) else value
        column = None if inner is None else source_of(inner)
        if column is not None:
            found[name] = column
    return found


def _money(rule: Rule) -> Callable[[Decimal, str], int]:
    in_minor, rounding = "amount_minor" in rule.columns, rule.rounding

    def money(amount: Decimal, currency: str) -> int:
        if not currency:
            raise InvalidValueError("currency", "", "is empty: money needs one")
        if in_minor:
            check_currency(currency)
            return whole_of("amount_minor", amount)
        return minor_of(amount, currency, rounding)

    return money


def _content(labels: Sequence[str], texts: Sequence[str]) -> str | None:
    found = {label: text for label, text in zip(labels, texts, strict=True) if text}
    return dump_properties(found) if found else None
