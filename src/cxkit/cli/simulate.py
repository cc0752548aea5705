"""``cxkit simulate``: a year of a shop that doesn't exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cxkit.cli.options import OUTPUT, WRITE_FORMATS

if TYPE_CHECKING:
    from datetime import datetime

    from cxkit.files import WriteFormat


@click.command()
@click.option("--seed", type=click.IntRange(min=0), default=7, show_default=True, help="Another seed, another shop.")
@click.option("--customers", type=click.IntRange(min=0), default=2000, show_default=True, help="How many customers.")
@click.option("--days", type=click.IntRange(min=0), default=365, show_default=True, help="How many days.")
@click.option(
    "--start",
    type=click.DateTime(["%Y-%m-%d"]),
    default="2025-01-01",
    show_default=True,
    metavar="YYYY-MM-DD",
    help="The first day.",
)
@click.option("--out", "file", default="-", type=OUTPUT, metavar="FILE", help="The file. [default: standard output]")
@click.option(
    "--format", "form", type=click.Choice(WRITE_FORMATS), help="What to write. [default: as FILE is named, else csv]"
)
def simulate(*, file: str, form: WriteFormat | None, start: datetime, **size: int) -> None:
    """Write the events of a simulated shop.

    It has a web shop, an app, stores and a service desk. Nobody in it is real: each event's source is simulated-shop.
    The same options give the same events everywhere.
    """
    from cxkit.cli.export import write
    from cxkit.cli.failures import blaming_usage
    from cxkit.simulate import simulate_shop

    with blaming_usage():
        events = simulate_shop(start=start.date(), **size)
    write(events, file, form)
