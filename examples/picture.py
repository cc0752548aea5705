"""Draw README's picture, docs/images/scorecard.svg, from real cards of the simulated shop."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

import cxkit
from cxkit.report.grid import cell
from cxkit.simulate import TRUTHS, simulate_shop

PICTURE = Path(__file__).parents[1] / "docs" / "images" / "scorecard.svg"
VOICE = ["nps", "csat", "ces", "first_response_time"]
COLOURS = {"worse": "bold red", "better": "bold green", "undecided": "dim"}
LOOK: Any = {"box": SIMPLE_HEAD, "title_justify": "left", "title_style": "bold cyan"}
# Rich's own frame loads a font from elsewhere: this one takes whatever monospaced font is there.
FRAME = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{
  font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width;
}}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: system-ui, sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def estimate(row: cxkit.Row) -> Text:
    """Return an estimate with its interval in the background."""
    value, bracket, bounds = cell(row).partition(" [")
    return Text.assemble((value, "bold"), (bracket + bounds, "dim"))


def by_channel(card: cxkit.Scorecard) -> Table:
    """Return a card as a table with a line for each channel."""
    table = Table("channel", *card.metrics, title=" A simulated year, by channel", **LOOK)
    channels = dict.fromkeys(row.segment["channel"] for row in card if not row.overall)
    for channel in channels:
        found = {row.metric: row for row in card.filter(channel=channel)}
        table.add_row(channel or "(none)", *(estimate(found[metric]) for metric in card.metrics))
    return table


def changes(comparison: cxkit.Comparison) -> Table:
    """Return a comparison as a table."""
    table = Table("phone", "before", "after", "p", "verdict", title=" Its last quarter, and the one before", **LOOK)
    for row in comparison:
        p = "–" if row.p is None else "<0.001" if row.p < 0.001 else f"{row.p:.3f}"
        before, after = (side.text(side.value) for side in (row.before, row.after))
        table.add_row(row.metric, before, after, p, Text(row.verdict, COLOURS[row.verdict]))
    return table


def main() -> None:
    """Score, lay out, save."""
    events = list(simulate_shop())
    card = cxkit.score(events, VOICE, by="channel", tz=TRUTHS.tz)
    quarters = cxkit.score(events, VOICE, by="channel", every="quarter", tz=TRUTHS.tz).filter(channel="phone")
    console = Console(record=True, width=112, file=StringIO())
    console.print(by_channel(card))
    console.print(changes(cxkit.compare(after=quarters.latest(), before=quarters.latest(2))))
    PICTURE.write_text(console.export_svg(title="cxkit", code_format=FRAME, unique_id="cxkit"), "utf-8")


if __name__ == "__main__":
    main()
