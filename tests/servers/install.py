"""Install the programs that adapters are tried against: ``python -m tests.servers.install [vendure tryton …]``.

They come from the public registries and stay in a folder of their own, so that a test only has to start them. What is
there already is left as it is.
"""

from __future__ import annotations

import os
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Final

SERVERS: Final = ("vendure", "tryton", "bottlecrm", "prism", "shopify")
_ROOT: Final = Path(__file__).resolve().parents[2]


def home(name: str) -> Path:
    """Return the folder of a server: below ``$CXKIT_SERVERS``, or below ``build/servers`` where that isn't set."""
    return Path(os.environ.get("CXKIT_SERVERS") or _ROOT / "build" / "servers").resolve() / name


def main(names: list[str]) -> int:
    """Install the servers named, or all; one that fails doesn't keep the others from it.

    Returns:
        How many failed.
    """
    failed = 0
    for name in names or SERVERS:
        if name not in SERVERS:
            print(f"{name}: unknown; there is: {', '.join(SERVERS)}", file=sys.stderr)  # noqa: T201 - a command
            failed += 1
            continue
        began = time.monotonic()
        try:
            import_module(f"tests.servers.{name}").install(home(name))
        except Exception as error:  # noqa: BLE001 - the others are tried nevertheless
            print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr)  # noqa: T201 - a command
            failed += 1
        else:
            print(f"{name}: in {home(name)}, after {time.monotonic() - began:.0f} s")  # noqa: T201
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
