"""A store against a dictionary: whatever is done to both, they hold the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from tests.strategies import events

from cxkit.model.identity import LINKED, UNLINKED, resolve
from cxkit.store import Forgotten, Report, open_store

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.places import NewPlace

    from cxkit.model.event import Event

NAMES = ("a", "A", "b", "é", "\x01", "'")
# Few keys and few contents, so that duplicates, corrections and returns of old versions are the rule.
EVENTS = events(
    id=st.sampled_from(("1", "2", "_")),
    source=st.sampled_from(("app", "till 3")),
    kind=st.sampled_from(("visit.started", LINKED, LINKED, UNLINKED)),
    ts_us=st.integers(0, 2),
    customer=st.none() | st.sampled_from(NAMES),
    reference=st.none() | st.sampled_from(NAMES),
    score=st.none() | st.sampled_from((0.0, 1.0)),
    **{
        column: st.none()
        for column in ("touchpoint", "channel", "instrument", "item", "money", "duration_us", "properties")
    },
    weight_ppm=st.just(1_000_000),
)


class StoreMachine(RuleBasedStateMachine):
    """Keeps events by their keys in a dictionary, as the store does where it is."""

    def __init__(self, place: str) -> None:
        """Begin with both empty."""
        super().__init__()
        self.place = place
        self.store = open_store(place)
        self.kept: dict[tuple[str, str], Event] = {}
        self.replaced: list[Event] = []
        self.forgotten: set[str] = set()

    def outcome(self, event: Event) -> str:
        """Do to the dictionary what the store should do, and say what that is called."""
        key = (event.source, event.id)
        if theirs(event, self.forgotten):
            return "refused"
        if key not in self.kept:
            self.kept[key] = event
            return "new"
        if self.kept[key] == event or event in self.replaced:
            return "duplicate"
        self.replaced.append(self.kept[key])
        self.kept[key] = event
        return "corrected"

    @rule(event=EVENTS)
    def append(self, event: Event) -> None:
        """One event."""
        assert self.store.append(event) == self.outcome(event)

    @rule(many=st.lists(EVENTS, max_size=30), batch=st.integers(1, 30))
    def add(self, many: list[Event], batch: int) -> None:
        """Several, in whatever batches."""
        report = self.store.add(iter(many), batch=batch)
        outcomes = [self.outcome(event) for event in many]

        assert report.total == len(many)
        assert report == Report(*(outcomes.count(name) for name in ("new", "duplicate", "corrected", "refused")))

    @rule(customer=st.sampled_from(NAMES), elsewhere=st.booleans())
    def forget(self, customer: str, elsewhere: bool) -> None:  # noqa: FBT001 - drawn
        """A person, here or in another process's store, of which this one must hear by itself."""
        person = resolve(self.kept.values()).members(customer)
        erased = {key for key, event in self.kept.items() if theirs(event, person)}
        replaced = [e for e in self.replaced if not theirs(e, person) and (e.source, e.id) not in erased]
        expected = Forgotten(len(erased), len(self.replaced) - len(replaced), len(person))
        if elsewhere:
            with open_store(self.place) as other:
                assert other.forget(customer) == expected
        else:
            assert self.store.forget(customer) == expected
        self.kept = {key: event for key, event in self.kept.items() if key not in erased}
        self.replaced = replaced
        self.forgotten |= person

    @rule()
    def reopen(self) -> None:
        """Close the store and open it again."""
        self.store.close()
        self.store = open_store(self.place)

    @invariant()
    def holds_the_same(self) -> None:
        """The store has the events, the replaced versions and the people of the dictionary."""
        assert list(self.store.events()) == sorted(self.kept.values(), key=lambda e: (e.ts_us, e.source, e.id))
        assert by_key(version.event for version in self.store.audit()) == by_key(self.replaced)
        assert self.store.identities() == resolve(self.kept.values())
        assert len(self.store) == len(self.kept)

    def teardown(self) -> None:
        """Close the store."""
        self.store.close()


def by_key(versions: Iterable[Event]) -> list[Event]:
    """Return versions of events so that those of one key keep their order."""
    return sorted(versions, key=lambda event: (event.source, event.id))


def theirs(event: Event, person: set[str] | frozenset[str]) -> bool:
    """Whether an event belongs to a person, or links one of their identities."""
    return event.customer in person or (event.kind in (LINKED, UNLINKED) and event.reference in person)


def test_whatever_is_done(new_place: NewPlace) -> None:
    """Any order of adding, correcting, forgetting and opening leaves both the same."""
    examples = 60 if new_place().endswith(".db") else 30  # a server takes three times as long
    run_state_machine_as_test(
        lambda: StoreMachine(new_place()),
        settings=settings(max_examples=examples, stateful_step_count=15, deadline=None),
    )
