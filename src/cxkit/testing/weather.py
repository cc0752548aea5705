"""What can happen between an adapter and its vendor, made to happen."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import pytest

from cxkit.adapters import Wire
from cxkit.http import Answer, Relay, Sent

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_CALLS: Final = 3000
_PAGE: Final = b"<!doctype html><html><body><h1>Bad gateway</h1></body></html>"

FAULTS: Final[dict[str, Answer]] = {
    "429 with Retry-After": Answer(429, {"retry-after": "7"}, b"slow down"),
    "429 without Retry-After": Answer(429, {}, b"slow down"),
    "500": Answer(500, {}, b"oops"),
    "503": Answer(503, {}, b""),
    "timeout": Answer(lost="timeout"),
    "no connection": Answer(lost="connect"),
    "cut body": Answer(200, {"content-type": "application/json"}, b'{"data": [{"id": 1}, {"id": 2}]}', lost="cut"),
    "HTML error page": Answer(200, {"content-type": "text/html"}, _PAGE),
}
"""What passes by itself, so that one more try helps."""


class Weather:
    """A wire whose every call can be met with something else than what the vendor says.

    Attributes:
        calls: how many calls were made.
        slept: how many seconds were waited, without waiting.
        meet: is asked before each call, with its number from 0; an `Answer` takes the vendor's place, None lets the
            call through.
        passed: is told of each call that went through, by its number, and of what came back.
    """

    def __init__(self, inner: Any = None) -> None:  # noqa: ANN401 - a transport
        """Begin with fair weather."""
        self.calls = 0
        self.slept: list[float] = []
        self.meet: Callable[[int, Sent], Answer | None] = lambda _number, _sent: None
        self.passed: Callable[[int, Sent, Answer], None] = lambda _number, _sent, _answer: None
        self._relay = Relay(self._handle, inner)

    def wire(self) -> Wire:
        """Return the wire to make an adapter with: it waits without waiting, and gives up after four tries."""
        return Wire(
            transport=self._relay,
            allow_private=True,
            attempts=4,
            sleep=self.slept.append,
            # Time that was slept has gone by, or whoever waits for a moment would wait for ever.
            clock=lambda: time.time() + sum(self.slept),
        )

    def _handle(self, sent: Sent, pass_on: Callable[[], Answer]) -> Answer:
        number, self.calls = self.calls, self.calls + 1
        if self.calls > MOST_CALLS:
            pytest.fail(f"{self.calls:,} calls, and no end: where does the adapter stop?")
        met = self.meet(number, sent)
        if met is not None:
            return met
        answer = pass_on()
        self.passed(number, sent, answer)
        return answer

    def clear(self) -> None:
        """Let all calls through again."""
        self.meet = lambda _number, _sent: None
        self.passed = lambda _number, _sent, _answer: None

    def close(self) -> None:
        """Close the connections."""
        self._relay.close()
