from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest

import cxkit
from cxkit.cli import main
from cxkit.cli.options import READ_FORMATS, WRITE_FORMATS, split_commas
from cxkit.files import FORMATS
from cxkit.files import WRITE_FORMATS as FILES_WRITE_FORMATS
from cxkit.model.calendar import EVERY

from .conftest import GOOD, SOURCES


@pytest.mark.parametrize("command", [None, *main.commands])
def test_help_of_each_command(run, command):
    """Every command says what it does, and what each of its options means."""
    result = run(*([command] if command else []), "--help")

    assert result.exit_code == 0
    assert result.stdout.startswith("Usage: ")
    for parameter in main.commands[command].params if command else ():
        assert isinstance(parameter, click.Argument) or parameter.help, f"{command} {parameter.name}"


def test_commands_are_those_promised(run):
    """The list in --help is whole, and no summary in it is cut."""
    assert set(main.commands) == {
        "score", "metrics", "import", "export", "simulate", "identities", "forget", "engines", "recipes",
        "cohorts", "nonresponse", "weigh", "sample-size", "describe", "adapters", "check", "pull", "push", "receive",
    }  # fmt: skip
    assert "..." not in run("--help").stdout.replace("[OPTIONS] COMMAND [ARGS]...", "")


def test_names_written_out_for_speed_are_those_of_the_library():
    """What --help shows without loading the library is what the library takes."""
    from cxkit.engines import ENGINES

    shown = {parameter.name: parameter.metavar for parameter in main.commands["score"].params}
    assert READ_FORMATS == FORMATS
    assert WRITE_FORMATS == FILES_WRITE_FORMATS
    assert shown["every"] == "|".join(EVERY)
    assert shown["engine"] == "|".join(ENGINES)


def test_version(run):
    """--version says which."""
    assert run("--version").stdout == f"cxkit, version {cxkit.__version__}\n"


def test_commas_outside_brackets_separate():
    """Brackets hold their commas together, also when they are never closed."""
    assert split_commas(("a,b[c=1,d=2],,e", " f ")) == ["a", "b[c=1,d=2]", "e", "f"]
    assert split_commas(("a[b,c",)) == ["a[b,c"]
    assert split_commas(("a],b",)) == ["a]", "b"]


def test_help_loads_nothing_heavy(environment):
    """--help stays quick because what commands need is loaded when they run."""
    code = "import sys\nfrom cxkit.cli import main\ntry: main(['--help'])\nfinally: print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)

    loaded = set(done.stdout.splitlines()[-1].split())
    heavy = {"rich", "pluggy", "narwhals", "polars", "sqlite3", "csv", "gzip", "zoneinfo", "importlib.metadata"}
    assert "cxkit.cli.score" in loaded
    assert loaded & (heavy | {"cxkit.files", "cxkit.store", "cxkit.stats", "cxkit.metrics", "cxkit.plugins"}) == set()


def test_module_runs_as_a_command(run_process, good):
    """``python -m cxkit`` is the command line, with its exit codes."""
    fine = run_process("score", good, "-m", "orders")
    bad = run_process("score", "-", stdin=GOOD.replace("129.90", "a lot").encode())
    usage = run_process("score", good, "-m", "npss")

    assert (fine.returncode, bad.returncode, usage.returncode) == (0, 1, 2)
    assert fine.stderr == b""
    assert b"\x1b" not in fine.stdout + bad.stdout + bad.stderr + usage.stderr


def test_nobody_reads_any_more(environment):
    """``| head`` ends the command silently, as it ends any other."""
    with subprocess.Popen(
        [sys.executable, "-m", "cxkit", "simulate", "--days", "200"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    ) as process:
        assert process.stdout.readline().startswith(b"id,")
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 141


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT to send")
def test_interrupt(environment, tmp_path):
    """Ctrl-C ends with one line and 130, and the rejects up to then are kept."""
    with subprocess.Popen(
        [sys.executable, "-m", "cxkit", "score", "-", "--rejects", tmp_path / "rejects.csv"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    ) as process:
        for _ in range(600):  # the draft of the rejects shows that it waits for its input
            if list(tmp_path.iterdir()):
                break
            time.sleep(0.05)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)

    assert (process.returncode, out, err) == (130, b"", b"interrupted\n")
    assert [path.name for path in tmp_path.iterdir()] == ["rejects.csv"]


def test_broken_plugin_is_named_in_one_line(run_process, tmp_path, good):
    """A plugin that can't be loaded is named, and everything else works."""
    info = tmp_path / "cxkit_trap-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: cxkit-trap\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[cxkit]\ntrap = cxkit_trap\n")
    (tmp_path / "cxkit_trap.py").write_text("raise RuntimeError('of two\\nlines')\n")
    path = os.pathsep.join((str(tmp_path), str(SOURCES)))

    done = [
        run_process(*command, PYTHONPATH=path, PYTHONWARNINGS="")
        for command in (("score", good, "-m", "orders"), ("import", good, good, "--into", tmp_path / "shop.db"))
    ]

    for each in done:
        assert each.returncode == 0
        (line,) = each.stderr.decode().splitlines()
        assert re.fullmatch(r"warning: plugin '.*trap' is broken and was left out: RuntimeError: of two lines", line)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_full_disk_is_one_sentence(environment):
    """What the system refuses is said in its words, without a traceback."""
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "cxkit", "metrics", "--format", "json"],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            env=environment,
        )

    assert done.returncode == 1
    assert done.stderr == b"Error: No space left on device\n"
