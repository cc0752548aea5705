"""Writing scores to contacts, into properties that are made where they lack."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final

import attrs

from cxkit.adapters import Pushed, Reject
from cxkit.errors import FatalAdapterError, InvalidValueError
from cxkit.model.money import Money
from cxkit_hubspot.crm import CONTACTS, VERSION, Kind, errors, results

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cxkit.adapters import Http, Profile
    from cxkit_hubspot.crm import Crm

    Scores = Mapping[str, float | str | Money | None]

_PROPERTIES: Final = f"/crm/properties/{VERSION}/{CONTACTS}"
_UPDATE: Final = f"/crm/objects/{VERSION}/{CONTACTS}/batch/update"
_GROUP, _GROUP_LABEL = "cxkit", "Customer experience"
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_TEXT, _NUMBER = "string", "number"
_FIELDS: Final = {_TEXT: "text", _NUMBER: "number"}
_TAKE: Final = {_TEXT: {_TEXT, "enumeration"}, _NUMBER: {_NUMBER}}
_AT_ONCE: Final = 100
_BAD, _FORBIDDEN = 400, 403


class Properties:
    """The properties of contacts that scores are written to; those that lack are made when first written to."""

    def __init__(self, http: Http, prefix: str) -> None:
        """Prepare them; nothing is asked yet.

        Args:
            http: calls HubSpot.
            prefix: what their names begin with.
        """
        self._http = http
        self._prefix = prefix
        self._types: dict[str, str] | None = None

    def written(self, scores: Scores) -> dict[str, str]:
        """Return the values of properties for scores, all of them texts; an empty one empties the property.

        Raises:
            InvalidValueError: a score has a name that no property can have, or is of another type than the one there.
        """
        values: dict[str, str] = {}
        for name, value in self._cells(scores):
            known = self.types().get(name)
            if value is None:
                if known is not None:
                    values[name] = ""
                continue
            wanted = _TEXT if isinstance(value, str) else _NUMBER
            if known is None:
                self._make(name, wanted)
            elif known not in _TAKE[wanted]:
                raise InvalidValueError(name, value, f"is a {wanted}, and the property of contacts is a {known}")
            values[name] = value if isinstance(value, str) else format(value, "f")
        return values

    def types(self) -> dict[str, str]:
        """Return the name of each property of contacts → its type."""
        if self._types is None:
            self._types = {each["name"]: each["type"] for each in results(self._http.get(_PROPERTIES))}
        return self._types

    def _cells(self, scores: Scores) -> Iterator[tuple[str, Decimal | str | None]]:
        """Yield a property's name and value for each score, and two for money: a number, and its currency."""
        for score, value in scores.items():
            name = f"{self._prefix}{score}"
            if not _NAME.fullmatch(name):
                raise InvalidValueError("score", score, "isn't small letters, digits and _, as names in HubSpot are")
            of_money = f"{name}_currency"
            if isinstance(value, Money):
                yield name, value.amount
                yield of_money, value.currency
            elif value is None:
                yield name, None
                yield of_money, None
            else:
                yield name, value if isinstance(value, str) else _plain(value)

    def _make(self, name: str, kind: str) -> None:
        label = f"CX {name.removeprefix(self._prefix).replace('_', ' ')}"
        made = {"groupName": _GROUP, "name": name, "label": label, "type": kind, "fieldType": _FIELDS[kind]}
        try:
            groups = {group["name"] for group in results(self._http.get(f"{_PROPERTIES}/groups"))}
            if _GROUP not in groups:
                self._http.post(f"{_PROPERTIES}/groups", {"name": _GROUP, "label": _GROUP_LABEL})
            self._http.post(_PROPERTIES, made)
        except FatalAdapterError as error:
            if error.status != _FORBIDDEN:
                raise
            said = f"{error}: grant crm.schemas.contacts.write, or make the property {name} ({kind}) of contacts"
            raise FatalAdapterError(said, status=error.status) from None
        self.types()[name] = kind


