"""pull: what a vendor's system holds into a store, page by page, none lost and none twice."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final

import attrs

from cxkit.adapters import State
from cxkit.api.adapting import hiding, of_source, opened, store_of
from cxkit.errors import AdapterError, InvalidValueError, RetriableAdapterError, UnknownNameError
from cxkit.model.calendar import parse_instant
from cxkit.store.results import Report

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from cxkit.adapters import Adapter, Page, Reject, Stream
    from cxkit.api.adapting import Identity
    from cxkit.api.arguments import Instant
    from cxkit.api.workspace import Workspace
    from cxkit.model.event import Event
    from cxkit.store import Store

_REJECTS_KEPT: Final = 100


@attrs.frozen
class PulledStream:
    """What came of a stream.

    Attributes:
        stream: the stream.
        report: what became of its events.
        records: how many records were read; those within the lookback are read again each time.
        pages: in how many pages.
        rejected: how many records couldn't be taken.
        rejects: the first of those.
        earliest: when the first to change of them all did, in microseconds since 1970; None where no record tells.
        error: why it wasn't read to its end, or None.
    """

    stream: Stream
    report: Report = attrs.field(factory=Report)
    records: int = 0
    pages: int = 0
    rejected: int = 0
    rejects: tuple[Reject, ...] = ()
    earliest: int | None = None
    error: AdapterError | None = None

    def with_page(self, page: Page, report: Report) -> PulledStream:
        """Return it with a page more."""
        one = self.report
        times = [self.earliest, *(reject.at for reject in page.rejects)]
        return attrs.evolve(
            self,
            report=Report(
                one.new + report.new,
                one.duplicates + report.duplicates,
                one.corrected + report.corrected,
                one.refused + report.refused,
            ),
            records=self.records + page.records,
            pages=self.pages + 1,
            rejected=self.rejected + len(page.rejects),
            rejects=(*self.rejects, *page.rejects)[:_REJECTS_KEPT],
            earliest=min((at for at in times if at is not None), default=None),
        )


@attrs.frozen
class Pulled:
    """What came of a pull.

    Attributes:
        source: the source of the events.
        streams: what came of each stream, in the order in which they were read.
    """

    source: str
    streams: tuple[PulledStream, ...]

    @property
    def rejected(self) -> int:
        """How many records couldn't be taken."""
        return sum(each.rejected for each in self.streams)

    @property
    def errors(self) -> tuple[AdapterError, ...]:
        """Why streams weren't read to their ends."""
        return tuple(each.error for each in self.streams if each.error is not None)


def pull(  # noqa: PLR0913 - what, where to, and how
    adapter: Adapter | str,
    into: Store | Workspace | str | os.PathLike[str],
    *,
    streams: Iterable[str] | str | None = None,
    since: Instant | None = None,
    identity: Identity = "hidden",
    follow: Callable[[PulledStream], None] | None = None,
    **settings: Any,  # noqa: ANN401 - as the adapter has them
) -> Pulled:
    """Read what is new in a vendor's system into a store.

    Each page is committed together with where the pull then stands, so that one that was cut off, by Ctrl-C, a kill or
    the vendor, goes on where it was. To pull again reads what changed since. A record that changed is a correction of
    its events.

    E-mail addresses and phone numbers are kept as keyed digests, by a key of the store's own: they tie a customer of
    one system to one of another, and aren't to be read back.

    Args:
        adapter: an adapter, or the name of one that a plugin brings.
        into: a store, a workspace, or the path or URL of a store, which is made if new.
        streams: names of streams; all by default.
        since: read again from there, whatever was read before; a date is local to UTC. Streams without a cursor are
            read whole in any case.
        identity: ``raw`` to keep e-mail addresses and phone numbers as they are.
        follow: is called after each page with what came of its stream so far.
        settings: of the adapter given by name, before those of the environment (``CXKIT_<ADAPTER>_<SETTING>``) and of
            ``[adapters.<name>]`` in the nearest ``cx.toml``.

    Returns:
        What came of each stream. Records that couldn't be taken are in it, and a stream that the vendor refuses: the
        others are read all the same.

    Raises:
        UnknownNameError: no such adapter, stream or setting.
        InvalidValueError: a setting lacks or is wrong.
        RetriableAdapterError: the vendor can't answer just now.
        FatalAdapterError: it refuses all that was asked for.
        StoreError: the store can't be written; StoreBusyError where somebody else pulls the same.
    """
    began = None if since is None else parse_instant("since", since, "UTC")
    with ExitStack() as stack:
        reader = stack.enter_context(opened(adapter, settings))
        store = stack.enter_context(store_of(into))
        wanted = _wanted(reader, streams)
        hide = hiding(store, identity)
        done: list[PulledStream] = []
        for stream in wanted:
            found = _stream(reader, stream, store, hide, began, follow)
            done.append(found)
            if isinstance(found.error, RetriableAdapterError):
                break  # the vendor is down: the others would only wait for it too
    pulled = Pulled(reader.source, tuple(done))
    if pulled.errors and (len(pulled.errors) == len(done) or isinstance(pulled.errors[-1], RetriableAdapterError)):
        raise pulled.errors[-1]
    return pulled


def _wanted(adapter: Adapter, names: Iterable[str] | str | None) -> Sequence[Stream]:
    known = {stream.name: stream for stream in adapter.streams()}
    if names is None:
        return tuple(known.values())
    asked = [names] if isinstance(names, str) else list(names)
    if not asked:
        raise InvalidValueError("streams", ..., f"names none: leave it out for all, or choose of {', '.join(known)}")
    for name in asked:
        if name not in known:
            raise UnknownNameError(f"stream of {adapter.name}", name, known)
    return [stream for name, stream in known.items() if name in asked]


def _stream(  # noqa: PLR0913, PLR0917 - a step of the above
    adapter: Adapter,
    stream: Stream,
    store: Store,
    hide: Callable[[Iterable[Event]], Iterator[Event]],
    began: int | None,
    follow: Callable[[PulledStream], None] | None,
) -> PulledStream:
    """Read one stream to its end, or until the vendor says no."""
    name = f"{adapter.source} {stream.name}"
    before = store.state(name)
    state = State.loads(before) if began is None else State(cursor=began)
    found = PulledStream(stream)
    try:
        for page in adapter.read(stream.name, state):
            after = page.state.dumps()
            report = store.advance(name, hide(of_source(page.events, adapter)), after, before=before)
            before = after
            found = found.with_page(page, report)
            if follow is not None:
                follow(found)
    except AdapterError as error:
        return attrs.evolve(found, error=error)
    return found
