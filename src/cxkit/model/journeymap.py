"""The journey map: the stages a customer passes and the touchpoints in each, kept in a TOML file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, TypeVar

import attrs

from cxkit.errors import InvalidValueError, UnknownNameError, nearest
from cxkit.model.text import check_text
from cxkit.model.touchpoint import ATTRIBUTES, Touchpoint, keep_texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from os import PathLike

PRESETS: Final = ("five-stages", "hourglass")

_MAP_KEYS = ("name", "title", "stage", "touchpoint")

_Part = TypeVar("_Part", "Stage", "Touchpoint")


@attrs.frozen(kw_only=True)
class Stage:
    """A stage of the journey.

    Attributes:
        key: what touchpoints carry in `stage`.
        title: its name for people; the key, unless given.

    >>> Stage(key="buy")
    Stage(key='buy', title='buy')
    """

    key: str
    title: str = attrs.field()

    @title.default
    def _title_is_key(self) -> str:
        return self.key

    def __attrs_post_init__(self) -> None:
        """Check the texts."""
        keep_texts(self, "key", "title")


def _stages(given: Iterable[Stage]) -> tuple[Stage, ...]:
    return tuple(given)


def _touchpoints(given: Iterable[Touchpoint]) -> tuple[Touchpoint, ...]:
    return tuple(given)


@attrs.frozen(kw_only=True)
class JourneyMap:
    """Stages in their order and the touchpoints in them.

    What the map says of a touchpoint isn't on the events, so that it can change without touching history.

    The TOML form (all but the keys may be left out)::

        name = "shop"
        title = "Our shop"

        [[stage]]
        key = "buy"
        title = "Buy"

        [[touchpoint]]
        key = "storefront.checkout"
        title = "Checkout"
        stage = "buy"
        area = "commerce"
        channel = "web"
        expectation = "Pay in a minute, without surprises"
        programme = "Guest checkout"
        owner = "web shop team"

    Attributes:
        name: its short name.
        title: its name for people; the name, unless given.
        stages: in the order that customers pass them.
        touchpoints: in the order of the file.

    Raises:
        InvalidValueError: two stages or two touchpoints have one key, or a touchpoint's stage isn't in the map.

    >>> journey = JourneyMap.preset("hourglass")
    >>> [stage.key for stage in journey.stages]
    ['know', 'like', 'trust', 'try', 'buy', 'repeat', 'refer']
    >>> journey.attribute("area")["storefront.checkout"]
    'commerce'
    """

    name: str
    title: str = attrs.field()
    stages: tuple[Stage, ...] = attrs.field(default=(), converter=_stages)
    touchpoints: tuple[Touchpoint, ...] = attrs.field(default=(), converter=_touchpoints)

    @title.default
    def _title_is_name(self) -> str:
        return self.name

    def __attrs_post_init__(self) -> None:
        """Refuse keys that stand twice and stages that aren't in the map."""
        object.__setattr__(self, "name", check_text("name", self.name))
        object.__setattr__(self, "title", check_text("title", self.title))
        stages = _unique("stage", (stage.key for stage in self.stages))
        _unique("touchpoint", (touchpoint.key for touchpoint in self.touchpoints))
        for touchpoint in self.touchpoints:
            if touchpoint.stage is not None and touchpoint.stage not in stages:
                hint = _hint(touchpoint.stage, stages)
                reason = f"isn't a stage of this map{hint} There is: {', '.join(stages) or 'none'}"
                raise InvalidValueError(f"touchpoint {touchpoint.key!r}: stage", touchpoint.stage, reason)

    def get(self, key: str) -> Touchpoint:
        """Return the touchpoint of this key.

        Raises:
            UnknownNameError: the map has none; the nearest is suggested.
        """
        for touchpoint in self.touchpoints:
            if touchpoint.key == key:
                return touchpoint
        raise UnknownNameError("touchpoint", key, (touchpoint.key for touchpoint in self.touchpoints))

    def attribute(self, name: str) -> dict[str, str]:
        """Return one attribute of every touchpoint that has it, by the touchpoint's key.

        Args:
            name: one of stage, area, channel, programme and owner.

        Raises:
            UnknownNameError: touchpoints have no such attribute.

        >>> JourneyMap.preset("five-stages").attribute("stage")["desk.phone"]
        'use'
        """
        if name not in ATTRIBUTES:
            raise UnknownNameError("attribute of touchpoints", name, ATTRIBUTES)
        values = ((touchpoint.key, getattr(touchpoint, name)) for touchpoint in self.touchpoints)
        return {key: value for key, value in values if value is not None}

    @classmethod
    def preset(cls, name: str) -> JourneyMap:
        """Return a map that comes with cxkit, to copy and to change: ``hourglass`` or ``five-stages``.

        Raises:
            UnknownNameError: there is no such preset.

        >>> JourneyMap.preset("five-stages").stages[-1].title
        'Advocate or leave'
        """
        if name not in PRESETS:
            raise UnknownNameError("preset of a journey map", name, PRESETS)
        from importlib.resources import files  # costs more than all of cxkit.model

        file = files("cxkit.model").joinpath("presets", f"{name}.toml")
        return cls.loads(file.read_text(encoding="utf-8"), file=f"{name}.toml")

    @classmethod
    def load(cls, path: str | PathLike[str]) -> JourneyMap:
        """Return the map of a TOML file.

        Raises:
            InvalidValueError: as `loads`.
            OSError: the file can't be read.
        """
        with open(path, "rb") as file:  # noqa: PTH123 - pathlib isn't needed for this
            content = file.read()
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            wrong = content[error.start : error.end]
            raise InvalidValueError(str(path), wrong, "isn't UTF-8, as TOML must be: save it so") from None
        return cls.loads(text, file=str(path))

    @classmethod
    def loads(cls, text: str, *, file: str = "journey map") -> JourneyMap:
        r"""Return the map of a TOML text.

        Args:
            text: the TOML.
            file: what errors call it.

        Raises:
            InvalidValueError: it isn't TOML, a key is unknown or a value can't be taken; file, key and value are named.

        >>> JourneyMap.loads('name = "mine"\n[[stage]]\nkye = "buy"', file="m.toml")
        Traceback (most recent call last):
        cxkit.errors.InvalidValueError: m.toml: stage #1: key: 'kye' isn't a key that is known here; did you mean ...
        """
        import tomllib  # only those who have a map pay for it

        try:
            return _of_document(tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            raise InvalidValueError(file, text, f"isn't TOML: {error}") from None
        except InvalidValueError as error:
            raise InvalidValueError(f"{file}: {error.field}", error.value, error.reason) from None

    def dumps(self) -> str:
        """Return the map as TOML, which `loads` reads back.

        >>> journey = JourneyMap.preset("hourglass")
        >>> JourneyMap.loads(journey.dumps()) == journey
        True
        """
        parts = [_lines({"name": self.name, "title": self.title})]
        parts += ["[[stage]]\n" + _lines(attrs.asdict(stage)) for stage in self.stages]
        parts += ["[[touchpoint]]\n" + _lines(attrs.asdict(touchpoint)) for touchpoint in self.touchpoints]
        return "\n".join(parts)


def _hint(name: str, names: Iterable[str]) -> str:
    near = nearest(name, names)
    return f"; did you mean {near!r}?" if near else "."


def _unique(what: str, keys: Iterable[str]) -> dict[str, None]:
    """Return the keys in their order; none may stand twice."""
    seen: dict[str, None] = {}
    for key in keys:
        if key in seen:
            raise InvalidValueError(what, key, "is there twice: keys must differ")
        seen[key] = None
    return seen


def _of_document(document: Mapping[str, Any]) -> JourneyMap:
    _check_keys(document, _MAP_KEYS, required="name")
    named = {key: document[key] for key in ("name", "title") if key in document}
    return JourneyMap(
        **named,
        stages=_of_tables("stage", document, Stage),
        touchpoints=_of_tables("touchpoint", document, Touchpoint),
    )


def _of_tables(what: str, document: Mapping[str, Any], make: type[_Part]) -> list[_Part]:
    """Return what a list of tables describes; errors say which of them is wrong."""
    tables = document.get(what, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise InvalidValueError(what, tables, f"isn't a list of tables: start each with [[{what}]]")
    known = tuple(field.name for field in attrs.fields(make))
    made = []
    for number, table in enumerate(tables, 1):
        place = f"{what} {table['key']!r}" if isinstance(table.get("key"), str) else f"{what} #{number}"
        try:
            _check_keys(table, known, required="key")
            made.append(make(**table))
        except InvalidValueError as error:
            raise InvalidValueError(f"{place}: {error.field}", error.value, error.reason) from None
    return made


def _check_keys(table: Mapping[str, Any], known: Sequence[str], *, required: str) -> None:
    """Refuse a table with a key that nobody reads, or without the one it needs."""
    for key in table:
        if key not in known:
            reason = f"isn't a key that is known here{_hint(key, known)} There is: {', '.join(known)}"
            raise InvalidValueError("key", key, reason)
    if required not in table:
        raise InvalidValueError(required, None, "is missing: every one needs it")


def _lines(fields: Mapping[str, str | None]) -> str:
    """Return TOML lines of the fields that are there."""
    return "".join(f"{key} = {_quoted(value)}\n" for key, value in fields.items() if value is not None)


def _quoted(text: str) -> str:
    """Return a basic string of TOML: JSON's, with DEL escaped too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
