"""``cxkit engines``: which engine computes which statistic."""

from __future__ import annotations

from importlib.util import find_spec

import click


@click.command()
def engines() -> None:
    """Show what each engine computes.

    An engine that isn't installed is named beneath the table.
    """
    from cxkit.cli.tables import print_grids
    from cxkit.engines import ENGINES, capabilities
    from cxkit.report.grid import Grid

    able = capabilities()
    statistics = sorted(set().union(*able.values()))
    lines = tuple(
        (statistic, tuple("yes" if statistic in able[engine] else "–" for engine in able)) for statistic in statistics
    )
    missing = {name: engine for name, engine in ENGINES.items() if engine.module and find_spec(engine.module) is None}
    notes = [f"{name} isn't installed: pip install 'cxkit[{engine.extra}]'" for name, engine in missing.items()]
    print_grids([Grid("", "statistic", tuple(able), lines)], notes)
