"""A vendor on the loopback that answers as a test says, and a clock that nobody has to wait for."""

from __future__ import annotations

from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import attrs

from cxkit.http import Answer, Relay, Sent, Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OK = Answer(200, {"content-type": "application/json"}, b'{"ok": true}')
KEY = "s3cr3t-K3y-with/slash+and=more"


@attrs.define
class Time:
    """A clock that goes on when somebody sleeps."""

    now: float = 1_700_000_000.0
    slept: list[float] = attrs.field(factory=list)

    def sleep(self, seconds: float) -> None:
        """Let time go by."""
        self.slept.append(seconds)
        self.now += seconds

    def wire(self, *answers: Answer | Callable[[Sent], Answer], **options: object) -> tuple[Wire, list[Sent]]:
        """Return a wire on which the answers come one after the other, the last for ever; and what is asked there."""
        asked: list[Sent] = []

        def handle(sent: Sent, _pass_on: Callable[[], Answer]) -> Answer:
            answer = answers[min(len(asked), len(answers) - 1)]
            asked.append(sent)
            return answer(sent) if callable(answer) else answer

        made = Wire(transport=Relay(handle), sleep=self.sleep, clock=lambda: self.now, **options)  # type: ignore[arg-type]
        return made, asked


@contextmanager
def serving(handle: Callable[[BaseHTTPRequestHandler, bytes], None]) -> Iterator[str]:
    """Serve on the loopback; give the address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _any(self) -> None:
            handle(self, self.rfile.read(int(self.headers.get("content-length", 0))))

        do_GET = do_POST = do_PUT = do_DELETE = _any  # noqa: N815 - what http.server looks for

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def say(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
    """Answer a request."""
    handler.send_response(answer.status)
    for name, value in answer.headers.items():
        handler.send_header(name, value)
    handler.send_header("content-length", str(len(answer.body)))
    handler.end_headers()
    handler.wfile.write(answer.body)
