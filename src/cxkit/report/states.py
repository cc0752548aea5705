"""States: what a scorecard was made from, to be saved, and merged with those of other parts of the events."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs

from cxkit.errors import InvalidValueError
from cxkit.report.target import Target
from cxkit.stats.declared import declaration, declared

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cxkit.engines.request import Cell
    from cxkit.stats import State, Statistic

FORMAT: Final = "cxkit.states"
SCHEMA: Final = 1
"""Raised whenever what is written means something else: files of another schema are refused."""
_FRAME: Final = ("format", "schema", "digest")

Span = tuple[int, int]
"""The first and the last instant of some events, in UTC microseconds, both inclusive."""


def span_of(first_us: int | None, last_us: int | None) -> tuple[Span, ...]:
    """Return the span of events, none where there are no events.

    >>> span_of(3, 5), span_of(None, None)
    (((3, 5),), ())
    """
    return () if first_us is None or last_us is None else ((first_us, last_us),)


@attrs.frozen(kw_only=True)
class Asked:
    """What a scorecard was asked, as far as two parts of it must have been asked alike.

    Attributes:
        by: the columns it is segmented by.
        every: the length of its periods, or None.
        tz: the zone of its periods.
        since_us: the first instant in bounds, or None.
        until_us: the first instant after them, or None.
        as_of_us: until when the data is complete; None is the latest event.
        journey_map: what a journey map said of touchpoints, where it was asked by that.
        max_people: an identity that more customers share merged nobody.
        currency: what amounts were converted to, or None.
        rates: the rates they were converted by, as written.
    """

    by: tuple[str, ...] = ()
    every: str | None = None
    tz: str = "UTC"
    since_us: int | None = None
    until_us: int | None = None
    as_of_us: int | None = None
    journey_map: Mapping[str, Mapping[str, str]] = attrs.field(factory=dict)
    max_people: int = 10
    currency: str | None = None
    rates: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class States:
    """What a scorecard was made from: the states of all statistics, and what must be known to merge them honestly.

    They hold sums and counts, no events, and no customers unless a card is segmented by them. They hold what a card
    hides, too: keep a file of them as you would keep the card without ``min_n``.

    Attributes:
        asked: what was asked.
        metrics: label → what the metric calls its needs → the statistic that was computed.
        open: whether nobody named the metrics, so that it is every one that there are events for.
        states: of each statistic, the states that aren't zero, by cell.
        events: how many events were in bounds.
        spans: from when to when they are, sorted; several where parts lie apart.
        linked: how many identities turned out to be somebody else, or shared.
        shared: identities that too many share → by how many.
        converted: the currencies that amounts were converted from, sorted.
        rejected: rows that couldn't be taken, and aren't in it.
        left_out: labels of metrics that didn't survive an earlier merge.
        parts: fingerprints of the parts it was merged from; empty where it wasn't.
        level: the confidence level the card is shown at.
        min_n: the least observations a segment's row is shown with, or None.
        targets: label → target.
    """

    asked: Asked
    metrics: Mapping[str, Mapping[str, Statistic]]
    states: Mapping[Statistic, Mapping[Cell, State]]
    open: bool = False
    events: int = 0
    spans: tuple[Span, ...] = ()
    linked: int = 0
    shared: Mapping[str, int] = attrs.field(factory=dict)
    converted: tuple[str, ...] = ()
    rejected: int = 0
    left_out: tuple[str, ...] = ()
    parts: frozenset[str] = frozenset()
    level: float = 0.95
    min_n: int | None = None
    targets: Mapping[str, Target] = attrs.field(factory=dict)

    @property
    def first_us(self) -> int | None:
        """The first instant of an event in bounds, or None."""
        return self.spans[0][0] if self.spans else None

    @property
    def last_us(self) -> int | None:
        """The last instant of an event in bounds, or None."""
        return self.spans[-1][1] if self.spans else None

    @property
    def fingerprints(self) -> frozenset[str]:
        """What tells the parts it holds from any others; empty where it holds nothing."""
        if self.parts or not (self.events or any(self.states.values())):
            return self.parts
        return frozenset({_digest([self.events, self.spans, _collected(self)])})

    def to_json(self) -> str:
        """Return them as JSON, exactly; `from_json` reads it back."""
        body = _body(self)
        frame = {"format": FORMAT, "schema": SCHEMA, "digest": _digest(body)}
        return json.dumps(frame | body, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> States:
        """Return the states of a JSON text.

        Raises:
            InvalidValueError: it isn't one of saved states, is damaged, or was written in another schema.

        >>> states = States(asked=Asked(), metrics={}, states={})
        >>> States.from_json(states.to_json()) == states
        True
        """
        return _read(text, "states", text)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write them to a file, which changes at once or not at all; packed where its name ends in ``.gz``.

        Raises:
            InvalidValueError: it can't be written.
        """
        from cxkit.files.sink import Sink

        sink = Sink(path)
        try:
            sink.text.write(self.to_json() + "\n")
            sink.close()
        except BaseException:
            sink.abandon()
            raise

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> States:
        """Return the states that were saved to a file.

        Raises:
            InvalidValueError: the file can't be read, or `from_json` refuses what it holds.
        """
        name = os.fspath(path)
        try:
            packed = Path(name).read_bytes()
        except OSError as error:
            raise InvalidValueError("file", name, f"can't be read: {error.strerror}") from None
        try:
            if packed.startswith(b"\x1f\x8b"):
                import gzip

                packed = gzip.decompress(packed)
            text = packed.decode()
        except (OSError, EOFError, UnicodeDecodeError):
            text = ""
        return _read(text, "file", name)


