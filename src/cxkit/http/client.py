"""The one file that imports httpx: calls to a vendor, repeated when that helps, and never more than what is allowed."""

from __future__ import annotations

import json as texts
import logging
import random
import re
import time
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import quote, quote_plus, urljoin, urlsplit
from weakref import finalize

import attrs
import httpx
from tenacity import Retrying, retry_if_exception, stop_after_attempt

from cxkit.errors import AdapterError, FatalAdapterError, InvalidValueError, RetriableAdapterError
from cxkit.http.addresses import base_of, public_address
from cxkit.http.auth import NoAuth, UnauthorizedError
from cxkit.http.graphql import NotDoneError, data_of
from cxkit.http.pacing import by_cost, by_headers, retry_after
from cxkit.http.quiet import quiet
from cxkit.http.reply import Reply
from cxkit.http.wire import Wire
from cxkit.model.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from urllib.parse import SplitResult

    from tenacity import RetryCallState

    from cxkit.http.auth import Auth

_LOG: Final = logging.getLogger("cxkit.http")
_TRY_AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_NOT_DONE: Final = frozenset({425, 429, 503})  # refused before anything was done: also what mustn't be done twice
_REPEATABLE: Final = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
_SECRET_NAMES: Final = re.compile(r"key|token|secret|passw|signature|auth|code|session|hmac", re.IGNORECASE)
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 60.0
_SHOWN: Final = 200
_AGENT: Final = "cxkit (customer-experience metrics)"
_NO_HEADER: Final = "a header can't carry what it was given: is the key whole, without blanks or foreign letters?"


