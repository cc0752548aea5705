"""BottleCRM, a real CRM and service desk, for the tests: installed from PyPI, on a PostgreSQL server of its own.

``install`` makes an environment for it and an empty database once, which takes minutes; ``running`` starts from there
within seconds. Its web API is spoken to as any client would, see ``bottlecrm_desk``.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs
import pytest
from tests.servers import environments
from tests.servers.install import home
from tests.servers.ports import free_port
from tests.servers.postgres_server import programs
from tests.servers.postgres_server import running as postgres_running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.postgres_server import PostgresServer

HOW_TO_GET_IT: Final = (
    "BottleCRM is needed: python -m tests.servers.install bottlecrm, with Python 3.12 or newer and PostgreSQL about"
)
RELEASE: Final = "django-crm==1.35.0"  # what the adapter is tried against
_OLDEST: Final = (3, 12)
_PATIENCE_S: Final = 120
_DATABASE: Final = "crm"
_EMPTY: Final = "empty.sql"
_HERE: Final = Path(__file__).parent


@attrs.frozen
class BottleCrm:
    """A running server.

    Attributes:
        url: of its web API.
        dsn: of its database, for what the API can't do, such as to make a ticket older than it is.
        worker: does BottleCRM's background work when it is told to.
        log: what server and worker write into.
    """

    url: str
    dsn: str
    worker: Worker = attrs.field(repr=False)
    log: Path = attrs.field(repr=False)

    def said(self) -> list[str]:
        """Return the last lines that server and worker wrote, for whoever must find out what went wrong."""
        return self.log.read_text(errors="replace").splitlines()[-20:]


@attrs.frozen
class Worker:
    """BottleCRM's background work, done when it is asked for; see ``bottlecrm_worker``."""

    process: subprocess.Popen[str]

    def do(self, work: str, *arguments: str | float) -> Any:
        """Do a piece of work by its name, and return its answer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(json.dumps({"work": work, "arguments": arguments}), file=self.process.stdin, flush=True)
        said = json.loads(self.process.stdout.readline())
        assert "error" not in said, said["error"]
        return said["answer"]


def install(folder: Path) -> None:
    """Install BottleCRM into a folder, and keep its database as it is when it is new; what is there already stays.

    Args:
        folder: where to.
    """
    found = programs()
    if found is None:
        raise RuntimeError("PostgreSQL 15 or newer is needed: apt-get install postgresql")
    python = folder / "venv" / "bin" / "python"
    mark = folder / "installed"
    if not mark.exists() or mark.read_text() != RELEASE:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        environments.made(folder / "venv", RELEASE, python=_interpreter())
        mark.write_text(RELEASE)
    if not (folder / _EMPTY).exists():
        with postgres_running(found) as server, tempfile.TemporaryDirectory() as scratch:
            _tool(server, "createdb", _DATABASE)
            command = [python, "-m", "django", "migrate", "--verbosity", "0"]
            subprocess.run(command, check=True, cwd=scratch, env=_environment(server))
            kept = folder / f"{_EMPTY}.part"
            _tool(server, "pg_dump", "--no-owner", "--file", str(kept), _DATABASE)
            kept.rename(folder / _EMPTY)


def installed() -> Path | None:
    """Return the folder it is installed in, or None."""
    folder = home("bottlecrm")
    return folder if (folder / _EMPTY).exists() and (folder / "installed").exists() else None


@contextmanager
def running() -> Iterator[BottleCrm]:
    """Run a server without any tenant for as long as the block."""
    folder, found = installed(), programs()
    assert folder is not None, HOW_TO_GET_IT
    assert found is not None, HOW_TO_GET_IT
    python = folder / "venv" / "bin" / "python"
    with postgres_running(found) as postgres, tempfile.TemporaryDirectory(prefix="cxcrm") as scratch:
        _tool(postgres, "createdb", _DATABASE)
        port, env = free_port(), _environment(postgres)
        # BottleCRM's makers serve it so, with more workers.
        serve = [python, "-m", "gunicorn", "crm.wsgi:application", "--bind", f"127.0.0.1:{port}", "--threads", "2"]
        log = Path(scratch) / "said"
        with log.open("w") as said:
            server = subprocess.Popen(
                [*serve, "--log-level", "warning"], cwd=scratch, env=env, stdout=said, stderr=said
            )
            worker = subprocess.Popen(
                [python, _HERE / "bottlecrm_worker.py"], cwd=scratch, env=env, stderr=said,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8",
            )  # fmt: skip
        try:
            # While both load, which takes them seconds, the database is filled.
            _tool(postgres, "psql", "--quiet", "--output", os.devnull, "--file", str(folder / _EMPTY), _DATABASE)
            _wait(f"http://127.0.0.1:{port}/healthz/", server, log)
            yield BottleCrm(f"http://127.0.0.1:{port}", postgres.url(database=_DATABASE), Worker(worker), log)
        finally:
            for process in (server, worker):
                process.terminate()
                process.communicate()


@pytest.fixture(scope="session")
def bottlecrm() -> Iterator[BottleCrm]:
    """Return a server that is running; one for each worker of pytest-xdist."""
    if installed() is None or programs() is None or find_spec("psycopg") is None:
        pytest.skip(HOW_TO_GET_IT)
    with running() as server:
        yield server


def _environment(postgres: PostgresServer) -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", ""),
        "DJANGO_SETTINGS_MODULE": "crm.settings",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "ENV_TYPE": "dev",
        "DBNAME": _DATABASE,
        "DBUSER": "cxkit",
        "DBPASSWORD": "",
        "DBHOST": str(postgres.folder),
        "DBPORT": "5432",
        "DB_POOL_ENABLED": "true",
        # Tests name the hour at which work is done: no queue, no broker.
        "CELERY_BROKER_URL": "memory://",
        "CELERY_RESULT_BACKEND": "cache+memory://",
        "EMAIL_BACKEND": "django.core.mail.backends.locmem.EmailBackend",
        "FRONTEND_URL": "https://desk.example",
        "DOMAIN_NAME": "https://api.desk.example",
    }


def _tool(postgres: PostgresServer, name: str, *arguments: str) -> None:
    place = ["--host", str(postgres.folder), "--username", "cxkit"]
    subprocess.run([postgres.bin / name, *place, *arguments], check=True)


def _interpreter() -> str:
    """Return a Python that BottleCRM runs on: ours, one on the PATH, or one that pyenv keeps."""
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    names = [f"python3.{minor}" for minor in (13, 12, 14)]
    places = [sys.executable, *(shutil.which(name) for name in names), *map(str, sorted(kept.glob("*/bin/python")))]
    for place in places:
        if place is None:
            continue
        asked = [place, "-c", "import sys; print(*sys.version_info[:2])"]
        said = subprocess.run(asked, capture_output=True, text=True, check=False)
        if said.returncode == 0 and tuple(map(int, said.stdout.split())) >= _OLDEST:
            return place
    raise RuntimeError("Python 3.12 or newer is needed: none is on the PATH")


def _wait(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(log.read_text())
