"""Tokens that change, kept in a file of one's own: written whole or not at all, by one process at a time."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs

from cxkit.errors import FatalAdapterError, StoreBusyError, StoreError
from cxkit.model.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cxkit.http.reply import Reply

_EARLY: Final = 30.0  # seconds: a token that is over in a moment won't last for a call
_TIMEOUT: Final = 120.0


@attrs.frozen
class Tokens:
    """What a vendor gave.

    Attributes:
        access: is sent with calls; None where only a refresh token is known.
        refresh: gets the next pair; None where there is none.
        expires: when the first is over, in seconds since 1970; None where the vendor doesn't say.
    """

    access: Secret | None
    refresh: Secret | None = None
    expires: float | None = None

    @classmethod
    def of_answer(cls, reply: Reply, now: float) -> Tokens:
        """Return the tokens of a token endpoint's answer (RFC 6749, section 5.1).

        Raises:
            FatalAdapterError: it holds none.

        >>> from cxkit.http.reply import Reply
        >>> Tokens.of_answer(Reply(200, {}, b'{"access_token": "a", "expires_in": 60}', "POST /token"), 1000.0)
        Tokens(access=Secret(…), refresh=None, expires=1060.0)
        """
        body = reply.json()
        if not isinstance(body, dict) or not isinstance(body.get("access_token"), str):
            raise FatalAdapterError(f"{reply.call}: the answer holds no access_token: is it a token endpoint?")
        try:
            expires = now + float(body["expires_in"])
        except (KeyError, TypeError, ValueError):
            expires = None
        return cls(_secret(body["access_token"]), _secret(body.get("refresh_token")), expires)

    def headers(self) -> dict[str, str]:
        """Return the header that shows the access token (RFC 6750)."""
        return {} if self.access is None else {"Authorization": f"Bearer {self.access.reveal()}"}

    def is_over(self, now: float) -> bool:
        """Say whether the access token is over, or in a moment."""
        return self.expires is not None and now >= self.expires - _EARLY

    def secrets(self) -> Iterable[Secret]:
        """Return what must not be shown."""
        return tuple(secret for secret in (self.access, self.refresh) if secret is not None)


@attrs.frozen
class TokenFile:
    """A file that holds the tokens of one grant; only its owner may read it.

    It is a small SQLite database: a lock that ends with its holder, and writing that is done whole, are what it is for.

    Attributes:
        path: the file; its folder is made.
        seed: the refresh token that somebody gave; another one than last time starts anew.
    """

    path: Path = attrs.field(converter=Path)
    seed: Secret | None = None

    def load(self) -> Tokens | None:
        """Return what is kept; else the seed; else None."""
        with self.held() as held:
            return held.load()

    @contextmanager
    def held(self) -> Iterator[Held]:
        """Hold the file, so that nobody else reads or writes it meanwhile; what is saved stays, whatever follows.

        Raises:
            StoreBusyError: another process held it too long.
            StoreError: the file can't be used.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
            self.path.chmod(0o600)  # also if somebody made it before
            with closing(sqlite3.connect(self.path, timeout=_TIMEOUT, isolation_level=None)) as connection:
                connection.execute("PRAGMA synchronous = FULL")
                connection.execute("PRAGMA secure_delete = ON")
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("CREATE TABLE IF NOT EXISTS token (access, refresh, expires, seed)")
                yield Held(connection, self.seed)
                if connection.in_transaction:
                    connection.execute("COMMIT")
        except (OSError, sqlite3.Error) as error:
            busy = isinstance(error, sqlite3.OperationalError) and "locked" in str(error)
            reason = "another process holds it: try again" if busy else f"can't be used: {error}"
            raise (StoreBusyError if busy else StoreError)(f"{self.path}: the file of tokens {reason}") from None


@attrs.frozen
class Held:
    """A file of tokens while it is held."""

    _connection: sqlite3.Connection
    _seed: Secret | None

    def load(self) -> Tokens | None:
        """Return what is kept, unless another seed was given since."""
        row = self._connection.execute("SELECT access, refresh, expires, seed FROM token").fetchone()
        if row is None or (self._seed is not None and row[3] != _mark(self._seed)):
            return None if self._seed is None else Tokens(None, self._seed)
        return Tokens(_secret(row[0]), _secret(row[1]), row[2])

    def save(self, tokens: Tokens) -> None:
        """Keep tokens; they are on the disk when this returns."""
        row = (
            tokens.access and tokens.access.reveal(),
            tokens.refresh and tokens.refresh.reveal(),
            tokens.expires,
            self._seed and _mark(self._seed),
        )
        self._connection.execute("DELETE FROM token")
        self._connection.execute("INSERT INTO token VALUES (?, ?, ?, ?)", row)
        self._connection.execute("COMMIT")


def _mark(seed: Secret) -> str:
    """Return what tells two seeds apart, and not what they are."""
    return hashlib.blake2b(seed.reveal().encode(), digest_size=16).hexdigest()


def _secret(text: Any) -> Secret | None:  # noqa: ANN401 - a column
    return Secret(text) if text else None


def token_file(name: str, *parts: str) -> Path:
    """Return where the tokens of an adapter are kept unless somebody says otherwise: in the user's state folder.

    Args:
        name: the adapter's.
        parts: what tells this grant from others: address, client, user.

    >>> token_file("desk", "https://desk.example", "an@example.org").name
    'desk-219d6b14cb6b.tokens'
    """
    state = os.environ.get("XDG_STATE_HOME") or str(Path("~/.local/state").expanduser())
    mark = hashlib.blake2b("\n".join(parts).encode(), digest_size=6).hexdigest()
    return Path(state) / "cxkit" / f"{name}-{mark}.tokens"
