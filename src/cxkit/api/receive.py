"""receive: a vendor's webhook into a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cxkit.adapters import Receiver
from cxkit.api.adapting import hiding, of_source, opened, store_of
from cxkit.errors import UnsupportedError

if TYPE_CHECKING:
    import os

    from cxkit.adapters import Adapter, Request
    from cxkit.api.adapting import Identity
    from cxkit.api.workspace import Workspace
    from cxkit.store import Report, Store


def receive(
    adapter: Adapter | str,
    request: Request,
    into: Store | Workspace | str | os.PathLike[str],
    *,
    identity: Identity = "hidden",
    **settings: Any,  # noqa: ANN401 - as the adapter has them
) -> Report:
    """Take a webhook's events into a store, once it is shown to be the vendor's.

    They are committed when this returns, so answer 200 then. The same again, or what a pull brought before, changes
    nothing.

    Args:
        adapter: an adapter, or the name of one that a plugin brings.
        request: the request as it came.
        into: a store, a workspace, or the path or URL of a store.
        identity: ``raw`` to keep e-mail addresses and phone numbers as they are.
        settings: of the adapter given by name; see `pull`.

    Raises:
        BadSignatureError: it isn't shown to be the vendor's: answer 401. Nothing was kept.
        InvalidValueError: it is, and can't be read: answer 400. Nothing was kept.
        UnsupportedError: the adapter takes no webhooks.
        StoreError: the store can't be written: answer 503, so that the vendor sends it again.
    """
    with opened(adapter, settings) as receiver, store_of(into) as store:
        hide = hiding(store, identity)
        if not isinstance(receiver, Receiver):
            raise UnsupportedError(f"adapter {receiver.name!r} takes no webhooks: pull from it instead")
        events = list(of_source(receiver.receive(request), receiver))
        return store.add(hide(events))
