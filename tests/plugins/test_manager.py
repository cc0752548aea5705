from __future__ import annotations

import re
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

import cxkit
from cxkit import Estimate, Instrument, Metric, hookimpl
from cxkit.errors import InvalidValueError, PluginError, UnknownNameError
from cxkit.metrics import BUILT_IN, Given, factory, nps
from cxkit.model.instrument import INSTRUMENTS
from cxkit.plugins import BrokenPluginWarning, Registry, built_in, hookspecs, registry
from cxkit.plugins.manager import load
from cxkit.stats import Moments, MomentsState, Where

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path


@factory
def visits(*, channel: str = "web") -> Metric:
    """Visits of a channel."""

    def formula(states: Mapping[str, MomentsState], given: Given) -> Estimate:
        state = states["visits"]
        return Estimate(state.n + state.nulls, level=given.level, n=state.n + state.nulls, unit="count")

    needs = {"visits": Moments(Where(kind="visit.started", channel=channel), of="duration_us")}
    return Metric("visits", "Visits", "count", "higher", needs, formula, "a count")


SMILEY = Instrument(name="smiley", title="Smileys", low=1, high=3)


def plugin(**functions: Callable[..., object]) -> Callable[[], ModuleType]:
    """Return what imports a module with these functions, each a hook's implementation."""
    module = ModuleType("cxkit_x")
    for name, function in functions.items():
        setattr(module, name, hookimpl(function))
    return lambda: module


def with_metrics(*factories: Any) -> Callable[[], ModuleType]:
    """Return what imports a module that registers these metrics."""

    def implementation(register: Callable[[Any], None]) -> None:
        for made in factories:
            register(made)

    return plugin(cxkit_register_metrics=implementation)


def with_instruments(*instruments: Any) -> Callable[[], ModuleType]:
    """Return what imports a module that registers these instruments."""

    def implementation(register: Callable[[Any], None]) -> None:
        for instrument in instruments:
            register(instrument)

    return plugin(cxkit_register_instruments=implementation)


def raising(error: BaseException) -> Callable[[], ModuleType]:
    """Return what imports a module that can't be imported."""

    def importer() -> ModuleType:
        raise error

    return importer


def beside(importer: Callable[[], ModuleType]) -> Registry:
    """Return the registry of the built-ins, a plugin, and another one after it."""
    return load([("built-in", lambda: built_in), ("broken", importer), ("good", with_metrics(visits))])


def test_built_ins_come_through_the_hooks() -> None:
    """The built-in metrics and instruments are registered by hooks, and by nothing else."""
    found = load([("built-in", lambda: built_in)])

    assert tuple(found.catalogue.factories.values()) == BUILT_IN
    assert found.instruments == INSTRUMENTS
    assert (found.plugins, found.broken) == (("built-in",), {})
    assert not load([]).catalogue.factories


def test_every_built_in_implements_a_hook() -> None:
    """Each function of the built-ins named like a hook is one; adapters are other distributions' alone."""
    names = {name for name in vars(built_in) if name.startswith("cxkit_")}

    known = {name for name in vars(hookspecs) if name.startswith("cxkit_")}
    assert names == known - {"cxkit_register_adapters"}


def test_plugins_come_after_the_built_ins() -> None:
    """What plugins bring is there beside the built-ins, by name and with options."""
    found = load([("built-in", lambda: built_in), ("a", with_metrics(visits)), ("b", with_instruments(SMILEY))])

    assert found.plugins == ("built-in", "a", "b")
    assert found.catalogue.metric("visits[channel=app]").label == "visits[channel=app]"
    assert found.instruments.get("smiley") is SMILEY


def test_one_plugin_may_bring_both() -> None:
    """A plugin may implement any of the hooks, and may leave arguments that it doesn't need."""

    def nothing() -> None:
        """Register nothing."""

    def smiley(register: Callable[[Instrument], None]) -> None:
        register(SMILEY)

    found = load([("x", plugin(cxkit_register_metrics=nothing, cxkit_register_instruments=smiley))])

    assert (found.plugins, "smiley" in found.instruments) == (("x",), True)


@factory
def needs_an_argument(target: str) -> Metric:
    """Make nothing without being told what."""
    return visits(channel=target)


def no_metric() -> str:
    """Return what isn't a metric."""
    return "visits"


def other_name() -> Metric:
    """Return a metric under a name that isn't the factory's."""
    return visits()


def impolite(register: Callable[[Any], None]) -> None:
    """Register something, then fail."""
    register(visits)
    raise RuntimeError("out of order")


def misspelt(registre: Callable[[Any], None]) -> None:
    """Take an argument that no hook gives."""


