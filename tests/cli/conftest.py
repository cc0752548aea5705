"""The command line, run in this process or, where exit and terminal matter, in its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.cli.tills import served

from cxkit.cli import main
from cxkit.plugins import registry

SOURCES = Path(__file__).parents[2] / "src"

GOOD = """\
id,time,kind,customer,channel,reference,instrument,score,amount,currency
1,2026-01-05T09:30:00Z,order.placed,c1,web,o-1,,,129.90,USD
2,2026-01-06T09:30:00Z,order.placed,c2,store,o-2,,,20.00,USD
3,2026-02-07T09:30:00Z,order.placed,c1,web,o-3,,,50.10,USD
4,2026-02-08T09:30:00Z,survey.answered,c1,web,o-3,nps,9,,
5,2026-02-09T09:30:00Z,survey.answered,c2,store,o-2,nps,3,,
"""


@pytest.fixture
def run():
    """Return the function that runs a command in this process; a traceback is a failure of the test."""

    def run(*args, stdin=None):
        result = CliRunner().invoke(main, [str(arg) for arg in args], input=stdin)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert "Traceback" not in result.output
        return result

    return run


@pytest.fixture
def environment():
    """Return what a process of the command line needs to find cxkit and nothing that changes how it prints."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("COV_", "PYTHON")) and name not in {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM"}
    }
    return kept | {"PYTHONPATH": str(SOURCES), "PYTHONWARNINGS": "error", "PYTHONUTF8": "1", "TERM": "xterm-256color"}


@pytest.fixture
def run_process(environment):
    """Return the function that runs a command as its own process, without a terminal."""

    def run(*args, stdin=b"", **more):
        return subprocess.run(
            [sys.executable, "-m", "cxkit", *map(str, args)],
            input=stdin,
            capture_output=True,
            check=False,
            env=environment | more,
        )

    return run


@pytest.fixture
def good(tmp_path):
    """Return a file of five events without fault."""
    path = tmp_path / "good.csv"
    path.write_text(GOOD, "utf-8")
    return path


@pytest.fixture
def tills(tmp_path, monkeypatch):
    """Return tills that are served, with their plugin installed and set in this process."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)
    with served(folder) as made:
        monkeypatch.syspath_prepend(folder)
        for name, value in made.variables.items():
            monkeypatch.setenv(name, value)
        registry.cache_clear()
        yield made
    registry.cache_clear()
