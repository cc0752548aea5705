"""What every store does, whatever keeps its events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from cxkit.errors import InvalidValueError
from cxkit.model.identity import MAX_PEOPLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType
    from typing import Self

    from cxkit.model.event import Event
    from cxkit.model.identity import Identities
    from cxkit.model.pseudonyms import Pseudonyms
    from cxkit.store.results import Forgotten, Outcome, Replaced, Report

Durability: TypeAlias = Literal["normal", "full"]

BATCH = 20_000
"""How many events are committed at once, unless somebody says otherwise."""


class Store(Protocol):
    """Events, each once by its key (`source`, `id`); `SQLiteStore` and `PostgresStore` keep them.

    The same event again is ignored. An event that comes again with other content is a correction: it replaces the old
    version, which goes to the audit; a version that is in the audit already is ignored, so that importing an old file
    again brings nothing back.

    Threads may share a store, and a fork may use its parent's.
    """

    @property
    def name(self) -> str:
        """Where the events are, as errors and people say it: no password is in it."""
        ...

    def close(self) -> None:
        """Let go of it; closing twice is fine. An iterator that is under way reads on."""
        ...

    def __enter__(self) -> Self:
        """Return the store itself."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        ...

    def append(self, event: Event, *, untimed: bool = False) -> Outcome:
        """Keep one event; it is committed when this returns.

        Args:
            event: the event.
            untimed: its time is only when it was told: an event under the same key keeps its own time, and one that
                differs in nothing else is a duplicate. So a retry isn't a correction.

        Raises:
            StoreError: it couldn't be kept; StoreBusyError when trying again may help.
        """
        ...

    def add(self, events: Iterable[Event], *, batch: int = BATCH) -> Report:
        """Keep many events.

        They are committed batch by batch. When the iterable raises, or the store can't go on, the batches before stay
        and the error goes on; to add everything again is right then, as what is there counts as duplicates.

        Args:
            events: any number; only a batch of them is held in memory.
            batch: how many events are committed at once.

        Raises:
            InvalidValueError: `batch` isn't a whole number from 1.
            StoreError: they couldn't be kept; StoreBusyError when trying again may help.
        """
        ...

    def advance(self, pull: str, events: Iterable[Event], state: str, *, before: str | None) -> Report:
        """Keep a page of what is pulled from a vendor, and where the pull then stands: both in one transaction.

        What a page says stands, also where it is a version that was replaced before: the vendor's record changed back.

        Args:
            pull: whose state it is, such as ``vendure:shop.example orders``.
            events: a page; all of it is held in memory.
            state: where the pull stands after it.
            before: where it stood before, None for nowhere yet.

        Raises:
            StoreBusyError: it stands elsewhere, for somebody else pulls the same: nothing was kept.
            StoreError: they couldn't be kept.
        """
        ...

    def state(self, pull: str) -> str | None:
        """Return where a pull stands, None for nowhere yet."""
        ...

    def pseudonyms(self) -> Pseudonyms:
        """Return what hides e-mail addresses and phone numbers in this store, by a key of the store's own."""
        ...

    def events(
        self, *, kinds: Iterable[str] | None = None, customers: Iterable[str] | None = None, ordered: bool = True
    ) -> Iterator[Event]:
        """Iterate over the events as they stand now, whatever is written meanwhile.

        Args:
            kinds: these alone.
            customers: those of these customers alone, by the names that the events have.
            ordered: by time, source and id; without order the first comes at once and all come sooner.

        Raises:
            StoreError: they can't be read.
        """
        ...

    def get(self, source: str, id: str) -> Event | None:  # noqa: A002 - the column's name
        """Return the event under a key as it stands now, or None."""
        ...

    def links(self) -> Iterator[Event]:
        """Iterate over the events that link and unlink identities, in no order."""
        ...

    def audit(self) -> Iterator[Replaced]:
        """Iterate over the versions that corrections replaced; those of one event in the order of time."""
        ...

    def identities(self, max_people: int = MAX_PEOPLE) -> Identities:
        """Return who is who by the links in the store; worked out again only when it has changed.

        Args:
            max_people: an identity linked to more customers than this is reported and merges nobody.
        """
        ...

    def forget(self, *customers: str, max_people: int = MAX_PEOPLE) -> Forgotten:
        """Erase people: their events under all their identities, the links among these, and the replaced versions.

        A keyed digest of each identity stays behind: whatever comes later in their name, by a second import say, is
        refused and counted. To forget somebody again is harmless.

        Args:
            customers: any of their identities.
            max_people: as in `identities`: an identity that more people share is forgotten when it is given itself.
        """
        ...

    def counts(self) -> dict[str, int]:
        """Return how many events each source has, by its name."""
        ...

    def __len__(self) -> int:
        """Return how many events there are."""
        ...

    def __bool__(self) -> bool:
        """A store is there also while it is empty."""
        ...


def check_durability(durability: str) -> None:
    """Refuse a durability that no store knows.

    Raises:
        InvalidValueError: it is neither of the two.
    """
    if durability not in {"normal", "full"}:
        raise InvalidValueError("durability", durability, "isn't 'normal' or 'full'")
