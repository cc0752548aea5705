"""The workspace: emit events into a store, link identities, forget people, score."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from cxkit.api.project import Project
from cxkit.api.score import score
from cxkit.errors import InvalidValueError
from cxkit.model.event import Event, event
from cxkit.model.identity import MAX_PEOPLE
from cxkit.model.instrument import INSTRUMENTS, check_score

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime, timedelta
    from decimal import Decimal
    from types import TracebackType

    from cxkit.api.arguments import MetricLike
    from cxkit.model.identity import Identities
    from cxkit.model.instrument import Instruments
    from cxkit.model.journeymap import JourneyMap
    from cxkit.model.money import Money
    from cxkit.report import Scorecard
    from cxkit.store import Durability, Forgotten, Report, Store


class Workspace:
    """A store of events and everything one does with it; `connect` opens one.

    Threads may share a workspace, processes may share its file or database, and a fork may go on using it: each process
    writes through a connection of its own.

    Attributes:
        store: the store itself.
        source: who emits, unless an event says otherwise.
        journey_map: what `score` knows of touchpoints.
        max_people: an identity that more customers share than this merges nobody.
        project: what `score` asks for where nothing else is said, or None.
    """

    def __init__(  # noqa: PLR0913 - what it knows
        self,
        store: Store,
        *,
        source: str = "app",
        journey_map: JourneyMap | str | os.PathLike[str] | None = None,
        instruments: Instruments = INSTRUMENTS,
        max_people: int = MAX_PEOPLE,
        project: Project | None = None,
    ) -> None:
        """Work on a store that is open."""
        self.store = store
        self.source = source
        self.journey_map = journey_map
        self.instruments = instruments
        self.max_people = max_people
        self.project = project

    def emit(  # noqa: PLR0913 - the columns of an event
        self,
        kind: str,
        *,
        customer: str | None = None,
        time: datetime | None = None,
        source: str | None = None,
        touchpoint: str | None = None,
        channel: str | None = None,
        reference: str | None = None,
        instrument: str | None = None,
        item: str | None = None,
        score: float | None = None,
        amount: Money | None = None,
        duration: timedelta | None = None,
        weight: float | Decimal = 1,
        properties: Mapping[str, Any] | None = None,
        id: str | None = None,  # noqa: A002 - the column's name
    ) -> Event:
        """Record that something happened, and return the event once it is committed.

        The arguments are those of `cxkit.event`. The same fact twice is one event; with other content it is a
        correction, which replaces the first. Without a time, a fact that is known keeps its own, so that a retry
        changes nothing.

        Raises:
            InvalidValueError: a field can't hold what was given, or the customer was forgotten.
            StoreError: the store can't be written.
        """
        if score is not None and instrument is not None:
            check_score(instrument, score, self.instruments)
        made = event(
            kind,
            customer=customer,
            time=time,
            source=self.source if source is None else source,
            touchpoint=touchpoint,
            channel=channel,
            reference=reference,
            instrument=instrument,
            item=item,
            score=score,
            amount=amount,
            duration=duration,
            weight=weight,
            properties=properties,
            id=id,
        )
        outcome = self.store.append(made, untimed=time is None)
        if outcome == "new":
            return made
        if outcome == "refused":
            raise InvalidValueError("customer", customer, "was forgotten, and nothing about them is taken any more")
        return self.store.get(made.source, made.id) or made

    def answer(self, instrument: str, score: float, *, customer: str | None = None, **columns: Any) -> Event:  # noqa: ANN401
        """Record an answer to an instrument, such as ``answer("nps", 9, customer="c42")``.

        Raises:
            InvalidValueError: the score lies outside the instrument's scale, or as for `emit`.
        """
        return self.emit("survey.answered", customer=customer, instrument=instrument, score=score, **columns)

    def link(self, customer: str, identity: str, **columns: Any) -> Event:  # noqa: ANN401
        """Say that an identity, such as ``email:…``, is this customer's; `unlink` undoes it."""
        return self.emit("identity.linked", customer=customer, reference=identity, **columns)

    def unlink(self, customer: str, identity: str, **columns: Any) -> Event:  # noqa: ANN401
        """Say that an identity isn't this customer's after all."""
        return self.emit("identity.unlinked", customer=customer, reference=identity, **columns)

    def add(self, events: Iterable[Event]) -> Report:
        """Store many events, each (source, id) once; the report says how many were new, duplicates or corrections."""
        return self.store.add(events)

    def events(self) -> Iterator[Event]:
        """Go through all events, as they stand at this moment."""
        return self.store.events()

    def identities(self) -> Identities:
        """Return who is whom, and which identities are shared by too many to say."""
        return self.store.identities(max_people=self.max_people)

    def forget(self, customer: str) -> Forgotten:
        """Erase a person, under every identity that is theirs, for good: a later import can't bring them back."""
        return self.store.forget(customer, max_people=self.max_people)

    def score(self, metrics: Iterable[MetricLike] | MetricLike | None = None, **options: Any) -> Scorecard:  # noqa: ANN401
        """Return the scorecard of the store's events; the options are those of `cxkit.score`.

        What is in a PostgreSQL server is scored there, unless ``engine="rows"`` asks for the events.
        """
        from cxkit.api.doors import InServer
        from cxkit.files import OnceEach

        options.setdefault("max_people", self.max_people)
        options.setdefault("journey_map", self.journey_map)
        options.setdefault("project", self.project)

        def read() -> Iterator[Event]:
            return self.store.events(ordered=False)

        address = getattr(self.store, "address", None)  # of a server, if it has one
        if address is not None and options.get("engine") in (None, "ibis"):
            return score(InServer(address), metrics, **options)
        # Folding goes through the events twice.
        folds = options.get("top") or Project.of(options["project"]).top
        return score(OnceEach(read(), read) if folds else read(), metrics, **options)

    def close(self) -> None:
        """Close the store."""
        self.store.close()

    def __enter__(self) -> Self:
        """Return the workspace."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the store, whatever happened: what was emitted is committed already."""
        self.close()


