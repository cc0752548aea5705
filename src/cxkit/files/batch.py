"""From many rows to events at once, column by column: in half the time that they take one by one.

A column of some hundred cells is read with one comprehension. Where any of them can't be taken, all of the rows are
left to `cxkit.files.row`, which decides what is right, and says what is wrong with which.
"""

from __future__ import annotations

from itertools import compress, repeat
from typing import TYPE_CHECKING, Any, Final

from cxkit.files.cells import (
    Kept,
    answers,
    canonical,
    clean,
    instant_us,
    merged,
    minor_of_amount,
    minor_of_minor,
    ppm_of_ppm,
    ppm_of_weight,
    us_of_seconds,
    whole,
)
from cxkit.files.moments import moments
from cxkit.model.block import Block
from cxkit.model.event import COLUMNS, ONCE, PPM, check_kind
from cxkit.model.money import check_currency

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from cxkit.files.columns import Plan
    from cxkit.files.row import Rules

    Amounts = tuple[list[int | None], Sequence[str]]
    """Minor units, and their currencies."""

_TEXTS: Final = frozenset({"id", "customer", "source", "touchpoint", "channel", "reference", "instrument", "item"})
_DIGITS: Final = 16
_SINCE_US: Final = 10**15
_LAST_US: Final = 7_258_118_400_000_000
# What the id of a row without one is made of, in this order: all columns but id and source.
_SAID: Final = tuple(column for column in COLUMNS if column not in {"id", "source"})


def block_maker(plan: Plan, rules: Rules) -> Callable[[Sequence[Sequence[str]]], Block]:
    """Return the function that makes the events of many rows of text, whose cells stand by column.

    They are those that `event_maker` makes, ids in the order of the rows. It raises ValueError, as which an
    InvalidValueError counts, where any row can't be taken; no id is given then.

    >>> from cxkit.files.columns import plan_of
    >>> from cxkit.files.row import Rules
    >>> make = block_maker(plan_of(["time", "kind"]), Rules())
    >>> make([["1970-01-01T00:00:00Z"] * 2, ["visit.started"] * 2]).column("ts_us")
    [0, 0]
    """
    width = len(plan.names)
    places = {column: place for column, place in zip(COLUMNS, plan.places, strict=True) if place >= 0}
    texts = sorted(_TEXTS & places.keys())
    instants = moments(rules.input_tz) if "time" in plan.friendly else _instants
    kinds: Kept[str, str] = Kept(check_kind)
    sources: Kept[str, str] = Kept(str)
    scores = _scores(rules)
    amounts = _amounts(friendly="amount" in plan.friendly)
    durations = Kept(us_of_seconds if "duration" in plan.friendly else lambda cell: whole("duration_us", cell))
    weights = Kept(ppm_of_weight if "weight" in plan.friendly else ppm_of_ppm)
    properties = _properties(plan, rules.encoding)

    def make(cells: Sequence[Sequence[str]]) -> Block:
        if len(cells) != width:
            raise ValueError(f"{len(cells)} cells where there are {width} columns")
        n = len(cells[0])
        # A column that says nothing here is as good as none.
        of: dict[str, Sequence[Any]] = {column: cells[at] for column, at in places.items() if any(cells[at])}
        for column in texts:
            if column in of:
                of[column] = _checked(column, of[column], rules.encoding)
        of["kind"] = list(map(kinds.__getitem__, cells[places["kind"]]))
        of["ts_us"] = instants(cells[places["ts_us"]])
        if "score" in of:
            of["score"] = scores(of.get("instrument"), of["score"])
        if "amount_minor" in of:
            of["amount_minor"], of["currency"] = amounts(of["amount_minor"], of.get("currency", [""] * n))
        else:
            of.pop("currency", None)  # many exports name their currency in every row
        if "duration_us" in of:
            of["duration_us"] = [durations[cell] if cell else None for cell in of["duration_us"]]
        of["weight_ppm"] = _weights(of.get("weight_ppm"), n, weights)
        of["properties"] = properties(cells)
        of["id"] = _ids(of, rules)
        of["source"] = _shared(of.get("source", [""]), n, sources, rules.dataset)
        for column in (*texts, "currency"):
            if column in of and "" in of[column]:
                of[column] = [text or None for text in of[column]]
        return Block(n, of)

    return make


def _scores(rules: Rules) -> Callable[[Sequence[str] | None, Sequence[str]], list[float | None]]:
    """Return the function that reads scores on the scales of their instruments, many at once."""
    read = answers(rules.instruments)
    kept: Kept[tuple[str, str], float | None] = Kept(lambda pair: read(pair) if pair[1] else None)

    def scores(asked: Sequence[str] | None, cells: Sequence[str]) -> list[float | None]:
        pairs = zip(repeat("") if asked is None else asked, cells, strict=False)
        return [kept[instrument, cell] if cell else None for instrument, cell in pairs]

    return scores


