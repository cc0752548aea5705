"""Tryton as cxkit reads it."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import attrs

from cxkit.adapters import Batch, Check, Facts, Reading, Secret, Wire, by_time
from cxkit.errors import FatalAdapterError, InvalidValueError, UnknownNameError
from cxkit_tryton.lists import LISTS, belongings
from cxkit_tryton.rpc import Rpc
from cxkit_tryton.shop import Company, Shop
from cxkit_tryton.tagged import decimal_of, time_tag, us_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cxkit.adapters import Page, State, Stream
    from cxkit_tryton.lists import Listed
    from cxkit_tryton.shop import Record

CHANGED: Final = "last_modified_at"


def _from_one(_instance: object, attribute: attrs.Attribute[Any], value: int) -> None:
    if value < 1:
        raise InvalidValueError(attribute.name, value, "isn't 1 or more")


def _check_zone(_instance: object, _attribute: object, value: str) -> None:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidValueError("zone", value, "isn't a time zone: write it as 'Asia/Ho_Chi_Minh'") from None


@attrs.frozen(kw_only=True)
class TrytonConfig:
    """How a Tryton is reached and read.

    Attributes:
        url: the address of its web interface, such as ``https://erp.example``.
        database: the name of the database.
        user: a login.
        password: its password.
        region: the country of phone numbers that are written without one, such as ``VN``.
        zone: the time zone in which days begin of companies that name none.
        transaction_minutes: how long a transaction in Tryton may take. A change bears the time at which its transaction
            began, and is seen once that ends; so each pull goes back by as much.
        page: how many records are asked for at once.
    """

    url: str
    database: str
    user: str
    password: Secret
    region: str | None = None
    zone: str = attrs.field(default="UTC", validator=_check_zone)
    transaction_minutes: int = attrs.field(default=10, validator=_from_one)
    page: int = attrs.field(default=500, validator=_from_one)


class Tryton:
    """A Tryton: sales of its tills, orders, credit notes, opportunities, complaints, and who is who.

    >>> settings = TrytonConfig(url="https://erp.example", database="shop", user="an", password=Secret("s3cr3t"))
    >>> erp = Tryton(settings)
    >>> erp.source, [stream.name for stream in erp.streams()]
    ('tryton:erp.example/shop', ['parties', 'contacts', 'till', 'orders', 'credits', 'opportunities', 'complaints'])
    """

    name: ClassVar[str] = "tryton"
    title: ClassVar[str] = "Tryton"
    Config: ClassVar[type[TrytonConfig]] = TrytonConfig

    def __init__(self, config: TrytonConfig, wire: Wire | None = None) -> None:
        """Prepare it; nothing is called yet.

        Args:
            config: the settings.
            wire: patience, limits and transport.
        """
        self._config = config
        self._rpc = Rpc(config.url, config.database, config.user, config.password, wire or Wire())
        self._facts = Facts(self.source, config.region)

    @property
    def source(self) -> str:
        """Return the source of its events: the server and the database."""
        parts = urlsplit(self._config.url)
        return f"{self.name}:{parts.netloc}{parts.path.rstrip('/')}/{self._config.database}"

    def check(self) -> Check:
        """Sign in, and ask each list for one record; say which modules and rights lack."""
        company = self._rpc.context().get("company.rec_name")
        lacks = [] if company else ["a company: the user sees the records of none, give them one in their preferences"]
        for listed in LISTS:
            if listed.model not in self._present:
                lacks.append(f"{listed.stream.name}: the module that brings {listed.model} isn't activated")
                continue
            try:
                self._rpc.rows(listed.model, listed.domain, ["id"], most=1)
            except FatalAdapterError as error:
                if error.status is not None:
                    raise
                lacks.append(f"{listed.stream.name}: {listed.group}")
        who = f"{self._config.user} at {company or self.source}"
        return Check(who, tuple(lacks))

    def streams(self) -> Sequence[Stream]:
        """Return what can be read."""
        return tuple(listed.stream for listed in LISTS)

    def read(self, stream: str, state: State) -> Iterator[Page]:
        """Read a stream on from where it stands; one whose module isn't activated is empty."""
        listed = next((each for each in LISTS if each.stream.name == stream), None)
        if listed is None:
            raise UnknownNameError("stream of tryton", stream, [each.stream.name for each in LISTS])
        if listed.model not in self._present:
            return iter(())
        shop = Shop(self._facts, self._companies)
        fields = [*listed.fields, *self._optional(listed)]
        reading: Reading[Record] = Reading(
            stream,
            lambda record: record["id"],
            lambda record: listed.events(shop, record),
            lambda record: us_of(record[CHANGED]),
        )

        def fetch(since: int | None, skip: int) -> Batch[Record]:
            # Nothing is asked for before there is a cursor but what the list is about.
            bound = [] if since is None else [[CHANGED, ">=", time_tag(since)]]
            rows = self._rpc.rows(
                listed.model,
                [*listed.domain, *bound],
                fields,
                order=((CHANGED, "ASC"), ("id", "ASC")),
                skip=skip,
                most=self._config.page,
            )
            return Batch(belongings(self._rpc, listed, rows), len(rows) == self._config.page)

        return by_time(state, reading, fetch, lookback=timedelta(minutes=self._config.transaction_minutes))

    @cached_property
    def _present(self) -> set[str]:
        """Return which of the models the activated modules bring."""
        wanted = sorted({listed.model for listed in LISTS})
        return {row["name"] for row in self._rpc.rows("ir.model", [["name", "in", wanted]], ["name"])}

    def _optional(self, listed: Listed) -> list[str]:
        """Return the fields that a further module brings, if it is activated."""
        if not listed.optional:
            return []
        found: dict[str, Any] = self._rpc.ask(listed.model, "fields_get", list(listed.optional), 0)
        return [name for name in listed.optional if name in found]

    @cached_property
    def _companies(self) -> dict[int, Company]:
        """Return the companies by id, with their zones and currencies."""
        wanted = ["timezone", "currency.code", "currency.rounding"]
        return {
            row["id"]: Company(
                ZoneInfo(row["timezone"] or self._config.zone),
                row["currency."]["code"],
                decimal_of(row["currency."]["rounding"]),
            )
            for row in self._rpc.rows("company.company", [], wanted)
        }