class Http:
    """Calls to one vendor's address.

    What may pass by itself is tried again, with waits of random length that double (full jitter) or that the vendor
    names: 408, 425, 429, 500, 502, 503, 504, lost connections, timeouts, answers cut short, HTML in place of JSON.
    A call that changes something is repeated only where it surely wasn't done. Redirects aren't followed, answers
    aren't read past a limit, and errors and the log (``cxkit.http``, at debug level) show no secret.
    """

    def __init__(  # noqa: PLR0913 - what is the same for all its calls
        self,
        base_url: str,
        *,
        auth: Auth | None = None,
        wire: Wire | None = None,
        headers: Mapping[str, str] | None = None,
        pace: Callable[[Reply, float], float] = by_headers,
        inspect: Callable[[Reply], None] | None = None,
        lapsed: Callable[[int, bytes], bool] | None = None,
        json: bool = True,
    ) -> None:
        """Prepare calls; nothing is sent yet.

        Args:
            base_url: what all addresses begin with, such as ``https://shop.example/api``.
            auth: what shows who we are.
            wire: patience, limits and transport.
            headers: sent with each call; no secrets, which belong to `auth`.
            pace: how many seconds to wait after an answer before the next call, from the answer and the time.
            inspect: looks at each good answer, and raises where its body says that it isn't one: some vendors answer
                errors with status 200.
            lapsed: says of another bad status and its body that it means what 401 does: some vendors answer 403 to a
                token that is over.

            json: whether answers have to be JSON, or empty; anything else is taken for an error that may pass.

        Raises:
            InvalidValueError: the address isn't one that may be called.
        """
        self.wire = wire or Wire()
        self._base = base_of(base_url, allow_private=self.wire.allow_private)
        self._auth = auth or NoAuth()
        self._pace = pace
        self._inspect = inspect
        self._json = json
        self._lapsed = lapsed
        self._not_before = 0.0
        transport = self.wire.transport
        if transport is None:
            transport = httpx.HTTPTransport(retries=0)
            if not self.wire.allow_private:
                transport = _Public(transport)
        self._client = httpx.Client(
            transport=transport,
            timeout=self.wire.timeout,
            follow_redirects=False,
            headers={"User-Agent": _AGENT, "Accept": "application/json", **(headers or {})},
        )
        # One that was given may be others' too: closed under a call of theirs, that call never ends.
        self._ours = self.wire.transport is None
        if self._ours:
            finalize(self, self._client.close)

    @property
    def host(self) -> str:
        """The host that is called, with the port if it isn't the usual one."""
        return self._base.netloc

    def close(self) -> None:
        """Let go of the connections, unless they are those of a transport that was given; closing twice is fine."""
        if self._ours:
            self._client.close()

    def get(self, path: str, params: Mapping[str, Any] | None = None, **options: Any) -> Reply:  # noqa: ANN401
        """Call with GET; see `request`."""
        return self.request("GET", path, params=params, **options)

    def post(self, path: str, json: Any = None, **options: Any) -> Reply:  # noqa: ANN401
        """Call with POST and a JSON body; see `request`."""
        return self.request("POST", path, json=json, **options)

    def graphql(self, query: str, variables: Mapping[str, Any] | None = None, *, path: str = "") -> Any:  # noqa: ANN401
        """Ask by GraphQL; return the data.

        A query is repeated as GET would be, a mutation isn't. Pacing follows the cost that the answer tells.

        Raises:
            RetriableAdapterError: throttled or down, for longer than we wait.
            FatalAdapterError: the answer holds errors; also where it holds data beside them.
        """
        changes = query.lstrip().startswith("mutation")
        reply = self.request(
            "POST",
            path,
            json={"query": query, "variables": dict(variables or {})},
            repeatable=not changes,
            inspect=lambda answer: data_of(answer) and None,
            pace=by_cost,
        )
        return data_of(reply)

    def request(  # noqa: PLR0913 - the parts of a request
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,  # noqa: ANN401 - whatever JSON holds
        form: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool | None = None,
        authorized: bool = True,
        inspect: Callable[[Reply], None] | None = None,
        pace: Callable[[Reply, float], float] | None = None,
    ) -> Reply:
        """Call, and return the answer if it is a good one.

        Args:
            method: such as ``GET``.
            path: added to the base address; an address that an answer gave, such as the next page's, must be of the
                same scheme, host and port.
            params: of the query, beside what `path` has of it; those that are None are left out.
            json: the body, sent as JSON. What is `Secret` in it is revealed when it is sent.
            form: the body, sent as a form; as for `json`.
            headers: beside those of all calls; no secrets.
            repeatable: whether to call twice does no harm; by default what the method promises. Say so of a POST that
                only searches.
            authorized: whether to show who we are; a call that asks for the right to call doesn't.
            inspect: in place of the one that was given for all calls.
            pace: in place of the one that was given for all calls.

        Raises:
            RetriableAdapterError: it failed in a way that may pass, as often as it was tried.
            FatalAdapterError: the vendor refuses, or the answer can't be what was asked for.
        """
        method = method.upper()
        again = method in _REPEATABLE if repeatable is None else repeatable
        url = self._url(path)
        call = f"{self.host}: {method} {urlsplit(url).path or '/'}"
        check, slow_down = inspect or self._inspect, pace or self._pace
        renewed = not authorized
        of_auth: RetriableAdapterError | None = None  # getting credentials was tried often enough by its own call

        def attempt() -> Reply:
            nonlocal renewed, of_auth
            while True:
                self._keep_pace()
                refusal: UnauthorizedError | None = None
                try:
                    request = self._built(method, url, call, params, json, form, headers, authorized=authorized)
                except RetriableAdapterError as error:
                    of_auth = error
                    raise
                try:
                    reply = self._answer(request, call, again=again)
                    self._check(reply, check, again=again)
                except UnauthorizedError as error:
                    if renewed:
                        raise
                    refusal = error
                if refusal is not None:  # out here, so that it doesn't hang, unredacted, on what goes wrong now
                    try:
                        renewed = self._auth.renew(self)
                    except RetriableAdapterError as error:
                        of_auth = error
                        raise
                    if not renewed:
                        raise refusal
                    continue
                now = self.wire.clock()
                self._not_before = now + min(slow_down(reply, now), self.wire.patience)
                return reply

        again_and_again = Retrying(
            retry=retry_if_exception(lambda error: isinstance(error, RetriableAdapterError) and error is not of_auth),
            wait=_wait,
            stop=self._stop,
            sleep=self.wire.sleep,
            reraise=True,
        )
        try:
            return again_and_again(attempt)
        except AdapterError as error:
            error.args = tuple(self._redacted(str(part)) for part in error.args)  # a vendor may repeat what was sent
            raise

    def _built(  # noqa: PLR0913, PLR0917 - the parts of a request
        self,
        method: str,
        url: str,
        call: str,
        params: Mapping[str, Any] | None,
        json: Any,  # noqa: ANN401 - whatever JSON holds
        form: Mapping[str, Any] | None,
        headers: Mapping[str, str] | None,
        *,
        authorized: bool,
    ) -> httpx.Request:
        """Return a request; secrets are revealed in here alone, so that no traceback that shows variables has them."""
        asked = {name: value for name, value in (params or {}).items() if value is not None}
        reason = f"{call}: {_NO_HEADER}"
        try:
            return self._client.build_request(
                method,
                httpx.URL(url).copy_merge_params(_revealed(asked)) if asked else url,
                json=_revealed(json),
                data=_revealed(form),
                headers={**(headers or {}), **(self._auth.headers(self) if authorized else {})},
            )
        except UnicodeEncodeError:
            pass
        except httpx.InvalidURL:
            reason = f"{self.host}: an answer sends us on to what isn't an address"
        raise FatalAdapterError(reason)  # out here, as the error of encoding holds what couldn't be encoded

    def _check(self, reply: Reply, check: Callable[[Reply], None] | None, *, again: bool) -> None:
        """Look at what a good status came with."""
        try:
            if self._json:
                reply.json()
            if check is not None:
                check(reply)
        except NotDoneError:
            raise
        except RetriableAdapterError as error:
            if again:
                raise
            reason = str(error).removesuffix(": try again later")
        else:
            return
        raise FatalAdapterError(f"{reason}: look whether it was done before trying again")

    def _url(self, path: str) -> str:
        base = self._base.geturl().rstrip("/")
        if not path:
            return base
        if "://" not in path.partition("?")[0]:
            return f"{base}/{path.lstrip('/')}"
        try:
            url = urljoin(base, path)
            parts = urlsplit(url)
            same = _place(parts) == _place(self._base) and parts.username is None and parts.password is None
        except ValueError:
            raise FatalAdapterError(f"{self.host}: an answer sends us on to what isn't an address") from None
        if not same:
            where = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
            raise FatalAdapterError(f"{self.host}: an answer sends us on to {where}, which isn't the same host")
        return url

    def _keep_pace(self) -> None:
        wait = self._not_before - self.wire.clock()
        if wait > 0:
            self.wire.sleep(wait)

    def _stop(self, state: RetryCallState) -> bool:
        wait = state.idle_for + state.upcoming_sleep
        return stop_after_attempt(int(self.wire.attempts))(state) or wait > self.wire.patience

    def _answer(self, request: httpx.Request, call: str, *, again: bool) -> Reply:
        """Send a request once."""
        began = time.monotonic()
        reply: Reply | None
        try:
            with quiet():
                response = self._client.send(request, stream=True)
                try:
                    headers = {name.lower(): value for name, value in response.headers.items()}
                    # What a vendor sends may repeat what it got: a reply keeps it from tracebacks that show variables.
                    reply = Reply(response.status_code, headers, self._read(response, call, began, again=again), call)
                finally:
                    response.close()
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            self._log(request, "no connection", began)
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise FatalAdapterError(f"{call}: its certificate isn't one to trust for this name") from None
            raise RetriableAdapterError(f"{call}: there is no connection to be had: is the vendor up?") from None
        except httpx.LocalProtocolError:
            reply = None
        except (httpx.TransportError, httpx.DecodingError) as error:
            # Not `from error`: it holds the request, whose headers would show in a debugger's or a logger's traceback.
            what = "took too long" if isinstance(error, httpx.TimeoutException) else "was cut short"
            self._log(request, what, began)
            if not again:
                raise FatalAdapterError(
                    f"{call}: the answer {what}: look whether it was done before trying again"
                ) from None
            raise RetriableAdapterError(f"{call}: the answer {what}: try again later") from None
        if reply is None:  # out here, as the error of the library below repeats the header
            raise FatalAdapterError(f"{call}: {_NO_HEADER}")
        self._log(request, str(reply.status), began)
        if not httpx.codes.is_success(reply.status):
            self._refuse(reply, again=again)
        return reply

    def _read(self, response: httpx.Response, call: str, began: float, *, again: bool) -> bytes:
        most, parts, size = self.wire.most_bytes, [], 0
        for part in response.iter_bytes():
            parts.append(part)
            size += len(part)
            if size > most:
                raise FatalAdapterError(f"{call}: the answer is larger than {most:,} bytes: ask for smaller pages")
            if time.monotonic() - began > self.wire.patience:  # a byte now and then never runs into the timeout
                too_long = f"{call}: the answer takes longer than {self.wire.patience:g} s"
                if not again:
                    raise FatalAdapterError(f"{too_long}: look whether it was done before trying again")
                raise RetriableAdapterError(f"{too_long}: try again later")
        return b"".join(parts)

    def _refuse(self, reply: Reply, *, again: bool) -> None:
        """Raise what a status other than a good one means."""
        status, call, said = reply.status, reply.call, self._excerpt(reply.content)
        if status == httpx.codes.UNAUTHORIZED or (self._lapsed is not None and self._lapsed(status, reply.content)):
            raise UnauthorizedError(
                f"{call}: not admitted ({status}): are the credentials right, and valid still?{said}"
            )
        if status in _TRY_AGAIN:
            asked = retry_after(reply.headers, self.wire.clock())
            wait = "" if asked is None else f", which asks to wait {asked:g} s"
            if again or status in _NOT_DONE:
                raise RetriableAdapterError(
                    f"{call}: answered {status}{wait}: try again later{said}", retry_after=asked
                )
            raise FatalAdapterError(f"{call}: answered {status}: look whether it was done before trying again{said}")
        if httpx.codes.is_redirect(status) and "location" in reply.headers:
            to = _host_of(reply.headers["location"]) or self.host
            raise FatalAdapterError(f"{call}: sends us on to {to} ({status}): give that address itself", status=status)
        hint = ": the credentials lack a right" if status == httpx.codes.FORBIDDEN else ""
        raise FatalAdapterError(f"{call}: answered {status}{hint}{said}", status=status)

    def _excerpt(self, content: bytes) -> str:
        """Return the beginning of what an error's body says, without secrets, to follow a sentence."""
        text = " ".join(content[: 10 * _SHOWN].decode(errors="replace").split())
        if not text or text.startswith("<"):
            return ""
        text = self._redacted(text)  # before it is cut: what is left of a secret shows too
        return f" – it says: {text[:_SHOWN]}{'…' if len(text) > _SHOWN else ''}"

    def _redacted(self, text: str) -> str:
        for secret in self._auth.secrets():
            for written in _spellings(secret.reveal()):
                text = text.replace(written, "…")
        return text

    def _log(self, request: httpx.Request, outcome: str, began: float) -> None:
        if _LOG.isEnabledFor(logging.DEBUG):
            query = "&".join(
                f"{name}={'…' if _SECRET_NAMES.search(name) else value}"
                for name, value in request.url.params.multi_items()
            )
            line = f"{request.method} {request.url.path}{'?' if query else ''}{query}"
            spent = (time.monotonic() - began) * 1000
            _LOG.debug("%s: %s: %s in %.0f ms", self.host, self._redacted(line), outcome, spent)


