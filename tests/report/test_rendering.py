"""Tables for people: text, Markdown and HTML of one card, aligned, broken at the width, safe with any segment."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxkit.metrics import Estimate
from cxkit.report import Row, Scorecard
from cxkit.report.grid import Grid, grids
from cxkit.report.markdown import markdown
from cxkit.report.text import columns_wide, table, text

if TYPE_CHECKING:
    from collections.abc import Iterable


def row(value: float | None = 30.0, channel: str | None = "web", **columns: Any) -> Row:
    """Return a row of an NPS."""
    estimate = Estimate(value, None if value is None else 14.0, None if value is None else 44.2, unit="points", n=9)
    known = {
        "metric": "nps", "title": "Net Promoter Score", "better": "higher", "segment": {"channel": channel},
        "overall": False, "period": None, "partial": False, "currency": None, "estimate": estimate,
    }  # fmt: skip
    return Row(**known | columns)


def overall(value: float | None = 20.0, **columns: Any) -> Row:
    """Return a row over all segments."""
    return row(value, segment={}, overall=True, **columns)


def by_channel(*channels: str | None) -> Scorecard:
    """Return a card of an NPS by channel."""
    return Scorecard((overall(), *(row(float(n), channel) for n, channel in enumerate(channels))), by=("channel",))


def test_by_segment():
    """Without periods: a line for each metric, a column for each segment."""
    assert str(by_channel("web", None)) == (
        "metric        overall               web                 (none)\n"
        "────────────  ────────────────────  ──────────────────  ───────────────────\n"
        "nps (points)  +20.0 [+14.0, +44.2]  0.0 [+14.0, +44.2]  +1.0 [+14.0, +44.2]\n"
        "\n"
        "In brackets: 95 % intervals."
    )


def test_by_period():
    """Without segments: a line for each period, a column for each metric; partial periods are marked."""
    rows = (
        overall(period="2026-01", partial=True),
        overall(None, period="2026-02"),
        overall(metric="csat", period="2026-02", estimate=Estimate(0.81, 0.72, 0.87, unit="share", n=100)),
    )
    assert str(Scorecard(rows, every="month", tz="Europe/Berlin", notes=("A note.",))) == (
        "month      nps (points)          csat (%)\n"
        "─────────  ────────────────────  ─────────────────\n"
        "2026-01 *  +20.0 [+14.0, +44.2]\n"
        "2026-02    –                     81.0 [72.0, 87.0]\n"
        "\n"
        "In brackets: 95 % intervals. Periods are local to Europe/Berlin.\n"
        "* The data covers this period only in part.\n"
        "A note."
    )


def test_by_period_and_segment():
    """With both, each metric and currency has its table, under its title."""
    rows = (
        overall(period="2026-01"),
        row(period="2026-01"),
        overall(metric="revenue", title="Revenue", currency="USD", period="2026-01"),
        overall(metric="revenue", title="Revenue", currency="VND", period="2026-01"),
    )
    shown = str(Scorecard(rows, by=("channel",), every="month"))
    titles = [block.splitlines()[0] for block in shown.split("\n\n")]
    assert titles[:3] == ["Net Promoter Score · nps (points)", "Revenue · revenue (USD)", "Revenue · revenue (VND)"]
    assert "month    overall               web" in shown


def test_what_was_left_out_is_said():
    """Exclusions of the overall rows are summed beneath the table, with their reasons."""
    left_out = Estimate(30.0, n=9, unit="points", excluded={"no score": 1200, "off the scale": 1})
    rows = [overall(estimate=left_out, period=f"2026-0{n}") for n in (1, 2)] + [
        row(estimate=left_out, period="2026-01")
    ]
    shown = str(Scorecard(tuple(rows), by=("channel",), every="month"))
    assert "Left out of nps: 2,400 no score, 2 off the scale." in shown


def test_nothing_to_show():
    """An empty card says so, and keeps its notes, in every form."""
    empty = Scorecard((), notes=("Nobody came.",))
    assert str(empty) == "Nothing to show: no events matched.\nNobody came."
    assert empty.to_markdown() == "Nothing to show: no events matched.\n\nNobody came."
    assert "<p>Nothing to show: no events matched.</p><p><small>Nobody came.</small></p>" in empty._repr_html_()


def test_segments_that_look_alike_stay_apart():
    """A channel called overall or (none) isn't all channels or none; no number is lost."""
    (grid,) = grids(by_channel("overall", None, "(none)"))
    assert grid.columns == ("overall", "overall", "(none)", "(none)")
    assert [cell.split()[0] for cell in grid.lines[0][1]] == ["+20.0", "0.0", "+1.0", "+2.0"]
    two = (row(1.0, segment={"a": "x · y", "b": "z"}), row(2.0, segment={"a": "x", "b": "y · z"}))
    assert len(grids(Scorecard(two, by=("a", "b")))[0].columns) == 2


