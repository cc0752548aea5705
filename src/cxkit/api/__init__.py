"""The façade: a workspace over a store, score, compare, merge."""

from cxkit.api.compare import Comparison, Difference, compare
from cxkit.api.describe import Description, describe
from cxkit.api.merging import merge
from cxkit.api.project import Project
from cxkit.api.score import score
from cxkit.api.workspace import Workspace, connect

__all__ = [
    "Comparison",
    "Description",
    "Difference",
    "Project",
    "Workspace",
    "compare",
    "connect",
    "describe",
    "merge",
    "score",
]
