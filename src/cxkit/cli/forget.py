"""``cxkit forget``: erase a person from a store."""

from __future__ import annotations

import click

from cxkit.cli.options import STORE


@click.command()
@click.argument("store", type=STORE)
@click.argument("customer")
@click.option("--yes", is_flag=True, help="Don't ask.")
def forget(store: str, customer: str, yes: bool) -> None:  # noqa: FBT001 - a flag of the command line
    """Erase a customer from a store for good.

    All events under every identity that is theirs are erased, replaced versions too, and a later import can't bring
    them back. Files that were exported or imported aren't touched.
    """
    from cxkit.api import connect
    from cxkit.cli.tables import print_text
    from cxkit.store.opening import shown_name

    with connect(store) as workspace:
        if not yes:
            known_as = ", ".join(sorted(workspace.identities().members(customer)))
            if not click.confirm(f"Erase {known_as} from {shown_name(store)} for good?", err=True):
                click.echo("nothing was erased", err=True)
                return
        erased = workspace.forget(customer)
    print_text(
        f"{customer}: {erased.events:,} events and {erased.audit_rows:,} replaced versions erased, "
        f"under {erased.identities:,} {'identity' if erased.identities == 1 else 'identities'}"
    )
