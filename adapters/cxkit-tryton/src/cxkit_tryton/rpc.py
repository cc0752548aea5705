"""Tryton's RPC over HTTP: signing in, calling a method of a model, and errors that come with status 200."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any, Final

from cxkit.adapters import Http, Secret, Session, UnauthorizedError
from cxkit.errors import FatalAdapterError, RetriableAdapterError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cxkit.adapters import Reply, Wire

_SHOWN: Final = 300  # a UserError carries half the schema behind its sentence
_PASSING: Final = frozenset({"ConcurrencyException", "RateLimitException", "TimeOutException"})


class Rpc:
    """Calls to one database as one user, who signs in when first needed and again when the session is over."""

    def __init__(self, url: str, database: str, user: str, password: Secret, wire: Wire) -> None:
        """Prepare it; nothing is sent yet."""
        self._path = f"{database}/rpc/"
        self._user, self._password = user, password
        self._context: dict[str, Any] | None = None
        self._refused: UnauthorizedError | None = None
        # A path of its own, so that the address may have one too, as behind a proxy.
        self.http = Http(url, auth=Session(self._sign_in, secrets=(password,)), wire=wire, inspect=refuse_errors)

    def context(self) -> dict[str, Any]:
        """Return what the user's calls are made in: their company, and records that are hidden too."""
        if self._context is None:
            preferences: dict[str, Any] = self._call("model.res.user.get_preferences", True, {})  # noqa: FBT003 - RPC's
            kept = ("company", "companies", "company_filter", "company.rec_name", "employee", "groups")
            known = {name: preferences[name] for name in kept if name in preferences}
            self._context = {**known, "language": "en", "active_test": False}
        return self._context

    def ask(self, model: str, method: str, *arguments: object) -> Any:  # noqa: ANN401 - as the method says
        """Call a method of a model that only reads, and return what it answers."""
        return self._call(f"model.{model}.{method}", *arguments, self.context())

    def rows(  # noqa: PLR0913 - the arguments of Tryton's search
        self,
        model: str,
        domain: Iterable[object],
        fields: Iterable[str],
        *,
        order: Iterable[Sequence[str]] = (("id", "ASC"),),
        skip: int = 0,
        most: int | None = None,
    ) -> list[dict[str, Any]]:
        """Return records of a model, hidden ones too.

        Raises:
            FatalAdapterError: the answer is another question's.
        """
        names = list(fields)
        found = self.ask(model, "search_read", list(domain), skip, most, list(order), names)
        # A field of what a record refers to comes within that, under the name with a point behind it.
        wanted = {"id", *(name[: name.find(".") + 1] or name for name in names)}
        if not isinstance(found, list) or not all(isinstance(row, dict) and wanted <= row.keys() for row in found):
            raise FatalAdapterError(f"{self.http.host}: asked for records of {model}, it answers something else")
        return found

    def _call(self, method: str, *arguments: object) -> Any:  # noqa: ANN401 - as the method says
        asked = {"id": 1, "method": method, "params": arguments}
        # What we call only reads: to call twice does no harm.
        return _result(self.http.post(self._path, asked, repeatable=True))

    def _sign_in(self, http: Http) -> Mapping[str, Secret]:
        """Begin a session, as Tryton's clients do; once refused, not again: to try often locks the user out."""
        if self._refused is not None:
            raise self._refused
        shown = {"password": self._password.reveal()}
        asked = {"id": 1, "method": "common.db.login", "params": [self._user, shown, "en"]}
        try:
            number, key, *_ = _result(http.post(self._path, asked, authorized=False, repeatable=True))
        except UnauthorizedError as error:
            self._refused = error
            raise
        pair = b64encode(f"{self._user}:{number}:{key}".encode()).decode()
        return {"Authorization": Secret(f"Session {pair}")}


def refuse_errors(reply: Reply) -> None:
    """Raise the error that an answer with status 200 carries.

    Raises:
        UnauthorizedError: the user can't sign in with a password alone.
        RetriableAdapterError: it may pass by itself.
        FatalAdapterError: the user lacks a right, or what was asked for isn't there.
    """
    said = reply.json()
    if not isinstance(said, dict) or not ({"error", "result"} & said.keys()):
        raise RetriableAdapterError(f"{reply.call}: the answer isn't one of RPC: is the address that of a Tryton?")
    if "error" not in said:
        return
    name, text = _error(said["error"])
    if name == "LoginException":
        raise UnauthorizedError(f"{reply.call}: the user can't sign in with a password alone: {text}")
    if name in _PASSING:
        raise RetriableAdapterError(f"{reply.call}: {name}: {text}: try again later")
    raise FatalAdapterError(f"{reply.call}: {text}")


def _error(said: Any) -> tuple[str, str]:  # noqa: ANN401 - whatever came
    """Return an error's name and its sentence.

    Errors that Tryton means for people are a name and a list that begins with a sentence, where a warning has its key
    first, and a login what it asks for. Others are a text and a traceback.
    """
    if isinstance(said, list) and said:
        name = str(said[0])
        detail = said[1] if len(said) > 1 else None
        if isinstance(detail, list):
            place = 1 if name in {"UserWarning", "LoginException"} else 0
            return name, str(detail[place] if len(detail) > place else "")[:_SHOWN]
        if name in _PASSING:
            return name, str(detail)[:_SHOWN]
        return "", f"the server stumbled over {name[:_SHOWN]}: does this Tryton have what was asked for?"
    return "", str(said)[:_SHOWN]


def _result(reply: Reply) -> Any:  # noqa: ANN401 - as the method says
    return reply.json()["result"]
