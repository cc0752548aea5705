"""Aftercare in columns: parcels, refunds, reviews, tickets, surveys. `cxkit.simulate.aftercare` says it one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cxkit.simulate.aftercare import DESK_CLOSES, DESK_OPENS, HESITATION
from cxkit.simulate.book import DAY_US, HOUR_US, SECOND_US
from cxkit.simulate.columns.ledger import CHANNELS, CHAT, EMAIL, INSTRUMENTS, MAIL, PARTNER, PHONE, STORE, touchpoint
from cxkit.simulate.truths import (
    ANSWERS_SURVEY,
    CES,
    CONTACT_CHANNELS,
    CSAT,
    IS_NEVER_ANSWERED,
    IS_REFUNDED,
    IS_REOPENED,
    MOVES_CHANNEL,
    NEEDS_HELP,
    NPS,
    RESOLUTIONS,
    STARS,
    WAITS,
    WORSE_NPS,
    WORSE_WAITS,
    WRITES_REVIEW,
)

if TYPE_CHECKING:
    import polars as pl

    from cxkit.simulate.columns.ledger import Ledger

_CONTACT_CHANNELS: Final = tuple(map(CHANNELS.index, CONTACT_CHANNELS))
_DESKS: Final = (PHONE, EMAIL, CHAT)
_FIRST_DESK: Final = touchpoint("desk.phone")
_PARCEL: Final = touchpoint("delivery.parcel")
# Tables by a channel's number, and one more for when the desk by phone can't keep up.
_WAITS: Final = (*[WAITS[CHANNELS[channel]] for channel in _DESKS], WORSE_WAITS)
_RESOLUTIONS: Final = tuple(RESOLUTIONS[CHANNELS[channel]] for channel in _DESKS)
_SCORES: Final = {
    name: (*[table.get(channel, STARS) for channel in CHANNELS], worse)
    for name, table, worse in (("nps", NPS, WORSE_NPS), ("csat", CSAT, CSAT["phone"]), ("ces", CES, CES["phone"]))
}


def follow(ledger: Ledger, orders: pl.DataFrame) -> None:
    """Let follow what follows orders: a survey, a parcel, perhaps a question to the desk."""
    import polars as pl

    _survey(ledger, orders.with_columns(pl.col("ts") + HOUR_US), ("nps", "csat"))
    parcels = orders.filter(pl.col("channel") != STORE)
    _deliver(ledger, _later(ledger, parcels, 1 + ledger.draws.below(parcels.height, 4)))
    concerns = orders.filter(ledger.draws.happens(orders.height, NEEDS_HELP))
    channels = ledger.draws.pick(concerns.height, _CONTACT_CHANNELS).alias("channel")
    _help(ledger, _later(ledger, concerns.with_columns(channels), 1 + ledger.draws.below(concerns.height, 5)))


def _later(ledger: Ledger, frame: pl.DataFrame, days: pl.Series) -> pl.DataFrame:
    """Put rows off by days; on a Sunday all but e-mail waits one more."""
    import polars as pl

    count = ledger.days.count
    frame = frame.with_columns(pl.col("day") + days).filter(pl.col("day") < count)
    waits = ledger.days.closed.gather(frame["day"]) & (frame["channel"] != EMAIL)
    return frame.with_columns(pl.col("day") + waits.cast(pl.Int64)).filter(pl.col("day") < count)


def _deliver(ledger: Ledger, parcels: pl.DataFrame) -> None:
    import polars as pl

    draws, ts, amount = ledger.draws, pl.col("ts"), pl.col("amount")
    delivered = parcels.with_columns(
        ledger.days.between(parcels["day"], draws, 9, 18).alias("ts"), pl.lit(_PARCEL).alias("touchpoint")
    )
    ledger.write(delivered, "order.delivered", channel=MAIL)
    back = delivered.filter(draws.happens(delivered.height, IS_REFUNDED))
    after = (1 + draws.below(back.height, 9)) * DAY_US
    whole = draws.happens(back.height, 0.5)  # as often in part as in whole
    back = back.with_columns(ts + after, pl.when(whole).then(amount).otherwise(amount // 2).alias("amount"))
    ledger.write(back, "order.refunded", amount=amount)
    reviews = delivered.filter(draws.happens(delivered.height, WRITES_REVIEW))
    reviews = reviews.with_columns(
        ts + (1 + draws.below(reviews.height, 6)) * DAY_US, draws.pick(reviews.height, STARS).alias("score")
    )
    ledger.write(
        reviews,
        "review.posted",
        touchpoint=touchpoint("review.site"),
        channel=PARTNER,
        instrument=INSTRUMENTS.index("stars"),
        score=pl.col("score"),
    )


def _help(ledger: Ledger, concerns: pl.DataFrame) -> None:
    """Let customers ask. On a Sunday nobody is there to call or chat with; e-mail is answered at all hours."""
    import polars as pl

    draws, days, n, channel = ledger.draws, ledger.days, concerns.height, concerns["channel"]
    opened = days.online(concerns["day"], draws).zip_with(
        channel == EMAIL, days.between(concerns["day"], draws, DESK_OPENS, DESK_CLOSES)
    )
    worse = days.is_worse(opened) & (channel == PHONE)
    waits = draws.wait_us((channel - PHONE) + worse.cast(pl.Int64) * len(_DESKS), _WAITS)
    tickets = concerns.with_columns(
        opened.alias("ts"),
        _desk(channel),
        ledger.number("t", n),
        waits.alias("wait"),
        draws.happens(n, IS_NEVER_ANSWERED).alias("lost"),
    )
    ts, wait = pl.col("ts"), pl.col("wait")
    ledger.write(tickets, "contact.opened")
    abandoned = tickets.filter(pl.col("lost") & (pl.col("channel") != EMAIL))
    ledger.write(abandoned, "contact.abandoned", ts=ts + wait, duration=wait)
    answered = tickets.filter(~pl.col("lost")).with_columns(ts + wait)
    ledger.write(answered, "contact.answered", duration=wait)
    _resolve(ledger, answered)


def _resolve(ledger: Ledger, answered: pl.DataFrame) -> None:
    import polars as pl

    draws, n, ts = ledger.draws, answered.height, pl.col("ts")
    last = draws.pick(n, _CONTACT_CHANNELS).zip_with(draws.happens(n, MOVES_CHANNEL), answered["channel"])
    resolved = answered.with_columns(ts + draws.wait_us(last - PHONE, _RESOLUTIONS), last.alias("last"))
    ledger.write(resolved, "contact.resolved", channel=pl.col("last"), touchpoint=_desk(last))
    reopens = draws.happens(n, IS_REOPENED)
    reopened = resolved.filter(reopens).with_columns(ts + (4 + draws.below(int(reopens.sum()), 40)) * HOUR_US)
    by_mail = {"channel": EMAIL, "touchpoint": _FIRST_DESK + EMAIL - PHONE}
    ledger.write(reopened, "contact.reopened", **by_mail)
    email = pl.Series("email", [EMAIL - PHONE], pl.Int64).new_from_index(0, reopened.height)
    again = reopened.with_columns(ts + draws.wait_us(email, _RESOLUTIONS))
    ledger.write(again, "contact.resolved", **by_mail)
    done = pl.concat([resolved.filter(~reopens), again]).with_columns(ts + HOUR_US)
    _survey(ledger, done, ("nps", "csat", "ces"))


def _desk(channel: pl.Series) -> pl.Series:
    return (channel - PHONE + _FIRST_DESK).alias("touchpoint")


def _survey(ledger: Ledger, asked: pl.DataFrame, instruments: tuple[str, ...]) -> None:
    """Ask about a channel and a touchpoint; most people don't answer."""
    import polars as pl

    draws, ts = ledger.draws, pl.col("ts")
    sent = asked.with_columns(ledger.number("s", asked.height))
    ledger.write(sent, "survey.sent")
    answered = sent.filter(draws.happens(sent.height, ANSWERS_SURVEY))
    answered = answered.with_columns(ts + draws.wait_us(answered["channel"] * 0, (HESITATION,)))
    worse = ledger.days.is_worse(answered["ts"]) & (answered["channel"] == PHONE)
    which = answered["channel"].zip_with(~worse, answered["channel"] * 0 + len(CHANNELS))
    for place, instrument in enumerate(instruments):
        scored = answered.with_columns(draws.pick_of(which, _SCORES[instrument]).alias("score"))
        ledger.write(
            scored,
            "survey.answered",
            ts=ts + 10 * place * SECOND_US,
            instrument=INSTRUMENTS.index(instrument),
            score=pl.col("score"),
        )
