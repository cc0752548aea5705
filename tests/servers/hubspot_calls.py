"""What HubSpot's documents, version 2026-09, say of the calls beside those for objects, as far as we make them."""

from __future__ import annotations

from typing import Any, Final

_TEXT: Final = {"type": "string"}
_TIME: Final = {"type": "string", "format": "date-time"}
_WHOLE: Final = {"type": "integer", "format": "int32"}
_FLAG: Final = {"type": "boolean"}


def _object(required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required.split(), "properties": properties}


def _list(of: Any) -> dict[str, Any]:
    return {"type": "array", "items": of}


def _texts() -> dict[str, Any]:
    return {"type": "object", "additionalProperties": _TEXT}


_CONTEXT: Final = {"type": "object", "additionalProperties": _list(_TEXT)}
_DETAIL: Final = _object("message", message=_TEXT, code=_TEXT, context=_CONTEXT, subCategory=_TEXT, **{"in": _TEXT})
_ERROR: Final = _object(
    "category correlationId message", category=_TEXT, message=_TEXT, subCategory=_TEXT, context=_CONTEXT,
    correlationId={"type": "string", "format": "uuid"}, errors=_list(_DETAIL), links=_texts(),
)  # fmt: skip
_PART_ERROR: Final = _object(
    "category context errors links message status", category=_TEXT, context=_CONTEXT, errors=_list(_DETAIL), id=_TEXT,
    links=_texts(), message=_TEXT, status=_TEXT, subCategory=_object(""),
)  # fmt: skip
_PAGING: Final = _object("", next=_object("after", after=_TEXT, link=_TEXT), prev=_object("before", before=_TEXT))


def _call(answer: Any, *, status: str = "200", body: Any = None, query: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return an operation."""
    made: dict[str, Any] = {
        "parameters": [{"name": name, "in": "query"} for name in query],
        "responses": {
            status: {"content": {"application/json": {"schema": answer}}},
            "default": {"content": {"application/json": {"schema": _ERROR}}},
        },
    }
    if body is not None:
        made["requestBody"] = {"content": {"application/json": {"schema": body}}}
    return made


_ASSOCIATED: Final = _object(
    "from to",
    **{"from": _object("id", id=_TEXT)},
    paging=_PAGING,
    to=_list(
        _object(
            "associationTypes toObjectId",
            toObjectId=_TEXT,
            associationTypes=_list(_object("category typeId", category=_TEXT, typeId=_WHOLE, label=_TEXT)),
        )
    ),
)
_ASSOCIATIONS: Final = _object(
    "completedAt results startedAt status", completedAt=_TIME, startedAt=_TIME, requestedAt=_TIME, links=_texts(),
    status={"enum": ["CANCELED", "COMPLETE", "PENDING", "PROCESSING"]}, numErrors=_WHOLE, errors=_list(_PART_ERROR),
    results=_list(_ASSOCIATED),
)  # fmt: skip
_GROUP: Final = _object("archived label name", archived=_FLAG, label=_TEXT, name=_TEXT, displayOrder=_WHOLE)
_PROPERTY: Final = _object(
    "description fieldType groupName label name options type", description=_TEXT, fieldType=_TEXT, groupName=_TEXT,
    label=_TEXT, name=_TEXT, options=_list(_object("")), type=_TEXT, archived=_FLAG, createdAt=_TIME, updatedAt=_TIME,
    hubspotDefined=_FLAG,
)  # fmt: skip
_NEW_PROPERTY: Final = _object(
    "fieldType groupName label name type", name=_TEXT, label=_TEXT, groupName=_TEXT, description=_TEXT,
    type={"enum": ["bool", "date", "datetime", "enumeration", "number", "phone_number", "string"]},
    fieldType={"enum": ["booleancheckbox", "checkbox", "date", "number", "radio", "select", "text", "textarea"]},
)  # fmt: skip
_STAGE: Final = _object(
    "archived createdAt displayOrder id label metadata updatedAt", archived=_FLAG, createdAt=_TIME, updatedAt=_TIME,
    displayOrder=_WHOLE, id=_TEXT, label=_TEXT, metadata=_texts(), writePermissions=_TEXT,
)  # fmt: skip
_PIPELINE: Final = _object(
    "archived createdAt displayOrder id label stages updatedAt", archived=_FLAG, createdAt=_TIME, updatedAt=_TIME,
    displayOrder=_WHOLE, id=_TEXT, label=_TEXT, stages=_list(_STAGE),
)  # fmt: skip
_ACCOUNT: Final = _object(
    "accountType additionalCurrencies companyCurrency dataHostingLocation portalId timeZone uiDomain utcOffset "
    "utcOffsetMilliseconds",
    accountType={"enum": ["APP_DEVELOPER", "DEVELOPER_TEST", "SANDBOX", "STANDARD"]}, additionalCurrencies=_list(_TEXT),
    companyCurrency=_TEXT, dataHostingLocation=_TEXT, portalId=_WHOLE, portalName=_TEXT, timeZone=_TEXT, uiDomain=_TEXT,
    utcOffset=_TEXT, utcOffsetMilliseconds={"type": "integer"}, createdAt={"type": "integer"},
)  # fmt: skip

CALLS: Final[dict[str, Any]] = {
    "paths": {
        "/crm/associations/2026-09/{fromObjectType}/{toObjectType}/batch/read": {
            "post": _call(_ASSOCIATIONS, body=_object("inputs", inputs=_list(_object("id", id=_TEXT, after=_TEXT)))),
        },
        "/crm/properties/2026-09/{objectType}": {
            "get": _call(_object("results", results=_list(_PROPERTY)), query=("archived", "properties")),
            "post": _call(_PROPERTY, status="201", body=_NEW_PROPERTY),
        },
        "/crm/properties/2026-09/{objectType}/groups": {
            "get": _call(_object("results", results=_list(_GROUP))),
            "post": _call(_GROUP, status="201", body=_object("label name", label=_TEXT, name=_TEXT)),
        },
        "/crm/pipelines/2026-09/{objectType}": {"get": _call(_object("results", results=_list(_PIPELINE)))},
        "/account-info/2026-09/details": {"get": _call(_ACCOUNT)},
    },
}
