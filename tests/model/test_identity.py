"""Links make one person, undo takes them apart, and what too many share merges nobody."""

from __future__ import annotations

import pickle
from collections import defaultdict
from itertools import count
from typing import TYPE_CHECKING

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxkit.errors import InvalidValueError
from cxkit.model.event import Event
from cxkit.model.identity import LINKED, UNLINKED, Identities, IdentityConflict, SharedIdentity, resolve

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable

NAMES = ("a", "b", "c", "d", "A", "B", "_", "é", "10", "9")


def _history(*operations: tuple[str, str | None, str | None]) -> list[Event]:
    """Return events, a second apart, of ``("+", customer, reference)`` and ``("-", customer, reference)``."""
    return [
        Event(
            id=str(number),
            ts_us=number * 1_000_000,
            kind=LINKED if sign == "+" else UNLINKED,
            source="app",
            customer=customer,
            reference=reference,
        )
        for number, (sign, customer, reference) in enumerate(operations)
    ]


def _groups(identities: Identities, names: Iterable[str]) -> set[frozenset[str]]:
    return {identities.members(name) for name in names}


def _people(identities: Identities) -> object:
    return identities.mapping, identities.shared, identities.conflicts, _groups(identities, NAMES)


operations = st.lists(st.tuples(st.sampled_from("+++-"), st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=30)
histories = st.lists(
    st.builds(
        Event,
        id=st.sampled_from(("1", "2", "3", "_", "a", "A", "B")),
        ts_us=st.integers(-2, 3),
        kind=st.sampled_from((LINKED, LINKED, UNLINKED, "visit.started")),
        source=st.sampled_from(("app", "till")),
        customer=st.none() | st.sampled_from(NAMES),
        reference=st.none() | st.sampled_from(NAMES),
    ),
    max_size=30,
)


def _by_hand(history: list[Event], max_people: int) -> tuple[set[frozenset[str]], dict[str, set[str]], dict[str, str]]:
    """Return groups, shared identities and canonical names the slow and obvious way."""
    standing: set[tuple[str, str]] = set()
    key = lambda e: (e.ts_us, e.source, e.id, e.kind, e.customer or "", e.reference or "")  # noqa: E731
    for event in sorted(history, key=key):
        pair = event.customer, event.reference
        if None in pair or pair[0] == pair[1]:
            continue
        if event.kind == LINKED:
            standing |= {pair}
        elif event.kind == UNLINKED:
            standing -= {pair, pair[::-1]}
    people = defaultdict(set)
    for customer, reference in standing:
        people[reference].add(customer)
    shared = {identity: customers for identity, customers in people.items() if len(customers) > max_people}
    edges = {edge for edge in standing if not shared.keys() & set(edge)}
    groups = {name: {name} for name in NAMES}
    for _ in NAMES:
        for one, other in edges:
            groups[one] |= groups[other]
            groups[other] |= groups[one]
    canonical = {name: min([c for c, _ in edges if c in group] or [name]) for name, group in groups.items()}
    return {frozenset(group) for group in groups.values()}, shared, canonical


@given(histories, st.integers(1, 4))
def test_resolving_is_what_it_says(history: list[Event], max_people: int):
    """Replay, sharing, components and canonical names are those of the definition, done the slow way."""
    identities = resolve(history, max_people=max_people)
    groups, shared, canonical = _by_hand(history, max_people)
    assert _groups(identities, NAMES) == groups
    assert {found.identity: set(found.people) for found in identities.shared} == shared
    assert {name: identities.canonical(name) for name in NAMES} == canonical
    assert identities.mapping == {name: customer for name, customer in canonical.items() if name != customer}


@given(histories, st.randoms(use_true_random=False))
def test_order_does_not_matter(history: list[Event], chance: random.Random):
    """However the events arrive, also with ties in time, the people and the findings are the same."""
    shuffled = history.copy()
    chance.shuffle(shuffled)
    assert _people(resolve(iter(shuffled), max_people=2)) == _people(resolve(history, max_people=2))


@given(histories)
def test_the_canonical_name_is_its_own(history: list[Event]):
    """The canonical customer's canonical is itself, everybody is among their members, and members agree."""
    identities = resolve(history, max_people=3)
    for name in NAMES:
        canonical = identities.canonical(name)
        assert identities.canonical(canonical) == canonical
        assert {name, canonical} <= identities.members(name)
        assert identities.members(canonical) == identities.members(name)
        assert identities.mapping.get(name, name) == canonical


@given(operations, st.sampled_from(NAMES), st.sampled_from(NAMES), st.booleans())
def test_a_link_and_its_undo_are_nothing(
    before: list[tuple[str, str, str]],
    one: str,
    other: str,
    from_other_side: bool,  # noqa: FBT001
):
    """Undoing a new link, from either side, leaves the people as they were."""
    undo = ("-", other, one) if from_other_side else ("-", one, other)
    tidy = ("-", one, other)
    without = resolve(_history(*before, tidy))
    linked = resolve(_history(*before, tidy, ("+", one, other), undo))
    assert linked.mapping == without.mapping
    assert linked.shared == without.shared


def test_a_chain_is_taken_apart_where_it_was_undone():
    """a→b→c is one person named a; undoing a→b leaves {a} and {b, c}, named b."""
    whole = resolve(_history(("+", "a", "b"), ("+", "b", "c")))
    assert whole.members("c") == {"a", "b", "c"}
    assert dict(whole.mapping) == {"b": "a", "c": "a"}
    parted = resolve(_history(("+", "a", "b"), ("+", "b", "c"), ("-", "a", "b")))
    assert _groups(parted, "abc") == {frozenset("a"), frozenset("bc")}
    assert dict(parted.mapping) == {"c": "b"}
    assert parted.conflicts == ()


def test_the_last_word_counts():
    """Link, undo, link again is linked; two links need one undo."""
    again = resolve(_history(("+", "a", "b"), ("-", "a", "b"), ("+", "a", "b")))
    assert again.canonical("b") == "a"
    twice = resolve(_history(("+", "a", "b"), ("+", "b", "a"), ("+", "a", "b"), ("-", "b", "a")))
    assert (twice.canonical("b"), twice.conflicts) == ("b", ())


def test_the_canonical_customer_is_one_that_links_were_written_from():
    """A reference, such as an e-mail address, names a person only when customers have none better."""
    identities = resolve(_history(("+", "c9", "a@example.org"), ("+", "c10", "a@example.org")))
    assert identities.members("c9") == {"c9", "c10", "a@example.org"}
    assert identities.canonical("a@example.org") == "c10"


def test_a_phone_shared_by_a_thousand_merges_nobody():
    """The phone is reported with its customers, and their other links stand."""
    customers = [f"c{number:04}" for number in range(1000)]
    history = _history(
        *(("+", customer, "phone:0000000000") for customer in customers),
        *(("+", customer, f"email:{customer}") for customer in customers),
        ("+", "phone:0000000000", "till"),
    )
    identities = resolve(history)
    assert identities.shared == (SharedIdentity("phone:0000000000", tuple(customers)),)
    assert identities.conflicts == (IdentityConflict("shared", None, "phone:0000000000"),)
    assert dict(identities.mapping) == {f"email:{customer}": customer for customer in customers}
    assert identities.members("phone:0000000000") == {"phone:0000000000"}
    everybody = resolve(history, max_people=1000)
    assert everybody.shared == ()
    assert len(everybody.members("till")) == 2002


def test_sharing_counts_customers_not_links():
    """Links written again, and links undone, don't make an identity shared."""
    again = [("+", name, "phone") for name in "ab"] * 20
    gone = [operation for name in "cdefg" for operation in (("+", name, "phone"), ("-", "phone", name))]
    identities = resolve(_history(*again, *gone), max_people=2)
    assert identities.shared == ()
    assert identities.members("phone") == {"a", "b", "phone"}
    assert [found.people for found in resolve(_history(*again), max_people=1).shared] == [("a", "b")]


def test_an_undo_can_end_the_sharing():
    """Whoever is left when the others' links are undone is one person again."""
    links = [("+", name, "phone") for name in "abc"]
    assert resolve(_history(*links), max_people=2).canonical("b") == "b"
    assert resolve(_history(*links, ("-", "c", "phone")), max_people=2).canonical("b") == "a"


def test_what_has_no_effect_is_listed():
    """An undo of nothing, a link to itself and half a link are named with their event, in order."""
    history = _history(("-", "a", "b"), ("+", "a", "a"), ("+", None, "b"), ("-", "a", None), ("+", "a", "b"))
    identities = resolve(history)
    assert [attrs.astuple(conflict) for conflict in identities.conflicts] == [
        ("nothing to undo", "a", "b", "app", "0"),
        ("itself", "a", "a", "app", "1"),
        ("no customer", None, "b", "app", "2"),
        ("no reference", "a", None, "app", "3"),
    ]
    assert identities.canonical("b") == "a"


def test_nobody_is_anybody_else_without_links():
    """Other events, and no events, leave everybody themselves."""
    other = Event(id="1", ts_us=0, kind="order.placed", source="app", customer="a", reference="b")
    assert resolve([other]) == resolve([]) == Identities.none()
    assert Identities.none().members("a") == {"a"}


@pytest.mark.parametrize("shape", ["chain", "chain from its end", "star"])
def test_a_hundred_thousand_links_are_resolved(shape: str):
    """A chain as long as a big import neither recurses nor takes long: no step depends on its length."""
    size = 100_000
    number = count()
    pairs = {
        "chain": ((f"{n:06}", f"{n + 1:06}") for n in range(size)),
        "chain from its end": ((f"{n:06}", f"{n + 1:06}") for n in reversed(range(size))),
        "star": (("000000", f"{n + 1:06}") for n in range(size)),
    }[shape]
    history = [
        Event(id=str(next(number)), ts_us=0, kind=LINKED, source="app", customer=customer, reference=reference)
        for customer, reference in pairs
    ]
    identities = resolve(history)
    assert identities.canonical(f"{size:06}") == "000000"
    assert len(identities.members("000000")) == size + 1
    assert len(identities.mapping) == size


def test_identities_are_frozen_and_can_be_sent():
    """The mapping can't be written to, and another process gets equal identities."""
    identities = resolve(_history(("+", "a", "b"), ("-", "c", "d")))
    with pytest.raises(TypeError):
        identities.mapping["x"] = "y"  # type: ignore[index]
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        identities.shared = ()  # type: ignore[misc]
    assert pickle.loads(pickle.dumps(identities)) == identities  # noqa: S301 - our own bytes


@pytest.mark.parametrize("max_people", [0, -1, 1.5, True, "10", None])
def test_max_people_is_a_whole_number_from_one(max_people: object):
    """A limit that nobody could meet is refused."""
    with pytest.raises(InvalidValueError, match="max_people"):
        resolve([], max_people=max_people)  # type: ignore[arg-type]
