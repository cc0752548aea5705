"""The event: one flat, typed record of something a customer lived through."""

from __future__ import annotations

import math
import os
import re
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from os import urandom as _urandom
from struct import unpack
from time import time_ns as _time_ns
from typing import TYPE_CHECKING, Any, Final

import attrs

from cxkit.errors import InvalidValueError
from cxkit.model.currencies import MINOR_DIGITS
from cxkit.model.money import Money, check_currency
from cxkit.model.properties import CANONICAL, check_properties, dump_properties
from cxkit.model.text import check_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

CHANNELS: Final = (
    "web", "app", "store", "phone", "email", "chat", "social", "messaging", "marketplace", "mail", "event",
    "partner", "other",
)  # fmt: skip

KINDS: Final = (
    "content.viewed", "campaign.sent", "campaign.opened", "campaign.clicked", "visit.started", "product.viewed",
    "cart.updated", "cart.abandoned", "checkout.started", "order.placed", "order.delivered", "order.returned",
    "order.refunded", "order.cancelled", "product.used", "contact.opened", "contact.answered", "contact.resolved",
    "contact.reopened", "contact.abandoned", "survey.sent", "survey.answered", "review.posted", "referral.sent",
    "referral.converted", "account.created", "account.closed", "reward.earned", "reward.redeemed",
    "identity.linked", "identity.unlinked", "consent.granted", "consent.withdrawn",
)  # fmt: skip

# A fact that its reference names completely happens once: a retry gives the same id, so it isn't counted twice.
ONCE: Final = frozenset({
    "order.placed", "order.delivered", "order.cancelled", "contact.opened", "survey.sent", "account.created",
    "account.closed",
})  # fmt: skip

PPM: Final = 1_000_000
_KINDS_KEPT = 10_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KIND = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
_LEAST, _MOST = -(2**63), 2**63 - 1
# A context of our own: an application may have set the thread's precision, rounding and traps to anything.
_DECIMAL = Context(prec=60, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation])
# Years 1 and 9999 in UTC, less the day that a zone's offset may take: what a datetime can hold.
_FIRST_US = -62_135_510_400_000_000
_LAST_US = 253_402_214_400_000_000
_kinds_seen: dict[str, None] = dict.fromkeys(KINDS)


def to_us(time: datetime) -> int:
    """Return microseconds since 1970 in UTC; a naive time is refused.

    >>> to_us(datetime(1970, 1, 2, tzinfo=UTC))
    86400000000
    """
    if not isinstance(time, datetime):
        raise InvalidValueError("time", time, "isn't a datetime")
    if time.tzinfo is None:
        raise InvalidValueError("time", time.isoformat(), "has no time zone: attach one, such as datetime.UTC")
    return _span_us(time - _EPOCH)


def _span_us(span: timedelta) -> int:
    return (span.days * 86_400 + span.seconds) * 1_000_000 + span.microseconds


def from_us(ts_us: int) -> datetime:
    """Return the aware UTC datetime of microseconds since 1970.

    >>> from_us(86400000000).isoformat()
    '1970-01-02T00:00:00+00:00'
    """
    return _EPOCH + timedelta(microseconds=ts_us)


def check_kind(kind: object) -> str:
    """Return a kind that reads as ``noun.verb``; kinds are an open set.

    >>> check_kind("table.reserved")
    'table.reserved'
    """
    if type(kind) is not str or not _KIND.fullmatch(kind):
        raise InvalidValueError("kind", kind, "doesn't read as noun.verb in lower case, such as 'order.placed'")
    if len(_kinds_seen) < _KINDS_KEPT:  # a cache that hostile input can't grow without end
        _kinds_seen[kind] = None
    return kind


def _check_int(field: str, value: object, low: int, high: int) -> int:
    if type(value) is not int:
        raise InvalidValueError(field, value, "isn't a whole number")
    if not low <= value <= high:
        raise InvalidValueError(field, value, f"is out of range: it must lie within {low}…{high}")
    return value


