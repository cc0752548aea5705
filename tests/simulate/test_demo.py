"""The demo shows what it says, from core dependencies and the files beside it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

DEMO = Path(__file__).parents[2] / "examples" / "demo.py"


def test_the_demo_tells_real_from_simulated_and_finds_what_is_planted(tmp_path):
    """It scores and cites the real purchases, labels the simulated ones, and finds the channel that got worse."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONWARNINGS": "error"}

    done = subprocess.run(
        [sys.executable, str(DEMO)], cwd=tmp_path, env=env, capture_output=True, text=True, encoding="utf-8", check=True
    )
    real, _, simulated = done.stdout.partition("Simulated:")

    assert not done.stderr
    assert "6,919 purchases" in real
    assert "Fader & Hardie (2001)" in real
    assert "1998-06" in real
    # What the sample holds: 6,919 orders and 244,091.94 dollars of 2,357 customers.
    assert all(figure in real for figure in ("6,919 [", "244,091.94 [", "2,357 [", "35.28 ["))
    verdicts = {line.split(" · ")[0]: line.split()[-1] for line in simulated.splitlines() if " · phone" in line}
    assert verdicts == {"nps": "worse", "csat": "undecided", "ces": "undecided", "first_response_time": "worse"}
    assert not list(tmp_path.iterdir())