def connect(  # noqa: PLR0913 - how to open it, and what to know
    path: str | os.PathLike[str],
    *,
    source: str = "app",
    durability: Durability = "normal",
    timeout: float = 30.0,
    journey_map: JourneyMap | str | os.PathLike[str] | None = None,
    instruments: Instruments | None = None,
    max_people: int | None = None,
    project: Project | str | os.PathLike[str] | None = None,
) -> Workspace:
    """Open the store at a path, creating it where there is none, and return a workspace over it.

    Args:
        path: the SQLite file; ``:memory:`` for one that nobody else sees; or a PostgreSQL database's URL,
            ``postgresql://user@host/database``, with ``?schema=`` for another schema than ``cxkit``.
        source: who emits, unless an event says otherwise.
        durability: ``normal`` survives the process being killed at any moment; ``full`` also a power cut, at the cost
            of waiting for the disk at each event. A PostgreSQL server does so by itself, unless it is set otherwise.
        timeout: how many seconds to wait while another process writes.
        journey_map: a map, its file or a preset's name, for scores by area, stage or owner.
        instruments: the scales that answers are checked against; the built-in and the plugins' by default.
        max_people: an identity that more customers share than this merges nobody; 10 by default.
        project: a `Project`, or the path of a ``cx.toml``: what `score` asks for where nothing else is said.

    Raises:
        InvalidValueError: the project file is wrong.
        MissingExtraError: psycopg, which a database needs, isn't installed.
        StoreError: the file or the database can't be opened, or isn't a store.

    >>> with connect(":memory:") as cx:
    ...     _ = cx.answer("nps", 9, customer="c42", channel="web")
    ...     print(cx.score("nps").get("nps").value)
    100.0
    """
    from cxkit.store import open_store

    known = None if project is None else Project.of(project)
    if max_people is None:
        max_people = MAX_PEOPLE if known is None or known.max_people is None else known.max_people
    store = open_store(path, durability=durability, timeout=timeout)
    if instruments is None:
        from cxkit.plugins import registry

        instruments = registry().instruments
    return Workspace(
        store, source=source, journey_map=journey_map, instruments=instruments, max_people=max_people, project=known
    )
