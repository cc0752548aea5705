"""Square's lists: how each is asked for, how many records it gives at once, and where its next page is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from cxkit.adapters import Batch, iso
from cxkit.errors import FatalAdapterError
from cxkit_square.people import REWARDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from cxkit.adapters import Http, Reply

    Record = Mapping[str, Any]
    Ask = Callable[["str | None", "str | None"], "tuple[Sequence[Record], str | None]"]

_LOCATIONS: Final = 10  # in one search for orders
_AT_ONCE: Final = 100  # ids in one request
_MOST: Final = {"orders": 1000, "refunds": 100, "payments": 100, "customers": 100, "members": 200, "rewards": 30}
_STATES: Final = ("OPEN", "COMPLETED", "CANCELED")  # not DRAFT: nobody has placed those
# Refunds and payments are those of the last year, unless a beginning is given. Square wasn't there before.
_BEGINNING: Final = "2009-01-01T00:00:00Z"


@attrs.frozen
class Lists:
    """The lists of one seller.

    All but the ledger of rewards come in an order that a change doesn't disturb, or only to the end: what has changed
    comes last, or stays where it was.

    Attributes:
        http: makes the calls.
        page: how many records are asked for at once, where a list allows it.
    """

    http: Http
    page: int

    def orders(self, locations: Sequence[str], since: int | None, token: str | int | None) -> Batch[Record]:
        """Return a page of the orders that changed at or after a time, ten locations at a time."""

        def ask(part: str | None, cursor: str | None) -> tuple[Sequence[Record], str | None]:
            at = locations.index(str(part))
            body = {
                "location_ids": [*locations[at : at + _LOCATIONS]],
                "limit": self._limit("orders"),
                "query": {
                    "filter": {"state_filter": {"states": [*_STATES]}, **_changed(since)},
                    "sort": {"sort_field": "UPDATED_AT", "sort_order": "ASC"},
                },
            }
            return self._search("orders/search", body, cursor, "orders")

        return _in_parts(locations[::_LOCATIONS], token, ask)

    def payments(self, locations: Sequence[str], since: int | None, token: str | int | None) -> Batch[Record]:
        """Return a page of the payments that changed at or after a time; a location after the other.

        Without a location Square lists those of the main one.
        """

        def ask(part: str | None, cursor: str | None) -> tuple[Sequence[Record], str | None]:
            return self._list("payments", since, cursor, location_id=part)

        return _in_parts(locations, token, ask)

    def refunds(self, since: int | None, token: str | int | None) -> Batch[Record]:
        """Return a page of the refunds that changed at or after a time, those of all locations."""
        return Batch.at(*self._list("refunds", since, None if token is None else str(token)))

    def customers(self, since: int | None, token: str | int | None) -> Batch[Record]:
        """Return a page of the customers that changed at or after a time, by when they were made."""
        body: dict[str, Any] = {
            "limit": self._limit("customers"),
            "query": {"sort": {"field": "CREATED_AT", "order": "ASC"}},
        }
        if since is not None:
            body["query"]["filter"] = {"updated_at": {"start_at": _time(since)}}
        return Batch.at(*self._search("customers/search", body, token, "customers"))

    def members(self, token: str | int | None) -> Batch[Record]:
        """Return a page of all loyalty accounts, by when they were opened."""
        body = {"limit": self._limit("members")}
        return Batch.at(*self._search("loyalty/accounts/search", body, token, "loyalty_accounts"))

    def rewards(self, since: int | None, token: str | int | None) -> Batch[Record]:
        """Return a page of the loyalty program's ledger from a time on, the latest first."""
        wanted: dict[str, Any] = {"type_filter": {"types": [*REWARDS]}}
        if since is not None:
            wanted["date_time_filter"] = {"created_at": {"start_at": _time(since)}}
        body = {"limit": self._limit("rewards"), "query": {"filter": wanted}}
        return Batch.at(*self._search("loyalty/events/search", body, token, "events"))

    def locations(self) -> Sequence[Record]:
        """Return all locations, also those that were closed."""
        found: Sequence[Record] = self.http.get("v2/locations").json().get("locations") or ()
        return found

    def orders_by_id(self, ids: Iterable[str]) -> dict[str, Record]:
        """Return orders by their ids; those that Square doesn't know are missing."""
        found: dict[str, Record] = {}
        for some in _portions(ids):
            reply = self.http.post("v2/orders/batch-retrieve", {"order_ids": some}, repeatable=True)
            orders = {order["id"]: order for order in reply.json().get("orders") or ()}
            _check_asked(reply, orders, some)
            found |= orders
        return found

    def successors(self, ids: Iterable[str]) -> dict[str, Record]:
        """Return of customers' ids those that were merged, with the profile that they went into.

        For such an id Square gives the profile that there is now, under its own id.
        """
        found: dict[str, Record] = {}
        for some in _portions(ids):
            reply = self.http.post("v2/customers/bulk-retrieve", {"customer_ids": some}, repeatable=True)
            answers = reply.json().get("responses") or {}
            _check_asked(reply, answers, some)
            for asked, answer in answers.items():
                now = answer.get("customer")
                if now is not None and now["id"] != asked:
                    found[asked] = now
        return found

    def _limit(self, name: str) -> int:
        return min(self.page, _MOST[name])

    def _search(
        self, path: str, body: Mapping[str, Any], cursor: str | int | None, name: str
    ) -> tuple[Sequence[Record], str | None]:
        asked = body if cursor is None else {**body, "cursor": str(cursor)}
        said = self.http.post(f"v2/{path}", asked, repeatable=True).json()
        return said.get(name) or (), said.get("cursor")

    def _list(
        self, name: str, since: int | None, cursor: str | None, **more: str | None
    ) -> tuple[Sequence[Record], str | None]:
        params = {
            "begin_time": _BEGINNING,
            "updated_at_begin_time": None if since is None else _time(since),
            "sort_field": "UPDATED_AT",
            "sort_order": "ASC",
            "limit": self._limit(name),
            "cursor": cursor,
            **more,
        }
        said = self.http.get(f"v2/{name}", params).json()
        return said.get(name) or (), said.get("cursor")


