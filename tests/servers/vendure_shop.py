"""What people do in a Vendure shop: customers through its shop interface, the staff through its admin interface."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Self

import attrs
import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import TracebackType

# The products that a shop is filled with, by their variants' ids, and what each costs with tax, in cents of a dollar.
TEA, CUP, POT = "1", "2", "3"
_ERROR: Final = "__typename ... on ErrorResult { errorCode message }"
_LOGIN: Final = f"mutation($u: String!, $p: String!) {{ login(username: $u, password: $p) {{ {_ERROR} }} }}"
_MEMBERS_PASSWORD: Final = "secret"  # noqa: S105 - of customers who live for a test


@attrs.define
class _Caller:
    """Somebody at one of the shop's two interfaces: who they are, they show by a token."""

    client: httpx.Client
    path: str
    token: str | None = None

    def __call__(self, query: str, **variables: object) -> Any:
        """Return the answer's only part; whatever went wrong is an error."""
        headers = {"authorization": f"Bearer {self.token}"} if self.token else {}
        reply = self.client.post(self.path, json={"query": query, "variables": variables}, headers=headers)
        self.token = reply.headers.get("vendure-auth-token", self.token)
        said = reply.json()
        assert "errors" not in said, said
        (part,) = said["data"].values()
        assert not (isinstance(part, dict) and "errorCode" in part), part
        return part