def _check_score(score: object) -> float | None:
    if type(score) is float and math.isfinite(score):
        return score + 0.0  # -0.0 and 0.0 are one answer
    if isinstance(score, bool) or not isinstance(score, int | float):
        raise InvalidValueError("score", score, "isn't a number")
    try:
        answer = float(score)
    except OverflowError:
        answer = math.inf
    if math.isnan(answer):
        return None
    if math.isinf(answer):
        raise InvalidValueError("score", score, "isn't finite")
    return answer + 0.0


class Draft:
    """An event while it is made; see `fill`."""

    __slots__ = (  # noqa: RUF023 - the order of the columns
        "id", "ts_us", "kind", "customer", "source", "touchpoint", "channel", "reference", "instrument", "item",
        "score", "amount_minor", "currency", "duration_us", "weight_ppm", "properties",
    )  # fmt: skip


_become = object.__setattr__


@attrs.frozen(slots=True, init=False, weakref_slot=False)
class Event:
    """Something that happened between a customer and a business: one flat record of plain columns.

    The fields are the columns of an event table, in their order. `event` makes one from Python's own types.

    Attributes:
        id: unique within `source`; (`source`, `id`) is the idempotency key.
        ts_us: when it happened, in microseconds since 1970 in UTC.
        kind: what happened, as ``noun.verb``.
        customer: who, as the source knows them; None for an anonymous visit or till sale.
        source: the app, adapter or data set that says so.
        touchpoint: key into the journey map, such as ``storefront.checkout``.
        channel: where; one of `CHANNELS` or a word of your own.
        reference: the order, ticket, session or survey it belongs to.
        instrument: which question, such as ``nps``.
        item: which item of a scale that has several.
        score: the answer, on the instrument's own scale. NaN becomes None.
        amount_minor: money in the currency's minor units; needs `currency`.
        currency: ISO 4217 code.
        duration_us: a measured wait, handling or resolution time, in microseconds.
        weight_ppm: survey weight in millionths.
        properties: the rest, as the text of a JSON object.

    Raises:
        InvalidValueError: a field can't hold what was given; it names the field and the value.

    >>> Event(id="1", ts_us=0, kind="visit.started", source="app").time.year
    1970
    """

    id: str
    ts_us: int
    kind: str
    customer: str | None
    source: str
    touchpoint: str | None
    channel: str | None
    reference: str | None
    instrument: str | None
    item: str | None
    score: float | None
    amount_minor: int | None
    currency: str | None
    duration_us: int | None
    weight_ppm: int
    properties: str | None

    # An app makes an event on every click, and a frozen attrs class sets each field through object.__setattr__, which
    # costs three times the assignment: see `fill`.
    def __init__(  # noqa: PLR0913, PLR0917 - the columns of the table
        self,
        id: str,  # noqa: A002 - the column's name
        ts_us: int,
        kind: str,
        customer: str | None = None,
        source: str = "app",
        touchpoint: str | None = None,
        channel: str | None = None,
        reference: str | None = None,
        instrument: str | None = None,
        item: str | None = None,
        score: float | None = None,
        amount_minor: int | None = None,
        currency: str | None = None,
        duration_us: int | None = None,
        weight_ppm: int = PPM,
        properties: str | None = None,
    ) -> None:
        """Check every field and keep it."""
        _become(self, "__class__", Draft)
        try:
            fill(
                self, id, ts_us, kind, customer, source, touchpoint, channel, reference, instrument, item, score,
                amount_minor, currency, duration_us, weight_ppm, properties,
            )  # fmt: skip
        except BaseException:
            self.__class__ = Event  # whoever holds it has no draft that anything could be written into
            raise

    @property
    def time(self) -> datetime:
        """When it happened, as an aware datetime in UTC."""
        return from_us(self.ts_us)

    @property
    def amount(self) -> Money | None:
        """The money, exact, or None."""
        if self.amount_minor is None or self.currency is None:
            return None
        return Money.of_minor(self.amount_minor, self.currency)

    @property
    def duration(self) -> timedelta | None:
        """The measured duration, or None."""
        return None if self.duration_us is None else timedelta(microseconds=self.duration_us)

    @property
    def weight(self) -> Decimal:
        """The survey weight; 1 unless the survey says otherwise."""
        return _DECIMAL.divide(Decimal(self.weight_ppm), Decimal(PPM))

    @property
    def data(self) -> dict[str, Any]:
        """The properties as a new dictionary; empty where there are none."""
        import json

        return json.loads(self.properties) if self.properties else {}


