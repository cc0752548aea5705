"""How the played HubSpot answers: its calls, their limits and errors, each held against HubSpot's documents."""

from __future__ import annotations

import json
import re
from collections import deque
from decimal import Decimal, InvalidOperation
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from tests.servers import hubspot_setup as setup
from tests.servers.hubspot import PROPERTIES, in_order, iso, passes
from tests.servers.hubspot_contract import contract_of
from tests.servers.hubspot_setup import RefusedError, invalid

from cxkit.http import Answer, Relay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tests.servers.hubspot import Portal, Row

    from cxkit.http import Sent

URL: Final = "https://api.hubapi.com"
CLIENT, CLIENT_SECRET, REFRESH = "client-5001", "cl1ent-s3cret-of-the-app", "na1-r3fresh-t0ken"
_PROPERTIES: Final = "/crm/properties/2026-09/contacts"
MOST_RESULTS: Final = 10_000
_MOST_PAGE, _MOST_IN_LIST, _MOST_READ, _MOST_WITH_HISTORY, _MOST_ASSOCIATED = 200, 100, 100, 50, 1000
_ASSOCIATED_PAGE: Final = 500
_SEARCHES, _CALLS, _WINDOW_S = 5, 190, 10.0


class HubSpotApi:
    """The API of one account.

    Attributes:
        tokens: the access tokens that are admitted.
        given: all that were ever given.
        forbidden: types of records for which a right lacks.
        unmakeable: whether the right lacks to make properties.
        calls: method and path of each call.
        throttled: how many calls were refused as too many.
        unseen: ids of records that searches don't show yet: they are always a little behind.
        associated_page: how many associations of a record are given at once.
    """

    def __init__(
        self, portal: Portal, *, clock: Callable[[], float] | None = None, most_results: int = MOST_RESULTS
    ) -> None:
        """Serve an account.

        Args:
            portal: the account.
            clock: the time in seconds by which calls are counted; if None, none is too many.
            most_results: how many results of one query are given at most.
        """
        self.portal = portal
        self.tokens: set[str] = set()
        self.given: list[str] = []
        self.forbidden: set[str] = set()
        self.unmakeable = False
        self.calls: list[str] = []
        self.throttled = 0
        self.unseen: set[str] = set()
        self.most_results = most_results
        self.associated_page = _ASSOCIATED_PAGE
        self.transport = Relay(self._handle)
        self._clock = clock
        self._recent: deque[tuple[float, bool]] = deque()
        self._turn = count()

    def token(self) -> str:
        """Return an access token."""
        self.given.append(f"pat-na1-t0ken-{len(self.given)}")
        self.tokens.add(self.given[-1])
        return self.given[-1]

    def _handle(self, sent: Sent, _pass_on: Callable[[], Answer]) -> Answer:
        path = urlsplit(sent.url).path
        self.calls.append(f"{sent.method} {path}")
        if path == "/oauth/v1/token":
            return self._tokens(sent)
        try:
            answer = self._answer(sent, path)
        except RefusedError as refused:
            said = {
                "category": refused.category,
                "message": str(refused),
                "correlationId": str(UUID(int=len(self.calls))),
            }
            answer = _json(said, refused.status)
        contract_of(path).check(sent, answer)
        return answer

    def _tokens(self, sent: Sent) -> Answer:
        form = {name: values[0] for name, values in parse_qs(sent.body.decode()).items()}
        right = {
            "grant_type": "refresh_token",
            "client_id": CLIENT,
            "client_secret": CLIENT_SECRET,
            "refresh_token": REFRESH,
        }
        if form != right:
            return _json({"status": "BAD_REFRESH_TOKEN", "message": "missing or unknown refresh token"}, 400)
        return _json(
            {"access_token": self.token(), "refresh_token": REFRESH, "expires_in": 1800, "token_type": "bearer"}
        )

    def _answer(self, sent: Sent, path: str) -> Answer:
        if sent.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            raise RefusedError(401, "INVALID_AUTHENTICATION", "Authentication credentials not found or expired")
        headers = self._count(searches=path.endswith("/search"))
        asked = {name: values[-1] for name, values in parse_qs(urlsplit(sent.url).query).items()}
        body: Any = json.loads(sent.body) if sent.body else {}
        for pattern, method, call in self._calls():
            found = re.fullmatch(pattern, path)
            if found is not None and method == sent.method:
                if self.forbidden & set(found.groups()) or (
                    self.unmakeable and path == _PROPERTIES and sent.method == "POST"
                ):
                    raise RefusedError(403, "MISSING_SCOPES", "This app hasn't been granted all required scopes")
                status, said = call(*found.groups(), asked, body)
                return _json(said, status, headers)
        raise RefusedError(404, "OBJECT_NOT_FOUND", f"there is no {path}")

    def _calls(self) -> Iterable[tuple[str, str, Callable[..., tuple[int, Any]]]]:
        objects, kinds = "/crm/objects/2026-09", "|".join(PROPERTIES)
        return (
            (f"{objects}/({kinds})/search", "POST", self._search),
            (f"{objects}/({kinds})/batch/read", "POST", self._read),
            (f"{objects}/(contacts)/batch/update", "POST", self._update),
            (f"{objects}/({kinds})", "GET", self._list),
            (f"/crm/associations/2026-09/({kinds})/(contacts)/batch/read", "POST", self._associated),
            (_PROPERTIES, "GET", partial(setup.properties, self.portal)),
            (_PROPERTIES, "POST", partial(setup.make_property, self.portal)),
            (f"{_PROPERTIES}/groups", "GET", partial(setup.groups, self.portal)),
            (f"{_PROPERTIES}/groups", "POST", partial(setup.make_group, self.portal)),
            ("/crm/pipelines/2026-09/tickets", "GET", partial(setup.pipelines, self.portal)),
            ("/account-info/2026-09/details", "GET", partial(setup.account, self.portal)),
        )

    def _count(self, *, searches: bool) -> dict[str, str]:
        """Count a call; return the headers that say how many are left. Searches have a limit of their own, and none."""
        if self._clock is None:
            return {}
        now = self._clock()
        while self._recent and self._recent[0][0] <= now - _WINDOW_S:
            self._recent.popleft()
        just_now = sum(one for at, one in self._recent if at > now - 1)
        if len(self._recent) >= _CALLS or (searches and just_now >= _SEARCHES):
            self.throttled += 1
            raise RefusedError(429, "RATE_LIMITS", "You have reached your secondly or ten secondly limit.")
        self._recent.append((now, searches))
        left = {
            "max": _CALLS,
            "remaining": _CALLS - len(self._recent),
            "interval-milliseconds": round(_WINDOW_S * 1000),
        }
        return {} if searches else {f"x-hubspot-ratelimit-{name}": str(value) for name, value in left.items()}

    # --------------------------------------------------------------------------------------------------------- objects

    def _search(self, kind: str, _asked: Any, body: Mapping[str, Any]) -> tuple[int, Any]:
        if not body["after"].isdigit() or not 0 < body["limit"] <= _MOST_PAGE or len(body["sorts"]) > 1:
            raise invalid("after, limit or sorts can't be taken")
        first = int(body["after"])
        if first + body["limit"] > self.most_results:
            raise invalid(f"paging beyond {self.most_results:,} results isn't supported")
        named = [each["propertyName"] for group in body["filterGroups"] for each in group["filters"]]
        if len(named) > 18 or not {*named, *body["sorts"]} <= set(PROPERTIES[kind]):
            raise invalid("a filter or a sort names what isn't a property")
        found = [
            row
            for row in self.portal.rows[kind].values()
            if not row.archived
            and row.number not in self.unseen
            and (not body["filterGroups"] or any(_in(row, group) for group in body["filterGroups"]))
        ]
        for name in body["sorts"]:
            found = in_order(found, name, next(self._turn))
        page = found[first : first + body["limit"]]
        said: dict[str, Any] = {
            "total": len(found),
            "results": [self._told(kind, row, body["properties"]) for row in page],
        }
        if len(found) > first + body["limit"]:
            said["paging"] = {"next": {"after": str(first + body["limit"])}}
        return 200, said

    def _read(self, kind: str, asked: Mapping[str, str], body: Mapping[str, Any]) -> tuple[int, Any]:
        history = body["propertiesWithHistory"]
        if not 0 < len(body["inputs"]) <= (_MOST_WITH_HISTORY if history else _MOST_READ):
            raise invalid("too many inputs, or none")
        archived = asked.get("archived") == "true"
        rows, missing = {}, []
        for each in body["inputs"]:
            row = self.portal.known(kind, each["id"], archived=archived)
            if row is None:
                missing.append(each["id"])
            else:
                rows[row.number] = row
        return self._batch([self._told(kind, row, body["properties"], history) for row in rows.values()], missing)

    def _list(self, kind: str, asked: Mapping[str, str], _body: Any) -> tuple[int, Any]:
        limit, archived = int(asked.get("limit", "10")), asked.get("archived") == "true"
        if not 0 < limit <= _MOST_IN_LIST:
            raise invalid("limit can't be taken")
        after = int(asked.get("after", "0"))
        rows = sorted(
            (row for row in self.portal.rows[kind].values() if row.archived == archived and int(row.number) > after),
            key=lambda row: int(row.number),
        )
        names = asked.get("properties", "").split(",")
        said: dict[str, Any] = {"results": [self._told(kind, row, names) for row in rows[:limit]]}
        if len(rows) > limit:
            said["paging"] = {"next": {"after": rows[limit - 1].number}}
        return 200, said

    def _update(self, kind: str, _asked: Any, body: Mapping[str, Any]) -> tuple[int, Any]:
        inputs = body["inputs"]
        if not 0 < len(inputs) <= _MOST_READ or len({each["id"] for each in inputs}) < len(inputs):
            raise invalid("too many inputs, none, or one twice")
        for each in inputs:
            if each["id"] in self.portal.refused:
                raise invalid(f"{each['id']} is read-only for this app")
            for name, value in each["properties"].items():
                self._check_value(name, value)
        rows, missing = [], []
        for each in inputs:
            row = self.portal.known(kind, each["id"])
            if row is None:
                missing.append(each["id"])
                continue
            self.portal.set(
                kind, row.number, **{name: self._kept(name, value) for name, value in each["properties"].items()}
            )
            rows.append(row)
        return self._batch([self._told(kind, row, row.values) for row in rows], missing)

    def _check_value(self, name: str, value: str) -> None:
        if name not in self.portal.custom and name not in PROPERTIES["contacts"]:
            raise invalid(f'Property "{name}" does not exist')
        if self.portal.custom.get(name) == "number" and value:
            try:
                Decimal(value)
            except InvalidOperation:
                raise invalid(f"{value} was not a valid number") from None

    def _kept(self, name: str, value: str) -> str | None:
        """Return a value as HubSpot keeps it: numbers lose the noughts behind."""
        if self.portal.custom.get(name) == "number" and "." in value:
            return value.rstrip("0").rstrip(".")
        return value or None

    def _told(self, kind: str, row: Row, names: Iterable[str], history: Iterable[str] = ()) -> dict[str, Any]:
        said: dict[str, Any] = {
            "id": row.number,
            "properties": {name: row.values.get(name) for name in self.portal.names(kind, names)},
            "createdAt": iso(row.created),
            "updatedAt": iso(row.changed),
            "archived": row.archived,
        }
        if row.archived:
            said["archivedAt"] = iso(row.changed)
        if history:
            said["propertiesWithHistory"] = {
                name: [
                    {"value": value, "timestamp": iso(at), "sourceType": "CRM_UI"}
                    for value, at in reversed(row.history.get(name, []))
                ]
                for name in history
            }
        return said

    def _batch(
        self, found: list[Any], missing: list[str], message: str = "Could not get some objects"
    ) -> tuple[int, Any]:
        now = iso(self.portal.latest)
        said: dict[str, Any] = {"status": "COMPLETE", "results": found, "startedAt": now, "completedAt": now}
        if missing:
            said["numErrors"] = 1
            said["errors"] = [
                {
                    "status": "error", "category": "OBJECT_NOT_FOUND", "message": f"{message}, they may be deleted",
                    "context": {"ids": missing}, "errors": [], "links": {},
                }
            ]  # fmt: skip
        return (207 if missing else 200), said

    # -------------------------------------------------------------------------------------------------- associations

    def _associated(self, kind: str, _to: str, _asked: Any, body: Mapping[str, Any]) -> tuple[int, Any]:
        if not 0 < len(body["inputs"]) <= _MOST_ASSOCIATED:
            raise invalid("too many inputs, or none")
        found, missing = [], []
        for each in body["inputs"]:
            contacts = self.portal.contacts.get((kind, each["id"]), [])
            if not contacts or each["id"] not in self.portal.rows[kind]:
                missing.append(each["id"])
                continue
            first = int(each.get("after", "0"))
            page = contacts[first : first + self.associated_page]
            types = [{"category": "HUBSPOT_DEFINED", "typeId": 16}]
            said = {"from": {"id": each["id"]}, "to": [{"toObjectId": to, "associationTypes": types} for to in page]}
            if len(contacts) > first + self.associated_page:
                said["paging"] = {"next": {"after": str(first + self.associated_page)}}
            found.append(said)
        return self._batch(found, missing, "No contact is associated with these")


def _in(row: Row, group: Mapping[str, Any]) -> bool:
    return all(passes(row, each["propertyName"], each["operator"], each["value"]) for each in group["filters"])


def _json(said: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, {"content-type": "application/json", **(headers or {})}, json.dumps(said).encode())
