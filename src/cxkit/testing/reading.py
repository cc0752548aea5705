"""The part of the suite in which nothing happens: the contract, what is read, and reading that is cut off."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from cxkit.adapters import Adapter
from cxkit.adapters.contract import check_adapter
from cxkit.api.pull import pull
from cxkit.errors import FatalAdapterError
from cxkit.store import open_store
from cxkit.testing.account import check
from cxkit.testing.source import DEEDS
from cxkit.testing.stage import KilledError, Mortal, in_a_day, move_states, pull_all

if TYPE_CHECKING:
    from pathlib import Path

    from cxkit.store import Store
    from cxkit.testing.source import Source
    from cxkit.testing.stage import Stage
    from cxkit.testing.weather import Weather


class Reading:
    """What an adapter says of itself, and what it reads."""

    # ---------------------------------------------------------------------------------------------------- the contract

    def test_is_an_adapter(self, stocked: Source, weather: Weather) -> None:
        """It has what the contract says, and says what it can do."""
        adapter = stocked.adapter(weather.wire())
        check_adapter(type(adapter))
        assert isinstance(adapter, Adapter)
        streams = adapter.streams()
        assert streams, "it has no streams"
        assert len({stream.name for stream in streams}) == len(streams), "two streams share a name"
        assert all(stream.kinds for stream in streams), "a stream doesn't say which kinds it brings"
        assert adapter.source.startswith(adapter.name), "its source doesn't begin with its name"
        assert set(stocked.impossible) <= {*DEEDS, "refusal"}, "`impossible` names what isn't asked of a source"

    def test_is_admitted(self, stocked: Source, weather: Weather) -> None:
        """A check finds out whom the vendor takes us for."""
        assert stocked.adapter(weather.wire()).check().account

    def test_stranger_is_refused(self, stocked: Source, weather: Weather, store: Store) -> None:
        """Wrong credentials are an error that says so, at once, and not an empty pull."""
        stranger = stocked.stranger(weather.wire())
        with pytest.raises(FatalAdapterError):
            stranger.check()
        with pytest.raises(FatalAdapterError):
            pull(stocked.stranger(weather.wire()), store)
        assert len(store) == 0

    # ------------------------------------------------------------------------------------------------------ the events

    def test_complete(self, stage: Stage, weather: Weather) -> None:
        """All that the source holds is there once, with its time, money and customer, and nothing else."""
        with stage.held(weather) as store:
            check(stage.source.facts(), store.events(), "after one pull")

    def test_events_are_valid(self, stage: Stage, weather: Weather) -> None:
        """Each event is of a kind that its stream declares, and has happened."""
        adapter = stage.source.adapter(weather.wire())
        with stage.held(weather) as store:
            events = list(store.events())
        declared = {kind for stream in adapter.streams() for kind in stream.kinds}
        found = {event.kind for event in events}
        assert found <= declared, f"not declared by any stream: {sorted(found - declared)}"
        assert declared <= found, f"declared, and never seen: {sorted(declared - found)}: let `sell` make some"
        late = [event for event in events if event.ts_us > (time.time() + 60) * 1_000_000]
        assert not late, f"in the future: {late[:3]}"

    def test_again_changes_nothing(self, stage: Stage, weather: Weather) -> None:
        """Who pulls again gets nothing new, and no correction of what hasn't changed."""
        with stage.held(weather) as store:
            again = pull_all(stage.source, weather, store)
        reports = {each.stream.name: each.report for each in again.streams}
        assert all(report.new == report.corrected == 0 for report in reports.values()), reports

    def test_ids_are_stable(self, stage: Stage, weather: Weather, store: Store) -> None:
        """Another store on another day gets the same events under the same ids."""
        pull_all(stage.source, weather, store)
        with stage.held(weather) as other:
            assert set(store.events()) == set(other.events())

    # ----------------------------------------------------------------------------------------------- going on, resuming

    def test_survives_kills(self, stage: Stage, weather: Weather, tmp_path: Path) -> None:
        """Killed after every page that is kept, and before the next is, and begun again, it ends with all of it."""
        source, place = stage.source, tmp_path / "shop.db"
        with stage.held(weather):
            pages = stage.pages
        for stream, count in pages.items():
            for life in range(count + 1):
                with open_store(place) as store, suppress(KilledError):
                    pull_all(source, weather, Mortal(store, pages=min(life, 1)), streams=stream)
                    break
            else:  # its list begins anew each time
                with open_store(place) as store:
                    pull_all(source, weather, store, streams=stream)
        with open_store(place) as store:
            check(source.facts(), store.events(), "after kills between all pages")

    def test_goes_on_where_it_stood(self, stage: Stage, weather: Weather) -> None:
        """A stream with a cursor doesn't read again what lies before it."""
        with stage.held(weather) as store:
            move_states(stage.source, weather, store, in_a_day)
            again = pull_all(stage.source, weather, store)
        read = {each.stream.name: each.records for each in again.streams if each.stream.cursor}
        assert not any(read.values()), f"read though the cursor is a day ahead: {read}"
