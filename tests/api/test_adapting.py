from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import pytest
from till_source import PASSWORD

from cxkit.adapters import Wire
from cxkit.api import adapting
from cxkit.api.adapting import adapter, opened, store_of
from cxkit.api.workspace import Workspace
from cxkit.errors import InvalidValueError, UnknownNameError, UnsupportedError
from cxkit.plugins import hookimpl
from cxkit.plugins.manager import load
from cxkit.store import open_store
from cxkit_till.adapter import TillAdapter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class _Closing(TillAdapter):
    """An adapter that is closed."""

    closed = 0

    def close(self) -> None:
        """Count."""
        _Closing.closed += 1
        self.http.close()


class _Plugin:
    @hookimpl
    def cxkit_register_adapters(self, register: Any) -> None:
        """Bring the tills."""
        register(_Closing)


@pytest.fixture(autouse=True)
def _installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Have the tills' plugin, and no project but a test's own."""
    made = load([("till", _Plugin)])
    monkeypatch.setattr(adapting, "registry", lambda **_: made)
    monkeypatch.chdir(tmp_path)
    _Closing.closed = 0
    return


def test_an_adapter_is_made_by_name() -> None:
    """Settings come from arguments, and the way to the vendor with them."""
    made: Any = adapter("till", url="http://localhost:1", password=PASSWORD, allow_private="yes")

    assert (made.source, made.http.wire.allow_private) == ("till:localhost:1", True)


@pytest.mark.parametrize("value", ["perhaps", 7, ""])
def test_a_mistyped_word_admits_nothing(value: object) -> None:
    """Whether private addresses may be called is yes or no, and nothing else."""
    with pytest.raises(InvalidValueError, match=r"^till\.allow_private: "):
        adapter("till", url="http://localhost:1", password=PASSWORD, allow_private=value)


def test_private_addresses_are_not_admitted_by_default() -> None:
    """Without a word about it they aren't; a wire that is given says it itself."""
    with pytest.raises(InvalidValueError, match="isn't https"):
        adapter("till", url="http://localhost:1", password=PASSWORD)

    wire = Wire(allow_private=True)
    made: Any = adapter("till", wire=wire, url="http://localhost:1", password=PASSWORD)
    assert made.http.wire is wire


def test_the_project_sets_adapters(tmp_path: Path) -> None:
    """``[adapters.till]`` of the project that is given, or the nearest, is read."""
    (tmp_path / "cx.toml").write_text("[adapters.till]\nurl = 'http://localhost:2'\nallow_private = true\n", "utf-8")
    other = tmp_path / "other.toml"
    other.write_text("[adapters.till]\nurl = 'https://other.example'\n", "utf-8")

    assert adapter("till", password=PASSWORD).source == "till:localhost:2"
    assert adapter("till", password=PASSWORD, project=other).source == "till:other.example"


def test_an_adapter_that_there_is_not_is_suggested() -> None:
    """A name mistyped is named with what there is."""
    with pytest.raises(UnknownNameError, match="unknown adapter 'tll'; did you mean 'till'"):
        adapter("tll")


def test_where_only_broken_plugins_are_they_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever misses an adapter is told that its plugin couldn't be loaded."""

    def broken() -> Any:
        raise RuntimeError("no such library")

    made = load([("cxkit-till:till", broken)])
    monkeypatch.setattr(adapting, "registry", lambda **_: made)

    with pytest.raises(UnsupportedError, match=r"plugin 'cxkit-till:till' is broken .*no such library"):
        adapter("till")


def test_what_is_opened_here_is_closed_here() -> None:
    """An adapter that was named is closed, also after an error; one that was given isn't."""

    def fail() -> None:
        with opened("till", {"url": "https://a.example", "password": PASSWORD}):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert _Closing.closed == 1
    with opened(adapter("till", url="https://a.example", password=PASSWORD), {}):
        pass
    assert _Closing.closed == 1


def test_stores_are_opened_where_they_are_named(tmp_path: Path) -> None:
    """A path is opened and closed; a store and a workspace stay open."""
    with store_of(tmp_path / "shop.db") as made:
        assert len(made) == 0
    with open_store(":memory:") as store:
        with store_of(store) as same:
            assert same is store
        with store_of(Workspace(store)) as same:
            assert same is store
        assert len(store) == 0


def test_settings_are_those_of_the_class() -> None:
    """The settings of an adapter are an attrs class's: none is made up."""
    assert {field.name for field in attrs.fields(TillAdapter.Config)} == {"url", "password", "hook_secret"}
    with pytest.raises(UnknownNameError, match="unknown setting of till 'urls'"):
        adapter("till", urls="https://a.example")
