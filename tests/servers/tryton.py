"""Tryton, a real ERP with tills, opportunities and complaints, for the tests: installed from PyPI, on a SQLite file.

``install`` makes an environment for it and a company that can sell, once; ``running`` starts from a copy of that within
seconds. What people then do in it is in ``tryton_shop``. Tryton is a program that we talk to: nothing here imports it.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import attrs
import httpx
import pytest
from tests.servers import environments
from tests.servers.install import home
from tests.servers.ports import free_port
from tests.servers.tryton_shop import Shop

if TYPE_CHECKING:
    from collections.abc import Iterator

HOW_TO_GET_IT: Final = "Tryton is needed: python -m tests.servers.install tryton"
MODULES: Final = ("sale", "sale_opportunity", "sale_point", "web_shop", "sale_complaint")
RELEASE: Final = (*(f"trytond-{name.replace('_', '-')}==8.2.*" for name in MODULES), "trytond==8.2.*", "proteus==8.2.*")
DATABASE: Final = "shop"
SELLER, READER, OUTSIDER = "seller", "reader", "outsider"  # as tryton_setup.py calls them
ADMIN: Final = "admin"
_PREPARED: Final = "prepared.sqlite"
_PASSWORD: Final = "password"  # noqa: S105 - the name of a file
_HERE: Final = Path(__file__).parent
_PATIENCE_S: Final = 60


@attrs.frozen
class TrytonServer:
    """A running server.

    Attributes:
        url: of its web interface; RPC is at ``/<database>/rpc/`` below it.
        database: the name of its database.
        user: somebody who may read what an adapter needs, and has the groups that its README names.
        outsider: somebody without any of them.
        password: of every user.
        shop: what people do in it, and what it counts itself.
    """

    url: str
    database: str
    user: str
    outsider: str
    password: str = attrs.field(repr=False)
    shop: Shop = attrs.field(repr=False)


def install(folder: Path) -> None:
    """Install Tryton into a folder, and prepare a company in a database; what is there already stays.

    Args:
        folder: where to.
    """
    mark, wanted = folder / "installed", " ".join(RELEASE)
    if not mark.exists() or mark.read_text() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        environments.made(folder / "venv", *RELEASE)
        mark.write_text(wanted)
    if not (folder / _PREPARED).exists():
        _prepare(folder)


def _prepare(folder: Path) -> None:
    """Make the database from which every server starts."""
    password = secrets.token_urlsafe(16)
    with tempfile.TemporaryDirectory(prefix="cxtryton") as scratch:
        place = Path(scratch)
        settings = _settings(place)
        (place / f"{DATABASE}.sqlite").touch()  # Tryton asks for a database that exists, be it empty
        (place / "admin").write_text(password)
        environment = os.environ | {"TRYTONPASSFILE": str(place / "admin")}
        admin = [_python(folder), folder / "venv/bin/trytond-admin", "-c", settings, "-d", DATABASE]
        activate = ["-u", *MODULES, "--activate-dependencies", "--email", "admin@shop.example"]
        subprocess.run([*admin, *activate], check=True, env=environment)
        subprocess.run([_python(folder), _HERE / "tryton_setup.py", settings, DATABASE, password], check=True)
        (folder / _PASSWORD).write_text(password)
        shutil.copy(place / f"{DATABASE}.sqlite", folder / f"{_PREPARED}.part")
    (folder / f"{_PREPARED}.part").rename(folder / _PREPARED)


def installed() -> Path | None:
    """Return the folder it is installed in, or None."""
    folder = home("tryton")
    return folder if (folder / _PREPARED).exists() and (folder / "installed").exists() else None


@contextmanager
def running() -> Iterator[TrytonServer]:
    """Run a server with a company that has sold nothing yet for as long as the block."""
    folder = installed()
    assert folder is not None, HOW_TO_GET_IT
    password = (folder / _PASSWORD).read_text()
    with tempfile.TemporaryDirectory(prefix="cxtryton") as scratch:
        place, port = Path(scratch), free_port()
        file = place / f"{DATABASE}.sqlite"
        shutil.copy(folder / _PREPARED, file)
        named = {"TRYTOND_CONFIG": str(_settings(place)), "TRYTOND_DATABASE_NAMES": DATABASE}
        log = place / "said"
        with log.open("w") as said:
            serve = [_python(folder), _HERE / "tryton_serve.py", str(port)]
            process = subprocess.Popen(serve, cwd=place, env=os.environ | named, stdout=said, stderr=said)
        url = f"http://127.0.0.1:{port}"
        try:
            _wait(url, process, log)
            users = dict.fromkeys((SELLER, ADMIN), password)
            with (
                httpx.Client(base_url=url, timeout=_PATIENCE_S) as client,
                Shop.open(client, DATABASE, users, file) as shop,
            ):
                yield TrytonServer(url, DATABASE, READER, OUTSIDER, password, shop)
        finally:
            process.terminate()
            process.wait()


@pytest.fixture(scope="session")
def tryton() -> Iterator[TrytonServer]:
    """Return a server that is running; one for each worker of pytest-xdist."""
    if installed() is None:
        pytest.skip(HOW_TO_GET_IT)
    with running() as server:
        yield server


def _python(folder: Path) -> Path:
    return folder / "venv" / "bin" / "python"


def _settings(place: Path) -> Path:
    """Write the server's settings, and return their file."""
    file = place / "trytond.conf"
    file.write_text(f"[database]\nuri = sqlite://\npath = {place}\n")
    return file


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the server answers."""
    until = time.monotonic() + _PATIENCE_S
    asked = {"id": 0, "method": "common.server.version", "params": []}
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.post(f"{url}/rpc/", json=asked, timeout=_PATIENCE_S).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise RuntimeError(f"Tryton didn't start:\n{log.read_text()[-2000:]}")
