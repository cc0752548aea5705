from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from till_source import HOOK_SECRET, PASSWORD, SOURCE, URL, TillSource

from cxkit.adapters import Page, Reject, Secret, State, Stream, Wire
from cxkit.api.pull import PulledStream, pull
from cxkit.errors import (
    AdapterError,
    FatalAdapterError,
    InvalidValueError,
    RetriableAdapterError,
    StoreBusyError,
    UnknownNameError,
)
from cxkit.http import Answer
from cxkit.model.event import event
from cxkit.store import open_store
from cxkit.store.results import Report
from cxkit.testing.weather import Weather
from cxkit_till.adapter import TillAdapter, TillConfig

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.places import NewPlace

    from cxkit.store import Store

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "adapters" / "_template"
PLAIN = "an1@example.org"


@pytest.fixture
def source() -> TillSource:
    """Return tills that have sold something."""
    made = TillSource(TillAdapter)
    for _ in range(3):
        made.do("sell")
    return made


@pytest.fixture
def weather(source: TillSource) -> Weather:
    """Return what may come between us and the tills."""
    return Weather(source.inner)


@pytest.fixture
def store(fleeting: NewPlace) -> Iterator[Store]:
    """Return an empty store."""
    with open_store(fleeting()) as made:
        yield made


def till(source: TillSource, weather: Weather) -> Any:
    """Return an adapter that is admitted."""
    return source.adapter(weather.wire())


def by_name(streams: tuple[PulledStream, ...]) -> dict[str, PulledStream]:
    """Return what came of streams by their names."""
    return {each.stream.name: each for each in streams}


# ------------------------------------------------------------------------------------------------------------- resuming


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that fork")
def test_a_killed_pull_goes_on(new_place: NewPlace) -> None:
    """Killed between asking and answer, answer and keeping, amid keeping, or after it: the next pull completes it.

    Each event is in the store once, none was corrected, and what the killed pull kept isn't new again.
    """
    whole = new_place()
    places = [whole, *(new_place() for _ in range(16 if whole.endswith(".db") else 8))]
    places_of_code = (ROOT / "src", TEMPLATE / "src", TEMPLATE / "tests", ROOT)
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, places_of_code))}
    done = subprocess.run(
        [sys.executable, "-m", "tests.api.killing", *places],
        capture_output=True,
        text=True,
        env=env,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)

    assert told["events"] == 18
    assert [each for each in told["found"] if not each["killed"]] == []
    assert [each for each in told["found"] if not each["same"]] == []
    assert {each["sum"] for each in told["found"]} == {told["events"]}
    assert len({each["before"] for each in told["found"]}) >= 3


def test_a_second_pull_reads_what_changed(source: TillSource, weather: Weather, store: Store) -> None:
    """What is known isn't new again, and a change is a correction."""
    first = pull(till(source, weather), store)
    again = pull(till(source, weather), store)
    source.do("change")
    changed = pull(till(source, weather), store)

    assert sum(each.report.new for each in first.streams) == len(store)
    assert [each.report.new + each.report.corrected for each in again.streams] == [0, 0, 0]
    assert {name: each.report.corrected for name, each in by_name(changed.streams).items()} == {
        "sales": 1, "refunds": 0, "customers": 0,
    }  # fmt: skip


def test_since_reads_again(source: TillSource, weather: Weather, store: Store) -> None:
    """A pull since a date reads from there, whatever was read before, and goes on from its end after that."""
    source.wait(3600)
    pull(till(source, weather), store)
    everything = pull(till(source, weather), store, since="2020-01-01", streams="sales")
    nothing = pull(till(source, weather), store, since="2100-01-01", streams=["refunds"])

    assert everything.streams[0].report.duplicates == 9
    assert nothing.streams[0].records == 0
    state = State.loads(store.state(f"{SOURCE} sales"))
    assert state.cursor == max(item.ts_us for item in store.events(kinds=["order.placed"]))


