"""Writing scores to contacts, into properties that are made where they lack."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final

import attrs

from cxkit.adapters import Fields, Pushed, Reject
from cxkit.errors import FatalAdapterError, InvalidValueError
from cxkit_hubspot.crm import CONTACTS, VERSION, Kind, errors, results

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cxkit.adapters import Http, Profile
    from cxkit.adapters.fields import Sort
    from cxkit_hubspot.crm import Crm

_PROPERTIES: Final = f"/crm/properties/{VERSION}/{CONTACTS}"
_UPDATE: Final = f"/crm/objects/{VERSION}/{CONTACTS}/batch/update"
_GROUP, _GROUP_LABEL = "cxkit", "Customer experience"
_TYPES: Final[dict[Sort, str]] = {"text": "string", "number": "number"}
_TEXTS: Final = ("string", "enumeration")
_AT_ONCE: Final = 100
_BAD, _FORBIDDEN = 400, 403


class Properties:
    """The properties of contacts."""

    def __init__(self, http: Http) -> None:
        """Prepare them.

        Args:
            http: calls HubSpot.
        """
        self._http = http

    def types(self) -> dict[str, str]:
        """Return the name of each → its type; a choice among texts takes a text, if it is one of them."""
        found = {each["name"]: each["type"] for each in results(self._http.get(_PROPERTIES))}
        return {name: "text" if kind in _TEXTS else kind for name, kind in found.items()}

    def make(self, name: str, label: str, sort: Sort) -> None:
        """Make one, in a group of its own."""
        made = {"groupName": _GROUP, "name": name, "label": label, "type": _TYPES[sort], "fieldType": sort}
        try:
            groups = {group["name"] for group in results(self._http.get(f"{_PROPERTIES}/groups"))}
            if _GROUP not in groups:
                self._http.post(f"{_PROPERTIES}/groups", {"name": _GROUP, "label": _GROUP_LABEL})
            self._http.post(_PROPERTIES, made)
        except FatalAdapterError as error:
            if error.status != _FORBIDDEN:
                raise
            said = f"{error}: grant crm.schemas.contacts.write, or make the property {name} ({sort}) of contacts"
            raise FatalAdapterError(said, status=error.status) from None


def push(crm: Crm, http: Http, prefix: str, profiles: Iterable[Profile]) -> Pushed:
    """Write profiles to contacts; one that holds the same already isn't touched.

    Args:
        crm: reads the contacts.
        http: calls HubSpot.
        prefix: what the names of the properties begin with.
        profiles: whose scores are written.
    """
    properties = Fields(Properties(http), prefix)
    done = Pushed()
    some: list[tuple[str, dict[str, str]]] = []
    for profile in profiles:
        try:
            found = properties.values(profile.scores)
            some.append((profile.customer, {name: _written(value) for name, value in found.items()}))
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


def _written(value: Decimal | str | None) -> str:
    """Return a value as HubSpot holds it: a text, empty for none; a number without an exponent, and 9.0 as 9."""
    if value is None or isinstance(value, str):
        return value or ""
    return format(value.normalize(), "f")


def _same(value: str, held: str | None) -> bool:
    """Say whether a property holds a value; numbers are the same however they are written."""
    if held is None or not value:
        return not value and not held
    try:
        return value == held or Decimal(value) == Decimal(held)
    except InvalidOperation:
        return False
