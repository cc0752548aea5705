"""cohorts: customers by the period of their first event, and how many of them are there how long after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from cxkit.api.asking import ask
from cxkit.errors import InvalidValueError, UnknownNameError
from cxkit.metrics import Given, share_estimate
from cxkit.model.calendar import EVERY, Calendar
from cxkit.model.money import minor_digits
from cxkit.report.grid import Grid, printable
from cxkit.report.shown import Shown
from cxkit.stats import Cohorts as CohortsStatistic
from cxkit.stats import CohortsState, Tally, TallyState, Where

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cxkit.metrics import Estimate
    from cxkit.model.calendar import Every

_WIDEST: Final = 1000


@attrs.frozen
class CohortCell:
    """A cohort, so many periods after it began; or all cohorts together, where `cohort` is None.

    Attributes:
        segment: column → value; empty for overall cells.
        overall: whether it is about all segments together.
        cohort: the label of the period in which its customers began, or None for all cohorts.
        offset: how many periods later this is; 0 is that period itself.
        period: the label of the period this is about, or None for all cohorts.
        partial: whether the data covers that period only in part.
        customers: how many customers the cohort has; of all cohorts those that the data follows so far.
        active: how many of them were active.
        retention: their share.
        amount: what they came to, in major units, or None where there is no amount or several currencies.
        currency: the amount's currency, or None.
    """

    segment: Mapping[str, str | None]
    overall: bool
    cohort: str | None
    offset: int
    period: str | None
    partial: bool
    customers: int
    active: int
    retention: Estimate
    amount: float | None
    currency: str | None


@attrs.frozen(repr=False)
class CohortTable(Shown):
    """Cohorts as a triangle: what hasn't come yet is not there, and isn't zero.

    Attributes:
        cells: those that the data covers, if only in part, by segment, cohort and offset.
        by: the columns it is segmented by.
        every: the length of a period.
        kind: what counts as activity.
        tz: the zone of its periods.
        notes: what a reader should know.
    """

    cells: tuple[CohortCell, ...]
    by: tuple[str, ...]
    every: str
    kind: str
    tz: str
    notes: tuple[str, ...]

    def __iter__(self) -> Iterator[CohortCell]:
        """Go through the cells."""
        return iter(self.cells)

    def __len__(self) -> int:
        """Return how many cells there are."""
        return len(self.cells)

    def __repr__(self) -> str:
        """Return what it holds, in a line."""
        cohorts = {cell.cohort for cell in self.cells if cell.overall} - {None}
        return f"<CohortTable of {len(cohorts)} cohorts by {self.every}: {len(self.cells)} cells>"

    def get(self, cohort: str | None, offset: int, **segment: str | None) -> CohortCell | None:
        """Return one cell, or None where the data doesn't reach; without a segment the overall one.

        Args:
            cohort: the cohort's label, such as ``2026-03``, or None for all cohorts.
            offset: how many periods later.
            segment: column → value, each of the table's columns.

        Raises:
            UnknownNameError: no such cohort, or column.
        """
        for column in segment:
            if column not in self.by:
                raise UnknownNameError("column of this table", column, self.by)
        here = [each for each in self.cells if (dict(each.segment) == segment if segment else each.overall)]
        if cohort is not None and all(each.cohort != cohort for each in here):
            raise UnknownNameError("cohort", cohort, {each.cohort for each in here if each.cohort is not None})
        return next((each for each in here if (each.cohort, each.offset) == (cohort, offset)), None)

    def facts(self) -> dict[str, Any]:
        """Return what it was asked for."""
        return {"by": self.by, "every": self.every, "kind": self.kind, "tz": self.tz}

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return a flat dictionary a cell; a segment's column stands beside the numbers."""
        return [self._flat(cell) for cell in self.cells]

    def _flat(self, cell: CohortCell) -> dict[str, Any]:
        flat = attrs.asdict(cell, recurse=False)
        estimate, segment = flat.pop("retention"), flat.pop("segment")
        flat |= {"retention": estimate.value, "low": estimate.low, "high": estimate.high, "level": estimate.level}
        names = {f"segment_{column}" if column in flat else column: segment.get(column) for column in self.by}
        return names | flat

    def to_grids(self) -> list[Grid]:
        """Return of each segment a table of retention, and one of amounts where there are some."""
        segments: dict[tuple[str | None, ...] | None, list[CohortCell]] = {}
        for cell in self.cells:
            at = None if cell.overall else tuple(cell.segment.values())
            segments.setdefault(at, []).append(cell)
        tables = []
        for values, cells in segments.items():
            where = [] if not self.by else ["overall"] if values is None else [_segment_name(values)]
            retention = [cell for cell in cells if cell.offset]
            offsets = sorted({cell.offset for cell in retention})
            title = " · ".join([*where, "retention (%)"])
            tables.append(_grid(title, self.every, cells, offsets, _retention))
            currency = next((cell.currency for cell in cells if cell.currency), None)
            if currency:
                title = " · ".join([*where, f"amount ({currency})"])
                tables.append(_grid(title, self.every, cells, [0, *offsets], _amount))
        return tables


