"""Identity: which customers are one person, replayed from the events that link and unlink them."""

from __future__ import annotations

from collections import defaultdict
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import attrs

from cxkit.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cxkit.model.event import Event

LINKED: Final = "identity.linked"
UNLINKED: Final = "identity.unlinked"
MAX_PEOPLE: Final = 10
"""How many customers may share an identity before it stops saying who somebody is."""

Reason: TypeAlias = Literal["shared", "nothing to undo", "itself", "no customer", "no reference"]


@attrs.frozen
class SharedIdentity:
    """An identity that too many customers share to say who anybody is: a family's phone, ``guest@pos``.

    Attributes:
        identity: the identity, such as ``phone:0000000000``.
        people: the customers that are linked to it, sorted.
    """

    identity: str
    people: tuple[str, ...]


@attrs.frozen
class IdentityConflict:
    """Something in the links that has no effect, and why.

    Attributes:
        reason: ``shared`` (linked to too many customers), ``nothing to undo`` (an unlink that no link stands before),
            ``itself`` (both identities are one), ``no customer`` or ``no reference`` (half a link).
        customer: the customer of the event; None for a shared identity, which is many events.
        reference: the other identity.
        source: the source of the event; None for a shared identity.
        id: the id of the event; None for a shared identity.
    """

    reason: Reason
    customer: str | None
    reference: str | None
    source: str | None = None
    id: str | None = None


@attrs.frozen
class Identities:
    """Which customers are one person.

    Attributes:
        shared: identities that don't merge anybody, as too many customers have them; sorted.
        conflicts: all that has no effect: faulty events in their order, then what is shared.

    >>> nobody = Identities.none()
    >>> nobody.canonical("c42"), nobody.members("c42"), dict(nobody.mapping)
    ('c42', frozenset({'c42'}), {})
    """

    _canonical: dict[str, str] = attrs.field(repr=False)
    _members: dict[str, frozenset[str]] = attrs.field(repr=False)
    shared: tuple[SharedIdentity, ...] = ()
    conflicts: tuple[IdentityConflict, ...] = ()

    @classmethod
    def none(cls) -> Identities:
        """Return identities in which everybody is only themselves."""
        return cls({}, {})

    def canonical(self, customer: str) -> str:
        """Return the one name of the person; the customer itself when unlinked."""
        return self._canonical.get(customer, customer)

    def members(self, customer: str) -> frozenset[str]:
        """Return all identities of the person, with the one given."""
        return self._members.get(self.canonical(customer)) or frozenset({customer})

    @property
    def mapping(self) -> Mapping[str, str]:
        """Identity to canonical customer, for those alone that differ."""
        return MappingProxyType(self._canonical)


def resolve(events: Iterable[Event], *, max_people: int = MAX_PEOPLE) -> Identities:
    """Return who is who after all links and unlinks, in whatever order they are given.

    They are replayed by (`ts_us`, `source`, `id`). The last word on a pair counts; an unlink undoes a link from either
    side, and that link alone: after a-b and b-c, undoing a-b leaves b and c one person. The canonical customer is the
    first, in code point order, of those that links were written from.

    Args:
        events: any events; those that link and unlink are read.
        max_people: an identity linked to more customers than this is shared: it is reported and merges nobody.

    Raises:
        InvalidValueError: `max_people` isn't a whole number from 1.

    >>> from cxkit.model.event import event
    >>> people = resolve([event("identity.linked", customer="c42", reference="email:an@example.org")])
    >>> people.canonical("email:an@example.org")
    'c42'
    """
    if type(max_people) is not int or max_people < 1:
        raise InvalidValueError("max_people", max_people, "isn't a whole number from 1")
    edges, conflicts = _replay(events)
    people: defaultdict[str, set[str]] = defaultdict(set)
    for customer, reference in edges:
        people[reference].add(customer)
    shared = tuple(
        SharedIdentity(identity, tuple(sorted(customers)))
        for identity, customers in sorted(people.items())
        if len(customers) > max_people
    )
    apart = {found.identity for found in shared}
    groups = _groups(edge for edge in edges if apart.isdisjoint(edge))
    conflicts += [IdentityConflict("shared", None, found.identity) for found in shared]
    return Identities(
        {member: customer for customer, members in groups.items() for member in members if member != customer},
        groups,
        shared,
        tuple(conflicts),
    )


def _replay(events: Iterable[Event]) -> tuple[list[tuple[str, str]], list[IdentityConflict]]:
    """Return the links that stand in the end, each as it was written, and the events without effect."""
    # Two events of one source and id should not be, but should not make the result depend on their order either.
    in_order = attrgetter("ts_us", "source", "id", "kind")
    links = sorted(
        (event for event in events if event.kind in (LINKED, UNLINKED)),
        key=lambda event: (*in_order(event), event.customer or "", event.reference or ""),
    )
    standing: dict[tuple[str, str], set[tuple[str, str]]] = {}
    conflicts: list[IdentityConflict] = []
    for event in links:
        customer, reference = event.customer, event.reference
        reason: Reason
        if customer is None or reference is None:
            reason = "no customer" if customer is None else "no reference"
        elif customer == reference:
            reason = "itself"
        else:
            pair = (customer, reference) if customer < reference else (reference, customer)
            if event.kind == LINKED:
                standing.setdefault(pair, set()).add((customer, reference))
                continue
            if standing.pop(pair, None):
                continue
            reason = "nothing to undo"
        conflicts.append(IdentityConflict(reason, customer, reference, event.source, event.id))
    return [edge for edges in standing.values() for edge in edges], conflicts


def _groups(edges: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    """Return the connected identities by their canonical customer: union-find, by size, halving paths."""
    parent: dict[str, str] = {}
    size: dict[str, int] = {}
    customers: set[str] = set()

    def root(identity: str) -> str:
        while (above := parent.setdefault(identity, identity)) != identity:
            parent[identity] = identity = parent[above]
        return identity

    for customer, reference in edges:
        customers.add(customer)
        one, other = root(customer), root(reference)
        if one == other:
            continue
        if size.get(one, 1) < size.get(other, 1):
            one, other = other, one
        parent[other] = one
        size[one] = size.get(one, 1) + size.get(other, 1)
    members: defaultdict[str, set[str]] = defaultdict(set)
    for identity in parent:
        members[root(identity)].add(identity)
    return {min(group & customers): frozenset(group) for group in members.values()}
