"""cxkit: customer-experience metrics, from events to scorecards with intervals.

Everything public is here; rooms that cost time to import are opened on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from cxkit.model.event import Event, event
from cxkit.model.money import Money

if TYPE_CHECKING:
    from cxkit import adapters, errors, metrics, recipes, signatures, stats
    from cxkit.api.adapting import adapter
    from cxkit.api.cohorts import CohortCell, CohortTable, cohorts
    from cxkit.api.compare import Comparison, Difference, compare
    from cxkit.api.describe import Description, Silence, describe
    from cxkit.api.merging import merge
    from cxkit.api.nonresponse import Nonresponse, ResponseGroup, ResponseTest, nonresponse
    from cxkit.api.project import Project
    from cxkit.api.pull import Pulled, PulledStream, pull
    from cxkit.api.push import profiles, push
    from cxkit.api.receive import receive
    from cxkit.api.samplesize import SampleSize, sample_size
    from cxkit.api.score import score
    from cxkit.api.weigh import Weighed, WeighedShare, weigh
    from cxkit.api.workspace import Workspace, connect
    from cxkit.metrics import Estimate, Metric
    from cxkit.model.instrument import Instrument, Instruments
    from cxkit.model.journeymap import JourneyMap, Stage
    from cxkit.model.request import Request
    from cxkit.model.secret import Secret
    from cxkit.model.shards import shard_of, shards
    from cxkit.model.touchpoint import Touchpoint
    from cxkit.plugins import hookimpl
    from cxkit.report import Row, Scorecard, States, Target

__version__ = "0.1.0"

_ROOMS = {
    "cxkit.api": ("Comparison", "Difference", "Workspace", "compare", "connect", "merge", "score"),
    "cxkit.api.adapting": ("adapter",),
    "cxkit.api.pull": ("Pulled", "PulledStream", "pull"),
    "cxkit.api.push": ("profiles", "push"),
    "cxkit.api.receive": ("receive",),
    "cxkit.api.describe": ("Description", "Silence", "describe"),
    "cxkit.api.project": ("Project",),
    "cxkit.api.cohorts": ("CohortCell", "CohortTable", "cohorts"),
    "cxkit.api.nonresponse": ("Nonresponse", "ResponseGroup", "ResponseTest", "nonresponse"),
    "cxkit.api.samplesize": ("SampleSize", "sample_size"),
    "cxkit.api.weigh": ("Weighed", "WeighedShare", "weigh"),
    "cxkit.metrics": ("Estimate", "Metric"),
    "cxkit.model.instrument": ("Instrument", "Instruments"),
    "cxkit.model.journeymap": ("JourneyMap", "Stage"),
    "cxkit.model.request": ("Request",),
    "cxkit.model.secret": ("Secret",),
    "cxkit.model.shards": ("shard_of", "shards"),
    "cxkit.model.touchpoint": ("Touchpoint",),
    "cxkit.plugins": ("hookimpl",),
    "cxkit.report": ("Row", "Scorecard", "States", "Target"),
}
_HOMES = {name: room for room, names in _ROOMS.items() for name in names}
_MODULES = ("adapters", "errors", "metrics", "recipes", "signatures", "stats")

__all__ = [
    "CohortCell",
    "CohortTable",
    "Comparison",
    "Description",
    "Difference",
    "Estimate",
    "Event",
    "Instrument",
    "Instruments",
    "JourneyMap",
    "Metric",
    "Money",
    "Nonresponse",
    "Project",
    "Pulled",
    "PulledStream",
    "Request",
    "ResponseGroup",
    "ResponseTest",
    "Row",
    "SampleSize",
    "Scorecard",
    "Secret",
    "Silence",
    "Stage",
    "States",
    "Target",
    "Touchpoint",
    "Weighed",
    "WeighedShare",
    "Workspace",
    "adapter",
    "adapters",
    "cohorts",
    "compare",
    "connect",
    "describe",
    "errors",
    "event",
    "hookimpl",
    "merge",
    "metrics",
    "nonresponse",
    "profiles",
    "pull",
    "push",
    "receive",
    "recipes",
    "sample_size",
    "score",
    "shard_of",
    "shards",
    "signatures",
    "stats",
    "weigh",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    """Open the room that a public name lives in."""
    if name in _MODULES:
        return import_module(f"cxkit.{name}")
    if name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
        globals()[name] = value
        return value
    message = f"module 'cxkit' has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    """List the public names, also those not opened yet."""
    return sorted({*globals(), *__all__})
