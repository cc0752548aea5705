"""Plugins are found by entry point, loaded on first need, one by one, each guarded: a broken one is named."""

from __future__ import annotations

import warnings
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import attrs
import pluggy

from cxkit.errors import InvalidValueError, PluginError, UnknownNameError
from cxkit.metrics import Catalogue, Metric
from cxkit.model.instrument import Instrument, Instruments
from cxkit.plugins import built_in, hookspecs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from importlib.metadata import EntryPoint

    from cxkit.adapters import Adapter

GROUP = "cxkit"
ADAPTERS = "cxkit.adapters"
_HOOKS = {GROUP: tuple(name for name in vars(hookspecs) if name.startswith("cxkit_"))}
_HOOKS[ADAPTERS] = ("cxkit_register_adapters",)


class BrokenPluginWarning(UserWarning):
    """A plugin couldn't be used; the others work."""


@attrs.frozen
class Registry:
    """What all plugins brought together.

    Attributes:
        catalogue: the metrics.
        instruments: the scales.
        plugins: the names of the plugins that work, built-in first; the others are named by distribution and entry
            point, such as ``cxkit-x:x``.
        broken: name → why a plugin doesn't work.
        adapters: name → the class of an adapter.
    """

    catalogue: Catalogue
    instruments: Instruments
    plugins: tuple[str, ...]
    broken: dict[str, PluginError]
    adapters: Mapping[str, type[Adapter]] = attrs.field(factory=dict)


@lru_cache(maxsize=2)
def registry(*, adapters: bool = False) -> Registry:
    """Return what is registered, loading plugins on the first call; each broken one is warned of once.

    Args:
        adapters: whether the plugins of the group ``cxkit.adapters`` are loaded too: they call vendors and bring no
            metric, so whoever looks a metric up doesn't wait for them.

    >>> "nps" in registry().catalogue.factories
    True
    """
    known = registry() if adapters else load([("built-in", lambda: built_in)])
    made = load(_found(ADAPTERS if adapters else GROUP), known, _HOOKS[ADAPTERS if adapters else GROUP])
    for name in made.broken.keys() - known.broken.keys():
        warnings.warn(str(made.broken[name]), BrokenPluginWarning, stacklevel=2)
    return made


def _found(group: str) -> list[tuple[str, Callable[[], Any]]]:
    from importlib.metadata import entry_points  # reads files: only when plugins are needed

    # Sorted, so that of two plugins that claim one name the same one wins everywhere.
    return sorted(((_name(point), point.load) for point in entry_points(group=group)), key=itemgetter(0))


def _name(point: EntryPoint) -> str:
    """Return the name of a plugin, with that of the distribution that one may have to remove."""
    return f"{point.dist.name}:{point.name}" if point.dist else point.name


def load(
    plugins: Iterable[tuple[str, Callable[[], Any]]],
    known: Registry | None = None,
    hooks: Sequence[str] = _HOOKS[GROUP],
) -> Registry:
    """Return the registry of named plugins, each given by the function that imports it.

    A plugin that fails, at import or in a hook, brings nothing: what it registered before it failed is dropped.

    Args:
        plugins: names, and what imports each.
        known: what is registered before them.
        hooks: what they may implement.
    """
    made = (
        Registry(Catalogue(), Instruments(), (), {}) if known is None else attrs.evolve(known, broken={**known.broken})
    )
    for name, importer in plugins:
        try:
            made = _with_plugin(made, name, importer(), hooks)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a plugin raises mustn't stop the others
            reason = " ".join(str(error).split())  # some of pluggy's reasons take several lines
            problem = PluginError(f"plugin {name!r} is broken and was left out: {type(error).__name__}: {reason}")
            problem.__cause__ = error
            made.broken[name] = problem
    return made


def _with_plugin(
    made: Registry,
    name: str,
    plugin: Any,  # noqa: ANN401 - a module or an object
    hooks: Sequence[str],
) -> Registry:
    # A manager for each, so that the hooks of one can fail alone.
    manager = pluggy.PluginManager(hookspecs.hookspec.project_name)
    manager.add_hookspecs(hookspecs)
    manager.register(plugin, name)
    _check_hooks(manager, plugin, hooks)
    catalogue, instruments, adapters = made.catalogue, made.instruments, dict(made.adapters)

    def add_metric(factory: Any) -> None:  # noqa: ANN401 - checked here
        nonlocal catalogue
        metric = factory()  # a factory must make its metric without arguments
        if not isinstance(metric, Metric):
            raise InvalidValueError("metric", metric, f"isn't a Metric, which {factory.__name__} must return")
        if metric.name != factory.__name__:
            raise InvalidValueError("metric", metric.name, f"isn't the name of its factory, {factory.__name__}")
        catalogue = catalogue.with_factory(factory)

    def add_instrument(instrument: Any) -> None:  # noqa: ANN401 - checked here
        nonlocal instruments
        if not isinstance(instrument, Instrument):
            raise InvalidValueError("instrument", instrument, "isn't an Instrument")
        if instrument.name in instruments:
            raise InvalidValueError("instrument", instrument.name, "is registered already: give yours another name")
        instruments = instruments.add(instrument)

    def add_adapter(adapter: Any) -> None:  # noqa: ANN401 - checked here
        # Only a plugin with an adapter loads what calls vendors.
        from cxkit.adapters.contract import check_adapter

        check_adapter(adapter)
        if adapter.name in adapters:
            raise InvalidValueError("adapter", adapter.name, "is registered already: give yours another name")
        adapters[adapter.name] = adapter

    manager.hook.cxkit_register_metrics(register=add_metric)
    manager.hook.cxkit_register_instruments(register=add_instrument)
    manager.hook.cxkit_register_adapters(register=add_adapter)
    return attrs.evolve(
        made, catalogue=catalogue, instruments=instruments, adapters=adapters, plugins=(*made.plugins, name)
    )


def _check_hooks(manager: pluggy.PluginManager, plugin: Any, known: Sequence[str]) -> None:  # noqa: ANN401 - as above
    """Refuse a plugin that would silently do nothing: one whose hook is misspelt, not marked, or not its group's."""
    callers = manager.get_hookcallers(plugin) or []
    for caller in callers:
        if caller.name not in known:
            raise UnknownNameError("hook", caller.name, known)
    if not callers:
        message = f"it has no hook: mark one with @cxkit.hookimpl. There is: {', '.join(known)}"
        raise PluginError(message)
