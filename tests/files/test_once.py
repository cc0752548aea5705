from __future__ import annotations

import attrs
from hypothesis import given
from hypothesis import strategies as st

from cxkit.files import OnceEach, once
from cxkit.files.ids import Ids
from cxkit.model.event import Event, event

events = st.builds(
    lambda id, customer: Event(id=id, ts_us=0, kind="visit.started", source="s", customer=customer),  # noqa: A006
    st.sampled_from(["1", "2", "3"]),
    st.sampled_from(["a", "b", None]),
)


def test_correction_takes_the_place_of_what_it_corrects() -> None:
    """Of rows with one source and id the last counts, in the first one's place; another source's is another."""
    first, other = event("order.placed", reference="o-1"), event("order.placed", reference="o-2")
    corrected = attrs.evolve(first, customer="c42")
    elsewhere = attrs.evolve(first, source="till")

    assert list(once([first, other, elsewhere, corrected])) == [corrected, other, elsewhere]


@given(st.lists(events, max_size=12))
def test_used_once_is_once(given_events: list[Event]) -> None:
    """Read again, or held where they can't be, the events are those of `once`; a version that came back is old news."""
    expected = sorted(once(given_events), key=repr)

    for again in (lambda: given_events, None):
        found = OnceEach(iter(given_events), again).used(lambda each: sorted(each, key=repr))
        assert found == expected
    assert list(OnceEach(given_events, None)) == list(once(given_events))


def test_read_again_only_if_need_be() -> None:
    """Events that are there once each are read once."""
    one, other = event("order.placed", reference="o-1"), event("order.placed", reference="o-2")
    readings: list[int] = []

    def again() -> list[Event]:
        readings.append(1)
        return [one, other, one]

    assert OnceEach([one, other], again).used(lambda each: len(list(each))) == 2
    assert not readings
    assert OnceEach([one, other, one], again).used(lambda each: len(list(each))) == 2
    assert len(readings) == 1


@given(st.lists(st.integers(0, 3000), max_size=5000))
def test_ids_count_each_content(contents: list[int]) -> None:
    """The id of a row without one is its content and the how-manieth it is, however large the table of them grows."""
    ids, seen = Ids(), dict[int, int]()

    for content in contents:
        seen[content] = seen.get(content, 0) + 1
        assert ids.of(str(content)).endswith(f"-{seen[content]}")
