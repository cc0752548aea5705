"""Opening a store, wherever it is: the one place that knows which kinds there are."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cxkit.errors import StoreError

if TYPE_CHECKING:
    from cxkit.store.protocol import Durability, Store

_SQLITE: Final = b"SQLite format 3\0"
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_POSTGRES: Final = frozenset({"postgres", "postgresql"})


def open_store(where: str | os.PathLike[str], *, durability: Durability = "normal", timeout: float = 30.0) -> Store:
    """Open a store; make it when there is none.

    Args:
        where: the SQLite file, ``:memory:`` for a store that ends with the process, or the URL of a PostgreSQL
            database, ``postgresql://user@host/database?schema=cxkit``.
        durability: ``full`` also survives a power cut, at the price of waiting for the disk at each commit. A
            PostgreSQL server waits for it unless it is set otherwise, so there ``normal`` leaves it to the server.
        timeout: how many seconds to wait for other threads and processes.

    Raises:
        InvalidValueError: a wrong durability or schema.
        MissingExtraError: psycopg isn't installed.
        StoreError: it can't be used; it says why. StoreBusyError when trying again may help.

    >>> with open_store(":memory:") as store:
    ...     len(store)
    0
    """
    scheme = _scheme(where)
    if scheme is None:
        from cxkit.store.sqlite import SQLiteStore

        return SQLiteStore.open(where, durability=durability, timeout=timeout)
    if scheme not in _POSTGRES:
        raise StoreError(
            f"{scheme}://… isn't a store that cxkit knows: give the path of a file, or postgresql://user@host/database"
        )
    from cxkit.store.postgres import PostgresStore

    return PostgresStore.open(os.fspath(where), durability=durability, timeout=timeout)


def is_store(where: str | os.PathLike[str]) -> bool:
    """Say whether something is a store rather than a file of events: a database's URL, or a file of SQLite.

    A pipe isn't looked into, for what is read from it is gone.

    >>> is_store("no such file"), is_store("postgresql://shop@localhost/shop")
    (False, True)
    """
    if is_url(where):
        return True
    if os.fspath(where) == "-" or not Path(where).is_file():
        return False
    with Path(where).open("rb") as opened:
        return opened.read(len(_SQLITE)) == _SQLITE


def is_url(where: str | os.PathLike[str]) -> bool:
    """Say whether a store is a PostgreSQL database, named by its URL.

    >>> is_url("postgresql://shop@localhost/shop"), is_url("shop.db")
    (True, False)
    """
    return _scheme(where) in _POSTGRES


def shown_name(where: str | os.PathLike[str]) -> str:
    """Return what a store or a file is called before people: without the password that a URL may hold.

    >>> shown_name("postgresql://shop:secret@localhost/shop"), shown_name("shop.db")
    ('postgresql://shop@localhost/shop', 'shop.db')
    """
    if not is_url(where):
        return os.fspath(where)
    from cxkit.store.postgres.address import Address

    return Address.of(os.fspath(where)).name


def _scheme(where: str | os.PathLike[str]) -> str | None:
    found = _SCHEME.match(where) if isinstance(where, str) else None
    return found[1].lower() if found else None
