"""Writing scores to contacts, into custom fields that are made where they lack."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from cxkit.adapters import Pushed, Reject
from cxkit.errors import FatalAdapterError, InvalidValueError
from cxkit.model.money import Money
from cxkit_bottlecrm.access import ask

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cxkit.adapters import Http, Profile

_FIELDS: Final = "/api/custom-fields/"
_KEY: Final = re.compile(r"[a-z][a-z0-9_]*")
_TEXT, _NUMBER = "text", "number"
_GONE, _BAD = 404, 400


class Fields:
    """The custom fields of contacts, those that lack made when first written to."""

    def __init__(self, http: Http, prefix: str) -> None:
        """Prepare them; nothing is asked yet.

        Args:
            http: calls BottleCRM.
            prefix: what their keys begin with.
        """
        self._http = http
        self._prefix = prefix
        self._types: dict[str, str] | None = None

    def written(self, scores: Mapping[str, float | str | Money | None]) -> dict[str, float | str | None]:
        """Return the values of fields for scores; None empties one.

        Raises:
            InvalidValueError: a score has a name that no field can have, or is of another type than the field there.
        """
        values: dict[str, float | str | None] = {}
        for key, value in self._cells(scores):
            known = self._known().get(key)
            if value is None:
                if known is not None:
                    values[key] = None
                continue
            wanted = _TEXT if isinstance(value, str) else _NUMBER
            if known is None:
                self._make(key, wanted)
            elif known != wanted:
                raise InvalidValueError(
                    key, value, f"is {wanted}, and the custom field of contacts is {known}: rename it"
                )
            values[key] = value
        return values

    def _cells(self, scores: Mapping[str, float | str | Money | None]) -> Iterator[tuple[str, float | str | None]]:
        """Yield a field's key and value for each score, and two for money: a number to sort by, and its currency."""
        for name, score in scores.items():
            key = f"{self._prefix}{name}"
            if not _KEY.fullmatch(key):
                raise InvalidValueError("score", name, "isn't small letters, digits and _, as keys in BottleCRM are")
            of_money = f"{key}_currency"
            if isinstance(score, Money):
                yield key, float(score.amount)
                yield of_money, score.currency
            else:
                yield key, score if score is None or isinstance(score, str) else float(score)
                if score is None:
                    yield of_money, None

    def _known(self) -> dict[str, str]:
        if self._types is None:
            params = {"target_model": "Contact", "active_only": "true", "include_counts": "false"}
            found = ask(self._http, _FIELDS, params).part("definitions")
            self._types = {field["key"]: field["field_type"] for field in found}
        return self._types

    def _make(self, key: str, kind: str) -> None:
        label = f"CX {key.removeprefix(self._prefix).replace('_', ' ')}"
        made = {"target_model": "Contact", "key": key, "label": label, "field_type": kind}
        try:
            self._http.post(_FIELDS, made)
        except FatalAdapterError as error:
            said = f"{error}: let an administrator make the custom field {key} ({kind}) of contacts, or push as one"
            raise FatalAdapterError(said, status=error.status) from None
        self._known()[key] = kind


def push(http: Http, prefix: str, profiles: Iterable[Profile]) -> Pushed:
    """Write profiles to contacts; one that holds the same already isn't touched.

    Args:
        http: calls BottleCRM.
        prefix: what the keys of the custom fields begin with.
        profiles: whose scores are written.
    """
    fields = Fields(http, prefix)
    written = unchanged = 0
    unknown: list[str] = []
    rejects: list[Reject] = []
    for profile in profiles:
        place = f"/api/contacts/{profile.customer}/"
        try:
            values = fields.written(profile.scores)
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
