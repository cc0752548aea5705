"""HubSpot's OpenAPI documents, against which the played HubSpot's requests and answers are held.

Those of contacts, deals, tickets and feedback submissions aren't part of the project; a test that needs them skips
where they aren't there. Of the other calls `hubspot_calls` says in our words what HubSpot's documents say of them.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from tests.servers.hubspot_calls import CALLS
from tests.servers.prism import contract

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cxkit.http import Answer, Sent

DOCUMENTS: Final = {
    "contacts": "hubspot_Contacts.json",
    "deals": "hubspot_Deals.json",
    "tickets": "hubspot_Tickets.json",
    "feedback_submissions": "hubspot_FeedbackSubmissions.json",
}
_OBJECTS: Final = re.compile(r"/crm/objects/[^/]+/([^/]+)")
_FORMATS: Final = FormatChecker(formats=())


class BrokenContractError(AssertionError):
    """A request that HubSpot's documents don't allow, or an answer that they don't foresee."""


@_FORMATS.checks("date-time", raises=ValueError)
def _is_time(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@_FORMATS.checks("int32")
def _is_int32(value: object) -> bool:
    return not isinstance(value, int) or -(2**31) <= value < 2**31


class Contract:
    """One OpenAPI document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        """Prepare it.

        Args:
            document: as it is.
        """
        self._document = _strict(document)
        self._templates = {
            template: re.compile(re.sub(r"\\\{[^/]*\\\}", "[^/]+", re.escape(template)))
            for template in self._document["paths"]
        }
        resource = Resource(contents=self._document, specification=DRAFT202012)
        self._registry: Registry[Any] = Registry().with_resource("urn:contract", resource)
        self._validators: dict[str, Draft202012Validator] = {}
        self._found_good: set[tuple[str, bytes]] = set()

    def check(self, sent: Sent, answer: Answer) -> None:
        """Hold a request and its answer against the document.

        Raises:
            BrokenContractError: one of them isn't as it should be.
        """
        address = urlsplit(sent.url)
        call = f"{sent.method} {address.path}"
        place, operation = self._operation(sent.method.lower(), address.path)
        known = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"}
        if unknown := set(parse_qs(address.query)) - known:
            raise BrokenContractError(f"{call}: there is no parameter {sorted(unknown)}")
        if "requestBody" in operation:
            self._valid(f"{call}: the request", f"{place}/requestBody", operation["requestBody"], sent.body)
        elif sent.body:
            raise BrokenContractError(f"{call}: takes no body")
        responses = operation["responses"]
        # Of a batch some of which couldn't be had, the documents say only what is in it; its status is 207.
        status = "200" if answer.status == 207 and "200" in responses else str(answer.status)
        status = status if status in responses else "default"
        response, where = responses[status], f"{place}/responses/{status}"
        if "$ref" in response:
            where = response["$ref"]
            response = self._at(where)
        self._valid(f"{call}: the answer {answer.status}", where, response, answer.body)

    def _operation(self, method: str, path: str) -> tuple[str, Any]:
        for template, pattern in self._templates.items():
            operations = self._document["paths"][template]
            if pattern.fullmatch(path) and method in operations:
                return f"#/paths/{_escaped(template)}/{method}", operations[method]
        raise BrokenContractError(f"{method.upper()} {path}: there is no such call")

    def _at(self, pointer: str) -> Any:
        found: Any = self._document
        for part in pointer.removeprefix("#/").split("/"):
            found = found[part]
        return found

    def _valid(self, what: str, place: str, part: Mapping[str, Any], body: bytes) -> None:
        if "content" not in part:
            if body:
                raise BrokenContractError(f"{what}: has no body by the document")
            return
        media = "application/json" if "application/json" in part["content"] else next(iter(part["content"]))
        pointer = f"urn:contract{place}/content/{_escaped(media)}/schema"
        if (pointer, body) in self._found_good:
            return
        if pointer not in self._validators:
            schema = {"$ref": pointer}
            self._validators[pointer] = Draft202012Validator(schema, registry=self._registry, format_checker=_FORMATS)
        for error in self._validators[pointer].iter_errors(json.loads(body or b"null")):
            raise BrokenContractError(f"{what}: {error.json_path}: {error.message[:300]}")
        self._found_good.add((pointer, body))


@cache
def contract_of(path: str) -> Contract:
    """Return the document that a path is in."""
    found = _OBJECTS.match(path)
    if found is None:
        return Contract(CALLS)
    return Contract(json.loads(contract(DOCUMENTS[found[1]]).read_text("utf-8")))


def _escaped(part: str) -> str:
    """Return a name as a part of a JSON pointer in a URL."""
    return part.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")


def _strict(part: Any) -> Any:
    """Return a document as JSON Schema reads it, where an object has no other properties than those that it names.

    OpenAPI 3.0 has a word of its own for what may be null, and its examples aren't needed.
    """
    if isinstance(part, list):
        return [_strict(each) for each in part]
    if not isinstance(part, dict):
        return part
    made = {name: _strict(value) for name, value in part.items() if name != "example" or isinstance(value, dict)}
    if made.pop("nullable", False) is True:
        made["type"] = [made["type"], "null"]
    if made.get("type") == "object" and isinstance(made.get("properties"), dict):
        made.setdefault("additionalProperties", False)
    return made
