"""Where a PostgreSQL store is: a database's URL, and the schema in it."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

import attrs

from cxkit.errors import InvalidValueError, MissingExtraError, StoreError

if TYPE_CHECKING:
    from types import ModuleType

SCHEMA: Final = "cxkit"
# What needs no quotes but for capitals, and fits PostgreSQL's 63 bytes.
_SCHEMA_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")


def driver() -> ModuleType:
    """Return psycopg.

    Raises:
        MissingExtraError: it isn't installed.
    """
    try:
        import psycopg
    except ImportError:
        raise MissingExtraError("postgres", "psycopg") from None
    return psycopg


@attrs.frozen
class Address:
    """Where a store is.

    Attributes:
        name: the URL as people may see it: server, user, database and schema.
        schema: the schema that its tables are in.
        parameters: what the server is asked for a connection with, the password among it.
    """

    name: str
    schema: str
    parameters: dict[str, Any] = attrs.field(repr=False)

    @classmethod
    def of(cls, url: str, schema: str | None = None) -> Address:
        """Return what a URL says.

        Args:
            url: as libpq takes it, with ``schema`` as one more parameter.
            schema: the schema, whatever the URL says.

        Raises:
            InvalidValueError: a schema that we don't make.
            MissingExtraError: psycopg isn't installed.
            StoreError: it isn't a URL that PostgreSQL understands. The sentence doesn't show it, for a password that
                isn't written as it should be may be anywhere in it.

        >>> Address.of("postgresql://shop:secret@localhost/shop?schema=cx").name
        'postgresql://shop@localhost/shop?schema=cx'
        """
        psycopg = driver()
        end = url.find("?", url.rfind("@") + 1)  # a password may hold one too
        place, query = (url, "") if end < 0 else (url[:end], url[end + 1 :])
        asked = [part for part in query.split("&") if part]
        named = [unquote(part.partition("=")[2]) for part in asked if part.startswith("schema=")]
        rest = "&".join(part for part in asked if not part.startswith("schema="))
        parameters = None
        with suppress(psycopg.Error):
            parameters = psycopg.conninfo.conninfo_to_dict(f"{place}?{rest}" if rest else place)
        # Part of a password may have passed for something else.
        if parameters is None or _is_odd(url, parameters):
            raise StoreError(
                "the store's URL isn't one that PostgreSQL understands: write postgresql://user@host:5432/database, "
                "and in a password %40 for @, %2F for /, %3A for :"
            )
        chosen = _checked(schema if schema is not None else [SCHEMA, *named][-1])
        return cls(_shown(parameters, chosen), chosen, parameters)


def _is_odd(url: str, parameters: dict[str, Any]) -> bool:
    """Whether signs that belong to a password may have divided the URL elsewhere than meant."""
    authority, _, rest = url.partition("://")[2].partition("/")
    ports = str(parameters.get("port", "")).split(",")
    return "@" in rest or authority.count("@") > 1 or not all(port.isdigit() for port in ports if port)


def _checked(schema: str) -> str:
    if not _SCHEMA_NAME.fullmatch(schema) or schema.lower().startswith("pg_"):
        raise InvalidValueError(
            "schema", schema, "isn't a name of at most 63 letters, digits and underscores that doesn't begin with pg_"
        )
    return schema


def _shown(parameters: dict[str, Any], schema: str) -> str:
    user, host = parameters.get("user"), str(parameters.get("host", ""))
    port, database = parameters.get("port"), parameters.get("dbname", "")
    query = [f"host={host}"] if host.startswith("/") else []
    query += [f"schema={schema}"] if schema != SCHEMA else []
    return "".join([
        "postgresql://",
        f"{user}@" if user else "",
        "" if host.startswith("/") else host,
        f":{port}" if port else "",
        f"/{database}",
        f"?{'&'.join(query)}" if query else "",
    ])  # fmt: skip