def cohorts(  # noqa: PLR0913 - the questions one may ask
    data: Any,  # noqa: ANN401 - events, a path or a table
    every: Every = "month",
    *,
    kind: str = "order.placed",
    by: Sequence[str] | str = (),
    follow: int | None = None,
    tz: str = "UTC",
    level: float = 0.95,
    **options: Any,  # noqa: ANN401 - those of `score`
) -> CohortTable:
    """Return the cohorts of customers: of those who began in a period, the share active each period after it.

    A customer begins with the first event of the kind before `until`; in a segment, with the first there. Cells that
    the data doesn't reach aren't there. Those of a period that isn't over are marked, and left out of the line of all
    cohorts, which pools at each offset the cohorts that were followed so far. Intervals are Wilson's.

    Args:
        data: what `cxkit.score` takes.
        every: ``day``, ``week``, ``month``, ``quarter`` or ``year``.
        kind: what counts as activity; ``any`` for any event that names the customer.
        by: columns, properties or attributes of a journey map to segment by.
        follow: how many periods each cohort is followed; as far as the data reaches by default.
        tz: the IANA zone whose days, weeks and months count.
        level: the confidence level.
        options: ``since``, ``until``, ``as_of``, ``journey_map``, ``engine``, ``input_tz``, ``max_people``, ``recipe``
            and ``joins``, as `cxkit.score` has them. `since` leaves out cohorts that began before it, not what is
            known of them.

    Raises:
        InvalidValueError: an argument, or a row of a file, can't be what was given.
        UnknownNameError: no such column, period, zone or engine; the nearest is suggested.
        UnsupportedError: the engine can't read the data.

    >>> import cxkit
    >>> from datetime import UTC, datetime
    >>> def order(customer, month):
    ...     return cxkit.event("order.placed", customer=customer, time=datetime(2026, month, 28, tzinfo=UTC))
    >>> table = cohorts([order("an", 1), order("binh", 1), order("an", 2), order("chi", 2)], as_of="2026-03-01")
    >>> table.get("2026-01", 1).retention.value
    0.5
    >>> table.get("2026-02", 1) is None
    True
    """
    if every not in EVERY:
        raise UnknownNameError("period", str(every), EVERY)
    if follow is not None and (type(follow) is not int or follow < 0):
        raise InvalidValueError("follow", follow, "isn't a number of periods")
    where = Where() if kind == "any" else Where(kind=kind)
    statistic, currencies = CohortsStatistic(where, every), Tally(where, of="currency")
    columns = (by,) if isinstance(by, str) else tuple(by)
    _, collected = ask(data, [statistic, currencies], by=columns, tz=tz, level=level, **options)
    states: dict[Any, Any] = {cell[0]: state for cell, state in collected.states[statistic].items()}
    tallies: dict[Any, Any] = {cell[0]: state for cell, state in collected.states[currencies].items()}
    calendar = Calendar(every, tz)
    found: list[CohortCell] = []
    notes = [f"In brackets: {100 * level:g} % intervals. Periods are local to {tz}."]
    segments = sorted((s for s in states if s is not None), key=lambda s: [(v is None, v or "") for v in s])
    for segment in (None, *segments) if states else ():
        named = {} if segment is None else dict(zip(columns, segment, strict=True))
        currency = _currency(tallies.get(segment, TallyState()), named, notes)
        found += _cells(states.get(segment, CohortsState()), calendar, named, currency, level, follow)
    if any(cell.partial for cell in found):
        notes.append("* The data covers this period only in part; it isn't pooled.")
    anonymous = states.get(None, CohortsState()).anonymous
    if anonymous:
        notes.append(f"Left out: {anonymous:,} no customer.")
    return CohortTable(tuple(found), columns, every, kind, tz, tuple(dict.fromkeys(notes)))


