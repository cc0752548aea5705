"""``cxkit recipes``: how exports of other programs are read."""

from __future__ import annotations

import click


@click.command()
@click.argument("name", required=False, metavar="[RECIPE]")
def recipes(name: str | None) -> None:
    """List the recipes that come with cxkit, or print one.

    A recipe says how the lines of an export become events. To write one of your own print the nearest into a file,
    change it, and name the file: cxkit score orders.csv --recipe shop.toml.
    """
    from cxkit.cli.failures import blaming_usage
    from cxkit.cli.tables import print_data, print_grids
    from cxkit.recipes import load, names, shipped
    from cxkit.report.grid import Grid

    if name is not None:
        with blaming_usage():
            print_data(shipped(name))
        return
    lines = tuple((each, (load(each).title, ", ".join(load(each).gives()))) for each in names())
    print_grids([Grid("", "recipe", ("reads", "gives"), lines)])