def _amounts(*, friendly: bool) -> Callable[[Sequence[str], Sequence[str]], Amounts]:
    """Return the function that reads amounts beside their currencies, many at once; a currency alone says nothing."""
    amounts = Kept(minor_of_amount if friendly else minor_of_minor)
    currencies = Kept(check_currency)

    def read(paid: Sequence[str], named: Sequence[str]) -> Amounts:
        text = "".join(paid)
        if not friendly and text.isdigit() and text.isascii() and max(map(len, paid)) <= _DIGITS:
            needed = set(compress(named, paid))
            if "" not in needed:
                for currency in needed:
                    currencies[currency]
                return [int(amount) if amount else None for amount in paid], beside(paid, named)
        return [amounts[pair] if pair[0] else None for pair in zip(paid, named, strict=True)], beside(paid, named)

    def beside(paid: Sequence[str], named: Sequence[str]) -> Sequence[str]:
        # Each amount has a currency by now: where there are as many of both, they stand in the same rows.
        if paid.count("") == named.count(""):
            return named
        return [currency if amount else "" for amount, currency in zip(paid, named, strict=True)]

    return read


def _shared(cells: Sequence[str], n: int, sources: Kept[str, str], dataset: str) -> list[str]:
    """Return sources; each is one text in memory, however many of its events are remembered."""
    if cells.count(cells[0]) == len(cells):
        return [sources[cells[0] or dataset]] * n
    return [sources[cell or dataset] for cell in cells]


def _weights(cells: Sequence[str] | None, n: int, weights: Kept[str, int]) -> list[int]:
    """Return weights in millionths, 1 where none is given; nearly all files have one weight alone."""
    if cells is None:
        return [PPM] * n
    if cells.count(cells[0]) == n:
        return [weights[cells[0]]] * n
    return [weights[cell] if cell else PPM for cell in cells]


def _ids(of: dict[str, Sequence[Any]], rules: Rules) -> Sequence[str]:
    """Return the ids that the rows bring, that kind and reference make, or that are made of all they say."""
    given = of.get("id", ())
    if given and all(given):
        return given
    named = zip(of.get("id", repeat("")), of["kind"], of.get("reference", repeat("")), strict=False)
    ids = [id or (f"{kind}:{ref}" if ref and kind in ONCE else "") for id, kind, ref in named]  # noqa: A001
    if all(ids):
        return ids
    said = [_written(column, of[column]) if column in of else repeat("") for column in _SAID]
    next_id = rules.ids.of
    return [id or next_id("\0".join(content)) for id, content in zip(ids, zip(*said, strict=False), strict=False)]  # noqa: A001


def _written(column: str, values: Sequence[Any]) -> Iterable[str]:
    """Return what a column says as texts."""
    if column in _TEXTS or column in {"kind", "currency"}:
        return values
    if column == "properties":
        return [value or "" for value in values]
    return ["" if value is None else repr(value) for value in values]


def _checked(column: str, cells: Sequence[str], encoding: str) -> Sequence[str]:
    """Return cells as the model holds text; one look at all of them tells that none needs another."""
    text = "".join(cells)
    if text.isascii() and "\0" not in text:
        return cells
    return [clean(column, cell, encoding) for cell in cells]


def _properties(plan: Plan, encoding: str) -> Callable[[Sequence[Sequence[str]]], list[str | None]]:
    """Return the function that makes properties of all cells, column by column."""
    names = [name for name, _ in plan.extras]
    at = plan.places[COLUMNS.index("properties")]

    def properties(key: tuple[str, ...]) -> str:
        content, *cells = key
        beside = {name: cell for name, cell in zip(names, cells, strict=True) if cell}
        own = canonical(content) if content else None
        return merged(own, beside) if beside else own or ""

    kept: Kept[tuple[str, ...], str] = Kept(properties)
    said = [place for _, place in plan.extras] + ([at] if at >= 0 else [])

    def read(cells: Sequence[Sequence[str]]) -> list[str | None]:
        if not any(any(cells[place]) for place in said):
            return [None] * len(cells[0])
        columns = [cells[at] if at >= 0 else repeat("")]
        columns += [_checked(name, cells[place], encoding) for name, place in plan.extras]
        if at >= 0:
            columns[0] = _checked("properties", cells[at], encoding)
        return [kept[key] or None for key in zip(*columns, strict=False)]

    return read


def _instants(cells: Sequence[str]) -> list[int]:
    """Read instants that are microseconds already; those from 1970 to 2200 are digits and need no further look."""
    text = "".join(cells)
    try:
        found = list(map(int, cells))
    except ValueError:
        found = []
    if found and text.isascii() and max(found) < _LAST_US:
        # From September 2001 on they have 16 digits: where they have 16 signs each, there is nothing else in them.
        plain = len(text) == _DIGITS * len(cells) and min(found) >= _SINCE_US
        if plain or (text.isdigit() and max(map(len, cells)) <= _DIGITS):
            return found
    return list(map(instant_us, cells))
