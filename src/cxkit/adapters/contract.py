"""What an adapter is: one plain class, told by what it has and not by what it inherits."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol, runtime_checkable

import attrs

from cxkit.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cxkit.adapters.state import State
    from cxkit.model.event import Event
    from cxkit.model.money import Money
    from cxkit.model.request import Request


@attrs.frozen
class Stream:
    """One kind of record that a vendor keeps, read with a cursor of its own.

    Refunds, payments, returns and reopenings are streams of their own wherever the record they belong to keeps its
    time of change when they happen.

    Attributes:
        name: such as ``orders``.
        title: what it is, for people.
        kinds: the kinds of events that come of it.
        cursor: what tells its changes, such as ``updatedAt``; empty where nothing does, and all is read each time.

    >>> Stream("orders", "Orders, by their last change", ("order.placed",), "updatedAt").name
    'orders'
    """

    name: str
    title: str
    kinds: tuple[str, ...]
    cursor: str = ""


@attrs.frozen
class Reject:
    """A record that couldn't be taken; the others were.

    Attributes:
        record: its stream and key, such as ``orders 1042``.
        reason: what is wrong with it.
        at: its time of change in microseconds since 1970, or None: a pull from there reads it again.
    """

    record: str
    reason: str
    at: int | None = None


@attrs.frozen
class Page:
    """What was read at once, and where the reading stands after it. Both are kept together or not at all.

    Attributes:
        events: what came of the records.
        state: to go on from.
        records: how many records were read, with those that brought nothing new.
        rejects: those that couldn't be taken.
    """

    events: tuple[Event, ...]
    state: State
    records: int = 0
    rejects: tuple[Reject, ...] = ()


@attrs.frozen
class Check:
    """What a vendor says of the connection.

    Attributes:
        account: whom it takes us for: a shop's name, a user.
        missing: rights that streams need and that we lack, in words; empty if all is well.
    """

    account: str
    missing: tuple[str, ...] = ()


@attrs.frozen
class Profile:
    """What cxkit knows of a customer, for whoever serves them.

    Attributes:
        customer: the vendor's own id.
        scores: name → number, money or word, such as ``nps`` → 9.0 and ``nps_group`` → ``promoter``; None where
            nothing was observed, which is to erase what stood there.
    """

    customer: str
    scores: Mapping[str, float | str | Money | None]


@attrs.frozen
class Pushed:
    """What became of profiles.

    Attributes:
        written: how many customers' records were changed.
        unchanged: how many held the same already.
        unknown: ids that the vendor doesn't have.
        rejects: those that it refused, and why.
    """

    written: int = 0
    unchanged: int = 0
    unknown: tuple[str, ...] = ()
    rejects: tuple[Reject, ...] = ()


@runtime_checkable
class Adapter(Protocol):
    """One vendor's system, read into events.

    It is made with its settings and a `Wire`: ``Vendor(config, wire)``. Two more methods are optional, each where the
    vendor has the like: ``receive``, see `Receiver`, and ``push``, see `Pusher`.

    Attributes:
        name: the word for it on the command line, such as ``vendure``.
        title: the vendor's name.
        Config: the attrs class of its settings; those that are secret are `Secret`.
        source: the source of its events, such as ``vendure:shop.example``: one for each account, since the state of a
            pull and the namespace of its customers hang on it.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    Config: ClassVar[type[Any]]

    @property
    def source(self) -> str:
        """Return the source of its events."""
        ...

    def check(self) -> Check:
        """Ask the vendor something cheap that needs our credentials.

        Raises:
            RetriableAdapterError: the vendor is down.
            FatalAdapterError: it doesn't admit us.
        """
        ...

    def streams(self) -> Sequence[Stream]:
        """Return what can be read, in the order in which it should be."""
        ...

    def read(self, stream: str, state: State) -> Iterator[Page]:
        """Read a stream on from where it stands.

        Args:
            stream: its name.
            state: what the last page that was kept came with; an empty one to begin with.

        Raises:
            RetriableAdapterError: the vendor can't answer just now; the pages before stand.
            FatalAdapterError: it never will.
        """
        ...


@runtime_checkable
class Receiver(Protocol):
    """An adapter that takes the vendor's webhooks."""

    def receive(self, request: Request) -> Iterable[Event]:
        """Return the events of a request; the same, with the same ids, as a pull would give.

        Raises:
            BadSignatureError: it isn't shown to be the vendor's: answer 401, and keep nothing.
            InvalidValueError: it is, and can't be read: answer 400.
        """
        ...


@runtime_checkable
class Pusher(Protocol):
    """An adapter that writes scores back to where people work."""

    def push(self, profiles: Iterable[Profile]) -> Pushed:
        """Write profiles to the vendor's records of customers; writing the same again changes nothing.

        Raises:
            RetriableAdapterError: the vendor can't answer just now; to write them all again is right then.
            FatalAdapterError: it refuses us.
        """
        ...


_NAME: Final = re.compile(r"[a-z][a-z0-9_-]*")


def check_adapter(adapter: object) -> None:
    """Refuse what isn't the class of an adapter.

    Raises:
        InvalidValueError: something lacks or can't be; it says what.
    """
    if not isinstance(adapter, type):
        raise InvalidValueError("adapter", adapter, "isn't a class: register the class, not one made of it")
    for attribute in ("name", "title", "Config", "check", "streams", "read"):
        if not hasattr(adapter, attribute):
            raise InvalidValueError("adapter", adapter.__qualname__, f"lacks {attribute!r}: see cxkit.adapters.Adapter")
    name, config = getattr(adapter, "name", None), getattr(adapter, "Config", None)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InvalidValueError(
            "name", name, f"isn't a word in lower case, as the name of {adapter.__qualname__} must be"
        )
    if not isinstance(config, type) or not attrs.has(config):
        raise InvalidValueError("Config", config, f"isn't an attrs class, as the settings of {name} must be")
