"""Statistics: what engines compute and formulas read. Each merges where it says so, and nowhere else."""

from cxkit.stats.by import By, ByState, filters_of, settle
from cxkit.stats.clustered import Clustered, ClusteredState
from cxkit.stats.cohorts import Cohorts, CohortsState
from cxkit.stats.distinct import Distinct, DistinctState
from cxkit.stats.frequency import Frequency, FrequencyState
from cxkit.stats.moments import Moments, MomentsState
from cxkit.stats.returns import Return, Returns, ReturnsState
from cxkit.stats.sketch import Sketch, SketchState
from cxkit.stats.spans import Spans, SpansState, Unless
from cxkit.stats.state import Split, State, Statistic, kept_whole, merge
from cxkit.stats.tally import Tally, TallyState
from cxkit.stats.where import AtLeast, Condition, Equal, In, IsNull, Less, Not, Where

__all__ = [
    "AtLeast",
    "By",
    "ByState",
    "Clustered",
    "ClusteredState",
    "Cohorts",
    "CohortsState",
    "Condition",
    "Distinct",
    "DistinctState",
    "Equal",
    "Frequency",
    "FrequencyState",
    "In",
    "IsNull",
    "Less",
    "Moments",
    "MomentsState",
    "Not",
    "Return",
    "Returns",
    "ReturnsState",
    "Sketch",
    "SketchState",
    "Spans",
    "SpansState",
    "Split",
    "State",
    "Statistic",
    "Tally",
    "TallyState",
    "Unless",
    "Where",
    "filters_of",
    "kept_whole",
    "merge",
    "settle",
]
