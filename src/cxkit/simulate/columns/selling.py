"""Selling in columns: who buys when, visits, carts, orders, the till. `cxkit.simulate.selling` says it one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cxkit.simulate.book import SECOND_US
from cxkit.simulate.columns.aftercare import follow
from cxkit.simulate.columns.draws import threshold
from cxkit.simulate.columns.ledger import APP, CHANNELS, STORE, WEB, touchpoint
from cxkit.simulate.selling import CLOSES, COMES_TO_CHECKOUT, IS_KNOWN, OPENS
from cxkit.simulate.truths import (
    ARTICLES,
    COMES_BACK,
    LEAVES_CART,
    ORDER_CHANNELS,
    ORDERS_A_MONTH,
    ORDERS_AS_GUEST,
    PRICES,
    RETURNS,
)

if TYPE_CHECKING:
    import polars as pl

    from cxkit.simulate.columns.ledger import Ledger

_HOME: Final = (touchpoint("storefront.home"), touchpoint("app.home"))
_CHECKOUT: Final = (touchpoint("storefront.checkout"), touchpoint("app.home"), touchpoint("store.till"))
_PRODUCT: Final = touchpoint("storefront.product")
_ORDER_CHANNELS: Final = tuple(map(CHANNELS.index, ORDER_CHANNELS))
_ONLINE: Final = (WEB, WEB, APP)
_ARTICLES: Final = tuple(ARTICLES[CHANNELS[channel]] for channel in (WEB, APP, STORE))
# More carts than these are left before no order in a hundred million.
_MOST_CARTS: Final = 48


def plan(ledger: Ledger) -> pl.DataFrame:
    """Return who buys: one row an order with its customer, day and channel, and whether the customer joins with it."""
    import polars as pl

    draws, size, joins = ledger.draws, ledger.size, ledger.joins
    numbers = pl.int_range(size, eager=True)
    present = joins.search_sorted(0, side="left")
    bought = (numbers < present) & draws.happens(size, COMES_BACK / (1 - RETURNS + COMES_BACK))
    months = []
    for first, last in ledger.days.months:
        before = joins.search_sorted(max(first, 0), side="left")
        after = joins.search_sorted(last, side="right")
        drawn = draws(size)
        returns = (bought & (drawn < threshold(RETURNS))) | (~bought & (drawn < threshold(COMES_BACK)))
        joining = (numbers >= before) & (numbers < after)
        bought = ((numbers < before) & returns) | joining
        orders = draws.pick(size, ORDERS_A_MONTH)
        month = pl.DataFrame({"customer": numbers, "orders": orders, "joining": joining, "joins": joins})
        month = month.filter(bought).with_columns(pl.int_ranges(0, pl.col("orders")).alias("nth")).explode("nth")
        opening = month.select(pl.when("joining").then("joins").otherwise(first).cast(pl.Int64)).to_series()
        day = opening + draws.below(month.height, last + 1 - opening)
        month = month.with_columns(joining=pl.col("joining") & (pl.col("nth") == 0))
        months.append(
            month.select(
                "customer",
                pl.when("joining").then("joins").otherwise(day).alias("day"),
                draws.pick(month.height, _ORDER_CHANNELS).alias("channel"),
                "joining",
            )
        )
    return pl.concat(months).filter(pl.col("day").is_between(0, ledger.days.count - 1))


def sell(ledger: Ledger) -> None:
    """Let customers buy: on a Sunday on the web if the store was planned, for then it is closed."""
    import polars as pl

    draws, days, orders = ledger.draws, ledger.days, plan(ledger)
    closed = days.closed.gather(orders["day"])
    orders = orders.with_columns(
        pl.when(closed & (pl.col("channel") == STORE)).then(WEB).otherwise("channel").alias("channel"),
    )
    orders = orders.with_columns(
        days.online(orders["day"], draws).zip_with(
            orders["channel"] != STORE, days.between(orders["day"], draws, OPENS, CLOSES)
        ).alias("ts"),
        ledger.number("o", orders.height),
        _place(orders["channel"], _CHECKOUT).alias("touchpoint"),
        _amounts(ledger, orders["channel"]).alias("amount"),
        draws.happens(orders.height, ORDERS_AS_GUEST).alias("guest") & (orders["channel"] == WEB) & ~orders["joining"],
    )  # fmt: skip
    _link(ledger, orders.filter("guest"))
    orders = orders.with_columns(pl.col("customer") + pl.col("guest") * ledger.size)
    online = orders.filter(pl.col("channel") != STORE)
    _session(ledger, online)
    _left_carts(ledger, online)
    joining = orders.filter("joining").with_columns(pl.col("ts") - 60 * SECOND_US)
    ledger.write(joining, "account.created", touchpoint=touchpoint("loyalty.account"), reference=None)
    ledger.write(orders, "order.placed", amount=pl.col("amount"))
    follow(ledger, orders)


def _place(channels: pl.Series, places: tuple[int, ...]) -> pl.Series:
    import polars as pl

    return pl.Series(places).gather(channels)


def _amounts(ledger: Ledger, channels: pl.Series) -> pl.Series:
    articles, n = ledger.draws.pick_of(channels, _ARTICLES), len(channels)
    amounts = articles * 0
    for nth in range(max(map(max, _ARTICLES))):
        amounts += ledger.draws.pick(n, PRICES) * (articles > nth)
    return amounts


def _link(ledger: Ledger, orders: pl.DataFrame) -> None:
    """Say whose the address of a guest is, when it first shows."""
    import polars as pl

    # Sorted, for which of two orders at one instant is the first mustn't hang on how a library groups.
    first = orders.sort("customer", "ts", "reference").filter(pl.col("customer").is_first_distinct())
    texts = ledger.addresses.gather(first["customer"])
    first = first.with_columns(pl.col("ts") - 90 * SECOND_US, texts.alias("reference"))
    ledger.write(first, "identity.linked", touchpoint=touchpoint("storefront.checkout"))


def _session(ledger: Ledger, orders: pl.DataFrame) -> None:
    """Write down how somebody comes to the checkout."""
    import polars as pl

    ts, n = pl.col("ts"), orders.height
    begin = ts - (300 + ledger.draws.below(n, 900)) * SECOND_US
    _look(ledger, orders.with_columns(begin.alias("ts")))
    ledger.write(orders, "cart.updated", ts=ts - 180 * SECOND_US, touchpoint=_PRODUCT)
    ledger.write(orders, "checkout.started", ts=ts - 100 * SECOND_US)


def _look(ledger: Ledger, frame: pl.DataFrame) -> None:
    import polars as pl

    visits = frame.with_columns(ledger.number("v", frame.height), _place(frame["channel"], _HOME).alias("touchpoint"))
    ledger.write(visits, "visit.started")
    ledger.write(visits, "product.viewed", ts=pl.col("ts") + 20 * SECOND_US, touchpoint=_PRODUCT)
    more = visits.filter(ledger.draws.happens(visits.height, 0.5))
    ledger.write(more, "product.viewed", ts=pl.col("ts") + 60 * SECOND_US, touchpoint=_PRODUCT)


def _strangers(ledger: Ledger, days: pl.Series) -> pl.DataFrame:
    """Return people online on given days: customers, or nobody in particular where they haven't signed in."""
    import polars as pl

    draws, n = ledger.draws, len(days)
    present = ledger.present.gather(days)
    known = draws.happens(n, IS_KNOWN) & (present > 0)
    frame = pl.DataFrame({"customer": draws.below(n, present), "channel": draws.pick(n, _ONLINE)})
    frame = frame.with_columns(pl.when(known).then("customer").alias("customer"))
    return frame.with_columns(ledger.days.online(days, draws).alias("ts"))


