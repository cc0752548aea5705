"""How the played HubSpot's account is set up, as its API tells it and lets it be changed; and how it refuses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.servers.hubspot import HUB, PROPERTIES, STAGES, iso

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.servers.hubspot import Portal


class RefusedError(Exception):
    """What HubSpot refuses."""

    def __init__(self, status: int, category: str, message: str) -> None:
        """Keep what it says."""
        super().__init__(message)
        self.status, self.category = status, category


def invalid(message: str) -> RefusedError:
    """Return what is said of a request that can't be taken."""
    return RefusedError(400, "VALIDATION_ERROR", message)


def properties(portal: Portal, _asked: Any, _body: Any) -> tuple[int, Any]:
    """Return the properties of contacts."""
    there = dict.fromkeys(PROPERTIES["contacts"], "string") | portal.custom
    return 200, {"results": [_property(name, type_) for name, type_ in there.items()]}


def make_property(portal: Portal, _asked: Any, body: Mapping[str, str]) -> tuple[int, Any]:
    """Make a property of contacts."""
    if body["groupName"] not in portal.groups:
        raise invalid(f"there is no group {body['groupName']}")
    if body["name"] in portal.custom or not re.fullmatch("[a-z][a-z0-9_]*", body["name"]):
        raise RefusedError(409, "OBJECT_ALREADY_EXISTS", f"there is a property {body['name']}")
    portal.custom[body["name"]] = body["type"]
    return 201, _property(body["name"], body["type"])


def groups(portal: Portal, _asked: Any, _body: Any) -> tuple[int, Any]:
    """Return the groups that properties of contacts are in."""
    return 200, {"results": [{"name": name, "label": name, "archived": False} for name in portal.groups]}


def make_group(portal: Portal, _asked: Any, body: Mapping[str, str]) -> tuple[int, Any]:
    """Make such a group."""
    if body["name"] in portal.groups:
        raise RefusedError(409, "OBJECT_ALREADY_EXISTS", f"there is a group {body['name']}")
    portal.groups.append(body["name"])
    return 201, {"name": body["name"], "label": body["label"], "archived": False}


def pipelines(_portal: Portal, _asked: Any, _body: Any) -> tuple[int, Any]:
    """Return the pipelines of tickets, with their stages."""
    then = {"createdAt": iso(0), "updatedAt": iso(0), "archived": False, "displayOrder": 0}
    stages = [
        {**then, "id": stage, "label": stage, "metadata": {"ticketState": state}} for stage, state in STAGES.items()
    ]
    return 200, {"results": [{**then, "id": "0", "label": "Support", "stages": stages}]}


def account(_portal: Portal, _asked: Any, _body: Any) -> tuple[int, Any]:
    """Return what account it is."""
    return 200, {
        "portalId": int(HUB), "portalName": "Tea & Co", "accountType": "STANDARD", "timeZone": "Asia/Ho_Chi_Minh",
        "companyCurrency": "EUR", "additionalCurrencies": ["VND"], "dataHostingLocation": "eu1",
        "uiDomain": "app.hubspot.com", "utcOffset": "+07:00", "utcOffsetMilliseconds": 25_200_000,
    }  # fmt: skip


def _property(name: str, type_: str) -> dict[str, Any]:
    field = "number" if type_ == "number" else "text"
    return {
        "name": name, "label": name, "description": "", "type": type_, "fieldType": field, "groupName": "cxkit",
        "options": [],
    }  # fmt: skip
