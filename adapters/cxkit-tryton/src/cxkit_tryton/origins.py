"""The order that a return or a credit note goes back to, found by following what each record says it comes from."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cxkit_tryton.rpc import Rpc

_ORDER: Final = "sale.sale"
_FROM: Final = {
    _ORDER: "origin",  # of a return: the order or the complaint; of an order: none, or what isn't followed
    "sale.line": "sale",
    "sale.complaint": "origin",
    "account.invoice": "lines.origin",
    "account.invoice.line": "origin",
}
_DEEPEST: Final = 8  # credit note → its line's origin → invoice → line → order is five


def orders_of(rpc: Rpc, starts: Iterable[str]) -> dict[str, str]:
    """Return the order that each of some records belongs to, as ``sale:17``; those without one aren't in it.

    Args:
        rpc: asks.
        starts: records, as Tryton's references name them: ``sale.line,4``.
    """
    leads: dict[str, str] = {}
    asked = set(starts)
    for _ in range(_DEEPEST):
        new = {name for name in asked if name not in leads and name.partition(",")[0] in _FROM}
        if not new:
            break
        leads |= _followed(rpc, new)
        asked = {leads[name] for name in new if name in leads}
    return {start: order for start in starts if (order := _end(start, leads)) is not None}


def _end(start: str, leads: Mapping[str, str]) -> str | None:
    """Return the order at the end of a trail, or None where it ends elsewhere or goes round."""
    seen, at = set(), start
    while at in leads and at not in seen:
        seen.add(at)
        at = leads[at]
    model, _, number = at.partition(",")
    return f"sale:{number}" if model == _ORDER and at not in seen else None


def _followed(rpc: Rpc, names: Iterable[str]) -> dict[str, str]:
    """Return what each record comes from, with one call for a model."""
    numbers: defaultdict[str, list[int]] = defaultdict(list)
    for name in sorted(names):
        model, _, number = name.partition(",")
        if number.isdigit():
            numbers[model].append(int(number))
    leads: dict[str, str] = {}
    for model, ids in numbers.items():
        # Not `read`, which refuses all where one is gone.
        for row in rpc.rows(model, [["id", "in", ids]], [_FROM[model]]):
            lead = _lead(model, row)
            if lead is not None:
                leads[f"{model},{row['id']}"] = lead
    return leads


def _lead(model: str, row: Mapping[str, Any]) -> str | None:
    if model == "sale.line":
        return f"{_ORDER},{row['sale']}"
    if model == "account.invoice":
        return next((line["origin"] for line in row["lines."] if line["origin"]), None)
    origin: str | None = row["origin"]
    if model == _ORDER and (origin is None or origin.partition(",")[0] not in {_ORDER, "sale.complaint"}):
        return None  # an order itself: here the trail ends
    return origin
