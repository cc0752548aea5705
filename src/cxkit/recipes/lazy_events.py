"""The last step from values to events, for many at once: what `assemble` does for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from cxkit.files.cells import answers, ppm_of_weight
from cxkit.files.ids import Ids
from cxkit.model.currencies import MINOR_DIGITS
from cxkit.model.event import COLUMNS, ONCE, PPM, check_kind
from cxkit.model.properties import dump_properties
from cxkit.recipes.lazy_columns import NotCompilable
from cxkit.recipes.lazy_values import span
from cxkit.recipes.lazy_vector import Vector, check_fits, either, recoded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from cxkit.files.row import Rules
    from cxkit.recipes.model import Rounding, Rule

PROPERTY: Final = "properties."
"""What goes before the name of a property among the values of an event."""
WAITING: Final = "\0"
"""What an id begins with that is still the content which the id is made from: no text holds it."""

_TEXTS: Final = ("id", "customer", "source", "touchpoint", "channel", "reference", "instrument", "item")
_TYPES: Final = {"amount_minor": "Int64", "duration_us": "Int64", "weight_ppm": "Int64", "score": "Float64"}
"""The types of Polars that hold what isn't text."""


@attrs.frozen(eq=False)
class Events:
    """Events of one rule.

    Attributes:
        table: their columns, as a Polars data frame; an id that is made from content is null, and waits to be made.
        bad: which of them aren't plain, so that Python must make them; None for none.
    """

    table: pl.DataFrame
    bad: pl.Series | None


def assembled(rule: Rule, of: Mapping[str, Vector], rules: Rules, n: int) -> Events:
    """Return the events that values come to.

    Args:
        rule: the rule.
        of: the values by the name of their column; properties by theirs after `PROPERTY`.
        rules: the source, and the scales of scores.
        n: how many events there are.

    Raises:
        NotCompilable: numbers may be more than 64 bits hold.
    """
    import polars as pl

    made = {name: of[name] for name in (*_TEXTS, "time") if name in of}
    made["kind"] = of["kind"].mapped(check_kind, pl.String)
    if "weight" in of:
        made["weight_ppm"] = of["weight"].mapped(ppm_of_weight, pl.Int64)
    if "score" in of:
        made["score"] = _scores(of["score"], of.get("instrument"), rules)
    if rule.properties:
        made["properties"] = _properties(rule, of)
    if "duration" in of:
        made["duration_us"] = span(of["duration"])
    elif "duration_us" in of:
        made["duration_us"] = _divided(of["duration_us"])
    money = of.get("amount", of.get("amount_minor"))
    if money is not None:
        made["currency"] = of.get("currency", Vector(pl.Series([None], dtype=pl.String).new_from_index(0, n)))
        made["amount_minor"] = _minor(money, made["currency"], "amount_minor" in rule.columns, rule.rounding)
    marks = [bad for each in (*of.values(), *made.values()) if (bad := each.bad_lines()) is not None]
    marks += [gaps for name in ("time", "kind") if (gaps := made[name].gaps()) is not None]
    given = pl.DataFrame([each.lines().alias(name) for name, each in made.items()])
    missing = [
        pl.lit(None, getattr(pl, _TYPES.get(name, "String"))).alias(name)
        for name in COLUMNS
        if name not in made and name != "ts_us"
    ]
    return Events(given.lazy().with_columns(missing).select(*_finished(rules, made["kind"])).collect(), either(marks))


def _finished(rules: Rules, kind: Vector) -> list[pl.Expr]:
    """Return the columns of events by those that were given: the id by kind and reference is made as in `assemble`."""
    import polars as pl

    stable = pl.col("kind") + ":" + pl.col("reference")
    if kind.times is None:
        stable = pl.when(pl.col("kind").is_in(sorted(ONCE))).then(stable)
    elif kind.entries[0] not in ONCE:
        stable = pl.lit(None, pl.String)
    finished = {
        "id": pl.coalesce("id", stable),
        "ts_us": pl.col("time"),
        "source": pl.col("source").fill_null(rules.dataset),
        "currency": pl.when(pl.col("amount_minor").is_not_null()).then(pl.col("currency")),
        "weight_ppm": pl.col("weight_ppm").fill_null(PPM),
    }
    return [finished.get(name, pl.col(name)).alias(name) for name in COLUMNS]


