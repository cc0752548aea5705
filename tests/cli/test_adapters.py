"""What is installed, whether it is admitted, and what it takes and writes back."""

from __future__ import annotations

import json

import pytest
from tests.cli.tills import PLUGIN, install
from till_source import HOOK_SECRET, PASSWORD

from cxkit.http import Answer
from cxkit.model.event import event
from cxkit.plugins import registry
from cxkit.store import open_store


def text(result) -> str:
    """Return what was printed, without frames and with single blanks."""
    return " ".join(result.output.replace("│", " ").replace("|", " ").split())


def test_adapters_are_listed(run, tills):
    """Each is listed with what it can do."""
    done = run("adapters")

    assert done.exit_code == 0
    assert "till Till pull, receive, push" in text(done)


def test_settings_are_listed(run, tills):
    """One adapter's settings are listed with their variables; no value of a secret is."""
    done = run("adapters", "till")

    assert done.exit_code == 0
    assert "url CXKIT_TILL_URL needed" in text(done)
    assert "password CXKIT_TILL_PASSWORD needed secret" in text(done)
    assert "hook_secret CXKIT_TILL_HOOK_SECRET secret" in text(done)
    assert PASSWORD not in done.output


def test_without_adapters_it_is_told_how_to_get_one(run, monkeypatch, tmp_path):
    """Where none is installed, or only a broken one, that is said."""
    monkeypatch.setattr("importlib.metadata.entry_points", lambda **_: ())
    registry.cache_clear()
    try:
        assert "no adapter is installed: pip install one" in text(run("adapters"))
        done = run("pull", "vendure", "--into", tmp_path / "shop.db")
        assert done.exit_code == 2
        assert "no adapter is installed: pip install cxkit-vendure" in text(done)
    finally:
        registry.cache_clear()


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("raise RuntimeError('no such library')", "RuntimeError: no such library"),
        ("import cxkit\n@cxkit.hookimpl\ndef cxkit_register_adapters(register): register(int)", "lacks 'name'"),
        (
            PLUGIN,
            "is registered already: give yours another name",
        ),
        ("import cxkit\n@cxkit.hookimpl\ndef cxkit_register_adaptors(register): ...", "did you mean"),
    ],
)
def test_a_broken_plugin_leaves_the_others(code, reason, run_process, tills, tmp_path):
    """A plugin that fails is named, and the adapters of the others work."""
    install(tills.folder, "zz", code)

    done = run_process("adapters", **tills.environment | {"PYTHONWARNINGS": "default"})

    assert done.returncode == 0, done.stderr
    assert b"Till" in done.stdout
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("warning: plugin 'cxkit-zz:zz' is broken and was left out: ")
    assert reason in line


def test_check_says_who_we_are(run, tills):
    """Whoever is admitted is told as whom, and which streams there are; nothing is read."""
    asked = []
    tills.meet = lambda sent: asked.append(sent.url)

    done = run("check", "till")

    assert done.exit_code == 0
    assert "Till: admitted as Till & Co; events come from till:127.0.0.1:" in text(done)
    assert "refunds Refunds, by their time order.refunded at" in text(done)
    assert "customers Customers, all of them identity.linked all each time" in text(done)
    assert [url.rpartition("/")[2] for url in asked] == ["login", "me"]


def test_check_says_what_is_wrong(run, tills):
    """Whoever isn't admitted gets exit code 1 and the reason."""
    done = run("check", "till", "--set", "password=gu3ssed")

    assert done.exit_code == 1
    assert "answered 403" in text(done)
    assert "gu3ssed" not in done.output


# ------------------------------------------------------------------------------------------------------------ receiving


def message(request) -> bytes:
    """Return a request as it goes over the wire."""
    head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    return f"POST /hook HTTP/1.1\r\nHost: shop.example\r\n{head}\r\n".encode() + request.body


def test_a_webhook_is_taken_once(run, tills, tmp_path):
    """A request as it came is kept, and is nothing new when it comes again or is pulled."""
    request = message(tills.source.deliver())
    store = tmp_path / "shop.db"

    assert "1 new" in text(run("receive", "till", "--into", store, stdin=request))
    assert "1 duplicate" in text(run("receive", "till", "--into", store, stdin=request))
    run("pull", "till", "--into", store)
    with open_store(store) as opened:
        assert len(opened) == 21
        assert not list(opened.audit())


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda sent: sent.replace(b"EUR", b"USD"), ""),
        (lambda sent: sent.replace(b"stripe-signature", b"x-signature"), ""),
        (lambda _: b"{}", "isn't an HTTP request"),
        (lambda _: b"", "isn't an HTTP request"),
    ],
)
def test_a_webhook_that_is_not_the_vendors(spoil, reason, run, tills, tmp_path):
    """A forged request, or what is none, is refused with exit code 1, and nothing is kept."""
    done = run("receive", "till", "--into", tmp_path / "shop.db", stdin=spoil(message(tills.source.deliver())))

    assert done.exit_code == 1
    assert done.stderr.startswith("Error: ")
    assert reason in text(done)
    assert HOOK_SECRET not in done.output
    if (tmp_path / "shop.db").exists():
        with open_store(tmp_path / "shop.db") as store:
            assert len(store) == 0


# --------------------------------------------------------------------------------------------------------- writing back


def test_scores_are_written_back(run, tills, tmp_path):
    """What a store knows of the tills' customers stands at the tills; again, nothing changes."""
    store = tmp_path / "shop.db"
    run("pull", "till", "--into", store)
    customer = tills.source.customer()
    name = f"till:{tills.url.removeprefix('http://')}:{customer}"
    with open_store(store) as opened:
        opened.append(event("survey.answered", id="1", customer=name, instrument="nps", score=9))

    first = run("push", "till", "--from", store, "-m", "orders,revenue")
    again = run("push", "till", "--from", store, "-m", "orders,revenue")

    assert (first.exit_code, again.exit_code) == (0, 0)
    assert "6 customers written, 0 unchanged, 0 unknown there" in text(first)
    assert "0 customers written, 6 unchanged" in text(again)
    scores = tills.source.till.scores[customer]
    assert (float(scores["nps_score"]), scores["nps_group"], float(scores["orders"])) == (9, "promoter", 1)
    assert "19.99" in scores["revenue"]


def test_a_vendor_that_is_down_is_told(run, tills, tmp_path, monkeypatch):
    """A push that a vendor can't take ends in one sentence."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    store = tmp_path / "shop.db"
    run("pull", "till", "--into", store)
    tills.meet = lambda sent: Answer(400, {}, json.dumps({"no": "scores"}).encode()) if "scores" in sent.url else None

    done = run("push", "till", "--from", store)

    assert done.exit_code == 1
    assert "answered 400" in text(done)


def test_only_a_store_is_pushed(run, tills, tmp_path):
    """A store that there isn't is a mistake of the command."""
    assert run("push", "till", "--from", tmp_path / "none.db").exit_code == 2
