"""A CSV file to a scorecard of ten metrics: by the row engine in little memory, and by Polars."""

from __future__ import annotations

import csv
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.events import shop_events
from bench.frame import METRICS
from bench.line import Line, side_by_side

import cxkit
from cxkit.files import write_events

ROWS_A_SECOND = 150_000
LEAST_TIMES = 10
MOST_MB = 200
# Of the process itself: what getrusage tells of a child begins with its parent.
_PEAK = """
import sys
from pathlib import Path
from cxkit.cli import main
try:
    main(sys.argv[1:])
finally:
    print(next(line for line in Path("/proc/self/status").open() if line.startswith("VmHWM")), file=sys.stderr)
"""


def agree(path: str) -> None:
    """Stop unless both engines give the same card."""
    if cxkit.score(path, METRICS, engine="polars").to_json() != cxkit.score(path, METRICS).to_json():
        message = "Polars and the row engine disagree"
        raise AssertionError(message)


def peak_mb(path: str) -> float:
    """Return the most memory that the command takes."""
    asked = [sys.executable, "-c", _PEAK, "score", path, "--metric", ",".join(METRICS)]
    done = subprocess.run(asked, check=True, capture_output=True, encoding="utf-8")  # noqa: S603 - our own command
    return float(done.stderr.split()[-2]) / 1024


def by_csv(path: str) -> None:
    """Go through the rows, and do nothing with them."""
    with Path(path).open(newline="", encoding="utf-8") as file:
        for _ in csv.reader(file):
            pass


def lines(*, n: int = 1_000_000) -> list[Line]:
    """Measure both engines over n events."""
    with tempfile.TemporaryDirectory(dir=".") as folder:
        path = str(Path(folder) / "events.csv")
        write_events(shop_events(n), path)
        agree(path)
        rows, bare = side_by_side(lambda: cxkit.score(path, METRICS), lambda: by_csv(path), runs=3)
        polars, again = side_by_side(
            lambda: cxkit.score(path, METRICS, engine="polars"), lambda: cxkit.score(path, METRICS), runs=3
        )
        peak = peak_mb(path)
    what = f"ten metrics over {n:,} events in CSV"
    return [
        Line(
            what=f"{what}, row engine",
            ours=n / rows,
            unit="events/s",
            peer="csv.reader alone",
            theirs=n / bare,
            target=f"≥ {ROWS_A_SECOND:,}/s",
            good=n / rows >= ROWS_A_SECOND,
        ),
        Line(f"{what}, peak memory of the command", peak, "MB", "limit", None, f"< {MOST_MB} MB", peak < MOST_MB),
        Line(
            what=f"{what}, Polars",
            ours=n / polars,
            unit="events/s",
            peer="row engine",
            theirs=n / again,
            target=f"≥ {LEAST_TIMES} ×",
            good=again >= LEAST_TIMES * polars,
        ),
    ]
