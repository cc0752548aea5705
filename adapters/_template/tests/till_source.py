"""A vendor that is played: tills whose sales, refunds and customers can be read over HTTP, with a clock of seconds."""

from __future__ import annotations

import json
import time
from decimal import Decimal
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from cxkit.adapters import Request, Secret, when
from cxkit.http import Answer, Relay
from cxkit.model.money import Money
from cxkit.signatures import sign_stripe
from cxkit.testing import Fact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from cxkit.adapters import Adapter, Wire
    from cxkit.http import Sent
    from cxkit.testing import Deed

PAGE = 3
URL = "https://till.example"
SOURCE = "till:till.example"
PASSWORD, HOOK_SECRET = "op3n-s3same-Till", "whs3c-T1ll-h00k"
_DAY = 86_400


class Till:
    """The vendor's server: what it keeps, and what it answers."""

    def __init__(self) -> None:
        """Open a shop that has sold nothing, a day ago."""
        self.behind = _DAY
        self.sales: dict[int, dict[str, Any]] = {}
        self.refunds: dict[int, dict[str, Any]] = {}
        self.customers: dict[int, dict[str, Any]] = {}
        self.scores: dict[str, dict[str, Any]] = {}
        self.sessions: set[str] = set()
        self._ids = count(1)
        self.transport = Relay(self._answer)

    def now(self) -> str:
        """Return the time as the vendor writes it: whole seconds of UTC, and no zone."""
        return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() - self.behind))

    # ------------------------------------------------------------------------------------------------- what can happen

    def register(self, email: str | None = None, phone: str | None = None) -> int:
        """Make a customer."""
        number = next(self._ids)
        self.customers[number] = {
            "id": number, "email": email, "phone": phone, "created": self.now(), "merged_into": None,
        }  # fmt: skip
        return number

    def sell(self, total: str, customer: int | None = None, *, archived: bool = False) -> int:
        """Ring up a sale."""
        number, now = next(self._ids), self.now()
        self.sales[number] = {
            "id": number, "customer_id": customer, "created": now, "changed": now, "total": total, "currency": "EUR",
            "archived": archived,
        }  # fmt: skip
        return number

    def refund(self, sale: int, amount: str) -> None:
        """Give money back; the sale's time of change stays."""
        number = next(self._ids)
        self.refunds[number] = {
            "id": number, "sale_id": sale, "at": self.now(), "amount": amount, "currency": "EUR",
            "customer_id": self.sales[sale]["customer_id"],
        }  # fmt: skip

    def oldest(self) -> int:
        """Return the sale that changed longest ago."""
        return min(self.sales, key=lambda number: (self.sales[number]["changed"], number))

    # ------------------------------------------------------------------------------------------------ what it answers

    def _answer(self, sent: Sent, _pass_on: Callable[[], Answer]) -> Answer:
        address = urlsplit(sent.url)
        asked = {name: values[-1] for name, values in parse_qs(address.query).items()}
        said = json.loads(sent.body) if sent.body else None
        if address.path == "/login":
            return self._login(said)
        if sent.headers.get("authorization", "").removeprefix("Bearer ") not in self.sessions:
            return Answer(401, {}, b'{"error": "who are you?"}')
        lists = {"/sales": self._sales, "/refunds": self._refunds, "/customers": self._customers}
        if address.path in lists:
            return lists[address.path](asked)
        if address.path == "/me":
            return _json({"shop": "Till & Co"})
        _, _, number, _ = address.path.split("/")
        return self._scores(sent.method, number, said)

    def _scores(self, method: str, number: str, said: dict[str, Any]) -> Answer:
        if int(number) not in self.customers:
            return Answer(404, {}, b'{"error": "no such customer"}')
        if method == "PUT":
            self.scores[number] = said
        return _json(self.scores.get(number, {}))

    def _login(self, said: dict[str, str]) -> Answer:
        if said != {"user": "clerk", "password": PASSWORD}:
            return Answer(403, {}, b'{"error": "wrong password"}')
        token = f"t0ken-{next(self._ids)}-{time.monotonic_ns()}"
        self.sessions.add(token)
        return _json({"token": token})

    def _sales(self, asked: dict[str, str]) -> Answer:
        by = asked.get("by", "changed")
        found = sorted(
            (sale for sale in self.sales.values() if sale[by] >= asked.get("since", "")),
            key=lambda sale: (sale[by], sale["id"]),
        )
        if asked.get("archived") != "true":
            found = [sale for sale in found if not sale["archived"]]
        skip = int(asked.get("skip", 0))
        return _json({"sales": found[skip : skip + PAGE], "more": len(found) > skip + PAGE})

    def _refunds(self, asked: dict[str, str]) -> Answer:
        found = sorted(
            (refund for refund in self.refunds.values() if refund["at"] >= asked.get("since", "")),
            key=lambda refund: (refund["at"], refund["id"]),
        )
        # The page's name is where the last one ended, so that what comes meanwhile moves nothing.
        at, _, number = asked.get("page", "").partition("/")
        rest = [refund for refund in found if not at or (refund["at"], refund["id"]) > (at, int(number))]
        page = rest[:PAGE]
        more = f"{page[-1]['at']}/{page[-1]['id']}" if len(rest) > PAGE else None
        return _json({"refunds": page, "next": more})

    def _customers(self, asked: dict[str, str]) -> Answer:
        after = int(asked.get("page", 0))
        rest = [customer for number, customer in sorted(self.customers.items()) if number > after]
        return _json({"customers": rest[:PAGE], "next": rest[PAGE - 1]["id"] if len(rest) > PAGE else None})


