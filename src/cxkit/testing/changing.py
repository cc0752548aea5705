"""The part of the suite in which something happens between two pulls, or while one is under way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cxkit.testing.account import check
from cxkit.testing.stage import possible, pull_all

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cxkit.http import Answer, Sent
    from cxkit.store import Store
    from cxkit.testing.source import Deed, Fact
    from cxkit.testing.stage import Stage
    from cxkit.testing.weather import Weather


class Changing:
    """What becomes of changes; first of what changes nothing else, or another change might lead to it."""

    def test_refund_is_seen(self, stage: Stage, weather: Weather) -> None:
        """What happens to an old record is seen, also where that doesn't move its time of change."""
        _seen(stage, weather, "refund")

    def test_change_is_seen(self, stage: Stage, weather: Weather) -> None:
        """A record that changes after it was read is read again, though it is old."""
        _seen(stage, weather, "change")

    def test_same_moment(self, stage: Stage, weather: Weather) -> None:
        """More records at one time than fit a page are all read, also those that come after the first pull."""
        _seen(stage, weather, "at_once")

    def test_new_records(self, stage: Stage, weather: Weather) -> None:
        """What is new is read."""
        _seen(stage, weather, "sell")

    def test_hidden(self, stage: Stage, weather: Weather) -> None:
        """What lists leave out is read."""
        _seen(stage, weather, "hide")

    def test_merged(self, stage: Stage, weather: Weather) -> None:
        """Two customers that became one are one."""
        _seen(stage, weather, "merge")

    def test_deleted(self, stage: Stage, weather: Weather) -> None:
        """A record that is gone stops nobody, and its events stay."""
        possible(stage.source, "delete")
        with stage.held(weather) as store:
            before = list(stage.source.facts())
            stage.let_go("delete")
            pull_all(stage.source, weather, store)
            check(_together(before, stage.source.facts()), store.events(), "after something was deleted")

    def test_change_while_paging(self, stage: Stage, weather: Weather, store: Store) -> None:
        """A record that changes while others are read makes none of them be passed over."""
        source = stage.source
        possible(source, "change")
        before = list(source.facts())
        changed: list[int] = []

        def change(number: int, _sent: Sent, _answer: Answer) -> None:
            if number >= 2 and len(changed) < 3 and number % 2 == 0:  # noqa: PLR2004 - after the first page, and later
                changed.append(number)
                stage.let("change")

        weather.passed = change
        pull_all(source, weather, store)
        weather.clear()
        assert changed, "there were too few calls for anything to happen between them: ask for smaller pages"
        now = list(source.facts())
        check([fact for fact in before if fact in now], store.events(), "after changes while paging", more_allowed=True)
        pull_all(source, weather, store)
        check(source.facts(), store.events(), "after changes while paging, and another pull")


def _seen(stage: Stage, weather: Weather, deed: Deed) -> None:
    """Let something happen to what is old by then, or skip; the store that follows must see it."""
    possible(stage.source, deed)
    stage.sees(weather, deed)


def _together(before: Iterable[Fact], after: Iterable[Fact]) -> list[Fact]:
    """Return what was told before and is told now, each as often as where it is told most."""
    now = list(after)
    rest = list(now)
    gone = []
    for fact in before:
        if fact in rest:
            rest.remove(fact)
        else:
            gone.append(fact)
    return [*gone, *now]
