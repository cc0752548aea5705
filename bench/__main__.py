"""Run the benchmarks and write their table into docs/benchmarks.md: ``python -m bench [name …]``."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.line import Line

BENCHMARKS = ("rows", "imports", "store", "frame", "single", "twenty", "files", "recipe", "mapping", "scale")
PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
HEAD = ("what", "cxkit", "beside", "theirs", "ratio", "wanted", "met")
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"


def table(lines: list[Line]) -> str:
    """Return the lines as a Markdown table with the day and the machine."""
    rows = [HEAD, ("---",) * len(HEAD), *(line.cells() for line in lines)]
    body = "\n".join("| " + " | ".join(row) + " |" for row in rows)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    return f"{body}\n\nMeasured on {datetime.now(UTC).date().isoformat()} ({machine}), medians of runs that take turns."


def main() -> int:
    """Measure what is named, or everything; only the whole is written into the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *BENCHMARKS], default=[])
    names = parser.parse_args().names
    lines: list[Line] = []
    for name in names or BENCHMARKS:
        print(f"{name} …", file=sys.stderr)
        for line in import_module(f"bench.{name}").lines():
            print("  " + " | ".join(line.cells()), file=sys.stderr)  # a run takes half an hour: what is known, is told
            lines.append(line)
    made = table(lines)
    print(made)
    if not names:
        page = PAGE.read_text(encoding="utf-8")
        before, _, rest = page.partition(BEGIN)
        _, _, after = rest.partition(END)
        PAGE.write_text(f"{before}{BEGIN}\n\n{made}\n\n{END}{after}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
