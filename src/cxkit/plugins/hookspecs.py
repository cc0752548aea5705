"""The whole contract between cxkit and its plugins, as pluggy hooks.

A plugin is a distribution named ``cxkit-x`` with a module ``cxkit_x`` and an entry point of the group ``cxkit``::

    [project.entry-points.cxkit]
    x = "cxkit_x"

The module implements any of the functions below, each marked with ``@cxkit.hookimpl``. Built-in metrics and instruments
come through the same hooks. A module that brings adapters alone has its entry point in the group ``cxkit.adapters``,
and is imported when somebody asks for an adapter rather than for a metric.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from collections.abc import Callable

    from cxkit.adapters import Adapter
    from cxkit.metrics import Metric
    from cxkit.model.instrument import Instrument

hookspec = pluggy.HookspecMarker("cxkit")
hookimpl = pluggy.HookimplMarker("cxkit")


@hookspec
def cxkit_register_metrics(register: Callable[[Callable[..., Metric]], None]) -> None:
    """Register metrics: call `register` with each metric's factory.

    The factory's name becomes the metric's, its arguments become its options, and the first line of its docstring
    describes it in ``cxkit metrics``.
    """


@hookspec
def cxkit_register_instruments(register: Callable[[Instrument], None]) -> None:
    """Register instruments: call `register` with each scale that answers may be given on."""


@hookspec
def cxkit_register_adapters(register: Callable[[type[Adapter]], None]) -> None:
    """Register adapters: call `register` with each adapter's class, which `cxkit.adapters.Adapter` describes.

    The class is made with its settings and a `Wire` when somebody pulls, pushes or receives.
    """
