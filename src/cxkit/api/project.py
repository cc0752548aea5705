"""The project file, ``cx.toml``: what is scored here and how, once for the library and the command line."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs

from cxkit.api.arguments import listed
from cxkit.api.cards import card_of
from cxkit.api.project_file import fields_of
from cxkit.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cxkit.api.arguments import MetricLike
    from cxkit.model.journeymap import JourneyMap

NAME: Final = "cx.toml"
_ROOTS: Final = (".git", ".hg", ".svn")


@attrs.frozen(kw_only=True)
class Project:
    r"""What a project scores and how; everything may be left out.

    Attributes:
        path: the file it was read from, or None.
        metrics: spellings such as ``nps[answers=latest]``, or None for every metric that there are events for.
        card: the name of a card, ready-made or of `cards`.
        cards: the project's own cards: name → spellings.
        by: columns to segment by.
        every: the length of periods.
        tz: the zone whose days and months count.
        input_tz: the zone of times in files that have none.
        journey_map: what is known of touchpoints.
        level: the confidence level.
        max_people: an identity that more customers share merges nobody.
        min_n: rows of segments that rest on fewer are hidden.
        top: how many segments stand for themselves.
        currency: what amounts are converted to.
        rates: currency → how much of `currency` a unit of it is.
        targets: metric → what it should reach, as `Target.of` reads it.
        adapters: adapter → its settings; secrets as references to the environment, ``env:SHOP_TOKEN``.

    >>> project = Project.loads('metrics = ["nps", "csat"]\n[targets]\nnps = 40\ncsat = "80 %"')
    >>> project.metrics, project.targets["csat"]
    (('nps', 'csat'), '80 %')
    """

    path: Path | None = None
    metrics: tuple[MetricLike, ...] | None = None
    card: str | None = None
    cards: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)
    by: tuple[str, ...] = ()
    every: str | None = None
    tz: str | None = None
    input_tz: str | None = None
    journey_map: JourneyMap | None = None
    level: float | None = None
    max_people: int | None = None
    min_n: int | None = None
    top: int | None = None
    currency: str | None = None
    rates: Mapping[str, object] = attrs.field(factory=dict)
    targets: Mapping[str, object] = attrs.field(factory=dict)
    adapters: Mapping[str, Mapping[str, object]] = attrs.field(factory=dict, repr=False)

    @classmethod
    def find(cls, start: str | os.PathLike[str] | None = None) -> Project | None:
        """Return the project of a folder: the nearest ``cx.toml`` in it or above it, or None.

        The search ends at the root of a repository, at the home folder, and at the root of the file system.

        Args:
            start: the folder; the working directory by default.

        Raises:
            InvalidValueError: as `load`.
        """
        folder = Path.cwd() if start is None else Path(start).resolve()
        home = Path("~").expanduser()
        for place in (folder, *folder.parents):
            if (place / NAME).is_file():
                return cls.load(place / NAME)
            if place == home or any((place / mark).exists() for mark in _ROOTS):
                return None
        return None

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Project:
        """Return the project of a file; paths in it are relative to it.

        Raises:
            InvalidValueError: the file can't be read, a key is unknown or a value can't be taken; file and key are
                named.
        """
        name = os.fspath(path)
        try:
            text = Path(name).read_bytes().decode("utf-8-sig")
        except OSError as error:
            raise InvalidValueError("project", name, f"can't be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise InvalidValueError("project", name, "isn't UTF-8, as TOML must be: save it so") from None
        return cls.loads(text, path=name)

    @classmethod
    def loads(cls, text: str, *, path: str | os.PathLike[str] | None = None) -> Project:
        r"""Return the project of a TOML text.

        Args:
            text: the TOML.
            path: where it was read, for errors and for the paths in it.

        Raises:
            InvalidValueError: as `load`.

        >>> Project.loads("[targets]\nnsp = 40")
        Traceback (most recent call last):
        cxkit.errors.InvalidValueError: cx.toml: targets.nsp: 'nsp' isn't known here; did you mean 'nps'? ...
        """
        import tomllib

        name = NAME if path is None else os.fspath(path)
        try:
            # As text a number is exact: a rate of 1.08 isn't what a float makes of it.
            document = tomllib.loads(text, parse_float=Decimal)
        except tomllib.TOMLDecodeError as error:
            raise InvalidValueError(name, text, f"isn't TOML: {error}") from None
        try:
            return cls(path=None if path is None else Path(name), **fields_of(document, Path(name).parent))
        except InvalidValueError as error:
            raise InvalidValueError(f"{name}: {error.field}", error.value, error.reason) from None

    @classmethod
    def of(cls, given: Project | str | os.PathLike[str] | None) -> Project:
        """Return a project, that of a file, or the empty one."""
        if given is None:
            return cls()
        if isinstance(given, Project):
            return given
        if not isinstance(given, str | os.PathLike):
            raise InvalidValueError("project", given, "isn't a project or the path of one")
        return cls.load(given)

    def overridden(self, **options: Any) -> Project:  # noqa: ANN401 - the fields
        """Return the project with options that go before its own; None leaves its own.

        A card or metrics take the place of both; a currency that isn't the project's leaves its rates behind.

        >>> Project(metrics=("nps",), tz="Asia/Ho_Chi_Minh").overridden(card="service", tz=None)
        Project(..., card='service', ..., tz='Asia/Ho_Chi_Minh', ...)
        """
        given = {name: value for name, value in options.items() if value is not None}
        if "card" in given or "metrics" in given:
            given = {"card": None, "metrics": None} | given
        if given.get("currency", self.currency) == self.currency:
            given["rates"] = {**self.rates, **given.get("rates", {})}
        elif "rates" not in given:
            given["rates"] = {}
        given["targets"] = {**self.targets, **given.get("targets", {})}
        return attrs.evolve(self, **given)

    def asked(self) -> tuple[MetricLike, ...] | None:
        """Return the metrics of its card, and those beside it; None for every one that there are events for.

        Raises:
            UnknownNameError: no such card.
        """
        if self.card is None:
            return self.metrics
        card = card_of(self.card, self.cards)
        labels = {metric.label for metric in listed(card)}
        return (*card, *(metric for metric in listed(self.metrics or ()) if metric.label not in labels))
