"""``cxkit identities``: who is whom in a store, and what doesn't say so."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import attrs
import click

from cxkit.cli.options import STORE

if TYPE_CHECKING:
    from cxkit.model.identity import Identities


@click.command()
@click.argument("store", type=STORE)
@click.option("--max-people", type=click.IntRange(min=1), metavar="N", help="Customers who may share an identity.")
@click.option(
    "--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True, help="How to print."
)
def identities(store: str, max_people: int | None, form: str) -> None:
    """List who is whom in a store.

    Every link that merged nobody is listed too, with the reason. An identity that too many customers share, such as a
    family's phone, says nothing about who somebody is, and merges nobody.
    """
    from cxkit.api import connect
    from cxkit.cli.tables import print_data
    from cxkit.model.identity import MAX_PEOPLE

    with connect(store, max_people=MAX_PEOPLE if max_people is None else max_people) as workspace:
        found = workspace.identities()
    people = people_of(found)
    if form == "json":
        shown = {
            "people": people,
            "shared": {identity.identity: identity.people for identity in found.shared},
            "conflicts": [attrs.asdict(conflict) for conflict in found.conflicts],
        }
        print_data(json.dumps(shown, ensure_ascii=False, indent=2) + "\n")
    else:
        _print(people, found)


def people_of(found: Identities) -> dict[str, list[str]]:
    """Return the other identities of each person who has several, by the customer they are counted as.

    >>> from cxkit.model.event import event
    >>> from cxkit.model.identity import resolve
    >>> people_of(resolve([event("identity.linked", customer="c42", reference="email:an@example.org")]))
    {'c42': ['email:an@example.org']}
    """
    people: dict[str, list[str]] = {}
    for identity, customer in sorted(found.mapping.items()):
        people.setdefault(customer, []).append(identity)
    return dict(sorted(people.items()))


def _print(people: dict[str, list[str]], found: Identities) -> None:
    from cxkit.cli.tables import print_grids
    from cxkit.report.grid import Grid

    lines = tuple((customer, (", ".join(known),)) for customer, known in people.items())
    grids = [Grid("", "customer", ("also known as",), lines)] if lines else []
    sharing = {identity.identity: len(identity.people) for identity in found.shared}
    conflicts = tuple(
        (
            conflict.reason,
            (
                conflict.customer or "–",
                conflict.reference or "–",
                conflict.id or f"those of {sharing[str(conflict.reference)]} customers",
                conflict.source or "–",
            ),
        )
        for conflict in found.conflicts
    )
    if conflicts:
        grids.append(Grid("Merged nobody", "reason", ("customer", "identity", "event", "source"), conflicts))
    print_grids(grids, [] if grids else ["Nobody has more than one identity."])
