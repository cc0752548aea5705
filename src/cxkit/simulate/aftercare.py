"""Aftercare: parcels, refunds, reviews, tickets, surveys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cxkit.simulate.book import DAY_US, HOUR_US, SECOND_US, Concern, Parcel
from cxkit.simulate.chance import pick, wait_us
from cxkit.simulate.day import between, online
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
    WORSE_CHANNEL,
    WORSE_NPS,
    WORSE_WAITS,
    WRITES_REVIEW,
)

if TYPE_CHECKING:
    from cxkit.simulate.book import Book
    from cxkit.simulate.day import Day

DESK_OPENS, DESK_CLOSES = 8, 20
_DESK: Final = {"phone": "desk.phone", "email": "desk.email", "chat": "desk.chat"}
_SCORES: Final = {"nps": NPS, "csat": CSAT, "ces": CES}
# Seconds until a survey is answered.
HESITATION: Final = (60, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 57_600, 86_400, 172_800, 259_200)


def follow(book: Book, day: Day, ts_us: int, order: tuple[str, str, str, str, int]) -> None:
    """Plan what follows an order: a survey, a parcel, perhaps a question to the desk."""
    customer, channel, touchpoint, reference, amount = order
    _survey(book, ts_us + HOUR_US, customer, (channel, touchpoint), ("nps", "csat"))
    if channel != "store":
        arrives = day.number + 1 + int(book.chance() * 4)
        book.parcels[arrives].append(Parcel(customer, channel, reference, amount))
    if book.chance() < NEEDS_HELP:
        asks = day.number + 1 + int(book.chance() * 5)
        book.concerns[asks].append(Concern(customer, pick(book.chance, CONTACT_CHANNELS)))


def deliver(book: Book, day: Day) -> None:
    """Deliver the day's parcels; on a Sunday they wait."""
    parcels = book.parcels.pop(day.number, [])
    if day.closed:
        book.parcels[day.number + 1] += parcels
        return
    for parcel in parcels:
        customer, order = parcel.customer, parcel.order
        ts_us = between(day, book.chance, 9, 18)
        book.write(ts_us, "order.delivered", customer, "delivery.parcel", "mail", order)
        if book.chance() < IS_REFUNDED:
            back = ts_us + (1 + int(book.chance() * 9)) * DAY_US
            amount = parcel.amount if book.chance() < 0.5 else parcel.amount // 2  # noqa: PLR2004 - as often in part as in whole
            book.write(back, "order.refunded", customer, "delivery.parcel", parcel.channel, order, amount=amount)
        if book.chance() < WRITES_REVIEW:
            later = ts_us + (1 + int(book.chance() * 6)) * DAY_US
            score = float(pick(book.chance, STARS))
            book.write(
                later, "review.posted", customer, "review.site", "partner", order, instrument="stars", score=score
            )


def help_customers(book: Book, day: Day) -> None:
    """Let customers ask. On a Sunday nobody is there to call or chat with; e-mail is answered at all hours."""
    for concern in book.concerns.pop(day.number, []):
        if concern.channel == "email":
            _ticket(book, online(day, book.chance), concern)
        elif day.closed:
            book.concerns[day.number + 1].append(concern)
        else:
            _ticket(book, between(day, book.chance, DESK_OPENS, DESK_CLOSES), concern)


def _ticket(book: Book, opened: int, concern: Concern) -> None:
    chance, customer, channel = book.chance, concern.customer, concern.channel
    ticket, desk = book.number("t"), _DESK[channel]
    worse = channel == WORSE_CHANNEL and book.is_worse(opened)
    wait = wait_us(chance, WORSE_WAITS if worse else WAITS[channel])
    book.write(opened, "contact.opened", customer, desk, channel, ticket)
    if chance() < IS_NEVER_ANSWERED:
        if channel != "email":
            book.write(opened + wait, "contact.abandoned", customer, desk, channel, ticket, duration=wait)
        return
    answered = opened + wait
    book.write(answered, "contact.answered", customer, desk, channel, ticket, duration=wait)
    last = pick(chance, CONTACT_CHANNELS) if chance() < MOVES_CHANNEL else channel
    resolved = answered + wait_us(chance, RESOLUTIONS[last])
    book.write(resolved, "contact.resolved", customer, _DESK[last], last, ticket)
    if chance() < IS_REOPENED:
        reopened = resolved + (4 + int(chance() * 40)) * HOUR_US
        resolved = reopened + wait_us(chance, RESOLUTIONS["email"])
        book.write(reopened, "contact.reopened", customer, _DESK["email"], "email", ticket)
        book.write(resolved, "contact.resolved", customer, _DESK["email"], "email", ticket)
    _survey(book, resolved + HOUR_US, customer, (channel, desk), ("nps", "csat", "ces"))


def _survey(book: Book, sent: int, customer: str, about: tuple[str, str], instruments: tuple[str, ...]) -> None:
    """Ask about a channel and a touchpoint; most people don't answer."""
    channel, touchpoint = about
    survey = book.number("s")
    book.write(sent, "survey.sent", customer, touchpoint, channel, survey)
    if book.chance() >= ANSWERS_SURVEY:
        return
    answered = sent + wait_us(book.chance, HESITATION)
    worse = channel == WORSE_CHANNEL and book.is_worse(answered)
    for place, instrument in enumerate(instruments):
        table = WORSE_NPS if worse and instrument == "nps" else _SCORES[instrument][channel]
        at = answered + 10 * place * SECOND_US
        score = float(pick(book.chance, table))
        book.write(at, "survey.answered", customer, touchpoint, channel, survey, instrument=instrument, score=score)
