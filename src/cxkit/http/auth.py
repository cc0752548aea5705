"""Showing a vendor who we are: fixed headers, and tokens that are fetched, renewed and rotated."""

from __future__ import annotations

from base64 import b64encode
from threading import Lock, local
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import attrs

from cxkit.errors import FatalAdapterError, RetriableAdapterError
from cxkit.http.tokens import Tokens
from cxkit.model.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from cxkit.http.client import Http
    from cxkit.http.tokens import TokenFile


class UnauthorizedError(FatalAdapterError):
    """The vendor doesn't admit us: a token may be over, which is renewed once, or a right may lack."""

    def __init__(self, message: str) -> None:
        """Keep the status that means it."""
        super().__init__(message, status=401)


class Auth(Protocol):
    """What shows who we are."""

    def headers(self, http: Http) -> Mapping[str, str]:
        """Return the headers of a call; it may fetch a token first."""
        ...

    def renew(self, http: Http) -> bool:
        """Get other credentials, as those sent weren't admitted; say whether there are any."""
        ...

    def secrets(self) -> Iterable[Secret]:
        """Return what must not be shown."""
        ...


@attrs.frozen
class NoAuth:
    """Calls as anybody may make them."""

    def headers(self, http: Http) -> Mapping[str, str]:  # noqa: ARG002 - the protocol
        """Return none."""
        return {}

    def renew(self, http: Http) -> bool:  # noqa: ARG002 - the protocol
        """There is nothing to renew."""
        return False

    def secrets(self) -> Iterable[Secret]:
        """Return none."""
        return ()


@attrs.frozen
class Header:
    """A key in a header.

    >>> Header("X-Api-Key", Secret("abc"))
    Header(name='X-Api-Key', secret=Secret(…), prefix='')
    """

    name: str
    secret: Secret
    prefix: str = ""
    parts: tuple[Secret, ...] = attrs.field(default=(), repr=False)  # what the secret is made of, secret too

    def headers(self, http: Http) -> Mapping[str, str]:  # noqa: ARG002 - the protocol
        """Return the header."""
        return {self.name: f"{self.prefix}{self.secret.reveal()}"}

    def renew(self, http: Http) -> bool:  # noqa: ARG002 - the protocol
        """A key doesn't renew itself."""
        return False

    def secrets(self) -> Iterable[Secret]:
        """Return the key, and what it is made of."""
        return (self.secret, *self.parts)


def bearer(secret: Secret) -> Header:
    """Return a bearer token (RFC 6750) that doesn't change.

    >>> bearer(Secret("abc")).prefix
    'Bearer '
    """
    return Header("Authorization", secret, "Bearer ")


def basic(user: str, password: Secret) -> Header:
    """Return a user and a password, or a pair of keys, as basic authentication (RFC 7617).

    >>> basic("ck_1", Secret("cs_1")).prefix
    'Basic '
    """
    pair = b64encode(f"{user}:{password.reveal()}".encode()).decode()
    return Header("Authorization", Secret(pair), "Basic ", (password,))


class Session:
    """Headers that a call of its own brings: signing in, when first needed and when they aren't admitted any more."""

    def __init__(self, sign_in: Callable[[Http], Mapping[str, Secret]], *, secrets: Iterable[Secret] = ()) -> None:
        """Prepare it.

        Args:
            sign_in: makes the call, with ``authorized=False``, and returns the headers.
            secrets: what it sends, so that errors don't show it.
        """
        self._sign_in = sign_in
        self._sent = tuple(secrets)
        self._headers: Mapping[str, Secret] | None = None
        self._shown = local()
        self._lock = Lock()

    def __repr__(self) -> str:
        """Show that there is one."""
        return "Session(…)"

    def headers(self, http: Http) -> Mapping[str, str]:
        """Return the headers, after signing in if need be."""
        with self._lock:
            if self._headers is None:
                self._headers = self._sign_in(http)
            self._shown.headers = self._headers
            return {name: secret.reveal() for name, secret in self._headers.items()}

    def renew(self, http: Http) -> bool:
        """Sign in anew, unless another thread has done so meanwhile."""
        with self._lock:
            if self._headers is getattr(self._shown, "headers", None):
                self._headers = self._sign_in(http)
        return True

    def secrets(self) -> Iterable[Secret]:
        """Return what is sent to sign in and with each call."""
        return (*self._sent, *(self._headers or {}).values())


