"""The scorecard and its renderings."""

from cxkit.report.scorecard import Row, Scorecard

__all__ = ["Row", "Scorecard"]