@pytest.mark.parametrize(
    ("importer", "reason"),
    [
        pytest.param(raising(ModuleNotFoundError("No module named 'numpy'")), "No module named 'numpy'", id="import"),
        pytest.param(raising(SyntaxError("invalid syntax")), "invalid syntax", id="syntax"),
        pytest.param(raising(SystemExit("bye")), "SystemExit: bye", id="exit"),
        pytest.param(plugin(cxkit_register_metrics=impolite), "RuntimeError: out of order", id="hook raises"),
        pytest.param(plugin(cxkit_register_metric=impolite), "mean 'cxkit_register_metrics'?", id="unknown hook"),
        pytest.param(plugin(cxkit_register_metrics=misspelt), "registre", id="unknown argument"),
        pytest.param(lambda: ModuleType("cxkit_x"), "mark one with @cxkit.hookimpl", id="no hook"),
        pytest.param(with_metrics(visits, nps), "'nps' is registered already", id="metric of a built-in"),
        pytest.param(with_metrics(needs_an_argument), "argument: 'target'", id="factory with an argument"),
        pytest.param(with_metrics(no_metric), "'visits' isn't a Metric, which no_metric must", id="no metric"),
        pytest.param(with_metrics(other_name), "'visits' isn't the name of its factory, other_name", id="other name"),
        pytest.param(with_metrics(7), "TypeError", id="no factory"),
        pytest.param(with_instruments(SMILEY, INSTRUMENTS["nps"]), "'nps' is registered already", id="instrument"),
        pytest.param(with_instruments("smiley"), "'smiley' isn't an Instrument", id="no instrument"),
    ],
)
def test_broken_plugin_is_named_and_left_out(importer: Callable[[], ModuleType], reason: str) -> None:
    """A plugin that fails anywhere brings nothing, is named with the reason, and the rest works."""
    found = beside(importer)

    assert found.plugins == ("built-in", "good")
    assert list(found.catalogue.factories) == [*(made.__name__ for made in BUILT_IN), "visits"]
    assert found.instruments == INSTRUMENTS
    (error,) = found.broken.values()
    assert isinstance(error, PluginError)
    assert str(error).startswith("plugin 'broken' is broken and was left out: ")
    assert reason in str(error)
    assert "\n" not in str(error)
    assert isinstance(error.__cause__, BaseException)


def test_interrupt_is_not_swallowed() -> None:
    """Whoever presses Ctrl-C while a plugin loads means the program."""
    with pytest.raises(KeyboardInterrupt):
        beside(raising(KeyboardInterrupt()))


def test_first_of_two_metrics_with_one_name_wins() -> None:
    """Of two plugins that claim one name the second is left out."""
    found = load([("a", with_metrics(visits)), ("b", with_metrics(visits))])

    assert (found.plugins, list(found.broken)) == (("a",), ["b"])


def test_instrument_of_a_plugin_is_checked() -> None:
    """An answer off the scale of a registered instrument is refused, as for a built-in one."""
    found = load([("x", with_instruments(SMILEY))])

    with cxkit.connect(":memory:", instruments=found.instruments) as cx:
        assert cx.answer("smiley", 3).score == 3
        with pytest.raises(InvalidValueError, match="outside the scale of 'smiley'"):
            cx.answer("smiley", 4)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Return what installs plugins by name and source, to be found by the registry of this process."""

    def install(name: str, source: str, group: str = "cxkit") -> None:
        info = tmp_path / f"cxkit_{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: cxkit-{name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[{group}]\n{name} = cxkit_{name}\n")
        (tmp_path / f"cxkit_{name}.py").write_text(source)
        names.append(f"cxkit_{name}")

    names: list[str] = []
    monkeypatch.syspath_prepend(tmp_path)
    registry.cache_clear()
    yield install
    registry.cache_clear()
    for module in names:
        sys.modules.pop(module, None)


def test_broken_distribution_is_warned_of_once(installed: Callable[..., None]) -> None:
    """The registry warns of a broken distribution by name when it is first needed, and then works."""
    installed("broken", "import there_is_no_such_module\n")
    installed("empty", "from cxkit import hookimpl\n@hookimpl\ndef cxkit_register_metrics(register): pass\n")

    with pytest.warns(BrokenPluginWarning, match=re.escape("'cxkit-broken:broken' is broken")) as caught:
        card = cxkit.score([cxkit.event("order.placed", reference="o-1")], "orders")
    assert len(caught) == 1
    assert card.get("orders").value == 1
    assert "cxkit-empty:empty" in registry().plugins
    assert list(registry().broken) == ["cxkit-broken:broken"]


def test_plugins_are_not_loaded_for_a_metric_at_hand(installed: Callable[..., None]) -> None:
    """A metric that is handed over needs no plugin; a name does."""
    installed("trap", "raise RuntimeError('loaded')\n")
    orders = [cxkit.event("order.placed", reference="o-1")]

    assert cxkit.score(orders, cxkit.metrics.orders()).get("orders").value == 1
    assert "cxkit_trap" not in sys.modules
    with pytest.warns(BrokenPluginWarning, match="RuntimeError: loaded"):
        cxkit.score(orders, "orders")


def test_adapters_are_not_loaded_for_a_metric(installed: Callable[..., None]) -> None:
    """A plugin of the group of adapters is imported when an adapter is asked for, and warned of then."""
    installed("trap", "raise RuntimeError('loaded')\n", "cxkit.adapters")
    orders = [cxkit.event("order.placed", reference="o-1")]

    assert cxkit.score(orders, "orders").get("orders").value == 1
    assert "cxkit_trap" not in sys.modules
    with pytest.warns(BrokenPluginWarning, match="RuntimeError: loaded") as caught:
        assert list(registry(adapters=True).broken) == ["cxkit-trap:trap"]
    assert len(caught) == 1
    assert registry().broken == {}


def test_a_metric_among_adapters_is_refused(installed: Callable[..., None]) -> None:
    """A plugin whose metrics nobody would find says so, instead of bringing them sometimes."""
    source = "from cxkit import hookimpl\n@hookimpl\ndef cxkit_register_metrics(register): pass\n"
    installed("mixed", source, "cxkit.adapters")

    with pytest.warns(BrokenPluginWarning, match="unknown hook 'cxkit_register_metrics'"):
        registry(adapters=True)


def test_unknown_metric_lists_those_of_plugins(installed: Callable[..., None]) -> None:
    """The names suggested for a misspelt one include those of plugins."""
    source = """
from cxkit import Estimate, Metric, hookimpl

def returns_rate():
    return Metric("returns_rate", "Returns", "share", "lower", {}, lambda states, given: Estimate(None), "here")

@hookimpl
def cxkit_register_metrics(register):
    register(returns_rate)
"""
    installed("returns", source)

    with pytest.raises(UnknownNameError, match="did you mean 'returns_rate'"):
        cxkit.score([], "return_rate")
