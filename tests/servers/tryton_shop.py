"""What people do in a Tryton that runs, through its own RPC as its clients do, and what it counts itself, by SQL."""

from __future__ import annotations

import base64
import sqlite3
from contextlib import closing, contextmanager
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, Any, Final, Self

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import httpx

COFFEE, MACHINE, TEA = 1, 2, 3  # the products that tryton_setup.py makes, in its order
CASH: Final = 1
PRICES: Final = {COFFEE: Decimal("12.5"), MACHINE: Decimal(199), TEA: Decimal("12.49")}
UNIT: Final = 1
ABOUT_SALE, ABOUT_INVOICE = 1, 2  # the types of complaints


@attrs.frozen
class Staff:
    """Somebody who is logged in."""

    client: httpx.Client = attrs.field(repr=False)
    database: str
    token: str = attrs.field(repr=False)
    context: dict[str, Any] = attrs.field(factory=dict, repr=False)

    @classmethod
    def login(cls, client: httpx.Client, database: str, user: str, password: str) -> Self:
        """Log in as a user."""
        guest = cls(client, database, "")
        number, key, *_ = guest.call("common.db.login", user, {"password": password})
        said = base64.b64encode(f"{user}:{number}:{key}".encode()).decode()
        known = cls(client, database, f"Session {said}")
        return attrs.evolve(known, context=known.ask("res.user", "get_preferences", True))  # noqa: FBT003 - RPC

    def ask(self, model: str, method: str, *arguments: Any, **context: Any) -> Any:
        """Call a method of a model."""
        return self.call(f"model.{model}.{method}", *arguments, self.context | context)

    def wizard(self, name: str, state: str, data: Mapping[str, Any], model: str, *ids: int) -> None:
        """Go through a wizard that has one form."""
        context = self.context | {"active_model": model, "active_ids": ids, "active_id": ids[0]}
        session, *_ = self.call(f"wizard.{name}.create", context)
        self.call(f"wizard.{name}.execute", session, data, state, context)
        self.call(f"wizard.{name}.delete", session, context)

    def call(self, method: str, *arguments: Any) -> Any:
        """Call any method, and return what it answers."""
        asked = {"id": 0, "method": method, "params": arguments}
        headers = {"Authorization": self.token} if self.token else {}
        reply = self.client.post(f"/{self.database}/rpc/", json=asked, headers=headers)
        reply.raise_for_status()
        said = reply.json()
        assert "error" not in said, f"{method}: {str(said['error'])[:300]}"
        return said["result"]


