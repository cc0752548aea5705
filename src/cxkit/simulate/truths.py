"""What is planted in the simulated shop: the tables that it draws from, and the true numbers that follow from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping

SOURCE: Final = "simulated-shop"
TZ: Final = "Europe/Berlin"
CURRENCY: Final = "USD"

# A hundred entries each: a share is a count of entries, exact.
ORDER_CHANNELS: Final = ("web",) * 45 + ("app",) * 25 + ("store",) * 30
CONTACT_CHANNELS: Final = ("phone",) * 40 + ("email",) * 40 + ("chat",) * 20

RETURNS: Final = 0.55
"""How likely a customer who bought in a month buys in the next."""
COMES_BACK: Final = 0.15
"""How likely a customer who didn't buy in a month buys in the next."""
ORDERS_A_MONTH: Final = (1,) * 75 + (2,) * 18 + (3,) * 7
"""How many orders a customer places in a month with any."""

LEAVES_CART: Final = 0.65
ANSWERS_SURVEY: Final = 0.4
NEEDS_HELP: Final = 0.3
IS_REFUNDED: Final = 0.08
WRITES_REVIEW: Final = 0.1
ORDERS_AS_GUEST: Final = 0.2
IS_NEVER_ANSWERED: Final = 0.03
MOVES_CHANNEL: Final = 0.25
IS_REOPENED: Final = 0.08

PRICES: Final = (490, 790, 990, 1290, 1490, 1990, 2490, 2990, 3990, 4990, 7990, 12990)
"""Of the articles, in cents."""
ARTICLES: Final[Mapping[str, tuple[int, ...]]] = {"web": (1, 1, 2, 3), "app": (1, 1, 1, 2), "store": (1, 2, 2, 3)}
"""How many articles an order has."""


def _nps(detractors: int, passives: int, promoters: int) -> tuple[int, ...]:
    """Return a hundred answers in Reichheld's bands."""
    of_band = ((0, 7, detractors), (7, 2, passives), (9, 2, promoters))
    return tuple(first + at % wide for first, wide, count in of_band for at in range(count))


def _answers(first: int, *counts: int) -> tuple[int, ...]:
    """Return a hundred answers: how many are `first`, `first` + 1 and so on."""
    return tuple(first + at for at, count in enumerate(counts) for _ in range(count))


NPS: Final = {
    "web": _nps(22, 28, 50), "app": _nps(16, 26, 58), "store": _nps(12, 26, 62),
    "phone": _nps(24, 34, 42), "email": _nps(34, 30, 36), "chat": _nps(20, 34, 46),
}  # fmt: skip
CSAT: Final = {
    "web": _answers(1, 4, 5, 11, 38, 42), "app": _answers(1, 2, 4, 8, 36, 50), "store": _answers(1, 1, 3, 6, 34, 56),
    "phone": _answers(1, 8, 9, 13, 38, 32), "email": _answers(1, 9, 10, 15, 38, 28),
    "chat": _answers(1, 4, 5, 9, 42, 40),
}  # fmt: skip
CES: Final = {
    "phone": _answers(1, 6, 8, 12, 18, 24, 20, 12),
    "email": _answers(1, 4, 6, 10, 16, 26, 24, 14),
    "chat": _answers(1, 2, 4, 6, 12, 22, 30, 24),
}
STARS: Final = _answers(1, 6, 5, 10, 29, 50)

# Seconds at each tenth of probability: the sixth is the median.
WAITS: Final = {
    "phone": (5, 30, 60, 90, 120, 150, 190, 240, 320, 480, 900),
    "email": (300, 3_600, 6_000, 9_000, 11_700, 14_400, 19_800, 27_000, 39_600, 64_800, 129_600),
    "chat": (3, 12, 22, 34, 46, 60, 80, 105, 150, 240, 600),
}
# To a minute, an hour or days after the first answer.
RESOLUTIONS: Final = {
    "phone": (120, 240, 360, 480, 600, 900, 1_800, 14_400, 86_400, 172_800, 432_000),
    "email": (60, 120, 300, 900, 3_600, 14_400, 43_200, 86_400, 172_800, 345_600, 864_000),
    "chat": (60, 120, 180, 300, 420, 600, 900, 1_800, 28_800, 86_400, 259_200),
}

