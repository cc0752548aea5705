"""``cxkit simulate``: a year of a shop that doesn't exist."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cxkit.cli.options import OUTPUT, WRITE_FORMATS

if TYPE_CHECKING:
    from datetime import datetime

    from cxkit.files import WriteFormat

_CUSTOMERS = 2000


@click.command()
@click.option("--seed", type=click.IntRange(min=0), default=7, show_default=True, help="Another seed, another shop.")
@click.option("--customers", type=click.IntRange(min=0), help=f"How many customers.  [default: {_CUSTOMERS}]")
@click.option(
    "--events",
    type=click.IntRange(min=0),
    help="About so many events, of as many customers as make them; Parquet only, quick and in little memory.",
)
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
def simulate(  # noqa: PLR0913 - its options
    *,
    file: str,
    form: WriteFormat | None,
    start: datetime,
    seed: int,
    days: int,
    customers: int | None,
    events: int | None,
) -> None:
    """Write the events of a simulated shop.

    It has a web shop, an app, stores and a service desk. Nobody in it is real: each event's source is simulated-shop.
    The same options give the same events everywhere.

    With --events it is another shop of the same kind, made for size: its events are drawn in whole columns and written
    customers by customers, in order of time for some eight thousand of them at a time.
    """
    from cxkit.cli.export import write
    from cxkit.cli.failures import WrongUsage, blaming_usage
    from cxkit.simulate import simulate_shop

    if events is not None:
        if customers is not None:
            message = "--events says how many customers there are: leave --customers out"
            raise WrongUsage(message)
        _write_many(events, file, form, seed=seed, start=start.date(), days=days)
        return
    with blaming_usage():
        number = _CUSTOMERS if customers is None else customers
        shop = simulate_shop(seed=seed, customers=number, start=start.date(), days=days)
    write(shop, file, form)


def _write_many(events: int, file: str, form: WriteFormat | None, **shop: Any) -> None:  # noqa: ANN401 - passed on
    import sys

    from cxkit.cli.failures import WrongUsage, blaming_usage
    from cxkit.files.reading import format_of
    from cxkit.files.tables import write_tables
    from cxkit.simulate.columns import customers_for, simulate_tables

    if (form or format_of(file)) != "parquet":
        message = "--events writes Parquet: name a file that ends in .parquet, or add --format parquet"
        raise WrongUsage(message)
    if file == "-" and sys.stdout.isatty():
        message = "Parquet isn't text that a terminal could show: name a file"
        raise WrongUsage(message)
    with blaming_usage():
        customers = customers_for(events, **shop)
        written = write_tables(simulate_tables(customers=customers, **shop), file)
    if file != "-":
        click.echo(f"{file}: {written:,} events of {customers:,} customers", err=True)
