"""Converting the amounts of a table, before anything reads them: what `converted` of the request says, in 64 bits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import narwhals.stable.v2 as nw

from cxkit.engines.frame.columns import flag, quotient, whole
from cxkit.engines.request import converted
from cxkit.errors import InvalidValueError
from cxkit.model.money import Money

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cxkit.engines.frame.backend import Backend, LazyFrame
    from cxkit.engines.frame.table import Facts
    from cxkit.engines.request import Request

_INT64: Final = 2**63
_JOINED: Final = ("cx_rate_whole", "cx_rate_p", "cx_rate_part", "cx_rate_q")


def exchanged(backend: Backend, frame: LazyFrame, request: Request, facts: Facts) -> tuple[LazyFrame, Facts]:
    """Return a table at a request's rates, and what is known of it then.

    Raises:
        InvalidValueError: an amount is more than 64 bits hold afterwards.
    """
    amount, currency = nw.col("amount_minor"), nw.col("currency")
    (rows,) = backend.rows(
        [
            frame.filter(currency.is_in(list(request.rates)))
            .group_by("currency")
            .agg(amount.min().alias("cx_least"), amount.max().alias("cx_most"))
        ]
    )
    if not rows:
        return frame, facts
    used = {code: request.rates[code] for code, *_ in rows}
    amounts = {code: tuple(value for value in ends if value is not None) for code, *ends in rows}
    greatest = _checked(request, used, amounts)
    facts = attrs.evolve(
        facts,
        greatest={**facts.greatest, "amount_minor": max(greatest, facts.greatest.get("amount_minor", 0))},
        converted=tuple(sorted(used)),
    )
    parts = zip(*[(p // q, p, p % q, q) for p, q in used.values()], strict=True)
    rates = backend.beside(frame, {"currency": list(used)}, dict(zip(_JOINED, parts, strict=True)))
    joined = frame.join(rates, on="currency", how="left")
    # a = h·q + l, and p = w·q + r: then a·p/q = h·p + l·w + l·r/q, of which nothing is larger than the result or q².
    w, p, r, q = map(nw.col, _JOINED)
    low = amount % q
    joined = _divided(joined.with_columns(amount.alias("cx_high")), "cx_high", q)
    joined = _divided(joined.with_columns((low * r * 2 + q - flag(amount < 0)).alias("cx_last")), "cx_last", q * 2)
    value = nw.col("cx_high") * p + low * w + nw.col("cx_last")
    target = nw.when(~q.is_null()).then(nw.lit(request.currency, nw.String)).otherwise(currency)
    return joined.with_columns(nw.coalesce(value, amount).alias("amount_minor"), target.alias("currency")).drop(
        *_JOINED, "cx_high", "cx_last"
    ), facts


def _divided(frame: LazyFrame, name: str, by: nw.Expr) -> LazyFrame:
    """Divide a column, as one divides on paper, with digits of 2²¹: some libraries divide floats, exact below 2⁵³.

    Args:
        frame: the table.
        name: the column, which becomes the floor.
        by: what it is divided by, from 1 to 2³² - 1.
    """
    digit, value, rest = 2**21, nw.col(name), nw.col("cx_rest")
    digits = [quotient(value, digit**2), quotient(value % digit**2, digit), value % digit]
    frame = frame.with_columns(
        whole(0).alias("cx_rest"), *[each.alias(f"cx_digit_{i}") for i, each in enumerate(digits)]
    )
    frame = frame.with_columns(whole(0).alias(name))
    for i in range(len(digits)):
        frame = frame.with_columns((rest * digit + nw.col(f"cx_digit_{i}")).alias("cx_rest"))
        frame = frame.with_columns((value * digit + rest // by).alias(name), (rest % by).alias("cx_rest"))
    return frame.drop("cx_rest", *[f"cx_digit_{i}" for i in range(len(digits))])


def _checked(request: Request, used: Mapping[str, tuple[int, int]], amounts: Mapping[str, tuple[int, ...]]) -> int:
    """Return the greatest amount either way; refuse one that is too large."""
    greatest = 0
    for code, (p, q) in used.items():
        for minor in amounts[code]:
            size = abs(converted(minor, (p, q)))
            if size + p >= _INT64:
                sum_ = str(Money.of_minor(minor, code))
                raise InvalidValueError("amount", sum_, f"is more in {request.currency} than 64 bits hold")
            greatest = max(greatest, size)
    return greatest
