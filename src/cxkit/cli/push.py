"""``cxkit push``: each customer's scores back to a vendor's system."""

from __future__ import annotations

from typing import Any

import click

from cxkit.cli.options import STORE, settings_option, split_commas


@click.command()
@click.argument("name")
@click.option("--from", "store", required=True, type=STORE, metavar="STORE", help="The store that is scored.")
@click.option("-m", "--metrics", metavar="NAMES", help="What is computed of each customer, with commas between.")
@settings_option
def push(name: str, store: str, metrics: str | None, settings: dict[str, Any]) -> None:
    """Write each customer's scores back to a vendor's system."""
    from cxkit.api.arguments import listed
    from cxkit.api.push import METRICS
    from cxkit.api.push import push as write
    from cxkit.cli.failures import BadData, warn
    from cxkit.cli.pull import REJECTS_SHOWN
    from cxkit.cli.tables import print_text

    pushed = write(name, store, metrics=METRICS if metrics is None else listed(split_commas((metrics,))), **settings)
    print_text(
        f"{pushed.written:,} customers written, {pushed.unchanged:,} unchanged, {len(pushed.unknown):,} unknown there"
    )
    for reject in pushed.rejects[:REJECTS_SHOWN]:
        warn(f"{reject.record}: {reject.reason}")
    if pushed.rejects:
        raise BadData(f"{len(pushed.rejects):,} customers couldn't be written")
