"""The conformance suite of adapters: three lines in a plugin's tests, and a wrong adapter can't pass."""

from __future__ import annotations

import logging
import re
import time
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import attrs
import pytest

from cxkit.adapters import Adapter, Profile, Pusher, Receiver, State
from cxkit.adapters.contract import check_adapter
from cxkit.api.pull import pull
from cxkit.api.receive import receive
from cxkit.errors import AdapterError, BadSignatureError, CxkitError, FatalAdapterError, RetriableAdapterError
from cxkit.http import Answer
from cxkit.model.money import Money
from cxkit.store import open_store
from cxkit.testing.account import check
from cxkit.testing.source import DEEDS
from cxkit.testing.weather import FAULTS, Weather

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from cxkit.adapters import Request
    from cxkit.api.pull import Pulled
    from cxkit.http import Sent
    from cxkit.model.event import Event
    from cxkit.store import Report, Store
    from cxkit.testing.source import Deed, Fact, Source

_FAULTED_CALLS: Final = (0, 1, 3)
_ELSEWHERE: Final = "Asia/Kathmandu"  # a quarter of an hour off, so that no server shares it
_DULL: Final = frozenset({"host", "accept", "accept-encoding", "connection", "user-agent", "content-length"})
_PLAIN: Final = re.compile(r"[^@\s'\"]+@[^@\s'\"]+\.\w+|phone:\+")
_MARGIN_US: Final = 1_500_000  # a clock's step, and what it takes to answer
_PAUSE: Final = 3.0  # seconds: twice as much, so that what was made before lies behind a cursor


class _Killed(BaseException):
    """The process is gone."""


