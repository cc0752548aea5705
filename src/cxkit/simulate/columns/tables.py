"""The stream of tables that a simulated shop of many customers makes, a block of customers at a time."""

from __future__ import annotations

from collections import Counter
from datetime import date
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from cxkit.errors import InvalidValueError, MissingExtraError
from cxkit.model.event import PPM
from cxkit.simulate.columns.days import days_of
from cxkit.simulate.columns.draws import Draws
from cxkit.simulate.columns.ledger import CHANNELS, FIRST_NUMBER, INSTRUMENTS, KINDS, TOUCHPOINTS, Ledger
from cxkit.simulate.columns.selling import look_around, sell, sell_at_the_till
from cxkit.simulate.shop import check_size
from cxkit.simulate.truths import CURRENCY, SOURCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from cxkit.simulate.columns.days import Days

_BLOCK: Final = 8_192
_START: Final = date(2025, 1, 1)
# How many customers tell how many events a customer has.
_PILOT: Final = 2_048


def simulate_tables(*, seed: int = 7, customers: int = 100_000, start: date = _START, days: int = 365) -> Iterator[Any]:
    """Return the events of a simulated shop as Arrow tables, for as many customers as are wanted.

    It is a shop like that of `simulate_shop`: the same things happen as often, and `TRUTHS` holds for it. It isn't the
    same shop, for its events are drawn in whole columns, ten times as fast, and need the extra ``frame``. The same
    arguments give the same events on every platform.

    A table holds the events of some eight thousand customers, in order of time, and the next those of others: so
    memory doesn't grow, whatever the number of customers. Ids count up.

    Args:
        seed: another seed is another shop with the same truths.
        customers: how many customers there are in the end; half of them are there from the start.
        start: the first day.
        days: how many days.

    Raises:
        InvalidValueError: an argument isn't a whole number from 0, or the days leave the calendar.
        MissingExtraError: Polars or pyarrow isn't installed.

    >>> table = next(simulate_tables(customers=100))
    >>> table["source"][0].as_py(), table["id"][0].as_py()
    ('simulated-shop', '7c-1000000000')
    """
    check_size(seed, customers, start, days)
    for library in ("polars", "pyarrow"):
        try:
            import_module(library)
        except ImportError:
            raise MissingExtraError("frame", library) from None
    return _blocks(seed, customers, start, days) if customers and days else iter(())


def customers_for(events: int, *, seed: int = 7, start: date = _START, days: int = 365) -> int:
    """Return how many customers `simulate_tables` needs to make about so many events.

    Raises:
        InvalidValueError: there can't be so many events.

    >>> customers_for(100_000)
    1397
    """
    check_size(seed, events, start, days)
    if not events:
        return 0
    found: int = sum(table.num_rows for table in simulate_tables(seed=seed, customers=_PILOT, start=start, days=days))
    if not found:
        raise InvalidValueError("events", events, f"can't happen in {days} days: ask for more days")
    return max(1, round(events * _PILOT / found))


def _blocks(seed: int, customers: int, start: date, count: int) -> Iterator[Any]:
    days, numbers = days_of(start, count), Counter[str]()
    written = 0
    for block, first in enumerate(range(0, customers, _BLOCK)):
        size = min(_BLOCK, customers - first)
        names, addresses = _named(first, size)
        ledger = _opened(Draws(seed, block), days, size, addresses, numbers)
        sell(ledger)
        sell_at_the_till(ledger)
        look_around(ledger)
        table = _table(ledger, [*names, *addresses], f"{seed}c-", written)
        written += table.num_rows
        yield table


def _named(first: int, size: int) -> tuple[pl.Series, pl.Series]:
    """Return the customers' numbers as the shop writes them, and the addresses that they use as guests."""
    import polars as pl

    numbers = pl.int_range(first + 1, first + 1 + size, eager=True).cast(pl.String).str.zfill(6)
    return "c" + numbers, "email:customer" + numbers + "@example.com"


def _opened(draws: Draws, days: Days, size: int, addresses: pl.Series, numbers: Counter[str]) -> Ledger:
    """Return the ledger of a block before anything happens: half of its customers join as the days go by."""
    import polars as pl

    there = pl.Series("joins", [-1], pl.Int64).new_from_index(0, size - size // 2)
    joins = there.append(draws.below(size // 2, days.count).sort())
    present = joins.search_sorted(pl.int_range(days.count, eager=True), side="right").cast(pl.Int64)
    return Ledger(draws, days, size, joins, present, addresses, numbers)


def _table(ledger: Ledger, customers: list[str], prefix: str, written: int) -> Any:  # noqa: ANN401 - an Arrow table
    """Return what happened, in order of time, in the columns of an event."""
    import polars as pl
    import pyarrow as pa

    events = pl.concat(ledger.entries).sort("ts", maintain_order=True)
    n, first = events.height, FIRST_NUMBER + written
    ids = pl.select(pl.concat_str(pl.lit(prefix), pl.int_range(first, first + n).cast(pl.String))).to_series()

    def plain(series: pl.Series, kind: Any) -> Any:  # noqa: ANN401 - Arrow's
        return series.to_arrow().cast(kind)

    def named(codes: pl.Series, names: tuple[str, ...] | list[str]) -> Any:  # noqa: ANN401 - Arrow's
        return pa.DictionaryArray.from_arrays(codes.to_arrow(), pa.array(names, pa.string()))

    def always(value: str) -> Any:  # noqa: ANN401 - Arrow's
        return named(pl.zeros(n, pl.Int32, eager=True), [value])

    priced = events.select(pl.when(pl.col("amount").is_not_null()).then(pl.lit(0, pl.Int32))).to_series()
    return pa.table({
        "id": plain(ids, pa.string()),
        "ts_us": plain(events["ts"], pa.int64()),
        "kind": named(events["kind"], KINDS),
        "customer": named(events["customer"], customers),
        "source": always(SOURCE),
        "touchpoint": named(events["touchpoint"], TOUCHPOINTS),
        "channel": named(events["channel"], CHANNELS),
        "reference": plain(events["reference"], pa.string()),
        "instrument": named(events["instrument"], INSTRUMENTS),
        "item": pa.nulls(n, pa.string()),
        "score": plain(events["score"], pa.float64()),
        "amount_minor": plain(events["amount"], pa.int64()),
        "currency": named(priced, [CURRENCY]),
        "duration_us": plain(events["duration"], pa.int64()),
        "weight_ppm": plain(pl.repeat(PPM, n, dtype=pl.Int64, eager=True), pa.int64()),
        "properties": pa.nulls(n, pa.string()),
    })  # fmt: skip
