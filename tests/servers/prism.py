"""Prism: a server made of a vendor's OpenAPI document, which refuses every request that the document doesn't allow.

It has no state: it answers with the document's own examples, so its lists never end. That is enough to see that an
adapter asks for what there is, the way it is to be asked. ``python -m tests.servers.install prism`` gets it, which
needs Node 20 or newer and npm.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from tests.servers.install import home
from tests.servers.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HOW_TO_GET_IT: Final = "Prism isn't installed: python -m tests.servers.install prism"
RELEASE: Final = "@stoplight/prism-cli@5.14.2"
SPECS: Final = Path(__file__).parents[3] / "shared" / "specs"
"""Vendors' contracts; they aren't part of the project."""
_DONE: Final = "installed"
# What it depends on isn't pinned: later releases than these were published while the registry lagged behind itself.
_BEFORE: Final = "2026-09-20"
_START_S: Final = 300  # it reads slowly, and a machine may be busy


def install(folder: Path) -> None:
    """Get the program, unless it is there; half a minute."""
    if _done(folder):
        return
    npm = shutil.which("npm")
    if npm is None:
        message = "npm isn't on the PATH: apt-get install nodejs npm"
        raise FileNotFoundError(message)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text('{"private": true}', "utf-8")  # or npm may install into a folder above
    command = [npm, "install", f"--before={_BEFORE}", "--no-audit", "--no-fund", "--loglevel=error", RELEASE]
    done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode:
        said = (done.stdout + done.stderr).decode(errors="replace")[-4000:]
        message = f"npm failed: {said}"
        raise RuntimeError(message)
    (folder / _DONE).write_text(RELEASE, "utf-8")


def installed() -> Path | None:
    """Return the folder of the program, or None where it isn't or is an older one."""
    folder = home("prism")
    return folder if _done(folder) and shutil.which("node") else None


def contract(name: str) -> Path:
    """Return the file of a vendor's contract, or skip the test where it isn't there."""
    path = SPECS / name
    if not path.exists():
        pytest.skip(f"{name} isn't here: vendors' contracts are looked for in ../shared/specs")
    return path


@contextmanager
def running(spec: Path, paths: Iterable[str] | None = None) -> Iterator[str]:
    """Serve a document for as long as the block; its address is returned, and it takes some seconds to start.

    A request that the document doesn't allow is answered 422, one without credentials 401, and what isn't in it 404.

    Args:
        spec: an OpenAPI document, in JSON.
        paths: those of it that are served, all by default: for hundreds Prism needs a minute to start.
    """
    folder = installed()
    if folder is None:
        raise FileNotFoundError(HOW_TO_GET_IT)
    port = free_port()
    program = folder / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"
    command = [shutil.which("node") or "node", str(program), "mock", "--errors", "--port", str(port), str(spec)]
    with tempfile.TemporaryDirectory(prefix="cxprism") as scratch, tempfile.TemporaryFile() as said:
        if paths is not None:
            command[-1] = str(Path(scratch) / spec.name)
            Path(command[-1]).write_text(json.dumps(part(json.loads(spec.read_bytes()), paths)), "utf-8")
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | {"NO_COLOR": "1"},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
        try:
            _wait(process, port)
            yield f"http://127.0.0.1:{port}"
        except TimeoutError:
            said.seek(0)
            raise TimeoutError(said.read().decode(errors="replace")[-4000:]) from None
        finally:
            process.terminate()
            process.wait()


def part(document: dict[str, Any], paths: Iterable[str]) -> dict[str, Any]:
    """Return a document with some of its paths, and what they refer to."""
    kept = {path: document["paths"][path] for path in paths}
    shared: dict[str, dict[str, Any]] = {"securitySchemes": document["components"].get("securitySchemes", {})}
    open_ends = [kept]
    while open_ends:
        for reference in _references(open_ends.pop()):
            kind, name = reference.removeprefix("#/components/").split("/", 1)
            if name not in shared.setdefault(kind, {}):
                shared[kind][name] = document["components"][kind][name]
                open_ends.append(shared[kind][name])
    return {**document, "paths": kept, "components": shared}


def _references(value: Any) -> Iterator[str]:
    """Yield what a part of a document refers to."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for each in value.values():
            yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)


def _done(folder: Path) -> bool:
    mark = folder / _DONE
    return mark.is_file() and mark.read_text("utf-8") == RELEASE


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    """Wait until it answers."""
    until = time.monotonic() + _START_S
    while time.monotonic() < until and process.poll() is None:
        with closing(socket.socket()) as asked:
            if asked.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    message = "Prism didn't start"
    raise TimeoutError(message)
