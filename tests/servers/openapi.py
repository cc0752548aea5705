"""A vendor's OpenAPI document as a judge: of what an adapter asks, and of what a played vendor answers.

It is stricter than the document: what an object isn't said to have, it may not have. So neither side can make use of
a field that the vendor doesn't know.
"""

from __future__ import annotations

import json
import re
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from jsonschema import Draft202012Validator

if TYPE_CHECKING:
    from pathlib import Path

    from cxkit.http import Answer, Sent


class Contract:
    """A document of OpenAPI 3.0."""

    def __init__(self, document: dict[str, Any]) -> None:
        """Read it."""
        self._paths: dict[str, Any] = document["paths"]
        self._components = _strict(document["components"])
        self._patterns = {path: re.compile(re.sub(r"\{[^}]*\}", "[^/]+", path)) for path in self._paths}
        self._validators: dict[str, Draft202012Validator] = {}
        self._good: set[tuple[str, str, bytes]] = set()

    def request(self, sent: Sent) -> None:
        """Fail where a request isn't one that the document allows."""
        address = urlsplit(sent.url)
        operation, call = self._operation(sent.method, address.path)
        known = {each["name"]: each for each in operation.get("parameters", ()) if each["in"] == "query"}
        for name, text in parse_qsl(address.query, keep_blank_values=True):
            assert name in known, f"{call}: there is no parameter {name}"
            self.check(_read(text, known[name]["schema"]), known[name]["schema"], f"{call}: {name}")
        body = operation.get("requestBody")
        if body is None:
            assert not sent.body, f"{call}: takes no body"
            return
        self.check(json.loads(sent.body), body["content"]["application/json"]["schema"], f"{call}: the body")

    def answer(self, sent: Sent, answer: Answer) -> None:
        """Fail where an answer isn't one that the document describes."""
        path = urlsplit(sent.url).path
        operation, call = self._operation(sent.method, path)
        seen = (sent.method, path, sha256(answer.body).digest())
        if seen in self._good:
            return
        described = operation["responses"]["200"]["content"]["application/json"]["schema"]
        self.check(json.loads(answer.body), described, f"{call}: the answer")
        self._good.add(seen)

    def check(self, value: object, schema: dict[str, Any] | str, what: str) -> None:
        """Fail where a value isn't as a schema wants it, or the component of that name."""
        wanted = {"$ref": f"#/components/schemas/{schema}"} if isinstance(schema, str) else _strict(schema)
        key = json.dumps(wanted, sort_keys=True)
        if key not in self._validators:
            self._validators[key] = Draft202012Validator({**wanted, "components": self._components})
        errors = [
            f"{'.'.join(map(str, each.path))}: {each.message}" for each in self._validators[key].iter_errors(value)
        ]
        assert not errors, f"{what}: {errors[:3]}"

    def _operation(self, method: str, path: str) -> tuple[Any, str]:
        call = f"{method} {path}"
        # What is written out goes before what has room for anything: /orders/search before /orders/{order_id}.
        found = [
            each
            for each in sorted(self._paths, key=lambda name: name.count("{"))
            if self._patterns[each].fullmatch(path)
        ]
        assert found, f"{call}: there is no such path"
        operation = next(
            (self._paths[each][method.lower()] for each in found if method.lower() in self._paths[each]), None
        )
        assert operation is not None, f"{call}: the path can't be called so"
        return operation, call


@cache
def contract_of(path: Path) -> Contract:
    """Return the contract of a file, read once."""
    return Contract(json.loads(path.read_bytes()))


def _strict(schema: Any) -> Any:
    """Return a schema of OpenAPI 3.0 as one of JSON Schema that allows no more properties than are described."""
    if isinstance(schema, list):
        return [_strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if isinstance(schema.get("$ref"), str):
        return {"$ref": schema["$ref"]}
    made = {name: _strict(each) for name, each in schema.items() if name not in {"nullable", "example", "examples"}}
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        made.setdefault("additionalProperties", False)
    if schema.get("nullable") is True:
        made = {"anyOf": [made, {"type": "null"}]}
    return made


def _read(text: str, schema: dict[str, Any]) -> object:
    kind = schema.get("type")
    if kind in {"integer", "number", "boolean"}:
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text