def fill(  # noqa: PLR0913, PLR0917, PLR0915, C901, PLR0912 - the columns of the table, each with its check
    draft: Any,  # noqa: ANN401 - a Draft, or an Event that was made one
    id: str,  # noqa: A002 - the column's name
    ts_us: int,
    kind: str,
    customer: str | None = None,
    source: str = "app",
    touchpoint: str | None = None,
    channel: str | None = None,
    reference: str | None = None,
    instrument: str | None = None,
    item: str | None = None,
    score: float | None = None,
    amount_minor: int | None = None,
    currency: str | None = None,
    duration_us: int | None = None,
    weight_ppm: int = PPM,
    properties: str | None = None,
) -> Event:
    """Check the columns of an event, and turn the draft into it; nobody else may hold that yet.

    The fields are assigned while the object is still a `Draft`, whose layout is the same. Checks run on the arguments,
    and what is plain and right passes with one test. `Event` calls it, and so do `event` and `Facts`, with a draft of
    their own: a function is called in less time than a class.

    >>> fill(Draft(), "1", 0, "visit.started") == Event("1", 0, "visit.started")
    True
    """
    if type(kind) is not str or kind not in _kinds_seen:
        kind = check_kind(kind)
    if type(ts_us) is not int or not _FIRST_US <= ts_us <= _LAST_US:
        ts_us = _check_int("ts_us", ts_us, _FIRST_US, _LAST_US)
    if not (type(id) is str and id and id.isascii() and "\0" not in id):
        id = check_text("id", id)  # noqa: A001
    if not (type(source) is str and source and source.isascii() and "\0" not in source):
        source = check_text("source", source)
    if customer is not None and not (
        type(customer) is str and customer and customer.isascii() and "\0" not in customer
    ):
        customer = check_text("customer", customer)
    if touchpoint is not None and not (
        type(touchpoint) is str and touchpoint and touchpoint.isascii() and "\0" not in touchpoint
    ):
        touchpoint = check_text("touchpoint", touchpoint)
    if channel is not None and not (type(channel) is str and channel and channel.isascii() and "\0" not in channel):
        channel = check_text("channel", channel)
    if reference is not None and not (
        type(reference) is str and reference and reference.isascii() and "\0" not in reference
    ):
        reference = check_text("reference", reference)
    if instrument is not None and not (
        type(instrument) is str and instrument and instrument.isascii() and "\0" not in instrument
    ):
        instrument = check_text("instrument", instrument)
    if item is not None and not (type(item) is str and item and item.isascii() and "\0" not in item):
        item = check_text("item", item)
    if score is not None:
        score = _check_score(score)
    if currency is not None:
        if type(currency) is not str or currency not in MINOR_DIGITS:
            check_currency(currency)
        if amount_minor is None:
            raise InvalidValueError("currency", currency, "stands without an amount")
    if amount_minor is not None:
        if currency is None:
            raise InvalidValueError("amount_minor", amount_minor, "has no currency: money needs one")
        if type(amount_minor) is not int or not _LEAST <= amount_minor <= _MOST:
            amount_minor = _check_int("amount_minor", amount_minor, _LEAST, _MOST)
    if duration_us is not None:
        duration_us = _check_int("duration_us", duration_us, _LEAST, _MOST)
    if weight_ppm is not PPM:
        weight_ppm = _check_int("weight_ppm", weight_ppm, 0, _MOST)
    if properties is not None and properties is not CANONICAL[0]:
        properties = check_properties(properties)
    draft.id = id
    draft.ts_us = ts_us
    draft.kind = kind
    draft.customer = customer
    draft.source = source
    draft.touchpoint = touchpoint
    draft.channel = channel
    draft.reference = reference
    draft.instrument = instrument
    draft.item = item
    draft.score = score
    draft.amount_minor = amount_minor
    draft.currency = currency
    draft.duration_us = duration_us
    draft.weight_ppm = weight_ppm
    draft.properties = properties
    draft.__class__ = Event
    final: Event = draft
    return final


