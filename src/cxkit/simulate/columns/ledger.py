"""What happens to a block of customers, in columns: written down kind by kind, put in order at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

if TYPE_CHECKING:
    from collections import Counter

    import polars as pl

    from cxkit.simulate.columns.days import Days
    from cxkit.simulate.columns.draws import Draws

CHANNELS: Final = ("web", "app", "store", "phone", "email", "chat", "mail", "partner")
TOUCHPOINTS: Final = (
    "storefront.home", "app.home", "storefront.product", "storefront.checkout", "store.till", "loyalty.account",
    "delivery.parcel", "review.site", "desk.phone", "desk.email", "desk.chat",
)  # fmt: skip
INSTRUMENTS: Final = ("nps", "csat", "ces", "stars")
KINDS: Final = (
    "visit.started", "product.viewed", "cart.updated", "checkout.started", "order.placed", "order.delivered",
    "order.refunded", "contact.opened", "contact.answered", "contact.resolved", "contact.reopened",
    "contact.abandoned", "survey.sent", "survey.answered", "review.posted", "account.created", "identity.linked",
)  # fmt: skip
WEB, APP, STORE, PHONE, EMAIL, CHAT, MAIL, PARTNER = range(len(CHANNELS))
# Above any number of digits that is reached, so that texts of numbers sort as the numbers do.
FIRST_NUMBER: Final = 1_000_000_000
_OPTIONAL: Final = ("instrument", "score", "amount", "duration")


@attrs.frozen(eq=False)
class Ledger:
    """What is known of a block of customers, and what happens to them.

    Kinds, channels, touchpoints and instruments are places in the tables above. A customer is its place in the block;
    a guest's e-mail address is that plus `size`.

    Attributes:
        draws: where chance comes from.
        days: the days of the simulation.
        size: how many customers the block has.
        joins: customer → the day of joining, sorted; −1 for those who are there already.
        present: day → how many there are: those are the first ones.
        addresses: customer → what identifies them when they order as guests.
        numbers: how many orders, visits, tickets and surveys there have been, over all blocks.
        entries: what happens.
    """

    draws: Draws
    days: Days
    size: int
    joins: pl.Series
    present: pl.Series
    addresses: pl.Series
    numbers: Counter[str]
    entries: list[pl.DataFrame] = attrs.field(factory=list)

    def number(self, letter: str, n: int) -> pl.Series:
        """Return the next n references of a kind: o for carts and their orders, v visits, t tickets, s surveys."""
        import polars as pl

        first = FIRST_NUMBER + self.numbers[letter]
        self.numbers[letter] += n
        numbers = pl.int_range(first, first + n, dtype=pl.Int64, eager=True).cast(pl.String)
        return pl.select(pl.concat_str(pl.lit(f"{letter}-"), numbers).alias("reference")).to_series()

    def write(self, frame: pl.DataFrame, kind: str, **columns: Any) -> None:  # noqa: ANN401 - expressions and literals
        """Write down one event of a kind for each row.

        Args:
            frame: rows with an instant ``ts``, a ``customer``, a ``channel``, a ``touchpoint`` and a ``reference``.
            kind: what happens.
            columns: what stands instead of a column of the frame, or beside them.
        """
        import polars as pl

        def of(name: str, dtype: type[pl.DataType]) -> pl.Expr:
            value = columns.get(name, None if name in _OPTIONAL else pl.col(name))
            return (value if isinstance(value, pl.Expr) else pl.lit(value)).cast(dtype).alias(name)

        self.entries.append(
            frame.select(
                of("ts", pl.Int64),
                pl.lit(KINDS.index(kind), pl.Int32).alias("kind"),
                of("customer", pl.Int32),
                of("touchpoint", pl.Int32),
                of("channel", pl.Int32),
                of("reference", pl.String),
                of("instrument", pl.Int32),
                of("score", pl.Float64),
                of("amount", pl.Int64),
                of("duration", pl.Int64),
            ).filter(pl.col("ts") < self.days.end_us)
        )


def touchpoint(name: str) -> int:
    """Return a touchpoint's place in the table.

    >>> TOUCHPOINTS[touchpoint("store.till")]
    'store.till'
    """
    return TOUCHPOINTS.index(name)
