"""The catalogue: metrics by name, and the spelling that names one with its options, ``nps[answers=latest]``."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from cxkit.errors import InvalidValueError, UnknownNameError
from cxkit.metrics.metric import Metric

Factory = Callable[..., Metric]
_SPELLING = re.compile(r"\s*(?P<name>[\w.-]+)\s*(?:\[(?P<options>[^\]]*)\])?\s*")


@attrs.frozen
class Catalogue:
    """Metrics by name.

    Attributes:
        factories: name → the function that makes the metric.

    >>> from cxkit.metrics import BUILT_IN
    >>> Catalogue.of(BUILT_IN).metric("nps[answers=latest]").label
    'nps[answers=latest]'
    """

    factories: Mapping[str, Factory] = attrs.field(factory=dict)

    @classmethod
    def of(cls, factories: tuple[Factory, ...]) -> Catalogue:
        """Return the catalogue of some factories, each under its function's name."""
        return cls({factory.__name__: factory for factory in factories})

    def with_factory(self, factory: Factory) -> Catalogue:
        """Return the catalogue with one more metric.

        Raises:
            InvalidValueError: its name is taken.
        """
        name = factory.__name__
        if name in self.factories:
            raise InvalidValueError("metric", name, "is registered already: give yours another name")
        return Catalogue({**self.factories, name: factory})

    def metric(self, wanted: str | Metric | Factory) -> Metric:
        """Return a metric by its spelling; a metric, or its factory, stands for itself.

        Raises:
            UnknownNameError: no such metric or option; the nearest is suggested.
            InvalidValueError: an option can't be what was given.
        """
        if isinstance(wanted, Metric):
            return wanted
        if callable(wanted):
            return wanted()
        try:
            spelled = _SPELLING.fullmatch(wanted)
        except TypeError:  # not text at all
            spelled = None
        if spelled is None:
            raise InvalidValueError("metric", wanted, "isn't spelled like nps or nps[answers=latest]")
        factory = self.factories.get(spelled["name"])
        if factory is None:
            raise UnknownNameError("metric", spelled["name"], self.factories)
        return factory(**_options(factory, spelled["name"], spelled["options"]))


def _options(factory: Factory, metric: str, text: str | None) -> dict[str, Any]:
    parameters = inspect.signature(factory).parameters
    options: dict[str, Any] = {}
    for part in filter(None, (text or "").split(",")):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals:
            raise InvalidValueError("metric", f"{metric}[{part}]", "has an option without a value: write name=value")
        if name not in parameters:
            raise UnknownNameError(f"option of {metric}", name, parameters)
        options[name] = _value(f"{metric}.{name}", value, parameters[name].default)
    return options


def _value(field: str, text: str, default: object) -> Any:  # noqa: ANN401 - an option's value
    """Read an option's value as the type of its default; text where the default is text or None."""
    if isinstance(default, bool):
        if text.lower() not in ("true", "false"):
            raise InvalidValueError(field, text, "isn't true or false")
        return text.lower() == "true"
    if isinstance(default, int | float):
        try:
            return type(default)(text)
        except ValueError:
            raise InvalidValueError(field, text, "isn't a number") from None
    return None if default is None and text == "none" else text