COLUMNS: Final = tuple(field.name for field in attrs.fields(Event))


def event_of_row(row: Sequence[Any]) -> Event:
    """Return the event of a row that was an event before, in the order of `COLUMNS`, without checking it again.

    For stores: a row that comes from anywhere else goes through `Event` or `event`.

    >>> first = Event(id="1", ts_us=0, kind="visit.started", source="app")
    >>> event_of_row(attrs.astuple(first)) == first
    True
    """
    made: Any = Draft()
    (
        made.id, made.ts_us, made.kind, made.customer, made.source, made.touchpoint, made.channel, made.reference,
        made.instrument, made.item, made.score, made.amount_minor, made.currency, made.duration_us, made.weight_ppm,
        made.properties,
    ) = row  # fmt: skip
    made.__class__ = Event
    final: Event = made
    return final


def events_of_columns(columns: Iterable[Iterable[Any]]) -> list[Event]:
    """Return the events of columns, in the order of `COLUMNS`, whose values were checked; as `event_of_row`, for many.

    >>> first = Event(id="1", ts_us=0, kind="visit.started", source="app")
    >>> events_of_columns([(value,) for value in attrs.astuple(first)]) == [first]
    True
    """
    events: list[Event] = []
    keep = events.append
    made: Any
    for (
        identity, ts_us, kind, customer, source, touchpoint, channel, reference, instrument, item, score, amount_minor,
        currency, duration_us, weight_ppm, properties,
    ) in zip(*columns, strict=False):  # fmt: skip
        made = Draft()
        made.id = identity
        made.ts_us = ts_us
        made.kind = kind
        made.customer = customer
        made.source = source
        made.touchpoint = touchpoint
        made.channel = channel
        made.reference = reference
        made.instrument = instrument
        made.item = item
        made.score = score
        made.amount_minor = amount_minor
        made.currency = currency
        made.duration_us = duration_us
        made.weight_ppm = weight_ppm
        made.properties = properties
        made.__class__ = Event
        keep(made)
    return events


