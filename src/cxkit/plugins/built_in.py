"""What cxkit brings itself, through the same hooks as everybody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cxkit.metrics import BUILT_IN
from cxkit.model.instrument import INSTRUMENTS
from cxkit.plugins.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable

    from cxkit.metrics import Metric
    from cxkit.model.instrument import Instrument


@hookimpl
def cxkit_register_metrics(register: Callable[[Callable[..., Metric]], None]) -> None:
    """Register the built-in metrics."""
    for factory in BUILT_IN:
        register(factory)


@hookimpl
def cxkit_register_instruments(register: Callable[[Instrument], None]) -> None:
    """Register the built-in instruments."""
    for instrument in INSTRUMENTS.values():
        register(instrument)
