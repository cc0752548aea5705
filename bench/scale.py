"""From a million events to a hundred million: how long simulating and scoring take, and how much memory.

Each runs in a process of its own, and is timed by the processor, of all cores together: a run of minutes has no other
beside it that a busy machine would slow as much. What was measured is drawn into docs/images/scale.svg.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import attrs
from bench.line import Line
from bench.picture import Curve, drawn
from bench.twenty import TWENTY

SIZES = (1_000_000, 10_000_000, 100_000_000)
EVENTS_A_SECOND = 500_000
MOST_MB = 4096
PICTURE = Path(__file__).parent.parent / "docs" / "images" / "scale.svg"
# Of the process itself: what getrusage tells of a child begins with its parent.
_CHILD = """
import sys, time
from pathlib import Path
from cxkit.cli import main
try:
    main(sys.argv[1:])
finally:
    peak = next(line for line in Path("/proc/self/status").open() if line.startswith("VmHWM")).split()[1]
    print(time.process_time(), peak, file=sys.stderr)
"""


@attrs.frozen
class Run:
    """What one command took.

    Attributes:
        seconds: of all cores together.
        mb: the most memory, in megabytes.
    """

    seconds: float
    mb: float


@attrs.frozen
class Point:
    """What a size took.

    Attributes:
        events: how many events there were.
        simulated: what making them took.
        scored: what scoring them took.
    """

    events: int
    simulated: Run
    scored: Run


def run(*arguments: str) -> Run:
    """Run a command of cxkit in a process of its own."""
    asked = [sys.executable, "-c", _CHILD, *arguments]
    done = subprocess.run(asked, check=True, capture_output=True, encoding="utf-8")  # noqa: S603 - our own command
    seconds, kb = map(float, done.stderr.split()[-2:])
    return Run(seconds, kb / 1024)


def measured(size: int, folder: Path) -> Point:
    """Make about so many events, score them, and throw them away."""
    import pyarrow.parquet as pq

    path = folder / f"{size}.parquet"
    simulated = run("simulate", "--events", str(size), "--out", str(path))
    metrics = ",".join(TWENTY)
    asked = ("--metric", metrics, "--by", "channel", "--every", "month", "--engine", "polars", "--format", "json")
    scored = run("score", str(path), *asked)
    events = pq.read_metadata(path).num_rows
    path.unlink()
    return Point(events, simulated, scored)


def picture(points: list[Point]) -> str:
    """Draw seconds against events, with what linear growth would be."""
    first = points[0]
    linear = [(point.events, first.scored.seconds * point.events / first.events) for point in points]
    return drawn(
        "Seconds of processor time by number of events",
        [
            Curve("cxkit simulate --events", "#2a78b5", [(point.events, point.simulated.seconds) for point in points]),
            Curve(
                "cxkit score, twenty metrics",
                "#c2410c",
                [(point.events, point.scored.seconds) for point in points],
            ),
            Curve("in proportion", "#888888", linear, dashed=True),
        ],
    )


def lines(*, sizes: tuple[int, ...] = SIZES) -> list[Line]:
    """Measure every size, and draw them; of one to three gigabytes of disk for the greatest."""
    with tempfile.TemporaryDirectory(dir=".") as folder:
        points = [measured(size, Path(folder)) for size in sizes]
    PICTURE.write_text(picture(points), encoding="utf-8")
    first, last = points[0], points[-1]
    rate = last.events / last.simulated.seconds
    proportional = first.scored.seconds * last.events / first.events
    what = f"twenty metrics by channel and month, {last.events:,} events in Parquet, Polars"
    peer = f"{last.events / first.events:.0f} × the seconds of {first.events:,} events"
    peaks = [
        Line(name, mb, "MB", "limit", None, f"< {MOST_MB:,} MB", mb < MOST_MB)
        for name, mb in (
            (f"cxkit simulate --events {sizes[-1]}, peak memory", last.simulated.mb),
            (f"{what}, peak memory of the command", last.scored.mb),
        )
    ]
    return [
        Line(
            what=f"cxkit simulate --events {sizes[-1]}, Parquet, processor time",
            ours=rate,
            unit="events/s",
            peer="limit",
            theirs=None,
            target=f"≥ {EVENTS_A_SECOND:,}/s",
            good=rate >= EVENTS_A_SECOND,
        ),
        Line(
            f"{what}, processor time",
            last.scored.seconds,
            "s",
            peer,
            proportional,
            "≤ 1 ×",
            last.scored.seconds <= proportional,
        ),
        *peaks,
    ]
