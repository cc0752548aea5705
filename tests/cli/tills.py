"""Played tills behind a real server, and the plugin that brings their adapter, installed as any other."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
from tests.http.vendor import say, serving
from till_source import HOOK_SECRET, PASSWORD, TillSource

from cxkit.http import Answer, Sent
from cxkit_till.adapter import TillAdapter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from http.server import BaseHTTPRequestHandler

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "adapters" / "_template"

PLUGIN = """
from cxkit import hookimpl
from cxkit_till.adapter import TillAdapter

@hookimpl
def cxkit_register_adapters(register):
    register(TillAdapter)
"""


@attrs.define
class Tills:
    """Tills that are served.

    Attributes:
        source: the tills.
        url: where they are.
        folder: what is on the path of whoever has the plugin.
        meet: is asked before each answer; what it returns takes the answer's place.
    """

    source: TillSource
    url: str
    folder: Path
    meet: Callable[[Sent], Answer | None] = lambda _sent: None

    @property
    def variables(self) -> dict[str, str]:
        """Return what sets the adapter."""
        return {
            "CXKIT_TILL_URL": self.url, "CXKIT_TILL_PASSWORD": PASSWORD, "CXKIT_TILL_HOOK_SECRET": HOOK_SECRET,
            "CXKIT_TILL_ALLOW_PRIVATE": "yes",
        }  # fmt: skip

    @property
    def environment(self) -> dict[str, str]:
        """Return what a process of its own needs to find the plugin."""
        places = (ROOT / "src", TEMPLATE / "src", ROOT, self.folder)
        return {**self.variables, "PYTHONPATH": os.pathsep.join(map(str, places))}


def install(folder: Path, name: str, code: str) -> None:
    """Install a plugin in a folder, as pip leaves it."""
    info = folder / f"cxkit_{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: cxkit-{name}\nVersion: 1.0\n", "utf-8")
    (info / "entry_points.txt").write_text(f"[cxkit.adapters]\n{name} = cxkit_{name}\n", "utf-8")
    (folder / f"cxkit_{name}.py").write_text(code, "utf-8")


@contextmanager
def served(folder: Path) -> Iterator[Tills]:
    """Serve tills that have sold something, and install the plugin."""
    install(folder, "tills", PLUGIN)
    source = TillSource(TillAdapter)
    for _ in range(3):
        source.do("sell")
    tills: list[Tills] = []

    def handle(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        headers: dict[str, Any] = {name.lower(): value for name, value in handler.headers.items()}
        sent = Sent(handler.command, f"{tills[0].url}{handler.path}", headers, body)
        say(handler, tills[0].meet(sent) or source.till._answer(sent, Answer))

    with serving(handle) as url:
        tills.append(Tills(source, url, folder))
        yield tills[0]
