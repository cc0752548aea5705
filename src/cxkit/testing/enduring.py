"""The part of the suite in which the vendor doesn't answer as it should, and nothing secret may show."""

from __future__ import annotations

import logging
import re
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import attrs
import pytest

from cxkit.adapters import Receiver
from cxkit.api.pull import pull
from cxkit.api.receive import receive
from cxkit.errors import AdapterError, CxkitError, FatalAdapterError, RetriableAdapterError
from cxkit.http import Answer
from cxkit.store import open_store
from cxkit.testing.account import check
from cxkit.testing.stage import possible, pull_all
from cxkit.testing.weather import FAULTS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cxkit.http import Sent
    from cxkit.store import Store
    from cxkit.testing.source import Source
    from cxkit.testing.stage import Stage
    from cxkit.testing.weather import Weather

_MOST_TRIES: Final = 20
_DULL: Final = frozenset({"host", "accept", "accept-encoding", "connection", "user-agent", "content-length"})
_PLAIN: Final = re.compile(r"[^@\s'\"]+@[^@\s'\"]+\.\w+|phone:\+")


class Enduring:
    """Bad weather, and what an adapter keeps to itself."""

    # -------------------------------------------------------------------------------------------------------- the wire

    @pytest.mark.parametrize("fault", FAULTS)
    def test_rides_out(self, fault: str, stage: Stage, weather: Weather, store: Store) -> None:
        """What lasts is an error that says to try later; what passes is tried again, wherever it comes; none loses."""
        source, answer = stage.source, FAULTS[fault]
        at = _third(stage, weather)
        weather.meet = lambda number, _sent: answer if number >= at else None
        with pytest.raises(RetriableAdapterError):
            pull(source.adapter(weather.wire()), store, identity="raw")
        assert weather.calls - at <= _MOST_TRIES, f"{weather.calls - at} calls to a vendor that is down"
        begun, slept = weather.calls, sum(weather.slept)
        weather.meet = lambda number, _sent: None if (number - begun) % 2 else answer
        pull_all(source, weather, store)
        wait = int(answer.headers.get("retry-after", 0)) * (weather.calls - begun) // 2
        assert sum(weather.slept) - slept >= wait, "it didn't wait as long as Retry-After asks for"
        check(source.facts(), store.events(), f"after {fault} that lasted, and then in place of every other answer")

    def test_forbidden(self, stocked: Source, weather: Weather, store: Store) -> None:
        """A right that lacks is an error at once: to ask again won't help."""
        weather.meet = lambda _number, _sent: Answer(403, {}, b"forbidden")
        with pytest.raises(FatalAdapterError):
            pull(stocked.adapter(weather.wire()), store)
        streams = len(stocked.adapter(weather.wire()).streams())
        assert weather.calls <= 2 * streams + 2, f"{weather.calls} calls to a vendor that says no"

    def test_error_in_a_good_answer(self, stage: Stage, weather: Weather, store: Store) -> None:
        """An error that comes with status 200 is an error."""
        source = stage.source
        possible(source, "refusal")
        at = _third(stage, weather)
        weather.meet = lambda number, _sent: source.refusal() if number >= at else None
        assert _errors(source, weather, store), "what the answer says is no error to the adapter"
        weather.clear()
        pull_all(source, weather, store)
        check(source.facts(), store.events(), "after an error with status 200")

    def test_session_ends(self, stocked: Source, weather: Weather, store: Store) -> None:
        """A session that ends while pages are read is renewed, and again by the next pull."""
        possible(stocked, "expire")
        ended: list[int] = []

        def end(number: int, _sent: Sent, _answer: Answer) -> None:
            if number >= 2 and not ended:  # noqa: PLR2004 - after the first page
                ended.append(number)
                stocked.do("expire")

        weather.passed = end
        pull_all(stocked, weather, store)
        assert ended, "there were too few calls for the session to end between them"
        stocked.do("expire")
        pull_all(stocked, weather, store)
        check(stocked.facts(), store.events(), "after the session ended twice")

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
        pull_all(stocked, weather, store)
        check(stocked.facts(), store.events(), "after pages that were repeated")

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


def _third(stage: Stage, weather: Weather) -> int:
    """Return the number that a pull's third call will have, which comes after the first page, or its last."""
    with stage.held(weather):  # the calls that this may take have been made, then
        return weather.calls + min(2, stage.calls - 1)


def _errors(source: Source, weather: Weather, store: Store) -> tuple[AdapterError, ...]:
    """Pull, and return why streams weren't read to their ends: a vendor may refuse some and not others."""
    try:
        return pull(source.adapter(weather.wire()), store, identity="raw").errors
    except AdapterError as error:
        return (error,)


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
