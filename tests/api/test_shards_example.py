"""The example of shards does what it says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples" / "shards.py"


def test_four_processes_make_the_identical_card(tmp_path):
    """Four processes score a shard each, and the merged card equals that of all events, row by row."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONWARNINGS": "error"}

    done = subprocess.run(
        [sys.executable, str(EXAMPLE)],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )

    assert not done.stderr
    assert [line.partition(":")[0] for line in done.stdout.splitlines()[:4]] == [f"shard-{n}.ndjson" for n in range(4)]
    assert "2025-Q4" in done.stdout
    assert done.stdout.endswith("identical to the whole's: True\n")
    assert not list(tmp_path.iterdir())
