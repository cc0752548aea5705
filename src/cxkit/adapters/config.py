"""An adapter's settings, from arguments, the environment and the project file."""

from __future__ import annotations

import os
import types
from decimal import Decimal
from math import isfinite
from typing import TYPE_CHECKING, Any, Final, Union, get_args, get_origin, get_type_hints

import attrs

from cxkit.errors import InvalidValueError, UnknownNameError
from cxkit.model.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

_YES: Final = frozenset({"1", "true", "yes", "on"})
_NO: Final = frozenset({"0", "false", "no", "off"})
_REFERENCE: Final = "env:"


def configured(
    name: str,
    config: type[Any],
    given: Mapping[str, object],
    written: Mapping[str, object] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Any:  # noqa: ANN401 - an instance of the class
    """Return an adapter's settings: those given go before the environment's, and these before the file's.

    Args:
        name: the adapter's.
        config: the attrs class of its settings.
        given: setting → value, as text or as what it is.
        written: the same from a file. There a secret may not stand itself, for files are committed and copied, but a
            reference to where it is: ``env:SHOP_TOKEN``.
        environment: variables; ``CXKIT_<ADAPTER>_<SETTING>`` is a setting. Those of the process by default.

    Raises:
        UnknownNameError: there is no such setting.
        InvalidValueError: one lacks, or can't be taken. No secret is shown.

    >>> @attrs.frozen
    ... class Settings:
    ...     url: str
    ...     token: Secret
    ...     page: int = 100
    >>> configured("till", Settings, {"url": "https://till.example"}, {"page": 50}, {"CXKIT_TILL_TOKEN": "s3cr3t"})
    Settings(url='https://till.example', token=Secret(…), page=50)
    """
    variables = os.environ if environment is None else environment
    hints = get_type_hints(config)
    fields = {field.alias or field.name: field for field in attrs.fields(config) if field.init}
    for setting in (*given, *(written or {})):
        if setting not in fields:
            raise UnknownNameError(f"setting of {name}", setting, fields)
    values: dict[str, Any] = {}
    missing: list[str] = []
    for setting, field in fields.items():
        wanted = hints[field.name]
        place = f"{name}.{setting}"
        variable = variable_of(name, setting)
        if given.get(setting) is not None:
            values[setting] = _read(place, wanted, _resolved(place, given[setting], variables))
        elif variable in variables:
            values[setting] = _read(place, wanted, variables[variable])
        elif written and written.get(setting) is not None:
            value = written[setting]
            if _takes(wanted, Secret) and not (isinstance(value, str) and value.startswith(_REFERENCE)):
                reason = f"is a secret: write 'env:{variable}' in the file, and set that variable"
                raise InvalidValueError(place, Ellipsis, reason)
            values[setting] = _read(place, wanted, _resolved(place, value, variables))
        elif field.default is attrs.NOTHING:
            missing.append(setting)
    if missing:
        ways = f"--set {missing[0]}=…, the variable {variable_of(name, missing[0])}, or [adapters.{name}] in cx.toml"
        raise InvalidValueError(
            name, ", ".join(missing), f"{'lacks' if len(missing) == 1 else 'lack'}: give it by {ways}"
        )
    return config(**values)


def variable_of(name: str, setting: str) -> str:
    """Return the environment variable of a setting.

    >>> variable_of("vendure", "password")
    'CXKIT_VENDURE_PASSWORD'
    """
    return f"CXKIT_{name}_{setting}".upper().replace("-", "_").replace(".", "_")


def _resolved(place: str, value: object, variables: Mapping[str, str]) -> object:
    """Return a value, read from the environment where it refers to it."""
    if not isinstance(value, str) or not value.startswith(_REFERENCE):
        return value
    variable = value.removeprefix(_REFERENCE)
    if variable not in variables:
        raise InvalidValueError(place, value, f"refers to the variable {variable}, which isn't set")
    return variables[variable]


def _takes(wanted: Any, kind: type) -> bool:  # noqa: ANN401 - a type
    return wanted is kind or (get_origin(wanted) in {Union, types.UnionType} and kind in get_args(wanted))


def _read(place: str, wanted: Any, value: object) -> Any:  # noqa: ANN401 - a type
    """Return a value as the type that a setting has."""
    if _takes(wanted, Secret):
        return _secret(place, value)
    if _takes(wanted, bool):
        return value if isinstance(value, bool) else _flag(place, str(value))
    if _takes(wanted, int) or _takes(wanted, float):
        return _number(place, int if _takes(wanted, int) else float, value)
    if any(get_origin(kind) is tuple for kind in (wanted, *get_args(wanted))):
        several = value.split(",") if isinstance(value, str) else value
        if not isinstance(several, list | tuple):
            raise InvalidValueError(place, value, "isn't a list, or text with commas")
        return tuple(_text(place, each, "isn't text").strip() for each in several)
    return _text(place, value, "isn't text")


def _text(place: str, value: object, reason: str) -> str:
    if not isinstance(value, str):
        raise InvalidValueError(place, type(value).__name__, reason)
    return value


def _secret(place: str, value: object) -> Secret:
    if isinstance(value, Secret):
        return value
    try:
        return Secret(_text(place, value, "isn't text, which a secret is"))
    except InvalidValueError as error:
        raise InvalidValueError(place, error.value, error.reason) from None


def _flag(place: str, word: str) -> bool:
    if word.lower() not in _YES | _NO:
        raise InvalidValueError(place, word, "isn't yes or no")
    return word.lower() in _YES


def _number(place: str, kind: type[int | float], value: object) -> int | float:
    reason = f"isn't a {'whole ' if kind is int else ''}number"
    try:
        number = kind(value if isinstance(value, int | float | Decimal) else str(value))
    except (ValueError, OverflowError):
        raise InvalidValueError(place, value, reason) from None
    # What was cut off, or isn't a number to reckon with, is no setting either.
    cut = kind is int and isinstance(value, float | Decimal) and number != value
    if cut or isinstance(value, bool) or not isfinite(number):
        raise InvalidValueError(place, value, reason)
    return number
