"""Ports for servers that the tests start."""

from __future__ import annotations

import socket


def free_port() -> int:
    """Return a port of this machine that nobody listens on just now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