@attrs.frozen
class Shop:
    """What people do in the shop.

    Attributes:
        seller: who sells.
        admin: who may do everything.
        file: the database; to open it takes longer than to ask it something.
    """

    seller: Staff
    admin: Staff
    file: sqlite3.Connection

    @classmethod
    @contextmanager
    def open(cls, client: httpx.Client, database: str, passwords: Mapping[str, str], file: Path) -> Iterator[Self]:
        """Give the shop with a seller and an administrator in it."""
        seller, admin = (Staff.login(client, database, user, password) for user, password in passwords.items())
        with closing(sqlite3.connect(file, isolation_level=None)) as opened:
            yield cls(seller, admin, opened)

    def sell(self, *quantities: float, product: int = COFFEE, date: str | None = None) -> list[int]:
        """Ring up sales in one transaction, so that all bear one time; return their ids.

        Args:
            quantities: one for each sale; a negative one is a return.
            product: what is sold.
            date: the day that they are dated, as ``2026-01-31``; today if not given.
        """
        return self.ring([[(product, quantity)] for quantity in quantities], date=date)

    def ring(self, baskets: Sequence[Sequence[tuple[int, float]]], *, date: str | None = None) -> list[int]:
        """Ring up a sale of each basket, (product, quantity) by line, paid in cash."""
        more = {} if date is None else {"date": _day(date)}
        lines = [[_till_line(product, quantity) for product, quantity in basket] for basket in baskets]
        sales: list[int] = self.seller.ask(
            "sale.point.sale", "create", [{"point": 1, "lines": [["create", each]], **more} for each in lines]
        )
        sums = [sum((_rounded(product, n) for product, n in basket), Decimal()) for basket in baskets]
        paid = [
            {"sale": sale, "method": CASH, "amount": _decimal(total)} for sale, total in zip(sales, sums, strict=True)
        ]
        self.seller.ask("sale.point.payment", "create", paid)
        self.seller.ask("sale.point.sale", "process", sales)
        return sales

    def undo(self, sale: int) -> None:
        """Take a till's sale back that was done: open it again, take its payments out, and cancel it."""
        self.press("sale.point.sale", sale, "open")
        paid = self.seller.ask("sale.point.payment", "search", [["sale", "=", sale]], 0, None, None)
        self.seller.ask("sale.point.payment", "delete", paid)
        self.press("sale.point.sale", sale, "cancel")

    def add_to(self, sale: int) -> None:
        """Add a coffee to a till's sale that was done."""
        self.press("sale.point.sale", sale, "open")
        self.write("sale.point.sale", sale, lines=[["create", [_till_line(COFFEE, 1)]]])
        payment = {"sale": sale, "method": CASH, "amount": _decimal(PRICES[COFFEE])}
        self.seller.ask("sale.point.payment", "create", [payment])
        self.press("sale.point.sale", sale, "process")

    def customer(self, name: str, *, email: str | None = None, phone: str | None = None) -> int:
        """Make a customer, and return the party's id."""
        ways = [{"type": kind, "value": value} for kind, value in (("email", email), ("mobile", phone)) if value]
        party = {
            "name": name,
            "addresses": [["create", [{"street": "1 Main Street"}]]],
            "contact_mechanisms": [["create", ways]],
        }
        return self._make("party.party", party)

    def order(self, customer: int, quantity: float = 1, *, web: str | None = None) -> int:
        """Place an order of machines, on the web where it has a number there; return its id."""
        (address,) = self.seller.ask("party.address", "search", [["party", "=", customer]], 0, 1, None)
        line = {"product": MACHINE, "quantity": quantity, "unit": UNIT, "unit_price": _decimal(PRICES[MACHINE])}
        more = {} if web is None else {"web_shop": 1, "web_id": web}
        order = {"party": customer, "invoice_address": address, "shipment_address": address, **more}
        sale = self._make("sale.sale", {**order, "lines": [["create", [line]]]})
        self.confirm(sale)
        return sale

    def confirm(self, sale: int) -> None:
        """Confirm an order: it is sold."""
        for step in ("quote", "confirm"):
            self.seller.ask("sale.sale", step, [sale])

    def take_back(self, sale: int) -> int:
        """Return all of an order: Tryton makes a sale of negative quantities; return its id."""
        self.seller.wizard("sale.return_sale", "return_", {"start": {}}, "sale.sale", sale)
        (back,) = self.seller.ask("sale.sale", "search", [["origin", "=", f"sale.sale,{sale}"]], 0, 1, None)
        self.confirm(back)
        return int(back)

    def invoices(self, sale: int) -> list[int]:
        """Return the invoices and credit notes of an order."""
        (read,) = self.seller.ask("sale.sale", "read", [sale], ["invoices"])
        return list(read["invoices"])

    def post(self, invoices: Sequence[int]) -> None:
        """Post invoices or credit notes: they are valid from now on."""
        self.seller.ask("account.invoice", "write", list(invoices), {"invoice_date": _day(self.today())})
        self.seller.ask("account.invoice", "post", list(invoices))

    def today(self) -> str:
        """Return the company's day, as ``2026-01-31``."""
        day = self.seller.ask("ir.date", "today")
        return f"{day['year']}-{day['month']:02}-{day['day']:02}"

    def lead(self, customer: int, amount: str = "500") -> int:
        """Open an opportunity, and return its id."""
        (address,) = self.seller.ask("party.address", "search", [["party", "=", customer]], 0, 1, None)
        line = {"product": MACHINE, "quantity": 2, "unit": UNIT}
        made = {"party": customer, "address": address, "employee": 1, "amount": _decimal(Decimal(amount))}
        return self._make("sale.opportunity", {**made, "lines": [["create", [line]]]})

    def win(self, opportunity: int) -> int:
        """Win an opportunity as Tryton has it: convert it, and confirm the sale; return the sale's id."""
        self.seller.ask("sale.opportunity", "opportunity", [opportunity])
        self.seller.ask("sale.opportunity", "convert", [opportunity])
        (read,) = self.seller.ask("sale.opportunity", "read", [opportunity], ["sales"])
        (sale,) = read["sales"]
        self.confirm(sale)
        return int(sale)

    def lose(self, opportunity: int) -> None:
        """Lose an opportunity."""
        self.seller.ask("sale.opportunity", "lost", [opportunity])

    def complain(
        self, customer: int, sale: int | None = None, *, invoice: int | None = None, give_back: bool = False
    ) -> int:
        """Register a complaint, about an order or an invoice or neither; return its id.

        Args:
            customer: who complains.
            sale: the order.
            invoice: the invoice, posted.
            give_back: whether goods are to be taken back, or the invoice to be credited.
        """
        made: dict[str, Any] = {"customer": customer, "type": ABOUT_SALE if invoice is None else ABOUT_INVOICE}
        if sale is not None:
            made["origin"] = f"sale.sale,{sale}"
        if invoice is not None:
            made["origin"] = f"account.invoice,{invoice}"
        if give_back:
            made["actions"] = [["create", [{"action": "sale_return" if invoice is None else "credit_note"}]]]
        return self._make("sale.complaint", made)

    def created_by(self, complaint: int) -> int:
        """Return what the action of a complaint brought: a return or a credit note."""
        query = [["complaint", "=", complaint]]
        (action,) = self.seller.ask("sale.complaint.action", "search_read", query, 0, None, None, ["result"])
        return int(action["result"].partition(",")[2])

    def resolve(self, complaint: int, *, rejected: bool = False) -> None:
        """Approve a complaint and do what was agreed, or reject it."""
        self.press("sale.complaint", complaint, "wait", "reject" if rejected else "approve")

    def press(self, model: str, record: int, *buttons: str) -> None:
        """Press buttons of a record, one after the other."""
        for button in buttons:
            self.seller.ask(model, button, [record])

    def write(self, model: str, record: int, **values: Any) -> None:
        """Change a record; ``active=False`` hides it."""
        self.seller.ask(model, "write", [record], values)

    def delete(self, model: str, record: int) -> None:
        """Delete a record."""
        self.seller.ask(model, "delete", [record])

    def merge(self, old: int, new: int) -> None:
        """Replace a party by another, as Tryton does when one customer was written down twice."""
        (kept,) = self.admin.ask("party.party", "read", [new], ["name"])
        self.admin.ask("party.party", "write", [old], {"name": kept["name"]})  # else Tryton asks whether we are sure
        self.admin.wizard("party.replace", "replace", {"ask": {"source": old, "destination": new}}, "party.party", old)

    def end_sessions(self, user: str, password: str) -> None:
        """End all sessions of a user, as an administrator does by setting the password anew."""
        (number,) = self.admin.ask("res.user", "search", [["login", "=", user]], 0, 1, None)
        self.admin.ask("res.user", "write", [number], {"password": password})

    def tidy(self, most: int = 3) -> None:
        """Take out all but the newest sessions, of which each call reads all: Tryton does so after thirty days."""
        ours = "select id from res_user where login in ('seller', 'admin')"
        old = f"select id from ir_session where create_uid not in ({ours}) order by id desc limit -1 offset {most}"  # noqa: S608
        self.sql(f"delete from ir_session where id in ({old})")  # noqa: S608 - ours

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the database itself, past RPC and its rights."""
        return self.file.execute(query).fetchall()

    def _make(self, model: str, values: Mapping[str, Any]) -> int:
        (made,) = self.seller.ask(model, "create", [values])
        return int(made)


def _till_line(product: int, quantity: float) -> dict[str, Any]:
    price = _decimal(PRICES[product])
    return {"product": product, "quantity": quantity, "unit_list_price": price, "unit_gross_price": price}


def _rounded(product: int, quantity: float) -> Decimal:
    """Return what a line costs; Tryton rounds to the even cent."""
    return (PRICES[product] * Decimal(str(quantity))).quantize(Decimal("0.01"), ROUND_HALF_EVEN)


def _decimal(value: Decimal) -> dict[str, str]:
    return {"__class__": "Decimal", "decimal": str(value)}


def _day(text: str) -> dict[str, str | int]:
    year, month, day = map(int, text.split("-"))
    return {"__class__": "date", "year": year, "month": month, "day": day}
