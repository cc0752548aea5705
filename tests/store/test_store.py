"""What every store does: keys, corrections, reading, and sharing it."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import event_tables

from cxkit.errors import InvalidValueError, StoreBusyError
from cxkit.model.event import Event, uuid7
from cxkit.model.identity import LINKED
from cxkit.store import Replaced, Report, open_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.places import NewPlace

    from cxkit.store import Store


def visit(id_: str, **columns: object) -> Event:
    """Return an event; it differs by its id unless columns say otherwise."""
    return Event(**{"id": id_, "ts_us": 0, "kind": "visit.started", "source": "app", "customer": "c42", **columns})


def in_order(events: list[Event]) -> list[Event]:
    """Return events in the order that the store promises."""
    return sorted(events, key=lambda event: (event.ts_us, event.source, event.id))


class TestKeys:
    def test_same_event_is_a_duplicate(self, store: Store) -> None:
        """An event that comes again is ignored, alone or among others."""
        assert store.append(visit("1")) == "new"
        assert store.append(visit("1")) == "duplicate"
        assert store.add([visit("1"), visit("2"), visit("2")]) == Report(new=1, duplicates=2)
        assert list(store.events()) == [visit("1"), visit("2")]

    def test_ids_are_unique_within_their_source(self, store: Store) -> None:
        """Two sources may use the same id."""
        assert store.add([visit("1"), visit("1", source="till 3")]) == Report(new=2)
        assert store.counts() == {"app": 1, "till 3": 1}

    @pytest.mark.parametrize(
        "columns",
        [
            {"ts_us": 1}, {"kind": "order.placed"}, {"customer": None}, {"touchpoint": "desk.phone"},
            {"channel": "web"}, {"reference": "0"}, {"instrument": "nps"}, {"item": "1"}, {"score": 0.0},
            {"amount_minor": 0, "currency": "USD"}, {"duration_us": 0}, {"weight_ppm": 0}, {"properties": "{}"},
        ],
        ids=lambda columns: next(iter(columns)),
    )  # fmt: skip
    def test_any_other_content_is_a_correction(self, store: Store, columns: dict[str, object]) -> None:
        """Whichever column differs, also where there was nothing before, the new version replaces the old one."""
        store.append(visit("1"))

        assert store.append(visit("1", **columns)) == "corrected"
        assert list(store.events()) == [visit("1", **columns)]

    def test_replaced_versions_are_kept(self, store: Store) -> None:
        """The audit holds what was replaced, in order, and when."""
        versions = [visit("1", score=float(number)) for number in range(3)]
        before = datetime.now(UTC) - timedelta(seconds=1)
        report = store.add(versions)
        audit = list(store.audit())

        assert report == Report(new=1, corrected=2)
        assert [replaced.event for replaced in audit] == versions[:2]
        assert all(before <= replaced.time <= datetime.now(UTC) + timedelta(seconds=1) for replaced in audit)
        assert isinstance(audit[0], Replaced)

    def test_replaced_version_does_not_come_back(self, store: Store) -> None:
        """An old file that is imported after the correction changes nothing, however often."""
        old, new = visit("1", score=1.0), visit("1", score=2.0)
        store.add([old, new])

        assert store.append(old) == "duplicate"
        assert store.add([old, new, old]) == Report(duplicates=3)
        assert list(store.events()) == [new]
        assert [replaced.event for replaced in store.audit()] == [old]

    def test_a_failing_iterable_keeps_whole_batches(self, store: Store) -> None:
        """The error goes on, what was committed stays, and everything can be added again."""
        events = [visit(f"{number:02d}") for number in range(10)]

        def broken() -> Iterator[Event]:
            yield from events[:7]
            raise OSError("the disk was pulled")

        with pytest.raises(OSError, match="pulled"):
            store.add(broken(), batch=3)
        assert list(store.events()) == events[:6]
        assert store.add(events) == Report(new=4, duplicates=6)

    @pytest.mark.parametrize("batch", [0, -1, 1.5, True])
    def test_batches_are_whole_numbers(self, store: Store, batch: object) -> None:
        """A batch of none would never end."""
        with pytest.raises(InvalidValueError, match="batch"):
            store.add([], batch=batch)  # type: ignore[arg-type]

    def test_empty(self, store: Store) -> None:
        """An empty store is there, and answers."""
        assert store.add([]) == Report()
        assert (len(store), store.counts(), list(store.events()), list(store.audit())) == (0, {}, [], [])
        assert bool(store) is True


class TestReading:
    @given(events=event_tables())
    def test_round_trip(self, fleeting: NewPlace, events: list[Event]) -> None:
        """What goes in comes out, each field to the last bit and of the same type."""
        with open_store(fleeting()) as store:
            assert store.add(events, batch=7) == Report(new=len(events))
            found = list(store.events())

            assert found == in_order(events)
            assert repr(found) == repr(in_order(events))
            assert sorted(map(repr, store.events(ordered=False))) == sorted(map(repr, events))

    @given(events=event_tables(), data=st.data())
    def test_filters(self, fleeting: NewPlace, events: list[Event], data: st.DataObject) -> None:
        """Kinds and customers choose what their names say."""
        kinds = data.draw(st.sets(st.sampled_from([event.kind for event in events] or ["visit.started"])))
        names = [event.customer for event in events if event.customer is not None]
        customers = data.draw(st.sets(st.sampled_from(names or ["nobody"])))
        with open_store(fleeting()) as store:
            store.add(events)

            assert list(store.events(kinds=kinds)) == in_order([e for e in events if e.kind in kinds])
            assert list(store.events(customers=customers)) == in_order([e for e in events if e.customer in customers])
            assert list(store.events(kinds=kinds, customers=customers)) == in_order(
                [e for e in events if e.kind in kinds and e.customer in customers]
            )

    def test_filters_by_one_name(self, store: Store) -> None:
        """A single name needs no list, and a wrong one is refused."""
        store.add([visit("1"), visit("2", kind="order.placed", customer="e\u0301")])

        assert [event.id for event in store.events(kinds="order.placed")] == ["2"]
        assert [event.id for event in store.events(customers="e\u0301")] == ["2"]
        with pytest.raises(InvalidValueError, match=r"noun\.verb"):
            store.events(kinds=["Order placed"])

    @pytest.mark.parametrize("ordered", [True, False])
    def test_reading_is_of_one_moment(self, store: Store, ordered: bool) -> None:  # noqa: FBT001 - a parameter
        """What is written while somebody reads doesn't show, from the call on and not from the first event on."""
        events = [visit(f"{number:04d}") for number in range(3000)]
        store.add(events)
        reading = store.events(ordered=ordered)
        store.append(visit(uuid7()))
        first = next(reading)
        store.add([attrs.evolve(event, score=1.0) for event in events])

        assert in_order([first, *reading]) == events
        assert len(store) == 3001

    def test_links(self, store: Store) -> None:
        """Links and what they come to are read alone, and anew when they change in whatever way."""
        link = visit("l", kind=LINKED, reference="email:a")
        store.add([visit("1"), link])

        assert list(store.links()) == [link]
        first = store.identities()
        assert first.members("c42") == {"c42", "email:a"}
        assert store.identities() is first
        assert store.identities(max_people=3) == first
        store.append(visit("m", kind=LINKED, customer="c43", reference="email:a"))
        assert store.identities().members("c42") == {"c42", "c43", "email:a"}
        assert store.identities(max_people=1).mapping == {}

    def test_another_process_changes_links(self, store: Store, place: str) -> None:
        """Identities that were worked out before are worked out again when another connection wrote."""
        assert store.identities().mapping == {}
        with open_store(place) as other:
            other.append(visit("l", kind=LINKED, reference="email:a"))

        assert store.identities().mapping == {"email:a": "c42"}


class TestSharing:
    def test_many_open_a_new_store_at_once(self, place: str) -> None:
        """One of them makes it, the others wait."""
        outcomes = []

        def work(name: str) -> None:
            with open_store(place) as store:
                outcomes.append(store.append(visit(name)))

        threads = [threading.Thread(target=work, args=(str(number),)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert outcomes == ["new"] * 8

    def test_held_by_another_thread(self, place: str) -> None:
        """So is one that another thread holds."""
        with open_store(place, timeout=0.05) as store:
            with store._connections, pytest.raises(StoreBusyError, match="another thread"):
                store.append(visit("1"))
            assert store.append(visit("1")) == "new"

    def test_errors_undo_the_batch(self, store: Store) -> None:
        """A batch is kept whole or not at all."""
        with pytest.raises(AttributeError):
            store.add([visit("1"), object()])  # type: ignore[list-item]
        assert len(store) == 0
        assert store.append(visit("1")) == "new"
