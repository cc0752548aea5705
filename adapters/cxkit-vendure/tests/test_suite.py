"""The conformance suite, at a real shop."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from tests.servers.vendure import HOW_TO_GET_IT, PASSWORD, USER, installed, running
from tests.servers.vendure_shop import CUP, POT, TEA

from cxkit.adapters import Secret, Wire
from cxkit.http import Answer
from cxkit.model.money import Money
from cxkit.testing import AdapterSuite, Fact
from cxkit_vendure import Vendure, VendureConfig

if TYPE_CHECKING:
    from collections.abc import Iterator

ORDERS = """
SELECT o.id, o.code, o."customerId", o."createdAt", o."orderPlacedAt", o.state,
    (SELECT sum(amount) FROM payment p WHERE p."orderId" = o.id AND p.state IN ('Authorized', 'Settled', 'Cancelled')),
    (SELECT sum(amount) FROM payment p WHERE p."orderId" = o.id AND p.state = 'Settled'),
    (SELECT max(f."updatedAt") FROM fulfillment f
        JOIN order_fulfillments_fulfillment b ON b."fulfillmentId" = f.id WHERE b."orderId" = o.id),
    (SELECT max(h."createdAt") FROM history_entry h
        WHERE h."orderId" = o.id AND json_extract(h.data, '$.to') = 'Cancelled')
FROM "order" o WHERE o."orderPlacedAt" IS NOT NULL
"""
REFUNDS = """
SELECT o.code, o."customerId", o."orderPlacedAt", r.total, r."updatedAt"
FROM refund r JOIN payment p ON p.id = r."paymentId" JOIN "order" o ON o.id = p."orderId" WHERE r.state = 'Settled'
"""
CARTS = """
SELECT o.code, o."customerId", o."createdAt", o."updatedAt", o."subTotalWithTax" + o."shippingWithTax"
FROM "order" o WHERE o.active AND o."updatedAt" < ?
"""
CUSTOMERS = """
SELECT c.id, c."createdAt", c."emailAddress", c."phoneNumber", u."createdAt"
FROM customer c LEFT JOIN user u ON u.id = c."userId" WHERE c."deletedAt" IS NULL
"""
IDLE = timedelta(hours=1)


def instant(text: str) -> datetime:
    """Return a time of the shop's tables, which are in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def dollars(cents: int) -> Money:
    """Return what a whole number in the shop's tables stands for."""
    return Money.of_minor(cents, "USD")


