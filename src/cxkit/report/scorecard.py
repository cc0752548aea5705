"""The scorecard: estimates by metric, segment and period, to look up, filter, print and hand on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import attrs

from cxkit.errors import AmbiguousError, MissingExtraError, UnknownNameError
from cxkit.metrics import Estimate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import pandas as pd
    import polars as pl

    from cxkit.report.states import States
    from cxkit.report.target import Target, Verdict

_OVERALL = "overall"


@attrs.frozen
class Row:
    """One estimate and where it stands.

    Attributes:
        metric: the metric's label, such as ``nps[answers=latest]``.
        title: its name for people.
        better: ``higher``, ``lower`` or None.
        segment: column → value; a null value is None. Empty for an overall row.
        overall: whether it is about all segments together.
        period: the period's label, such as ``2026-03``, or None for the whole span.
        partial: whether the data covers the period only in part.
        currency: the currency of a money metric, or None.
        estimate: the number.
        target: what it should reach, or None.
        hidden: whether it rests on too few to be shown; its estimate is empty then.
    """

    metric: str
    title: str
    better: str | None
    segment: Mapping[str, str | None]
    overall: bool
    period: str | None
    partial: bool
    currency: str | None
    estimate: Estimate
    target: Target | None = None
    hidden: bool = False

    @property
    def verdict(self) -> Verdict | None:
        """``met``, ``missed``, or ``undecided`` where the interval spans the target; None without target or number."""
        return None if self.target is None else self.target.verdict(self.estimate)

    @property
    def name(self) -> str:
        """The metric's name without its options."""
        return self.metric.partition("[")[0]

    def describe(self) -> str:
        """Return where the row stands, as `Scorecard.get` would be asked for it.

        >>> Row("nps", "NPS", None, {"channel": "web"}, False, "2026-03", False, None, Estimate(None)).describe()
        "nps, channel='web', period='2026-03'"
        """
        parts = [f"{column}={value!r}" for column, value in self.segment.items()]
        parts += [f"period={self.period!r}"] if self.period else []
        parts += [f"currency={self.currency!r}"] if self.currency else []
        return ", ".join([self.metric, *parts])


