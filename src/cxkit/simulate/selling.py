"""Selling: visits, carts, orders, the till."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cxkit.simulate.aftercare import follow
from cxkit.simulate.book import SECOND_US
from cxkit.simulate.chance import pick
from cxkit.simulate.day import between, online
from cxkit.simulate.truths import ARTICLES, LEAVES_CART, ORDERS_AS_GUEST, PRICES

if TYPE_CHECKING:
    from cxkit.simulate.book import Book
    from cxkit.simulate.chance import Chance
    from cxkit.simulate.customers import Customers
    from cxkit.simulate.day import Day

OPENS, CLOSES = 10, 20
_HOME: Final = {"web": "storefront.home", "app": "app.home"}
_CHECKOUT: Final = {"web": "storefront.checkout", "app": "app.home", "store": "store.till"}
_ONLINE: Final = ("web", "web", "app")
IS_KNOWN: Final = 0.6
COMES_TO_CHECKOUT: Final = 0.4


def order(book: Book, day: Day, customers: Customers, buyer: tuple[int, str, bool]) -> None:
    """Let a customer buy: on a Sunday on the web if the store was planned, for then it is closed."""
    number, channel, joins = buyer
    if channel == "store" and day.closed:
        channel = "web"
    customer = customers.name(number)
    reference = book.number("o")
    if channel == "store":
        ts_us = between(day, book.chance, OPENS, CLOSES)
    else:
        ts_us = online(day, book.chance)
        guest = channel == "web" and not joins and book.chance() < ORDERS_AS_GUEST
        if guest:
            email = customers.email(number)
            if not customers.linked[number]:  # whose address it is shows when the checkout asks for it
                customers.linked[number] = 1
                book.write(ts_us - 90 * SECOND_US, "identity.linked", customer, "storefront.checkout", channel, email)
            customer = email
        _session(book, ts_us, customer, channel, reference)
        while book.chance() < LEAVES_CART:
            _left_cart(book, day, customers)
    if joins:
        book.write(ts_us - 60 * SECOND_US, "account.created", customer, "loyalty.account", channel, None)
    amount = _amount(book.chance, channel)
    book.write(ts_us, "order.placed", customer, _CHECKOUT[channel], channel, reference, amount=amount)
    follow(book, day, ts_us, (customer, channel, _CHECKOUT[channel], reference, amount))


def _amount(chance: Chance, channel: str) -> int:
    return sum(pick(chance, PRICES) for _ in range(pick(chance, ARTICLES[channel])))


def _session(book: Book, ts_us: int, customer: str | None, channel: str, cart: str) -> None:
    """Write down how somebody comes to the checkout, a minute before `ts_us`."""
    begin = ts_us - int(300 + book.chance() * 900) * SECOND_US
    _look(book, begin, customer, channel)
    book.write(ts_us - 180 * SECOND_US, "cart.updated", customer, "storefront.product", channel, cart)
    book.write(ts_us - 100 * SECOND_US, "checkout.started", customer, _CHECKOUT[channel], channel, cart)


def _look(book: Book, ts_us: int, customer: str | None, channel: str) -> None:
    visit = book.number("v")
    book.write(ts_us, "visit.started", customer, _HOME[channel], channel, visit)
    for seen in range(1 + int(book.chance() * 2)):
        at = ts_us + (20 + 40 * seen) * SECOND_US
        book.write(at, "product.viewed", customer, "storefront.product", channel, visit)


def _somebody(book: Book, day: Day, customers: Customers) -> str | None:
    """Return a customer, or None for somebody who hasn't signed in."""
    present = customers.present(day.number)
    known = present and book.chance() < IS_KNOWN
    return customers.name(int(book.chance() * present)) if known else None


def _left_cart(book: Book, day: Day, customers: Customers) -> None:
    customer = _somebody(book, day, customers)
    channel = pick(book.chance, _ONLINE)
    ts_us = online(day, book.chance)
    cart = book.number("o")
    _look(book, ts_us, customer, channel)
    book.write(ts_us + 150 * SECOND_US, "cart.updated", customer, "storefront.product", channel, cart)
    if book.chance() < COMES_TO_CHECKOUT:
        book.write(ts_us + 240 * SECOND_US, "checkout.started", customer, _CHECKOUT[channel], channel, cart)


def look_around(book: Book, day: Day, customers: Customers) -> None:
    """Let people visit who put nothing into a cart: up to one for every twenty customers."""
    for _ in range(int(book.chance() * customers.present(day.number) / 20)):
        _look(book, online(day, book.chance), _somebody(book, day, customers), pick(book.chance, _ONLINE))


def sell_at_the_till(book: Book, day: Day, customers: Customers) -> None:
    """Sell to people who don't say who they are: up to one for every hundred customers, while the store is open."""
    if day.closed:
        return
    for _ in range(int(book.chance() * customers.present(day.number) / 100)):
        ts_us = between(day, book.chance, OPENS, CLOSES)
        amount = _amount(book.chance, "store")
        book.write(ts_us, "order.placed", None, "store.till", "store", book.number("o"), amount=amount)
