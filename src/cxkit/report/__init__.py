"""The scorecard and its renderings."""

from cxkit.report.scorecard import Row, Scorecard
from cxkit.report.target import Target

__all__ = ["Row", "Scorecard", "Target"]
