"""The part of the suite that looks at webhooks, and at scores that are written back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from cxkit.adapters import Profile, Pusher, Receiver
from cxkit.api.receive import receive
from cxkit.errors import BadSignatureError
from cxkit.model.money import Money
from cxkit.testing.account import check
from cxkit.testing.stage import pull_all

if TYPE_CHECKING:
    from cxkit.adapters import Request
    from cxkit.store import Store
    from cxkit.testing.source import Source
    from cxkit.testing.weather import Weather


class Telling:
    """What a vendor tells by itself, and what it is told."""

    # -------------------------------------------------------------------------------------------------------- webhooks

    def test_webhook_is_the_same_event(self, stocked: Source, weather: Weather, store: Store) -> None:
        """What a webhook tells, a pull tells too: one event, whichever comes first."""
        adapter = _receiver(stocked, weather)
        first = receive(adapter, stocked.deliver(), store, identity="raw")
        assert first.new, "the webhook brought nothing"
        assert receive(adapter, stocked.deliver(), store, identity="raw").new == 0, "the same webhook again is new"
        pull_all(stocked, weather, store)
        check(stocked.facts(), store.events(), "after a webhook and a pull")
        last = receive(adapter, stocked.deliver(), store, identity="raw")
        assert last.new == last.corrected == 0, f"after the pull the webhook says otherwise: {last}"

    @pytest.mark.parametrize("fault", ["unsigned", "forged", "body", "signature", "old", "future", "garbage"])
    def test_webhook_is_checked(self, fault: str, stocked: Source, weather: Weather, store: Store) -> None:
        """A webhook that isn't the vendor's, was changed on its way, or comes again later is refused."""
        adapter = _receiver(stocked, weather)
        if fault in {"old", "future"} and not stocked.deliveries_expire:
            pytest.skip("the vendor's signature doesn't cover when it was made")
        with pytest.raises(BadSignatureError):
            receive(adapter, _spoiled(stocked, fault), store)
        assert len(store) == 0

    # ---------------------------------------------------------------------------------------------------- writing back

    def test_writes_back(self, stocked: Source, weather: Weather) -> None:
        """Scores stand where people work, once, and are replaced and erased."""
        adapter: Any = stocked.adapter(weather.wire())
        if not isinstance(adapter, Pusher):
            pytest.skip(f"{adapter.title} can't be written to")
        customer = stocked.customer()
        revenue = Money("1234.50", "EUR")
        promoter: dict[str, Any] = {"nps_score": 9.0, "nps_group": "promoter", "revenue": revenue, "orders": 3.0}
        for scores in (promoter, {**promoter, "nps_score": 3.0, "nps_group": "detractor"}, dict.fromkeys(promoter)):
            first = adapter.push([Profile(customer, scores), Profile("999999999", scores)])
            assert (first.written, len(first.unknown), first.rejects) == (1, 1, ()), first
            assert stocked.holds(customer, scores), f"the source doesn't hold {scores}"
            again = adapter.push([Profile(customer, scores)])
            assert (again.written, again.unchanged) == (0, 1), f"the same again: {again}"


def _receiver(source: Source, weather: Weather) -> Any:  # noqa: ANN401 - an adapter that receives
    adapter = source.adapter(weather.wire())
    if not isinstance(adapter, Receiver):
        pytest.skip(f"{adapter.title} takes no webhooks")
    return adapter


def _spoiled(source: Source, fault: str) -> Request:
    """Return a webhook with something wrong."""
    if fault == "forged":
        return source.deliver(forged=True)
    if fault in {"old", "future"}:
        return source.deliver(age=86_400.0 if fault == "old" else -86_400.0)
    good = source.deliver()
    if fault == "body":
        return attrs.evolve(good, body=good.body + b" ")
    signing = [name for name in good.headers if re.search(r"sign|hmac", name)]
    assert signing, "no header of the webhook looks like a signature"
    if fault == "unsigned":
        return attrs.evolve(good, headers={name: good.headers[name] for name in good.headers if name not in signing})
    spoiled = {name: _spoiled_text(good.headers[name], fault) for name in signing}
    return attrs.evolve(good, headers={**good.headers, **spoiled})


def _spoiled_text(text: str, fault: str) -> str:
    if fault == "garbage":
        return "\u00ff,=,;" * 50
    return text[:-6] + ("AAAAAA" if text[-6:] != "AAAAAA" else "BBBBBB")
