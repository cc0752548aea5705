"""Every error cxkit raises on purpose, named by what the caller can do about it.

The tree::

    CxkitError
    ├── InvalidValueError (ValueError)      correct the value: its field, the value and the reason are attributes
    │   └── BadRowError                     the same, with the file, line and column it stands in
    ├── UnknownNameError (LookupError)      choose one of the names listed; the nearest is suggested
    ├── AmbiguousError (LookupError)        say which: more than one thing answers to the description
    ├── NotMergeableError (TypeError)       split the events otherwise, or compute the whole at once
    ├── UnsupportedError                    choose another engine: this one lacks the statistic or the source
    ├── MissingExtraError (ImportError)     install the extra that is named
    ├── PluginError                         mend or remove the plugin that is named; the others work
    ├── AdapterError                        look at what the vendor's side said
    │   ├── RetriableAdapterError           try again later: nothing is lost, and what was read is kept
    │   ├── FatalAdapterError               mend the settings, the rights or the adapter: trying again won't help
    │   └── BadSignatureError               refuse the request: it isn't shown to be the vendor's
    └── StoreError                          look at the store that is named
        └── StoreBusyError                  try again: another process holds the store
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHOWN = 80


def shown(value: object) -> str:
    """Return a value as an error shows it: its repr, cut in the middle to fit a line.

    The end stays, because that is where a path has its file's name.

    >>> shown("/tmp/" + "x" * 200 + "/shop.db")[-9:]
    "/shop.db'"
    """
    if isinstance(value, str) and len(value) > 4 * _SHOWN:
        value = value[: 2 * _SHOWN] + value[-2 * _SHOWN :]
    elif isinstance(value, bytes):
        value = value[: 4 * _SHOWN]
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # an int of more digits than Python writes, a list too deep
        text = f"<{type(value).__name__} too large to show>"
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN // 2 - 1]}…{text[-_SHOWN // 2 :]}"


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the known name that is spelled most like the one given, or None.

    >>> nearest("channle", ["channel", "customer"])
    'channel'
    """
    import difflib  # only those who mistype a name pay for it

    found = difflib.get_close_matches(name, list(names), n=1)
    return found[0] if found else None


class CxkitError(Exception):
    """The root of all errors that cxkit raises on purpose."""


class InvalidValueError(CxkitError, ValueError):
    """A value that can't be taken: correct it.

    Attributes:
        field: the name of the field, option or column.
        value: what was given.
        reason: what is wrong with it and what would be right.
    """

    def __init__(self, field: str, value: object, reason: str) -> None:
        """Keep the three parts apart, so that a caller can show them its own way."""
        self.field = field
        self.value = value
        self.reason = reason
        super().__init__(field, value, reason)

    def __str__(self) -> str:
        """Say all three in one sentence."""
        return f"{self.field}: {shown(self.value)} {self.reason}"


class BadRowError(InvalidValueError):
    """A row of a file that can't be taken: the rest goes on.

    Attributes:
        file: the name of the file, ``-`` for standard input.
        line: the line it starts on, from 1.
    """

    def __init__(self, file: str, line: int, field: str, value: object, reason: str) -> None:
        """Add the place to the parts of an invalid value."""
        super().__init__(field, value, reason)
        self.file = file
        self.line = line
        self.args = (file, line, field, value, reason)

    def __str__(self) -> str:
        """Say the place first, as compilers do."""
        return f"{self.file}:{self.line}: {super().__str__()}"


class UnknownNameError(CxkitError, LookupError):
    """A name nobody knows: choose one that is listed.

    Attributes:
        what: what was looked for, such as ``metric``.
        name: what was given.
        names: what there is, sorted.
    """

    def __init__(self, what: str, name: str, names: Iterable[str]) -> None:
        """Keep the names, so that a caller can offer them."""
        self.what = what
        self.name = name
        self.names = tuple(sorted(names))
        super().__init__(what, name, self.names)

    def __str__(self) -> str:
        """Suggest the nearest name, and list what there is."""
        near = nearest(self.name, self.names)
        hint = f"; did you mean {near!r}?" if near else "."
        listed = ", ".join(self.names[:40]) + (", …" if len(self.names) > 40 else "")  # noqa: PLR2004 - a screen's worth
        return f"unknown {self.what} {shown(self.name)}{hint} There is: {listed or 'nothing'}"


class AmbiguousError(CxkitError, LookupError):
    """More than one thing answers, or none: say more exactly which."""


class NotMergeableError(CxkitError, TypeError):
    """States whose merge would lie: split the events otherwise, or compute the whole at once."""


class UnsupportedError(CxkitError):
    """The engine lacks this: choose another engine."""


class MissingExtraError(CxkitError, ImportError):
    """An optional library isn't installed: install the extra that is named."""

    def __init__(self, extra: str, library: str) -> None:
        """Name the extra to install and the library it brings."""
        self.extra = extra
        super().__init__(f"{library} isn't installed: pip install 'cxkit[{extra}]'", name=library)


class PluginError(CxkitError):
    """A plugin is broken: mend or remove the one that is named."""


class AdapterError(CxkitError):
    """Something on the way to a vendor's system went wrong; the subclasses say whether trying again helps."""


class RetriableAdapterError(AdapterError):
    """The vendor's side can't answer just now: try again later.

    Attributes:
        retry_after: how many seconds the vendor asks to wait, or None if it doesn't say.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        """Keep what the vendor asks for, so that whoever tries again can wait as long."""
        self.retry_after = retry_after
        super().__init__(message)


class FatalAdapterError(AdapterError):
    """The vendor's side refuses, or says what can't be: mend settings, rights or the adapter.

    Attributes:
        status: the HTTP status that was answered, or None.
    """

    def __init__(self, message: str, *, status: int | None = None) -> None:
        """Keep the status, so that a caller can tell a missing thing from a missing right."""
        self.status = status
        super().__init__(message)


class BadSignatureError(AdapterError):
    """A request that isn't shown to be the vendor's: refuse it, and keep nothing of it."""


class StoreError(CxkitError):
    """The store can't be used: look at the file or the database that is named."""


class StoreBusyError(StoreError):
    """Another process holds the store: try again."""
