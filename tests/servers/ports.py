"""Ports for servers that the tests start."""

from __future__ import annotations

import os
import random
import re
import socket
from typing import Final

_FIRST: Final = 20_000  # below those that a system lends to whoever calls out, which may be taken by the time we listen
_EACH: Final = 500
_WORKERS: Final = 20


def free_port() -> int:
    """Return a port of this machine that nobody listens on just now.

    A server takes seconds until it listens. So that no other test takes the port meanwhile, and then talks to it as if
    it were its own, each worker of pytest-xdist has ports of its own.
    """
    worker = int(re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", "")) or 0) % _WORKERS
    first = _FIRST + _EACH * worker
    for port in random.sample(range(first, first + _EACH), _EACH):
        with socket.socket() as found:
            try:
                found.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    message = f"all ports from {first} to {first + _EACH} are taken"
    raise OSError(message)
