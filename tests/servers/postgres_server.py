"""A PostgreSQL server of the tests' own: in a folder of its own, reached by a socket there, gone when they end.

Its databases sort text by the rules of English (ICU), and so otherwise than Python: whoever relies on an order must
say which.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterator

_SETTINGS: Final = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "max_connections": "60",
    "max_prepared_transactions": "0",
    "log_min_messages": "fatal",
}
_USER: Final = "cxkit"
_OLDEST: Final = 15  # the first that sorts a whole database by ICU


@attrs.frozen
class PostgresServer:
    """A running server.

    Attributes:
        folder: what holds it all; the socket too.
        bin: where its programs are.
        settings: what it is told when it starts.
    """

    folder: Path
    bin: Path
    settings: dict[str, str]

    def url(self, schema: str | None = None, database: str = "postgres") -> str:
        """Return the URL of a database, and of a schema in it."""
        place = f"postgresql://{_USER}@/{database}?host={quote(str(self.folder))}"
        return place if schema is None else f"{place}&schema={schema}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = " ".join(f"-c {name}='{value}'" for name, value in self.settings.items())
        socket = f"-c unix_socket_directories='{self.folder}'"
        log = self.folder / "log"
        _run(self.folder, self.bin / "pg_ctl", "-D", self.folder / "data", "-l", log, "-w", "-s",
             "-o", f"{settings} {socket}", "start")  # fmt: skip

    def stop(self) -> None:
        """Stop it at once: whoever is connected is cut off."""
        _run(self.folder, self.bin / "pg_ctl", "-D", self.folder / "data", "-m", "fast", "-w", "-s", "stop")


def programs() -> Path | None:
    """Return the folder of a server's programs, on the PATH or where Debian keeps them; None if there is none."""
    known = shutil.which("initdb")
    places = [Path(known).resolve().parent] if known else []
    places += sorted((found.parent for found in Path("/usr/lib/postgresql").glob("*/bin/initdb")), key=_version)
    return next((place for place in reversed(places) if _version(place) >= _OLDEST), None)


def _version(folder: Path) -> int:
    said = subprocess.run([folder / "initdb", "--version"], capture_output=True, text=True, check=True).stdout
    return int(re.findall(r"\d+", said)[0])


@contextmanager
def running(found: Path, **settings: str) -> Iterator[PostgresServer]:
    """Make a server in a folder of its own, and run it for as long as the block.

    Args:
        found: where its programs are.
        settings: of the server; the tests' are for speed, and don't wait for the disk.
    """
    # The path of a socket has room for a hundred characters: pytest's own folders may be too deep.
    with tempfile.TemporaryDirectory(prefix="cxpg") as name:
        server = PostgresServer(Path(name), found, {**_SETTINGS, **settings})
        if _is_root():
            shutil.chown(server.folder, _nobody())
        _run(
            server.folder, found / "initdb", "-D", server.folder / "data", "-U", _USER, "-A", "trust", "-E", "UTF8",
            "--locale=C", "--locale-provider=icu", "--icu-locale=en-US", "--no-sync", "--no-instructions",
        )  # fmt: skip
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _run(folder: Path, *command: object) -> None:
    """Run one of the server's programs; as somebody else where we are root, whom it refuses."""
    who: dict[str, Any] = {}
    if _is_root():
        import pwd

        who = {"user": _nobody(), "group": pwd.getpwnam(_nobody()).pw_gid, "extra_groups": []}
    # What starts a server lives on in it: a pipe would stay open for as long.
    with tempfile.TemporaryFile() as said:
        done = subprocess.run(
            [*map(str, command)], stdin=subprocess.DEVNULL, stdout=said, stderr=said, cwd=folder, check=False, **who
        )
        said.seek(0)
        assert done.returncode == 0, said.read().decode(errors="replace")


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _nobody() -> str:
    """Return a user without rights: the one that Debian's package makes for the server, else nobody."""
    import pwd

    return "postgres" if "postgres" in {user.pw_name for user in pwd.getpwall()} else "nobody"
