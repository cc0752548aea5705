"""Comparing what a store holds with what the source says."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cxkit.model.event import Event
    from cxkit.testing.source import Fact

_SHOWN = 12


def differences(facts: Iterable[Fact], events: Iterable[Event], *, more_allowed: bool = False) -> list[str]:
    """Return what facts and events differ in, a line each; none if they tell the same.

    Args:
        facts: what the source says.
        events: what the store holds.
        more_allowed: whether the store may hold more, as of what happened since.
    """
    known = list(events)
    # A store has the source before each reference; a source needn't say it.
    namespace = f"{known[0].source}:" if known else ""
    told: defaultdict[tuple[str, str | None], list[Event]] = defaultdict(list)
    for event in known:
        told[event.kind, event.reference and event.reference.removeprefix(namespace)].append(event)
    held: defaultdict[tuple[str, str | None], list[Fact]] = defaultdict(list)
    for fact in facts:
        held[fact.kind, fact.reference and fact.reference.removeprefix(namespace)].append(fact)
    lines = []
    for key in sorted(held.keys() | told.keys(), key=str):
        theirs, ours = held.get(key, []), list(told.get(key, []))
        name = f"{key[0]} of {key[1]}"
        missing = []
        for fact in sorted(theirs, key=_particular, reverse=True):
            found = next((event for event in ours if _tells(event, fact)), None)
            if found is None:
                missing.append(fact)
            else:
                ours.remove(found)
        lines += [f"{name}: the source has {fact}, the store {_said(ours) or 'nothing'}" for fact in missing]
        if not missing and ours and not more_allowed:
            lines.append(f"{name}: the source has {len(theirs)} of it, the store {len(ours)} more: {_said(ours)}")
    return lines


def check(facts: Iterable[Fact], events: Iterable[Event], what: str, *, more_allowed: bool = False) -> None:
    """Fail where facts and events differ.

    Raises:
        AssertionError: they do; the first differences are listed.
    """
    lines = differences(facts, events, more_allowed=more_allowed)
    if lines:
        rest = f"\n… and {len(lines) - _SHOWN} more" if len(lines) > _SHOWN else ""
        raise AssertionError(f"{what}:\n" + "\n".join(lines[:_SHOWN]) + rest)


def _particular(fact: Fact) -> tuple[bool, bool, str]:
    """Return what puts facts that say more before those that would fit anything."""
    return (fact.time is not ..., fact.customer is not ..., str(fact.amount))


def _tells(event: Event, fact: Fact) -> bool:
    return (
        event.amount == fact.amount
        and (fact.customer is ... or event.customer == fact.customer)
        and (fact.time is ... or event.time == fact.time)
    )


def _said(events: Iterable[Event]) -> str:
    return ", ".join(f"({event.amount}, {event.customer}, {event.time.isoformat()})" for event in events)