class AdapterSuite:
    """What every adapter has to stand.

    A plugin's tests have a fixture ``source``, of the scope of a class or wider, which returns a `Source`, and a
    subclass::

        @pytest.fixture(scope="module")
        def source(till): return TillSource(till)

        class TestTill(AdapterSuite): ...

    The tests let things happen at the source, pull through weather of their making into a store of their own, and
    compare what it then holds with what the source says by itself. What a vendor can't do is skipped with the reason
    that the source gives.
    """

    # ------------------------------------------------------------------------------------------------------- the stage

    @pytest.fixture(scope="class")
    @classmethod
    def stocked(cls, source: Source) -> Source:
        """Return the source with records of every kind, some of them at one time, and none of them fresh."""
        _do(source, "sell")
        source.wait(_PAUSE)  # so that these lie behind a cursor that the others moved
        for deed in ("at_once", "refund", "hide", "merge"):
            if deed not in source.impossible:
                _do(source, deed)
        source.wait(_PAUSE)
        return source

    @pytest.fixture
    def weather(self, source: Source) -> Iterator[Weather]:
        """Return the weather between adapter and source."""
        made = Weather(source.inner)
        yield made
        made.close()

    @pytest.fixture(autouse=True)
    def _elsewhere(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        """Run in a zone that no vendor is in: whoever reads a time without its zone is found out."""
        if not hasattr(time, "tzset"):
            yield
            return
        monkeypatch.setenv("TZ", _ELSEWHERE)
        time.tzset()
        yield
        monkeypatch.undo()
        time.tzset()

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

    def test_complete(self, stocked: Source, weather: Weather, store: Store) -> None:
        """All that the source holds is there once, with its time, money and customer, and nothing else."""
        _pull(stocked, weather, store)
        check(stocked.facts(), store.events(), "after one pull")

    def test_events_are_valid(self, stocked: Source, weather: Weather, store: Store) -> None:
        """Each event is of a kind that its stream declares, and has happened."""
        adapter = stocked.adapter(weather.wire())
        _pull(stocked, weather, store)
        declared = {kind for stream in adapter.streams() for kind in stream.kinds}
        found = {event.kind for event in store.events()}
        assert found <= declared, f"not declared by any stream: {sorted(found - declared)}"
        assert declared <= found, f"declared, and never seen: {sorted(declared - found)}: let `sell` make some"
        late = [event for event in store.events() if event.ts_us > (time.time() + 60) * 1_000_000]
        assert not late, f"in the future: {late[:3]}"

    def test_again_changes_nothing(self, stocked: Source, weather: Weather, store: Store) -> None:
        """Who pulls again gets nothing new, and no correction of what hasn't changed."""
        _pull(stocked, weather, store)
        again = _pull(stocked, weather, store)
        reports = {each.stream.name: each.report for each in again.streams}
        assert all(report.new == report.corrected == 0 for report in reports.values()), reports

    def test_ids_are_stable(self, stocked: Source, weather: Weather, tmp_path: Path) -> None:
        """Another store on another day gets the same events under the same ids."""
        with open_store(tmp_path / "one.db") as one, open_store(tmp_path / "other.db") as other:
            _pull(stocked, weather, one)
            _pull(stocked, weather, other)
            assert set(one.events()) == set(other.events())

    # ----------------------------------------------------------------------------------------------- going on, resuming

    def test_survives_kills(self, stocked: Source, weather: Weather, tmp_path: Path) -> None:
        """Killed before and after every page is kept, and begun again each time, it ends with all of it."""
        with open_store(":memory:") as whole:
            pages = {each.stream.name: each.pages for each in _pull(stocked, weather, whole).streams}
        for stream, count in pages.items():
            for kill in range(2 * count):
                with open_store(tmp_path / "shop.db") as store, suppress(_Killed):
                    _pull(stocked, weather, _Mortal(store, after=kill % 2 == 1), streams=stream)
            with open_store(tmp_path / "shop.db") as store:
                _pull(stocked, weather, store, streams=stream)
        with open_store(tmp_path / "shop.db") as store:
            check(stocked.facts(), store.events(), "after kills before and after every page")

    def test_goes_on_where_it_stood(self, stocked: Source, weather: Weather, store: Store) -> None:
        """A stream with a cursor doesn't read again what lies before it."""
        _pull(stocked, weather, store)
        _move_states(stocked, weather, store, _in_a_day)
        again = _pull(stocked, weather, store)
        read = {each.stream.name: each.records for each in again.streams if each.stream.cursor}
        assert not any(read.values()), f"read though the cursor is a day ahead: {read}"

    def test_change_is_seen(self, stocked: Source, weather: Weather, store: Store) -> None:
        """A record that changes after it was read is read again, though it is old."""
        self._after(stocked, weather, store, "change")

    def test_refund_is_seen(self, stocked: Source, weather: Weather, store: Store) -> None:
        """What happens to an old record is seen, also where that doesn't move its time of change."""
        self._after(stocked, weather, store, "refund")

    def test_same_moment(self, stocked: Source, weather: Weather, store: Store) -> None:
        """More records at one time than fit a page are all read, also those that come after the first pull."""
        self._after(stocked, weather, store, "at_once")

    def test_new_records(self, stocked: Source, weather: Weather, store: Store) -> None:
        """What is new is read."""
        self._after(stocked, weather, store, "sell")

    def test_hidden(self, stocked: Source, weather: Weather, store: Store) -> None:
        """What lists leave out is read."""
        self._after(stocked, weather, store, "hide")

    def test_merged(self, stocked: Source, weather: Weather, store: Store) -> None:
        """Two customers that became one are one."""
        self._after(stocked, weather, store, "merge")

    def test_deleted(self, stocked: Source, weather: Weather, store: Store) -> None:
        """A record that is gone stops nobody, and its events stay."""
        _pull(stocked, weather, store)
        before = list(stocked.facts())
        _do(stocked, "delete")
        _pull(stocked, weather, store)
        check(_together(before, stocked.facts()), store.events(), "after something was deleted")

    def test_change_while_paging(self, stocked: Source, weather: Weather, store: Store) -> None:
        """A record that changes while others are read makes none of them be passed over."""
        _possible(stocked, "change")
        before = list(stocked.facts())
        changed: list[int] = []

        def change(number: int, _sent: Sent, _answer: Answer) -> None:
            if number >= 2 and len(changed) < 3 and number % 2 == 0:  # noqa: PLR2004 - after the first page, and later
                changed.append(number)
                stocked.do("change")

        weather.passed = change
        _pull(stocked, weather, store)
        weather.clear()
        assert changed, "there were too few calls for anything to happen between them: ask for smaller pages"
        now = list(stocked.facts())
        check([fact for fact in before if fact in now], store.events(), "after changes while paging", more_allowed=True)
        _pull(stocked, weather, store)
        check(stocked.facts(), store.events(), "after changes while paging, and another pull")

    def test_repeated_page(self, stocked: Source, weather: Weather, store: Store) -> None:
        """A vendor that gives one page for ever is an error, or the end, and not for ever."""
        last: dict[str, Answer] = {}

        def keep(_number: int, sent: Sent, answer: Answer) -> None:
            if answer.status == 200:  # noqa: PLR2004 - a good one
                last[_shape(sent)] = answer

        weather.passed = keep
        weather.meet = lambda number, sent: last.get(_shape(sent)) if number > 1 else None
        with suppress(AdapterError):
            pull(stocked.adapter(weather.wire()), store, identity="raw")
        weather.clear()
        _pull(stocked, weather, store)
        check(stocked.facts(), store.events(), "after pages that were repeated")

    # -------------------------------------------------------------------------------------------------------- the wire

    @pytest.mark.parametrize("fault", FAULTS)
    def test_rides_out(self, fault: str, stocked: Source, weather: Weather, store: Store) -> None:
        """What passes by itself is tried again, wherever it comes, and loses nothing."""
        calls = _calls(stocked, weather, store)
        for at in (call for call in _FAULTED_CALLS if call < calls):
            with open_store(":memory:") as fresh:
                before = weather.calls
                weather.meet = lambda number, _sent, at=at, before=before: (  # type: ignore[misc]
                    FAULTS[fault] if number == before + at else None
                )
                weather.slept.clear()
                _pull(stocked, weather, fresh)
                if "retry-after" in FAULTS[fault].headers:
                    assert max(weather.slept, default=0) >= 7, "it didn't wait as long as Retry-After asks for"  # noqa: PLR2004
                check(stocked.facts(), fresh.events(), f"after {fault} in place of answer {at + 1}")

    @pytest.mark.parametrize("fault", FAULTS)
    def test_gives_up(self, fault: str, stocked: Source, weather: Weather, store: Store) -> None:
        """What doesn't pass ends in an error that says to try later, not in silence and not in a loop."""
        calls = _calls(stocked, weather, store)
        at = weather.calls + min(2, calls - 1)
        weather.meet = lambda number, _sent: FAULTS[fault] if number >= at else None
        with open_store(":memory:") as fresh:
            with pytest.raises(RetriableAdapterError):
                pull(stocked.adapter(weather.wire()), fresh, identity="raw")
            assert weather.calls - at <= 20, f"{weather.calls - at} calls to a vendor that is down"  # noqa: PLR2004
            weather.clear()
            _pull(stocked, weather, fresh)
            check(stocked.facts(), fresh.events(), f"after {fault} that lasted")

    def test_forbidden(self, stocked: Source, weather: Weather, store: Store) -> None:
        """A right that lacks is an error at once: to ask again won't help."""
        weather.meet = lambda _number, _sent: Answer(403, {}, b"forbidden")
        with pytest.raises(FatalAdapterError):
            pull(stocked.adapter(weather.wire()), store)
        streams = len(stocked.adapter(weather.wire()).streams())
        assert weather.calls <= 2 * streams + 2, f"{weather.calls} calls to a vendor that says no"

    def test_error_in_a_good_answer(self, stocked: Source, weather: Weather, store: Store) -> None:
        """An error that comes with status 200 is an error."""
        _possible(stocked, "refusal")
        calls = _calls(stocked, weather, store)
        at = weather.calls + min(2, calls - 1)
        weather.meet = lambda number, _sent: stocked.refusal() if number >= at else None
        with open_store(":memory:") as fresh:
            assert _errors(stocked, weather, fresh), "what the answer says is no error to the adapter"
            weather.clear()
            _pull(stocked, weather, fresh)
            check(stocked.facts(), fresh.events(), "after an error with status 200")

    def test_session_ends(self, stocked: Source, weather: Weather, store: Store) -> None:
        """A session that ends while pages are read is renewed, and again by the next pull."""
        _possible(stocked, "expire")
        ended: list[int] = []

        def end(number: int, _sent: Sent, _answer: Answer) -> None:
            if number >= 2 and not ended:  # noqa: PLR2004 - after the first page
                ended.append(number)
                stocked.do("expire")

        weather.passed = end
        _pull(stocked, weather, store)
        assert ended, "there were too few calls for the session to end between them"
        stocked.do("expire")
        _pull(stocked, weather, store)
        check(stocked.facts(), store.events(), "after the session ended twice")

    # --------------------------------------------------------------------------------------------------------- secrets

    def test_keeps_secrets(
        self, stocked: Source, weather: Weather, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """No secret shows in a log, an error, a repr or a file; no address or number in a store."""
        caplog.set_level(logging.DEBUG)
        for name in list(logging.root.manager.loggerDict):
            caplog.set_level(logging.DEBUG, logger=name)
        place = tmp_path / "shop.db"
        with open_store(place) as store:
            adapter = stocked.adapter(weather.wire())
            pull(adapter, store)
            said = [repr(adapter), str(adapter), *_parts(adapter)]
            for status in (500, 400, 401):
                weather.meet = lambda _number, sent, status=status: _echo(sent, status)  # type: ignore[misc]
                said.append(_failure(lambda: pull(stocked.adapter(weather.wire()), store)))
            weather.clear()
            said.append(_failure(stocked.stranger(weather.wire()).check))
            if isinstance(adapter, Receiver):
                forged = stocked.deliver(forged=True)
                said.append(_failure(lambda: receive(adapter, forged, store)))
        said += [record.getMessage() + str(record.exc_text or "") for record in caplog.records]
        said += [path.read_bytes().decode("latin-1") for path in tmp_path.iterdir()]
        for secret in stocked.secrets:
            where = [text[:200] for text in said if secret in text]
            assert not where, f"a secret shows: {[text.replace(secret, '<the secret>') for text in where[:3]]}"
        with open_store(place) as store:
            plain = [event for event in store.events() if _PLAIN.search(str(attrs.astuple(event)))]
        assert not plain, f"an e-mail address or a phone number stands in the store: {plain[:2]}"

    # -------------------------------------------------------------------------------------------------------- webhooks

    def test_webhook_is_the_same_event(self, stocked: Source, weather: Weather, store: Store) -> None:
        """What a webhook tells, a pull tells too: one event, whichever comes first."""
        adapter = _receiver(stocked, weather)
        first = receive(adapter, stocked.deliver(), store, identity="raw")
        assert first.new, "the webhook brought nothing"
        assert receive(adapter, stocked.deliver(), store, identity="raw").new == 0, "the same webhook again is new"
        _pull(stocked, weather, store)
        check(stocked.facts(), store.events(), "after a webhook and a pull")
        last = receive(adapter, stocked.deliver(), store, identity="raw")
        assert last.new == last.corrected == 0, f"after the pull the webhook says otherwise: {last}"

    @pytest.mark.parametrize("fault", ["unsigned", "forged", "body", "signature", "old", "future", "garbage"])
    def test_webhook_is_checked(self, fault: str, stocked: Source, weather: Weather, store: Store) -> None:
        """A webhook that isn't the vendor's, was changed on its way, or comes again later is refused."""
        adapter = _receiver(stocked, weather)
        if fault in {"old", "future"} and not stocked.deliveries_expire:
            pytest.skip("the vendor's signature doesn't cover when it was made")
        with pytest.raises(BadSignatureError):
            receive(adapter, _spoiled(stocked, fault), store)
        assert len(store) == 0

    # ---------------------------------------------------------------------------------------------------- writing back

    def test_writes_back(self, stocked: Source, weather: Weather) -> None:
        """Scores stand where people work, once, and are replaced and erased."""
        adapter: Any = stocked.adapter(weather.wire())
        if not isinstance(adapter, Pusher):
            pytest.skip(f"{adapter.title} can't be written to")
        customer = stocked.customer()
        revenue = Money("1234.50", "EUR")
        promoter: dict[str, Any] = {"nps_score": 9.0, "nps_group": "promoter", "revenue": revenue, "orders": 3.0}
        for scores in (promoter, {**promoter, "nps_score": 3.0, "nps_group": "detractor"}, dict.fromkeys(promoter)):
            first = adapter.push([Profile(customer, scores), Profile("999999999", scores)])
            assert (first.written, len(first.unknown), first.rejects) == (1, 1, ()), first
            assert stocked.holds(customer, scores), f"the source doesn't hold {scores}"
            again = adapter.push([Profile(customer, scores)])
            assert (again.written, again.unchanged) == (0, 1), f"the same again: {again}"

    # ------------------------------------------------------------------------------------------------------------------

    @pytest.fixture
    def store(self) -> Iterator[Store]:
        """Return an empty store."""
        with open_store(":memory:") as made:
            yield made

    def _after(self, source: Source, weather: Weather, store: Store, deed: Deed) -> None:
        """Pull, let something happen to what is old by then, pull again, and compare."""
        _possible(source, deed)
        _pull(source, weather, store)
        source.wait(_PAUSE)
        before = list(source.facts())
        _do(source, deed)
        after = list(source.facts())
        assert sorted(map(str, before)) != sorted(map(str, after)), f"`{deed}` changed nothing that the source tells"
        # The lookback is there for what becomes visible late; it must not hide a wrong cursor.
        _move_states(source, weather, store, _without_lookback)
        _pull(source, weather, store)
        check(after, store.events(), f"after {deed}")


class _Mortal:
    """A store whose process is killed at its first page: before that is kept, or right after."""

    def __init__(self, store: Store, *, after: bool) -> None:
        self._store = store
        self._after = after

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - all that a store does
        return getattr(self._store, name)

    def advance(self, pull: str, events: Iterable[Event], state: str, *, before: str | None) -> Report:
        """Keep a page or not, and die."""
        if self._after:
            self._store.advance(pull, events, state, before=before)
        raise _Killed


def _pull(source: Source, weather: Weather, store: Any, **options: Any) -> Pulled:  # noqa: ANN401 - a store, or one that dies
    """Pull through a new adapter, as a new process would; every record and stream must be taken."""
    pulled = pull(source.adapter(weather.wire()), store, identity="raw", **options)
    assert not pulled.errors, pulled.errors
    assert not pulled.rejected, [reject for each in pulled.streams for reject in each.rejects]
    return pulled


def _errors(source: Source, weather: Weather, store: Store) -> tuple[AdapterError, ...]:
    """Pull, and return why streams weren't read to their ends: a vendor may refuse some and not others."""
    try:
        return pull(source.adapter(weather.wire()), store, identity="raw").errors
    except AdapterError as error:
        return (error,)


def _calls(source: Source, weather: Weather, store: Store) -> int:
    """Return how many calls a pull takes."""
    before = weather.calls
    _pull(source, weather, store)
    return weather.calls - before


def _possible(source: Source, deed: str) -> None:
    if deed in source.impossible:
        pytest.skip(f"{deed}: {source.impossible[deed]}")


def _do(source: Source, deed: Deed) -> None:
    _possible(source, deed)
    source.do(deed)


def _move_states(source: Source, weather: Weather, store: Store, move: Callable[[State], State]) -> None:
    adapter = source.adapter(weather.wire())
    for stream in adapter.streams():
        name = f"{adapter.source} {stream.name}"
        before = store.state(name)
        store.advance(name, [], move(State.loads(before)).dumps(), before=before)


def _without_lookback(state: State) -> State:
    """Return the state as it will be once more than the lookback has gone by without a change."""
    if state.cursor is None or state.lookback <= _MARGIN_US:
        return state
    return attrs.evolve(state, cursor=state.cursor + state.lookback - _MARGIN_US)


def _in_a_day(state: State) -> State:
    day = 86_400_000_000
    now = int(time.time() * 1_000_000)
    return state if state.cursor is None else attrs.evolve(state, cursor=now + day + state.lookback, seen_at_cursor={})


def _together(before: Iterable[Fact], after: Iterable[Fact]) -> list[Fact]:
    """Return what was told before and is told now, each as often as where it is told most."""
    now = list(after)
    rest = list(now)
    gone = []
    for fact in before:
        if fact in rest:
            rest.remove(fact)
        else:
            gone.append(fact)
    return [*gone, *now]


def _shape(sent: Sent) -> str:
    """Return what tells one question from another, whatever page it asks for."""
    body = re.sub(rb'[0-9]+|"[^"]{0,64}"', b"", sent.body).decode("latin-1")
    return f"{sent.method} {sent.url.partition('?')[0]} {body}"


def _parts(adapter: object) -> list[str]:
    """Return the reprs of what an adapter is made of."""
    return [repr(value) for value in getattr(adapter, "__dict__", {}).values()]


def _echo(sent: Sent, status: int) -> Answer:
    """Return an answer that repeats what was sent, as careless vendors do."""
    headers = " ".join(f"{name}: {value}" for name, value in sent.headers.items() if name not in _DULL)
    return Answer(status, {}, f"you sent {headers} ".encode() + sent.body)


def _failure(call: Callable[[], object]) -> str:
    """Return all that an error says, with what led to it."""
    try:
        call()
    except CxkitError as error:
        chain = "".join(traceback.format_exception(error))
        return f"{chain} {error!r} {error.args!r} {error.__dict__!r}"
    return ""


def _receiver(source: Source, weather: Weather) -> Any:  # noqa: ANN401 - an adapter that receives
    adapter = source.adapter(weather.wire())
    if not isinstance(adapter, Receiver):
        pytest.skip(f"{adapter.title} takes no webhooks")
    return adapter


def _spoiled(source: Source, fault: str) -> Request:
    """Return a webhook with something wrong."""
    if fault == "forged":
        return source.deliver(forged=True)
    if fault in {"old", "future"}:
        return source.deliver(age=86_400.0 if fault == "old" else -86_400.0)
    good = source.deliver()
    if fault == "body":
        return attrs.evolve(good, body=good.body + b" ")
    signing = [name for name in good.headers if re.search(r"sign|hmac", name)]
    assert signing, "no header of the webhook looks like a signature"
    if fault == "unsigned":
        return attrs.evolve(good, headers={name: good.headers[name] for name in good.headers if name not in signing})
    spoiled = {name: _spoiled_text(good.headers[name], fault) for name in signing}
    return attrs.evolve(good, headers={**good.headers, **spoiled})


def _spoiled_text(text: str, fault: str) -> str:
    if fault == "garbage":
        return "\u00ff,=,;" * 50
    return text[:-6] + ("AAAAAA" if text[-6:] != "AAAAAA" else "BBBBBB")
