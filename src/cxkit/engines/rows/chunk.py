"""A chunk: many events, as objects or as the columns that a file was read into; the engine asks both alike."""

from __future__ import annotations

import json
from itertools import chain
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any, Final, Protocol

from cxkit.errors import InvalidValueError
from cxkit.model.block import Block, parts_of
from cxkit.model.event import COLUMNS, Event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Self

FIELDS: Final = frozenset(COLUMNS)
TOGETHER: Final = 16_384
_IN_MEMORY: Final = 65_536
_PARSED_KEPT: Final = 10_000


def getter(column: str) -> Callable[[Event], Any]:
    """Return the function that takes a column, or a property of that name, out of an event.

    >>> from cxkit.model.event import event
    >>> getter("coupon")(event("order.placed", properties={"coupon": "TET"}))
    'TET'
    """
    if column in FIELDS:
        return attrgetter(column)
    lifted = _lifter(column)
    return lambda event: lifted(event.properties)


def _lifter(name: str) -> Callable[[str | None], Any]:
    """Return the function that takes a property out of the text of all of them."""
    parsed: dict[str, Any] = {}

    def lifted(text: str | None) -> Any:  # noqa: ANN401 - a property holds anything
        if text is None:
            return None
        if text not in parsed:
            if len(parsed) > _PARSED_KEPT:
                parsed.clear()
            value = json.loads(text).get(name)
            parsed[text] = json.dumps(value) if isinstance(value, dict | list) else value
        return parsed[text]

    return lifted


def attribute_getter(values: Mapping[str, str]) -> Callable[[Event], Any]:
    """Return the function that looks an event's touchpoint up."""
    look_up = values.get
    return lambda event: look_up(event.touchpoint) if event.touchpoint is not None else None


class Chunk(Protocol):
    """Events, some of which can be had as a chunk again.

    Attributes:
        items: what stands for each event; it is told from others by `id`.
    """

    items: list[Any]

    def column(self, name: str) -> Sequence[Any]:
        """Return the values of a column, or of a property, in the order of the items."""
        ...

    def of(self, items: list[Any]) -> Self:
        """Return the chunk of some of the items."""
        ...

    def events(self) -> list[Event]:
        """Return the events themselves."""
        ...


class Objects:
    """Events as objects; the items are they themselves."""

    __slots__ = ("items",)

    def __init__(self, items: list[Event]) -> None:
        """Hold the events."""
        self.items = items

    def column(self, name: str) -> list[Any]:
        """Return the values of a column."""
        return list(map(getter(name), self.items))

    def of(self, items: list[Event]) -> Objects:
        """Return some of them."""
        return Objects(items)

    def events(self) -> list[Event]:
        """Return them all."""
        return self.items


class Columns:
    """Events as columns; the items are the places in them."""

    __slots__ = ("_of", "_whole", "items")

    def __init__(self, of: _Joined, items: list[int], *, whole: bool = False) -> None:
        """Take the columns and places in them."""
        self._of = of
        self.items = items
        self._whole = whole

    def column(self, name: str) -> Sequence[Any]:
        """Return the values of a column."""
        if name not in FIELDS:
            return list(map(_lifter(name), self.column("properties")))
        values = self._of.column(name)
        if self._whole:
            return values
        # An itemgetter takes half the time of a comprehension, and gives no tuple where it is asked for one alone.
        return itemgetter(*self.items)(values) if len(self.items) > 1 else [values[place] for place in self.items]

    def of(self, items: list[int]) -> Columns:
        """Return those at some of the places."""
        return Columns(self._of, items)

    def events(self) -> list[Event]:
        """Return them as objects."""
        return Block(len(self.items), {name: self.column(name) for name in COLUMNS}).events()


class _Joined:
    """Several blocks as one; a column is put together when it is asked for."""

    __slots__ = ("_blocks", "_found")

    def __init__(self, blocks: list[Block]) -> None:
        self._blocks = blocks
        self._found: dict[str, Sequence[Any]] = {}

    def column(self, name: str) -> Sequence[Any]:
        found = self._found.get(name)
        if found is None:
            columns = [block.column(name) for block in self._blocks]
            found = self._found[name] = columns[0] if len(columns) == 1 else list(chain.from_iterable(columns))
        return found


def chunks_of(events: Iterable[Event], *, join: bool) -> Iterator[Chunk]:
    """Give events in chunks.

    Args:
        events: the events.
        join: whether blocks are put together: worth it where they are split into many batches, whose number counts
            then; else it is better that a block is counted while the processor has it at hand.

    Raises:
        InvalidValueError: something among the events isn't one.
    """
    if isinstance(events, list | tuple):
        for at in range(0, len(events), _IN_MEMORY):
            yield _objects(list(events[at : at + _IN_MEMORY]))
        return
    objects: list[Event] = []
    blocks: list[Block] = []
    held = 0
    for part in parts_of(events):
        if isinstance(part, list):
            objects += part
            if len(objects) >= TOGETHER:
                yield _objects(objects)
                objects = []
            continue
        blocks.append(part)
        held += part.n
        del part
        if not join or held >= TOGETHER:
            yield Columns(_Joined(blocks), list(range(held)), whole=True)
            blocks, held = [], 0
    if objects:
        yield _objects(objects)
    if blocks:
        yield Columns(_Joined(blocks), list(range(held)), whole=True)


def _objects(events: list[Event]) -> Objects:
    if set(map(type, events)) != {Event}:
        wrong = next(thing for thing in events if type(thing) is not Event)
        raise InvalidValueError("data", wrong, "isn't an Event: make one with cxkit.event(…)")
    return Objects(events)
