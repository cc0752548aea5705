"""A Shopify shop that is played: what it keeps, and what can happen in it. How it answers is in `shopify_api`."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from tests.servers.shopify_api import Api

from cxkit.http import Relay

if TYPE_CHECKING:
    from collections.abc import Callable

    from cxkit.http import Answer, Sent

HOST: Final = "teatime.myshopify.com"
CLIENT_ID: Final = "4a1f0c"
CLIENT_SECRET: Final = "shpss_not-4-anyone"  # noqa: S105 - of a shop that is played
HOME, ABROAD = "EUR", "USD"
_RATE: Final = Decimal("1.25")
_DAYS_BACK: Final = 20


class Shop:
    """What a shop keeps, as its merchant would tell it.

    Attributes:
        shift: how many seconds its clock is before or behind the machine's.
        tokens: the access tokens that are good.
        scopes: what they are good for.
        api: what answers.
        transport: carries requests there.
    """

    def __init__(self, **limits: Any) -> None:
        """Open a shop that has sold nothing; see `Api` for its limits."""
        self.shift = -_DAYS_BACK * 86_400.0
        self.tokens: set[str] = set()
        self.scopes = ["read_orders", "read_all_orders", "write_customers"]
        self.orders: dict[int, dict[str, Any]] = {}
        self.customers: dict[int, dict[str, Any]] = {}
        self.checkouts: dict[int, dict[str, Any]] = {}
        self._ids = count(5_000_000_001)  # more than 32 bits, as they are
        self.api = Api(self, **limits)
        self.transport = Relay(self._answer)

    def now(self) -> str:
        """Return the time as Shopify writes it: whole seconds of UTC."""
        return datetime.fromtimestamp(time.time() + self.shift, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def token(self) -> str:
        """Return a new access token."""
        token = f"shpat_{next(self._ids)}x{time.monotonic_ns()}"
        self.tokens.add(token)
        return token

    # ------------------------------------------------------------------------------------------------- what can happen

    def register(self, email: str | None = None, phone: str | None = None) -> int:
        """Make a customer's record."""
        number, now = next(self._ids), self.now()
        self.customers[number] = {"id": number, "email": email, "phone": phone, "created": now, "updated": now}
        return number

    def merge(self, kept: int, gone: int) -> None:
        """Let one customer become part of another, who gets the orders, and the phone number where there was none."""
        lost, one = self.customers.pop(gone), self.customers[kept]
        one |= {"email": one["email"] or lost["email"], "phone": one["phone"] or lost["phone"], "updated": self.now()}
        for order in self.orders.values():
            if order["customer"] == gone:
                order["customer"] = kept

    def buy(  # noqa: PLR0913 - what a sale is
        self,
        total: str,
        customer: int | None = None,
        *,
        email: str | None = None,
        till: bool = False,
        abroad: bool = False,
        paid: bool = True,
        test: bool = False,
    ) -> int:
        """Sell something: at a till, or online; to a customer, or to a guest with an address or none."""
        number, now = next(self._ids), self.now()
        self.orders[number] = {
            "id": number, "created": now, "processed": now, "updated": now, "cancelled": None, "test": test,
            "source": "pos" if till else "web", "checkout": None if till else f"c{number}", "email": email,
            "phone": None, "customer": customer, "total": Decimal(total), "received": Decimal(total if paid else "0"),
            "abroad": abroad, "refunds": [], "parcels": [], "status": "FULFILLED" if till else "UNFULFILLED",
        }  # fmt: skip
        if till:  # it is handed over: a fulfilment that nobody sends
            self.orders[number]["parcels"].append({"status": "SUCCESS", "ships": False, "delivered": None})
        return number

    def edit(self, order: int, more: str) -> None:
        """Add something to an order, which is paid for."""
        record = self.orders[order]
        record |= {
            "total": record["total"] + Decimal(more),
            "received": record["received"] + Decimal(more),
            "updated": self.now(),
        }

    def refund(self, order: int, *amounts: str, status: str = "SUCCESS", moves: bool = True) -> int:
        """Give money back, by one transaction for each amount; whether that moves the order's time isn't promised."""
        number, record = next(self._ids), self.orders[order]
        record["refunds"].append({
            "id": number, "processed": self.now(),
            "transactions": [{"kind": "REFUND", "status": status, "amount": Decimal(each)} for each in amounts],
        })  # fmt: skip
        if moves:
            record["updated"] = self.now()
        return number

    def send(self, order: int, parcels: int = 1) -> None:
        """Send an order off."""
        record = self.orders[order]
        record["parcels"] += [{"status": "SUCCESS", "ships": True, "delivered": None} for _ in range(parcels)]
        record |= {"status": "FULFILLED", "updated": self.now()}

    def arrive(self, order: int, parcel: int = 0) -> None:
        """Let a parcel arrive, of which the order's time knows nothing."""
        self.orders[order]["parcels"][parcel]["delivered"] = self.now()

    def cancel(self, order: int) -> None:
        """Cancel an order."""
        self.orders[order] |= {"cancelled": self.now(), "updated": self.now()}

    def leave(self, total: str, customer: int | None = None) -> int:
        """Leave a checkout behind."""
        number, now = next(self._ids), self.now()
        self.checkouts[number] = {
            "id": number, "created": now, "updated": now, "completed": None, "customer": customer,
            "total": Decimal(total), "abroad": False,
        }  # fmt: skip
        return number

    def recover(self, checkout: int) -> int:
        """Let a checkout that was left behind become an order after all."""
        record = self.checkouts[checkout]
        record |= {"completed": self.now(), "updated": self.now()}
        return self.buy(str(record["total"]), record["customer"])

    def bag(self, record: dict[str, Any], amount: Decimal) -> dict[str, Any]:
        """Return money as the shop has it and as the customer paid it."""
        paid = (amount * _RATE, ABROAD) if record["abroad"] else (amount, HOME)
        return {"shopMoney": _money(amount, HOME), "presentmentMoney": _money(*paid)}

    def _answer(self, sent: Sent, _pass_on: Callable[[], Answer]) -> Answer:
        return self.api.answer(sent)


def _money(amount: Decimal, currency: str) -> dict[str, str]:
    """Return money as Shopify writes it: with one decimal at least, and no zeros that say nothing after it."""
    text = f"{amount.normalize():f}"
    return {"amount": text if "." in text else f"{text}.0", "currencyCode": currency}
