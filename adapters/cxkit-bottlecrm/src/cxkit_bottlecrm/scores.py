"""Writing scores to contacts, into custom fields that are made where they lack."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from cxkit.adapters import Fields, Pushed, Reject
from cxkit.errors import FatalAdapterError, InvalidValueError
from cxkit_bottlecrm.access import ask

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cxkit.adapters import Http, Profile
    from cxkit.adapters.fields import Sort

_FIELDS: Final = "/api/custom-fields/"
_GONE, _BAD = 404, 400


class CustomFields:
    """The custom fields of contacts."""

    def __init__(self, http: Http) -> None:
        """Prepare them.

        Args:
            http: calls BottleCRM.
        """
        self._http = http

    def types(self) -> dict[str, str]:
        """Return the key of each → its type, of which BottleCRM calls some as cxkit does."""
        params = {"target_model": "Contact", "active_only": "true", "include_counts": "false"}
        return {field["key"]: field["field_type"] for field in ask(self._http, _FIELDS, params).part("definitions")}

    def make(self, name: str, label: str, sort: Sort) -> None:
        """Make one, which an administrator alone may."""
        try:
            self._http.post(_FIELDS, {"target_model": "Contact", "key": name, "label": label, "field_type": sort})
        except FatalAdapterError as error:
            said = f"{error}: let an administrator make the custom field {name} ({sort}) of contacts, or push as one"
            raise FatalAdapterError(said, status=error.status) from None


def push(http: Http, prefix: str, profiles: Iterable[Profile]) -> Pushed:
    """Write profiles to contacts; one that holds the same already isn't touched.

    Args:
        http: calls BottleCRM.
        prefix: what the keys of the custom fields begin with.
        profiles: whose scores are written.
    """
    fields = Fields(CustomFields(http), prefix)
    written = unchanged = 0
    unknown: list[str] = []
    rejects: list[Reject] = []
    for profile in profiles:
        place = f"/api/contacts/{profile.customer}/"
        try:
            found = fields.values(profile.scores)
            values = {name: float(value) if isinstance(value, Decimal) else value for name, value in found.items()}
            held = ask(http, place).part("contact_obj", "custom_fields") or {}
            if _same(values, held):
                unchanged += 1
                continue
            # To write the same twice is harmless: of an answer that got lost nobody need know.
            http.request("PATCH", place, json={"custom_fields": values}, repeatable=True)
            written += 1
        except InvalidValueError as error:
            rejects.append(Reject(f"contacts {profile.customer}", str(error)))
        except FatalAdapterError as error:
            if error.status == _GONE:
                unknown.append(profile.customer)
            elif error.status == _BAD:
                rejects.append(Reject(f"contacts {profile.customer}", str(error)))
            else:
                raise
    return Pushed(written, unchanged, tuple(unknown), tuple(rejects))


def _same(values: Mapping[str, Any], held: Mapping[str, Any]) -> bool:
    """Say whether a contact holds the values; JSON's numbers with a point come as Decimals."""
    return all(
        held.get(key) == value or (isinstance(value, float) and key in held and float(held[key]) == value)
        for key, value in values.items()
    )
