"""``cxkit check``: is the way to a vendor open?"""

from __future__ import annotations

from typing import Any

import click

from cxkit.cli.options import settings_option


@click.command()
@click.argument("name")
@settings_option
def check(name: str, settings: dict[str, Any]) -> None:
    """Ask a vendor whether it admits us.

    It tells which rights lack for which streams; nothing is read.
    """
    from cxkit.api.adapting import opened
    from cxkit.cli.failures import BadData
    from cxkit.cli.tables import print_grids, print_text
    from cxkit.report.grid import Grid

    with opened(name, settings) as adapter:
        found = adapter.check()
        print_text(f"{adapter.title}: admitted as {found.account}; events come from {adapter.source}")
        lines = tuple((s.name, (s.title, ", ".join(s.kinds), s.cursor or "all each time")) for s in adapter.streams())
        print_grids([Grid("", "stream", ("what it is", "events", "read by"), lines)])
        if found.missing:
            raise BadData("; ".join(found.missing))
