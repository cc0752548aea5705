"""What pulling, pushing and receiving share: an adapter opened by name, a store, identities hidden."""

from __future__ import annotations

import os
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from cxkit.adapters import Wire, configured
from cxkit.api.project import Project
from cxkit.api.workspace import Workspace
from cxkit.errors import InvalidValueError, UnknownNameError, UnsupportedError
from cxkit.plugins import registry
from cxkit.store import open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from cxkit.adapters import Adapter
    from cxkit.model.event import Event
    from cxkit.store import Store


def adapter(
    name: str,
    *,
    wire: Wire | None = None,
    project: Project | str | os.PathLike[str] | None = None,
    **settings: Any,  # noqa: ANN401 - as the adapter has them
) -> Adapter:
    """Return an adapter that a plugin brings, made with its settings.

    Args:
        name: its name; ``cxkit adapters`` lists them.
        wire: how it reaches its vendor.
        project: where ``[adapters.<name>]`` is looked for; the nearest ``cx.toml`` by default.
        settings: go before the environment's and the project's.

    Raises:
        UnknownNameError: no such adapter or setting.
        InvalidValueError: a setting lacks or is wrong. No secret is shown.
    """
    kind = adapter_class(name)
    known = Project.find() if project is None else Project.of(project)
    written: Mapping[str, Any] = {} if known is None else known.adapters.get(name, {})
    merged = {key: value for key, value in written.items() if key != "allow_private"}
    if wire is None:
        allow = settings.pop("allow_private", written.get("allow_private", False))
        wire = Wire(allow_private=allow if isinstance(allow, bool) else str(allow).lower() in {"1", "true", "yes"})
    return kind(configured(name, kind.Config, settings, merged), wire)  # type: ignore[call-arg]


def adapter_class(name: str) -> type[Adapter]:
    """Return the class of an adapter that a plugin brings.

    Raises:
        UnknownNameError: there is none of this name; what is broken is named beside those that work.
    """
    known = registry()
    if name not in known.adapters:
        if not known.adapters:
            hint = f"no adapter is installed: pip install cxkit-{name}" if name.isidentifier() else "none is installed"
            broken = "; ".join(str(error) for error in known.broken.values())
            raise UnsupportedError(f"adapter {name!r}: {hint}{f' ({broken})' if broken else ''}")
        raise UnknownNameError("adapter", name, known.adapters)
    return known.adapters[name]


@contextmanager
def opened(given: Adapter | str, settings: Mapping[str, Any]) -> Iterator[Adapter]:
    """Return an adapter, opened here and closed in the end if only its name is given."""
    if not isinstance(given, str):
        if settings:
            raise InvalidValueError("settings", ", ".join(settings), "are given beside an adapter, which has its own")
        yield given
        return
    made = adapter(given, **settings)
    try:
        yield made
    finally:
        close = getattr(made, "close", None)
        if close is not None:
            close()


def store_of(into: Store | Workspace | str | os.PathLike[str]) -> AbstractContextManager[Store]:
    """Return a store, opened here and closed in the end if only its place is given."""
    if isinstance(into, str | os.PathLike):
        return open_store(into)
    return nullcontext(into.store if isinstance(into, Workspace) else into)


def hiding(store: Store, *, raw: bool) -> Callable[[Iterable[Event]], Iterator[Event]]:
    """Return what hides e-mail addresses and phone numbers on their way into a store."""
    return iter if raw else store.pseudonyms().hidden
