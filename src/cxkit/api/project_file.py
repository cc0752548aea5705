"""Reading a project file: its keys and what each holds, checked; whatever is wrong is said of its place."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from cxkit.api.arguments import listed, map_of, whole
from cxkit.api.cards import CARDS
from cxkit.api.rates import rates_of
from cxkit.errors import InvalidValueError, UnknownNameError, nearest
from cxkit.model.calendar import EVERY, zone
from cxkit.model.journeymap import PRESETS
from cxkit.model.money import check_currency
from cxkit.report.target import Target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from cxkit.model.journeymap import JourneyMap


def fields_of(document: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return the fields of a `Project`.

    Args:
        document: what the TOML holds.
        folder: where the paths in it begin.

    Raises:
        InvalidValueError: a key is unknown, or a value can't be taken; the field is the place of it.

    >>> from pathlib import Path
    >>> fields_of({"by": "channel", "level": Decimal("0.9")}, Path())
    {'by': ('channel',), 'level': 0.9}
    """
    for key in document:
        if key not in _READERS:
            raise _unknown(key, key, _READERS)
    fields = {name: _at(name, read, document[name]) for name, read in _READERS.items() if name in document}
    if "journey_map" in fields:
        fields["journey_map"] = _at("journey_map", lambda name: _map(name, folder), fields["journey_map"])
    cards = {**CARDS, **fields.get("cards", {})}
    if fields.get("card", "service") not in cards:
        raise _unknown("card", fields["card"], cards)
    _at("rates", lambda rates: rates_of(fields.get("currency"), rates), fields.get("rates"))
    return fields


def _at(place: str, read: Callable[[Any], Any], value: Any) -> Any:  # noqa: ANN401 - TOML
    """Read a value; whatever is wrong with it is said of its place."""
    try:
        return read(value)
    except UnknownNameError as error:
        raise _unknown(place, error.name, error.names) from None
    except InvalidValueError as error:
        inner = error.field if error.field.startswith((f"{place}.", f"{place}[")) or error.field == place else place
        raise InvalidValueError(inner, error.value, error.reason) from None


def _unknown(place: str, name: str, names: Iterable[str]) -> InvalidValueError:
    known = sorted(names)
    near = nearest(name, known)
    hint = f"; did you mean {near!r}?" if near else "."
    some = ", ".join(known[:40]) + (", …" if len(known) > 40 else "")  # noqa: PLR2004 - a screen's worth
    return InvalidValueError(place, name, f"isn't known here{hint} There is: {some}")


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise InvalidValueError("", value, "isn't text")
    return value


def _texts(place: str) -> Callable[[object], tuple[str, ...]]:
    def read(value: object) -> tuple[str, ...]:
        several = [value] if isinstance(value, str) else value
        if not isinstance(several, list) or not all(isinstance(each, str) and each for each in several):
            raise InvalidValueError(place, value, "isn't a list of text, such as ['channel']")
        if len(set(several)) < len(several):
            twice = next(each for each in several if several.count(each) > 1)
            raise InvalidValueError(place, twice, "is there twice")
        return tuple(several)

    return read


def _spellings(place: str) -> Callable[[object], tuple[str, ...]]:
    def read(value: object) -> tuple[str, ...]:
        several = _texts(place)(value)
        for number, spelling in enumerate(several, 1):
            _at(f"{place}[{number}]", listed, spelling)
        return several

    return read


def _cards(value: object) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, dict):
        raise InvalidValueError("cards", value, "isn't a table: write [cards], and board = ['nps', 'csat'] in it")
    return {name: _spellings(f"cards.{name}")(metrics) for name, metrics in value.items()}


def _targets(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise InvalidValueError("targets", value, "isn't a table: write [targets], and nps = 40 in it")
    for spelling, target in value.items():
        place = f"targets.{spelling}"
        (metric,) = _at(place, listed, spelling)
        _at(place, partial(Target.of, metric), target)
    return value


def _adapters(value: object) -> dict[str, dict[str, object]]:
    if not isinstance(value, dict) or not all(isinstance(settings, dict) for settings in value.values()):
        raise InvalidValueError("adapters", ..., "isn't a table of tables: write [adapters.vendure], and url = … in it")
    return value


def _rates(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise InvalidValueError("rates", value, "isn't a table: write [rates], and EUR = 1.08 in it")
    return value


def _level(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal) or not 0 < value < 1:
        raise InvalidValueError("level", value, "isn't between 0 and 1, such as 0.95")
    return float(value)


def _every(value: object) -> str:
    if value not in EVERY:
        raise _unknown("every", str(value), EVERY)
    return str(value)


def _zone(value: object) -> str:
    return zone(_text(value)).key


def _number(field: str) -> Callable[[Any], int | None]:
    return lambda value: whole(field, value)


def _map(name: str, folder: Path) -> JourneyMap:
    return map_of(name if name in PRESETS else str(folder / name))


_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "metrics": _spellings("metrics"),
    "card": _text,
    "cards": _cards,
    "by": _texts("by"),
    "every": _every,
    "tz": _zone,
    "input_tz": _zone,
    "journey_map": _text,
    "level": _level,
    "max_people": _number("max_people"),
    "min_n": _number("min_n"),
    "top": _number("top"),
    "currency": check_currency,
    "rates": _rates,
    "targets": _targets,
    "adapters": _adapters,
}