def with_ids(table: pl.DataFrame, order: Sequence[str]) -> pl.DataFrame:
    """Make the ids that come from content, in the order in which the row engine makes them.

    Args:
        table: events; an id that is null, or begins with `WAITING`, waits to be made.
        order: the columns that say in which order.
    """
    import polars as pl

    waiting = (pl.col("id").is_null() | pl.col("id").str.starts_with(WAITING)).alias("cx_waiting")
    # What happened at an instant of its own needs no id to be the first of several, or to be told from another.
    tied = (waiting & pl.col("ts_us").is_duplicated()).alias("cx_tied")
    if not table["id"].null_count() and not table["id"].str.starts_with(WAITING).any():
        return table
    flags = table.select(waiting, tied)
    left = table.with_row_index("cx_at").filter(flags["cx_tied"]).sort(order)
    # As in `assemble`, in this order.
    names = (
        "ts_us", "kind", "customer", "touchpoint", "channel", "reference", "instrument", "item", "score",
        "amount_minor", "currency", "duration_us", "weight_ppm", "properties",
    )  # fmt: skip
    scores = pl.Series("score", [None if each is None else repr(each) for each in left["score"]], dtype=pl.String)
    texts = [pl.col(name).cast(pl.String).fill_null("") for name in names]
    known = pl.when(pl.col("id").is_not_null()).then(pl.col("id").str.slice(len(WAITING)))
    contents = left.with_columns(scores).select(pl.coalesce(known, pl.concat_str(texts, separator="\0"))).to_series()
    make = Ids().of
    made = pl.Series([make(content) for content in contents], dtype=pl.String)
    return table.with_columns(id=table["id"].set(flags["cx_waiting"], None).scatter(left["cx_at"], made))


def _scores(answer: Vector, instrument: Vector | None, rules: Rules) -> Vector:
    """Return answers as scores of their instruments."""
    import polars as pl

    read = answers(rules.instruments)
    if instrument is None:
        return answer.mapped(lambda cell: read(("", cell)), pl.Float64)
    pairs = pl.select(pl.concat_str(instrument.lines().fill_null(""), pl.lit("\0"), answer.lines())).to_series()
    both = Vector(pairs, None, either([instrument.bad_lines(), answer.bad_lines()]))
    return both.mapped(lambda pair: read(_pair(pair)), pl.Float64)


def _pair(joined: str) -> tuple[str, str]:
    instrument, _, answer = joined.partition("\0")
    return instrument, answer


def _properties(rule: Rule, of: Mapping[str, Vector]) -> Vector:
    """Return properties as JSON: each set of them is written once."""
    import polars as pl

    labels = tuple(rule.properties)

    def content(joined: str) -> str | None:
        found = {label: text for label, text in zip(labels, joined.split("\0"), strict=True) if text}
        return dump_properties(found) if found else None

    several = [of[PROPERTY + label] for label in labels]
    if len(several) == 1:
        return several[0].mapped(content, pl.String)
    joined = pl.select(pl.concat_str([each.lines().fill_null("") for each in several], separator="\0")).to_series()
    return recoded(Vector(joined)).mapped(content, pl.String)


def _divided(numbers: Vector) -> Vector:
    """Return whole numbers; one with decimals is not plain."""
    unit = 10**numbers.scale
    found = numbers.lines()
    return Vector(found // unit, None, (found % unit != 0).fill_null(value=False))


def _minor(money: Vector, codes: Vector, in_minor: bool, rounding: Rounding | None) -> Vector:  # noqa: FBT001
    """Return sums in the minor units of their currencies, each rounded once."""
    import polars as pl

    digits = codes.mapped(MINOR_DIGITS.get, pl.Int64)
    amounts = money.lines()
    decimals = sorted({each for each in digits.entries.to_list() if each is not None})
    if in_minor:
        found = _divided(Vector(amounts, scale=money.scale))
    elif codes.times is not None and decimals:
        return _rounded(amounts, decimals[0] - money.scale, rounding)
    of_lines = digits.lines()
    bad: pl.Series | None = amounts.is_not_null() & of_lines.is_null()
    if in_minor:
        return attrs.evolve(found, bad=either([found.bad, bad]))
    minor = amounts.set(amounts.is_not_null(), None)
    for each in decimals:
        here = (of_lines == each).fill_null(value=False)
        found = _rounded(amounts, each - money.scale, rounding)
        minor = found.entries.zip_with(here, minor)
        bad = either([bad, None if found.bad is None else here & found.bad])
    return Vector(minor, None, bad)


def _rounded(amounts: pl.Series, power: int, rounding: Rounding | None) -> Vector:
    if power >= 0:
        check_fits([Vector(amounts)], 10**power)
        return Vector(amounts * 10**power)
    unit = 10**-power
    if unit >= 2**62:
        message = "too many decimals"
        raise NotCompilable(message)
    if rounding is None:
        return Vector(amounts // unit, None, (amounts % unit != 0).fill_null(value=False))
    signs = amounts.sign() if (amounts < 0).any() else None
    size = amounts if signs is None else amounts.abs()
    down, left = size // unit, size % unit
    half = unit // 2
    up = (left >= half) if rounding == "half-up" else (left > half) | ((left == half) & (down % 2 == 1))
    found = down + up.cast(down.dtype)
    return Vector(found if signs is None else found * signs)
