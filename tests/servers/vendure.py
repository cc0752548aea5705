"""A Vendure shop of the tests' own: the real program, on a SQLite file that was filled when it was installed.

``python -m tests.servers.install vendure`` gets it, which needs Node 20 or newer, npm, and a C++ compiler where SQLite
can't be fetched built. Whoever runs it has a copy of the file, which is gone afterwards.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs
import pytest
from tests.servers.install import home
from tests.servers.ports import free_port
from tests.servers.vendure_shop import Shop

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HOW_TO_GET_IT: Final = "Vendure isn't installed: python -m tests.servers.install vendure"
USER: Final = "superadmin"
PASSWORD: Final = "as secret as tests need"  # noqa: S105 - of a shop that lives for a test
_OURS: Final = Path(__file__).parent / "vendure"
_FILLED, _DONE = "shop.sqlite", "installed"
# Later releases than these were published while the registry lagged behind itself.
_BEFORE: Final = "2026-09-20"
_START_S: Final = 120


@attrs.frozen(kw_only=True)
class VendureServer(Shop):
    """A running shop, driven through its own interfaces.

    Attributes:
        url: where it answers.
        user: the name of its administrator.
        password: the administrator's password.
        file: its database.
        process: the number of its process.
    """

    file: Path
    process: int

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Return what a query finds in the shop's own file, or change something there that no interface changes."""
        with closing(sqlite3.connect(self.file, timeout=30)) as connection, connection:
            return connection.execute(sql, values).fetchall()

    def backdate(self, table: str, ids: list[str], **times: str) -> None:
        """Set times, as texts in UTC, that the shop would take from the clock."""
        columns = ", ".join(f'"{name}" = ?' for name in times)
        for each in ids:
            self.rows(f'UPDATE "{table}" SET {columns} WHERE id = ?', *times.values(), each)  # noqa: S608 - our own words

    def end_sessions(self) -> None:
        """Forget everybody who has logged in: their tokens are worth nothing from now on."""
        self.rows("DELETE FROM session")
        self.forget_login()

    def counts(self, idle_before: str) -> dict[str, int]:
        """Return how many events of each kind the shop's records tell of, counted in its own file.

        Args:
            idle_before: carts last touched before this time, a text in UTC, are abandoned.
        """
        carts = """SELECT count(*) FROM "order" o WHERE active AND "updatedAt" < ?
            AND EXISTS (SELECT 1 FROM order_line l WHERE l."orderId" = o.id AND l.quantity > 0)"""
        placed = 'SELECT count(*) FROM "order" WHERE "orderPlacedAt" IS NOT NULL'
        queries: Mapping[str, str] = {
            "account.created": 'SELECT count(*) FROM customer WHERE "deletedAt" IS NULL AND "userId" IS NOT NULL',
            "cart.abandoned": carts,
            "cart.updated": f"SELECT ({carts}) + ({placed})",
            "order.cancelled": f"{placed} AND state = 'Cancelled'",
            "order.delivered": f"{placed} AND state = 'Delivered'",
            "order.placed": placed,
            "order.refunded": "SELECT count(*) FROM refund WHERE state = 'Settled' AND total > 0",
        }
        return {kind: self.rows(sql, *[idle_before] * sql.count("?"))[0][0] for kind, sql in queries.items()}


def install(folder: Path) -> None:
    """Get the program and fill a shop, unless that is done; three or four minutes, most of them a compiler's."""
    if _done(folder):
        return
    folder.mkdir(parents=True, exist_ok=True)
    for file in _OURS.iterdir():
        shutil.copy(file, folder)
    npm = shutil.which("npm")
    if npm is None:
        message = "npm isn't on the PATH: apt-get install nodejs npm"
        raise FileNotFoundError(message)
    # A third of the time, if SQLite is compiled: -O3 is for those who run it for longer.
    _run(
        [npm, "install", f"--before={_BEFORE}", "--no-audit", "--no-fund", "--loglevel=error"],
        folder,
        CFLAGS="-O1",
    )
    filled = folder / _FILLED
    filled.unlink(missing_ok=True)
    _run([*_node(folder), str(filled), str(free_port()), "populate"], folder)
    (folder / _DONE).write_text(_digest(), "utf-8")


def installed() -> Path | None:
    """Return the folder of the program, or None where it isn't or is an older one."""
    folder = home("vendure")
    return folder if _done(folder) and shutil.which("node") else None


@contextmanager
def running() -> Iterator[VendureServer]:
    """Run a shop with three products and no order, for as long as the block; a few seconds until it answers."""
    folder = installed()
    if folder is None:
        raise FileNotFoundError(HOW_TO_GET_IT)
    with tempfile.TemporaryDirectory(prefix="cxvendure") as name, tempfile.TemporaryFile() as said:
        file, port = Path(name) / _FILLED, free_port()
        shutil.copy(folder / _FILLED, file)
        process = subprocess.Popen(
            [*_node(folder), str(file), str(port)], cwd=folder, env=_environment(), stdout=said, stderr=said
        )
        try:
            _wait(process, port)
            url = f"http://127.0.0.1:{port}"
            with VendureServer(url=url, user=USER, password=PASSWORD, file=file, process=process.pid) as server:
                yield server
        except TimeoutError:
            said.seek(0)
            raise TimeoutError(said.read().decode(errors="replace")) from None
        finally:
            process.terminate()
            process.wait()


@pytest.fixture(scope="session")
def vendure() -> Iterator[VendureServer]:
    """Return a shop that is running; one for each worker of pytest-xdist."""
    if installed() is None:
        pytest.skip(HOW_TO_GET_IT)
    with running() as server:
        yield server


def _digest() -> str:
    """Return what tells one version of our files from another."""
    content = b"".join(file.read_bytes() for file in sorted(_OURS.iterdir()))
    return hashlib.sha256(content).hexdigest()


def _done(folder: Path) -> bool:
    mark = folder / _DONE
    return mark.is_file() and mark.read_text("utf-8") == _digest()


def _node(folder: Path) -> list[str]:
    return [shutil.which("node") or "node", str(folder / "shop.js")]


def _environment(**more: str) -> dict[str, str]:
    return os.environ | {"SHOP_USER": USER, "SHOP_PASSWORD": PASSWORD} | more


def _run(command: list[str], folder: Path, **environment: str) -> None:
    done = subprocess.run(
        command, cwd=folder, env=_environment(**environment), stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    if done.returncode:
        said = (done.stdout + done.stderr).decode(errors="replace")[-4000:]
        message = f"{command[0]} failed: {said}"
        raise RuntimeError(message)


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    """Wait until the shop answers."""
    until = time.monotonic() + _START_S
    while time.monotonic() < until and process.poll() is None:
        with closing(socket.socket()) as asked:
            if asked.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    message = "the shop didn't start"
    raise TimeoutError(message)
