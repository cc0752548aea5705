"""What a terminal shows that a pipe doesn't: progress and drawn tables."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from cxkit.cli.tables import parts
from cxkit.report.grid import Grid

from .conftest import GOOD

pty = pytest.importorskip("pty", reason="no pseudo-terminals here")

CODES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


@pytest.fixture
def on_terminal(environment):
    """Return the function that runs a command whose outputs are a terminal, or one of them is."""

    def on_terminal(*args, stdout=True, stderr=True, **more):
        ours, theirs = pty.openpty()
        with subprocess.Popen(
            [sys.executable, "-m", "cxkit", *map(str, args)],
            stdin=subprocess.DEVNULL,
            stdout=theirs if stdout else subprocess.PIPE,
            stderr=theirs if stderr else subprocess.PIPE,
            env=environment | {"COLUMNS": "60", "LINES": "40"} | more,
        ) as process:
            os.close(theirs)
            shown = b""
            while True:
                try:
                    read = os.read(ours, 65_536)
                except OSError:  # Linux says so when the other side is closed
                    break
                if not read:
                    break
                shown += read
            os.close(ours)
            piped = (process.stdout or process.stderr).read().decode() if not (stdout and stderr) else ""
        assert process.returncode == 0, shown
        return shown.decode().replace("\r\n", "\n"), piped

    return on_terminal


@pytest.fixture
def many(tmp_path):
    """Return a file with more channels than fit beside one another."""
    path = tmp_path / "many.csv"
    path.write_text(
        "time,kind,channel,instrument,score\n"
        + "".join(f"2026-01-05T09:30:00Z,survey.answered,channel {n},nps,{n % 11}\n" for n in range(30))
    )
    return path


def test_progress_shows_on_a_terminal(on_terminal, many):
    """The file and how much of it is read, on standard error, and gone at the end."""
    shown, piped = on_terminal("score", many, "-m", "nps", stdout=False)

    assert "many.csv" in shown
    assert "100%" in shown
    assert piped.startswith("metric")
    assert "\x1b" not in piped


def test_progress_of_writing(on_terminal, tmp_path):
    """Writing a file shows, too."""
    shown, _ = on_terminal("simulate", "--days", 30, "--out", tmp_path / "shop.csv")

    assert "writing" in shown


def test_no_progress_between_what_is_printed(on_terminal):
    """What goes to the same terminal isn't mixed with bars."""
    shown, _ = on_terminal("simulate", "--days", 3, "--customers", 5)

    assert "writing" not in shown
    assert shown.startswith("id,")


@pytest.mark.parametrize("more", [{"FORCE_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_progress_off_a_terminal(run_process, on_terminal, many, more):
    """Not into a pipe, whatever the environment forces, and not on a terminal that can't draw."""
    done = run_process("score", many, "-m", "nps", **more)
    shown = on_terminal("score", many, "-m", "nps", stdout=False, **more)[0] if "TERM" in more else ""

    assert done.stderr == b""
    assert b"\x1b" not in done.stdout
    assert shown == ""


def test_wide_tables_are_broken_and_never_cut(on_terminal, many):
    """Every segment and value is there, no line is wider than the terminal, and nothing ends in dots."""
    shown, _ = on_terminal("score", many, "-m", "nps", "--by", "channel", stderr=False)

    text = CODES.sub("", shown)
    assert {f"channel {n}" for n in range(30)} <= set(re.findall(r"channel \d+", text))
    assert text.count("[") == 31
    assert "…" not in text
    table = text.partition("In brackets")[0]
    assert max(map(len, table.splitlines())) <= 60


def test_terminal_shows_what_a_pipe_gets(on_terminal, run_process, many):
    """The drawn tables hold the words of the plain ones."""
    shown, _ = on_terminal("score", many, "--by", "channel", "--every", "month", stderr=False)
    plain = run_process("score", many, "--by", "channel", "--every", "month").stdout.decode()

    def words(text):
        return {word for word in CODES.sub("", text).split() if not set(word) <= set("─━╇╺╸ ")}

    assert words(plain) == words(shown)


@pytest.mark.parametrize(("more", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_no_color_is_honoured(on_terminal, many, more, coloured):
    """With NO_COLOR a terminal gets no codes at all."""
    shown, _ = on_terminal("score", many, "-m", "nps", stderr=False, **more)

    assert ("\x1b[" in shown) is coloured


def test_codes_in_data_are_shown_and_not_obeyed(on_terminal, run_process, tmp_path):
    """A channel that would clear the screen is printed as what it is, on a terminal and elsewhere."""
    file = tmp_path / "evil.csv"
    file.write_text("time,kind,channel\n2026-01-05T09:30:00Z,order.placed,\x1b[2Jweb[red]\n")

    shown, _ = on_terminal("score", file, "-m", "orders", "--by", "channel", stderr=False, NO_COLOR="1")
    plain = run_process("score", file, "-m", "orders", "--by", "channel").stdout.decode()

    for text in (shown, plain):
        assert "\\x1b[2Jweb[red]" in text
        assert "\x1b" not in text


def test_column_wider_than_the_terminal_is_folded(on_terminal, tmp_path):
    """A single long name goes over several lines, whole."""
    file = tmp_path / "long.csv"
    file.write_text(GOOD.replace(",web,", f",{'w' * 200},"))

    shown, _ = on_terminal("score", file, "-m", "orders", "--by", "channel", stderr=False)

    assert CODES.sub("", shown).count("w") >= 200
    assert "…" not in shown


def test_parts_hold_every_column_once():
    """A wide table's parts are its columns in order, each part as wide as fits."""
    grid = Grid("t", "c", tuple(f"column{n}" for n in range(9)), (("line", tuple("123456789")),))

    found = list(parts(grid, 30))

    assert [column for part in found for column in part.columns] == list(grid.columns)
    assert [len(part.columns) for part in found] == [2, 2, 2, 2, 1]
    assert "".join(cell for part in found for _, cells in part.lines for cell in cells) == "123456789"