def test_two_at_once_do_not_mix(source: TillSource, weather: Weather, new_place: NewPlace) -> None:
    """Whoever pulls what somebody else pulls just now is stopped, and nothing is lost or told twice."""
    place = new_place()
    met = []

    def follow(_so_far: PulledStream) -> None:
        if not met:
            met.append(1)
            pull(till(source, weather), place)

    with pytest.raises(StoreBusyError, match="somebody else pulls"):
        pull(till(source, weather), place, follow=follow)
    last = pull(till(source, weather), place)

    assert sum(each.report.new for each in last.streams) == 0
    with open_store(place) as store:
        assert len(store) == 9 + 3 + 9
        assert not list(store.audit())


# -------------------------------------------------------------------------------------------------------------- failing


def _refusing(path: str, answer: Answer) -> Any:
    return lambda _number, sent: answer if path in sent.url else None


def test_a_stream_that_is_refused_leaves_the_others(source: TillSource, weather: Weather, store: Store) -> None:
    """Without the right to read sales, refunds and customers are read, and the error stands beside its stream."""
    weather.meet = _refusing("/sales", Answer(403, {}, b"no right"))

    pulled = pull(till(source, weather), store)

    (error,) = pulled.errors
    assert isinstance(error, FatalAdapterError)
    assert by_name(pulled.streams)["sales"].error is error
    assert {name: each.report.new for name, each in by_name(pulled.streams).items()} == {
        "sales": 0, "refunds": 3, "customers": 9,
    }  # fmt: skip
    assert store.state(f"{SOURCE} sales") is None


def test_where_all_is_refused_the_pull_fails(source: TillSource, weather: Weather, store: Store) -> None:
    """A pull that read nothing says so by its error."""
    weather.meet = lambda _number, sent: None if "login" in sent.url else Answer(403)

    with pytest.raises(FatalAdapterError, match="lack a right"):
        pull(till(source, weather), store)


def test_a_vendor_that_is_down_ends_the_pull(source: TillSource, weather: Weather, store: Store) -> None:
    """The streams after the one that failed aren't waited for; what was read before is kept."""
    weather.meet = _refusing("/refunds", Answer(503))

    with pytest.raises(RetriableAdapterError, match="/refunds: answered 503"):
        pull(till(source, weather), store)

    assert store.counts() == {SOURCE: 9}
    weather.clear()
    assert sum(each.report.new for each in pull(till(source, weather), store).streams) == 12


def test_a_record_that_cannot_be_taken_does_not_stop_the_others(
    source: TillSource, weather: Weather, store: Store
) -> None:
    """It is named with its time, from which a later pull reads it again."""
    bad = source.till.oldest()
    source.till.sales[bad]["total"] = "19,99"

    pulled = pull(till(source, weather), store, streams="sales")
    (sales,) = pulled.streams
    (reject,) = sales.rejects
    assert (pulled.rejected, sales.report.new, reject.record) == (1, 8, f"sales {bad}")
    assert "19,99" in reject.reason

    source.till.sales[bad]["total"] = "19.99"
    assert (
        pull(till(source, weather), store, streams="sales", since=reject.at and _day(reject.at)).streams[0].report.new
    )


def _day(us: int) -> str:
    from cxkit.adapters import iso

    return iso(us)


def test_events_of_another_source_are_refused(source: TillSource, weather: Weather, store: Store) -> None:
    """An adapter can't overwrite what another one told."""

    class Stranger(TillAdapter):
        def read(self, stream: str, state: State) -> Iterator[Page]:  # noqa: ARG002 - the protocol
            """Tell of somebody else's orders."""
            yield Page((event("order.placed", source="shop", id="1"),), State())

    adapter = Stranger(TillConfig(url=URL, password=Secret(PASSWORD), hook_secret=Secret(HOOK_SECRET)), weather.wire())
    with pytest.raises(InvalidValueError, match="isn't that of the adapter"):
        pull(adapter, store)

    assert len(store) == 0
    assert store.state(f"{SOURCE} sales") is None


