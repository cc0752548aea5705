"""CloudEvents 1.0: events on the wire, as structured JSON."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NoReturn
from urllib.parse import quote, unquote

from cxkit.errors import InvalidValueError
from cxkit.model.event import PPM, Event, from_us, to_us
from cxkit.model.properties import dump_properties

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MEDIA_TYPE: Final = "application/cloudevents+json"
BATCH_MEDIA_TYPE: Final = "application/cloudevents-batch+json"

_DATA = (
    "customer", "touchpoint", "channel", "reference", "instrument", "item", "score", "amount_minor", "currency",
    "duration_us", "weight_ppm",
)  # fmt: skip
# What `event` takes and the wire doesn't. Kept among the properties it would be lost to every metric without a word.
_NEARLY = {
    "amount": "amount_minor in the currency's minor units, and currency",
    "duration": "duration_us in microseconds",
    "weight": "weight_ppm in millionths",
}

_TYPE = re.compile(r"cx\.(.+)\.v([0-9]+)")
_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}):([0-9]{2})(?:\.([0-9]+))?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_LEAP_SECOND = "60"

# A URI-reference of RFC 3986, if with an authority then a plain host. A relative one's first segment has no colon.
_SIGNS = "-._~!$&'()*+,;=:@"
_CHAR = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-F]{2})"
_URI_REFERENCE = re.compile(
    r"(?:[A-Za-z][A-Za-z0-9+.\-]*:|(?=[^:/?#]*(?:[/?#]|\Z)))"
    rf"(?://[A-Za-z0-9\-._~]*(?::[0-9]*)?(?:/{_CHAR}*)*|/?(?!/){_CHAR}*(?:/{_CHAR}*)*)"
    rf"(?:\?(?:{_CHAR}|[/?])*)?(?:#(?:{_CHAR}|[/?])*)?"
)


def to_cloudevent(event: Event) -> dict[str, Any]:
    """Return an event as a CloudEvents 1.0 object, ready for JSON.

    The columns that are there go into `data` under their own names and units, so that nothing is rounded; properties
    are an object in it. The customer stands in `data` alone, as context attributes travel in the clear. What in a
    source a URI-reference can't hold is percent-encoded; `from_cloudevent` decodes it.

    >>> from cxkit.model.event import event
    >>> sent = to_cloudevent(event("order.placed", customer="c42", source="till 3", reference="o-1"))
    >>> sent["type"], sent["source"], sent["data"]
    ('cx.order.placed.v1', 'till%203', {'customer': 'c42', 'reference': 'o-1'})
    """
    data = {name: value for name in _DATA if (value := getattr(event, name)) is not None}
    if event.weight_ppm == PPM:
        del data["weight_ppm"]
    if event.properties is not None:
        data["properties"] = event.data
    return {
        "specversion": "1.0",
        "id": event.id,
        "source": _to_uri_reference(event.source),
        "type": f"cx.{event.kind}.v1",
        "time": from_us(event.ts_us).isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "data": data,
    }


def from_cloudevent(attributes: Mapping[str, Any], *, received: datetime | None = None) -> Event:
    """Return the event of a CloudEvents 1.0 object that any producer made.

    Extension attributes are passed over. What in `data` is no column of an event is kept among the properties.

    Args:
        attributes: the object, as JSON gives it: `type` is ``cx.<kind>.v1``, `data` an object.
        received: the time of an event that has none; now, unless given.

    Raises:
        InvalidValueError: it isn't a CloudEvent of cxkit's, or a field can't be taken.

    >>> from_cloudevent({"specversion": "1.0", "type": "cx.visit.started.v1", "source": "/shop", "id": "7",
    ...                  "time": "2026-03-01T07:00:00+07:00", "data": {"page": "home"}}).data
    {'page': 'home'}
    """
    if _attribute(attributes, "specversion") != "1.0":
        raise InvalidValueError("specversion", attributes["specversion"], "isn't '1.0', the version that is read here")
    name = _attribute(attributes, "type")
    parts = _TYPE.fullmatch(name)
    if parts is None:
        raise InvalidValueError("type", name, "doesn't read as cx.<kind>.v1, such as 'cx.order.placed.v1'")
    if parts[2] != "1":
        raise InvalidValueError("type", name, "has a version that isn't known here: v1 is")
    if "data_base64" in attributes:
        raise InvalidValueError("data_base64", attributes["data_base64"], "isn't JSON: send the data as an object")
    columns, properties = _columns(attributes.get("data"))
    time = attributes.get("time")
    return Event(
        id=_attribute(attributes, "id"),
        ts_us=to_us(received or datetime.now(UTC)) if time is None else _to_us(time),
        kind=parts[1],
        source=_of_uri_reference(_attribute(attributes, "source")),
        properties=properties,
        **columns,
    )


def dumps(event: Event) -> str:
    """Return an event as the JSON text of media type `MEDIA_TYPE`."""
    return _to_json(to_cloudevent(event))


def loads(text: str | bytes) -> Event:
    """Return the event of a JSON text.

    Raises:
        InvalidValueError: it isn't JSON, or as `from_cloudevent`.

    >>> from cxkit.model.event import event
    >>> placed = event("order.placed", customer="c42", reference="o-1")
    >>> loads(dumps(placed)) == placed
    True
    """
    return from_cloudevent(_object(_of_json(text)))


def dumps_batch(events: Iterable[Event]) -> str:
    """Return events as the JSON text of media type `BATCH_MEDIA_TYPE`."""
    return _to_json([to_cloudevent(event) for event in events])


def loads_batch(text: str | bytes) -> list[Event]:
    """Return the events of a JSON batch.

    Raises:
        InvalidValueError: it isn't a JSON array, or one of its events is wrong: the error says which, from 0.

    >>> loads_batch(dumps_batch([]))
    []
    """
    batch = _of_json(text)
    if not isinstance(batch, list):
        raise InvalidValueError("batch", batch, "isn't a JSON array")
    events = []
    for number, attributes in enumerate(batch):
        try:
            events.append(from_cloudevent(_object(attributes)))
        except InvalidValueError as error:
            raise InvalidValueError(f"[{number}].{error.field}", error.value, error.reason) from None
    return events


def _attribute(attributes: Mapping[str, Any], name: str) -> str:
    """Return a context attribute that every CloudEvent has."""
    value = attributes.get(name)
    if not isinstance(value, str) or not value:
        reason = "is missing" if value is None else "isn't text with something in it"
        raise InvalidValueError(name, value, f"{reason}: every CloudEvent needs one")
    return value


def _columns(data: object) -> tuple[dict[str, Any], str | None]:
    """Return the columns in the data, and as properties whatever else is there."""
    if data is None:
        return {}, None
    if not isinstance(data, dict):
        raise InvalidValueError("data", data, "isn't a JSON object")
    columns = {name: data[name] for name in _DATA if data.get(name) is not None}
    rest = {name: value for name, value in data.items() if name not in _DATA and name != "properties"}
    given = data.get("properties")
    if not (given is None or isinstance(given, dict)):
        raise InvalidValueError("data.properties", given, "isn't a JSON object")
    for name, value in rest.items():
        if name in _NEARLY:
            raise InvalidValueError(f"data.{name}", value, f"isn't read: write {_NEARLY[name]}")
        if given and name in given:
            raise InvalidValueError(f"data.{name}", value, "stands in the properties too: only one can be kept")
    if given is None and not rest:
        return columns, None
    return columns, dump_properties(rest | (given or {}))


def _to_us(time: object) -> int:
    """Return microseconds since 1970 of a time of RFC 3339; what is finer is cut off."""
    parts = _TIME.fullmatch(time) if isinstance(time, str) else None
    if parts is None:
        raise InvalidValueError("time", time, "isn't a time of RFC 3339, such as '2026-03-01T07:00:00.5+07:00'")
    day, minute, second, fraction, offset = parts.groups()
    leap = second == _LEAP_SECOND  # it has no place in POSIX time: the second after it
    text = f"{day}T{minute}:{'59' if leap else second}{'+00:00' if offset in 'Zz' else offset}"
    try:
        whole = to_us(datetime.fromisoformat(text))
    except ValueError as error:
        raise InvalidValueError("time", time, f"isn't a time: {error}") from None
    return whole + leap * 1_000_000 + int((fraction or "")[:6].ljust(6, "0"))


def _to_uri_reference(source: str) -> str:
    natural = quote(source, safe="/?#" + _SIGNS)
    return natural if _URI_REFERENCE.fullmatch(natural) else quote(source, safe="")


def _of_uri_reference(source: str) -> str:
    try:
        return unquote(source, errors="strict")
    except UnicodeDecodeError:  # another producer's bytes: leave them as they are
        return source


def _to_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _of_json(text: str | bytes) -> Any:  # noqa: ANN401 - JSON is anything
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise InvalidValueError("json", text, f"isn't JSON: {error}") from None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidValueError("event", value, "isn't a JSON object")
    return value
