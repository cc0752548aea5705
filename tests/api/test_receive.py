from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import pytest
from till_source import HOOK_SECRET, PASSWORD, URL, TillSource

from cxkit.adapters import Secret
from cxkit.api.pull import pull
from cxkit.api.receive import receive
from cxkit.errors import BadSignatureError, InvalidValueError, UnsupportedError
from cxkit.model.event import event
from cxkit.signatures import sign_stripe
from cxkit.store import open_store
from cxkit.testing.weather import Weather
from cxkit_till.adapter import TillAdapter, TillConfig

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.places import NewPlace

    from cxkit.adapters import Request
    from cxkit.store import Store


@pytest.fixture
def source() -> TillSource:
    """Return tills that have sold something."""
    made = TillSource(TillAdapter)
    made.do("sell")
    return made


@pytest.fixture
def adapter(source: TillSource) -> Any:
    """Return an adapter that is admitted."""
    return source.adapter(Weather(source.inner).wire())


@pytest.fixture
def store(fleeting: NewPlace) -> Iterator[Store]:
    """Return an empty store."""
    with open_store(fleeting()) as made:
        yield made


def test_a_webhook_and_a_pull_tell_one_event(source: TillSource, adapter: Any, store: Store) -> None:
    """Whichever comes first, and however often, the fact is in the store once."""
    assert receive(adapter, source.deliver(), store).new == 1
    assert receive(adapter, source.deliver(), store).duplicates == 1
    pulled = pull(adapter, store, streams="sales")
    assert (pulled.streams[0].report.new, pulled.streams[0].report.duplicates) == (2, 1)
    assert receive(adapter, source.deliver(), store).duplicates == 1
    assert not list(store.audit())


@pytest.mark.parametrize("fault", [{"forged": True}, {"age": 86_400.0}, {"age": -86_400.0}])
def test_what_is_not_the_vendors_leaves_nothing(
    fault: dict[str, Any], source: TillSource, adapter: Any, store: Store
) -> None:
    """A forged delivery, and one that is replayed, are refused before anything of them is read."""
    with pytest.raises(BadSignatureError):
        receive(adapter, source.deliver(**fault), store)

    assert len(store) == 0


def test_what_cannot_be_read_leaves_nothing(source: TillSource, adapter: Any, store: Store) -> None:
    """A delivery that is the vendor's and makes no sense is another error than a forged one."""
    request = sign_stripe(attrs.evolve(source.deliver(), body=b"[]"), Secret(HOOK_SECRET))

    with pytest.raises(InvalidValueError, match="isn't a sale"):
        receive(adapter, request, store)

    assert len(store) == 0


def test_events_of_another_source_are_refused(source: TillSource, store: Store) -> None:
    """A webhook can't overwrite what another system told; nothing of it is kept."""

    class Stranger(TillAdapter):
        def receive(self, request: Request) -> list[Any]:
            """Tell of our own and of somebody else's orders."""
            return [*super().receive(request), event("order.placed", source="shop", id="1")]

    adapter = Stranger(
        TillConfig(url=URL, password=Secret(PASSWORD), hook_secret=Secret(HOOK_SECRET)), Weather(source.inner).wire()
    )
    with pytest.raises(InvalidValueError, match="isn't that of the adapter"):
        receive(adapter, source.deliver(), store)

    assert len(store) == 0


def test_how_identities_are_kept_is_checked(source: TillSource, adapter: Any, store: Store) -> None:
    """A word mistyped doesn't decide over addresses."""
    with pytest.raises(InvalidValueError, match="isn't 'hidden' or 'raw'"):
        receive(adapter, source.deliver(), store, identity="row")  # type: ignore[arg-type]


def test_who_takes_no_webhooks_says_so(source: TillSource, store: Store) -> None:
    """An adapter without the method is named, with what to do instead."""

    class Deaf:
        name, title, source = "deaf", "Deaf", "deaf"

    with pytest.raises(UnsupportedError, match="adapter 'deaf' takes no webhooks: pull from it instead"):
        receive(Deaf(), source.deliver(), store)  # type: ignore[arg-type]