def event(  # noqa: PLR0913 - the columns of the table
    kind: str,
    *,
    customer: str | None = None,
    time: datetime | None = None,
    source: str = "app",
    touchpoint: str | None = None,
    channel: str | None = None,
    reference: str | None = None,
    instrument: str | None = None,
    item: str | None = None,
    score: float | None = None,
    amount: Money | None = None,
    duration: timedelta | None = None,
    weight: float | Decimal = 1,
    properties: Mapping[str, Any] | None = None,
    id: str | None = None,  # noqa: A002 - the column's name
) -> Event:
    """Return an event made from Python's own types; now, unless a time is given.

    Without an `id` it gets one that stays the same where kind and reference already name the fact (an order is placed
    once, so a retry isn't a second order), and a fresh UUIDv7 elsewhere.

    Args:
        kind: ``noun.verb``, such as ``order.placed``.
        customer: who, or None for somebody unknown.
        time: an aware datetime.
        source: the app, adapter or data set that says so.
        touchpoint: key into the journey map.
        channel: one of `CHANNELS` or a word of your own.
        reference: the order, ticket, session or survey it belongs to.
        instrument: which question was answered.
        item: which item of a scale that has several.
        score: the answer on the instrument's own scale.
        amount: the money; an ``order.refunded`` carries the positive sum given back.
        duration: a measured wait, handling or resolution time.
        weight: survey weight; kept in millionths.
        properties: whatever else is worth keeping, as JSON.
        id: your own, unique within the source.

    Raises:
        InvalidValueError: a field can't hold what was given.

    >>> order = event("order.placed", customer="c42", amount=Money("129.90", "USD"), reference="o-1001")
    >>> order.id, order.amount_minor
    ('order.placed:o-1001', 12990)
    """
    if amount is not None and not isinstance(amount, Money):
        raise InvalidValueError("amount", amount, "isn't Money: write Money('129.90', 'USD')")
    if duration is not None and not isinstance(duration, timedelta):
        raise InvalidValueError("duration", duration, "isn't a timedelta")
    # By position, in the columns' order: passing sixteen names on would cost a microsecond.
    return fill(
        Draft(),
        (stable_id(kind, reference) or uuid7()) if id is None else id,
        _time_ns() // 1000 if time is None else to_us(time),
        kind,
        customer,
        source,
        touchpoint,
        channel,
        reference,
        instrument,
        item,
        score,
        None if amount is None else amount.minor,
        None if amount is None else amount.currency,
        None if duration is None else _span_us(duration),
        PPM if weight == 1 else weight_to_ppm(weight),
        dump_properties(properties) if properties else None,
    )


def stable_id(kind: str, reference: str | None) -> str | None:
    """Return the id of a fact that its kind and reference name completely, or None.

    >>> stable_id("order.placed", "o-1"), stable_id("order.refunded", "o-1")
    ('order.placed:o-1', None)
    """
    return f"{kind}:{reference}" if reference is not None and type(kind) is str and kind in ONCE else None


def weight_to_ppm(weight: float | Decimal | str) -> int:
    """Return a survey weight in millionths, rounded half to even.

    >>> weight_to_ppm(0.1), weight_to_ppm("1.5")
    (100000, 1500000)
    """
    try:
        exact = Decimal(str(weight)).quantize(Decimal("0.000001"), context=_DECIMAL)
        return int(exact.scaleb(6, context=_DECIMAL))
    except (ArithmeticError, ValueError):
        raise InvalidValueError("weight", weight, "isn't a number that a weight can be") from None


_last_uuid = [0]
_random_tails: list[int] = []
if hasattr(os, "register_at_fork"):
    # A child must not hand out the random bits that its parent holds in store too.
    os.register_at_fork(after_in_child=_random_tails.clear)


def uuid7() -> str:
    """Return a new UUIDv7 (RFC 9562): ordered by time, so that a store appends instead of seeking.

    Within one process each is greater than the one before, also when the clock stands or is set back; the random part
    keeps processes, forks and machines apart.

    >>> uuid7() < uuid7()
    True
    """
    # The first 60 bits are the time in units of 1/4096 ms, the counter of RFC 9562's method 3. A race between threads
    # costs order between these two ids, never uniqueness: 62 random bits follow.
    now = _time_ns() * 4096 // 1_000_000
    if now <= _last_uuid[0]:
        now = _last_uuid[0] + 1
    _last_uuid[0] = now
    try:
        tail = _random_tails.pop()
    except IndexError:
        _random_tails.extend(unpack("=512Q", _urandom(512 * 8)))  # one call to the system for many ids
        tail = _random_tails.pop()
    return "%08x-%04x-7%03x-%04x-%012x" % (  # noqa: UP031 - a third quicker than an f-string, on every emit
        now >> 28,
        now >> 12 & 0xFFFF,
        now & 0xFFF,
        tail >> 48 & 0x3FFF | 0x8000,
        tail & 0xFFFF_FFFF_FFFF,
    )
