"""Pulls from played tills in processes that are killed (SIGKILL) at chosen points; run with places of stores.

It prints, as JSON, what a pull that was killed and a pull after it left in each store, beside what one pull leaves.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from itertools import count
from typing import TYPE_CHECKING, Any

from till_source import HOOK_SECRET, PASSWORD, URL, TillSource

from cxkit.adapters import Secret, Wire
from cxkit.api.pull import pull
from cxkit.http import Answer, Relay
from cxkit.store import open_store
from cxkit_till.adapter import TillAdapter, TillConfig

if TYPE_CHECKING:
    from collections.abc import Callable

    from cxkit.http import Sent

POINTS = ("asked", "answered", "keeping", "kept")


def _die_at(number: int) -> Callable[[], None]:
    """Return what kills the process when it is called for the so-manieth time."""
    calls = count()

    def step() -> None:
        if next(calls) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    return step


def _adapter(source: TillSource, point: str = "", number: int = -1) -> tuple[Any, Callable[..., None]]:
    step = _die_at(number)

    def handle(sent: Sent, pass_on: Callable[[], Answer]) -> Answer:
        if point == "asked":
            step()
        answer = pass_on()
        if point == "answered":
            step()
        return answer

    class Mortal(TillAdapter):
        @property
        def source(self) -> str:
            """Die in the middle of a transaction: each event's source is compared while it is kept."""
            if point == "keeping":
                step()
            return "till:till.example"

        @source.setter
        def source(self, _value: str) -> None:
            """It stays what it is."""

    config = TillConfig(url=URL, password=Secret(PASSWORD), hook_secret=Secret(HOOK_SECRET))
    made = Mortal(config, Wire(transport=Relay(handle, source.inner), allow_private=True))
    return made, lambda *_: step() if point == "kept" else None


def _events(place: str) -> tuple[list[str], int]:
    with open_store(place) as store:
        return [str(event) for event in store.events()], len(list(store.audit()))


def main() -> None:
    """Kill and resume; print what is left."""
    source = TillSource(TillAdapter)
    for deed in ("sell", "at_once", "merge", "refund"):
        source.do(deed)
        source.wait(1)
    whole, *places = sys.argv[1:]
    adapter, _ = _adapter(source)
    with open_store(whole) as store:
        store.pseudonyms()
    pull(adapter, whole, identity="raw")
    wanted = _events(whole)
    found = []
    for number, place in enumerate(places):
        point = POINTS[number % len(POINTS)]
        child = os.fork()
        if child == 0:
            mortal, follow = _adapter(source, point, number // len(POINTS) * 2)
            pull(mortal, place, identity="raw", follow=follow)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        before = len(_events(place)[0])
        again, _ = _adapter(source)
        pulled = pull(again, place, identity="raw")
        new = sum(each.report.new for each in pulled.streams)
        found.append(
            {"point": point, "killed": killed, "same": _events(place) == wanted, "sum": before + new, "before": before}
        )
    print(json.dumps({"events": len(wanted[0]), "found": found}))  # noqa: T201 - to whoever started it


if __name__ == "__main__":
    main()