@attrs.frozen(kw_only=True)
class Shop:
    """A shop and its staff.

    Attributes:
        url: where it answers.
        user: the name of its administrator.
        password: the administrator's password.
    """

    url: str
    user: str
    password: str
    _client: httpx.Client = attrs.field(
        init=False, default=attrs.Factory(lambda self: httpx.Client(base_url=self.url, timeout=60), takes_self=True)
    )
    _staff: _Caller = attrs.field(
        init=False, default=attrs.Factory(lambda self: _Caller(self._client, "/admin-api"), takes_self=True)
    )

    def __enter__(self) -> Self:
        """Return the shop itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hang up."""
        self._client.close()

    def admin(self, query: str, **variables: object) -> Any:
        """Ask or tell the admin interface something."""
        if self._staff.token is None:
            self._staff(_LOGIN, u=self.user, p=self.password)
        return self._staff(query, **variables)

    def forget_login(self) -> None:
        """Log in anew at the next call."""
        self._staff.token = None

    def new_key(self, rights: Sequence[str] | None = None) -> str:
        """Return a new key for programs, with all the rights there are, or with some."""
        role = "1"
        if rights is not None:
            query = "mutation($i: CreateRoleInput!) { createRole(input: $i) { id } }"
            given = {"code": "-".join(rights), "description": "some rights", "permissions": list(rights)}
            role = self.admin(query, i=given)["id"]
        query = "mutation($i: CreateApiKeyInput!) { createApiKey(input: $i) { apiKey } }"
        name = [{"languageCode": "en", "name": "cxkit"}]
        return str(self.admin(query, i={"roleIds": [role], "translations": name})["apiKey"])

    def open_channel(self, token: str, currency: str, factor: int) -> None:
        """Open a channel beside the default one, where prices are of another currency."""
        zone = self.admin("query { zones { items { id } } }")["items"][0]["id"]
        seller = self.admin("query { sellers { items { id } } }")["items"][0]["id"]
        query = (
            f"mutation($i: CreateChannelInput!) {{ createChannel(input: $i) {{ {_ERROR} ... on Channel {{ id }} }} }}"
        )
        given = {"code": token, "token": token, "defaultLanguageCode": "en", "pricesIncludeTax": False}
        money = {"defaultCurrencyCode": currency, "availableCurrencyCodes": [currency]}
        zones = {"defaultTaxZoneId": zone, "defaultShippingZoneId": zone}
        made = {"channelId": self.admin(query, i=given | money | zones | {"sellerId": seller})["id"]}
        for what, ids in (("Product", [TEA, CUP, POT]), ("ShippingMethod", ["1"]), ("PaymentMethod", ["1", "2"])):
            query = f"mutation($i: Assign{what}sToChannelInput!) {{ assign{what}sToChannel(input: $i) {{ id }} }}"
            price = {"priceFactor": factor} if what == "Product" else {}
            key = f"{what[0].lower()}{what[1:]}Ids"
            self.admin(query, i=made | {key: ids} | price)
        query = "mutation($i: AssignStockLocationsToChannelInput!) { assignStockLocationsToChannel(input: $i) { id } }"
        self.admin(query, i=made | {"stockLocationIds": ["1"]})

    @contextmanager
    def at(self, token: str) -> Iterator[None]:
        """Let all within the block happen in a channel."""
        self._client.headers["vendure-token"] = token
        yield
        del self._client.headers["vendure-token"]

    # ---------------------------------------------------------------------------------------------------- customers

    def register(self, email: str, phone: str = "") -> str:
        """Open an account; return the customer's id."""
        given = {"emailAddress": email, "firstName": "An", "lastName": "Other", "phoneNumber": phone}
        query = f"mutation($i: RegisterCustomerInput!) {{ registerCustomerAccount(input: $i) {{ {_ERROR} }} }}"
        self._visitor()(query, i=given | {"password": _MEMBERS_PASSWORD})
        return self.customer(email)

    def customer(self, email: str) -> str:
        """Return the id of the customer with an address."""
        query = "query($e: String!) { customers(options: {filter: {emailAddress: {eq: $e}}}) { items { id } } }"
        ((found,),) = [[each["id"] for each in self.admin(query, e=email)["items"]]]
        return str(found)

    def change_customer(self, customer: str, **changed: str) -> None:
        """Correct a customer's record: ``phoneNumber``, ``emailAddress`` and the like."""
        query = f"mutation($i: UpdateCustomerInput!) {{ updateCustomer(input: $i) {{ {_ERROR} }} }}"
        self.admin(query, i={"id": customer, **changed})

    def delete_customer(self, customer: str) -> None:
        """Delete a customer; what they bought stays."""
        self.admin("mutation($id: ID!) { deleteCustomer(id: $id) { result } }", id=customer)

    # ------------------------------------------------------------------------------------------------------- orders

    def fill_cart(self, items: Mapping[str, int], email: str | None = None, phone: str = "") -> str:
        """Put products into a cart and leave; return the order's id."""
        return self._fill(self._visitor(), items, email, phone)

    def place_order(
        self,
        items: Mapping[str, int] | None = None,
        email: str = "guest@example.org",
        phone: str = "",
        *,
        paid: bool = True,
        member: bool = False,
    ) -> str:
        """Order something; return the order's id.

        Args:
            items: how many of which variant; one tea unless something else is said.
            email: of a guest, or of an account.
            phone: of a guest.
            paid: whether the money is taken at once, or only authorised.
            member: whether it is an account that orders, and not a guest.
        """
        visitor = self._visitor()
        if member:
            visitor(_LOGIN, u=email, p=_MEMBERS_PASSWORD)
        order = self._fill(visitor, items or {TEA: 1}, None if member else email, phone)
        address = {"streetLine1": "1 Street", "countryCode": "AT"}
        visitor(f"mutation($i: CreateAddressInput!) {{ setOrderShippingAddress(input: $i) {{ {_ERROR} }} }}", i=address)
        visitor(f'mutation {{ setOrderShippingMethod(shippingMethodId: ["1"]) {{ {_ERROR} }} }}')
        visitor(f'mutation {{ transitionOrderToState(state: "ArrangingPayment") {{ {_ERROR} }} }}')
        payment = {"method": "paid-at-once" if paid else "paid-later", "metadata": {}}
        visitor(f"mutation($i: PaymentInput!) {{ addPaymentToOrder(input: $i) {{ {_ERROR} }} }}", i=payment)
        return order

    def settle(self, order: str) -> None:
        """Take the money that was authorised."""
        self.admin(f"mutation($id: ID!) {{ settlePayment(id: $id) {{ {_ERROR} }} }}", id=self._payment(order))

    def void(self, order: str) -> None:
        """Give up the money that was authorised."""
        self.admin(f"mutation($id: ID!) {{ cancelPayment(id: $id) {{ {_ERROR} }} }}", id=self._payment(order))

    def ship(self, order: str, share: Mapping[str, int] | None = None) -> str:
        """Send an order, or some of its lines; return the fulfilment's id."""
        lines = [{"orderLineId": line, "quantity": quantity} for line, quantity in (share or self.lines(order)).items()]
        post = {
            "code": "manual-fulfillment",
            "arguments": [{"name": "method", "value": "post"}, {"name": "trackingCode", "value": "T1"}],
        }
        query = f"""mutation($i: FulfillOrderInput!) {{
            addFulfillmentToOrder(input: $i) {{ {_ERROR} ... on Fulfillment {{ id }} }}
        }}"""
        made = str(self.admin(query, i={"lines": lines, "handler": post})["id"])
        self._move(made, "Shipped")
        return made

    def deliver(self, order: str) -> None:
        """Send what isn't sent yet of an order and hand everything over."""
        sent = self._order(order, "fulfillments { id state lines { orderLineId quantity } }")["fulfillments"]
        left = self.lines(order)
        for line in (line for each in sent for line in each["lines"]):
            left[line["orderLineId"]] -= line["quantity"]
        rest = {line: quantity for line, quantity in left.items() if quantity}
        under_way = [each["id"] for each in sent if each["state"] == "Shipped"]
        for each in under_way + ([self.ship(order, rest)] if rest else []):
            self._move(each, "Delivered")

    def hand_over(self, fulfilment: str) -> None:
        """Hand over one fulfilment."""
        self._move(fulfilment, "Delivered")

    def cancel(self, order: str, share: Mapping[str, int] | None = None) -> None:
        """Cancel an order with its shipping, or some of its lines."""
        given: dict[str, Any] = {"orderId": order, "cancelShipping": share is None}
        if share is not None:
            given["lines"] = [{"orderLineId": line, "quantity": quantity} for line, quantity in share.items()]
        self.admin(f"mutation($i: CancelOrderInput!) {{ cancelOrder(input: $i) {{ {_ERROR} }} }}", i=given)

    def refund(self, order: str, cents: int, *, settled: bool = True) -> str:
        """Give some of the money back, or only begin to; return the refund's id."""
        given = {"paymentId": self._payment(order), "amount": cents, "lines": [], "shipping": 0, "adjustment": 0}
        query = f"mutation($i: RefundOrderInput!) {{ refundOrder(input: $i) {{ {_ERROR} ... on Refund {{ id }} }} }}"
        made = str(self.admin(query, i=given | {"reason": "broken"})["id"])
        if settled:
            self.settle_refund(made)
        return made

    def settle_refund(self, refund: str) -> None:
        """Say that the money of a refund has been given back."""
        query = f"mutation($i: SettleRefundInput!) {{ settleRefund(input: $i) {{ {_ERROR} }} }}"
        self.admin(query, i={"id": refund, "transactionId": "back"})

    def give_order_to(self, order: str, customer: str) -> None:
        """Say that an order is another customer's."""
        query = "mutation($i: SetOrderCustomerInput!) { setOrderCustomer(input: $i) { id } }"
        self.admin(query, i={"orderId": order, "customerId": customer})

    def lines(self, order: str) -> dict[str, int]:
        """Return the lines of an order: their ids and how many of each there are."""
        found = self._order(order, "lines { id quantity }")["lines"]
        return {line["id"]: line["quantity"] for line in found}

    # ------------------------------------------------------------------------------------------------------ the rest

    def _visitor(self) -> _Caller:
        return _Caller(self._client, "/shop-api")

    def _fill(self, visitor: _Caller, items: Mapping[str, int], email: str | None, phone: str) -> str:
        order = ""
        query = f"""mutation($v: ID!, $n: Int!) {{
            addItemToOrder(productVariantId: $v, quantity: $n) {{ {_ERROR} ... on Order {{ id }} }}
        }}"""
        for variant, quantity in items.items():
            order = str(visitor(query, v=variant, n=quantity)["id"])
        if email is not None:
            who = {"emailAddress": email, "firstName": "A", "lastName": "Guest", "phoneNumber": phone}
            visitor(f"mutation($i: CreateCustomerInput!) {{ setCustomerForOrder(input: $i) {{ {_ERROR} }} }}", i=who)
        return order

    def _order(self, order: str, fields: str) -> Any:
        return self.admin(f"query($id: ID!) {{ order(id: $id) {{ {fields} }} }}", id=order)

    def _payment(self, order: str) -> str:
        (payment,) = self._order(order, "payments { id }")["payments"]
        return str(payment["id"])

    def _move(self, fulfilment: str, state: str) -> None:
        query = f"""mutation($id: ID!, $s: String!) {{
            transitionFulfillmentToState(id: $id, state: $s) {{ {_ERROR} }}
        }}"""
        self.admin(query, id=fulfilment, s=state)
