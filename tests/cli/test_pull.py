from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from threading import Event

import pytest
from till_source import PASSWORD

from cxkit.http import Answer
from cxkit.store import open_store


def test_pull_and_pull_again(run, tills, tmp_path):
    """What is new is told stream by stream, and nothing is new the second time."""
    first = run("pull", "till", "--into", tmp_path / "shop.db")
    again = run("pull", "till", "--into", tmp_path / "shop.db")

    assert (first.exit_code, again.exit_code) == (0, 0)
    assert re.search(r"^sales: \d+ records: 9 new", first.stdout, re.MULTILINE)
    assert re.search(r"^refunds: \d+ records: 3 new", first.stdout, re.MULTILINE)
    assert re.search(r"^customers: 6 records: 9 new", first.stdout, re.MULTILINE)
    assert re.search(r"^customers: 6 records: .*9 duplicates", again.stdout, re.MULTILINE)
    assert first.stderr == ""
    with open_store(tmp_path / "shop.db") as store:
        assert len(store) == 21
        assert "@" not in "".join(map(str, store.events()))


def test_pull_in_a_process_of_its_own(run_process, tills, tmp_path):
    """An installed plugin is found by its entry point, and its variables are read."""
    done = run_process(
        "pull", "till", "--into", tmp_path / "shop.db", "--streams", " refunds, sales", "--raw-identities",
        **tills.environment,
    )  # fmt: skip

    assert (done.returncode, done.stderr) == (0, b"")
    assert [line.partition(b":")[0] for line in done.stdout.splitlines()] == [b"sales", b"refunds"]


def test_raw_identities(run, tills, tmp_path):
    """Addresses are kept where somebody wants them."""
    run("pull", "till", "--into", tmp_path / "shop.db", "--raw-identities", "--streams", "customers")

    with open_store(tmp_path / "shop.db") as store:
        assert "email:an1@example.org" in {item.reference for item in store.events()}


def test_a_record_that_cannot_be_taken(run, tills, tmp_path):
    """It is named, the others are kept, the exit code is 1, and the advice given brings it once it is mended."""
    till = tills.source.till
    bad = till.oldest()
    till.sales[bad]["total"] = "19,99"

    done = run("pull", "till", "--into", tmp_path / "shop.db")
    assert done.exit_code == 1
    assert f"warning: sales {bad}: " in done.stderr
    assert "1 record couldn't be taken: once that is mended, pull with --since " in done.stderr
    assert re.search(r"^sales: \d+ records: 8 new", done.stdout, re.MULTILINE)

    till.sales[bad]["total"] = "19.99"
    (since,) = re.findall(r"--since (\S+)", done.stderr)
    again = run("pull", "till", "--into", tmp_path / "shop.db", "--since", since)
    assert again.exit_code == 0
    with open_store(tmp_path / "shop.db") as store:
        assert len(store) == 21


def test_a_stream_that_is_refused(run, tills, tmp_path):
    """The others are told of all the same, and the exit code is 1."""
    tills.meet = lambda sent: Answer(403, {}, b"no right to sales") if "/sales" in sent.url else None

    done = run("pull", "till", "--into", tmp_path / "shop.db")

    assert done.exit_code == 1
    assert "refunds:" in done.stdout
    assert "/sales: answered 403: the credentials lack a right – it says: no right to sales" in done.stderr


def test_a_wrong_password(run, tills, tmp_path):
    """Who isn't admitted is told so in one sentence, without the password."""
    done = run("pull", "till", "--into", tmp_path / "shop.db", "--set", "password=gu3ssed-w0rd")

    assert done.exit_code == 1
    assert "POST /login: answered 403" in done.stderr
    assert "gu3ssed" not in done.output
    assert PASSWORD not in done.output


@pytest.mark.parametrize(
    ("options", "code", "reason"),
    [
        (["till", "--streams", "sale"], 2, "unknown stream of till 'sale'; did you mean 'sales'"),
        (["till", "--streams", " , "], 1, "names none"),
        (["till", "--since", "yesterday"], 2, "since: 'yesterday'"),
        (["till", "--set", "pasword=x"], 2, "unknown setting of till 'pasword'; did you mean 'password'"),
        (["till", "--set", "password"], 2, "--set"),
        (["till", "--set", "allow_private=perhaps"], 1, "isn't yes or no"),
        (["till", "--set", "allow_private=no"], 1, "isn't https"),
        (["till", "--set", "url=env:NOWHERE"], 1, "refers to the variable NOWHERE, which isn't set"),
        (["tills"], 2, "unknown adapter 'tills'; did you mean 'till'"),
        ([], 2, "Missing argument 'NAME'"),
    ],
)
def test_what_is_asked_wrongly(options, code, reason, run, tills):
    """A mistake of the command is named with what was meant, and nothing is made."""
    done = run("pull", *options, "--into", "shop.db")

    assert done.exit_code == code
    assert reason in " ".join(done.stderr.replace("│", " ").split())


def test_settings_in_the_project_file(run, tills, tmp_path, monkeypatch):
    """``[adapters.till]`` is read, a secret in it by reference alone."""
    monkeypatch.delenv("CXKIT_TILL_PASSWORD")
    monkeypatch.setenv("TOKEN", PASSWORD)
    project = tmp_path / "cx.toml"

    project.write_text(f"[adapters.till]\npassword = 'env:TOKEN'\nurl = '{tills.url}'\n", "utf-8")
    assert run("pull", "till", "--into", tmp_path / "shop.db").exit_code == 0

    project.write_text(f"[adapters.till]\npassword = '{PASSWORD}'\n", "utf-8")
    done = run("pull", "till", "--into", tmp_path / "shop.db")
    assert done.exit_code == 1
    assert "write 'env:CXKIT_TILL_PASSWORD' in the file" in done.stderr
    assert PASSWORD not in done.output


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_a_key_that_is_pressed(tills, environment, tmp_path):
    """Ctrl-C amid a pull ends it with exit code 130; the next one goes on and has all."""
    at_it, over = Event(), Event()

    def wait(sent):
        if "/refunds" in sent.url:
            at_it.set()
            over.wait(60)

    tills.meet = wait
    command = [sys.executable, "-m", "cxkit", "pull", "till", "--into", str(tmp_path / "shop.db")]
    env = environment | tills.environment
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, text=True)
    assert at_it.wait(60)
    os.kill(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=60)
    over.set()

    assert (process.returncode, told) == (130, "interrupted\n")
    with open_store(tmp_path / "shop.db") as store:
        assert len(store) == 9
    tills.meet = lambda _sent: None
    again = subprocess.run(command, capture_output=True, env=env, text=True, check=True)
    assert "sales:" in again.stdout
    with open_store(tmp_path / "shop.db") as store:
        assert len(store) == 21
        assert not list(store.audit())