def test_a_key_that_is_pressed_stops_it(source: TillSource, weather: Weather, store: Store) -> None:
    """What was kept before Ctrl-C stays, and the next pull goes on."""

    def interrupt(so_far: PulledStream) -> None:
        if so_far.pages == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull(till(source, weather), store, follow=interrupt)
    kept = len(store)
    rest = pull(till(source, weather), store)

    assert kept
    assert kept + sum(each.report.new for each in rest.streams) == len(store) == 21


# ------------------------------------------------------------------------------------------------------------- choosing


def test_streams_are_chosen(source: TillSource, weather: Weather, store: Store) -> None:
    """Those asked for are read, in the adapter's order; one that there isn't is named before anything is read."""
    pulled = pull(till(source, weather), store, streams=["customers", "sales"])
    assert [each.stream.name for each in pulled.streams] == ["sales", "customers"]

    calls = weather.calls
    with pytest.raises(UnknownNameError, match="did you mean 'refunds'"):
        pull(till(source, weather), store, streams=["sales", "refund"])
    with pytest.raises(InvalidValueError, match=r"streams: .* names none"):
        pull(till(source, weather), store, streams=[])
    assert weather.calls == calls


def test_the_earliest_of_many_rejects_is_known() -> None:
    """Not all rejects are kept, and yet a pull since the earliest of them all reads each again."""
    stream = PulledStream(Stream("sales", "Sales", ("order.placed",)))
    pages = [
        Page((), State(), records=99, rejects=tuple(Reject(f"sale {n}", "odd", at) for n in range(99)))
        for at in (7, 3, 5)
    ]
    pages.append(Page((), State(), records=1, rejects=(Reject("sale 100", "odd", None),)))
    for page in pages:
        stream = stream.with_page(page, Report())

    assert (stream.rejected, len(stream.rejects), stream.earliest) == (298, 100, 3)


@pytest.mark.parametrize("since", ["yesterday", "2026-13-01", ""])
def test_since_is_checked(since: Any, source: TillSource, weather: Weather, store: Store) -> None:
    """A time that isn't one is refused before anything is asked."""
    with pytest.raises(InvalidValueError, match=r"^since: "):
        pull(till(source, weather), store, since=since)

    assert weather.calls == 0


def test_settings_belong_to_a_name(source: TillSource, weather: Weather, store: Store) -> None:
    """An adapter that is made already takes no more settings."""
    with pytest.raises(InvalidValueError, match="are given beside an adapter, which has its own"):
        pull(till(source, weather), store, url="https://other.example")


def test_addresses_are_hidden(source: TillSource, weather: Weather, new_place: NewPlace) -> None:
    """E-mail addresses and phone numbers are kept as digests unless somebody wants them raw."""
    shown = {}
    for identity in ("hidden", "raw"):
        with open_store(new_place()) as store:
            pull(till(source, weather), store, identity=identity)  # type: ignore[arg-type]
            shown[identity] = str([attrs.astuple(item) for item in store.events()])

    assert PLAIN not in shown["hidden"]
    assert "email:hmac-" in shown["hidden"]
    assert f"email:{PLAIN}" in shown["raw"]
    with pytest.raises(InvalidValueError, match="isn't 'hidden' or 'raw'"):
        pull(till(source, weather), ":memory:", identity="hiden")  # type: ignore[arg-type]


def test_progress_is_told(source: TillSource, weather: Weather, store: Store) -> None:
    """After each page somebody may hear how far it is."""
    heard: list[tuple[str, int, int]] = []

    pull(till(source, weather), store, follow=lambda each: heard.append((each.stream.name, each.pages, each.records)))

    assert [(page, records) for name, page, records in heard if name == "customers"] == [(1, 3), (2, 6)]
    assert list(dict.fromkeys(name for name, _, _ in heard)) == ["sales", "refunds", "customers"]


def test_errors_carry_no_secret(source: TillSource, weather: Weather, store: Store) -> None:
    """A pull that isn't admitted doesn't tell with what it tried."""
    with pytest.raises(AdapterError) as caught:
        pull(source.stranger(weather.wire()), store)

    assert "gu3ssed" not in str(caught.value)
    assert Wire().allow_private is False