class _Public(httpx.BaseTransport):
    """A transport that connects to public addresses alone, each looked up once and then called by itself."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request to the address that its host was found to have."""
        host = request.url.host
        port = request.url.port or (443 if request.url.scheme == "https" else 80)
        request.url = request.url.copy_with(host=public_address(host, port))
        # The certificate is checked for the name, and the header Host was written before.
        request.extensions = {**request.extensions, "sni_hostname": host}
        return self._inner.handle_request(request)

    def close(self) -> None:
        """Close the transport beneath."""
        self._inner.close()


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).netloc.rpartition("@")[2]
    except ValueError:
        return "what isn't an address"


def _place(parts: SplitResult) -> tuple[str, str | None, int | None]:
    """Return scheme, host and port; the port also where it is the usual one and isn't written."""
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname, parts.port or usual


def _revealed(value: Any) -> Any:  # noqa: ANN401 - whatever JSON or a form holds
    """Return what is sent, with secrets as their text."""
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, dict):
        return {name: _revealed(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_revealed(each) for each in value]
    return value


def _spellings(text: str) -> tuple[str, ...]:
    """Return how a text may stand in an answer that repeats it: as it is, in JSON, in an address, in a form."""
    return text, texts.dumps(text)[1:-1], quote(text, safe=""), quote_plus(text)


def _wait(state: RetryCallState) -> float:
    """Return how long to wait: what the vendor asks for and a little more, or any time up to twice the last limit."""
    error = state.outcome.exception() if state.outcome else None
    asked = getattr(error, "retry_after", None)
    if asked is not None:
        return float(asked) * random.uniform(1.0, 1.1)  # noqa: S311 - so that many don't come back at once
    return random.uniform(0.0, min(_LONGEST_WAIT, _FIRST_WAIT * 2**state.attempt_number))  # noqa: S311 - the same


@attrs.frozen
class Sent:
    """A request on its way, for those who stand between an adapter and its vendor.

    Attributes:
        method: such as ``GET``.
        url: the whole address.
        headers: name → value; names in lower case.
        body: the bytes.
    """

    method: str
    url: str
    headers: Mapping[str, str] = attrs.field(repr=False)
    body: bytes = attrs.field(repr=False)


@attrs.frozen
class Answer:
    """What comes back.

    Attributes:
        status: of HTTP.
        headers: name → value.
        body: the bytes.
        lost: how it fails instead: ``connect`` (nobody is there), ``timeout``, or ``cut`` (the body ends early).
    """

    status: int = 200
    headers: Mapping[str, str] = attrs.field(factory=dict)
    body: bytes = b""
    lost: Literal["connect", "timeout", "cut"] | None = None


class Relay(httpx.BaseTransport):
    """A transport that lets somebody see each request, answer it, or pass it on.

    >>> relay = Relay(lambda sent, pass_on: Answer(200, {}, b'{"path": "' + sent.url.encode() + b'"}'))
    >>> Http("https://till.example", wire=Wire(transport=relay)).get("/sales").json()
    {'path': 'https://till.example/sales'}
    """

    def __init__(self, handle: Callable[[Sent, Callable[[], Answer]], Answer], inner: Any = None) -> None:  # noqa: ANN401 - a transport
        """Stand before the network, or before another transport.

        Args:
            handle: is given a request and what passes it on; returns what comes back.
            inner: what passes requests on; the network by default.

        Raises:
            InvalidValueError: `inner` isn't a transport.
        """
        self._handle = handle
        self._inner = inner
        if inner is not None and not isinstance(inner, httpx.BaseTransport):
            raise InvalidValueError("inner", inner, "isn't an httpx.BaseTransport")

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Ask whoever stands here."""
        request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        answer = self._handle(
            Sent(request.method, str(request.url), headers, request.content), lambda: self._pass_on(request)
        )
        if answer.lost == "connect":
            raise httpx.ConnectError("nobody is there", request=request)
        if answer.lost == "timeout":
            raise httpx.ReadTimeout("nothing came", request=request)
        stream = _Cut(answer.body) if answer.lost == "cut" else httpx.ByteStream(answer.body)
        return httpx.Response(answer.status, headers=dict(answer.headers), stream=stream, request=request)

    def _pass_on(self, request: httpx.Request) -> Answer:
        if self._inner is None:
            self._inner = httpx.HTTPTransport()  # not before: it reads the certificates that are trusted
        try:
            response = self._inner.handle_request(request)
        except httpx.TimeoutException:
            return Answer(lost="timeout")
        except httpx.ConnectError:
            return Answer(lost="connect")
        response.read()
        response.close()
        # It was unpacked just now, and is as long as it is.
        gone = {"content-encoding", "content-length", "transfer-encoding"}
        headers = {name: value for name, value in response.headers.items() if name.lower() not in gone}
        return Answer(response.status_code, headers, response.content)

    def close(self) -> None:
        """Close what is behind."""
        if self._inner is not None:
            self._inner.close()


class _Cut(httpx.SyncByteStream):
    """A body that ends in the middle."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        yield self._body[: len(self._body) // 2]
        message = "the peer closed the connection"
        raise httpx.RemoteProtocolError(message)
