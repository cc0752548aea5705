"""The conformance suite of adapters: three lines in a plugin's tests, and a wrong adapter can't pass."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import pytest

from cxkit.store import open_store
from cxkit.testing.changing import Changing
from cxkit.testing.enduring import Enduring
from cxkit.testing.reading import Reading
from cxkit.testing.stage import PAUSE, Stage, let
from cxkit.testing.telling import Telling
from cxkit.testing.weather import Weather

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cxkit.store import Store
    from cxkit.testing.source import Source

_ELSEWHERE: Final = "Asia/Kathmandu"  # a quarter of an hour off, so that no server shares it


class AdapterSuite(Changing, Telling, Enduring, Reading):  # pytest runs the last one's tests first
    """What every adapter has to stand.

    A plugin's tests have a fixture ``source``, of the scope of a class or wider, which returns a `Source`, and a
    subclass::

        @pytest.fixture(scope="module")
        def source(till): return TillSource(till)

        class TestTill(AdapterSuite): ...

    The tests let things happen at the source, pull through weather of their making into a store of their own, and
    compare what it then holds with what the source says by itself. What a vendor can't do is skipped with the reason
    that the source gives.
    """

    @pytest.fixture(scope="class")
    @classmethod
    def stocked(cls, source: Source) -> Source:
        """Return the source with records of every kind, some of them at one time, and none of them fresh."""
        let(source, "sell")
        source.wait(PAUSE)  # so that these lie behind a cursor that the others moved
        for deed in ("at_once", "refund", "hide", "merge"):
            if deed not in source.impossible:
                let(source, deed)
        source.wait(PAUSE / 2)
        return source

    @pytest.fixture(scope="class")
    @classmethod
    def stage(cls, stocked: Source, tmp_path_factory: pytest.TempPathFactory) -> Stage:
        """Return the source, and a store that follows it."""
        return Stage(stocked, tmp_path_factory.mktemp("stage"))

    @pytest.fixture
    def weather(self, source: Source) -> Iterator[Weather]:
        """Return the weather between adapter and source."""
        made = Weather(source.inner)
        yield made
        made.close()

    @pytest.fixture
    def store(self) -> Iterator[Store]:
        """Return an empty store."""
        with open_store(":memory:") as made:
            yield made

    @pytest.fixture(autouse=True)
    def _elsewhere(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        """Run in a zone that no vendor is in: whoever reads a time without its zone is found out."""
        if not hasattr(time, "tzset"):
            yield
            return
        monkeypatch.setenv("TZ", _ELSEWHERE)
        time.tzset()
        yield
        monkeypatch.undo()
        time.tzset()