class ClientCredentials:
    """A token for a client's id and secret (OAuth 2.0, RFC 6749, section 4.4), fetched anew when it is over."""

    def __init__(self, token_url: str, client_id: str, client_secret: Secret, *, scope: str | None = None) -> None:
        """Prepare it; the token is fetched with the first call.

        Args:
            token_url: where tokens are had.
            client_id: who asks.
            client_secret: shows it.
            scope: what for, as the vendor writes it.
        """
        self._url = token_url
        self._form = {"grant_type": "client_credentials", "client_id": client_id, "scope": scope}
        self._secret = client_secret
        self._tokens: Tokens | None = None
        self._shown = local()
        self._lock = Lock()

    def __repr__(self) -> str:
        """Show whose it is."""
        return f"ClientCredentials({self._url!r}, {self._form['client_id']!r}, Secret(…))"

    def headers(self, http: Http) -> Mapping[str, str]:
        """Return the token, fetched if there is none that is still good."""
        with self._lock:
            if self._tokens is None or self._tokens.is_over(http.wire.clock()):
                self._tokens = self._fetch(http)
            self._shown.tokens = self._tokens
            return self._tokens.headers()

    def renew(self, http: Http) -> bool:
        """Fetch another, unless another thread has done so meanwhile."""
        with self._lock:
            if self._tokens is getattr(self._shown, "tokens", None):
                self._tokens = self._fetch(http)
        return True

    def secrets(self) -> Iterable[Secret]:
        """Return the secret and the token."""
        return (self._secret, *(self._tokens.secrets() if self._tokens else ()))

    def _fetch(self, http: Http) -> Tokens:
        form = {name: value for name, value in self._form.items() if value is not None}
        return oauth(self._url, {**form, "client_secret": self._secret}, http)


class Refreshing:
    """A token that a refresh token renews, where each refresh token is good for one use and brings the next.

    Whoever renews holds the file of tokens meanwhile, so that of several processes one does; the new pair is on the
    disk before it is used.
    """

    def __init__(
        self,
        file: TokenFile,
        refresh: Callable[[Http, Secret], Tokens],
        *,
        sign_in: Callable[[Http], Tokens] | None = None,
    ) -> None:
        """Prepare it.

        Args:
            file: keeps the tokens.
            refresh: sends a refresh token, with ``authorized=False``, and returns what comes back.
            sign_in: gets the first pair where there is none, or where the one kept isn't admitted any more.
        """
        self._file = file
        self._refresh = refresh
        self._sign_in = sign_in
        self._tokens: Tokens | None = None
        self._shown = local()
        self._lock = Lock()

    def __repr__(self) -> str:
        """Show where the tokens are kept."""
        return f"Refreshing({self._file!r})"

    def headers(self, http: Http) -> Mapping[str, str]:
        """Return the token; renewed before it is over, where the vendor said when that is."""
        with self._lock:
            tokens = self._tokens or self._file.load()
            if tokens is None or tokens.access is None or tokens.is_over(http.wire.clock()):
                tokens = self._renewed(http, tokens)
            self._tokens = self._shown.tokens = tokens
            return tokens.headers()

    def renew(self, http: Http) -> bool:
        """Renew it; or take what another thread or process has renewed meanwhile."""
        with self._lock:
            self._tokens = self._renewed(http, getattr(self._shown, "tokens", None))
        return True

    def secrets(self) -> Iterable[Secret]:
        """Return the tokens."""
        return self._tokens.secrets() if self._tokens else ()

    def _renewed(self, http: Http, old: Tokens | None) -> Tokens:
        with self._file.held() as held:
            kept = held.load()
            fresh = kept is not None and kept.access is not None and not kept.is_over(http.wire.clock())
            if kept is not None and old is not None and fresh and kept != old:
                return kept
            if kept is None or kept.refresh is None:
                tokens = self._first(http)
            else:
                self._tokens = kept  # what is sent now must not be shown
                try:
                    tokens = self._refresh(http, kept.refresh)
                except FatalAdapterError:
                    if self._sign_in is None:
                        raise
                    tokens = self._sign_in(http)
                else:
                    # An answer without one means that the old one stays good (RFC 6749, section 6).
                    tokens = attrs.evolve(tokens, refresh=tokens.refresh or kept.refresh)
            held.save(tokens)
            return tokens

    def _first(self, http: Http) -> Tokens:
        if self._sign_in is None:
            raise FatalAdapterError(f"{http.host}: there is no refresh token: grant access once, and give the token")
        return self._sign_in(http)


def oauth(url: str, form: Mapping[str, Any], http: Http) -> Tokens:
    """Return the tokens that a token endpoint gives for a form (RFC 6749, section 5.1).

    Args:
        url: the endpoint; it may be on another host than the calls.
        form: what is sent; secrets in it as `Secret`.
        http: whose wire is used.

    Raises:
        RetriableAdapterError: the endpoint can't answer just now.
        FatalAdapterError: it gives none.
    """
    from cxkit.http.client import Http as Caller  # it imports this module

    parts = urlsplit(url)
    caller = Caller(f"{parts.scheme}://{parts.netloc}", wire=http.wire)
    try:
        # Of a refresh token that is good for one use the answer is the only copy: it can't be asked for again.
        once = form.get("grant_type") == "refresh_token"
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        reply = caller.request("POST", path, form=form, repeatable=not once)
    # What the endpoint says may repeat what was sent, and this caller knows no secrets.
    except RetriableAdapterError as error:
        raise RetriableAdapterError(
            f"{parts.netloc}: no token is given just now: try again later", retry_after=error.retry_after
        ) from None
    except FatalAdapterError as error:
        why = f"answered {error.status}" if error.status else "no answer that could be read"
        raise FatalAdapterError(f"{parts.netloc}: no token was given ({why})", status=error.status) from None
    finally:
        caller.close()
    return Tokens.of_answer(reply, http.wire.clock())
