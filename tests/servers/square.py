"""Square, played: a shop and its interface, as the conformance suite drives them; none can be installed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

import attrs
from tests.servers.openapi import contract_of
from tests.servers.prism import contract
from tests.servers.square_api import SquareApi
from tests.servers.square_shop import MERCHANT, SquareShop

from cxkit.adapters import Request, Secret
from cxkit.http import Answer, Relay
from cxkit.signatures import sign_square

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cxkit.adapters import Adapter, Wire
    from cxkit.testing import Deed, Fact

URL = "https://connect.squareup.com"
HOOK = "https://shop.example/hooks/square"
TOKEN, KEY = "EAAAl-pl4yed-acce55-t0ken", "pl4yed-s1gnature-k3y"
_YEARS_MS = 2 * 365 * 86_400_000


class SquareSource:
    """A played Square, with the adapter that is made of settings."""

    secrets = (TOKEN, KEY)
    impossible: ClassVar = {
        "expire": "a token of Square's is good for a month, and whoever was given it renews it",
    }
    deliveries_expire = False

    def __init__(self, adapter: Callable[..., Adapter]) -> None:
        """Open a shop; skip where Square's contract isn't there."""
        self.contract = contract_of(contract("square.json"))
        self.shop = SquareShop()
        self.api = SquareApi(self.shop, self.contract, TOKEN)
        self.inner = Relay(self.api.answer)
        self._adapter = adapter
        self._people = 0

    def adapter(self, wire: Wire) -> Adapter:
        """Return an adapter that is admitted."""
        return self._made(wire, TOKEN)

    def stranger(self, wire: Wire) -> Adapter:
        """Return one that isn't."""
        return self._made(wire, "EAAAl-an0ther")

    def wait(self, seconds: float) -> None:
        """Set the clock."""
        self.shop.behind -= seconds

    def do(self, deed: Deed) -> None:
        """Let something happen."""
        getattr(self, deed)()

    def sell(self) -> None:
        """Sell at tills and online, in three currencies, to members and to nobody; give back, exchange, cancel."""
        shop, (email, phone, other) = self.shop, self._somebody()
        known = shop.register(email, phone)
        if not shop.orders:
            with shop.stopped(shop.now_ms() - _YEARS_MS):
                shop.refund(shop.sell(1250, "L03", known), 250)
        sale = shop.sell(1999, "L01", payer=known)
        self.wait(0.05)
        shop.sell(7, "L04")
        shop.sell(5000, "L02", shop.register(phone=other))
        shop.sell(1134650, "L11", shop.register())
        online = shop.sell_online(2550, known)
        self.wait(0.05)
        shop.hand_over(online)
        shop.sell_online(3100, known)
        off = shop.open_order(900, "L05", known)
        shop.pay(off, status="APPROVED")
        shop.call_off(off)
        shop.open_order(4711)  # somebody is still eating
        shop.open_order(4712, state="DRAFT")
        shop.pay(shop.open_order(4713), status="FAILED")
        shop.refund(sale, 435, goods=True)
        shop.refund(sale, 100, status="PENDING")
        shop.exchange(shop.sell(500, "L01", known), 500, 300)
        member = shop.enroll(known, phone)
        for kind in ("ACCUMULATE_POINTS", "CREATE_REWARD", "REDEEM_REWARD", "EXPIRE_POINTS"):
            shop.reward(member, sale, kind)
        shop.reward(shop.enroll(None, other), sale)

    def at_once(self) -> None:
        """Sell more than two pages at one time."""
        with self.shop.stopped():
            for cents in range(5):
                self.shop.sell(800 + cents, "L06")
                self.shop.register(f"{self.shop.now_ms()}.{cents}@example.org")

    def refund(self) -> None:
        """Give money back for the sale that changed longest ago."""
        done = [each for each in self._by_change() if each["state"] == "COMPLETED" and each.get("tenders")]
        self.shop.refund(done[0]["id"], 29)

    def change(self) -> None:
        """Add to the order that changed longest ago, of those that aren't closed."""
        opened = [each for each in self._by_change() if each["state"] == "OPEN" and each.get("fulfillments")]
        self.wait(0.01)
        self.shop.add_to(opened[0]["id"], 110)

    def hide(self) -> None:
        """Sell something at a location that is closed then."""
        self.shop.sell(3330, "L12")
        self.shop.close_location("L12")

    def delete(self) -> None:
        """Delete a customer who has bought something."""
        buyers = (order.get("customer_id") for order in self.shop.orders.values())
        self.shop.delete_customer(next(each for each in buyers if each in self.shop.customers))

    def merge(self) -> None:
        """Make one of two customers, of whom one has bought something."""
        (email, phone, _) = self._somebody()
        one, other = self.shop.register(email), self.shop.register(phone=phone)
        self.shop.sell(1500, "L07", one)
        self.shop.merge(one, other)

    def facts(self) -> Iterable[Fact]:
        """Return what has happened."""
        return self.shop.facts()

    def refusal(self) -> Answer:
        """Return an error that comes with status 200."""
        error = {"category": "INVALID_REQUEST_ERROR", "code": "BAD_REQUEST", "detail": "Not so."}
        return Answer(200, {"content-type": "application/json"}, json.dumps({"errors": [error]}).encode())

    def customer(self) -> str:
        """Nothing is written back, so nobody is asked for."""
        raise NotImplementedError

    def holds(self, customer: str, scores: dict[str, Any]) -> bool:
        """Nothing is written back."""
        raise NotImplementedError

    def deliver(self, *, age: float = 0.0, forged: bool = False) -> Request:  # noqa: ARG002 - no time is signed
        """Return a webhook that tells of a sale."""
        order = next(iter(self.shop.orders.values()))
        updated = {name: order[name] for name in ("location_id", "state", "version", "created_at", "updated_at")}
        about = {"order_updated": {"order_id": order["id"], **updated}}
        return self.notice("order.updated", "OrderUpdatedEvent", order["id"], about, forged=forged)

    def notice(  # noqa: PLR0913 - a notification's parts
        self,
        kind: str,
        schema: str,
        number: str,
        about: dict[str, Any],
        *,
        forged: bool = False,
        merchant: str = MERCHANT,
    ) -> Request:
        """Return a notification, held to the contract.

        Args:
            kind: such as ``order.updated``.
            schema: its name in the contract.
            number: the id of what it is about.
            about: the object that it brings.
            forged: whether another key signed it.
            merchant: whose it is.
        """
        body = {
            "merchant_id": merchant, "type": kind, "event_id": "e-1", "created_at": self.shop.now(),
            "data": {"type": kind.rpartition(".")[0], "id": number, "object": about},
        }  # fmt: skip
        self.contract.check(body, schema, kind)
        return sign_square(Request("POST", HOOK, {}, json.dumps(body).encode()), Secret("f0rged" if forged else KEY))

    def _made(self, wire: Wire, token: str) -> Adapter:
        # Both clocks agree, as those of machines do that ask the time.
        told = attrs.evolve(wire, clock=lambda: wire.clock() - self.shop.behind)
        return self._adapter(token=Secret(token), wire=told)

    def _somebody(self) -> tuple[str, str, str]:
        self._people += 1
        number = self._people
        return f"an{number}@example.org", f"+4420794600{number:02d}", f"+4420794700{number:02d}"

    def _by_change(self) -> list[dict[str, Any]]:
        return sorted(self.shop.orders.values(), key=lambda order: (order["updated_at"], order["id"]))