class TillSource:
    """The tills, as the suite drives them."""

    deliveries_expire = True

    def __init__(self, adapter: type[Any]) -> None:
        """Open a till for an adapter's class."""
        self.till = Till()
        self.inner = self.till.transport
        self.impossible: dict[str, str] = {}
        self._adapter = adapter
        self._numbers = count(1)

    @property
    def secrets(self) -> Sequence[str]:
        """Return the password, the secret of webhooks, and all tokens."""
        return (PASSWORD, HOOK_SECRET, *self.till.sessions)

    def adapter(self, wire: Wire) -> Adapter:
        """Return an adapter that is admitted."""
        return self._made(wire, PASSWORD, HOOK_SECRET)

    def stranger(self, wire: Wire) -> Adapter:
        """Return one that isn't."""
        return self._made(wire, "gu3ssed-w0rd", "another")

    def _made(self, wire: Wire, password: str, hook_secret: str) -> Adapter:
        settings = self._adapter.Config(url=URL, password=Secret(password), hook_secret=Secret(hook_secret))
        made: Adapter = self._adapter(settings, wire)
        return made

    def wait(self, seconds: float) -> None:
        """Set the clock."""
        self.till.behind -= seconds  # type: ignore[assignment]

    def do(self, deed: Deed) -> None:
        """Let something happen."""
        till, number = self.till, next(self._numbers)
        if deed == "sell":
            known = till.register(f"an{number}@example.org", f"+4420794600{number:02d}")
            sale = till.sell("19.99", known)
            self.wait(1)
            till.sell("0.07")
            till.sell("1134.65", till.register(phone=f"+4420794700{number:02d}"))
            till.refund(sale, "4.35")
        elif deed == "at_once":
            for cents in range(2 * PAGE + 1):
                till.sell(f"8.{cents:02d}")
        elif deed == "refund":
            till.refund(till.oldest(), "0.29")
        elif deed == "change":
            sale = till.oldest()
            self.wait(1)
            till.sales[sale]["total"] = str(Decimal(till.sales[sale]["total"]) + Decimal("1.10"))
            till.sales[sale]["changed"] = till.now()
        elif deed == "hide":
            till.sell("33.30", archived=True)
        elif deed == "delete":
            del till.sales[till.oldest()]
        elif deed == "merge":
            one, other = till.register(f"one{number}@example.org"), till.register(f"other{number}@example.org")
            till.customers[other]["merged_into"] = one
        else:
            till.sessions.clear()

    def facts(self) -> Iterable[Fact]:
        """Return what the till has in its drawers."""
        till = self.till
        for sale in till.sales.values():
            money = Money(sale["total"], "EUR")
            yield Fact("order.placed", f"{sale['id']}", money, _customer(sale["customer_id"]), _utc(sale["created"]))
        for refund in till.refunds.values():
            money = Money(refund["amount"], "EUR")
            customer = _customer(refund["customer_id"])
            yield Fact("order.refunded", f"{refund['sale_id']}", money, customer, _utc(refund["at"]))
        for each in till.customers.values():
            customer, time_ = _customer(each["id"]), _utc(each["created"])
            for namespace in ("email", "phone"):
                if each[namespace]:
                    yield Fact("identity.linked", f"{namespace}:{each[namespace]}", None, customer, time_)
            if each["merged_into"]:
                yield Fact("identity.linked", customer, None, _customer(each["merged_into"]), time_)

    def refusal(self) -> Answer:
        """Return an error that comes with status 200."""
        return _json({"error": "the till roll is empty"})

    def customer(self) -> str:
        """Return somebody."""
        return str(next(iter(self.till.customers)))

    def holds(self, customer: str, scores: dict[str, Any]) -> bool:
        """Say whether the till knows these scores."""
        return self.till.scores.get(customer) == {
            name: str(score) for name, score in scores.items() if score is not None
        }

    def deliver(self, *, age: float = 0.0, forged: bool = False) -> Request:
        """Return a webhook that tells of a sale."""
        sale = next(iter(self.till.sales.values()))
        request = Request("POST", "https://shop.example/hook", {}, json.dumps({"sale": sale}).encode())
        return sign_stripe(request, Secret("f0rged" if forged else HOOK_SECRET), now=time.time() - age)


def _customer(number: int | None) -> str | None:
    return None if number is None else f"{SOURCE}:{number}"


def _utc(text: str) -> datetime:
    return when(f"{text}Z")


def _json(body: object) -> Answer:
    return Answer(200, {"content-type": "application/json"}, json.dumps(body).encode())
