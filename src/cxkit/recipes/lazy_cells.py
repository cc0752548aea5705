"""The columns of a Polars table of text as the columns of events; a line with a cell that isn't plain is marked.

Different texts of kinds, days, currencies and scores are few: each is read once, by the functions that rows are read
by. Numbers with nothing but digits and a point are read natively, to the last digit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cxkit.errors import CxkitError
from cxkit.files.cells import canonical, ppm_of_ppm, ppm_of_weight
from cxkit.files.moments import day_us, local_day_us, minute_us, plain_rest_us, rest_us
from cxkit.model.calendar import zone
from cxkit.model.currencies import MINOR_DIGITS
from cxkit.model.event import COLUMNS, ONCE, PPM, check_kind

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

    from cxkit.files.columns import Plan
    from cxkit.files.row import Rules

BAD: Final = "cx_bad"
"""The column that says whether a line is left to Python."""

_TEXTS: Final = ("id", "customer", "source", "touchpoint", "channel", "reference", "instrument", "item")
# The years that no other rule need be asked about.
_FIRST_US: Final = -5_364_662_400_000_000
_LAST_US: Final = 7_258_118_400_000_000
_WHOLE: Final = r"^-?[0-9]{1,18}(?:\.0*)?$"
_AMOUNT: Final = r"^-?[0-9]{1,12}(?:\.[0-9]{1,4})?$"
_SCORE: Final = r"^[0-9]{1,9}(?:\.[0-9]{1,6})?$"
_SECONDS: Final = r"^-?[0-9]{1,9}(?:\.[0-9]{1,6})?$"


def typed(cells: pl.DataFrame, plan: Plan, rules: Rules) -> pl.DataFrame:
    """Return the columns of events that cells come to, further columns of the file, `BAD`, and the rows' numbers.

    Args:
        cells: the columns ``c0`` and so on, in the order of the plan; null in lines that aren't cut into cells.
        plan: what they mean.
        rules: how they are read.
    """
    import polars as pl

    reader = _Reader(cells, plan)
    for column in _TEXTS:
        reader.text(column)
    reader.look_up("kind", check_kind, pl.String)
    if "time" in plan.friendly:
        reader.time(rules.input_tz)
    else:
        reader.whole("ts_us", _FIRST_US, _LAST_US)
    reader.score(rules)
    reader.money(friendly="amount" in plan.friendly)
    if "duration" in plan.friendly:
        reader.duration()
    else:
        reader.whole("duration_us", -(10**18), 10**18)
    reader.look_up("weight_ppm", ppm_of_weight if "weight" in plan.friendly else ppm_of_ppm, pl.Int64)
    reader.look_up("properties", canonical, pl.String)
    reader.further()
    return reader.read(rules.dataset)


class _Reader:
    """Gathers what is to be computed of each column, and computes it together."""

    def __init__(self, cells: pl.DataFrame, plan: Plan) -> None:
        self._cells = cells
        self._plan = plan
        self._at = {column: f"c{place}" for column, place in zip(COLUMNS, plan.places, strict=True) if place >= 0}
        self._values: dict[str, pl.Expr] = {}
        self._bad: list[pl.Expr] = []

    def _distinct(self, column: pl.Expr) -> list[str]:
        return self._cells.lazy().select(column.unique()).collect(engine="streaming").to_series().drop_nulls().to_list()

    def _read(self, column: pl.Expr, read: Callable[[str], Any], dtype: Any, *, blank: bool = False) -> pl.Expr:  # noqa: ANN401 - a type of Polars
        """Return what each text is read as; null where it can't be, or is empty unless that is to be read too."""
        import polars as pl

        known = {}
        for text in self._distinct(column):
            try:
                known[text] = read(text) if text or blank else None
            except (CxkitError, ValueError, KeyError):
                continue
        if not known:
            return pl.lit(None, dtype)
        old, new = pl.Series([*known], dtype=pl.String), pl.Series([*known.values()], dtype=dtype)
        return column.replace_strict(old, new, default=None, return_dtype=dtype)

    def _keep(self, column: str, value: pl.Expr, cell: pl.Expr | None) -> None:
        """Keep a column; a line where it is null is left over, unless the cell is one that may be empty, and is."""
        import polars as pl

        self._values[column] = value
        left = pl.col(_made(column)).is_null()
        self._bad.append(left if cell is None else left & (cell != ""))

    def text(self, column: str) -> None:
        import polars as pl

        if column in self._at:
            cell = pl.col(self._at[column])
            series = self._cells[self._at[column]]
            if (series.str.len_bytes() != series.str.len_chars()).any():
                cell = cell.str.normalize("NFC")
            self._values[column] = pl.when(cell != "").then(cell)

    def look_up(self, column: str, read: Callable[[str], Any], dtype: Any) -> None:  # noqa: ANN401 - a type of Polars
        import polars as pl

        if column in self._at:
            cell = pl.col(self._at[column])
            self._keep(column, self._read(cell, read, dtype), None if column == "kind" else cell)

    def whole(self, column: str, low: int, high: int) -> None:
        import polars as pl

        if column in self._at:
            cell = pl.col(self._at[column])
            plain = cell.str.contains(_WHOLE)
            number = pl.when(plain).then(self._digits(column)).cast(pl.Int64)
            value = pl.when(number.is_between(low, high)).then(number)
            self._keep(column, value, None if column == "ts_us" else cell)

    def _digits(self, column: str) -> pl.Expr:
        """Return whole numbers without a point, which is what pandas writes where there are gaps."""
        import polars as pl

        cell = pl.col(self._at[column])
        has_point = self._cells[self._at[column]].str.contains(".", literal=True).any()
        return cell.str.replace(r"\.0*$", "") if has_point else cell

    def time(self, input_tz: str | None) -> None:
        """Put times together from days, minutes, what follows, and a fraction of six digits."""
        import polars as pl

        cell = pl.col(self._at["ts_us"])
        fraction = cell.str.slice(19, 7)
        has_fraction = fraction.str.contains(r"^\.[0-9]{6}$")
        rest = cell.str.slice(16)
        more = pl.lit(0, pl.Int64)
        if self._cells.lazy().select(has_fraction.any()).collect().item():
            rest = pl.when(has_fraction).then(cell.str.slice(16, 3) + cell.str.slice(26)).otherwise(rest)
            more = pl.when(has_fraction).then(fraction.str.slice(1)).otherwise(pl.lit("0")).cast(pl.Int64)
        within = self._read(cell.str.slice(10, 6), minute_us, pl.Int64, blank=True) + more
        value = self._read(cell.str.head(10), day_us, pl.Int64)
        value += self._read(rest, rest_us, pl.Int64, blank=True)
        if input_tz is not None:
            clock = zone(input_tz)
            local = self._read(cell.str.head(10), lambda text: local_day_us(text, clock), pl.Int64)
            local += self._read(rest, plain_rest_us, pl.Int64, blank=True)
            value = pl.coalesce(value, local)
        value += within
        self._keep("ts_us", value, None)

    def score(self, rules: Rules) -> None:
        import polars as pl

        if "score" not in self._at:
            return
        cell = pl.col(self._at["score"])
        value = pl.when(cell.str.contains(_SCORE)).then(cell).cast(pl.Float64)
        if "instrument" in self._at:
            asked = set(self._distinct(self._values["instrument"])) & set(rules.instruments)
            # Of the columns once they are made, so that they aren't made for each scale again.
            made, instrument = pl.col(_made("score")), pl.col(_made("instrument"))
            for scale in map(rules.instruments.get, sorted(asked)):
                fits = made.is_between(scale.low, scale.high)
                fits &= (made == made.floor()) if scale.whole else pl.lit(value=True)
                self._bad.append(((instrument == scale.name) & ~fits).fill_null(value=False))
        self._keep("score", value, cell)

    def money(self, *, friendly: bool) -> None:
        """Read sums of money in the digits that their currencies have."""
        import polars as pl

        if "amount_minor" not in self._at:
            return
        cell = pl.col(self._at["amount_minor"])
        currency = pl.col(self._at["currency"]) if "currency" in self._at else pl.lit("")
        unit = self._read(currency, lambda code: 10 ** (4 - MINOR_DIGITS[code]), pl.Int64)
        if friendly:
            number = pl.when(cell.str.contains(_AMOUNT)).then(cell).cast(pl.Decimal(18, 4)).to_physical().cast(pl.Int64)
            minor = pl.when(number % unit == 0).then(number // unit)
        else:
            number = pl.when(cell.str.contains(_WHOLE)).then(self._digits("amount_minor")).cast(pl.Int64)
            minor = pl.when(~unit.is_null()).then(number)
        self._keep("amount_minor", minor, cell)
        self._values["currency"] = currency

    def duration(self) -> None:
        import polars as pl

        if "duration_us" in self._at:
            cell = pl.col(self._at["duration_us"])
            seconds = pl.when(cell.str.contains(_SECONDS)).then(cell).cast(pl.Decimal(18, 6))
            self._keep("duration_us", seconds.to_physical().cast(pl.Int64), cell)

    def further(self) -> None:
        """Keep the columns that are none of an event's; a line with properties of both kinds is left over."""
        import polars as pl

        filled = [(name, place) for name, place in self._plan.extras if (self._cells[f"c{place}"] != "").any()]
        for name, place in filled:
            cell = pl.col(f"c{place}")
            if (self._cells[f"c{place}"].str.len_bytes() != self._cells[f"c{place}"].str.len_chars()).any():
                cell = cell.str.normalize("NFC")
            self._values[name] = pl.when(cell != "").then(cell)
            if "properties" in self._at:
                self._bad.append((cell != "") & (pl.col(self._at["properties"]) != ""))

    def read(self, dataset: str) -> pl.DataFrame:
        """Compute all columns, and mark the lines that have a cell left over."""
        import polars as pl

        from cxkit.recipes.lazy_lines import ROW

        values = dict(self._values)
        made = {name: pl.col(_made(name)) for name in values}
        final = dict(made)
        id, reference = made.get("id", pl.lit(None, pl.String)), made.get("reference", pl.lit(None, pl.String))  # noqa: A001
        final["id"] = pl.coalesce(id, pl.when(made["kind"].is_in(sorted(ONCE))).then(made["kind"] + ":" + reference))
        final["source"] = made.get("source", pl.lit(None, pl.String)).fill_null(dataset)
        if "weight_ppm" in made:
            final["weight_ppm"] = made["weight_ppm"].fill_null(PPM)
        if "amount_minor" in made:
            final["currency"] = pl.when(~made["amount_minor"].is_null()).then(made["currency"])
        bad = pl.any_horizontal(pl.col("c0").is_null(), *[each.fill_null(value=True) for each in self._bad])
        frame = self._cells.lazy().with_columns(value.alias(_made(name)) for name, value in values.items())
        return frame.select(ROW, bad.alias(BAD), *[value.alias(name) for name, value in final.items()]).collect()


def _made(column: str) -> str:
    """Return what a column is called while it is made: a file may have one of its name."""
    return f"cx_made_{column}"
