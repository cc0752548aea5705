"""What pulling, pushing and receiving share: an adapter opened by name, a store, identities hidden."""

from __future__ import annotations

import os
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import attrs

from cxkit.adapters import Wire, configured
from cxkit.api.project import Project
from cxkit.api.workspace import Workspace
from cxkit.errors import InvalidValueError, UnknownNameError, UnsupportedError
from cxkit.model.event import COLUMNS, event_of_row
from cxkit.model.identity import LINKED, UNLINKED
from cxkit.plugins import registry
from cxkit.store import open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from cxkit.adapters import Adapter
    from cxkit.model.event import Event
    from cxkit.store import Store

Identity: TypeAlias = Literal["hidden", "raw"]

_PRIVATE: Final = "allow_private"
_REFERENCE: Final = COLUMNS.index("reference")


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
        settings: go before the environment's and the project's. Every adapter has ``allow_private``: whether plain http
            and addresses that aren't public may be called, as of a shop in one's own network.

    Raises:
        UnknownNameError: no such adapter or setting.
        InvalidValueError: a setting lacks or is wrong. No secret is shown.
    """
    kind = adapter_class(name)
    known = Project.find() if project is None else Project.of(project)
    written: Mapping[str, Any] = {} if known is None else known.adapters.get(name, {})
    if wire is None:
        allowed = configured(name, _Surroundings, *(_only(given, _PRIVATE) for given in (settings, written)))
        wire = Wire(allow_private=allowed.allow_private)
    ours, theirs = ({key: value for key, value in given.items() if key != _PRIVATE} for given in (settings, written))
    return kind(configured(name, kind.Config, ours, theirs), wire)  # type: ignore[call-arg]


@attrs.frozen(kw_only=True)
class _Surroundings:
    """What is set like an adapter's settings, and isn't the adapter's."""

    allow_private: bool = False


def _only(given: Mapping[str, Any], setting: str) -> dict[str, Any]:
    return {setting: given[setting]} if setting in given else {}


def adapter_class(name: str) -> type[Adapter]:
    """Return the class of an adapter that a plugin brings.

    Raises:
        UnknownNameError: there is none of this name; what is broken is named beside those that work.
    """
    known = registry(adapters=True)
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


def hiding(store: Store, identity: Identity) -> Callable[[Iterable[Event]], Iterator[Event]]:
    """Return what hides e-mail addresses and phone numbers on their way into a store, unless they are wanted raw."""
    if identity not in {"hidden", "raw"}:
        raise InvalidValueError("identity", identity, "isn't 'hidden' or 'raw'")
    return iter if identity == "raw" else store.pseudonyms().hidden


def of_source(events: Iterable[Event], adapter: Adapter) -> Iterator[Event]:
    """Return an adapter's events as they go into a store.

    All are of the adapter's source: another's would take the place of other facts. References get the source before
    them, as customers have it already: order 17 of one shop has nothing to do with ticket 17 of another's desk.
    """
    namespace = f"{adapter.source}:"
    for event in events:
        if f"{event.source}:" != namespace:
            raise InvalidValueError("source", event.source, f"isn't that of the adapter, {adapter.source!r}")
        reference = event.reference
        if reference is None or event.kind in {LINKED, UNLINKED} or reference.startswith(namespace):
            yield event
        else:
            row = [getattr(event, name) for name in COLUMNS]
            row[_REFERENCE] = f"{namespace}{reference}"
            yield event_of_row(row)