def _left_carts(ledger: Ledger, orders: pl.DataFrame) -> None:
    import polars as pl

    drawn, share = ledger.draws(orders.height), round(LEAVES_CART * 100)
    counts = drawn * 0
    for nth in range(1, _MOST_CARTS):
        counts += (drawn < share**nth * 2**32 // 100**nth).cast(pl.Int64)
    people = _strangers(ledger, _repeated(orders["day"], counts))
    _look(ledger, people)
    carts = people.with_columns(
        ledger.number("o", people.height), _place(people["channel"], _CHECKOUT).alias("touchpoint")
    )
    ledger.write(carts, "cart.updated", ts=pl.col("ts") + 150 * SECOND_US, touchpoint=_PRODUCT)
    coming = carts.filter(ledger.draws.happens(carts.height, COMES_TO_CHECKOUT))
    ledger.write(coming, "checkout.started", ts=pl.col("ts") + 240 * SECOND_US)


def look_around(ledger: Ledger) -> None:
    """Let people visit who put nothing into a cart: up to one for every twenty customers a day."""
    _look(ledger, _strangers(ledger, _some_each_day(ledger, 20)))


def sell_at_the_till(ledger: Ledger) -> None:
    """Sell to people who don't say who they are: up to one for every hundred customers, while the store is open."""
    import polars as pl

    days = _some_each_day(ledger, 100)
    days = days.filter(~ledger.days.closed.gather(days))
    frame = pl.DataFrame({"ts": ledger.days.between(days, ledger.draws, OPENS, CLOSES)}).with_columns(
        pl.lit(None, pl.Int64).alias("customer"),
        pl.lit(STORE).alias("channel"),
        pl.lit(_CHECKOUT[STORE]).alias("touchpoint"),
        ledger.number("o", len(days)),
    )
    amounts = _amounts(ledger, frame["channel"])
    ledger.write(frame.with_columns(amounts.alias("amount")), "order.placed", amount=pl.col("amount"))


def _some_each_day(ledger: Ledger, of: int) -> pl.Series:
    """Return days, each as often as up to every so-many-eth customer makes it."""
    import polars as pl

    count = ledger.days.count
    drawn = ledger.draws.below(count, ledger.present * 1_000 // of) // 1_000
    return _repeated(pl.int_range(count, eager=True), drawn)


def _repeated(values: pl.Series, counts: pl.Series) -> pl.Series:
    import polars as pl

    frame = pl.DataFrame({"value": values, "count": counts}).filter(pl.col("count") > 0)
    return frame.select(pl.col("value").repeat_by("count").explode()).to_series()
