"""A Tryton as the conformance suite drives it; what it holds is asked of its database, past RPC."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from time import sleep
from typing import TYPE_CHECKING, Any, ClassVar

import attrs
from tests.servers.tryton_shop import COFFEE, MACHINE, TEA

from cxkit.adapters import Secret, Wire
from cxkit.http import Answer
from cxkit.model.money import Money
from cxkit.testing import Fact
from cxkit_tryton import Tryton, TrytonConfig

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.servers.tryton import TrytonServer

    from cxkit.adapters import Request
    from cxkit.testing import Deed

_STEPS = """
    select cast(substr(resource, instr(resource, ',') + 1) as integer), target, create_date, id from ir_model_log
    where resource like '{model},%' and event in ({events}) order by id
"""


@attrs.define
class TrytonSource:
    """A running Tryton with records of its own."""

    server: TrytonServer
    inner: None = None
    impossible: Mapping[Deed, str] = attrs.field(factory=dict)
    deliveries_expire: ClassVar[bool] = False
    _made: int = 0

    @property
    def secrets(self) -> Sequence[str]:
        """The password, and the keys of all sessions."""
        return [self.server.password, *(key for (key,) in self.server.shop.sql("select key from ir_session"))]

    def config(self, **settings: Any) -> TrytonConfig:
        """Return settings for it."""
        given = {
            "url": self.server.url,
            "database": self.server.database,
            "user": self.server.user,
            "page": 3,
            "transaction_minutes": 1,
        }
        return TrytonConfig(**{**given, "password": Secret(self.server.password), **settings})

    def adapter(self, wire: Wire) -> Tryton:
        """Return a new adapter with pages of three records."""
        self.server.shop.tidy()
        return Tryton(self.config(), wire)

    def stranger(self, wire: Wire) -> Tryton:
        """Return an adapter whom Tryton doesn't know: each time another, as it locks out who tries too often."""
        return Tryton(self.config(user=f"nobody-{secrets.token_hex(4)}", password=Secret(secrets.token_hex(8))), wire)

    def refusal(self) -> Answer:
        """Return Tryton's answer to somebody who lacks a right."""
        said = {"id": 1, "error": ["UserError", ['You are not allowed to access "Sale".', "Within groups: ", None]]}
        return Answer(200, {"content-type": "application/json"}, json.dumps(said).encode())

    def deliver(self, *, age: float = 0.0, forged: bool = False) -> Request:
        """Tryton sends nothing by itself."""
        raise NotImplementedError

    def wait(self, seconds: float) -> None:
        """Let time go by; its clock is the machine's."""
        sleep(seconds)

    def do(self, deed: Deed) -> None:
        """Let something happen in the shop."""
        self._made += 1
        getattr(self, f"_{deed}")()

    # --------------------------------------------------------------------------------------------------- what happens

    def _sell(self) -> None:
        """At the till and by order, with and without addresses; leads and complaints that end in every way."""
        shop = self.server.shop
        shop.ring([[(TEA, 1), (COFFEE, 3)], [(TEA, 0.5), (MACHINE, -1)]])
        shop.ring([[(COFFEE, 2)]], date="2026-01-05")
        shop.undo(*shop.sell(1))
        lan = shop.customer("Lan", email=f"Lan.{self._made}@Example.org")
        minh = shop.customer("Minh", phone=f"+84 912 345 {100 + self._made}")
        nobody = shop.customer("Somebody")
        shop.order(nobody)
        sold = shop.order(minh, 2, web=f"W-{self._made}")
        shop.win(shop.lead(lan))
        shop.press("sale.opportunity", shop.lead(minh), "cancel")
        shop.press("sale.opportunity", shop.lead(minh), "lost", "lead", "opportunity", "cancel")
        shop.press("sale.opportunity", shop.lead(lan), "opportunity", "lost", "lead", "opportunity", "lost")
        shop.resolve(shop.complain(minh, sold, give_back=True))
        shop.resolve(shop.complain(lan), rejected=True)
        shop.press("sale.complaint", shop.complain(nobody), "wait", "approve", "draft", "cancel")
        shop.complain(nobody)

    def _at_once(self) -> None:
        """Seven sales in one transaction, all at one microsecond."""
        self.server.shop.sell(*[1 + self._made % 3] * 7)

    def _refund(self) -> None:
        """Give back the money for an old order, and take up an old complaint."""
        shop = self.server.shop
        old = self._least("select id from sale_sale where state = 'processing' and origin is null order by id")
        shop.post(shop.invoices(shop.take_back(old)))
        resolved = self._least("select id from sale_complaint where state = 'done' order by id", None)
        if resolved is not None:  # one that was rejected stays so
            shop.press("sale.complaint", resolved, "draft")

    def _change(self) -> None:
        """Sell one more to the customer whose sale has lain longest."""
        sold = "select id from sale_point_sale where state = 'done' order by coalesce(write_date, create_date), id"
        self.server.shop.add_to(self._least(sold))

    def _hide(self) -> None:
        """Make somebody known, and hide them with all that they have."""
        shop = self.server.shop
        party = shop.customer("Gone", email=f"gone.{self._made}@example.org")
        for (contact,) in shop.sql(f"select id from party_contact_mechanism where party = {party}"):  # noqa: S608 - ours
            shop.write("party.contact_mechanism", contact, active=False)
        shop.write("party.party", party, active=False)

    def _delete(self) -> None:
        """Delete a complaint about which nothing was done."""
        idle = "state = 'draft' and id not in (select complaint from sale_complaint_action)"
        found = self._least(f"select id from sale_complaint where {idle} order by id")  # noqa: S608 - ours
        self.server.shop.delete("sale.complaint", found)

    def _merge(self) -> None:
        """Put two parties together that turned out to be one."""
        shop = self.server.shop
        twice = [shop.customer("Twice", email=f"twice.{self._made}.{n}@example.org") for n in range(2)]
        shop.merge(*twice)

    def _expire(self) -> None:
        """End the sessions of the adapter's user."""
        self.server.shop.end_sessions(self.server.user, self.server.password)

    def _least(self, query: str, *default: Any) -> Any:
        found = self.server.shop.sql(query)
        return found[0][0] if found or not default else default[0]

    # -------------------------------------------------------------------------------------------------- what there is

    def facts(self) -> Iterator[Fact]:
        """Yield all that happened, as the tables tell it."""
        yield from self._till_facts()
        yield from self._order_facts()
        yield from self._lead_facts()
        yield from self._complaint_facts()
        yield from self._people_facts()

    def _till_facts(self) -> Iterator[Fact]:
        shop, steps = self.server.shop, self._steps("sale.point.sale")
        for number, day in shop.sql("select id, date from sale_point_sale order by id"):
            done = [time for target, time, _ in steps.get(number, ()) if target == "state:done"]
            if not done:
                continue
            time = done[0] if day[:7] != "2026-01" else datetime(2026, 1, 4, 17, tzinfo=UTC)  # midnight in Viet Nam
            lines = shop.sql(
                f"select quantity, unit_gross_price from sale_point_sale_line where sale = {number}"  # noqa: S608 - ours
            )
            each = [_cents(_exact(quantity) * _exact(price)) for quantity, price in lines]
            here: dict[str, Any] = {"reference": f"till:{number}", "customer": None, "time": time}
            if any(amount >= 0 for amount in each):
                yield Fact("order.placed", amount=_usd(sum(a for a in each if a >= 0)), **here)
            if any(amount < 0 for amount in each):
                back = _usd(-sum(a for a in each if a < 0))
                yield Fact("order.returned", amount=back, **here)
                yield Fact("order.refunded", amount=back, **here)
            undone = [time for target, time, _ in steps[number] if target == "state:cancelled"]
            if undone:
                yield Fact("order.cancelled", f"till:{number}", customer=None, time=undone[-1])

    def _order_facts(self) -> Iterator[Fact]:
        shop, steps = self.server.shop, self._steps("sale.sale")
        origins: dict[int, str] = {}
        for number, party, origin in shop.sql("select id, party, origin from sale_sale order by id"):
            origins[number] = origin or ""
            if (origin or "").startswith("sale.complaint,"):
                complaint = origin.partition(",")[2]
                origins[number] = self._least(f"select origin from sale_complaint where id = {complaint}")  # noqa: S608
            confirmed = [time for target, time, _ in steps.get(number, ()) if target == "state:confirmed"]
            if not confirmed:
                continue
            total = self._sum("sale_line", "sale", number)
            who: dict[str, Any] = {"customer": self._who(party), "time": confirmed[0]}
            if total < 0:
                yield Fact("order.returned", self._order_of(origins, number), _usd(-total), **who)
            else:
                yield Fact("order.placed", f"sale:{number}", _usd(total), **who)
        posted = "select id, party from account_invoice where type = 'out' and state = 'posted' order by id"
        for number, party in shop.sql(posted):
            lines = (
                "select distinct l.sale from account_invoice_line i join sale_line l on i.origin = 'sale.line,' || l.id"
            )
            ((sale,),) = shop.sql(f"{lines} where i.invoice = {number}")
            given = -self._sum("account_invoice_line", "invoice", number)
            if given > 0:
                yield Fact("order.refunded", self._order_of(origins, sale), _usd(given), self._who(party))

    def _lead_facts(self) -> Iterator[Fact]:
        """Leads and deals; the shop closes none twice in one state but by the buttons that this counts."""
        shop, clicks = self.server.shop, self._steps("sale.opportunity", "button", "transition")
        rows = "select id, party, amount, state, create_date from sale_opportunity order by id"
        for number, party, amount, state, created in shop.sql(rows):
            here: dict[str, Any] = {
                "reference": f"opportunity:{number}", "amount": _usd(_exact(amount)), "customer": self._who(party),
            }  # fmt: skip
            yield Fact("lead.opened", time=_time(created), **here)
            noun = "lead"
            closed = False
            for target, time, _ in clicks.get(number, ()):
                if target == "state:opportunity" and noun == "lead":
                    noun = "opportunity"
                    yield Fact("opportunity.opened", time=time, **here)
                elif target in {"lost", "cancel"}:
                    closed = True
                    yield Fact(f"{noun}.{'lost' if target == 'lost' else 'cancelled'}", time=time, **here)
                elif target == "state:lead" and closed:
                    closed = False
                    yield Fact(f"{noun}.reopened", time=time, **here)
            if state == "won":
                yield Fact("opportunity.won", **here)

    def _complaint_facts(self) -> Iterator[Fact]:
        shop, steps = self.server.shop, self._steps("sale.complaint")
        for number, party, created in shop.sql("select id, customer, create_date from sale_complaint order by id"):
            here: dict[str, Any] = {"reference": f"complaint:{number}", "customer": self._who(party)}
            yield Fact("contact.opened", time=_time(created), **here)
            for target, time, _ in steps.get(number, ()):
                kinds = {"state:done": "resolved", "state:rejected": "resolved", "state:cancelled": "cancelled"}
                if target in kinds:
                    yield Fact(f"contact.{kinds[target]}", time=time, **here)
                elif target == "state:draft":
                    yield Fact("contact.reopened", time=time, **here)

    def _people_facts(self) -> Iterator[Fact]:
        shop = self.server.shop
        for party, value, kind in shop.sql("select party, value, type from party_contact_mechanism order by id"):
            plain = value.lower() if kind == "email" else value.replace(" ", "")
            yield Fact(
                "identity.linked", f"{'email' if kind == 'email' else 'phone'}:{plain}", customer=self._who(party)
            )
        for old, new in shop.sql("select id, replaced_by from party_party where replaced_by is not null order by id"):
            yield Fact("identity.linked", self._who(new), customer=self._who(old))

    def _steps(self, model: str, *events: str) -> dict[int, list[tuple[str, datetime, int]]]:
        """Return what was done to each record, in the order of it."""
        found: dict[int, list[tuple[str, datetime, int]]] = {}
        listed = ", ".join(f"'{event}'" for event in events or ("transition",))
        for number, target, time, id_ in self.server.shop.sql(_STEPS.format(model=model, events=listed)):
            found.setdefault(number, []).append((target, _time(time), id_))
        return found

    def _sum(self, table: str, parent: str, number: int) -> Decimal:
        rows = self.server.shop.sql(f"select quantity, unit_price from {table} where {parent} = {number}")  # noqa: S608
        return sum((_cents(_exact(quantity) * _exact(price)) for quantity, price in rows), Decimal())

    def _order_of(self, origins: Mapping[int, str], number: int) -> str:
        model, _, original = origins[number].partition(",")
        return f"sale:{original if model == 'sale.sale' else number}"

    def _who(self, party: int | None) -> str | None:
        host = self.server.url.partition("//")[2]
        return None if party is None else f"tryton:{host}/{self.server.database}:{party}"


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _exact(value: float | bytes) -> Decimal:
    """Return a number as SQLite has it: quantities are floats, and Tryton keeps decimals as bytes."""
    return Decimal(value.decode() if isinstance(value, bytes) else str(value))


def _cents(exact: Decimal) -> Decimal:
    return exact.quantize(Decimal("0.01"), ROUND_HALF_EVEN)


def _usd(amount: Decimal | int) -> Money:
    return Money(amount, "USD")