def _in_parts(parts: Sequence[str], token: str | int | None, ask: Ask) -> Batch[Record]:
    """Return a page of a list that has to be asked for part by part.

    Args:
        parts: what names them.
        token: the part and, after a blank, the vendor's cursor within it; None for the beginning.
        ask: returns the records of a part at a cursor, and the next cursor.
    """
    if not parts:
        return Batch(())
    part, _, cursor = (parts[0] if token is None else str(token)).partition(" ")
    if part not in parts:
        raise FatalAdapterError(f"location {part}: was to be read next, and isn't among the locations any more")
    records, after = ask(part, cursor or None)
    if after:
        return Batch.at(records, f"{part} {after}")
    at = parts.index(part) + 1
    return Batch.at(records, parts[at] if at < len(parts) else None)


def _changed(since: int | None) -> dict[str, Any]:
    return {} if since is None else {"date_time_filter": {"updated_at": {"start_at": _time(since)}}}


def _time(us: int) -> str:
    return iso(us, "milliseconds")


def _check_asked(reply: Reply, given: Iterable[str], asked: Sequence[str]) -> None:
    """Refuse the answer to another question: what is told of the wrong record isn't noticed afterwards."""
    other = sorted(set(given) - set(asked))
    if other:
        raise FatalAdapterError(f"{reply.call}: the answer holds {other[0]}, which wasn't asked for")


def _portions(ids: Iterable[str]) -> list[list[str]]:
    """Return ids, each once and always in the same order, in portions that fit a request."""
    each = sorted(set(ids))
    return [each[at : at + _AT_ONCE] for at in range(0, len(each), _AT_ONCE)]
