"""What cxkit speaks of: events, money, instruments, touchpoints, the journey map, identity and the calendar.

`cxkit.model.cloudevents` holds the form on the wire; it is imported by those who need it. The function `event` is at
`cxkit.event`: here the name is the module's.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from cxkit.model.event import CHANNELS, COLUMNS, KINDS, Event
from cxkit.model.money import Money, check_currency, minor_digits

if TYPE_CHECKING:
    from cxkit.model.calendar import Calendar, zone
    from cxkit.model.identity import MAX_PEOPLE, Identities, IdentityConflict, SharedIdentity, resolve
    from cxkit.model.instrument import INSTRUMENTS, Instrument, Instruments, check_score
    from cxkit.model.journeymap import JourneyMap, Stage
    from cxkit.model.touchpoint import AREAS, Touchpoint

__all__ = [
    "AREAS",
    "CHANNELS",
    "COLUMNS",
    "INSTRUMENTS",
    "KINDS",
    "MAX_PEOPLE",
    "Calendar",
    "Event",
    "Identities",
    "IdentityConflict",
    "Instrument",
    "Instruments",
    "JourneyMap",
    "Money",
    "SharedIdentity",
    "Stage",
    "Touchpoint",
    "check_currency",
    "check_score",
    "minor_digits",
    "resolve",
    "zone",
]

# Every import of anything in cxkit runs this file, and attrs takes a millisecond or more to make a class: what an app
# that only emits events never touches is loaded when it is first asked for.
_LATER = {
    "AREAS": "touchpoint",
    "Calendar": "calendar",
    "INSTRUMENTS": "instrument",
    "MAX_PEOPLE": "identity",
    "Identities": "identity",
    "IdentityConflict": "identity",
    "Instrument": "instrument",
    "Instruments": "instrument",
    "JourneyMap": "journeymap",
    "SharedIdentity": "identity",
    "Stage": "journeymap",
    "Touchpoint": "touchpoint",
    "check_score": "instrument",
    "resolve": "identity",
    "zone": "calendar",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any public name
    """Load a name of `_LATER` (PEP 562)."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
    return found