def push(crm: Crm, http: Http, prefix: str, profiles: Iterable[Profile]) -> Pushed:
    """Write profiles to contacts; one that holds the same already isn't touched.

    Args:
        crm: reads the contacts.
        http: calls HubSpot.
        prefix: what the names of the properties begin with.
        profiles: whose scores are written.
    """
    properties = Properties(http, prefix)
    done = Pushed()
    some: list[tuple[str, dict[str, str]]] = []
    for profile in profiles:
        try:
            some.append((profile.customer, properties.written(profile.scores)))
        except InvalidValueError as error:
            done = _sum(done, Pushed(rejects=(Reject(f"{CONTACTS} {profile.customer}", str(error)),)))
        if len(some) == _AT_ONCE:
            done, some = _sum(done, _push(crm, http, some)), []
    return _sum(done, _push(crm, http, some)) if some else done


def _push(crm: Crm, http: Http, some: Sequence[tuple[str, dict[str, str]]]) -> Pushed:
    """Write values to up to a hundred contacts: one call to see what they hold, and one to change what differs."""
    names = dict.fromkeys(name for _, values in some for name in values)
    kind = Kind(CONTACTS, "", ("hs_merged_object_ids", *names))
    found = crm.read(kind, [number for number, _ in some if number.isascii() and number.isdigit()])
    # A contact answers to the ids that were merged into it, too.
    holders = {former: contact for contact in found for former in contact.merged}
    holders |= {contact.number: contact for contact in found}
    given = {number for number, _ in some}
    unknown: list[str] = []
    changes: dict[str, dict[str, str]] = {}
    unchanged = 0
    for number, values in some:
        holder = holders.get(number)
        if holder is None:
            unknown.append(number)
            continue
        differing = {name: value for name, value in values.items() if not _same(value, holder.get(name))}
        # What is known under its own id is the same person's, and goes before.
        if differing and holder.number not in changes and (number == holder.number or holder.number not in given):
            changes[holder.number] = differing
        else:
            unchanged += 1
    rejects = _update(http, changes)
    return Pushed(len(changes) - len(rejects), unchanged, tuple(unknown), tuple(rejects))


def _update(http: Http, changes: Mapping[str, Mapping[str, str]]) -> list[Reject]:
    """Write changes; return those that HubSpot refused.

    It refuses a batch whole for one bad value. Then each is written by itself.
    """
    if not changes:
        return []
    asked = {"inputs": [{"id": number, "properties": values} for number, values in changes.items()]}
    try:
        # To write the same twice is harmless: of an answer that got lost nobody need know.
        body = http.post(_UPDATE, asked, repeatable=True).json()
    except FatalAdapterError as error:
        if error.status != _BAD:
            raise
        if len(changes) == 1:
            return [Reject(f"{CONTACTS} {number}", str(error)) for number in changes]
        return [reject for number, values in changes.items() for reject in _update(http, {number: values})]
    written = {str(each["id"]) for each in body["results"]}
    said = "; ".join(str(error.get("message")) for error in errors(body)) or "HubSpot doesn't have it any more"
    return [Reject(f"{CONTACTS} {number}", said) for number in changes if number not in written]


def _sum(one: Pushed, other: Pushed) -> Pushed:
    return attrs.evolve(
        one,
        written=one.written + other.written,
        unchanged=one.unchanged + other.unchanged,
        unknown=(*one.unknown, *other.unknown),
        rejects=(*one.rejects, *other.rejects),
    )


def _plain(value: float) -> Decimal:
    """Return a number as HubSpot writes it: without an exponent, and 9.0 as 9."""
    number = Decimal(repr(value))
    return number.quantize(Decimal(1)) if number == number.to_integral_value() else number


def _same(value: str, held: str | None) -> bool:
    """Say whether a property holds a value; numbers are the same however they are written."""
    if held is None or not value:
        return not value and not held
    try:
        return value == held or Decimal(value) == Decimal(held)
    except InvalidOperation:
        return False
