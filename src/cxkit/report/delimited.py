"""A scorecard as CSV, a row for each estimate."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cxkit.report.scorecard import Scorecard


def delimited(card: Scorecard) -> str:
    """Return CSV with a header; numbers in full precision, what was left out as JSON.

    >>> from cxkit.report import Scorecard
    >>> delimited(Scorecard(()))[:21]
    'metric,period,partial'
    """
    columns = card._columns()  # noqa: SLF001 - the same room
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return out.getvalue()
