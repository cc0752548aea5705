"""Square, played: a seller's data as Square keeps them, and beside them, in plain words, what they mean.

The plain words are written when something happens, not read out of the data: two accounts of one thing.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any

from cxkit.adapters import iso, us_of, when
from cxkit.model.money import Money
from cxkit.testing import Fact

if TYPE_CHECKING:
    from collections.abc import Iterator

    Record = dict[str, Any]

MERCHANT = "M1PLAYEDSHOP"
SOURCE = f"square:{MERCHANT}"
_DAY = 86_400
_CURRENCIES = {"L02": "JPY", "L11": "KWD"}


def refer(order: str) -> str:
    """Return the reference of an order, as the adapter is to write it."""
    return f"{SOURCE}:{order}"


def person(number: str | None) -> str | None:
    """Return a customer, as the adapter is to name them."""
    return None if number is None else f"{SOURCE}:{number}"


class SquareShop:
    """A seller with twelve locations, whose clock can be set."""

    def __init__(self) -> None:
        """Open it a day ago, with nothing sold."""
        self.behind = float(_DAY)
        self._stopped: int | None = None
        self._ids = count(1)
        self.merchant, self.main_location = MERCHANT, "L01"
        self.locations = {f"L{number:02d}": self._location(f"L{number:02d}") for number in range(1, 13)}
        self.orders: dict[str, Record] = {}
        self.payments: dict[str, Record] = {}
        self.refunds: dict[str, Record] = {}
        self.customers: dict[str, Record] = {}
        self.merged_into: dict[str, str] = {}
        self.accounts: dict[str, Record] = {}
        self.ledger: dict[str, Record] = {}
        self._told: dict[tuple[str, str], Fact] = {}

    # ------------------------------------------------------------------------------------------------------ time

    def now_ms(self) -> int:
        """Return the time in milliseconds since 1970."""
        return self._stopped if self._stopped is not None else int((time.time() - self.behind) * 1000)

    def now(self) -> str:
        """Return the time as Square writes it."""
        return iso(self.now_ms() * 1000, "milliseconds")

    def ms(self, text: str | None) -> int:
        """Return a time that Square writes in milliseconds; what isn't there was before all."""
        return us_of(text) // 1000 if text else -1

    @contextmanager
    def stopped(self, ms: int | None = None) -> Iterator[None]:
        """Let all happen at one time, now or another, as long as the block."""
        before, self._stopped = self._stopped, self.now_ms() if ms is None else ms
        try:
            yield
        finally:
            self._stopped = before

    # ---------------------------------------------------------------------------------------------- what can happen

    def register(self, email: str | None = None, phone: str | None = None, *, source: str = "DIRECTORY") -> str:
        """Make a customer."""
        number, now = self._new("C"), self.now()
        self.customers[number] = {
            "id": number, "created_at": now, "updated_at": now, "creation_source": source, "version": 0,
            **({"email_address": email} if email else {"given_name": "Ann"}),
            **({"phone_number": phone} if phone else {}),
        }  # fmt: skip
        for namespace, value in (("email", email), ("phone", phone)):
            if value:
                link = Fact("identity.linked", f"{namespace}:{value}", None, person(number), when(now))
                self._told[f"link {namespace}", number] = link
        return number

    def open_order(self, amount: int, location: str = "L01", customer: str | None = None, **fields: object) -> str:
        """Put an order down, which nobody has paid for."""
        number, now, currency = self._new("O"), self.now(), _CURRENCIES.get(location, "USD")
        money = {"amount": amount, "currency": currency}
        line = {"uid": "1", "quantity": "1", "name": "Beans", "item_type": "ITEM", "total_money": money}
        self.orders[number] = {
            "id": number, "location_id": location, "created_at": now, "updated_at": now, "state": "OPEN",
            "version": 1, "line_items": [line], "total_money": money,
            **({"customer_id": customer} if customer else {}), **fields,
        }  # fmt: skip
        return number

    def pay(self, order: str, payer: str | None = None, *, status: str = "COMPLETED", kind: str = "CARD") -> str:
        """Pay for an order, or try to; return the payment."""
        record, number, now = self.orders[order], self._new("P"), self.now()
        who = payer or record.get("customer_id")
        whose = {"customer_id": who} if who else {}
        states = {"COMPLETED": "CAPTURED", "APPROVED": "AUTHORIZED", "CANCELED": "VOIDED", "FAILED": "FAILED"}
        details = {"card_details": {"status": states[status]}} if kind == "CARD" else {}
        money = record["total_money"]
        self.payments[number] = {
            "id": number, "created_at": now, "updated_at": now, "amount_money": money, "total_money": money,
            "status": status, "source_type": kind, "location_id": record["location_id"], "order_id": order, **whose,
            "application_details": {"square_product": "SQUARE_POS"},
        }  # fmt: skip
        tender = {"id": number, "type": kind, "created_at": now, "amount_money": money, "payment_id": number}
        record.setdefault("tenders", []).append({**tender, **whose, **details})
        self._touch(record)
        known = {"COMPLETED": "payment.completed", "FAILED": "payment.failed"}.get(status)
        if known:
            self._tell(known, number, order, money, who, now)
        if status != "FAILED":
            self._tell("order.placed", order, order, money, who, now)
        return number

    def complete(self, order: str) -> None:
        """Close an order, of which all was handed over at the till."""
        self.orders[order] |= {"state": "COMPLETED", "closed_at": self.now()}
        self._touch(self.orders[order])

    def sell(self, amount: int, location: str = "L01", customer: str | None = None, payer: str | None = None) -> str:
        """Sell at a till; the payer is known by the card alone."""
        order = self.open_order(amount, location, customer)
        self.pay(order, payer, kind="CARD" if payer or customer else "CASH")
        self.complete(order)
        return order

    def sell_online(self, amount: int, customer: str) -> str:
        """Sell something that is to be picked up."""
        fulfillment = {"uid": "1", "type": "PICKUP", "state": "PROPOSED", "pickup_details": {"schedule_type": "ASAP"}}
        source = {"name": "Square Online"}
        order = self.open_order(amount, "L01", customer, source=source, fulfillments=[fulfillment])
        self.pay(order)
        return order

    def hand_over(self, order: str) -> None:
        """Let an order be picked up."""
        now = self.now()
        fulfillment = {"uid": "1", "type": "PICKUP", "state": "COMPLETED", "pickup_details": {"picked_up_at": now}}
        self.orders[order]["fulfillments"] = [fulfillment]
        self.complete(order)
        self._tell("order.delivered", order, order, None, self.orders[order].get("customer_id"), now)

    def add_to(self, order: str, amount: int) -> None:
        """Add something to an open order, for later: the total grows."""
        record = self.orders[order]
        money = {**record["total_money"], "amount": record["total_money"]["amount"] + amount}
        record["total_money"] = money
        self._touch(record)
        placed = self._told["order.placed", order].time.isoformat()
        self._tell("order.placed", order, order, money, record.get("customer_id"), placed)

    def call_off(self, order: str) -> None:
        """Cancel an order whose money was set aside and never taken."""
        record, now = self.orders[order], self.now()
        record["tenders"][0]["card_details"] = {"status": "VOIDED"}
        record |= {"state": "CANCELED", "closed_at": now}
        self._touch(record)
        self._tell("order.cancelled", order, order, record["total_money"], record.get("customer_id"), now)

    def refund(self, order: str, amount: int, *, goods: bool = False, status: str = "COMPLETED") -> str:
        """Give money back, with the goods or without; Square makes an order of it. The sale stays as it is."""
        with self.stopped():
            made = self._return(order, amount, goods=goods)
            self.complete(made)
            self._give_back(order, made, amount, status)
        return made

    def exchange(self, order: str, worth: int, price: int) -> str:
        """Take goods back and give others for less, and the rest in money."""
        with self.stopped():
            made = self._return(order, worth, goods=True)
            record, who = self.orders[made], self._buyer(order)
            money = {**record["total_money"], "amount": price}
            line = {"uid": "1", "quantity": "1", "name": "Coffee", "item_type": "ITEM", "total_money": money}
            record |= {"line_items": [line], "total_money": money}
            self.complete(made)
            self._tell("order.placed", made, made, money, who, self.now())
            self._tell("order.refunded", f"{made} as goods", order, money, who, self.now())
            self._give_back(order, made, worth - price, "COMPLETED")
        return made

    def enroll(self, customer: str | None, phone: str) -> str:
        """Open a loyalty account."""
        number, now = self._new("Y"), self.now()
        self.accounts[number] = {
            "id": number, "program_id": "PROGRAM", "created_at": now, "updated_at": now, "balance": 0,
            "mapping": {"id": self._new("N"), "phone_number": phone, "created_at": now},
            **({"customer_id": customer} if customer else {}),
        }  # fmt: skip
        member = f"{SOURCE}:loyalty:{number}"
        opened = Fact("account.created", None, None, person(customer) or member, when(now))
        self._told["account.created", number] = opened
        self._told["link phone", number] = Fact("identity.linked", f"phone:{phone}", None, member, when(now))
        if customer:
            self._told["link", number] = Fact("identity.linked", member, None, person(customer), when(now))
        return number

    def reward(self, account: str, order: str, kind: str = "ACCUMULATE_POINTS") -> None:
        """Write into the ledger of the loyalty program."""
        number, now = self._new("E"), self.now()
        details: Record = {"loyalty_program_id": "PROGRAM"}
        if kind in {"ACCUMULATE_POINTS", "REDEEM_REWARD"}:
            details["order_id"] = order
        if kind != "REDEEM_REWARD":
            details["points"] = 3
        self.ledger[number] = {
            "id": number, "type": kind, "created_at": now, "loyalty_account_id": account, "source": "SQUARE",
            "location_id": "L01", kind.lower(): details,
        }  # fmt: skip
        told = {"ACCUMULATE_POINTS": "reward.earned", "REDEEM_REWARD": "reward.redeemed"}.get(kind)
        if told:
            member = f"{SOURCE}:loyalty:{account}"
            self._told[told, number] = Fact(told, refer(order), None, member, when(now))

    def merge(self, one: str, other: str) -> str:
        """Make one customer of two: a new one, and both are gone."""
        old = [self.customers.pop(number) for number in (one, other)]
        email = next((each["email_address"] for each in old if "email_address" in each), None)
        phone = next((each["phone_number"] for each in old if "phone_number" in each), None)
        for key in [key for key in self._told if key[0].startswith("link ") and key[1] in {one, other}]:
            del self._told[key]
        made = self.register(email, phone, source="MERGE")
        self.merged_into |= {one: made, other: made}
        return made

    def delete_customer(self, number: str) -> None:
        """Delete a customer."""
        del self.customers[number]
        for key in [key for key in self._told if key[0].startswith("link ") and key[1] == number]:
            del self._told[key]

    def close_location(self, number: str) -> None:
        """Close a location for good."""
        self.locations[number]["status"] = "INACTIVE"

    def facts(self) -> Iterator[Fact]:
        """Yield what has happened, in plain words."""
        yield from self._told.values()
        # Only an order tells that its customer is another since: no list has those that are gone.
        named = {tender.get("customer_id") for order in self.orders.values() for tender in order.get("tenders", ())}
        named |= {order.get("customer_id") for order in self.orders.values()}
        for old, made in self.merged_into.items():
            if old in named:
                since = when(self.customers[made]["created_at"])
                yield Fact("identity.linked", person(old), None, person(made), since)

    # ------------------------------------------------------------------------------------------------------ the rest

    def _new(self, letter: str) -> str:
        return f"{letter}{next(self._ids):05d}"

    def _location(self, number: str) -> Record:
        currency = _CURRENCIES.get(number, "USD")
        return {"id": number, "merchant_id": self.merchant, "status": "ACTIVE", "currency": currency}

    def _touch(self, record: Record) -> None:
        record["updated_at"] = self.now()
        record["version"] = record.get("version", 0) + 1

    def _fact(self, kind: str, order: str, money: Record | None, who: str | None, at: str) -> Fact:
        amount = None if money is None else Money.of_minor(money["amount"], money["currency"])
        return Fact(kind, refer(order), amount, person(who), when(at))

    def _tell(  # noqa: PLR0913, PLR0917 - what makes a fact
        self, kind: str, number: str, order: str, money: Record | None, who: str | None, at: str
    ) -> None:
        self._told[kind, number] = self._fact(kind, order, money, who, at)

    def _buyer(self, order: str) -> str | None:
        customer = self._told["order.placed", order].customer
        return None if customer is None else str(customer).rpartition(":")[2]

    def _return(self, order: str, amount: int, *, goods: bool) -> str:
        """Make the order that takes goods back, or only money."""
        sale = self.orders[order]
        number, now, currency = self._new("O"), self.now(), sale["total_money"]["currency"]
        line: Record = {"uid": "1", "quantity": "1", "item_type": "ITEM" if goods else "CUSTOM_AMOUNT"}
        if goods:
            line |= {"name": "Beans", "source_line_item_uid": "1"}
        amounts = {"total_money": {"amount": amount, "currency": currency}}
        returned = {"uid": "1", "source_order_id": order, "return_line_items": [line], "return_amounts": amounts}
        self.orders[number] = {
            "id": number, "location_id": sale["location_id"], "created_at": now, "updated_at": now, "state": "OPEN",
            "total_money": {"amount": 0, "currency": currency}, "returns": [returned], "return_amounts": amounts,
        }  # fmt: skip
        if goods:
            self._tell("order.returned", number, order, amounts["total_money"], self._buyer(order), now)
        return number

    def _give_back(self, order: str, made: str, amount: int, status: str) -> None:
        sale, number, now = self.orders[order], self._new("R"), self.now()
        money = {"amount": amount, "currency": sale["total_money"]["currency"]}
        self.refunds[number] = {
            "id": number, "status": status, "location_id": sale["location_id"], "amount_money": money,
            "payment_id": sale["tenders"][0]["id"], "order_id": made, "created_at": now, "updated_at": now,
        }  # fmt: skip
        if status == "COMPLETED":
            self._tell("order.refunded", number, order, money, self._buyer(order), now)
