"""The façade: a workspace over a store, score, compare."""

from cxkit.api.compare import Comparison, Difference, compare
from cxkit.api.score import score
from cxkit.api.workspace import Workspace, connect

__all__ = ["Comparison", "Difference", "Workspace", "compare", "connect", "score"]
