"""What results that aren't scorecards share: the same tables and notes as text, HTML, Markdown, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cxkit.report.grid import Grid


class Shown:
    """A result that is shown as tables; whoever inherits says which, and what its rows are.

    Attributes:
        notes: what a reader should know, in sentences.
    """

    __slots__ = ()
    notes: tuple[str, ...]

    def to_grids(self) -> list[Grid]:
        """Return the tables that show it."""
        raise NotImplementedError

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return a flat dictionary a row, numbers in full precision."""
        raise NotImplementedError

    def facts(self) -> dict[str, Any]:
        """Return what is told once, beside the rows."""
        return {}

    def to_json(self, *, indent: int | None = None) -> str:
        """Return it as JSON: what is told once, the notes, and the rows as `to_dicts` gives them."""
        whole = {**self.facts(), "notes": self.notes, "rows": self.to_dicts()}
        return json.dumps(whole, ensure_ascii=False, indent=indent, allow_nan=False)

    def to_csv(self) -> str:
        """Return the rows as CSV with a header; empty without rows."""
        rows, out = self.to_dicts(), io.StringIO()
        if rows:
            writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        return out.getvalue()

    def to_markdown(self) -> str:
        """Return the tables and notes in Markdown."""
        from cxkit.report.markdown import page

        return page(self.to_grids(), self.notes)

    def __str__(self) -> str:
        """Return the tables as aligned text, and the notes."""
        from cxkit.report.text import table

        blocks = [table(grid) for grid in self.to_grids()] or ["Nothing to show: no events matched."]
        return "\n\n".join([*blocks, *(["\n".join(self.notes)] if self.notes else [])])

    def _repr_html_(self) -> str:
        from cxkit.report.html import fragment

        return fragment(self.to_grids(), self.notes)
