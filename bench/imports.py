"""What `import cxkit` costs over a bare interpreter, and the frame engine over its libraries; needs Linux's /proc."""

from __future__ import annotations

import statistics
import subprocess
import sys
from compileall import compile_dir
from pathlib import Path

from bench.line import Line

import cxkit

LIMIT_MS = 60.0
LIMIT_MB = 25.0
LIMIT_FRAME_MS = 50.0
_PROBE = """
import time
{first}
start = time.process_time()
{statement}
took = time.process_time() - start
with open("/proc/self/status") as status:
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
print(took * 1000, peak / 1024)
"""


def _probe(statement: str, first: str = "") -> tuple[float, float]:
    """Return milliseconds of a statement and the process's peak in megabytes, after another that isn't timed."""
    runs = []
    for _ in range(11):
        out = subprocess.run(  # noqa: S603 - our own interpreter
            [sys.executable, "-c", _PROBE.format(first=first, statement=statement)],
            capture_output=True,
            text=True,
            check=True,
        )
        runs.append(tuple(map(float, out.stdout.split())))
    return statistics.median(run[0] for run in runs), statistics.median(run[1] for run in runs)


def lines() -> list[Line]:
    """Measure time and memory of the import, of modules that are compiled, as they are after the first import."""
    compile_dir(Path(cxkit.__file__).parent, quiet=1)
    bare_ms, bare_mb = _probe("pass")
    attrs_ms, attrs_mb = _probe("import attrs")
    ms, mb = _probe("import cxkit")
    time_line = Line(
        "import cxkit, processor time", ms - bare_ms, "ms", "import attrs alone", attrs_ms - bare_ms,
        f"< {LIMIT_MS:g} ms", ms - bare_ms < LIMIT_MS,
    )  # fmt: skip
    size_line = Line(
        "import cxkit, memory over bare Python", mb - bare_mb, "MB", "import attrs alone", attrs_mb - bare_mb,
        f"< {LIMIT_MB:g} MB", mb - bare_mb < LIMIT_MB,
    )  # fmt: skip
    libraries = "import cxkit.metrics, polars, narwhals.stable.v2"
    under, _ = _probe(libraries)
    own, _ = _probe("import cxkit.engines.frame, cxkit.engines.frame.on_polars", first=libraries)
    frame_line = Line(
        "import the frame engine, over metrics, Polars and narwhals, processor time", own, "ms",
        "import cxkit.metrics, polars, narwhals", under - bare_ms, f"< {LIMIT_FRAME_MS:g} ms", own < LIMIT_FRAME_MS,
    )  # fmt: skip
    return [time_line, size_line, frame_line]