# In autumn the desk can't keep up with its telephones.
WORSE_CHANNEL: Final = "phone"
WORSE_FROM_MONTH: Final = 10
WORSE_NPS: Final = _nps(56, 22, 22)
WORSE_WAITS: Final = (30, 150, 260, 350, 440, 540, 660, 800, 1_000, 1_400, 2_400)


@attrs.frozen
class Truths:
    """The numbers that a scorecard of the simulated shop estimates; fields bear the names of metrics.

    Nothing depends on anything else: no customer is more critical than another, and answers come from happy and
    unhappy people alike. Months are local to `tz`; a month that the simulation covers only in part has fewer orders.

    Attributes:
        tz: the zone in which the shop opens and closes.
        nps: channel → Net Promoter Score in points; by phone, before it gets worse.
        csat: channel → share of the answers 4 and 5.
        ces: contact channel → mean on 1-7.
        average_transaction_value: channel → mean order in US dollars.
        retention_rate: share of a month's buyers who buy in the next month too.
        repeat_purchase_rate: share of a month's buyers who order twice or more in that month.
        first_response_time: contact channel → median in seconds; by phone, before it gets worse.
        worse_channel: the channel that gets worse.
        worse_from_month: from the first of this month to the end of each year (10 is October), by the day on which
            customers answer and call.
        worse_nps: its Net Promoter Score from then on.
        worse_first_response_time: its median in seconds from then on.
        survey_response_rate: answered ÷ sent, matched by reference.
        cart_abandonment_rate: carts without an order ÷ carts, matched by reference.
        refund_rate: refunded ÷ delivered orders, matched by reference.
        stars: mean of reviews.

    >>> TRUTHS.nps["web"], TRUTHS.worse_nps, TRUTHS.retention_rate
    (28.0, -34.0, 0.55)
    """

    tz: str
    nps: Mapping[str, float]
    csat: Mapping[str, float]
    ces: Mapping[str, float]
    average_transaction_value: Mapping[str, float]
    retention_rate: float
    repeat_purchase_rate: float
    first_response_time: Mapping[str, float]
    worse_channel: str
    worse_from_month: int
    worse_nps: float
    worse_first_response_time: float
    survey_response_rate: float
    cart_abandonment_rate: float
    refund_rate: float
    stars: float


def _mean(table: tuple[int, ...]) -> float:
    return sum(table) / len(table)


def _net(table: tuple[int, ...]) -> float:
    return 100 * (sum(score >= 9 for score in table) - sum(score <= 6 for score in table)) / len(table)  # noqa: PLR2004 - Reichheld's bands


def _median(knots: tuple[int, ...]) -> float:
    return float(knots[len(knots) // 2])


TRUTHS: Final = Truths(
    tz=TZ,
    nps={channel: _net(table) for channel, table in NPS.items()},
    csat={channel: sum(score >= 4 for score in table) / len(table) for channel, table in CSAT.items()},  # noqa: PLR2004 - top two boxes
    ces={channel: _mean(table) for channel, table in CES.items()},
    average_transaction_value={channel: _mean(table) * _mean(PRICES) / 100 for channel, table in ARTICLES.items()},
    retention_rate=RETURNS,
    repeat_purchase_rate=sum(count > 1 for count in ORDERS_A_MONTH) / len(ORDERS_A_MONTH),
    first_response_time={channel: _median(knots) for channel, knots in WAITS.items()},
    worse_channel=WORSE_CHANNEL,
    worse_from_month=WORSE_FROM_MONTH,
    worse_nps=_net(WORSE_NPS),
    worse_first_response_time=_median(WORSE_WAITS),
    survey_response_rate=ANSWERS_SURVEY,
    cart_abandonment_rate=LEAVES_CART,
    refund_rate=IS_REFUNDED,
    stars=_mean(STARS),
)
