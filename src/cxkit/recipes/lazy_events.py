"""The last step from values to events, for many at once: what `assemble` does for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from cxkit.files.cells import answers, ppm_of_weight
from cxkit.model.currencies import MINOR_DIGITS
from cxkit.model.event import COLUMNS, ONCE, PPM, check_kind, dump_properties
from cxkit.recipes.lazy_columns import NotCompilable
from cxkit.recipes.lazy_values import span
from cxkit.recipes.lazy_vector import Vector, check_fits, either, greatest, recoded

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from cxkit.files.row import Rules
    from cxkit.recipes.model import Rounding, Rule

PROPERTY: Final = "properties."
"""What goes before the name of a property among the values of an event."""
WAITING: Final = "\0"
"""What an id begins with that is still the content which the id is made from: no text holds it."""

_PLAIN: Final = ("customer", "touchpoint", "channel", "reference", "instrument", "item")


@attrs.frozen(eq=False)
class Events:
    """Events of one rule.

    Attributes:
        table: their columns, as a Polars data frame; an id may still wait to be made.
        bad: which of them aren't plain, so that Python must make them.
    """

    table: pl.DataFrame
    bad: pl.Series


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

    nothing = pl.Series([None], dtype=pl.String).new_from_index(0, n)
    texts = {name: of[name].lines() if name in of else nothing for name in (*_PLAIN, "id", "source")}
    kind, when = of["kind"].mapped(check_kind, pl.String), of["time"].lines()
    share = of["weight"].mapped(ppm_of_weight, pl.Int64) if "weight" in of else None
    score, written = _scores(of, rules)
    content = _properties(rule, of)
    money, duration = of.get("amount", of.get("amount_minor")), of.get("duration")
    marks = [each.bad_lines() for each in (*of.values(), kind, *(each for each in (share, score, content) if each))]
    minor, currency = _whole(nothing), nothing
    if money is not None:
        codes = of.get("currency", Vector(nothing))
        found = _minor(money, codes, "amount_minor" in rule.columns, rule.rounding)
        minor, currency = found.entries, codes.lines().set(found.entries.is_null(), None)
        marks.append(found.bad)
    if duration is not None:
        duration = span(duration)
    elif "duration_us" in of:
        duration = _divided(of["duration_us"])
        marks.append(duration.bad)
    kinds = kind.lines()
    table = pl.DataFrame({
        **texts,
        "ts_us": when,
        "kind": kinds,
        "source": texts["source"].fill_null(rules.dataset),
        "score": pl.Series([None], dtype=pl.Float64).new_from_index(0, n) if score is None else score.lines(),
        "amount_minor": minor,
        "currency": currency,
        "duration_us": _whole(nothing) if duration is None else duration.lines(),
        "weight_ppm": _whole(nothing).fill_null(PPM) if share is None else share.lines().fill_null(PPM),
        "properties": nothing if content is None else content.lines(),
        "cx_score": nothing if written is None else written.lines(),
    })  # fmt: skip
    bad = either([*marks, when.is_null(), kinds.is_null()])
    assert bad is not None  # noqa: S101 - there is a time at least
    return Events(_with_id(table).select(COLUMNS), bad.fill_null(value=False))


def _whole(nothing: pl.Series) -> pl.Series:
    import polars as pl

    return nothing.cast(pl.Int64)


def _with_id(table: pl.DataFrame) -> pl.DataFrame:
    """Make ids: the one given, the one that kind and reference come to, or the content to make one from."""
    import polars as pl

    stable = pl.when(pl.col("kind").is_in(sorted(ONCE))).then(pl.col("kind") + ":" + pl.col("reference"))
    table = table.with_columns(id=pl.coalesce("id", stable))
    if not table["id"].null_count():
        return table
    # As in `assemble`, in this order.
    names = (
        "ts_us", "kind", "customer", "touchpoint", "channel", "reference", "instrument", "item", "cx_score",
        "amount_minor", "currency", "duration_us", "weight_ppm", "properties",
    )  # fmt: skip
    content = pl.concat_str([pl.col(name).cast(pl.String).fill_null("") for name in names], separator="\0")
    return table.with_columns(id=pl.coalesce("id", WAITING + content))


def _scores(of: Mapping[str, Vector], rules: Rules) -> tuple[Vector | None, Vector | None]:
    """Return scores, and how they are written in what ids are made from."""
    import polars as pl

    answer = of.get("score")
    if answer is None:
        return None, None
    read = answers(rules.instruments)
    instrument = of.get("instrument")
    if instrument is None:
        score = answer.mapped(lambda cell: read(("", cell)), pl.Float64)
    else:
        pairs = pl.select(pl.concat_str(instrument.lines().fill_null(""), pl.lit("\0"), answer.lines())).to_series()
        both = Vector(pairs, None, either([instrument.bad_lines(), answer.bad_lines()]))
        score = both.mapped(lambda pair: read(_pair(pair)), pl.Float64)
    texts = [None if each is None else repr(each) for each in score.entries.to_list()]
    return score, attrs.evolve(score, entries=pl.Series(texts, dtype=pl.String))


def _pair(joined: str) -> tuple[str, str]:
    instrument, _, answer = joined.partition("\0")
    return instrument, answer


def _properties(rule: Rule, of: Mapping[str, Vector]) -> Vector | None:
    """Return properties as JSON: each set of them is written once."""
    import polars as pl

    labels = tuple(rule.properties)
    if not labels:
        return None

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

    digits = codes.mapped(MINOR_DIGITS.get, pl.Int64).lines()
    amounts = money.lines()
    if in_minor:
        found = _divided(Vector(amounts, scale=money.scale))
        return attrs.evolve(found, bad=found.bad | (amounts.is_not_null() & digits.is_null()))
    minor, bad = amounts.set(amounts.is_not_null(), None), amounts.is_not_null()
    for decimals in digits.drop_nulls().unique().to_list():
        here = (digits == decimals).fill_null(value=False)
        found = _rounded(amounts, decimals - money.scale, rounding)
        minor = found.entries.zip_with(here, minor)
        bad &= ~here
        if found.bad is not None:
            bad |= here & found.bad
    return Vector(minor, None, bad)


def _rounded(amounts: pl.Series, power: int, rounding: Rounding | None) -> Vector:
    if power >= 0:
        check_fits(greatest(amounts) * 10**power)
        return Vector(amounts * 10**power)
    unit = 10**-power
    if unit >= 2**62:
        message = "too many decimals"
        raise NotCompilable(message)
    if rounding is None:
        return Vector(amounts // unit, None, (amounts % unit != 0).fill_null(value=False))
    size = amounts.abs()
    down, left = size // unit, size % unit
    half = unit // 2
    up = (left >= half) if rounding == "half-up" else (left > half) | ((left == half) & (down % 2 == 1))
    return Vector((down + up.cast(down.dtype)) * amounts.sign())