@pytest.mark.parametrize("width", [20, 60, 100])
def test_wide_tables_are_broken(width: int):
    """A table wider than the page goes on beneath itself, with its labels; nothing is lost."""
    card = by_channel(*(f"channel {n}" for n in range(8)))
    shown = text(card, width)
    tables = shown.split("\n\n")[:-1]
    assert len(tables) == {20: 9, 60: 5, 100: 3}[width]
    assert all(block.startswith("metric") and "\nnps (points)" in block for block in tables)
    for n in range(8):
        assert shown.count(f"channel {n}") == 1
    if width > 40:
        assert max(map(len, shown.splitlines()[:-1])) <= width


@pytest.mark.parametrize(
    ("word", "wide"),
    [
        ("abc", 3),
        ("日本", 4),
        ("한국어", 6),
        ("Nguyễn", 6),
        ("e\u0301", 1),
        ("\uff57\uff45\uff42", 6),
        ("🙂", 2),
        ("❤\ufe0f", 1),
        ("", 0),
    ],
)
def test_columns_wide(word: str, wide: int):
    """East Asian characters take two columns, marks none."""
    assert columns_wide(word) == wide


@given(
    st.lists(st.sampled_from(("web", "日本", "e\u0301", "한", "🙂 app", "x" * 30)), min_size=1, max_size=6, unique=True)
)
def test_columns_are_aligned(names: list[str]):
    """Every column begins at the same place on each line, however wide its characters are."""
    grid = Grid("", "metric", tuple(names), (("NPS 日本", tuple("v" for _ in names)), ("x", tuple(names))))
    head, rule, *lines = table(grid, 10_000).splitlines()
    starts = [at for at, c in enumerate(rule) if c == "─" and (at == 0 or rule[at - 1] == " ")]
    assert len(starts) == len(names) + 1
    for line, cells in zip((head, *lines), ((*names,), "v" * len(names), names), strict=True):
        at = 0
        for start, cell in zip(starts[1:], cells, strict=True):
            at = line.index(cell, at)
            assert columns_wide(line[:at]) == start
            at += len(cell)


HOSTILE = (
    "<script>alert(1)</script>",
    "\"><img src=x onerror='alert(1)'>",
    "&lt;b&gt;",
    "a|b",
    "*bold* _it_ `code`",
    "[click](javascript:alert(1))",
    "![x](https://tracker.example/x.png)",
    "two\nlines\r\nand a\ttab",
    "\x1b[31mred\x1b[0m",
    "\u202eright to left",
    "\\",
)


class _Reader(HTMLParser):
    """Collects the tags and texts of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str | None]] = set()
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: Iterable[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= set(attrs)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.mark.parametrize("channel", HOSTILE)
def test_html_is_escaped(channel: str):
    """A segment may be called anything: in a notebook it is text, never a tag."""
    hostile = Scorecard(
        (overall(title=channel, period=channel), row(1.0, channel, period=channel)),
        by=("channel",),
        every="month",
        notes=(channel,),
    )
    read = _Reader(hostile._repr_html_())
    assert read.tags <= {"div", "table", "caption", "thead", "tbody", "tr", "th", "td", "p", "small"}
    assert read.attributes <= {("class", "cxkit"), ("scope", "col"), ("scope", "row")}
    assert channel in "".join(read.texts)


@pytest.mark.parametrize("channel", HOSTILE)
def test_text_stays_on_its_line(channel: str):
    """Control characters are shown, not obeyed: no segment breaks a table or colours a terminal."""
    shown = str(by_channel(channel, "web"))
    assert len(shown.splitlines()) == 5
    assert all(line.isprintable() for line in shown.splitlines())


@pytest.mark.parametrize("channel", HOSTILE)
def test_markdown_stays_a_table(channel: str):
    """No segment ends a cell, opens a tag, a link, an image or emphasis in Markdown."""
    shown = markdown(by_channel(channel, "web"))
    head, rule, line = shown.split("\n\n")[0].splitlines()
    bare = head.replace("\\\\", "")
    for mark in "*_`<":
        assert bare.count(mark) == bare.count(f"\\{mark}")
    assert "](" not in bare
    assert bare.count("|") - bare.count("\\|") == rule.count("|") == line.count("|") == 5


def test_markdown():
    """A Markdown table, with its notes beneath."""
    assert markdown(by_channel("web")) == (
        "| metric | overall | web |\n"
        "| --- | --- | --- |\n"
        "| nps (points) | +20.0 [+14.0, +44.2] | 0.0 [+14.0, +44.2] |\n"
        "\n"
        "In brackets: 95 % intervals."
    )
