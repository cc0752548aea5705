"""The scorecard, its renderings, and the states it was made from."""

from cxkit.report.scorecard import Row, Scorecard
from cxkit.report.states import Asked, States
from cxkit.report.target import Target

__all__ = ["Asked", "Row", "Scorecard", "States", "Target"]