@attrs.frozen(repr=False, str=False)
class Scorecard:
    """Rows of estimates, in the order of metrics, periods and segments.

    Attributes:
        rows: all of them.
        by: the columns it is segmented by.
        every: the length of its periods, or None.
        tz: the zone of its periods.
        notes: what a reader should know, in sentences.
        repeats: metric → answers a customer, where customers answer so often that its interval is too narrow.
        states: what it was made from, to be saved and merged; None where rows were picked or segments folded.
        work: what the engine did for it, in sentences.
    """

    rows: tuple[Row, ...]
    by: tuple[str, ...] = ()
    every: str | None = None
    tz: str = "UTC"
    notes: tuple[str, ...] = ()
    repeats: Mapping[str, float] = attrs.field(factory=dict)
    states: States | None = attrs.field(default=None, eq=False)
    work: tuple[str, ...] = attrs.field(default=(), eq=False)

    def __iter__(self) -> Iterator[Row]:
        """Go through the rows."""
        return iter(self.rows)

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self.rows)

    @property
    def metrics(self) -> tuple[str, ...]:
        """The labels of its metrics, in order."""
        return tuple(dict.fromkeys(row.metric for row in self.rows))

    @property
    def periods(self) -> tuple[str, ...]:
        """The labels of its periods, in order; empty without periods."""
        return tuple(sorted({row.period for row in self.rows if row.period is not None}))

    def get(
        self, metric: str, *, period: str | None = None, currency: str | None = None, **segment: str | None
    ) -> Estimate:
        """Return exactly one estimate; without a segment the overall one.

        Args:
            metric: the metric's label, or the name of a variant that is there alone.
            period: the period's label; may be left out where there is only one.
            currency: the currency; may be left out where there is only one.
            segment: column → value, each of the card's columns.

        Raises:
            UnknownNameError: no such metric or column.
            AmbiguousError: none or several answer; the message lists what there is.
        """
        known = {name for row in self.rows for name in (row.metric, row.name)}
        if metric not in known:
            raise UnknownNameError("metric on this scorecard", metric, known)
        self._check_columns(segment)
        of_metric = self._of_metric(metric)
        found = [
            row
            for row in of_metric
            if (dict(row.segment) == segment if segment else row.overall)
            and period in (None, row.period)
            and currency in (None, row.currency)
        ]
        if len(found) == 1:
            return found[0].estimate
        asked = [f"{column}={value!r}" for column, value in segment.items()]
        asked += [f"{name}={value!r}" for name, value in (("period", period), ("currency", currency)) if value]
        raise AmbiguousError(_choices(metric, asked, found, of_metric))

    def _of_metric(self, metric: str) -> list[Row]:
        """Return the rows of a label; of a name where no label is spelled so."""
        return [row for row in self.rows if row.metric == metric] or [row for row in self.rows if row.name == metric]

    def _check_columns(self, segment: Mapping[str, Any]) -> None:
        for column in segment:
            if column not in self.by:
                raise UnknownNameError("column of this scorecard", column, self.by)

    def _kept(self, keep: Callable[[Row], bool]) -> Scorecard:
        return attrs.evolve(self, rows=tuple(row for row in self.rows if keep(row)), states=None)

    def filter(self, *, metric: str | None = None, period: str | None = None, **segment: str | None) -> Scorecard:
        """Return the card with only the rows that match; a metric's name stands for all variants of it.

        >>> Scorecard(()).filter(metric="nps").rows
        ()
        """
        self._check_columns(segment)
        return self._kept(
            lambda row: (
                metric in (None, row.metric, row.name)
                and period in (None, row.period)
                and all(column in row.segment and row.segment[column] == value for column, value in segment.items())
            )
        )

    def overall(self) -> Scorecard:
        """Return the card with only the rows over all segments."""
        return self._kept(lambda row: row.overall)

    def latest(self, back: int = 1) -> Scorecard:
        """Return the rows of the latest period; ``latest(2)`` those of the one before it.

        Raises:
            AmbiguousError: the card hasn't so many periods.
        """
        periods = self.periods
        if not 1 <= back <= len(periods):
            has = f"its periods are {', '.join(periods)}" if periods else "it has no periods: score with every='month'"
            message = f"this scorecard has no {back}. latest period; {has}"
            raise AmbiguousError(message)
        return self._kept(lambda row: row.period == periods[-back])

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return a flat dictionary a row; a segment's column stands beside the numbers."""
        return [self._flat(row) for row in self.rows]

    def _flat(self, row: Row) -> dict[str, Any]:
        flat: dict[str, Any] = {
            "metric": row.metric,
            "period": row.period,
            "partial": row.partial,
            "overall": row.overall,
        }
        numbers = attrs.asdict(row.estimate, recurse=False)
        numbers["excluded"] = dict(row.estimate.excluded)
        if row.hidden:
            numbers["n"] = None
        numbers["target"] = None if row.target is None else str(row.target)
        numbers["verdict"] = row.verdict
        numbers["hidden"] = row.hidden
        taken = {*flat, *numbers, "currency", "title"}
        for column in self.by:
            flat[f"segment_{column}" if column in taken else column] = row.segment.get(column)
        return flat | {"currency": row.currency} | numbers

    def to_json(self, *, indent: int | None = None) -> str:
        """Return the card as JSON: its frame and its rows as `to_dicts` gives them."""
        frame = {"by": self.by, "every": self.every, "tz": self.tz, "notes": self.notes, "rows": self.to_dicts()}
        return json.dumps(frame, ensure_ascii=False, indent=indent, allow_nan=False)

    def _columns(self) -> dict[str, list[Any]]:
        """Return the rows as columns; what was left out as JSON, because a column of mappings suits nobody."""
        rows = self.to_dicts()
        names = list(rows[0]) if rows else list(self._flat(_EMPTY))
        columns = {name: [row[name] for row in rows] for name in names}
        columns["excluded"] = [json.dumps(value, ensure_ascii=False) for value in columns["excluded"]]
        return columns

    def to_pandas(self) -> pd.DataFrame:
        """Return the rows as a pandas data frame.

        Raises:
            MissingExtraError: pandas isn't installed.
        """
        try:
            import pandas as pd
        except ImportError:
            raise MissingExtraError("pandas", "pandas") from None
        return pd.DataFrame(self._columns())

    def to_polars(self) -> pl.DataFrame:
        """Return the rows as a Polars data frame.

        Raises:
            MissingExtraError: Polars isn't installed.
        """
        try:
            import polars as pl
        except ImportError:
            raise MissingExtraError("frame", "polars") from None
        numbers = dict.fromkeys(("value", "low", "high", "level", "n_effective", "se", "centre"), pl.Float64)
        columns = self._columns()
        others = {"n": pl.Int64, "partial": pl.Boolean, "overall": pl.Boolean, "hidden": pl.Boolean}
        schema = dict.fromkeys(columns, pl.String) | numbers | others
        return pl.DataFrame(
            columns, schema_overrides={name: schema[name] for name in columns if name in schema}, strict=False
        )

    def to_markdown(self) -> str:
        """Return the card as Markdown tables."""
        from cxkit.report.markdown import markdown

        return markdown(self)

    def to_csv(self) -> str:
        """Return the rows as CSV with a header."""
        from cxkit.report.delimited import delimited

        return delimited(self)

    def __str__(self) -> str:
        """Return the card as aligned text tables."""
        from cxkit.report.text import text

        return text(self)

    def __repr__(self) -> str:
        """Return what it holds, in a line."""
        return f"<Scorecard of {', '.join(self.metrics) or 'nothing'}: {len(self.rows)} rows>"

    def _repr_html_(self) -> str:
        from cxkit.report.html import html

        return html(self)


_EMPTY = Row("", "", None, {}, True, None, False, None, Estimate(None))  # noqa: FBT003 - an example of the columns


def _choices(metric: str, asked: list[str], found: list[Row], of_metric: list[Row]) -> str:
    listed = found or of_metric
    lines = "\n  ".join(row.describe() for row in listed[:20])
    more = f"\n  … and {len(listed) - 20} more" if len(listed) > 20 else ""  # noqa: PLR2004 - a screen's worth
    what = f"{metric} with {', '.join(asked)}" if asked else f"{metric} over all segments"
    problem = f"{len(found)} rows answer to" if found else "no row answers to"
    return f"{problem} {what}; there is:\n  {lines}{more}"
