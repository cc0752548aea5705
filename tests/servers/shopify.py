"""Shopify's own description of its Admin API, as its package for developers' tools has it.

``python -m tests.servers.install shopify`` gets it by npm. There is no Shopify to be installed: by this schema the
tests check what the adapter asks, and a shop that is played answers (``shopify_shop``).
"""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
import tarfile
import tempfile
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from tests.servers.install import home

if TYPE_CHECKING:
    from graphql import GraphQLSchema

HOW_TO_GET_IT: Final = "Shopify's schema isn't here: python -m tests.servers.install shopify"
VERSION: Final = "2026-10"
_PACKAGE: Final = "@shopify/dev-mcp@1.16.0"
_MEMBER: Final = f"package/dist/data/admin_{VERSION}.json.gz"
_FILE: Final = f"admin_{VERSION}.json.gz"
_FILTER: Final = re.compile(r"^\| (\w+) \|", re.MULTILINE)
_SCALARS: Final = {
    "DateTime": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
    "Decimal": r"-?\d+\.\d+",
    "UnsignedInt64": r"\d+",
}


def install(folder: Path) -> None:
    """Get the schema, unless it is there; a few seconds, for a package of 14 MB of which 1 MB stays."""
    if (folder / _FILE).is_file():
        return
    npm = shutil.which("npm")
    if npm is None:
        message = "npm isn't on the PATH: apt-get install nodejs npm"
        raise FileNotFoundError(message)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as name:
        done = subprocess.run(
            [npm, "pack", _PACKAGE, "--loglevel=error", f"--pack-destination={name}"],
            cwd=name, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            message = f"npm failed: {(done.stdout + done.stderr)[-2000:]}"
            raise RuntimeError(message)
        (package,) = Path(name).glob("*.tgz")
        with tarfile.open(package) as archive:
            member = archive.extractfile(_MEMBER)
            if member is None:
                message = f"{_PACKAGE} holds no {_MEMBER}"
                raise RuntimeError(message)
            kept = Path(name) / _FILE
            kept.write_bytes(member.read())
        kept.replace(folder / _FILE)


def installed() -> Path | None:
    """Return the file of the schema, or None where it isn't."""
    file = home("shopify") / _FILE
    return file if file.is_file() else None


@cache
def schema() -> GraphQLSchema:
    """Return the schema, read once by each process; two seconds.

    Raises:
        FileNotFoundError: it isn't installed.
    """
    from graphql import build_client_schema

    file = installed()
    if file is None:
        raise FileNotFoundError(HOW_TO_GET_IT)
    said: Any = json.loads(gzip.decompress(file.read_bytes()))
    # Some fields of it are deprecated that their interfaces don't deprecate, which a newer rule forbids.
    made = build_client_schema(said.get("data", said), assume_valid=True)
    for name, pattern in _SCALARS.items():
        scalar: Any = made.type_map[name]
        scalar.coerce_output_value = partial(_written, name, re.compile(pattern))
    return made


def _written(name: str, pattern: re.Pattern[str], value: object) -> str:
    """Return a scalar if it is written as Shopify writes it; the schema itself says that only in words."""
    if not isinstance(value, str) or not pattern.fullmatch(value):
        message = f"{value!r} isn't a {name} as Shopify writes it"
        raise TypeError(message)
    return value


@cache
def filters(field: str) -> frozenset[str]:
    """Return what a list of the schema can be searched by, which stands as a table where the argument is described."""
    query = schema().query_type
    assert query is not None
    description = query.fields[field].args["query"].description or ""
    return frozenset(_FILTER.findall(description))


@pytest.fixture(scope="session")
def shopify_schema() -> GraphQLSchema:
    """Return the schema."""
    if installed() is None:
        pytest.skip(HOW_TO_GET_IT)
    return schema()
