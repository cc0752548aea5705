"""The conformance suite, at a shop that is played by Shopify's own schema."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

import attrs
import pytest
from tests.servers.shopify_shop import CLIENT_ID, CLIENT_SECRET, HOME, HOST, Shop

from cxkit.adapters import Request, Secret
from cxkit.http import Answer
from cxkit.model.money import Money
from cxkit.signatures import sign_shopify
from cxkit.testing import AdapterSuite, Fact
from cxkit_shopify import Shopify, ShopifyConfig

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = f"shopify:{HOST}"
HOOK_SECRET = "whsec-only-ours-knows"  # noqa: S105 - of a shop that is played
IDLE = timedelta(hours=1)


def instant(text: str) -> datetime:
    """Return a time of the shop's."""
    return datetime.fromisoformat(text)


class ShopifySource:
    """A shop as the suite drives it; what it holds is read from what it keeps, and not through its API."""

    impossible: ClassVar = {"hide": "the list of orders gives those that are open, archived and cancelled alike"}
    deliveries_expire = False

    def __init__(self):
        """Open a shop; whoever buys there is numbered."""
        self.shop = Shop()
        self.inner = self.shop.transport
        self.people = 0

    @property
    def secrets(self):
        """Return the app's secret, the webhooks', and all tokens."""
        return (CLIENT_SECRET, HOOK_SECRET, *self.shop.tokens)

    def adapter(self, wire):
        """Return the adapter as an app that is installed."""
        return self._adapter(wire, CLIENT_SECRET)

    def stranger(self, wire):
        """Return the adapter with a secret that was mistyped."""
        return self._adapter(wire, "mistyped")

    def wait(self, seconds):
        """Set the clock."""
        self.shop.shift += seconds

    def do(self, deed):
        """Let something happen."""
        getattr(self, deed)()

    def sell(self):
        """Sell online and at the till, to customers, guests and nobody; send, give back, cancel; leave checkouts."""
        shop = self.shop
        known, called = shop.register(self._email(), self._phone()), shop.register(phone=self._phone())
        shop.leave("88.10", known)
        shop.leave("0.29")
        back = shop.leave("12.00", called)
        self.wait(IDLE.total_seconds() + 60)
        shop.leave("7.77", known)  # somebody is still at it
        shop.recover(back)
        sent = shop.buy("19.99", known, abroad=True)
        shop.send(sent, parcels=5)
        for parcel in range(5):
            shop.arrive(sent, parcel)
        shop.send(shop.buy("1134.65", called))
        shop.refund(sent, "4.35", "0.01")
        shop.refund(sent, "3.33", status="PENDING")
        shop.buy("0.07", till=True)
        shop.refund(shop.buy("64.00", known, till=True), "64.00")
        off = shop.buy("250.00", email=self._email(), paid=False)
        shop.cancel(off)
        shop.buy("1.00", known, test=True)

    def at_once(self):
        """Sell more than two pages in one second."""
        for cents in range(7):
            self.shop.buy(f"8.{cents:02d}")

    def refund(self):
        """Give money back for the first order, and for another of which the time doesn't move."""
        self.shop.refund(self._oldest(), "0.29")
        self.shop.refund(self._oldest(), "0.31", moves=False)

    def change(self):
        """Add to the order that changed longest ago."""
        order = self._oldest()
        self.wait(1)
        self.shop.edit(order, "1.10")

    def delete(self):
        """Delete an order."""
        del self.shop.orders[self._oldest()]

    def merge(self):
        """Merge two customers who have just bought something."""
        one, other = self.shop.register(self._email()), self.shop.register(self._email(), self._phone())
        self.shop.buy("9.95", other)
        self.shop.merge(one, other)

    def expire(self):
        """Let all tokens be over."""
        self.shop.tokens.clear()

    def facts(self) -> Iterator[Fact]:
        """Return what the shop keeps."""
        for order in self.shop.orders.values():
            if not order["test"]:
                yield from self._of_order(order)
        for checkout in self.shop.checkouts.values():
            if checkout["completed"] is None and instant(checkout["updated"]) <= instant(self.shop.now()) - IDLE:
                number, who = checkout["id"], _customer(checkout["customer"])
                about = {"reference": f"{SOURCE}:checkout:{number}", "customer": who}
                yield Fact("checkout.started", time=instant(checkout["created"]), **about)
                left = instant(checkout["updated"])
                yield Fact("cart.abandoned", amount=Money(checkout["total"], HOME), time=left, **about)
        for one in self.shop.customers.values():
            for namespace in ("email", "phone"):
                if one[namespace]:
                    identity, made = f"{namespace}:{one[namespace]}", instant(one["created"])
                    yield Fact("identity.linked", identity, customer=_customer(one["id"]), time=made)

    def refusal(self):
        """Return what a shop says to an app that lacks a right, with status 200."""
        error = {"message": "Access denied for customers field.", "extensions": {"code": "ACCESS_DENIED"}}
        return Answer(200, {"content-type": "application/json"}, json.dumps({"errors": [error], "data": None}).encode())

    def customer(self):
        """Nothing is written back, so nobody is asked for."""
        raise NotImplementedError

    def holds(self, customer, scores):
        """Nothing is written back."""
        raise NotImplementedError

    def deliver(self, *, age=0.0, forged=False):  # noqa: ARG002 - no time is signed
        """Return the webhook of a refund, which names its order and no customer."""
        order = next(order for order in self.shop.orders.values() if order["refunds"] and order["customer"])
        refund = order["refunds"][0]
        body = {
            "id": refund["id"],
            "admin_graphql_api_id": f"gid://shopify/Refund/{refund['id']}",
            "order_id": order["id"],
            "processed_at": refund["processed"],
            "transactions": [],
        }
        request = Request("POST", "https://ours.example/hook", {"X-Shopify-Topic": "refunds/create"}, _json(body))
        return sign_shopify(request, Secret("f0rged" if forged else HOOK_SECRET))

    def _adapter(self, wire, secret):
        config = ShopifyConfig(
            shop=HOST, client_id=CLIENT_ID, client_secret=Secret(secret), webhook_secret=Secret(HOOK_SECRET), page=3
        )
        # The shop's clock and ours go alike, though both are behind the machine's.
        clock = wire.clock
        return Shopify(config, attrs.evolve(wire, clock=lambda: clock() + self.shop.shift))

    def _of_order(self, order):
        who = f"email:{order['email']}" if order["email"] else _customer(order["customer"])
        about, placed = {"reference": f"{SOURCE}:{order['id']}", "customer": who}, instant(order["processed"])
        if order["source"] == "web":
            yield Fact("cart.updated", time=placed, **about)
        yield Fact("order.placed", amount=Money(order["total"], HOME), time=placed, **about)
        parcels = [parcel["delivered"] for parcel in order["parcels"] if parcel["ships"]]
        if parcels and all(parcels):
            yield Fact("order.delivered", time=instant(max(parcels)), **about)
        for refund in order["refunds"]:
            amounts = [each["amount"] for each in refund["transactions"] if each["status"] == "SUCCESS"]
            if amounts:
                back = Money(sum(amounts, Decimal()), HOME)
                yield Fact("order.refunded", amount=back, time=instant(refund["processed"]), **about)
        if order["cancelled"]:
            unpaid = Money(order["total"] - order["received"], HOME)
            yield Fact("order.cancelled", amount=unpaid, time=instant(order["cancelled"]), **about)

    def _oldest(self):
        sold = [order for order in self.shop.orders.values() if not order["test"]]
        return min(sold, key=lambda order: (order["updated"], order["id"]))["id"]

    def _email(self):
        self.people += 1
        return f"customer{self.people}@example.org"

    def _phone(self):
        self.people += 1
        return f"+4366012345{self.people:02d}"


def _customer(number):
    return None if number is None else f"{SOURCE}:{number}"


def _json(body):
    return json.dumps(body).encode()


class TestShopify(AdapterSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def source(cls, shopify_schema):  # noqa: ARG003 - without it there is no shop
        """Return a shop of these tests' own."""
        return ShopifySource()
