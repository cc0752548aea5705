"""What the suite's tests are made of: a source on which things happen, and a store that follows it."""

from __future__ import annotations

import shutil
import time
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs
import pytest

from cxkit.adapters import State
from cxkit.api.pull import pull
from cxkit.store import open_store
from cxkit.testing.account import check

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from cxkit.api.pull import Pulled
    from cxkit.model.event import Event
    from cxkit.store import Report, Store
    from cxkit.testing.source import Deed, Fact, Source
    from cxkit.testing.weather import Weather

_MARGIN_US: Final = 1_500_000  # a clock's step, and what it takes to answer
PAUSE: Final = 3.0
"""Seconds: twice as much, so that what was made before lies behind a cursor."""


class KilledError(BaseException):
    """The process is gone."""


class Stage:
    """A source, and a store that is pulled into whenever the source tells something else.

    To read all of a live source takes seconds. A test that needs a store which holds all of it gets a copy, whatever
    it then does to that.

    Attributes:
        source: the source.
        calls: how many calls it took to read all.
        pages: in how many pages, by stream.
    """

    def __init__(self, source: Source, folder: Path) -> None:
        """Read nothing yet."""
        self.source = source
        self.calls = 0
        self.pages: dict[str, int] = {}
        self._folder = folder
        self._copies = count(1)
        self._told: list[str] | None = None
        self._touched = time.monotonic()

    @contextmanager
    def held(self, weather: Weather) -> Iterator[Store]:
        """Give a store of the test's own that holds all that the source tells by now."""
        place = self._folder / "held.db"
        told = _sorted(self.source.facts())
        if told != self._told:
            before = weather.calls
            with open_store(place) as store:
                pulled = pull_all(self.source, weather, store)
            if self._told is None:
                self.calls = weather.calls - before
                self.pages = {each.stream.name: each.pages for each in pulled.streams}
            self._told = told
        with open_store(self._copy_of(place)) as store:
            yield store

    def sees(self, weather: Weather, deed: Deed) -> None:
        """Let something happen, pull from a cursor that stands shortly before it, and compare."""
        source, place = self.source, self._folder / "held.db"
        with self.held(weather):
            self.settle()
        told = self._told
        self.let(deed)
        after = list(source.facts())
        assert _sorted(after) != told, f"`{deed}` changed nothing that the source tells"
        follower = self._copy_of(place)
        with open_store(follower) as store:
            # The lookback is there for what becomes visible late; it must not hide a wrong cursor.
            moved = move_states(source, weather, store, without_lookback)
            pull_all(source, weather, store)
            check(after, store.events(), f"after {deed}")
            for name, (before, then) in moved.items():
                now = store.state(name)
                if State.loads(now).cursor == State.loads(then).cursor:  # nothing came that moved it on
                    store.advance(name, [], before, before=now)
        follower.replace(place)
        self._told = _sorted(after)

    def let(self, deed: Deed) -> None:
        """Let something happen that the source then tells."""
        let(self.source, deed)
        self._touched = time.monotonic()

    def let_go(self, deed: Deed) -> None:
        """Let something happen of which no store can know; the next is read anew."""
        self.let(deed)
        self._told = None
        (self._folder / "held.db").unlink(missing_ok=True)

    def settle(self) -> None:
        """Wait until the last thing that happened is of another second than what happens next."""
        left = self._touched + PAUSE / 2 - time.monotonic()
        if left > 0:
            self.source.wait(left)

    def _copy_of(self, place: Path) -> Path:
        return Path(shutil.copy(place, self._folder / f"copy-{next(self._copies)}.db"))


def _sorted(facts: Iterable[Fact]) -> list[str]:
    return sorted(map(str, facts))


class Mortal:
    """A store that keeps so many pages; with the next one in its hands its process is killed."""

    def __init__(self, store: Store, *, pages: int) -> None:
        """Take a store, and say how many pages it keeps."""
        self._store = store
        self._pages = pages

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - all that a store does
        """Return what the store has."""
        return getattr(self._store, name)

    def advance(self, pull: str, events: Iterable[Event], state: str, *, before: str | None) -> Report:
        """Keep a page, or die."""
        if not self._pages:
            raise KilledError
        self._pages -= 1
        return self._store.advance(pull, events, state, before=before)


def pull_all(source: Source, weather: Weather, store: Any, **options: Any) -> Pulled:  # noqa: ANN401 - a store, or one that dies
    """Pull through a new adapter, as a new process would; every record and stream must be taken."""
    pulled = pull(source.adapter(weather.wire()), store, identity="raw", **options)
    assert not pulled.errors, pulled.errors
    assert not pulled.rejected, [reject for each in pulled.streams for reject in each.rejects]
    return pulled


def possible(source: Source, deed: str) -> None:
    """Skip what the vendor has no such thing as."""
    if deed in source.impossible:
        pytest.skip(f"{deed}: {source.impossible[deed]}")


def let(source: Source, deed: Deed) -> None:
    """Let something happen, or skip."""
    possible(source, deed)
    source.do(deed)


def move_states(
    source: Source, weather: Weather, store: Store, move: Callable[[State], State]
) -> dict[str, tuple[str, str]]:
    """Change where a store's pulls stand, and return where each stood and stands, by its name."""
    adapter = source.adapter(weather.wire())
    moved = {}
    for stream in adapter.streams():
        name = f"{adapter.source} {stream.name}"
        before = store.state(name)
        then = move(State.loads(before)).dumps()
        store.advance(name, [], then, before=before)
        moved[name] = (before or State().dumps(), then)
    return moved


def without_lookback(state: State) -> State:
    """Return the state as it will be once more than the lookback has gone by without a change."""
    if state.cursor is None or state.lookback <= _MARGIN_US:
        return state
    return attrs.evolve(state, cursor=state.cursor + state.lookback - _MARGIN_US)


def in_a_day(state: State) -> State:
    """Return the state as it would be if the last change were of tomorrow."""
    day = 86_400_000_000
    now = int(time.time() * 1_000_000)
    return state if state.cursor is None else attrs.evolve(state, cursor=now + day + state.lookback, seen_at_cursor={})