def _digest(data: Any) -> str:  # noqa: ANN401 - JSON
    from hashlib import blake2b  # OpenSSL takes its time, and few save what they score

    text = json.dumps(data, sort_keys=True, separators=(",", ":"))
    return blake2b(text.encode(), digest_size=16).hexdigest()


def _collected(states: States) -> list[Any]:
    """Return each statistic's declaration and cells, in an order that doesn't depend on who computed them."""
    found = [
        {"declaration": declaration(statistic), "cells": sorted(_cells(cells), key=lambda cell: json.dumps(cell[:2]))}
        for statistic, cells in states.states.items()
    ]
    return sorted(found, key=lambda each: json.dumps(each["declaration"]))


def _cells(cells: Mapping[Cell, State]) -> list[Any]:
    return [[segment, period, state.to_json()] for (segment, period), state in cells.items()]


def _body(states: States) -> dict[str, Any]:
    plain = attrs.asdict(states, recurse=False)
    metrics = {
        label: {name: declaration(statistic) for name, statistic in needs.items()}
        for label, needs in states.metrics.items()
    }
    return plain | {
        "asked": attrs.asdict(states.asked),
        "metrics": metrics,
        "states": _collected(states),
        "targets": {label: attrs.astuple(target) for label, target in states.targets.items()},
        "parts": sorted(states.parts),
    }


def _read(text: str, field: str, value: str) -> States:
    """Return the states of a JSON text; `field` and `value` are what an error names.

    Raises:
        InvalidValueError: as `States.from_json`.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        reason = "isn't a file of saved states, or not a whole one: save it anew with cxkit score --save"
        raise InvalidValueError(field, value, reason)
    if found.get("schema") != SCHEMA:
        reason = f"was saved in schema {found.get('schema')!r}, and this cxkit reads {SCHEMA}: score the events anew"
        raise InvalidValueError(field, value, reason)
    body = {name: each for name, each in found.items() if name not in _FRAME}
    if _digest(body) != found.get("digest"):
        raise InvalidValueError(field, value, "is damaged, for its digest doesn't fit: score the events anew")
    try:
        return _of_body(body)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        reason = "holds what this cxkit doesn't know, such as a newer statistic: score the events anew"
        raise InvalidValueError(field, value, reason) from None


def _of_body(body: dict[str, Any]) -> States:
    states: dict[Statistic, dict[Cell, State]] = {}
    for each in body["states"]:
        statistic = declared(each["declaration"])
        states[statistic] = {
            (None if segment is None else tuple(segment), period): statistic.load(state)
            for segment, period, state in each["cells"]
        }
    return States(
        **body
        | {
            "asked": Asked(**body["asked"] | {"by": tuple(body["asked"]["by"])}),
            "metrics": {
                label: {name: declared(each) for name, each in needs.items()}
                for label, needs in body["metrics"].items()
            },
            "states": states,
            "targets": {label: Target(*target) for label, target in body["targets"].items()},
            "spans": tuple((first, last) for first, last in body["spans"]),
            "parts": frozenset(body["parts"]),
            "converted": tuple(body["converted"]),
            "left_out": tuple(body["left_out"]),
        }
    )