class VendureSource:
    """A shop as the suite drives it; what it holds is read from its file."""

    secrets = (PASSWORD,)
    impossible: ClassVar = {
        "hide": "no list of Vendure's leaves anything out but what was deleted",
        "merge": "Vendure merges carts, not customers",
    }
    inner = None
    deliveries_expire = False

    def __init__(self, shop):
        """Take a shop; whoever buys there is numbered."""
        self.shop = shop
        self.people = 0
        self.source = self.adapter(Wire(allow_private=True)).source

    def adapter(self, wire):
        """Return the adapter as the shop's administrator."""
        return self._adapter(wire, PASSWORD)

    def stranger(self, wire):
        """Return the adapter with a password that was mistyped."""
        return self._adapter(wire, "mistyped")

    def wait(self, seconds):
        """Let time go by."""
        time.sleep(seconds)

    def do(self, deed):
        """Let something happen."""
        getattr(self, deed)()

    def sell(self):
        """Sell to an account, to guests, and to nobody: paid, delivered, cancelled; and leave carts behind."""
        shop, account, guest = self.shop, self._somebody(), self._somebody()
        phone = f"+4366012345{self.people:02d}"
        shop.register(account, phone)
        shop.place_order({TEA: 2, CUP: 1}, account, member=True)
        sent = shop.place_order({CUP: 3}, guest, paid=False)
        shop.settle(sent)
        shop.deliver(sent)
        shop.refund(sent, 1999)
        off = shop.place_order({POT: 1}, guest, phone, paid=False)
        shop.void(off)
        shop.cancel(off)
        # Time can't be let go by, so these were left an hour and a second ago.
        left = (datetime.now(UTC) - IDLE - timedelta(seconds=1)).strftime("%F %T")
        shop.backdate("order", [shop.fill_cart({POT: 2}, guest), shop.fill_cart({TEA: 1})], updatedAt=left)
        shop.fill_cart({POT: 1}, guest)  # somebody is still at it

    def at_once(self):
        """Sell more than two pages at one time."""
        buyer = self._somebody()
        orders = [self.shop.place_order(email=buyer) for _ in range(5)]
        ((last,),) = self.shop.rows('SELECT max("orderPlacedAt") FROM "order"')
        self.shop.backdate("order", orders, orderPlacedAt=last)

    def refund(self):
        """Give a dollar back for the first order."""
        self.shop.refund(self._first(), 100)

    def change(self):
        """Give the first order to another customer."""
        order = self._first()
        ((other,),) = self.shop.rows(
            """SELECT min(c.id) FROM customer c, "order" o
            WHERE c."deletedAt" IS NULL AND o.id = ? AND c.id != o."customerId" """,
            order,
        )
        self.shop.give_order_to(order, str(other))

    def delete(self):
        """Delete a customer who has bought something."""
        ((customer,),) = self.shop.rows('SELECT max(id) FROM customer WHERE "deletedAt" IS NULL')
        self.shop.delete_customer(str(customer))

    def expire(self):
        """Forget who has logged in."""
        self.shop.end_sessions()

    def facts(self) -> Iterator[Fact]:
        """Return what the shop's tables tell."""
        for _, code, customer, made, placed, state, agreed, taken, delivered, cancelled in self.shop.rows(ORDERS):
            of_it, begun = self._about(code, customer), instant(placed)
            yield Fact("cart.updated", time=instant(made), **of_it)
            yield Fact("order.placed", amount=dollars(agreed), time=begun, **of_it)
            if state == "Delivered":
                yield Fact("order.delivered", time=max(begun, instant(delivered)), **of_it)
            if state == "Cancelled":
                unpaid = dollars(agreed - (taken or 0))
                yield Fact("order.cancelled", amount=unpaid, time=max(begun, instant(cancelled)), **of_it)
        for code, customer, placed, total, settled in self.shop.rows(REFUNDS):
            back = max(instant(placed), instant(settled))
            yield Fact("order.refunded", amount=dollars(total), time=back, **self._about(code, customer))
        for code, customer, made, left, total in self.shop.rows(CARTS, (datetime.now(UTC) - IDLE).strftime("%F %T")):
            yield Fact("cart.updated", time=instant(made), **self._about(code, customer))
            yield Fact("cart.abandoned", amount=dollars(total), time=instant(left), **self._about(code, customer))
        for number, made, email, phone, opened in self.shop.rows(CUSTOMERS):
            who = f"{self.source}:{number}"
            yield Fact("identity.linked", f"email:{email}", customer=who, time=instant(made))
            if phone:
                yield Fact("identity.linked", f"phone:{phone}", customer=who, time=instant(made))
            if opened:
                yield Fact("account.created", customer=who, time=instant(opened))

    def refusal(self):
        """Return what the shop says to a page that is too large, with status 200."""
        error = {"message": "Cannot take more than 1000 results", "extensions": {"code": "USER_INPUT_ERROR"}}
        return Answer(200, {"content-type": "application/json"}, json.dumps({"errors": [error], "data": None}).encode())

    def deliver(self, *, age=0.0, forged=False):
        """There are no webhooks, so none is asked for."""
        raise NotImplementedError

    def _adapter(self, wire, password):
        return Vendure(VendureConfig(url=self.shop.url, user=USER, password=Secret(password), page=2), wire)

    def _about(self, code: str, customer: int | None) -> dict[str, Any]:
        return {
            "reference": f"{self.source}:{code}",
            "customer": None if customer is None else f"{self.source}:{customer}",
        }

    def _somebody(self) -> str:
        self.people += 1
        return f"customer{self.people}@example.org"

    def _first(self) -> str:
        ((order,),) = self.shop.rows('SELECT id FROM "order" ORDER BY "orderPlacedAt" IS NULL, "orderPlacedAt" LIMIT 1')
        return str(order)


@pytest.mark.xdist_group("vendure suite")  # one shop for all of them
class TestVendure(AdapterSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def source(cls):
        """Return a shop of these tests' own."""
        if installed() is None:
            pytest.skip(HOW_TO_GET_IT)
        with running() as shop:
            yield VendureSource(shop)