def _currency(tally: TallyState, segment: Mapping[str, str | None], notes: list[str]) -> str | None:
    """Return the only currency there is; say so where there are several, for their amounts are never added."""
    found = sorted(tally.values)
    if len(found) > 1:
        where = "" if not segment else f" of {_segment_name(tuple(segment.values()))}"
        notes.append(
            f"Amounts{where} are in {len(found)} currencies ({', '.join(found)}), which are never added: "
            "segment by currency to see them."
        )
    return found[0] if len(found) == 1 else None


def _cells(  # noqa: PLR0913, PLR0917 - where a cell stands, and how it is made
    state: CohortsState,
    calendar: Calendar,
    segment: Mapping[str, str | None],
    currency: str | None,
    level: float,
    follow: int | None,
) -> Iterator[CohortCell]:
    if state.over is None:
        return
    sizes, scale = state.sizes, 10 ** minor_digits(currency) if currency else 1
    reach = max(state.over, *(cohort + offset for cohort, offset in state.cells))
    longest = reach - min(sizes)
    if follow is not None:
        longest = min(longest, follow)
    elif longest > _WIDEST:
        reason = f"makes a table of {longest:,} columns: choose longer periods, or say with follow how many are wanted"
        raise InvalidValueError("every", calendar.every, reason)

    def cell(cohort: int | None, offset: int, customers: int, active: int, amount: int) -> CohortCell:
        return CohortCell(
            segment=segment,
            overall=not segment,
            cohort=None if cohort is None else calendar.label(cohort),
            offset=offset,
            period=None if cohort is None else calendar.label(cohort + offset),
            partial=cohort is not None and cohort + offset > state.over,  # type: ignore[operator]
            customers=customers,
            active=active,
            retention=share_estimate(active / customers, customers, Given(level), {}),
            amount=amount / scale if currency else None,
            currency=currency,
        )

    pooled: dict[int, list[int]] = {}
    for cohort, customers in sizes.items():
        for offset in range(min(longest, reach - cohort) + 1):
            if cohort + offset > state.over and (cohort, offset) not in state.cells:
                continue
            active, amount = state.cells.get((cohort, offset), (0, 0))
            yield cell(cohort, offset, customers, active, amount)
            if cohort + offset <= state.over:
                sums = pooled.setdefault(offset, [0, 0, 0])
                pooled[offset] = [a + b for a, b in zip(sums, (customers, active, amount), strict=True)]
    for offset, (customers, active, amount) in sorted(pooled.items()):
        yield cell(None, offset, customers, active, amount)


def _grid(title: str, corner: str, cells: Sequence[CohortCell], offsets: Sequence[int], text: Any) -> Grid:  # noqa: ANN401
    lines: dict[str | None, dict[int, str]] = {}
    customers: dict[str | None, int] = {}
    for cell in cells:
        lines.setdefault(cell.cohort, {})[cell.offset] = text(cell) + (" *" if cell.partial else "")
        if not cell.offset:
            customers[cell.cohort] = cell.customers
    table = tuple(
        (
            "all" if cohort is None else cohort,
            (f"{customers.get(cohort, 0):,}", *(shown.get(offset, "") for offset in offsets)),
        )
        for cohort, shown in lines.items()
    )
    return Grid(title, corner, ("customers", *(f"+{offset}" for offset in offsets)), table)


def _retention(cell: CohortCell) -> str:
    estimate = cell.retention
    return f"{estimate.text(estimate.value)} [{estimate.text(estimate.low)}, {estimate.text(estimate.high)}]"


def _amount(cell: CohortCell) -> str:
    return f"{cell.amount:,.2f}"


def _segment_name(values: Sequence[str | None]) -> str:
    return " · ".join("(none)" if value is None else printable(value) for value in values)
