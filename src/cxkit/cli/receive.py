"""``cxkit receive``: a vendor's webhook into a store."""

from __future__ import annotations

import sys
from typing import Any

import click

from cxkit.cli.options import NEW_STORE, settings_option


@click.command()
@click.argument("name")
@click.option("--into", required=True, type=NEW_STORE, metavar="STORE", help="The store; made if new.")
@click.option("--url", metavar="URL", help="The address that the vendor called, where the request names only its path.")
@settings_option
def receive(name: str, into: str, url: str | None, settings: dict[str, Any]) -> None:
    """Take a webhook from standard input into a store.

    It is a whole HTTP request, with its headers, as it came.

    A request whose signature isn't the vendor's is refused with exit code 1, and nothing of it is kept.
    """
    from cxkit.api.receive import receive as take
    from cxkit.cli.import_ import sentence
    from cxkit.cli.tables import print_text
    from cxkit.model.request import Request

    report = take(name, Request.parse(sys.stdin.buffer.read(), url=url), into, **settings)
    print_text(sentence(report))
